"""Reads a sheet: bytes of a CSV or XLSX file to rows by name of column, each with its place.

The file is opened by a child process with limits on memory, time and size (`agents/imports/child.py`); what it wrote is
read row by row, so that a sheet of any length costs the memory of one row. Refused are sheets that cannot be trusted
or understood as a whole; a cell that cannot be understood is left to who reads its value.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import orjson

from agents.imports import child
from pipeline.explain.sheets import sheet_text
from pipeline.explain.texts import LANGUAGES
from pipeline.sheets.cells import EMPTY, Cell, Row, SheetRefused, letter
from pipeline.sheets.headers import MOST_ROWS_ABOVE, Column, Header, find_header, is_header_again
from pipeline.sheets.tail import Tail

MOST_BYTES: Final = 20 << 20
OWN_COLUMNS: Final = ("faults", "contribution", "claim", "note")  # that a corrected or an exported sheet adds
_CHILD_SECONDS: Final = child.MOST_SECONDS * 2.0  # of the clock on the wall: the machine may be busy
_LEAST_NAMED: Final = 4  # columns, where none is needed in each sheet
_SIGNALS_OF_MEMORY: Final = (-6, -9, -11)


class Sheet:
    """The first sheet of a file in which the header was found. `skipped`: numbers of rows that were left out, by reason
    (`total`, `below_total`, `header_again`, `other_columns`), complete when the rows were read. `row_count`: of all
    rows that are not empty, for progress. `american`: columns in which a date is written month/day/year. `digest`:
    SHA-256 of the file."""

    def __init__(
        self, written: IO[bytes], header: Header, columns: tuple[Column, ...], start: int, end: Any, digest: bytes
    ) -> None:
        self.digest = digest
        self.header = header
        self.columns = columns
        self.row_count: int = end["end"]
        self.american: frozenset[str] = frozenset()
        self.skipped: dict[str, list[int]] = {}
        self._written = written
        self._start = start

    def rows(self) -> Iterator[Row]:
        """Each row with a value in a column that is read, in their order. May be asked for again."""
        self.skipped = {}
        tail = Tail()
        names = {at: name for name, at in self.header.places.items()}
        self._written.seek(self._start)
        for line in self._written:
            found = orjson.loads(line)
            if not isinstance(found, list):
                return  # the next sheet, or the end
            number, raw = found
            cells = {}
            other = {}
            for at, value in enumerate(raw):
                if value is None or value == "":
                    continue
                name = names.get(at)
                if name is None:
                    other[letter(at)] = cell_of(value)
                else:
                    cells[name] = cell_of(value)
            row = Row(number, cells, other)
            reason = tail.reason_to_skip(row)
            if reason is None and _may_be_header(cells) and self._is_header(raw):
                reason = "header_again"
            if reason is None:
                yield row
            else:
                self.skipped.setdefault(reason, []).append(number)

    @property
    def columns_found(self) -> list[str]:
        """Names of the columns that are read and are there."""
        return list(self.header.places)

    def title(self, name: str) -> str:
        """As the sheet writes it; empty: the sheet does not have the column."""
        return self.header.titles.get(name, "")

    @property
    def unread(self) -> list[str]:
        """Titles of the columns that are not read, but for those that a sheet of ours adds."""
        own = {sheet_text(one, "columns", name) for one in LANGUAGES for name in OWN_COLUMNS}
        return [title for title in self.header.others.values() if title not in own]

    def place(self, row: int, name: str) -> str:
        """`C17`; of a column that the sheet does not have, the number of the row."""
        return f"{self.header.letter_of(name) or ''}{row}"

    def _is_header(self, raw: Sequence[Any]) -> bool:
        return is_header_again([cell_of(one) for one in raw], self.header, self.columns)


@contextmanager
def read_sheet(data: bytes, columns: Sequence[Column]) -> Iterator[Sheet]:
    """Raises SheetRefused, which says what to do."""
    if len(data) > MOST_BYTES:
        raise SheetRefused("TOO_LARGE", {"megabytes": MOST_BYTES >> 20})
    wanted = tuple(columns)
    with tempfile.TemporaryFile() as written:  # has no name, so nothing of it remains
        _open_in_child(data, written)
        digest = hashlib.sha256(data).digest()
        del data  # up to 20 MB, and nobody reads it again
        yield _found(written, wanted, _last_line(written), digest)


def read_file(file: Path) -> bytes:
    """The bytes of a file that is not too large. Raises SheetRefused, OSError."""
    if file.stat().st_size > MOST_BYTES:
        raise SheetRefused("TOO_LARGE", {"megabytes": MOST_BYTES >> 20})
    return file.read_bytes()


def cell_of(value: Any) -> Cell:
    """A cell out of what the child wrote."""
    if isinstance(value, str):
        return Cell(value)
    if value is None:
        return EMPTY
    if isinstance(value, int | float):
        return Cell(repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value), "number")
    if "d" in value:
        return Cell(value["d"], "date")
    if "t" in value:
        return Cell(value["t"], "time")
    return Cell("", "formula") if "f" in value else Cell(value["e"], "error")


def _may_be_header(cells: Mapping[str, Cell]) -> bool:
    """Fast: a row of data has a digit in nearly every sheet."""
    return all(not any(sign.isdigit() for sign in cell.text) for cell in cells.values())


def _open_in_child(data: bytes, written: IO[bytes]) -> None:
    status, code = _run(data, written, slow=False)
    if data.startswith(b"PK") and (status in _SIGNALS_OF_MEMORY or status == 1):
        status, code = _run(data, written, slow=True)
    if status == child.REFUSED:
        facts = {"rows": child.MOST_ROWS, "columns": child.MOST_COLUMNS, "letters": child.MOST_LETTERS}
        raise SheetRefused(code, facts)
    if status:
        raise SheetRefused("UNFOLDS_TOO_MUCH" if status < 0 else "DAMAGED")


def _run(data: bytes, written: IO[bytes], *, slow: bool) -> tuple[int, str]:
    """Status of the child, and the code that it refused with."""
    written.seek(0)
    written.truncate()
    command = [sys.executable, "-I", child.__file__, *(["--slow"] if slow else [])]
    try:
        done = subprocess.run(  # noqa: S603 (our own file, with this interpreter)
            command, input=data, stdout=written, stderr=subprocess.PIPE, timeout=_CHILD_SECONDS, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise SheetRefused("TOO_SLOW") from None
    return done.returncode, done.stderr.decode(errors="replace") if done.returncode == child.REFUSED else ""


def _last_line(written: IO[bytes]) -> Any:
    size = written.seek(0, 2)
    written.seek(max(0, size - (1 << 20)))
    return orjson.loads(written.read().splitlines()[-1])


def _found(written: IO[bytes], columns: tuple[Column, ...], end: Any, digest: bytes) -> Sheet:
    """The first sheet with a header; what is wrong with the header of the first that has one is raised."""
    written.seek(0)
    place = -1
    line = written.readline()
    while line:
        if not line.startswith(b"{"):
            line = written.readline()
            continue
        if "end" in orjson.loads(line):
            break
        place += 1
        starts: list[int] = []
        rows: list[list[Cell]] = []
        line = b""
        for line in iter(written.readline, b""):
            if line.startswith(b"{") or len(rows) == MOST_ROWS_ABOVE:
                break
            rows.append([cell_of(one) for one in orjson.loads(line)[1]])
            starts.append(written.tell())
        header = find_header(rows, columns)
        if header is not None:
            sheet = Sheet(written, header, columns, starts[header.last], end, digest)
            names = {at: name for name, at in header.places.items()}
            sheet.american = frozenset(names[at] for one, at in end["us"] if one == place and at in names)
            return sheet
    named = [one for one in columns if one.is_needed] or columns[:_LEAST_NAMED]
    raise SheetRefused("NO_HEADER", {"columns": ", ".join(one.title for one in named)})
