"""Contributions: the amount owed for each month, the payments, arrears and fines.

Rules: `rules.md` section 2 (rates, reliefs) and section 3 (due dates, arrears). Amounts are whole rupiah, each
program's share rounded half up once. The facts are those of the member given; `as_of` cuts it to what was known at
a time. Pure.
"""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipeline.law.book import Book
from pipeline.law.calendar import due_date, month_index, month_of, month_start, month_text
from pipeline.law.declarations import Law, Value
from pipeline.law.money import rounded
from pipeline.membership.arrears import arrears_on, has_due_dates, law_on
from pipeline.membership.columns import short_column
from pipeline.membership.coverage import period_on, periods_with, spell_on
from pipeline.membership.member import Member
from pipeline.membership.periods import Period
from pipeline.membership.wages import wage_of_month

PROGRAMS = ("JKK", "JKM")
SAVINGS = ("JHT", "JP")
_WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Share:
    """One program's part of a month's contribution: `amount` is owed, `full` is what it is without relief."""

    program: str
    amount: int
    full: int
    reference: str
    marker: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed for one contribution month.

    `missing`: the fact without which the amount is unknown (wage, risk_class, contract_value, contract); `shares` and
    `amount` are empty then. `reliefs`: the laws that lowered it. `possible_reliefs`: laws that would, if the
    employer meets a condition that no event reports.
    """

    month: str
    segment: str
    due_on: dt.date | None
    shares: tuple[Share, ...]
    amount: int | None
    missing: str | None
    reliefs: tuple[str, ...]
    possible_reliefs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthStatus:
    """One month of a member's account: owed, due, and when it was first paid (None: not yet)."""

    owed: Owed
    paid_on: dt.date | None
    is_late: bool


def owed_for(member: Member, month: int, book: Book) -> Owed | None:
    """The contribution of one month (`calendar.month_index`); None where no JKK or JKM is held in that month.

    Nothing is owed before the registration nor after the month in which the enrolment ended. The law is that of
    the month's first day.
    """
    period = _period_of_month(periods_with(member, book), month)
    programs = _programs_of_month(period, month) if period is not None else ()
    if period is None or not programs:
        return None
    law = law_on(book, month_start(month))
    segment = period.enrolment.segment
    due_on = due_date(segment, month, book)
    rates, missing = _rates(member, period, month, law)
    if missing is not None:
        return Owed(month_text(month), segment, due_on, (), None, missing, (), ())
    reliefs, possible = _reliefs(period, law)
    shares = tuple(_share(program, *rates[program], reliefs) for program in programs)
    applied = tuple(sorted({law_name for law_name, _, helped in reliefs if set(helped) & set(programs)}))
    amount = sum(share.amount for share in shares)
    return Owed(month_text(month), segment, due_on, shares, amount, None, applied, possible)


def savings_for(member: Member, month: int, book: Book) -> tuple[Share, ...] | None:
    """JHT and JP of one month, paid together with what is owed; no cover, arrears or claim depends on them.

    None: the wage is not known, or the member chose the amount (PMI). No relief is for them.
    """
    period = _period_of_month(periods_with(member, book), month)
    held = _programs_of_month(period, month, SAVINGS) if period is not None else ()
    if period is None or not held or period.enrolment.segment == "JAKON":
        return ()
    law = law_on(book, month_start(month))
    wage = wage_of_month(member, period, month, law)
    if period.enrolment.segment == "PMI" or wage is None:
        return None
    if period.enrolment.segment == "BPU":  # JP is not open to them
        percent = law.bpu_contribution_percent_jht
        return (_share("JHT", wage.amount * percent.value / _WHOLE, percent, ()),) if "JHT" in held else ()
    jht, jp = law.contribution_rate_jht, law.contribution_rate_jp
    counted = min(wage.amount, Fraction(law.jp_wage_limit.value))
    costs = {"JHT": (wage.amount * jht.value / _WHOLE, jht), "JP": (counted * jp.value / _WHOLE, jp)}
    return tuple(_share(program, *costs[program], ()) for program in held)


def account(member: Member, day: dt.date, book: Book, *, since: int = 0) -> tuple[MonthStatus, ...]:
    """Every month owed that has begun by `day`, oldest first, with what was paid for it by `day`; `since`: from that
    month on."""
    number = day.toordinal()
    paid: dict[int, dt.date] = {}
    for month, paid_day in zip(short_column(member.paid_months), short_column(member.paid_days), strict=True):
        if paid_day <= number:
            paid.setdefault(month, dt.date.fromordinal(paid_day))
    periods = periods_with(member, book)
    if not periods or periods[0].first > number:
        return ()
    found: list[MonthStatus] = []
    for month in range(max(since, month_of(dt.date.fromordinal(periods[0].first))), month_of(day) + 1):
        owed = owed_for(member, month, book)
        if owed is not None:
            paid_on = paid.get(month)
            is_late = owed.due_on is not None and (paid_on or day) > owed.due_on
            found.append(MonthStatus(owed, paid_on, is_late))
    return tuple(found)


def arrears(member: Member, day: dt.date, book: Book) -> tuple[MonthStatus, ...]:
    """The unbroken run of unpaid months on `day`, oldest first: the months a decision counts."""
    period = period_on(member, day, book)
    spell = spell_on(period, day, book) if period is not None else None
    if period is None or spell is None or not has_due_dates(period.enrolment.segment):
        return ()
    count = arrears_on(period, spell, day.toordinal(), book).months
    unpaid = [status for status in account(member, day, book) if status.paid_on is None and status.is_late]
    return tuple(unpaid[-count:]) if count else ()


def late_fine(owed: Owed, paid_on: dt.date, book: Book) -> int:
    """Rupiah of fine on what was owed and paid on `paid_on`: a percentage for each month begun after the due date.

    The rate is that of the contribution month. Nothing where the amount is not known.
    """
    due_on = owed.due_on
    if due_on is None or paid_on <= due_on or owed.amount is None:
        return 0
    rates = law_on(book, month_start(month_index(owed.month))).late_fine_percent.value
    months = month_of(paid_on) - month_of(due_on) + (1 if paid_on.day > due_on.day else 0)
    return rounded(owed.amount * rates[owed.segment] * months, _WHOLE)


def construction_contribution(contract_value: int, day: dt.date, book: Book) -> tuple[Share, ...]:
    """What a construction project owes whose wages are not known, by its contract value without VAT (rupiah)."""
    rates = law_on(book, day).construction_contract_rates
    found: list[Share] = []
    for program in PROGRAMS:
        total, reached = 0, 0
        for band in rates.value:
            upper = contract_value if band["up_to"] is None else min(contract_value, band["up_to"])
            total += max(0, upper - reached) * band[program.lower()]
            reached = max(reached, upper)
        amount = rounded(total, _WHOLE)
        found.append(Share(program, amount, amount, rates.reference, rates.marker))
    return tuple(found)


def _period_of_month(periods: tuple[Period, ...], month: int) -> Period | None:
    """The newest registration in force on some day of the month."""
    for period in reversed(periods):
        begun, ended = month_of(dt.date.fromordinal(period.first)), month_of(dt.date.fromordinal(period.last))
        if begun <= month <= ended:
            return period
    return None


def _programs_of_month(period: Period, month: int, programs: tuple[str, ...] = PROGRAMS) -> tuple[str, ...]:
    first, after = month_start(month).toordinal(), month_start(month + 1).toordinal()
    return tuple(
        program
        for program in programs
        if any(since < after and until >= first for since, until in period.programs.get(program, ()))
    )


_Rate = tuple[Fraction, Value[Any]]  # rupiah a month, exact, and the parameter it follows from


def _rates(member: Member, period: Period, month: int, law: Law) -> tuple[dict[str, _Rate], str | None]:
    """What each program costs in full, or what is missing to say so."""
    enrolment = period.enrolment
    if enrolment.segment == "PMI":
        return {}, "contract"  # paid at once for the whole contract, not by month
    wage = wage_of_month(member, period, month, law)
    if wage is None:
        return {}, "contract_value" if enrolment.segment == "JAKON" else "wage"
    if enrolment.segment == "BPU":
        percent, flat = law.bpu_contribution_percent_jkk, law.bpu_contribution_jkm
        return {"JKK": (wage.amount * percent.value / _WHOLE, percent), "JKM": (Fraction(flat.value), flat)}, None
    if enrolment.segment == "JAKON":
        rates = law.construction_wage_rate
        return {program: (wage.amount * rates.value[program] / _WHOLE, rates) for program in PROGRAMS}, None
    by_risk, jkm = law.contribution_rate_jkk, law.contribution_rate_jkm
    if enrolment.risk_class is None:
        return {}, "risk_class"
    jkk = wage.amount * by_risk.value[enrolment.risk_class] / _WHOLE
    return {"JKK": (jkk, by_risk), "JKM": (wage.amount * jkm.value / _WHOLE, jkm)}, None


_Relief = tuple[str, int, tuple[str, ...]]  # law, basis points, programs


def _reliefs(period: Period, law: Law) -> tuple[tuple[_Relief, ...], tuple[str, ...]]:
    """The reliefs of the month that this member has, and the names of those only the employer could prove."""
    enrolment = period.enrolment
    applied: list[_Relief] = []
    possible: list[str] = []
    for relief in law.contribution_relief.value:
        if enrolment.segment not in relief["segments"] or relief["not_funded_by"] == enrolment.funded_by:
            continue
        if relief["condition"] in ("everyone", enrolment.sector):
            applied.append((relief["law"], relief["percent"], relief["programs"]))
        elif relief["condition"] == "labour_intensive":
            possible.append(relief["law"])
    return tuple(applied), tuple(possible)


def _share(program: str, full: Fraction, value: Value[Any], reliefs: tuple[_Relief, ...]) -> Share:
    owed = full
    for _, percent, programs in reliefs:
        if program in programs:
            owed = owed * (_WHOLE - percent) / _WHOLE
    return Share(
        program,
        rounded(owed.numerator, owed.denominator),
        rounded(full.numerator, full.denominator),
        value.reference,
        value.marker,
    )
