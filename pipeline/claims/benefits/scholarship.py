"""Scholarships: the children who have a claim to one, and the first payment. Pure.

B1 pays one flat sum a member, B2 each of up to two children a yearly sum by level of school; JKM asks for a tenure.
"""

import datetime as dt
from typing import Final, NamedTuple

from pipeline.claims.assessment import Assessment
from pipeline.law.calendar import age_on
from pipeline.law.declarations import Law
from pipeline.law.references import Origin
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
    origins: tuple[Origin, ...]


NO_PUPILS: Final = Pupils((), False, True, None)


def pupils_of(assessment: Assessment) -> Pupils:
    """Only for a death or permanent total disability; the caller asks only then."""
    children, law = assessment.case.children, assessment.law
    if not children:
        return NO_PUPILS
    assert law is not None
    chosen = assessment.case.progress.chosen_children  # where there are more than are paid for, an officer chose
    candidates = [children[place - 1] for place in chosen if place <= len(children)] if chosen else children
    eligible = tuple(child for child in candidates if is_eligible(child, assessment.event_date, law))
    limit = law.scholarship_max_children.value if law.scholarship_yearly.value is not None else None
    is_tenure_met = True
    if eligible and assessment.program == "JKM":
        assert assessment.member is not None
        is_tenure_met = (
            contribution_months(assessment.member, assessment.event_date) >= law.scholarship_tenure_months.value
        )
    return Pupils(eligible, len(eligible) < len(candidates), is_tenure_met, limit)


def is_eligible(child: Child, day: dt.date, law: Law) -> bool:
    """Under 23 on the day, at school at a level that is named, unmarried, not working."""
    return (
        child.in_school
        and child.level is not None
        and not child.married
        and (child.work == "none" or _may_work(child, law))
        and age_on(child.birth_date, day) < law.child_age_limit.value
    )


def _may_work(child: Child, law: Law) -> bool:
    """Permenaker 1/2025 art 103(3a), by event day: before it, any work ends the claim."""
    exceptions = law.child_work_exceptions.value
    if exceptions is None:
        return False
    if child.work == "wage_earner":
        return bool(child.work_months <= exceptions["wage_earner_max_months"])
    return bool(exceptions[child.work])


def _years_to_come(law: Law) -> dict[str, Scalar]:
    """Rupiah a year and the most years of each level, and the ceilings of a child and of a family (amendment 20)."""
    assert law.scholarship_yearly.value is not None
    numbers: dict[str, Scalar] = {}
    for level, row in law.scholarship_yearly.value.items():
        numbers[f"yearly_{level.lower()}"] = row["amount"]
        numbers[f"years_{level.lower()}"] = row["max_years"]
    numbers["cap_child"] = law.scholarship_cap_child.value
    numbers["cap_family"] = law.scholarship_cap_total.value
    return numbers


def award_of(pupils: Pupils, law: Law) -> Award | None:
    """The payment that follows; None where no child is eligible or the tenure is short."""
    if not pupils.eligible or not pupils.is_tenure_met:
        return None
    flat, yearly = law.scholarship_flat, law.scholarship_yearly
    if yearly.value is None or pupils.limit is None:
        assert flat.value is not None  # on every day the law has one kind of scholarship or the other
        numbers: dict[str, Scalar] = {"amount": flat.value}
        return Award("scholarship", flat.value, "scholarship_flat", numbers, (flat,))
    paid = pupils.eligible[: pupils.limit]
    numbers, total = {"children": len(paid)}, 0
    for place, child in enumerate(paid, start=1):
        assert child.level is not None  # a child without a level is not eligible
        amount = yearly.value[child.level]["amount"]
        numbers[f"level_{place}"] = child.level
        numbers[f"amount_{place}"] = amount
        total += amount
    numbers |= _years_to_come(law)
    origins = (yearly, law.scholarship_max_children)
    return Award("scholarship_year_1", total, "scholarship_year", numbers, origins)
