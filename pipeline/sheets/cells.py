"""Cells and rows of a sheet as they were read, and the faults that a cell or a whole sheet can have. Pure.

A fault is a code with facts; `pipeline.explain.sheets` makes its sentence. No fault repeats a NIK or a name.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from pipeline.errors import EXIT_REFUSED, SantunanError

Kind = Literal["text", "number", "date", "time", "formula", "error"]
Facts = Mapping[str, str | int]

_NO_FACTS: Final[Facts] = {}


class Cell(NamedTuple):
    """One cell. `text`: as it was written; of a date the day as YYYY-MM-DD; of a time hh:mm; of a formula or an error
    nothing."""

    text: str
    kind: Kind = "text"

    @property
    def is_empty(self) -> bool:
        return not self.text and self.kind in ("text", "number", "date")


EMPTY: Final = Cell("")


class Row(NamedTuple):
    """One row below the header. `number`: as the spreadsheet program counts, from 1. `cells`: by name of column; an
    empty one is left out. `other`: by letter, what stands in columns that are not read."""

    number: int
    cells: Mapping[str, Cell]
    other: Mapping[str, Cell]

    def cell(self, name: str) -> Cell:
        return self.cells.get(name, EMPTY)


class SheetRefused(SantunanError):
    """The sheet as a whole cannot be read. `code`: a text of `sheets.refusals`."""

    exit_code = EXIT_REFUSED

    def __init__(self, code: str, facts: Facts = _NO_FACTS) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class CellFault(Exception):
    """One value cannot be taken. `code`: a text of `sheets.faults`, which says what to do."""

    def __init__(self, code: str, facts: Facts = _NO_FACTS) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def letter(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA: columns as the spreadsheet program names them."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
