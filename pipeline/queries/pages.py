"""Pages: a part of a long answer, how much follows it, and where the next one begins. Pure."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pipeline.errors import EXIT_REFUSED, SantunanError

Row = TypeVar("Row")
PAGE_ROWS: Final = 100  # what a person looks through, and a program asks for at once


class NotFound(SantunanError):
    """Nothing of that name is there; the message says how to find it."""

    exit_code = EXIT_REFUSED


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`more`: rows that follow this page. `cursor`: `after` of the next page; None: this one is the last."""

    rows: tuple[Row, ...]
    more: int
    cursor: str | None
