"""Row 16: facts without which the right amount cannot be told, though the claim itself is good. Pure."""

from pipeline.claims.assessment import Stop, Walk
from pipeline.claims.benefits.heirs import has_heir
from pipeline.claims.benefits.scholarship import Pupils
from pipeline.law import references
from pipeline.law.book import Value
from pipeline.law.calendar import add_months
from pipeline.law.money import exact_text
from schemas.clock import iso
from schemas.decisions import Scalar


def amounts_can_be_told(walk: Walk, pupils: Pupils) -> Stop | None:
    """All codes of the row that hold, in its order."""
    if walk.program == "JKK":
        stops = [_wage_is_known(walk), _is_one_law(walk), _has_no_prior_disability(walk)]
    else:
        stops = [_is_past_transition(walk)]
    if pupils.limit is not None:
        stops.append(_children_are_chosen(walk, pupils))
    codes: tuple[str, ...] = ()
    for stop in stops:
        if stop is not None:
            codes += stop.codes
    return Stop("REFERRED", codes) if codes else None


def needs_wage(walk: Walk) -> bool:
    """Whether any line of this claim is a multiple of the wage. JKM never is."""
    if walk.program == "JKM":
        return False
    medical = walk.case.medical
    return walk.death is not None or (
        medical is not None and bool(medical.unable_to_work_days or medical.disabilities or medical.permanent_total)
    )


def _wage_is_known(walk: Walk) -> Stop | None:
    if not needs_wage(walk):
        return None
    wage = walk.wage
    assert walk.terms is not None and walk.standing is not None
    source = walk.terms.bpu_income_table if walk.standing.segment == "BPU" else references.WAGE
    if wage is None:
        facts: dict[str, Scalar] = {"wage": None, "basis": None, "month": None}
        if walk.death is not None and not has_heir(walk.case, walk.terms):
            return walk.refer("wage_known", ("WAGE_UNKNOWN",), facts, source)  # an officer may pay the funeral
        # No officer's answer makes a wage known: a line that needs it is changed by hand or waits for a report.
        walk.note("wage_known", "undetermined", facts, source)
        return Stop("REFERRED", ("WAGE_UNKNOWN",))
    walk.note("wage_known", "met", {"wage": exact_text(wage.amount), "basis": wage.basis, "month": wage.month}, source)
    return None


def _is_one_law(walk: Walk) -> Stop | None:
    """An accident of one benefit layer and its death in another: no transition article was found."""
    death = walk.death
    if death is None or death.died_on == walk.event_date:
        return None
    if walk.book.on(death.died_on).benefit_layer == walk.law.benefit_layer:
        return None
    facts: dict[str, Scalar] = {"accident_on": iso(walk.event_date), "died_on": iso(death.died_on)}
    return walk.refer("one_law", ("RULE_STRADDLE",), facts, references.ONE_LAW)


def _has_no_prior_disability(walk: Walk) -> Stop | None:
    """A second loss after a first pays the difference only: what was paid, a person must find out."""
    medical = walk.case.medical
    is_dead = walk.death is not None
    is_total = medical is not None and medical.permanent_total
    has_partial = medical is not None and bool(medical.disabilities)
    if not (is_dead or is_total or has_partial):
        return None
    paid = {line for line, _ in walk.case.progress.lines}
    is_prior = (
        (medical is not None and medical.prior_disability and (is_dead or is_total or has_partial))
        or ("partial_disability" in paid and (is_dead or is_total))
        or ("permanent_total" in paid and is_dead)
        or (is_dead and medical is not None and medical.certified_by is not None and (is_total or has_partial))
    )
    if not is_prior:
        return None
    return walk.refer("no_prior_disability", ("BEN_PRIOR_DISABILITY",), {}, references.PRIOR_DISABILITY)


def is_waiting(walk: Walk) -> Value | None:
    """The waiting rule of BPU where the death falls into it, whenever cover began; else None."""
    terms, standing, death = walk.terms, walk.standing, walk.death
    assert terms is not None and standing is not None
    if walk.program != "JKM" or standing.segment != "BPU" or death is None or standing.cover_start is None:
        return None
    wait = terms.bpu_wait_months
    if wait.absent or death.died_on >= add_months(standing.cover_start, wait.value):
        return None
    return wait


def _is_past_transition(walk: Walk) -> Stop | None:
    """Cover that began before the waiting rule did, and a death after it."""
    wait, standing, death = is_waiting(walk), walk.standing, walk.death
    if wait is None:
        return None
    assert standing is not None and standing.cover_start is not None and death is not None
    if standing.cover_start >= wait.since:
        return None
    facts: dict[str, Scalar] = {
        "cover_start": iso(standing.cover_start),
        "died_on": iso(death.died_on),
    }
    return walk.refer("waiting_transition", ("JKM_BPU_WAIT_TRANSITION",), facts, wait)


def _children_are_chosen(walk: Walk, pupils: Pupils) -> Stop | None:
    limit = pupils.limit
    if limit is None or len(pupils.eligible) <= limit or not pupils.is_tenure_met:
        return None
    facts: dict[str, Scalar] = {"children": len(pupils.eligible), "limit": limit}
    return walk.refer("child_choice", ("BEN_CHILD_CHOICE",), facts, references.CHILD_CHOICE)
