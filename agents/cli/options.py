"""Options that several commands share, spelled once."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import typer

STANDARD_INPUT = Path("-")
EVENTS_FILE: Final = "Events, one CloudEvents document a line, or one alone in a .json file; - is standard input."

Files = TypeVar("Files", Path, list[Path])


def must_be_there(value: Files) -> Files:
    """For an argument of files, where - is standard input."""
    for file in value if isinstance(value, list) else [value]:
        if file != STANDARD_INPUT and (not file.exists() or file.is_dir()):  # a pipe of the shell is good: <(zcat …)
            raise typer.BadParameter(f"{file} is no file; give the path of a file, or - for standard input")
    return value


def name_of(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)


def no_event_in(file: Path) -> str:
    """The sentence for an empty file: most likely another one was meant."""
    return f"{name_of(file)} holds no event; write one CloudEvents document a line"


def _day(written: str) -> dt.date:
    try:
        return dt.datetime.strptime(written, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"{written} is no day; write it as 2026-11-20") from None


def _moment(written: str) -> dt.datetime:
    from schemas.clock import moment_written

    try:
        return moment_written(written)
    except ValueError:
        raise typer.BadParameter(f"{written} is no time; write it as 2026-11-20T14:00, or a day, to its end") from None


MOMENT: Final[dict[str, Any]] = {"parser": _moment, "metavar": "TIME"}
DAY: Final[dict[str, Any]] = {"parser": _day, "metavar": "YYYY-MM-DD"}

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one document a line, for other programs.")]
Language = Annotated[Literal["id", "en"], typer.Option("--lang", help="Indonesian or English.")]
ClaimId = Annotated[str, typer.Argument(metavar="CLAIM", help="The claim's id, such as JKK-2024-0007.")]
KnownOn = Annotated[
    dt.datetime | None,
    typer.Option("--known-on", **MOMENT, help="As known at this time, beside now: 2026-11-20T14:00, or a day."),
]
After = Annotated[
    str | None, typer.Option("--after", metavar="CURSOR", help="Go on where the page before ended; it says with what.")
]
