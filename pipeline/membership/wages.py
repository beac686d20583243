"""The wage that benefits follow: which reports count, and what they come to for a month.

Rules: `rules.md` section 3 ("Wage") and clarifications (`WAGE_UNKNOWN`). Exact until a benefit line is rounded. Pure.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from pipeline.law.calendar import add_months, month_of, month_text
from pipeline.law.declarations import Law, Value
from pipeline.membership.columns import long_at, short_column
from pipeline.membership.facts import BASIS_OF_LETTER
from pipeline.membership.member import Member
from pipeline.membership.periods import Period
from schemas.clock import EPOCH, JAKARTA, clock_of

_EPOCH_DAY: Final = EPOCH.toordinal()
_DAY_MICROSECONDS: Final = 86_400 * 10**6
_JAKARTA_AHEAD_MICROSECONDS: Final = JAKARTA.utcoffset(None) // dt.timedelta(microseconds=1)
_ALWAYS: Final = 2**63  # later than every time a fact became known


class Wage(NamedTuple):
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
    month = month_of(day)
    return _wage(member, period, month, month, _start_of(day), law)


def _start_of(day: dt.date) -> int:
    """When a day begins in Jakarta, as facts become known."""
    return (day.toordinal() - _EPOCH_DAY) * _DAY_MICROSECONDS - _JAKARTA_AHEAD_MICROSECONDS


class WageJump(NamedTuple):
    """A report that raised the wage: when it became known, and the wages in force before it and for the event."""

    reported_on: dt.date
    before: Wage
    wage: Wage


def wage_jump(member: Member, period: Period, day: dt.date, law: Law, older: Period | None) -> WageJump | None:
    """The first report of the last months before `day` by which the wage grew by more than the law trusts (amendment
    28), where the wage for an event on `day` is still that much higher. `older`: whose wage was in force before the
    first report of `period`."""
    until, last_month = _start_of(day), month_of(day)
    since = _start_of(add_months(day, -law.wage_jump_months.value))
    reports = [one for one in _reports(member, period, last_month) if since <= one[0] < until]
    wage = _wage(member, period, last_month, last_month, until, law) if reports else None
    if wage is None:
        return None
    for known, month in sorted(reports):
        before = _wage(member, period, last_month, month, known, law)
        if before is None and older is not None:
            before = _wage(member, older, last_month, month, known, law)
        after = _wage(member, period, last_month, month + 1, known + 1, law)
        if before is None or after is None or not _grows(before, after, law) or not _grows(before, wage, law):
            continue
        if _counts(after.basis, month, last_month, law):
            return WageJump(clock_of(known).astimezone(JAKARTA).date(), before, wage)
    return None


def _reports(member: Member, period: Period, last_month: int) -> list[tuple[int, int]]:
    """When each report of a wage or an income became known, and its month."""
    months = short_column(member.wage_months)
    end = bisect_right(months, min(last_month, period.last_month))
    found = [(long_at(member.wage_known, at), months[at]) for at in range(bisect_left(months, period.first_month), end)]
    incomes = [one for one in period.registrations if one.declared_income is not None]
    return found + [(one.known, month_of(one.registered_on)) for one in incomes]


def _grows(before: Wage, after: Wage, law: Law) -> bool:
    return after.amount * 100 > before.amount * (100 + law.wage_jump_percent.value)


def _counts(basis: str, month: int, last_month: int, law: Law) -> bool:
    """Whether the wage for an event rests on a report for `month`: of a mean, those of the last months before it."""
    if basis not in ("piece", "weather"):
        return True
    count = law.piece_wage_months if basis == "piece" else law.weather_wage_months
    return last_month - count.value <= month < last_month


def has_reports(member: Member, period: Period) -> bool:
    """Whether this registration says anything about a wage, whether it counts or not."""
    if any(one.declared_income is not None for one in period.registrations):
        return True
    months = short_column(member.wage_months)
    at = bisect_left(months, period.first_month)
    return at < len(months) and months[at] <= period.last_month


def wage_of_month(member: Member, period: Period, month: int, law: Law) -> Wage | None:
    """The wage that the contribution of `month` follows, by every report there is; None where none says."""
    return _wage(member, period, month, month + 1, _ALWAYS, law)


def _wage(
    member: Member, period: Period, last_month: int, mean_before: int, known_before: int, law: Law
) -> Wage | None:
    """By the newest report for `last_month` or before; a mean is taken over the months before `mean_before`."""
    months = short_column(member.wage_months)
    newest = _newest(member, months, period, last_month, known_before)
    if period.enrolment.segment == "BPU":
        return _base_income(period, newest, last_month, known_before, law)
    if newest is None:
        return None
    if newest.basis in ("piece", "weather"):
        count = law.piece_wage_months if newest.basis == "piece" else law.weather_wage_months
        before = range(mean_before - 1, mean_before - 1 - count.value, -1)
        return _mean(newest.basis, [_newest(member, months, period, month, known_before) for month in before], before)
    if newest.amount == 0:
        return None
    days = daily_wage_days(period.enrolment.segment, law).value if newest.basis == "daily" else 1
    return Wage(_whole(newest.amount * days), newest.basis, month_text(newest.month))


def daily_wage_days(segment: str | None, law: Law) -> Value[int]:
    """The days of wage that make a month for who is paid by the day."""
    return law.construction_daily_wage_days if segment == "JAKON" else law.daily_wage_days


@lru_cache(maxsize=16_384)
def _whole(amount: int) -> Fraction:
    """Cached, since many members have the same wage; fast: see docs/performance.md."""
    return Fraction(amount)


class _Report(NamedTuple):
    month: int
    known: int
    amount: int
    basis: str


def _newest(
    member: Member, months: tuple[int, ...], period: Period, last_month: int, known_before: int
) -> _Report | None:
    """Of the reports of this period, known before a moment, that for `last_month` or before; of several for a month
    the one known last. `months`: all that the member's reports are for."""
    at = bisect_right(months, min(last_month, period.last_month)) - 1
    while at >= 0 and months[at] >= period.first_month:
        known = long_at(member.wage_known, at)
        if known < known_before:
            basis = BASIS_OF_LETTER.get(member.wage_bases[at]) or period.enrolment.wage_basis
            return _Report(months[at], known, long_at(member.wage_amounts, at), basis)
        at -= 1
    return None


def _mean(basis: str, reports: list[_Report | None], months: range) -> Wage | None:
    """The mean of these months, of those that have a report of this basis above 0."""
    found = [
        report
        for month, report in zip(months, reports, strict=True)
        if report is not None and report.month == month and report.basis == basis and report.amount > 0
    ]
    if not found:
        return None
    return Wage(Fraction(sum(report.amount for report in found), len(found)), basis, month_text(found[0].month))


def _base_income(period: Period, newest: _Report | None, last_month: int, known_before: int, law: Law) -> Wage | None:
    """The base of the row of the declared income; an income of 0 is the first row, none declared is unknown."""
    declared = (newest.month, newest.known, newest.amount) if newest is not None else None
    for registration in period.registrations:
        if registration.declared_income is not None and registration.known < known_before:
            month = month_of(registration.registered_on)
            if month <= last_month and (declared is None or (month, registration.known) >= declared[:2]):
                declared = month, registration.known, registration.declared_income
    if declared is None:
        return None
    return Wage(_whole(base_income(declared[2], law)), "base_income", month_text(declared[0]))


def base_income(declared: int, law: Law) -> int:
    """The last row of the BPU table whose bound is not above the declared monthly income; rupiah."""
    rows = law.bpu_income_table.value
    at = bisect_right(rows, declared, key=lambda row: int(row["from"])) - 1
    base: int = rows[at]["base"]
    return base
