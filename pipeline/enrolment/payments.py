"""Contributions by the sheet: who paid what for which month, reconciled with what the law says was owed. Pure.

A month that was paid in full becomes an event; one paid short does not, for the event says that it was paid in full.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import orjson

from pipeline.enrolment.check import ROWS_TOGETHER, Rows
from pipeline.enrolment.columns import BY_NAME as MEMBER_COLUMNS
from pipeline.enrolment.events import content_id
from pipeline.enrolment.registry import Found
from pipeline.enrolment.report import CheckedRow
from pipeline.enrolment.rows import MemberRow, read_values
from pipeline.law.book import Book
from pipeline.law.calendar import month_index
from pipeline.membership.contributions import late_fine, owed_for, savings_for
from pipeline.membership.member import Member
from pipeline.sheets.cells import Cell, Row, SheetRefused
from pipeline.sheets.headers import Column
from pipeline.sheets.values import day_of, member_number_of, month_of, nik_of, rupiah_of, text_of
from schemas.envelope import document
from schemas.membership import ContributionPaid

_PAID: Final = ("bayar", "pembayaran", "setor", "setoran", "transaksi", "transfer")
COLUMNS: Final = (
    MEMBER_COLUMNS["member_number"],
    MEMBER_COLUMNS["nik"]._replace(is_needed=False),
    MEMBER_COLUMNS["name"]._replace(is_needed=False),
    Column("month", "Bulan iuran", "Month", ("Bulan", "Untuk bulan", "Periode", "Masa iuran", "Period"), True),
    Column(
        *("amount", "Jumlah", "Amount"),
        ("Jumlah bayar", "Jumlah iuran", "Jumlah setoran", "Setoran", "Iuran", "Nominal", "Dibayar", "Paid"),
        is_needed=True,
    ),
    Column(
        *("paid_on", "Tanggal bayar", "Paid on"),
        (*(f"{day} {what}" for day in ("Tanggal", "Tgl") for what in _PAID), "Tanggal", "Date"),
        is_needed=True,
    ),
)
BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in COLUMNS}
STATUSES: Final = ("matched", "over", "short", "unknown", "recorded", "repeated", "faulty")
_NEEDED: Final = frozenset({"month", "amount", "paid_on"})
_PLACES: Final[dict[str | None, int]] = {column.name: at for at, column in enumerate(COLUMNS)}
_READERS: Final[Mapping[str, Callable[[Cell], Any]]] = {
    "member_number": member_number_of,
    "nik": nik_of,
    "name": text_of,
    "month": month_of,
    "amount": rupiah_of,
    "paid_on": day_of,
}


def require_person(names: Sequence[str]) -> None:
    """`names`: columns of the sheet. Raises SheetRefused where none says who paid."""
    if "member_number" not in names and "nik" not in names:
        raise SheetRefused("COLUMN_MISSING", {"columns": f"{COLUMNS[0].title} (NIK)"})


class PaymentCheck:
    """`ask`: the registry; `now` (aware): when the events are written."""

    def __init__(
        self,
        sheet: Rows,
        source: str,
        book: Book,
        ask: Callable[[Sequence[MemberRow]], Found],
        now: dt.datetime,
        today: dt.date,
    ) -> None:
        self._sheet = sheet
        self._source = source
        self._book = book
        self._ask = ask
        self._now = now
        self._today = today
        self._first: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._differing: dict[tuple[str, str], int] = {}

    def rows(self) -> Iterator[CheckedRow]:
        """Every row in its order."""
        self._first, self._differing = {}, {}
        for one in self._sheet.rows():
            self._note(self._read(one))
        source = self._sheet.rows()
        while some := [self._read(row) for row in islice(source, ROWS_TOGETHER)]:
            found = self._ask(some)
            yield from (self._checked(row, found) for row in some)

    def _read(self, row: Row) -> MemberRow:
        return read_values(row, _READERS, _NEEDED, self._sheet.american)

    def _note(self, row: MemberRow) -> None:
        """One month of one person is paid once."""
        key = _key_of(row)
        if key is None:
            return
        content = hashlib.blake2b(repr(sorted(row.values.items())).encode(), digest_size=8).digest()
        first = self._first.setdefault(key, (row.number, content))
        if first[1] != content:
            self._differing.setdefault(key, row.number)

    def _checked(self, row: MemberRow, found: Found) -> CheckedRow:
        key = _key_of(row)
        if key is not None and key not in self._differing and self._first[key][0] != row.number:
            return CheckedRow(row.number, "repeated", (), None, ())
        if key is not None and (other := self._differing.get(key)) is not None:
            first = self._first[key][0]
            row.add("month", "MONTH_TWICE", row=other if other != row.number else first)
        if (paid_on := row.get("paid_on")) is not None and paid_on > self._today:
            row.add("paid_on", "PAID_LATER")
        member = self._member_of(row, found)
        status = self._status_of(row, member)
        row.faults.sort(key=lambda fault: _PLACES.get(fault.column, 0))
        events: tuple[bytes, ...] = ()
        if status in ("matched", "over"):
            assert member is not None
            events = (self._event(row, member),)
        return CheckedRow(row.number, status, tuple(row.faults), None, events, row.get("amount") if events else 0)

    def _member_of(self, row: MemberRow, found: Found) -> Member | None:
        """The sender's member whom the row names. Another's is as unknown as nobody's."""
        number, nik = row.get("member_number"), row.get("nik")
        if number is None and nik is not None:
            own = [one for one in found.numbers_of_nik.get(nik, ()) if one in found.own]
            if len(own) > 1:
                row.add("member_number", "NUMBERS_OF_NIK")
                return None
            number = own[0] if own else None
        elif number is None:
            if not any(fault.column in ("member_number", "nik") for fault in row.faults):
                row.add("member_number", "EMPTY")
            return None
        member = found.members.get(number) if number in found.own else None
        if member is not None and nik is not None and member.nik != nik:
            row.add("nik", "NUMBER_OF_ANOTHER")
            return None
        return member

    def _status_of(self, row: MemberRow, member: Member | None) -> str:
        if member is None and not row.faults:
            column = "member_number" if row.get("member_number") is not None else "nik"
            row.add(column, "UNKNOWN_MEMBER")
            return "unknown"
        if row.faults or member is None:
            return "faulty"
        month, amount = month_index(row.values["month"]), row.values["amount"]
        paid = member.payments.paid_on(month)
        if paid is not None:
            if paid == row.values["paid_on"].toordinal():
                return "recorded"
            row.add("month", "MONTH_PAID", day=dt.date.fromordinal(paid).isoformat())
            return "faulty"
        owed = owed_for(member, month, self._book)
        if owed is None:
            row.add("month", "MONTH_NOT_OWED")
            return "faulty"
        if owed.amount is None:
            row.add("amount", "AMOUNT_UNKNOWN", "hint")
            return "matched"
        if amount < owed.amount:
            row.add("amount", "PAID_SHORT", owed=owed.amount, missing=owed.amount - amount)
            return "short"
        shares = savings_for(member, month, self._book) or ()
        besides = (0, sum(share.amount for share in shares))  # JHT and JP, which may be paid together
        fines = (0, late_fine(owed, row.values["paid_on"], self._book))
        if amount in {owed.amount + one + fine for one in besides for fine in fines}:
            return "matched"
        row.add("amount", "PAID_OVER", "hint", owed=owed.amount, more=amount - owed.amount)
        return "over"

    def _event(self, row: MemberRow, member: Member) -> bytes:
        data = {
            "member_number": member.number,
            "months": [row.values["month"]],
            "paid_on": row.values["paid_on"].isoformat(),
            "amount": row.values["amount"],
        }
        event_id = content_id(ContributionPaid, data, self._source)
        made = document(ContributionPaid, event_id=event_id, source=self._source, time=self._now, data=data)
        return orjson.dumps(made)


def _key_of(row: MemberRow) -> tuple[str, str] | None:
    """Person and month; None: one of them cannot be read."""
    who, month = row.get("member_number") or row.get("nik"), row.get("month")
    return (who, month) if who is not None and month is not None else None
