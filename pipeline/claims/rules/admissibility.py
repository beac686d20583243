"""Rows 1 to 3: does the document agree with the calendar and itself, is it the first for its event, is the law of its
day loaded. Pure; knows nothing of benefits.
"""

from typing import Final

from pipeline.claims.assessment import Assessment, Stop
from pipeline.claims.case_file import ClaimSummary
from pipeline.law import references
from schemas.clock import JAKARTA
from schemas.decisions import Check

_FOUND_ON: Final = (
    ("project_dues", "paid_on"),
    ("determination", "decided_on"),
    ("working_found", "found_on"),
    ("court_decision", "decided_on"),
)
_CONSISTENT: Final = Check("input_consistent", "met", {}, *references.INPUT)
_FIRST: Final = Check("not_claimed_before", "met", {}, *references.DUPLICATES)
_LAW_KNOWN: Final = Check("law_known", "met", {}, *references.LAW_OF_THE_DAY)


def input_is_consistent(assessment: Assessment) -> Stop | None:
    """Row 1. What lies after the day it was received, or before what it follows from, is named and sent back."""
    fields = _from_the_future(assessment)
    _add_out_of_order(assessment, fields)
    if not fields:
        assessment.trace.append(_CONSISTENT)
        return None
    assessment.fields = tuple(dict.fromkeys(fields))
    assessment.note("input_consistent", "not_met", {"fields": ",".join(assessment.fields)}, references.INPUT)
    return Stop("REJECTED", ("VAL_BAD_INPUT",))


def _from_the_future(assessment: Assessment) -> list[str]:
    """A moment counts as future beyond the Jakarta day of receipt, and not merely because the sun rises two hours
    earlier in Papua."""
    case, today, clock = assessment.case, assessment.today, assessment.case_file.clock
    found: list[str] = []
    accident, report, conclusion, death = case.accident, case.report, case.conclusion, assessment.death
    if accident is not None:
        if accident.occurred_at.date() > today and accident.occurred_at > clock:
            found.append("accident.occurred_at")
        diagnosed_on = accident.diagnosed_on
        if diagnosed_on is not None and diagnosed_on > today:
            found.append("accident.diagnosed_on")
    if death is not None and death.died_on > today:
        found.append("death.died_on")
    if report is not None and report.reported_at.date() > today and report.reported_at > clock:
        found.append("report.reported_at")
    if conclusion is not None and conclusion.concluded_on > today:
        found.append("conclusion.concluded_on")
    if case.claimed is not None and case.claimed.claimed_on > today:
        found.append("claimed.claimed_on")
    if case.children and any(child.birth_date > today for child in case.children):
        found.append("children.birth_date")
    for section, field in _FOUND_ON:
        what = getattr(case, section)
        if what is not None and getattr(what, field) > today:
            found.append(f"{section}.{field}")
    if case.progress.settlements and case.progress.has_settlement_from_the_future:
        found.append("settlement.paid_on")
    member = assessment.member
    if member is not None and member.enrolments:
        if member.enrolments[-1].birth_date > today:
            found.append("member.birth_date")
        if member.last_paid_day > today.toordinal():
            found.append("contribution.paid_on")
    return found


def _add_out_of_order(assessment: Assessment, found: list[str]) -> None:
    """A claim before its event; for an injury also a death, a report or a conclusion before the accident."""
    case, event_date = assessment.case, assessment.event_date
    accident = case.accident if assessment.program == "JKK" else None
    if case.claimed is not None:
        if case.claimed.claimed_on < event_date:
            found.append("claimed.claimed_on")
    elif _is_after_receipt(assessment):
        found.append(_event_field(assessment))
    if accident is not None and accident.kind != "occupational_disease":
        if assessment.death is not None and assessment.death.died_on < event_date:
            found.append("death.died_on")
        if case.report is not None and case.report.reported_at.date() < event_date:
            found.append("report.reported_at")
        if case.conclusion is not None and case.conclusion.concluded_on < event_date:
            found.append("conclusion.concluded_on")


def _is_after_receipt(assessment: Assessment) -> bool:
    """The event, corrected later, would lie after the day on which its claim was received."""
    received_at, accident = assessment.case.received_at, assessment.case.accident
    assert received_at is not None
    received_on = (
        assessment.today if received_at is assessment.case_file.clock else received_at.astimezone(JAKARTA).date()
    )
    if assessment.event_date <= received_on:
        return False
    return not (assessment.program == "JKK" and accident is not None and accident.occurred_at <= received_at)


def _event_field(assessment: Assessment) -> str:
    if assessment.program == "JKM":
        return "death.died_on"
    assert assessment.case.accident is not None
    is_disease = assessment.case.accident.kind == "occupational_disease"
    return "accident.diagnosed_on" if is_disease else "accident.occurred_at"


def is_claimed_once(assessment: Assessment) -> Stop | None:
    """Row 2: another claim, opened earlier and not rejected, for the same program and event day; or a death of a person
    whose death was approved already, for another day or as JKM. (A JKM death after one as JKK is row 10's.) JKM is
    paid for each membership, so a claim under another number is none of these on the same day."""
    others = assessment.case_file.other_claims
    if not others:
        assessment.trace.append(_FIRST)
        return None
    day, program, order = assessment.event_date, assessment.program, assessment.case.opened_order
    same = [
        one
        for one in others
        if one.event_date == day
        and one.program == program
        and one.opened_order < order
        and one.outcome != "REJECTED"
        and not assessment.is_of_another_membership(one)
    ]
    covering = None
    if same:
        asked = assessment.case.asked()
        covering = next((one for one in same if asked <= one.asked), None)
    died = None
    if assessment.death is not None:
        died = next((one for one in others if one.is_death_approved and _is_another_death(one, assessment)), None)
    if covering is not None:
        assessment.first_claim_id = covering.claim_id
        assessment.note("not_claimed_before", "not_met", {"first_claim_id": covering.claim_id}, references.DUPLICATES)
        codes = ("CLM_DUPLICATE", "CLM_SAME_EVENT") if died is not None else ("CLM_DUPLICATE",)
        return Stop("REJECTED", codes)
    first = same[0] if same else died
    if first is None:
        assessment.trace.append(_FIRST)
        return None
    assessment.first_claim_id = first.claim_id
    return assessment.refer(
        "not_claimed_before", ("CLM_SAME_EVENT",), {"first_claim_id": first.claim_id}, references.DUPLICATES
    )


def _is_another_death(other: ClaimSummary, assessment: Assessment) -> bool:
    if other.program != assessment.program:
        return assessment.program == "JKK"
    return other.event_date != assessment.event_date


def law_is_known(assessment: Assessment) -> Stop | None:
    """Row 3. No amounts of Jamsostek are loaded, so no answer of an officer lets the table go on."""
    if assessment.law is None:
        assessment.note("law_known", "undetermined", {}, references.LAW_OF_THE_DAY)
        return Stop("REFERRED", ("RULE_BEFORE_2015_07_01",))
    assessment.trace.append(_LAW_KNOWN)
    return None
