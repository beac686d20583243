"""The check of a whole sheet of members: every row with its faults, and of each good one the events it becomes. Pure.

Reads the sheet twice: first for doubles, then row by row, so that a sheet of any length costs what its doubles cost.
A bad row stops nobody.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from pipeline.enrolment.columns import COLUMNS
from pipeline.enrolment.doubles import Doubles
from pipeline.enrolment.events import events_of
from pipeline.enrolment.expected import Contributions
from pipeline.enrolment.registry import Found, check_known, is_unchanged
from pipeline.enrolment.report import CheckedRow, Expected, RowFault, Status
from pipeline.enrolment.rows import MemberRow, check_row, read_row
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.membership.arrears import law_on
from pipeline.messages.intake import read_event
from pipeline.sheets.cells import Row
from schemas.events import IntakeEvent

_PLACES: Final[dict[str | None, int]] = {column.name: at for at, column in enumerate(COLUMNS)}
ROWS_TOGETHER: Final = 200  # asked of the registry at once

Ask = Callable[[Sequence[MemberRow]], Found]


class Rows(Protocol):
    """A sheet that was read. `american`: columns with dates that have the month first."""

    @property
    def american(self) -> frozenset[str]: ...

    def rows(self) -> Iterator[Row]: ...

    def title(self, name: str) -> str: ...


class MemberCheck:
    """`source`: whose events they are; `ask`: the registry; `now` (aware): when the events are written."""

    def __init__(self, sheet: Rows, source: str, book: Book, ask: Ask, now: dt.datetime, today: dt.date) -> None:
        self._sheet = sheet
        self._source = source
        self._book = book
        self._ask = ask
        self._now = now
        self._today = today
        self._contributions = Contributions(book, today)
        self._doubles = Doubles()

    def rows(self) -> Iterator[CheckedRow]:
        """Every row in its order."""
        self._doubles = Doubles()
        for row in self._sheet.rows():
            self._note(read_row(row, self._sheet.american))
        source = self._sheet.rows()
        while some := [read_row(row, self._sheet.american) for row in islice(source, ROWS_TOGETHER)]:
            found = self._ask(some)
            yield from (self._checked(one, found) for one in some)

    def _note(self, row: MemberRow) -> None:
        if row.get("decision") == "leave":
            return
        content = hashlib.blake2b(repr(sorted(row.values.items())).encode(), digest_size=8).digest()
        self._doubles.note(
            row.number,
            nik=row.get("nik"),
            member_number=row.get("member_number"),
            name=row.get("name"),
            born=row.get("birth_date"),
            content=content,
        )

    def _checked(self, row: MemberRow, found: Found) -> CheckedRow:
        if row.get("decision") == "leave":
            return CheckedRow(row.number, "left_out", (), None, ())
        if (nik := row.get("nik")) is not None and self._doubles.first_of_same(row.number, nik) is not None:
            return CheckedRow(row.number, "repeated", (), None, ())
        registered_on = row.get("registered_on") or self._today
        check_row(row, self._today, law_on(self._book, min(registered_on, self._book.through)))
        self._check_doubles(row)
        check_known(row, found)
        if row.get("decision") == "take":
            row.faults = [fault for fault in row.faults if fault.weight != "question"]
        elif any(_is_of_new(fault) for fault in row.faults) and self._is_there(row, found):
            row.faults = [fault for fault in row.faults if not _is_of_new(fault)]  # somebody has decided before
        row.faults.sort(key=lambda fault: _PLACES.get(fault.column, 0))
        status = _status_of(row)
        expected: Expected | None = None
        events: tuple[bytes, ...] = ()
        if status == "good":
            status, expected, events = self._taken(row, found)
        return CheckedRow(row.number, status, tuple(row.faults), expected, events)

    def _check_doubles(self, row: MemberRow) -> None:
        nik, number = row.get("nik"), row.get("member_number")
        if nik is None:
            return
        if (other := self._doubles.other_with_nik(row.number, nik)) is not None:
            row.add("nik", "NIK_TWICE", row=other)
        if number is not None and (other := self._doubles.other_with_number(row.number, number, nik)) is not None:
            row.add("member_number", "NUMBER_TWICE", row=other)
        if (other := self._doubles.likely_same(row.number)) is not None:
            row.add("name", "LIKELY_SAME", "question", row=other)

    def _is_there(self, row: MemberRow, found: Found) -> bool:
        """Whether the registry has this row as it is, and nothing else is wrong with it."""
        member = found.members.get(row.values.get("member_number", ""))
        if member is None or any(fault.weight == "fault" and not _is_of_new(fault) for fault in row.faults):
            return False
        try:
            return is_unchanged(member, [read_event(one) for one in events_of(row, self._source, self._now)])
        except Poison:
            return False

    def _taken(self, row: MemberRow, found: Found) -> tuple[Status, Expected | None, tuple[bytes, ...]]:
        """As the worker will read it: what passes here is refused for nothing but who sends it."""
        documents = events_of(row, self._source, self._now)
        events: list[IntakeEvent] = []
        try:
            events = [read_event(one) for one in documents]
        except Poison as poison:
            fields = ", ".join(one.field.removeprefix("data.") for one in poison.errors)
            row.faults.append(RowFault(None, "NOT_TAKEN", {"fields": fields}))
            return "faulty", None, ()
        expected = self._contributions.expected(row, events, self._now)
        if is_unchanged(found.members.get(row.values["member_number"]), events):
            return "unchanged", expected, ()
        return "good", expected, documents


def _is_of_new(fault: RowFault) -> bool:
    """Whether it is asked of who is to be registered: nothing is left to decide of a member who is just so."""
    return fault.weight == "question" or fault.code == "NIK_TWICE"


def _status_of(row: MemberRow) -> Status:
    if any(fault.weight != "hint" for fault in row.faults):
        return "faulty"
    if "member_number" not in row.values:
        row.add("member_number", "NUMBER_NEEDED", "hint")
        return "number_needed"
    return "good"
