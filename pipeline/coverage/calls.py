"""Calls to members: what there is to pay, and until when, so that cover does not end or begins again. Pure.

Rules: `rules.md` section 3 and amendments 7 and 8 (arrears, lapse), section 2 (contributions and reliefs).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.law.book import Book
from pipeline.law.calendar import month_of, month_start, month_text
from pipeline.membership.arrears import law_on
from pipeline.membership.contributions import arrears, late_fine, owed_for
from pipeline.membership.coverage import period_on, spell_on
from pipeline.membership.member import Member
from pipeline.membership.periods import Period

Kind = Literal["lapses", "arrears", "due", "first", "lapsed", "employer"]
KINDS: Final[tuple[Kind, ...]] = ("lapses", "arrears", "due", "first", "lapsed", "employer")  # the most urgent first
_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One member to call.

    lapses: cover ends with this month unless the months are paid `until` then; arrears: it ends later, on the day after
    `until`; due: nothing is late yet, `until` is the due day; first: cover begins with the first contribution; lapsed:
    it begins anew with the next one; employer: the employer owes, and the worker stays covered.

    `amount`: rupiah of `months` with relief, and `fine` besides; None: the wage is not known. `payer`: who pays in the
    member's place, and is called instead.
    """

    kind: Kind
    member_number: str
    months: tuple[str, ...]
    amount: int | None
    fine: int
    until: dt.date | None
    reliefs: tuple[str, ...]
    payer: str | None


def call_for(member: Member, day: dt.date, book: Book) -> Call | None:
    """By what was paid until `day`. None: nothing is owed, or there is no membership to save."""
    period = period_on(member, day, book)
    if period is None or period.last < day.toordinal():
        return None
    segment = period.enrolment.segment
    if segment == "PU":
        return _of_employer(member, period, day, book)
    if segment != "BPU":
        return None
    spell, month = spell_on(period, day, book), month_of(day)
    if spell is None or spell.lapsed <= day.toordinal():
        return _call("lapsed" if spell is not None else "first", member, period, range(month, month + 1), None, book)
    months = _unpaid_run(period, spell.first_owed, month, day)
    if not months:
        return None
    ends = month_start(months[0] + _limit(book, months[0])) - _ONE_DAY
    if ends < month_start(month + 1):
        return _call("lapses", member, period, months, ends, book)
    due_on = owed.due_on if (owed := owed_for(member, months[0], book)) is not None else None
    if due_on is not None and due_on >= day:
        return _call("due", member, period, months, due_on, book)
    return _call("arrears", member, period, months, ends, book)


def _unpaid_run(period: Period, first_owed: int, month: int, day: dt.date) -> range:
    """Months in a row, the last of them `month`, for which nothing was paid by `day`."""
    first = month + 1
    while first > first_owed:
        paid_on = period.paid_on(first - 1)
        if paid_on is not None and paid_on <= day.toordinal():
            break
        first -= 1
    return range(first, month + 1)


def _limit(book: Book, first: int) -> int:
    return law_on(book, month_start(first + 1)).bpu_arrears_limit_months.value


def _call(
    kind: Kind, member: Member, period: Period, months: range, until: dt.date | None, book: Book
) -> Call | None:  # fmt: skip
    """None where no program is held in these months."""
    owed = [one for month in months if (one := owed_for(member, month, book)) is not None]
    if not owed:
        return None
    amounts = [one.amount for one in owed]
    amount = sum(one for one in amounts if one is not None) if None not in amounts else None
    reliefs = tuple(sorted({law for one in owed for law in one.reliefs}))
    payer = period.enrolment.payer_name if period.enrolment.payer_kind is not None else None
    return Call(kind, member.number, tuple(map(month_text, months)), amount, 0, until, reliefs, payer)


def _of_employer(member: Member, period: Period, day: dt.date, book: Book) -> Call | None:
    """What the employer owes for months that are late; nobody owes before cover began."""
    if spell_on(period, day, book) is None:
        month = month_of(day)
        return _call("first", member, period, range(month, month + 1), None, book)
    late = arrears(member, day, book)
    if not late:
        return None
    amounts = [one.owed.amount for one in late]
    amount = sum(one for one in amounts if one is not None) if None not in amounts else None
    fine = sum(late_fine(one.owed, day, book) for one in late)
    reliefs = tuple(sorted({law for one in late for law in one.owed.reliefs}))
    return Call("employer", member.number, tuple(one.owed.month for one in late), amount, fine, None, reliefs, None)
