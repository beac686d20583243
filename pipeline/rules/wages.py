"""The wage that benefits follow: which reports count, and what they come to for a month.

Rules: `rules.md` section 3 ("Wage") and clarifications (`WAGE_UNKNOWN`). Exact until a benefit line is rounded. Pure.
"""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from pipeline.member import BASIS_OF_LETTER, Member
from pipeline.rules.book import Law
from pipeline.rules.calendar import month_of, month_text
from pipeline.rules.periods import Period

_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_DAY_MICROSECONDS = 86_400 * 10**6
_JAKARTA_AHEAD_MICROSECONDS = 7 * 3_600 * 10**6
_MEAN_MONTHS = {"piece": "piece_wage_months", "weather": "weather_wage_months"}


@dataclass(frozen=True, slots=True)
class Wage:
    """Rupiah a month, exact. `basis`: monthly, daily, piece, weather, or base_income (the row of the BPU table).
    `month`: that of the newest report it rests on."""

    amount: Fraction
    basis: str
    month: str


def reported_wage(member: Member, period: Period, day: dt.date, law: Law) -> Wage | None:
    """The wage for an event on `day`; None where no report counts, or the one that counts says 0.

    A report counts if it is for the month of the event or before and became known before the day began in Jakarta:
    a wage raised after the accident does not. For BPU a report is the declared income, as the registration's is.
    """
    known_before = (day.toordinal() - _EPOCH_DAY) * _DAY_MICROSECONDS - _JAKARTA_AHEAD_MICROSECONDS
    event_month = month_of(day)
    at = _newest(member, period, event_month, known_before)
    if period.enrolment.segment == "BPU":
        return _base_income(member, period, at, known_before, law)
    if at is None:
        return None
    basis = _basis(member, period, at)
    if basis in _MEAN_MONTHS:
        return _mean(member, period, basis, event_month, known_before, law)
    amount = member.wage_amounts[at]
    if amount == 0:
        return None
    days = law["daily_wage_days"].value if basis == "daily" else 1
    return Wage(Fraction(amount * days), basis, month_text(member.wage_months[at]))


def _basis(member: Member, period: Period, at: int) -> str:
    return BASIS_OF_LETTER.get(member.wage_bases[at], period.enrolment.wage_basis)


def _newest(member: Member, period: Period, last_month: int, known_before: int) -> int | None:
    """Row of the newest report for `last_month` or before; of several for a month the one known last."""
    at = bisect_right(member.wage_months, min(last_month, period.last_month)) - 1
    while at >= 0 and member.wage_months[at] >= period.first_month:
        if member.wage_known[at] < known_before:
            return at
        at -= 1
    return None


def _mean(
    member: Member, period: Period, basis: str, event_month: int, known_before: int, law: Law
) -> Wage | None:  # fmt: skip
    """The mean of the months before the event's, of those that have a report of this basis above 0."""
    amounts: list[int] = []
    newest: int | None = None
    for month in range(event_month - 1, event_month - 1 - law[_MEAN_MONTHS[basis]].value, -1):
        at = _newest(member, period, month, known_before)
        if at is None or member.wage_months[at] != month:
            continue
        if _basis(member, period, at) == basis and member.wage_amounts[at] > 0:
            amounts.append(member.wage_amounts[at])
            newest = newest or month
    if newest is None:
        return None
    return Wage(Fraction(sum(amounts), len(amounts)), basis, month_text(newest))


def _base_income(member: Member, period: Period, at: int | None, known_before: int, law: Law) -> Wage | None:
    """The base of the row of the declared income; an income of 0 is the first row, none declared is unknown."""
    declared: tuple[int, int, int] | None = None  # month, when it became known, rupiah
    if at is not None:
        declared = member.wage_months[at], member.wage_known[at], member.wage_amounts[at]
    for registration in period.registrations:
        if registration.declared_income is not None and registration.known < known_before:
            month = month_of(registration.registered_on)
            if declared is None or (month, registration.known) >= declared[:2]:
                declared = month, registration.known, registration.declared_income
    if declared is None:
        return None
    return Wage(Fraction(base_income(declared[2], law)), "base_income", month_text(declared[0]))


def base_income(declared: int, law: Law) -> int:
    """The last row of the BPU table whose bound is not above the declared monthly income; rupiah."""
    rows = law["bpu_income_table"].value
    at = bisect_right(rows, declared, key=lambda row: int(row["from"])) - 1
    base: int = rows[at]["base"]
    return base
