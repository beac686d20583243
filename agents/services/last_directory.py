"""Remembers in which directory `santunan services up` last started servers, for commands in other directories.

One line in a file of the user's own, below $XDG_STATE_HOME or ~/.local/state.
"""

import os
from pathlib import Path


def remember(directory: Path) -> None:
    """Raises OSError where the file cannot be written."""
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(f"{directory.absolute()}\n")
    new.replace(file)


def recall() -> Path | None:
    """None: nothing was ever started, or what is remembered is no longer there."""
    try:
        directory = Path(_file().read_text().strip())
    except OSError:
        return None
    return directory if directory.is_absolute() and directory.is_dir() else None


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    place = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return place / "santunan" / "services"
