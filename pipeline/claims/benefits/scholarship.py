"""Which children have a claim to a scholarship, and what the first payment is. Pure.

B1 pays one flat sum a member, B2 each of up to two children a yearly sum by level of school; JKM asks for a tenure.
"""

import datetime as dt
from typing import Final, NamedTuple

from pipeline.claims.assessment import Assessment
from pipeline.law.book import Value
from pipeline.law.calendar import age_on
from pipeline.law.terms import Terms
from pipeline.membership.coverage import contribution_months
from schemas.claims import Child
from schemas.codes import LineCode
from schemas.decisions import Scalar


class Pupils(NamedTuple):
    """The children of one claim as judged on the event day."""

    eligible: tuple[Child, ...]
    has_ineligible: bool
    is_tenure_met: bool
    limit: int | None  # how many children are paid for; None where the sum is one for all


class Award(NamedTuple):
    line: LineCode
    amount: int
    formula: str
    numbers: dict[str, Scalar]
    origins: tuple[Value, ...]


NO_PUPILS: Final = Pupils((), False, True, None)


def pupils_of(assessment: Assessment) -> Pupils:
    """Only for a death or permanent total disability; the caller asks only then."""
    children, terms = assessment.case.children, assessment.terms
    if not children:
        return NO_PUPILS
    assert terms is not None
    eligible = tuple(child for child in children if is_eligible(child, assessment.event_date, terms))
    limit = None if terms.scholarship_yearly.absent else terms.scholarship_max_children.value
    is_tenure_met = True
    if eligible and assessment.program == "JKM":
        assert assessment.member is not None
        is_tenure_met = (
            contribution_months(assessment.member, assessment.event_date) >= terms.scholarship_tenure_months.value
        )
    return Pupils(eligible, len(eligible) < len(children), is_tenure_met, limit)


def is_eligible(child: Child, day: dt.date, terms: Terms) -> bool:
    """Under 23 on the day, at school at a level that is named, unmarried, not working."""
    return (
        child.in_school
        and child.level is not None
        and not child.married
        and (child.work == "none" or _may_work(child, terms))
        and age_on(child.birth_date, day) < terms.child_age_limit.value
    )


def _may_work(child: Child, terms: Terms) -> bool:
    """Permenaker 1/2025 art 103(3a), by event day: before it, any work ends the claim."""
    exceptions = terms.child_work_exceptions
    if exceptions.absent:
        return False
    if child.work == "wage_earner":
        return bool(child.work_months <= exceptions.value["wage_earner_max_months"])
    return bool(exceptions.value[child.work])


def award_of(pupils: Pupils, terms: Terms) -> Award | None:
    """The payment that follows; None where nobody is eligible or the tenure is short."""
    if not pupils.eligible or not pupils.is_tenure_met:
        return None
    if pupils.limit is None:
        flat = terms.scholarship_flat
        numbers: dict[str, Scalar] = {"amount": flat.value}
        return Award("scholarship", flat.value, "scholarship_flat", numbers, (flat,))
    yearly = terms.scholarship_yearly
    paid = pupils.eligible[: pupils.limit]
    numbers, total = {"children": len(paid)}, 0
    for place, child in enumerate(paid, start=1):
        amount = yearly.value[child.level]["amount"]
        numbers[f"level_{place}"] = child.level
        numbers[f"amount_{place}"] = amount
        total += amount
    origins = (yearly, terms.scholarship_max_children)
    return Award("scholarship_year_1", total, "scholarship_year", numbers, origins)
