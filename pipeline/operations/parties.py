"""Parties: which claims and members are a principal's own. What is not is not found, whether it exists or not."""

import re

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant
from pipeline.claims.case import Case
from pipeline.claims.parties import require_own_member
from pipeline.errors import Poison
from pipeline.membership.member import Member
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.coverage import members_of
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
    return any(_employer_on(member, day.toordinal()) == principal.who for member in members)


def _employer_on(member: Member, day: int) -> str | None:
    """The number, in small letters, of the registration in force: the last that began by this day."""
    begun = [one for one in member.enrolments if one.registered_on.toordinal() <= day]
    number = begun[-1].employer_number if begun else None
    return number.casefold() if number is not None else None


def require_own(front: FrontOffice, principal: Principal, event: IntakeEvent, grant: Grant) -> None:
    """Raises NotFound where the event is about a claim or a member that is not the principal's own."""
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
        if found and not any(is_own_member(principal, one) for one in found):
            raise NotFound("the member is registered by another employer; check the number")
    elif isinstance(event, MemberEvent):
        for member_before in members_of(front.store, number=event.data.member_number):
            try:
                require_own_member(event, member_before)
            except Poison:
                raise NotFound("the member is registered by another employer; check the number") from None


def is_own_member(principal: Principal, member: Member) -> bool:
    """Whom this employer or cooperative registered, or whose registration names its number."""
    own = (principal.name, principal.who)
    return any(one.writer == own[0] or (one.employer_number or "").casefold() == own[1] for one in member.enrolments)


def require_other_hand(front: FrontOffice, principal: Principal, event: ClaimReviewed) -> None:
    """Raises Poison (REVIEW_OWN_CLAIM) where the same person has acted on this claim under another name, also as the
    officer whose ruling waits for a second one. Under the same name the worker compares."""
    others = front.names_of_person(principal.name) - {principal.name}
    found = claim_file(front.store, event.data.claim_id) if others else None
    if found is not None and others & {one.source for one, _ in found.events}:
        message = "you acted on this claim under another name; another person must rule on it"
        raise Poison("REVIEW_OWN_CLAIM", FieldError("source", message))
