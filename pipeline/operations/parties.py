"""Parties: which claims and members are a principal's own. What is not is not found, whether it exists or not."""

import datetime as dt
import re
from collections.abc import Mapping

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant
from pipeline.claims.case import Case
from pipeline.claims.parties import require_own_member
from pipeline.errors import Poison
from pipeline.membership.facts import Enrolment
from pipeline.membership.member import Member
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.coverage import members_of
from pipeline.queries.coverage_counts import Whose
from pipeline.queries.pages import NotFound
from pipeline.queries.submissions import ClaimFile, claim_file
from schemas.claims import AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.decisions import FieldError
from schemas.events import IntakeEvent, MemberEvent
from schemas.reviews import ClaimReviewed
from schemas.values import CLAIM_ID_SHAPE

_EMPLOYERS = frozenset({"employer", "cooperative"})
_FACTS = (AccidentClaimed, DeathClaimed, EvidenceAdded)
CLAIM_ID = re.compile(CLAIM_ID_SHAPE)
_NOT_YOURS = "the claim is not known, or you are no party to it; check its id"


def claim_seen(front: FrontOffice, principal: Principal, grant: Grant, claim_id: str) -> ClaimFile:
    """The claim, where it is opened and the grant reaches it. Raises NotFound."""
    found = claim_file(front.store, claim_id) if CLAIM_ID.fullmatch(claim_id) else None
    case = case_of(found) if found is not None else None
    if found is None or case is None or case.program is None:
        raise NotFound(_NOT_YOURS)
    if grant.reach == "own" and not _is_party(front, principal, found, case):
        raise NotFound(_NOT_YOURS)
    return found


def case_of(found: ClaimFile) -> Case:
    """The claim's sections and who opened it, from its events."""
    case = Case(found.claim_id, found.key)
    for event, clock in found.events:
        if isinstance(event, _FACTS):
            case.apply(event, clock)
    return case


def _is_party(front: FrontOffice, principal: Principal, found: ClaimFile, case: Case) -> bool:
    """Who opened it, who was admitted, and the employer or cooperative of the member on that day."""
    if principal.name == case.opener or principal.name in found.progress.parties:
        return True
    if principal.kind not in _EMPLOYERS or found.member_number is None:
        return False
    members = members_of(front.store, number=found.member_number)
    day = case.event_date
    return any(_was_own_on(principal, member, day) for member in members)


def _was_own_on(principal: Principal, member: Member, day: dt.date) -> bool:
    """By the registration in force: the last that began by this day."""
    begun = [one for one in member.enrolments if one.registered_on <= day]
    return bool(begun) and _is_own(principal, begun[-1])


def require_own(
    front: FrontOffice, principal: Principal, event: IntakeEvent, grant: Grant, members: Mapping[str, Member] | None
) -> None:
    """Raises NotFound where the event is about a claim or a member that is not the principal's own.

    `members`: of a member's event, by number, where they were asked for before; None: they were not.
    """
    if grant.reach == "all":
        return
    if isinstance(event, ClaimAppealed):
        claim_seen(front, principal, grant, event.data.claim_id)
    elif isinstance(event, AccidentClaimed):
        member = event.data.member
        if member.member_number is not None:
            found = members_of(front.store, number=member.member_number)
        else:
            found = members_of(front.store, nik=member.nik)
        if found and not any(was_own_member(principal, one) for one in found):
            raise NotFound("the member is registered by another employer; check the number")
    elif isinstance(event, MemberEvent):
        number = event.data.member_number
        if members is None:
            members = {one.number: one for one in members_of(front.store, number=number)}
        if (member_before := members.get(number)) is not None:
            try:
                require_own_member(event, member_before)
            except Poison:
                raise NotFound("the member is registered by another employer; check the number") from None


def own_members(principal: Principal) -> Whose:
    """As `is_own_member` has it, of the kept list of members."""
    return Whose(principal.name, principal.who if principal.kind in _EMPLOYERS else None)


def is_own_member(principal: Principal, member: Member, day: dt.date | None = None) -> bool:
    """Whom this principal registered, or, of an employer or a cooperative, whose registration names its number (NPP).

    By the newest registration, as for whom it may write; with a day, by the one in force on it, too. Who has gone to
    another employer is no longer its own, and what that one writes is not shown.
    """
    if any(_is_own(principal, one) for one in member.enrolments[-1:]):
        return True
    return day is not None and _was_own_on(principal, member, day)


def was_own_member(principal: Principal, member: Member) -> bool:
    """By any registration: of a former worker an accident is reported, too."""
    return any(_is_own(principal, one) for one in member.enrolments)


def _is_own(principal: Principal, enrolment: Enrolment) -> bool:
    if enrolment.writer == principal.name:
        return True
    return principal.kind in _EMPLOYERS and (enrolment.employer_number or "").casefold() == principal.who


def require_other_hand(front: FrontOffice, principal: Principal, event: ClaimReviewed) -> None:
    """Raises Poison (REVIEW_OWN_CLAIM) where the same person has acted on this claim under another name, also as the
    officer whose ruling waits for a second one. Under the same name the worker compares."""
    others = front.names_of_person(principal.name) - {principal.name}
    found = claim_file(front.store, event.data.claim_id) if others else None
    if found is not None and others & {one.source for one, _ in found.events}:
        message = "you acted on this claim under another name; another person must rule on it"
        raise Poison("REVIEW_OWN_CLAIM", FieldError("source", message))
