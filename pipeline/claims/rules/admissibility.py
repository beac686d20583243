"""Rows 1 to 4: does the document agree with the calendar and itself, is it the first for its event, does our law
cover its day and its segment. Pure; knows nothing of benefits.
"""

from typing import Final

from pipeline.claims.assessment import Stop, Walk
from pipeline.claims.case_file import Summary
from pipeline.law import references
from schemas.clock import JAKARTA
from schemas.decisions import Check

_CONSISTENT: Final = Check("input_consistent", "met", {}, *references.INPUT)
_FIRST: Final = Check("not_claimed_before", "met", {}, *references.DUPLICATES)
_LAW_KNOWN: Final = Check("law_known", "met", {}, *references.LAW_OF_THE_DAY)
_IN_SCOPE: Final = {
    segment: Check("segment_in_scope", "met", {"segment": segment}, *references.SEGMENT)
    for segment in ("PU", "BPU", "JAKON")
}


def input_is_consistent(walk: Walk) -> Stop | None:
    """Row 1. What lies after the day it was received, or before what it follows from, is named and sent back."""
    fields = _from_the_future(walk)
    _add_out_of_order(walk, fields)
    if not fields:
        walk.trace.append(_CONSISTENT)
        return None
    walk.fields = tuple(dict.fromkeys(fields))
    walk.note("input_consistent", "not_met", {"fields": ",".join(walk.fields)}, references.INPUT)
    return Stop("REJECTED", ("VAL_BAD_INPUT",))


def _from_the_future(walk: Walk) -> list[str]:
    """A moment counts as future beyond the Jakarta day of receipt, and not merely because the sun rises two hours
    earlier in Papua."""
    case, today, clock = walk.case, walk.today, walk.question.clock
    found: list[str] = []
    accident, report, conclusion, death = case.accident, case.report, case.conclusion, walk.death
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
    if case.progress.settlements and case.progress.has_settlement_from_the_future:
        found.append("settlement.paid_on")
    member = walk.member
    if member is not None and member.enrolments:
        if member.enrolments[-1].birth_date > today:
            found.append("member.birth_date")
        if member.last_paid_day > today.toordinal():
            found.append("contribution.paid_on")
    return found


def _add_out_of_order(walk: Walk, found: list[str]) -> None:
    """A claim before its event; for an injury also a death, a report or a conclusion before the accident."""
    case, event_date = walk.case, walk.event_date
    accident = case.accident if walk.program == "JKK" else None
    if case.claimed is not None:
        if case.claimed.claimed_on < event_date:
            found.append("claimed.claimed_on")
    elif _is_after_receipt(walk):
        found.append(_event_field(walk))
    if accident is not None and accident.kind != "occupational_disease":
        if walk.death is not None and walk.death.died_on < event_date:
            found.append("death.died_on")
        if case.report is not None and case.report.reported_at.date() < event_date:
            found.append("report.reported_at")
        if case.conclusion is not None and case.conclusion.concluded_on < event_date:
            found.append("conclusion.concluded_on")


def _is_after_receipt(walk: Walk) -> bool:
    """The event, corrected later, would lie after the day on which its claim was received."""
    received_at, accident = walk.case.received_at, walk.case.accident
    assert received_at is not None
    received_on = walk.today if received_at is walk.question.clock else received_at.astimezone(JAKARTA).date()
    if walk.event_date <= received_on:
        return False
    return not (walk.program == "JKK" and accident is not None and accident.occurred_at <= received_at)


def _event_field(walk: Walk) -> str:
    if walk.program == "JKM":
        return "death.died_on"
    assert walk.case.accident is not None
    is_disease = walk.case.accident.kind == "occupational_disease"
    return "accident.diagnosed_on" if is_disease else "accident.occurred_at"


def is_claimed_once(walk: Walk) -> Stop | None:
    """Row 2: another claim, opened earlier and not rejected, for the same program and event day; or a death of somebody
    whose death was approved already, for another day or as JKM. (A JKM death after one as JKK is row 10's.)"""
    others = walk.question.other_claims
    if not others:
        walk.trace.append(_FIRST)
        return None
    day, program, order = walk.event_date, walk.program, walk.case.opened_order
    same = [
        one
        for one in others
        if one.event_date == day and one.program == program and one.opened_order < order and one.outcome != "REJECTED"
    ]
    covering = None
    if same:
        asked = walk.case.asked()
        covering = next((one for one in same if asked <= one.asked), None)
    died = None
    if walk.death is not None:
        died = next((one for one in others if one.is_death_approved and _is_another_death(one, walk)), None)
    if covering is not None:
        walk.first_claim_id = covering.claim_id
        walk.note("not_claimed_before", "not_met", {"first_claim_id": covering.claim_id}, references.DUPLICATES)
        codes = ("CLM_DUPLICATE", "CLM_SAME_EVENT") if died is not None else ("CLM_DUPLICATE",)
        return Stop("REJECTED", codes)
    first = same[0] if same else died
    if first is None:
        walk.trace.append(_FIRST)
        return None
    walk.first_claim_id = first.claim_id
    return walk.refer(
        "not_claimed_before", ("CLM_SAME_EVENT",), {"first_claim_id": first.claim_id}, references.DUPLICATES
    )


def _is_another_death(other: Summary, walk: Walk) -> bool:
    if other.program != walk.program:
        return walk.program == "JKK"
    return other.event_date != walk.event_date


def law_is_known(walk: Walk) -> Stop | None:
    """Row 3. No amounts of Jamsostek are loaded, so no answer of an officer lets the table go on."""
    if walk.terms is None:
        walk.note("law_known", "undetermined", {}, references.LAW_OF_THE_DAY)
        return Stop("REFERRED", ("RULE_BEFORE_2015_07_01",))
    walk.trace.append(_LAW_KNOWN)
    return None


def segment_is_in_scope(walk: Walk) -> Stop | None:
    """Row 4. The amounts for migrant workers are not loaded. An unknown member has no segment: row 5 answers."""
    if walk.standing is None:
        return None
    segment = walk.standing.segment or ""
    known = _IN_SCOPE.get(segment)
    if known is not None:
        walk.trace.append(known)
        return None
    walk.note("segment_in_scope", "undetermined", {"segment": segment}, references.SEGMENT)
    return Stop("REFERRED", ("SEG_PMI_OUT_OF_SCOPE",))
