"""The check of a whole sheet of claims: every row with its faults, and the event of each that is ready. Pure.

The number of a claim follows from its sender, person and day, and the id of its event from the content: the same row
again is known, and a row that was corrected changes its claim and opens no second one.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

import orjson

from pipeline.claim_sheets.columns import BY_NAME, Kind
from pipeline.claim_sheets.rows import check_claim_row, data_of, read_claim_row
from pipeline.enrolment.check import ROWS_TOGETHER, Rows
from pipeline.enrolment.events import content_id
from pipeline.enrolment.registry import Found
from pipeline.enrolment.report import CheckedRow, RowFault
from pipeline.enrolment.rows import MemberRow
from pipeline.sheets.values import zone_in
from schemas.claims import AccidentClaimed, DeathClaimed
from schemas.envelope import document
from schemas.values import source_kind

STATUSES: Final = ("ready", "reported", "repeated", "left_out", "faulty")
_PLACES: Final[dict[str | None, int]] = {name: at for at, name in enumerate(BY_NAME)}
_EVENTS: Final = {"accident": AccidentClaimed, "death": DeathClaimed}
_PROGRAMS: Final = {"accident": "JKK", "death": "JKM"}
_NAME_LETTERS: Final = 20  # 100 bits, as of the other claims that we name


class Made(NamedTuple):
    """The event of one row."""

    event_id: str
    claim_id: str
    document: bytes


class Looked(NamedTuple):
    """What the door says to an event. `refused`: with a code, by names of fields; None: it may come in."""

    state: Literal["new", "reported", "changed"]
    refused: tuple[str, str] | None = None


class ClaimCheck:
    """`ask`: the registry; `look`: the door, about events; `now` (aware): when the events are written."""

    def __init__(
        self,
        sheet: Rows,
        kind: Kind,
        source: str,
        ask: Callable[[Sequence[MemberRow]], Found],
        look: Callable[[Sequence[Made]], Sequence[Looked]],
        now: dt.datetime,
    ) -> None:
        self._sheet = sheet
        self._kind = kind
        self._zone = zone_in(sheet.title("occurred_at"))  # of the whole sheet: `Jam (WITA)`
        self._source = source
        self._ask = ask
        self._look = look
        self._now = now
        self._first: dict[tuple[str, dt.date], tuple[int, bytes]] = {}
        self._differing: dict[tuple[str, dt.date], int] = {}
        self._claims: dict[str, int] = {}

    def rows(self) -> Iterator[CheckedRow]:
        """Every row in its order."""
        self._first, self._differing, self._claims = {}, {}, {}
        for one in self._sheet.rows():
            self._note(self._read(one))
        source = self._sheet.rows()
        while some := [self._read(row) for row in islice(source, ROWS_TOGETHER)]:
            found = self._ask(some)
            checked = [self._checked(row, found) for row in some]
            looked = iter(self._look([made for _, made in checked if made is not None]))
            for row, (status, made) in zip(some, checked, strict=True):
                yield self._answered(row, status, made, next(looked) if made is not None else None)

    def _read(self, row: Any) -> MemberRow:
        return read_claim_row(row, self._kind, self._sheet.american, self._zone)

    def _note(self, row: MemberRow) -> None:
        """One person has one claim of a day."""
        key = self._key_of(row)
        if key is None or row.get("decision") == "leave":
            return
        content = _content_of(row)
        first = self._first.setdefault(key, (row.number, content))
        if first[1] != content:
            self._differing.setdefault(key, row.number)

    def _key_of(self, row: MemberRow) -> tuple[str, dt.date] | None:
        who, day = row.get("member_number") or row.get("nik"), self._day_of(row)
        return (who, day) if who is not None and day is not None else None

    def _day_of(self, row: MemberRow) -> Any:
        return row.get("occurred_on" if self._kind == "accident" else "died_on")

    def _checked(self, row: MemberRow, found: Found) -> tuple[str, Made | None]:
        """The status of a row so far, and its event where it has no fault of its own."""
        if row.get("decision") == "leave":
            return "left_out", None
        key = self._key_of(row)
        if key is not None:
            first = self._first[key]
            if first[0] != row.number and first[1] == _content_of(row):
                return "repeated", None
            if key in self._differing:
                row.add(
                    "occurred_on" if self._kind == "accident" else "died_on", "CLAIM_TWICE", row=self._other(key, row)
                )
        check_claim_row(row, self._kind, source_kind(self._source), self._now)
        who = self._person_of(row, found)
        if row.get("decision") == "take":
            row.faults = [fault for fault in row.faults if fault.weight != "question"]
        if any(fault.weight != "hint" for fault in row.faults):
            return "faulty", None
        made = self._made(row, who)
        if (other := self._claims.setdefault(made.claim_id, row.number)) != row.number:
            row.add("member_number", "CLAIM_TWICE", row=other)
            return "faulty", None
        return "ready", made

    def _other(self, key: tuple[str, dt.date], row: MemberRow) -> int:
        return self._differing[key] if self._first[key][0] == row.number else self._first[key][0]

    def _person_of(self, row: MemberRow, found: Found) -> str | None:
        """The membership number, as written or by the NIK; None: it is not known."""
        number, nik = row.get("member_number"), row.get("nik")
        if any(fault.column == "nik" for fault in row.faults):
            nik = None
        numbers = found.numbers_of_nik.get(nik, ()) if nik is not None else ()
        if number is not None:
            member = found.members.get(number)
            if member is None:
                row.add("member_number", "PERSON_UNKNOWN", "question")
            elif number not in found.own:
                row.add("member_number", "PERSON_OF_OTHERS")
            elif nik is not None and number not in numbers:
                row.add("nik", "PERSON_DIFFERS")
            return str(number)
        if nik is None:
            return None
        if not numbers:
            row.add("nik", "PERSON_UNKNOWN", "question")
        elif not set(numbers) & found.own:
            row.add("nik", "PERSON_OF_OTHERS")
        return numbers[0] if len(numbers) == 1 else None

    def _made(self, row: MemberRow, who: str | None) -> Made:
        kind, data = _EVENTS[self._kind], data_of(row, self._kind)
        # A NIK alone could be found out from a digest of it: who is not known is named by all that the row says.
        person = who if who is not None else orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
        digest = hashlib.sha256(f"{self._source}\nsheet\n{person}\n{self._day_of(row)}".encode()).digest()
        claim_id = f"{_PROGRAMS[self._kind]}-{base64.b32encode(digest).decode()[:_NAME_LETTERS]}"
        event_id = content_id(kind, data, self._source)
        data = {"claim_id": claim_id, **data}
        made = document(kind, event_id=event_id, source=self._source, time=self._now, data=data)
        return Made(event_id, claim_id, orjson.dumps(made))

    def _answered(self, row: MemberRow, status: str, made: Made | None, looked: Looked | None) -> CheckedRow:
        events: tuple[bytes, ...] = ()
        claim_id = None
        if made is not None and looked is not None:
            if looked.refused is not None:
                status, (code, fields) = "faulty", looked.refused
                row.faults.append(RowFault(None, code, {"fields": fields} if fields else {}))
            else:
                claim_id = made.claim_id
                status = "reported" if looked.state == "reported" else "ready"
                events = (made.document,) if status == "ready" else ()
                if looked.state == "changed":
                    row.add(None, "CLAIM_CHANGED", "hint", claim=claim_id)
        row.faults.sort(key=lambda fault: _PLACES.get(fault.column, 0))
        return CheckedRow(row.number, status, tuple(row.faults), None, events, claim_id=claim_id)


def _content_of(row: MemberRow) -> bytes:
    return hashlib.blake2b(repr(sorted(row.values.items())).encode(), digest_size=8).digest()
