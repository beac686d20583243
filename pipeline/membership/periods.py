"""The periods of one membership number: each registration, what it enrolled in, until when, and what was paid for it.

Works out from the facts of a `Member` alone, without any number of the law. Days are day numbers
(`date.toordinal`), months as in `calendar.month_index`. Pure.
"""

import datetime as dt
from itertools import compress
from typing import Any, Final

from pipeline.law.calendar import month_of
from pipeline.membership.columns import packed_short, short_column
from pipeline.membership.facts import End, Enrolment, Payments, ProgramSpan
from pipeline.membership.member import Member

NEVER: Final = dt.date.max.toordinal()  # later than every day of the wire
_LAST_MONTH: Final = dt.date.max.year * 12
_NONE: Final[frozenset[int]] = frozenset()

Span = tuple[int, int]  # first and last day, both held; NEVER where it is open


class Period:
    """From one registration to its end or the next registration.

    `first`, `last`: days in force. `first_month`, `last_month`: the contribution months that belong to it.
    `registrations`: the registration and its corrections, as they became known; `enrolment` is the last of them.
    `payments`: its own; `all_payments`: those of the whole number. `free_months`: nothing is owed for them.
    `employment_ended`: its day, where the end of the membership names one. `spells`: see `arrears`.
    """

    __slots__ = (
        "registrations",
        "first",
        "last",
        "first_month",
        "last_month",
        "programs",
        "payments",
        "all_payments",
        "free_months",
        "employment_ended",
        "spells",
    )

    def __init__(
        self,
        registrations: tuple[Enrolment, ...],
        first: int,
        last: int,
        first_month: int,
        last_month: int,
        programs: dict[str, tuple[Span, ...]],
        payments: Payments,
        free_months: frozenset[int],
    ) -> None:
        self.registrations = registrations
        self.first = first
        self.last = last
        self.first_month = first_month
        self.last_month = last_month
        self.programs = programs
        self.payments = payments
        self.all_payments = payments
        self.free_months = free_months
        self.employment_ended: int | None = None
        self.spells: dict[int, Any] = {}

    @property
    def enrolment(self) -> Enrolment:
        return self.registrations[-1]

    def paid_on(self, month: int) -> int | None:
        """The first day on which a month was paid, whichever registration it was paid under; None: never. A month
        that is not owed is as good as paid ever since."""
        return 0 if month in self.free_months else self.all_payments.paid_on(month)


def periods_of(member: Member) -> tuple[Period, ...]:
    """In order of their registration. A number that was never registered has none."""
    if not member.enrolments:
        return ()
    if len(member.enrolments) == 1 and not member.ends:  # as most are: one period that goes on
        (enrolment,) = member.enrolments
        return (_period(member, (enrolment,), enrolment.registered_on.toordinal(), NEVER, 0, _LAST_MONTH),)
    registrations: dict[dt.date, list[Enrolment]] = {}
    for enrolment in member.enrolments:
        registrations.setdefault(enrolment.registered_on, []).append(enrolment)
    starts = sorted(registrations)
    ends = _ends(member, {start: registrations[start][0].known for start in starts})
    found: list[Period] = []
    for number, start in enumerate(starts):
        first = start.toordinal()
        following = starts[number + 1].toordinal() - 1 if number + 1 < len(starts) else NEVER
        end = ends.get(start)
        last = min(end.ended_on.toordinal(), following) if end is not None else following
        first_month = min(month_of(start), found[-1].last_month + 1) if found else 0
        last_month = month_of(dt.date.fromordinal(last)) if following < NEVER else _LAST_MONTH
        period = _period(member, tuple(registrations[start]), first, last, first_month, last_month)
        if end is not None and end.employment_ended_on is not None:
            period.employment_ended = end.employment_ended_on.toordinal()
        if len(starts) > 1:
            period.payments = _between(member.payments, first_month, last_month)
        found.append(period)
    return tuple(found)


def _period(
    member: Member, registrations: tuple[Enrolment, ...], first: int, last: int, first_month: int, last_month: int
) -> Period:
    programs, payments = _programs(member, registrations[-1], last), member.payments
    return Period(registrations, first, last, first_month, last_month, programs, payments, _free_months(programs))


def _between(payments: Payments, first_month: int, last_month: int) -> Payments:
    months, days = short_column(payments.months), short_column(payments.days)
    own = [first_month <= month <= last_month for month in months]
    return Payments(packed_short(*compress(months, own)), packed_short(*compress(days, own)))


def _ends(member: Member, first_known: dict[dt.date, int]) -> dict[dt.date, End]:
    """Registration day -> end, of the periods that ended.

    An end belongs to the newest period that had begun by then, of those known when the end was reported;
    where none was known yet, of all. An end before every registration ends nothing.
    """
    found: dict[dt.date, End] = {}
    for end in member.ends:
        begun = [start for start in first_known if start <= end.ended_on]
        known = [start for start in begun if first_known[start] <= end.known]
        if begun:
            found[max(known or begun)] = end
    return found


def _programs(member: Member, enrolment: Enrolment, last: int) -> dict[str, tuple[Span, ...]]:
    """What the last statement lists, cut at the last day of the period.

    A list replaces those of all registrations known by then. One that came before any registration can only speak
    of the one that had not arrived yet.
    """
    programs: tuple[ProgramSpan, ...] = enrolment.programs
    for listed in member.program_lists:
        if max(listed.known, member.enrolments[0].known) >= enrolment.known:
            programs = listed.programs
    found: dict[str, tuple[Span, ...]] = {}
    for program, since, until in programs:
        span = since.toordinal(), min(until.toordinal(), last) if until is not None else last
        if span[0] <= span[1]:
            found[program] = tuple(sorted((*found[program], span))) if program in found else (span,)
    return found


def _free_months(programs: dict[str, tuple[Span, ...]]) -> frozenset[int]:
    """Months in which no program was held between two enrolments: they are not owed."""
    different = set(programs.values())
    if not different or (len(different) == 1 and len(*different) == 1):  # one enrolment in all programs, as most are
        return _NONE
    spans = sorted({span for held in different for span in held})
    free: set[int] = set()
    reached = spans[0][1]
    for since, until in spans:
        if since > reached:
            first_held = month_of(dt.date.fromordinal(since))
            free.update(range(month_of(dt.date.fromordinal(reached)) + 1, first_held))
        reached = max(reached, until)
    return frozenset(free)
