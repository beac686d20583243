"""Row 16, its last code: an officer looks at a wage that jumped shortly before the event (amendment 28). Pure."""

from pipeline.claims.assessment import Assessment, Stop
from pipeline.claims.rules.entitlement import indicative_of
from pipeline.claims.rules.prerequisites import needs_wage
from pipeline.law.money import exact_text
from schemas.clock import iso
from schemas.decisions import Scalar


def wage_is_steady(assessment: Assessment, stop: Stop | None) -> Stop | None:
    """`stop`: what row 16 found so far; its codes come first. No line depends on a wage whose total stays the same."""
    jump = assessment.wage_jump if needs_wage(assessment) else None
    if jump is None:
        return stop
    total = indicative_of(assessment)
    assessment.assume_wage(jump.before)
    total_before = indicative_of(assessment)
    assessment.assume_wage(jump.wage)
    if total is not None and total == total_before:
        return stop
    assert assessment.law is not None
    facts: dict[str, Scalar] = {
        "reported_on": iso(jump.reported_on),
        "wage": exact_text(jump.wage.amount),
        "wage_before": exact_text(jump.before.amount),
        "total": total,
        "total_before": total_before,
    }
    found = assessment.refer("wage_steady", ("WAGE_JUMP",), facts, assessment.law.wage_jump_percent)
    if found is None:
        return stop
    return Stop("REFERRED", (*stop.codes, *found.codes) if stop is not None else found.codes)
