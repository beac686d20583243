"""The contribution to expect of a member who is about to be registered, by the same law that counts arrears. Pure."""

import datetime as dt
from typing import Any, Final

from pipeline.enrolment.report import Expected
from pipeline.enrolment.rows import MemberRow
from pipeline.law.book import Book
from pipeline.law.calendar import month_of, month_text
from pipeline.law.declarations import Law
from pipeline.membership.arrears import law_on
from pipeline.membership.contributions import owed_for, savings_for
from pipeline.membership.member import Member
from schemas.events import IntakeEvent
from schemas.membership import MemberRegistered, WageReported

_MOST_KEPT: Final = 10_000  # distinct incomes of one sheet
_DECIDING: Final = ("segment", "programs", "income", "wage_basis", "sector", "funded_by", "scale", "risk_class")


class Contributions:
    """Of one sheet. Members who are alike in what decides owe alike, so each is computed once."""

    def __init__(self, book: Book, today: dt.date) -> None:
        self._book = book
        self._today = today
        self._known: dict[Any, Expected] = {}

    def expected(self, row: MemberRow, events: list[IntakeEvent], now: dt.datetime) -> Expected | None:
        """For this month, or the month of registration where that comes later. None: no JKK or JKM is held."""
        month = max(month_of(self._today), month_of(row.values["registered_on"]))
        key = (month, month_of(row.values["registered_on"]), *(row.get(name) for name in _DECIDING))
        found = self._known.get(key)
        if found is None:
            found = self._computed(month, row, events, now)
            if found is not None and len(self._known) < _MOST_KEPT:
                self._known[key] = found
        return found

    def _computed(self, month: int, row: MemberRow, events: list[IntakeEvent], now: dt.datetime) -> Expected | None:
        member = Member.new(row.values["member_number"])
        for event in events:
            assert isinstance(event, MemberRegistered | WageReported)
            member = member.apply(event, now)
        owed = owed_for(member, month, self._book)
        if owed is None:
            return None
        law = law_on(self._book, dt.date(month // 12, month % 12 + 1, 1))
        place, base = _row_of(row, law)
        full = sum(share.full for share in owed.shares) if owed.amount is not None else None
        shares = savings_for(member, month, self._book)
        savings = sum(share.amount for share in shares) if shares is not None else None
        known = (owed.amount, full, owed.due_on, owed.missing, owed.reliefs, place, base, savings)
        return Expected(month_text(month), *known)


def _row_of(row: MemberRow, law: Law) -> tuple[int | None, int | None]:
    """The row of the BPU table, from 1, and its base income."""
    if row.values["segment"] != "BPU":
        return None, None
    table = law.bpu_income_table.value
    place = max(at for at, one in enumerate(table) if one["from"] <= row.values["income"])
    return place + 1, table[place]["base"]
