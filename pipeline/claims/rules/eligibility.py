"""Rows 4 to 8: was this person a member with this program on the event day, and in good standing.

`pipeline.membership.eligibility` decides rows 4 to 7; here they get the facts of the trace and officers' answers.
"""

import datetime as dt
from typing import Final

from pipeline.claims.assessment import Assessment, Stop, remembered
from pipeline.claims.rules.determinations import is_liability_determined
from pipeline.claims.rules.migrants import facts_of_placement
from pipeline.law import references
from pipeline.law.calendar import add_months, month_text
from pipeline.law.declarations import Value
from pipeline.law.references import Origin, Reference
from pipeline.membership.contributions import owed_for
from pipeline.membership.coverage import is_in_force, period_on
from pipeline.membership.eligibility import (
    NOT_REGISTERED,
    Eligibility,
    contributions_row,
    program_row,
    registration_row,
    segment_row,
    start_row,
)
from schemas.claims import WorkingFound
from schemas.clock import iso
from schemas.codes import CheckResult
from schemas.decisions import Check, Scalar

_REGISTERED: Final = Check("registered", "met", {}, *references.REGISTRATION)
_ONE_MEMBERSHIP: Final = Check("one_membership", "met", {"memberships": 1}, *references.MEMBERSHIPS)


def segment_is_in_scope(assessment: Assessment) -> Stop | None:
    """Row 4. An unknown member has no segment: row 5 answers."""
    standing = assessment.standing
    if standing is None:
        return None
    segment, found = standing.segment, segment_row(standing)
    assert segment is not None
    if found is None:
        assessment.trace.append(_in_scope(segment, references.SEGMENT.on(assessment.event_date)))
        return None
    assert assessment.law is not None
    assessment.note("segment_in_scope", "undetermined", facts_of_placement(assessment), assessment.law.pmi_death)
    return Stop(found.outcome, found.codes)


@remembered
def _in_scope(segment: str, source: Reference) -> Check:
    return Check("segment_in_scope", "met", {"segment": segment}, *source)


def is_registered(assessment: Assessment) -> Stop | None:
    """Row 5, first half: an unknown member is answered with that alone, but for a worker of a project that covered its
    workers by number (amendment 13). No officer's answer lets the table go on: money needs a membership."""
    found = NOT_REGISTERED if assessment.standing is None else registration_row(assessment.standing)
    if found is None:
        assessment.trace.append(_REGISTERED)
        return None
    if assessment.standing is None and _is_unnamed_worker(assessment):
        assert assessment.law is not None
        assessment.note("registered", "undetermined", {"project": True}, assessment.law.project_unnamed_workers)
        return Stop("REFERRED", ("MEM_PROJECT_UNNAMED",))
    assessment.note("registered", "not_met", {}, references.REGISTRATION)
    return Stop(found.outcome, found.codes)


def _is_unnamed_worker(assessment: Assessment) -> bool:
    """Whether the claim names a project whose dues, as the office found, were paid by the day of the event."""
    employment, dues, law = assessment.case.employment, assessment.case.project_dues, assessment.law
    assert law is not None
    if law.project_unnamed_workers.absent or employment is None or dues is None:
        return False
    return employment.project_number == dues.project_number and dues.paid_on <= assessment.event_date


def holds_program(assessment: Assessment) -> Stop | None:
    """Row 5, second half."""
    standing, law = assessment.standing, assessment.law
    assert standing is not None and law is not None
    since, until = standing.held_since, standing.held_until
    found = program_row(standing)
    if found is None:
        reaches_past = until is not None and until < assessment.event_date  # as coverage of a disease does
        origin = law.disease_cover_years if reaches_past else references.PROGRAM
        assessment.trace.append(_program_held("met", since, until, origin))
        return None
    assessment.trace.append(_program_held("not_met", since, until, references.PROGRAM))
    return Stop(found.outcome, found.codes)


@remembered
def _program_held(result: CheckResult, since: dt.date | None, until: dt.date | None, origin: Origin) -> Check:
    days = {"since": since, "until": until}
    facts: dict[str, Scalar] = {name: day.isoformat() for name, day in days.items() if day is not None}
    return Check("program_held", result, facts, origin.reference, origin.marker)


def cover_has_started(assessment: Assessment) -> Stop | None:
    """Row 6."""
    standing = assessment.standing
    assert standing is not None
    found, start = start_row(standing), standing.cover_start
    source = references.START_OF_COVER.on(assessment.event_date)
    if found is None:
        assessment.trace.append(_cover_started("met", start, source))
        return None
    if found.outcome == "REJECTED" and not is_liability_determined(assessment.case):
        assessment.trace.append(_cover_started("not_met", start, source))
        return Stop(found.outcome, found.codes)
    facts: dict[str, Scalar] = {"cover_start": iso(start)} if start is not None else {}
    if is_liability_determined(assessment.case):
        _note_determined(assessment, "cover_started", facts)
        return None
    return assessment.refer("cover_started", found.codes, facts, references.SAME_DAY)


def _note_determined(assessment: Assessment, check: str, facts: dict[str, Scalar]) -> None:
    """A determination says who must pay, whatever this row would say."""
    assessment.note(check, "met", {**facts, "settled": True}, references.DETERMINATION)


@remembered
def _cover_started(result: CheckResult, start: dt.date | None, source: Reference) -> Check:
    facts: dict[str, Scalar] = {"cover_start": start.isoformat()} if start is not None else {}
    return Check("cover_started", result, facts, *source)


def contributions_are_paid(assessment: Assessment) -> Stop | None:
    """Row 7. Only its main code can be answered by an officer; a backdated payment accompanies it."""
    standing, law = assessment.standing, assessment.law
    assert standing is not None and law is not None
    segment = standing.segment
    if segment not in ("PU", "BPU"):
        return None
    is_bpu = segment == "BPU"
    limit = law.bpu_arrears_limit_months if is_bpu else law.pu_arrears_limit_months
    found = contributions_row(standing, law)
    if found is None:
        assessment.trace.append(_nothing_unpaid(segment, limit))
        return None
    facts: dict[str, Scalar] = {
        "segment": segment,
        "unpaid_months": standing.unpaid_months,
        "limit": limit.value,
        "backdated": standing.has_backdated_payment,
    }
    if found.code == "MEM_PAYER_ARREARS" and standing.payer is not None:
        facts["payer_kind"], facts["payer"] = standing.payer
    if found.code == "MEM_PU_ARREARS_GT3" and is_liability_determined(assessment.case):
        _note_determined(assessment, "contributions_paid", facts)
        return None
    if found.code == "MEM_BPU_ARREARS_1_TO_3":
        return _settle_arrears(assessment, found, facts)
    if found.outcome == "REFERRED":
        stop = assessment.refer("contributions_paid", (found.code,), facts, limit, result="not_met")
        return None if stop is None else Stop(found.outcome, found.codes)
    if found.outcome == "REJECTED":
        assessment.note("contributions_paid", "not_met", facts, limit)
        return Stop(found.outcome, found.codes)
    assessment.flags += found.codes
    assessment.note("contributions_paid", "met", facts, limit)
    return None


def _settle_arrears(assessment: Assessment, found: Eligibility, facts: dict[str, Scalar]) -> Stop | None:
    """What the family has to pay; once all of it is paid, an officer approves."""
    standing, member, law = assessment.standing, assessment.member, assessment.law
    assert standing is not None and member is not None and law is not None
    limit, months = law.bpu_arrears_limit_months, standing.unsettled_months
    if found.outcome == "PENDING" and found.code not in assessment.answered:
        amounts = [owed.amount for month in months if (owed := owed_for(member, month, assessment.book)) is not None]
        known = [amount for amount in amounts if amount is not None]
        facts["owed_months"] = ",".join(map(month_text, months))
        facts["owed"] = sum(known) if len(known) == len(months) else None
        assessment.note("contributions_paid", "undetermined", facts, limit)
        return Stop(found.outcome, found.codes)
    stop = assessment.refer("contributions_paid", (found.code,), facts, limit)
    return None if stop is None else Stop(found.outcome, found.codes)


@remembered
def _nothing_unpaid(segment: str, limit: Value[int]) -> Check:
    facts: dict[str, Scalar] = {"segment": segment, "unpaid_months": 0, "limit": limit.value, "backdated": False}
    return Check("contributions_paid", "met", facts, limit.reference, limit.marker)


def age_and_memberships(assessment: Assessment) -> Stop | None:
    """Row 8: too young is rejected; several memberships, light work and late registration need a person. JKM is paid
    for each membership in force by a claim of its own, once an officer has confirmed it."""
    standing, law = assessment.standing, assessment.law
    assert standing is not None and law is not None
    age, minimum, at_first_cover = standing.age, law.age_minimum, standing.age_at_first_cover
    others = assessment.case_file.other_memberships
    in_force = [one for one in others if is_in_force(one, assessment.event_date, assessment.book)] if others else []
    if age < minimum.value:
        assessment.trace.append(_age_in_range("not_met", age, at_first_cover, minimum))
        _note_memberships(assessment, len(in_force) + 1)
        return Stop("REJECTED", ("MEM_AGE", "MEM_MULTIPLE") if in_force else ("MEM_AGE",))
    limit = None
    if age <= law.age_light_work_until.value:
        limit = law.age_light_work_until
    elif (
        standing.segment == "BPU"
        and at_first_cover is not None
        and (at_first_cover >= law.bpu_registration_age_limit.value)
    ):
        limit = law.bpu_registration_age_limit
    doubt = None
    if limit is None:
        assessment.trace.append(_age_in_range("met", age, at_first_cover, minimum))
    else:
        facts: dict[str, Scalar] = {"age": age, "minimum": minimum.value, "age_at_registration": at_first_cover}
        doubt = assessment.refer("age_in_range", ("MEM_AGE_CHECK",), facts, limit)
    several = _note_memberships(assessment, len(in_force) + 1)
    working = _worked_when_registered(assessment)
    if working is not None and working.outcome == "REJECTED":
        return working
    codes = tuple(code for stop in (several, doubt, working) if stop is not None for code in stop.codes)
    return Stop("REFERRED", codes) if codes else None


def _worked_when_registered(assessment: Assessment) -> Stop | None:
    """Who did not work was no worker, however well he paid (amendment 11). Where the office found nothing, nothing
    changes, but a death soon after a BPU registration asks a person."""
    standing, law, found = assessment.standing, assessment.law, assessment.case.working_found
    assert standing is not None and law is not None and assessment.member is not None
    start = standing.cover_start
    period = period_on(assessment.member, assessment.event_date, assessment.book)
    starts = {start}
    if period is not None and start == standing.first_cover_start:  # else cover began anew, and the finding must say so
        starts.add(period.enrolment.registered_on)
    if found is not None and found.registered_on not in starts:
        found = None
    limit, facts = law.bpu_work_check_months, _found_working(found)
    if found is not None and not found.works:
        assessment.note("worked_when_registered", "not_met", facts, references.WORKING)
        return Stop("REJECTED", ("MEM_NOT_WORKING",))
    is_asked = (
        assessment.program == "JKM"
        and standing.segment == "BPU"
        and limit.value is not None
        and start is not None
        and assessment.event_date < add_months(start, limit.value)
    )
    if found is not None:
        if is_asked:
            assessment.relied_on.append("working_found")
        assessment.note("worked_when_registered", "met", facts, references.WORKING)
        return None
    if not is_asked or start is None:
        return None
    facts["cover_start"] = iso(start)
    return assessment.refer("worked_when_registered", ("MEM_WORK_CHECK",), facts, limit)


def _found_working(found: WorkingFound | None) -> dict[str, Scalar]:
    if found is None:
        return {}
    return {"found_on": iso(found.found_on), "registered_on": iso(found.registered_on)}


@remembered
def _age_in_range(result: CheckResult, age: int, at_first_cover: int | None, minimum: Value[int]) -> Check:
    facts: dict[str, Scalar] = {"age": age, "minimum": minimum.value, "age_at_registration": at_first_cover}
    return Check("age_in_range", result, facts, minimum.reference, minimum.marker)


def _note_memberships(assessment: Assessment, count: int) -> Stop | None:
    if count == 1:
        assessment.trace.append(_ONE_MEMBERSHIP)
        return None
    facts: dict[str, Scalar] = {"memberships": count}
    source: Origin = references.MEMBERSHIPS
    if assessment.program == "JKM":  # each membership pays; the officer confirms that they are the same person's
        assert assessment.law is not None
        source = assessment.law.jkm_lines_once_a_person
        facts["each_pays"] = True
        if paid := assessment.paid_by_other_memberships():
            facts["paid_already"] = ",".join(paid)
    return assessment.refer("one_membership", ("MEM_MULTIPLE",), facts, source)
