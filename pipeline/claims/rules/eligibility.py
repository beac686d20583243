"""Rows 5 to 8: was this person a member with this program on the event day, and in good standing.

What standing is stands in `coverage`; here it becomes an answer. Knows nothing of benefits.
"""

import datetime as dt
from typing import Final

from pipeline.claims.assessment import Assessment, Stop, remembered
from pipeline.law import references
from pipeline.law.book import Value
from pipeline.law.references import Reference
from pipeline.membership.coverage import is_in_force
from schemas.clock import iso
from schemas.codes import CheckResult
from schemas.decisions import Check, Scalar

_REGISTERED: Final = Check("registered", "met", {}, *references.REGISTRATION)
_ONE_MEMBERSHIP: Final = Check("one_membership", "met", {"memberships": 1}, *references.MEMBERSHIPS)


def is_registered(assessment: Assessment) -> Stop | None:
    """Row 5, first half: an unknown member is answered with that alone."""
    if assessment.standing is not None and assessment.standing.is_registered:
        assessment.trace.append(_REGISTERED)
        return None
    assessment.note("registered", "not_met", {}, references.REGISTRATION)
    return Stop("REJECTED", ("MEM_NOT_REGISTERED",))


def holds_program(assessment: Assessment) -> Stop | None:
    """Row 5, second half. Where only the start of cover is missing, row 6 answers."""
    standing = assessment.standing
    assert standing is not None
    since, until = standing.held_since, standing.held_until
    if standing.program_held:
        reaches_past = until is not None and until < assessment.event_date  # as cover of an occupational disease does
        law = assessment.law["disease_cover_years"] if reaches_past else references.PROGRAM
        assessment.trace.append(_program_held("met", since, until, law))
        return None
    if standing.is_not_covered_yet:
        return None
    assessment.trace.append(_program_held("not_met", since, until, references.PROGRAM))
    return Stop("REJECTED", ("MEM_PROGRAM_NOT_HELD",))


@remembered
def _program_held(result: CheckResult, since: dt.date | None, until: dt.date | None, law: Value | Reference) -> Check:
    days = {"since": since, "until": until}
    facts = {name: day.isoformat() for name, day in days.items() if day is not None}
    return Check("program_held", result, facts, law.reference, law.marker)  # type: ignore[arg-type]


def cover_has_started(assessment: Assessment) -> Stop | None:
    """Row 6. On a start day nobody knows which came first, the payment or the accident."""
    standing = assessment.standing
    assert standing is not None
    start = standing.cover_start
    if standing.is_not_covered_yet:
        assessment.trace.append(_cover_started("not_met", start))
        return Stop("REJECTED", ("MEM_NOT_COVERED_YET",))
    if standing.is_start_day:
        facts: dict[str, Scalar] = {"cover_start": iso(start)} if start is not None else {}
        return assessment.refer("cover_started", ("MEM_SAME_DAY",), facts, references.SAME_DAY)
    assessment.trace.append(_cover_started("met", start))
    return None


@remembered
def _cover_started(result: CheckResult, start: dt.date | None) -> Check:
    facts: dict[str, Scalar] = {"cover_start": start.isoformat()} if start is not None else {}
    return Check("cover_started", result, facts, *references.START_OF_COVER)


def contributions_are_paid(assessment: Assessment) -> Stop | None:
    """Row 7. A backdated payment only accompanies what the run of unpaid months says."""
    standing, terms = assessment.standing, assessment.terms
    assert standing is not None and terms is not None
    segment, unpaid = standing.segment, standing.unpaid_months
    if segment not in ("PU", "BPU"):
        return None
    limit = terms.bpu_arrears_limit_months if segment == "BPU" else terms.pu_arrears_limit_months
    if unpaid == 0 and not standing.is_lapsed:
        assessment.trace.append(_nothing_unpaid(segment, limit))
        return None
    backdated = standing.has_backdated_payment
    facts: dict[str, Scalar] = {
        "segment": segment,
        "unpaid_months": unpaid,
        "limit": limit.value,
        "backdated": backdated,
    }
    also = ("MEM_BACKDATED_PAYMENT",) if backdated else ()
    if segment == "BPU":
        if standing.is_lapsed or unpaid > limit.value:
            assessment.note("contributions_paid", "not_met", facts, limit)
            return Stop("REJECTED", ("MEM_LAPSED", *also))
        if unpaid > 0:
            return _refer_with(assessment, "MEM_BPU_ARREARS_1_TO_3", also, facts)
    elif unpaid > limit.value:
        return _refer_with(assessment, "MEM_PU_ARREARS_GT3", also, facts)
    else:
        # An employer who pays late must not leave the worker worse off than one who never pays.
        assessment.flags += ["MEM_PU_ARREARS_LE3", *also]
    assessment.note("contributions_paid", "met", facts, limit)
    return None


@remembered
def _nothing_unpaid(segment: str, limit: Value) -> Check:
    facts: dict[str, Scalar] = {"segment": segment, "unpaid_months": 0, "limit": limit.value, "backdated": False}
    return Check("contributions_paid", "met", facts, limit.reference, limit.marker)  # type: ignore[arg-type]


def _refer_with(assessment: Assessment, code: str, also: tuple[str, ...], facts: dict[str, Scalar]) -> Stop | None:
    terms = assessment.terms
    assert terms is not None
    is_bpu = code == "MEM_BPU_ARREARS_1_TO_3"
    limit = terms.bpu_arrears_limit_months if is_bpu else terms.pu_arrears_limit_months
    stop = assessment.refer("contributions_paid", (code,), facts, limit, result="undetermined" if is_bpu else "not_met")
    return None if stop is None else Stop("REFERRED", (code, *also))


def age_and_memberships(assessment: Assessment) -> Stop | None:
    """Row 8: too young is rejected; several memberships, light work and late registration need a person."""
    standing, terms = assessment.standing, assessment.terms
    assert standing is not None and terms is not None
    age, minimum, at_first_cover = standing.age, terms.age_minimum, standing.age_at_first_cover
    others = assessment.case_file.other_memberships
    in_force = [one for one in others if is_in_force(one, assessment.event_date, assessment.book)] if others else []
    if age < minimum.value:
        assessment.trace.append(_age_in_range("not_met", age, at_first_cover, minimum))
        _note_memberships(assessment, len(in_force) + 1)
        return Stop("REJECTED", ("MEM_AGE", "MEM_MULTIPLE") if in_force else ("MEM_AGE",))
    limit = None
    if age <= terms.age_light_work_until.value:
        limit = terms.age_light_work_until
    elif (
        standing.segment == "BPU"
        and at_first_cover is not None
        and (at_first_cover >= terms.bpu_registration_age_limit.value)
    ):
        limit = terms.bpu_registration_age_limit
    doubt = None
    if limit is None:
        assessment.trace.append(_age_in_range("met", age, at_first_cover, minimum))
    else:
        facts: dict[str, Scalar] = {"age": age, "minimum": minimum.value, "age_at_registration": at_first_cover}
        doubt = assessment.refer("age_in_range", ("MEM_AGE_CHECK",), facts, limit)
    several = _note_memberships(assessment, len(in_force) + 1)
    codes = (several.codes if several is not None else ()) + (doubt.codes if doubt is not None else ())
    return Stop("REFERRED", codes) if codes else None


@remembered
def _age_in_range(result: CheckResult, age: int, at_first_cover: int | None, minimum: Value) -> Check:
    facts: dict[str, Scalar] = {"age": age, "minimum": minimum.value, "age_at_registration": at_first_cover}
    return Check("age_in_range", result, facts, minimum.reference, minimum.marker)  # type: ignore[arg-type]


def _note_memberships(assessment: Assessment, count: int) -> Stop | None:
    if count == 1:
        assessment.trace.append(_ONE_MEMBERSHIP)
        return None
    return assessment.refer("one_membership", ("MEM_MULTIPLE",), {"memberships": count}, references.MEMBERSHIPS)
