"""Row 16: facts without which the right amount cannot be computed, though the claim itself is good. Pure."""

from pipeline.claims.assessment import Assessment, Stop
from pipeline.claims.benefits.heirs import has_heir
from pipeline.claims.benefits.scholarship import Pupils
from pipeline.law import references
from pipeline.law.calendar import add_months
from pipeline.law.declarations import Value
from pipeline.law.money import exact_text
from schemas.clock import iso
from schemas.decisions import Scalar


def amounts_can_be_computed(assessment: Assessment, pupils: Pupils) -> Stop | None:
    """All codes of the row that hold, in its order."""
    if assessment.program == "JKK":
        stops = [_wage_is_known(assessment), _is_one_law(assessment), _has_no_prior_disability(assessment)]
    else:
        stops = [_is_past_transition(assessment)]
    if pupils.limit is not None:
        stops.append(_children_are_chosen(assessment, pupils))
    codes: tuple[str, ...] = ()
    for stop in stops:
        if stop is not None:
            codes += stop.codes
    return Stop("REFERRED", codes) if codes else None


def needs_wage(assessment: Assessment) -> bool:
    """Whether any line of this claim is a multiple of the wage. JKM never is."""
    if assessment.program == "JKM":
        return False
    medical = assessment.case.medical
    return assessment.death is not None or (
        medical is not None and bool(medical.unable_to_work_days or medical.disabilities or medical.permanent_total)
    )


def _wage_is_known(assessment: Assessment) -> Stop | None:
    if not needs_wage(assessment):
        return None
    wage = assessment.wage
    assert assessment.law is not None and assessment.standing is not None
    source = assessment.law.bpu_income_table if assessment.standing.segment == "BPU" else references.WAGE
    if wage is None:
        facts: dict[str, Scalar] = {"wage": None, "basis": None, "month": None}
        if assessment.death is not None and not has_heir(assessment.case, assessment.law):
            return assessment.refer("wage_known", ("WAGE_UNKNOWN",), facts, source)  # an officer may pay the funeral
        # No officer's answer makes a wage known: a line that needs it is changed by hand or waits for a report.
        assessment.note("wage_known", "undetermined", facts, source)
        return Stop("REFERRED", ("WAGE_UNKNOWN",))
    assessment.note(
        "wage_known", "met", {"wage": exact_text(wage.amount), "basis": wage.basis, "month": wage.month}, source
    )
    return None


def _is_one_law(assessment: Assessment) -> Stop | None:
    """An accident of one benefit layer and its death in another: no transition article was found."""
    death = assessment.death
    if death is None or death.died_on == assessment.event_date:
        return None
    assert assessment.law is not None
    law_of_death = assessment.book.find(death.died_on)
    if law_of_death is not None and law_of_death.benefit_layer.value == assessment.law.benefit_layer.value:
        return None
    facts: dict[str, Scalar] = {"accident_on": iso(assessment.event_date), "died_on": iso(death.died_on)}
    return assessment.refer("one_law", ("RULE_STRADDLE",), facts, references.ONE_LAW)


def _has_no_prior_disability(assessment: Assessment) -> Stop | None:
    """A second loss after a first pays the difference only: what was paid, a person must find out."""
    medical = assessment.case.medical
    is_dead = assessment.death is not None
    is_total = medical is not None and medical.permanent_total
    has_partial = medical is not None and bool(medical.disabilities)
    if not (is_dead or is_total or has_partial):
        return None
    paid = {line for line, _ in assessment.case.progress.lines}
    is_prior = (
        (medical is not None and medical.prior_disability and (is_dead or is_total or has_partial))
        or ("partial_disability" in paid and (is_dead or is_total))
        or ("permanent_total" in paid and is_dead)
        or (is_dead and medical is not None and medical.certified_by is not None and (is_total or has_partial))
    )
    if not is_prior:
        return None
    return assessment.refer("no_prior_disability", ("BEN_PRIOR_DISABILITY",), {}, references.PRIOR_DISABILITY)


def is_waiting(assessment: Assessment) -> Value[int | None] | None:
    """The waiting rule of BPU where the death falls into it, whenever cover began; else None."""
    law, standing, death = assessment.law, assessment.standing, assessment.death
    assert law is not None and standing is not None
    if assessment.program != "JKM" or standing.segment != "BPU" or death is None or standing.cover_start is None:
        return None
    wait = law.bpu_wait_months
    if wait.value is None or death.died_on >= add_months(standing.cover_start, wait.value):
        return None
    return wait


def _is_past_transition(assessment: Assessment) -> Stop | None:
    """Cover that began before the waiting rule did, and a death after it."""
    wait, standing, death = is_waiting(assessment), assessment.standing, assessment.death
    if wait is None:
        return None
    assert standing is not None and standing.cover_start is not None and death is not None
    if standing.cover_start >= wait.since:
        return None
    facts: dict[str, Scalar] = {
        "cover_start": iso(standing.cover_start),
        "died_on": iso(death.died_on),
    }
    return assessment.refer("waiting_transition", ("JKM_BPU_WAIT_TRANSITION",), facts, wait)


def _children_are_chosen(assessment: Assessment, pupils: Pupils) -> Stop | None:
    limit = pupils.limit
    if limit is None or len(pupils.eligible) <= limit or not pupils.is_tenure_met:
        return None
    facts: dict[str, Scalar] = {"children": len(pupils.eligible), "limit": limit}
    if assessment.case.progress.chosen_children:  # more than are paid for: nobody can tell which of them
        assessment.note("child_choice", "undetermined", facts, references.CHILD_CHOICE)
        return Stop("REFERRED", ("BEN_CHILD_CHOICE",))
    return assessment.refer("child_choice", ("BEN_CHILD_CHOICE",), facts, references.CHILD_CHOICE)
