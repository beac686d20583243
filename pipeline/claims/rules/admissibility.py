"""Rows 2 and 3: is the claim the first for its event, is the law of its day loaded. Pure; knows nothing of benefits."""

from typing import Final

from pipeline.claims.assessment import Assessment, Stop
from pipeline.claims.case_file import ClaimSummary
from pipeline.law import references
from schemas.decisions import Check

_FIRST: Final = Check("not_claimed_before", "met", {}, *references.DUPLICATES)
_LAW_KNOWN: Final = Check("law_known", "met", {}, *references.LAW_OF_THE_DAY)


def is_claimed_once(assessment: Assessment) -> Stop | None:
    """Row 2: another claim, opened earlier and not rejected, for the same program and event day, or for an accident of
    another day within 24 hours; or a death of a person whose death was approved already, for another day or as JKM. (A
    JKM death after one as JKK is row 10's.) JKM is paid for each membership, so a claim under another number is none of
    these on the same day."""
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
        and _is_open_before(one, order)
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
    near = assessment.case_file.near_accidents
    told = next((one for one in others if one.claim_id in near and _is_open_before(one, order)), None)
    first = same[0] if same else died or told
    if first is None:
        assessment.trace.append(_FIRST)
        return None
    assessment.first_claim_id = first.claim_id
    return assessment.refer(
        "not_claimed_before", ("CLM_SAME_EVENT",), {"first_claim_id": first.claim_id}, references.DUPLICATES
    )


def _is_open_before(other: ClaimSummary, order: int) -> bool:
    return other.opened_order < order and other.outcome != "REJECTED"


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
