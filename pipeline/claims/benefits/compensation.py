"""Every benefit line of a claim: which are due, how much each is, to whom, by which article. Pure.

Each line is rounded once and left out where it is zero. A line that lacks a fact makes the calculation incomplete
instead of a line of zero rupiah.
"""

from functools import lru_cache
from typing import Final

from pipeline.claims.assessment import Assessment
from pipeline.claims.benefits.calculation import Calculation
from pipeline.claims.benefits.costs import cost_lines
from pipeline.claims.benefits.disability import determined_loss, loss_of
from pipeline.claims.benefits.scholarship import Pupils, award_of
from pipeline.law.declarations import Law, Row, Value
from pipeline.law.money import exact_text, percent_text, times
from pipeline.law.references import Origin, Reference, weakest
from pipeline.membership.wages import Wage, daily_wage_days
from schemas.codes import LineCode, Marker, Payee
from schemas.decisions import Scalar

_MONTH_DAYS: Final = 30  # temporary disability counts months of thirty days (decision table, "Money")
_WHOLE_SHARE: Final = 1_000_000  # `disability` counts in millionths


def calculate(assessment: Assessment, pupils: Pupils) -> Calculation:
    """All lines that would be paid if every row of the table were met and there were an heir."""
    calculation = Calculation()
    law = assessment.law
    assert law is not None
    if assessment.program == "JKM":
        _fixed("jkm_death", law.jkm_death, law, calculation)
        _periodic("heirs", law, calculation)
        _fixed("funeral", law.funeral, law, calculation)
        _scholarship("heirs", pupils, law, calculation, law.scholarship_tenure_months)
        return calculation
    medical = assessment.case.medical
    if assessment.death is not None:
        _death_by_accident(assessment, pupils, law, calculation)
    elif medical is not None and medical.permanent_total:
        _permanent_total(assessment, pupils, law, calculation)
    elif medical is not None and medical.disabilities:
        _partial_disability(assessment, law, calculation)
    if medical is not None and medical.unable_to_work_days:
        _temporary_disability(assessment, medical.unable_to_work_days, law, calculation)
    cost_lines(assessment, calculation)
    return calculation


def _fixed(line: LineCode, amount: Value[int], law: Law, calculation: Calculation) -> None:
    """A sum that is the same for everybody, to the heirs."""
    found = law.made.get(line)
    if found is None:
        single = Calculation()
        single.write(line, amount.value, "heirs", "fixed_amount", {"amount": amount.value}, amount)
        found = law.made[line] = single.lines[0]
    calculation.lines.append(found)


def _periodic(payee: Payee, law: Law, calculation: Calculation) -> None:
    found = law.made.get(("periodic", payee))
    if found is None:
        months, monthly = law.periodic_months, law.periodic_monthly
        numbers: dict[str, Scalar] = {"months": months.value, "monthly": monthly.value}
        single = Calculation()
        single.write("periodic", months.value * monthly.value, payee, "periodic", numbers, monthly, months)
        found = law.made["periodic", payee] = single.lines[0]
    calculation.lines.append(found)


def _scholarship(payee: Payee, pupils: Pupils, law: Law, calculation: Calculation, *conditions: Value[int]) -> None:
    """`conditions`: the law that must be met beside school and age; the line is no surer than it."""
    if pupils.has_ineligible:
        calculation.flag("BEN_CHILD_NOT_ELIGIBLE")
    if pupils.eligible and not pupils.is_tenure_met:
        calculation.flag("BEN_SCHOLARSHIP_TENURE_SHORT")
    award = award_of(pupils, law)
    if award is not None:
        calculation.write(award.line, award.amount, payee, award.formula, award.numbers, *award.origins, *conditions)


def _death_by_accident(assessment: Assessment, pupils: Pupils, law: Law, calculation: Calculation) -> None:
    wage = assessment.wage
    if wage is None:
        calculation.is_complete = False
    else:
        multiplier, minimum = law.jkk_death_multiplier, law.jkk_death_minimum
        amount = times(wage.amount, multiplier.value)
        numbers: dict[str, Scalar] = {"multiplier": multiplier.value, "wage": exact_text(wage.amount)}
        if amount < minimum.value:
            calculation.flag("BEN_MINIMUM_APPLIED")
            numbers["minimum"] = minimum.value
            calculation.write("jkk_death", minimum.value, "heirs", "minimum_applied", numbers, minimum, multiplier)
        else:
            origins = _with_wage(assessment, wage, law, multiplier)
            calculation.write("jkk_death", amount, "heirs", "multiple_of_wage", numbers, *origins)
    _periodic("heirs", law, calculation)
    _fixed("funeral", law.funeral, law, calculation)
    _scholarship("heirs", pupils, law, calculation)


def _permanent_total(assessment: Assessment, pupils: Pupils, law: Law, calculation: Calculation) -> None:
    wage = assessment.wage
    if wage is None:
        calculation.is_complete = False
    else:
        multiplier = law.permanent_total_multiplier
        numbers: dict[str, Scalar] = {"multiplier": multiplier.value, "wage": exact_text(wage.amount)}
        amount = times(wage.amount, multiplier.value)
        origins = _with_wage(assessment, wage, law, multiplier)
        calculation.write("permanent_total", amount, "member", "multiple_of_wage", numbers, *origins)
    _periodic("member", law, calculation)
    _scholarship("member", pupils, law, calculation)


def _partial_disability(assessment: Assessment, law: Law, calculation: Calculation) -> None:
    wage, medical, multiplier = assessment.wage, assessment.case.medical, law.partial_multiplier
    assert medical is not None
    loss = determined_loss(assessment.case, law) or loss_of(medical, law)
    if wage is None or loss.share is None:
        calculation.is_complete = False
        return
    if loss.is_capped:
        calculation.flag("BEN_CAPPED")
    numbers: dict[str, Scalar] = {
        "percent": percent_text(loss.share),
        "multiplier": multiplier.value,
        "wage": exact_text(wage.amount),
    }
    amount = times(wage.amount, loss.share * multiplier.value, _WHOLE_SHARE)
    origins = _with_wage(assessment, wage, law, Reference(loss.reference, loss.marker), multiplier)
    calculation.write("partial_disability", amount, "member", "percent_of_multiple", numbers, *origins)


def _temporary_disability(assessment: Assessment, days: int, law: Law, calculation: Calculation) -> None:
    """By the tranches of the event day, also where the disability runs across a change of law."""
    wage, tranches = assessment.wage, law.stmb_tranches
    if wage is None:
        calculation.is_complete = False
        return
    percent_days, parts, origin = _in_tranches(days, tranches)
    numbers: dict[str, Scalar] = {"wage": exact_text(wage.amount), "days": days, **parts}
    payee: Payee = "member" if assessment.death is None else "heirs"
    if assessment.case.costs is not None and assessment.case.costs.wage_advanced_by_employer:
        payee = "employer"
    amount = times(wage.amount, percent_days, _MONTH_DAYS * 100)
    calculation.write("stmb", amount, payee, "stmb", numbers, *_with_wage(assessment, wage, law, origin))


@lru_cache(maxsize=1_024)
def _in_tranches(days: int, tranches: Value[tuple[Row, ...]]) -> tuple[int, dict[str, int], Reference]:
    """The sum of days times percent, the days and percent of each tranche, and their law, no surer than the least sure
    tranche that counts. Cached, since most claim few days."""
    parts: dict[str, int] = {}
    marker: Marker = "VERIFIED"
    left, percent_days = days, 0
    for place, tranche in enumerate(tranches.value, start=1):
        if left <= 0:
            break
        length = left if tranche["days"] is None else min(left, tranche["days"])
        parts[f"days_{place}"], parts[f"percent_{place}"] = length, tranche["percent"]
        percent_days += length * tranche["percent"]
        marker = weakest(marker, tranche["marker"] or tranches.marker)
        left -= length
    return percent_days, parts, Reference(tranches.reference, marker)


def _with_wage(assessment: Assessment, wage: Wage, law: Law, *origins: Origin) -> tuple[Origin, ...]:
    """The law of a wage that had to be computed: days of a month, months of a mean, the row of a table."""
    if wage.basis == "monthly":
        return origins
    if wage.basis == "base_income":
        return (*origins, law.bpu_income_table)
    if wage.basis == "daily":
        assert assessment.standing is not None
        return (*origins, daily_wage_days(assessment.standing.segment, law))
    return (*origins, law.piece_wage_months if wage.basis == "piece" else law.weather_wage_months)
