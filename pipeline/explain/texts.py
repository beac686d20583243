"""The texts of both languages, read from `languages/<language>/*.yaml` when the first one is asked for.

One directory is all there is to a language; each file is one room of it. Imports no other module of this package.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
ROOMS: Final = (
    "words",
    "frame",
    "reasons",
    "refusals",
    "checks",
    "formulas",
    "references",
    "sections",
    "law",
    "questions",
    "sheets",
    "calls",
    "coverage",
    "statistics",
    "known",
    "signals",
    "kept",
)

_DIRECTORY = Path(__file__).parent / "languages"


class NoText(LookupError):
    """A code has no text in a language. Never answered by showing the code: a family cannot read it."""

    def __init__(self, language: str, *path: str) -> None:
        where = f"pipeline/explain/languages/{language}/{path[0]}.yaml"
        super().__init__(f"no text in {language!r} for {' / '.join(path[1:])}: add it to {where}")
        self.language = language
        self.path = path


@cache
def room(language: str, name: str) -> Mapping[str, Any]:
    """All texts of one file. Raises NoText for a language that is not there."""
    import yaml  # here, so that `santunan --help` does not pay for it

    if language not in LANGUAGES or name not in ROOMS:
        raise NoText(language, name, "this whole file")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is ten times as fast, but not everywhere
    content: Mapping[str, Any] = yaml.load((_DIRECTORY / language / f"{name}.yaml").read_bytes(), Loader=loader)  # noqa: S506 (a safe loader)
    return content


def find(language: str, name: str, *path: str) -> Any:
    """The text at `path` of the file `name`. Raises NoText."""
    found: Any = room(language, name)
    for step in path:
        if not isinstance(found, Mapping) or step not in found:
            raise NoText(language, name, *path)
        found = found[step]
    return found


def text(language: str, name: str, *path: str) -> str:
    """One text. Raises NoText."""
    found = find(language, name, *path)
    if not isinstance(found, str):
        raise NoText(language, name, *path)
    return found
