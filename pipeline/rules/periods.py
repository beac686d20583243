"""The periods of one membership number: each registration, what it enrolled in, until when, and what was paid for it.

Works out from the facts of a `Member` alone, without any number of the law. Days are day numbers
(`date.toordinal`), months as in `calendar.month_index`. Pure.
"""

import datetime as dt
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from pipeline.member import Enrolment, Member, ProgramSpan, short_column
from pipeline.rules.calendar import month_of

NEVER = dt.date.max.toordinal()  # later than every day of the wire
_LAST_MONTH = dt.date.max.year * 12

Span = tuple[int, int]  # first and last day, both held; NEVER where it is open


@dataclass(slots=True)
class Period:
    """From one registration to its end or the next registration.

    `first`, `last`: days in force. `first_month`, `last_month`: the contribution months that belong to it.
    `registrations`: the registration and its corrections, as they became known; `enrolment` is the last of them.
    `paid_months`, `paid_days`: its payments, a row a month, by the day of payment. `paid`: month -> first day on
    which it was paid. `spells`: see `arrears`.
    """

    registrations: tuple[Enrolment, ...]
    first: int
    last: int
    first_month: int
    last_month: int
    programs: dict[str, tuple[Span, ...]]
    paid_months: tuple[int, ...]
    paid_days: tuple[int, ...]
    paid: dict[int, int]
    spells: dict[int, Any] = field(default_factory=dict)

    @property
    def enrolment(self) -> Enrolment:
        return self.registrations[-1]


def periods_of(member: Member) -> tuple[Period, ...]:
    """In order of their registration. A number that was never registered has none."""
    if not member.enrolments:
        return ()
    registrations: dict[dt.date, list[Enrolment]] = {}
    for enrolment in member.enrolments:
        registrations.setdefault(enrolment.registered_on, []).append(enrolment)
    starts = sorted(registrations)
    ends = _ends(member, {start: registrations[start][0].known for start in starts})
    all_months, all_days = short_column(member.paid_months), short_column(member.paid_days)
    paid = dict(zip(all_months, all_days, strict=True))
    if len(paid) < len(all_months):
        # A month was paid twice. Rows stand by the day of payment: backwards, so that the first payment counts.
        paid = dict(zip(reversed(all_months), reversed(all_days), strict=True))
    found: list[Period] = []
    for number, start in enumerate(starts):
        first = start.toordinal()
        following = starts[number + 1].toordinal() - 1 if number + 1 < len(starts) else NEVER
        last = min(ends[start].toordinal(), following) if start in ends else following
        first_month = min(month_of(start), found[-1].last_month + 1) if found else 0
        last_month = month_of(dt.date.fromordinal(last)) if following < NEVER else _LAST_MONTH
        months, days = all_months, all_days
        if len(starts) > 1:
            own = [first_month <= month <= last_month for month in all_months]
            months, days = tuple(compress(all_months, own)), tuple(compress(all_days, own))
        programs = _programs(member, registrations[start][-1], last)
        period = Period(
            tuple(registrations[start]), first, last, first_month, last_month, programs, months, days, paid
        )
        found.append(_without_gaps(period))
    return tuple(found)


def _ends(member: Member, first_known: dict[dt.date, int]) -> dict[dt.date, dt.date]:
    """Registration day -> last day, of the periods that ended.

    An end belongs to the newest period that had begun by then, of those known when it was told; where none was
    known yet, of all. An end before every registration ends nothing.
    """
    found: dict[dt.date, dt.date] = {}
    for end in member.ends:
        begun = [start for start in first_known if start <= end.ended_on]
        known = [start for start in begun if first_known[start] <= end.known]
        if begun:
            found[max(known or begun)] = end.ended_on
    return found


def _programs(member: Member, enrolment: Enrolment, last: int) -> dict[str, tuple[Span, ...]]:
    """What the last statement lists, cut at the last day of the period.

    A list replaces those of all registrations known by then. One that came before any registration can only speak
    of the one that had not arrived yet.
    """
    programs: tuple[ProgramSpan, ...] = enrolment.programs
    earliest = member.enrolments[0].known
    for listed in member.program_lists:
        if max(listed.known, earliest) >= enrolment.known:
            programs = listed.programs
    found: dict[str, list[Span]] = {}
    for program, since, until in programs:
        span = since.toordinal(), min(until.toordinal() if until is not None else NEVER, last)
        if span[0] <= span[1]:
            found.setdefault(program, []).append(span)
    return {program: tuple(sorted(spans)) for program, spans in found.items()}


def _without_gaps(period: Period) -> Period:
    """Months in which no program was held between two enrolments are not owed: for arrears they are as good as paid."""
    spans = sorted(span for spans in period.programs.values() for span in spans)
    free: set[int] = set()
    reached = spans[0][1] if spans else NEVER
    for since, until in spans:
        if since > reached:
            first_held = month_of(dt.date.fromordinal(since))
            free.update(range(month_of(dt.date.fromordinal(reached)) + 1, first_held))
        reached = max(reached, until)
    if free:
        period.paid = dict.fromkeys(free, 0) | {month: day for month, day in period.paid.items() if month not in free}
    return period
