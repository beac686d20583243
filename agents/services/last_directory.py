"""Remembers in which directory `santunan services up` last started servers, for commands in other directories.

One line in a file of the user's own, below $XDG_STATE_HOME or ~/.local/state.
"""

import os
from pathlib import Path

from pipeline.private_files import make_folders, read_private, write_private


def remember(directory: Path) -> None:
    """Raises OSError where the file cannot be written."""
    file = _file()
    make_folders(file.parent)
    new = file.with_name(f"{file.name}.new")
    write_private(new, f"{directory.absolute()}\n".encode())
    new.replace(file)


def recall() -> Path | None:
    """None: nothing was ever started, or what is remembered is no longer there."""
    try:
        directory = Path(read_private(_file()).decode().strip())
    except OSError:
        return None
    return directory if directory.is_absolute() and directory.is_dir() else None


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    place = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return place / "santunan" / "services"
