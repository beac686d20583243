"""Costs after an accident that are paid back: each item capped alone. Pure.

Treatment itself is billed by the provider and has no line; only after a traffic accident the member's share has one.
"""

from typing import Final

from pipeline.claims.assessment import Assessment
from pipeline.claims.benefits.calculation import Calculation
from pipeline.claims.benefits.heirs import payee_of
from pipeline.law import references
from pipeline.law.declarations import Law, Value
from pipeline.law.money import rounded
from pipeline.law.references import Reference
from schemas.claims import Accident, ApprovedAmounts, Costs, HomeCare, Transport
from schemas.codes import LineCode, Payee
from schemas.decisions import Scalar

_NO_COSTS: Final = Costs()
_NOTHING_APPROVED: Final = ApprovedAmounts()


def cost_lines(assessment: Assessment, calculation: Calculation) -> None:
    """Transport, home care, aids, what the office approved on file, the excess after Jasa Raharja."""
    case, law = assessment.case, assessment.law
    costs = case.costs
    if costs is None and case.approved is None:
        return
    assert law is not None and case.accident is not None
    costs = costs or _NO_COSTS
    payee = payee_of(case)
    if costs.transport is not None:
        _transport(costs.transport, payee, law, calculation)
    if costs.home_care is not None:
        _home_care(costs.home_care, payee, law, calculation)
    if costs.denture:
        _capped("denture", costs.denture, payee, law.denture_cap, calculation)
    if costs.hearing_aid:
        _capped("hearing_aid", costs.hearing_aid, payee, law.hearing_aid_cap, calculation)
    if costs.glasses:
        _capped("glasses", costs.glasses, payee, law.glasses_cap, calculation)
    approved = case.approved or _NOTHING_APPROVED
    on_file = references.APPROVED_ON_FILE.on(assessment.event_date)
    if costs.prosthesis or case.approved is not None:
        _approved("prosthesis", costs.prosthesis, approved.prosthesis, payee, calculation, on_file)
    if costs.return_to_work or case.approved is not None:
        _approved("return_to_work", costs.return_to_work, approved.return_to_work, payee, calculation, on_file)
    if case.accident.traffic != "none":
        _excess(case.accident, costs, payee, calculation)


def _transport(transport: Transport, payee: Payee, law: Law, calculation: Calculation) -> None:
    """Each mode has its cap; together they are one line."""
    numbers: dict[str, Scalar] = {}
    origins: list[Value[int]] = []
    total = 0
    modes = (
        ("land", transport.land, law.transport_cap_land),
        ("sea", transport.sea, law.transport_cap_sea),
        ("air", transport.air, law.transport_cap_air),
    )
    for mode, cost, cap in modes:
        if not cost:
            continue
        if cost > cap.value:
            calculation.flag("BEN_CAPPED")
        total += min(cost, cap.value)
        numbers[mode], numbers[f"{mode}_cap"] = cost, cap.value
        origins.append(cap)
    if origins:
        calculation.write("transport", total, payee, "transport", numbers, *origins)


def _capped(
    line: LineCode, cost: int, payee: Payee, cap: Value[int] | Value[int | None], calculation: Calculation
) -> None:
    if cap.value is None:
        calculation.flag("BEN_NOT_COVERED")
        return
    if cost > cap.value:
        calculation.flag("BEN_CAPPED")
    calculation.write(line, min(cost, cap.value), payee, "capped_cost", {"cost": cost, "cap": cap.value}, cap)


def _home_care(care: HomeCare, payee: Payee, law: Law, calculation: Calculation) -> None:
    """Beyond twelve months the cost is cut to twelve months' share first, then to the cap."""
    cap, most = law.homecare_cap, law.homecare_max_months
    if not care.cost:
        return
    if cap.value is None or most.value is None:
        calculation.flag("BEN_NOT_COVERED")
        return
    months = min(care.months, most.value)
    amount = min(rounded(care.cost * months, care.months), cap.value)
    if care.months > most.value or care.cost * months > cap.value * care.months:
        calculation.flag("BEN_CAPPED")
    numbers: dict[str, Scalar] = {
        "cost": care.cost,
        "months": care.months,
        "max_months": most.value,
        "cap": cap.value,
    }
    calculation.write("homecare", amount, payee, "homecare", numbers, cap, most)


def _approved(
    line: LineCode, asked: int | None, approved: int | None, payee: Payee, calculation: Calculation, source: Reference
) -> None:
    if approved is not None:
        numbers: dict[str, Scalar] = {"amount": approved, "asked": asked or 0}
        calculation.write(line, approved, payee, "approved_on_file", numbers, source)
    elif asked:
        calculation.is_complete = False


def _excess(accident: Accident, costs: Costs, payee: Payee, calculation: Calculation) -> None:
    paid = costs.jasa_raharja_paid or 0
    if paid:
        calculation.flag("COORD_JASA_RAHARJA")
    if not costs.treatment:
        return
    if costs.jasa_raharja_paid is None and accident.traffic == "several_vehicles":
        calculation.is_complete = False
        return
    numbers: dict[str, Scalar] = {"bill": costs.treatment, "paid": paid}
    calculation.write(
        "medical_excess", max(costs.treatment - paid, 0), payee, "excess", numbers, references.JASA_RAHARJA
    )
