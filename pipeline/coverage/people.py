"""The state of one person on every day: never registered, left, waiting, lapsed, covered; and whether cover is at risk.

A person is a NIK, with all its memberships; the best of them counts. The facts are those known now, for every day that
is asked for. What a claim would be answered is `pipeline.membership.eligibility`; this counts people, and a person in
arrears whose cover has not lapsed is covered here. Pure.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from pipeline.law.book import Book
from pipeline.law.calendar import month_of, month_start
from pipeline.membership.arrears import Spell, has_due_dates, law_on, spells_of
from pipeline.membership.coverage import periods_with
from pipeline.membership.member import Member
from pipeline.membership.periods import NEVER, Period

STATES: Final = ("never", "left", "waiting", "lapsed", "covered")  # the best last
PROGRAMS: Final = ("JKK", "JKM", "JHT", "JP")
MEASURES: Final = ("people", "known", *STATES, "at_risk", *PROGRAMS)
_PROTECTING: Final = ("JKK", "JKM")
_NEVER_REGISTERED, _LEFT, _WAITING, _LAPSED, _COVERED, _SAFE = range(len(STATES) + 1)
_FIRST_PROGRAM: Final = MEASURES.index("JKK")

Counts = tuple[int, ...]  # of MEASURES
Change = tuple[int, Counts]  # day number, and what is added to the counts from that day on


class _Stretch(NamedTuple):
    """Days, both included, in a state or with cover of a program (`program` below zero: none)."""

    since: int
    until: int
    state: int
    program: int = -1


def changes_of(members: Sequence[Member], known_since: dt.date | None, book: Book) -> list[Change]:
    """What one person adds to the counts, and from which day on. `known_since`: the earliest list that has the person.

    `members`: all memberships of the person. `at_risk`: covered, and cover ends with this month unless something is
    paid.
    """
    stretches = [one for member in members for one in _of_member(member, book)]
    if known_since is not None:
        stretches.append(_Stretch(known_since.toordinal(), NEVER, _NEVER_REGISTERED))
    known = known_since.toordinal() if known_since is not None else NEVER
    days = {day for one in stretches for day in (one.since, one.until + 1) if day < NEVER}
    found: list[Change] = []
    before: Counts = (0,) * len(MEASURES)
    for day in sorted(days):
        now = _counts_on(stretches, day, known)
        if now != before:
            found.append((day, tuple(new - old for new, old in zip(now, before, strict=True))))
            before = now
    return found


def state_on(members: Sequence[Member], day: dt.date, book: Book) -> str | None:
    """Of STATES, at the end of `day`, by the best of these memberships; None: none had begun by then."""
    reached = [0] * len(MEASURES)
    for since, counts in changes_of(members, None, book):
        if since > day.toordinal():
            break
        reached = [one + more for one, more in zip(reached, counts, strict=True)]
    return next((state for state in STATES if reached[MEASURES.index(state)]), None)


def _counts_on(stretches: Iterable[_Stretch], day: int, known: int) -> Counts:
    counts = [0] * len(MEASURES)
    state = -1
    for one in stretches:
        if one.since <= day <= one.until:
            state = max(state, one.state)
            if one.program >= 0:
                counts[_FIRST_PROGRAM + one.program] = 1
    if state >= 0:
        counts[0] = 1
        counts[1] = int(known <= day)
        counts[2 + min(state, _COVERED)] = 1
        counts[_FIRST_PROGRAM - 1] = int(state == _COVERED)
    return tuple(counts)


def _of_member(member: Member, book: Book) -> Iterator[_Stretch]:
    for period in periods_with(member, book):
        if period.first > period.last:
            continue
        yield _Stretch(period.first, period.last, _WAITING)
        if period.last < NEVER:
            yield _Stretch(period.last + 1, NEVER, _LEFT)
        for spell in spells_of(period, book):
            yield from _of_spell(period, spell, book)


def _of_spell(period: Period, spell: Spell, book: Book) -> Iterator[_Stretch]:
    last = min(spell.lapsed - 1, period.last)
    if spell.lapsed <= period.last:
        yield _Stretch(spell.lapsed, period.last, _LAPSED)
    risks = list(_risks(period, spell, book, last))
    for number, program in enumerate(PROGRAMS):
        for since, until in period.programs.get(program, ()):
            first, end = max(since, spell.start), min(until, last)
            if first > end:
                continue
            if program not in _PROTECTING:
                yield _Stretch(first, end, _WAITING, number)
                continue
            yield _Stretch(first, end, _COVERED, number)
            yield from _safe(first, end, risks)


def _safe(first: int, end: int, risks: Iterable[tuple[int, int]]) -> Iterator[_Stretch]:
    """The days of first..end that lie in no risk. `risks`: apart, in their order."""
    for since, until in risks:
        if until < first or since > end:
            continue
        if since > first:
            yield _Stretch(first, since - 1, _SAFE)
        first = until + 1
    if first <= end:
        yield _Stretch(first, end, _SAFE)


def _risks(period: Period, spell: Spell, book: Book, last: int) -> Iterator[tuple[int, int]]:
    """Days on which as many whole months are unpaid as end cover, once the last of them is over (BPU alone)."""
    if period.enrolment.segment != "BPU":
        return
    for month in range(max(spell.first_owed, month_of(_day_of(spell.start))), month_of(_day_of(last)) + 1):
        after = month_start(month + 1)
        first = month - law_on(book, after).bpu_arrears_limit_months.value + 1
        if first < spell.first_owed:
            continue
        since, end = max(month_start(month).toordinal(), spell.start), min(after.toordinal() - 1, last)
        for one in range(first, month + 1):
            paid_on = period.paid_on(one)
            if paid_on is not None:
                end = min(end, paid_on - 1)
                if end < since:
                    break
        else:
            yield since, end


def first_missing_month(member: Member, book: Book) -> int | None:
    """The first month of the newest cover that is owed and not paid; None: the membership ended, or owes no months.

    Where there was no cover yet: the month of registration.
    """
    periods = periods_with(member, book)
    if not periods or periods[-1].last < NEVER or not has_due_dates(periods[-1].enrolment.segment):
        return None
    period = periods[-1]
    spells = spells_of(period, book)
    month = spells[-1].first_owed if spells else month_of(period.enrolment.registered_on)
    while period.paid_on(month) is not None:
        month += 1
    return month


_day_of: Final = dt.date.fromordinal
