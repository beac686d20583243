"""Unpaid months and what they do to cover: when it starts, when it lapses, when it starts anew.

Rules: `rules.md` section 3 and clarifications, "Membership". A month is unpaid on a day while its due date lies
before that day and no payment was made by that day; arrears are the unbroken run of unpaid months that ends with
the last month due. Days are day numbers, months as in `calendar.month_index`. Pure.
"""

import datetime as dt
from bisect import bisect_left
from typing import Final, NamedTuple

from pipeline.law.book import Book
from pipeline.law.calendar import DueDays, due_days, month_of, month_start
from pipeline.law.declarations import Law
from pipeline.membership.columns import short_column
from pipeline.membership.periods import NEVER, Period

_SEGMENTS_WITH_DUE_DATES: Final = frozenset({"PU", "BPU"})
_LAST_MONTH_OF_THE_WIRE: Final = 2101 * 12  # schemas let days in up to 2100
NO_END: Final = NEVER


class Spell(NamedTuple):
    """One unbroken time of cover. `lapsed`: first day without it. `first_owed`: months before it are not counted."""

    start: int
    lapsed: int
    first_owed: int


class Run(NamedTuple):
    """An unbroken run of unpaid months. `has_backdated`: one of them was paid after the day. `unsettled`: those that
    were never paid."""

    months: int
    has_backdated: bool
    unsettled: tuple[int, ...] = ()


NO_ARREARS: Final = Run(0, False)


def law_on(book: Book, day: dt.date) -> Law:
    """The law of a day; days before the book begins are judged as its first day (the event itself is referred)."""
    return book.on(max(day, book.first_day))


def has_due_dates(segment: str) -> bool:
    """JAKON and PMI contributions fall due with a contract: they know no arrears."""
    return segment in _SEGMENTS_WITH_DUE_DATES


def spells_of(period: Period, book: Book, last_owed: int = NO_END) -> tuple[Spell, ...]:
    """When there was cover, oldest first; none where no contribution was ever paid.

    Cover starts on the later of registration and first payment. `last_owed`: the last month that is owed.
    """
    found: tuple[Spell, ...] | None = period.spells.get(last_owed)
    if found is None:
        found = period.spells[last_owed] = _spells(period, book, last_owed)
    return found


def _spells(period: Period, book: Book, last_owed: int) -> tuple[Spell, ...]:
    payments = period.payments
    if not payments.days:
        return ()
    start = max(period.first, payments.first_day)
    if start > period.last:
        return ()
    enrolment = period.enrolment
    if enrolment.segment != "BPU":
        return (Spell(start, NEVER, month_of(enrolment.registered_on)),)
    due = due_days("BPU", book)
    paid_days = short_column(payments.days)
    found: list[Spell] = []
    while True:
        first_owed = due.last_due_before(start) + 1  # nobody owes for a time without cover
        lapsed = _lapse(period, book, Spell(start, NEVER, first_owed), last_owed)
        found.append(Spell(start, lapsed, first_owed))
        following = bisect_left(paid_days, lapsed)
        if following == len(paid_days) or paid_days[following] > period.last:
            return tuple(found)
        start = paid_days[following]


def _lapse(period: Period, book: Book, spell: Spell, last_owed: int) -> int:
    """The first day of the month after as many whole unpaid months in a row as the limit says; NEVER while none is.

    A month that was paid before that day is no unpaid one. Where a month of a possible run is paid, no run can hold
    it, and the next run to look at begins after it.
    """
    shortest = _least_limit(book)
    end = spell.first_owed + shortest - 1
    last = min(last_owed, _LAST_MONTH_OF_THE_WIRE)
    while end <= last:
        after = month_start(end + 1)
        day = after.toordinal()
        limit = law_on(book, after).bpu_arrears_limit_months.value
        month = end
        while month >= spell.first_owed and month > end - limit:
            paid_on = period.paid_on(month)
            if paid_on is not None and paid_on < day:
                break
            month -= 1
        if end - month == limit:
            return day
        end = max(end + 1, month + shortest)
    return NEVER


def _least_limit(book: Book) -> int:
    found: int | None = book.derived.get("least_bpu_limit")
    if found is None:
        limits = book.parameters["bpu_arrears_limit_months"].values
        found = book.derived["least_bpu_limit"] = min(value.value for value in limits)
    return found


def run_before(period: Period, day: int, first_owed: int, last_owed: int, due: DueDays) -> Run:
    """The run of unpaid months that ends with the last month due before `day`; a month paid on `day` is paid."""
    newest = month = min(due.last_due_before(day), last_owed)
    unsettled: list[int] = []
    while month >= first_owed:
        paid_on = period.paid_on(month)
        if paid_on is None:
            unsettled.append(month)
        elif paid_on <= day:
            break
        month -= 1
    months = newest - month
    return Run(months, months > len(unsettled), tuple(unsettled[::-1])) if months > 0 else NO_ARREARS


def arrears_on(period: Period, spell: Spell, day: int, book: Book, last_owed: int = NO_END) -> Run:
    """The run on `day`; after a lapse the one that led to it, if months paid ahead have hidden it since."""
    segment = period.enrolment.segment
    if not has_due_dates(segment):
        return NO_ARREARS
    due = due_days(segment, book)
    run = run_before(period, day, spell.first_owed, last_owed, due)
    if spell.lapsed > day:
        return run
    lapse = run_before(period, spell.lapsed, spell.first_owed, last_owed, due)
    if run.months >= lapse.months:
        return run
    newest = due.last_due_before(spell.lapsed)
    months = range(newest - lapse.months + 1, newest + 1)
    return Run(lapse.months, any(day < (period.paid_on(month) or 0) for month in months))
