"""Calls to members: what there is to pay, and until when, so that cover does not end or begins again. Pure.

Rules: `rules.md` section 3 and amendments 7 and 8 (arrears, lapse), section 2 (contributions and reliefs).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pipeline.law.book import Book
from pipeline.law.calendar import due_date, month_index, month_of, month_start, month_text
from pipeline.membership.arrears import law_on
from pipeline.membership.contributions import Owed, account, arrears, late_fine, owed_for, savings_for
from pipeline.membership.coverage import period_on, spell_on
from pipeline.membership.member import Member
from pipeline.membership.periods import Period
from schemas.codes import Segment

Kind = Literal["lapses", "arrears", "due", "first", "lapsed", "employer"]
KINDS: Final[tuple[Kind, ...]] = ("lapses", "arrears", "due", "first", "lapsed", "employer")  # the most urgent first
_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One member to call.

    lapses: cover ends with this month unless the months are paid `until` then; arrears: it ends later, on the day after
    `until`; due: nothing is late yet, `until` is the due day; first: cover begins with the first contribution; lapsed:
    it begins anew with the next one; employer: the employer owes, and the worker stays covered.

    `amount`: rupiah of `months` for all programs, with relief, and `fine` besides; None: the wage is not known.
    `payer`: who pays in the member's place, and is called instead.
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


def due_for(member: Member, day: dt.date, book: Book) -> Call | None:
    """What is to be paid next and is not late on `day`, of months that have begun, until the first due day. Who owes it
    besides what a call names, as an employer does for this month. None: nothing."""
    since = _first_in_time(day, book)
    coming = [one for one in account(member, day, book, since=since) if one.paid_on is None and not one.is_late]
    months = [month_index(one.owed.month) for one in coming if one.owed.due_on is not None]
    period = period_on(member, day, book)
    if not months or period is None:
        return None
    until = min(one.owed.due_on for one in coming if one.owed.due_on is not None)
    return _call("due", member, period, months, until, book)


def _first_in_time(day: dt.date, book: Book) -> int:
    """The first month that some segment may still pay in time on `day`. Due dates rise with the month, so that all
    before are late; they are most of the months of a member, and each costs a computation."""
    month = month_of(day)
    while any(due is not None and due >= day for due in (due_date(one, month - 1, book) for one in get_args(Segment))):
        month -= 1
    return month


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
    kind: Kind, member: Member, period: Period, months: Sequence[int], until: dt.date | None, book: Book
) -> Call | None:  # fmt: skip
    """None where no program is held in these months."""
    owed = [one for month in months if (one := owed_for(member, month, book)) is not None]
    if not owed:
        return None
    amount = _in_all(member, owed, book)
    reliefs = tuple(sorted({law for one in owed for law in one.reliefs}))
    payer = period.enrolment.payer_name if period.enrolment.payer_kind is not None else None
    return Call(kind, member.number, tuple(map(month_text, months)), amount, 0, until, reliefs, payer)


def _in_all(member: Member, owed: Sequence[Owed], book: Book) -> int | None:
    """With JHT and JP, which are paid together with what is owed."""
    amounts = [one.amount for one in owed]
    if None in amounts:
        return None
    besides = [share.amount for one in owed for share in savings_for(member, month_index(one.month), book) or ()]
    return sum(one for one in amounts if one is not None) + sum(besides)


def _of_employer(member: Member, period: Period, day: dt.date, book: Book) -> Call | None:
    """What the employer owes for months that are late; nobody owes before cover began."""
    if spell_on(period, day, book) is None:
        month = month_of(day)
        return _call("first", member, period, range(month, month + 1), None, book)
    late = arrears(member, day, book)
    if not late:
        return None
    amount = _in_all(member, [one.owed for one in late], book)
    fine = sum(late_fine(one.owed, day, book) for one in late)
    reliefs = tuple(sorted({law for one in late for law in one.owed.reliefs}))
    return Call("employer", member.number, tuple(one.owed.month for one in late), amount, fine, None, reliefs, None)
