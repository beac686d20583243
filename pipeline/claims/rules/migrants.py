"""Row 4: migrant workers have amounts of their own, which are told and not paid here (amendment 19). Pure."""

from typing import Final

from pipeline.claims.assessment import Assessment
from pipeline.membership.coverage import period_on
from schemas.decisions import Scalar

_USUAL: Final = "during"  # who is registered as a migrant worker and says nothing else is abroad


def facts_of_placement(assessment: Assessment) -> dict[str, Scalar]:
    """The phase of the placement, and the sums of a death in it where the law of the day names some."""
    assert assessment.member is not None and assessment.law is not None
    period = period_on(assessment.member, assessment.event_date, assessment.book)
    phase = (period.enrolment.phase if period is not None else None) or _USUAL
    facts: dict[str, Scalar] = {"segment": "PMI", "phase": phase}
    sums = assessment.law.pmi_death.value
    is_held = assessment.standing is not None and assessment.standing.program_held
    if sums is not None and assessment.death is not None and is_held and phase in sums:
        facts["death"] = sums[phase]
        facts["funeral"] = sums.get(f"{phase}_funeral", 0) or None
    return facts


def migrant_total(assessment: Assessment) -> int | None:
    """Rupiah; None where the law of the day names no sum for this phase, or nobody died."""
    facts = facts_of_placement(assessment)
    death, funeral = facts.get("death"), facts.get("funeral")
    return int(death) + int(funeral or 0) if death is not None else None
