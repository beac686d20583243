"""Parties: whose evidence on a claim counts, whether an event speaks of its person, whose members are whose. Pure.

A claim belongs to the person whom its opening event names. Parties are its opener, the office, the employer or
cooperative of the member, whom its report names, and whoever sends the claim id with the right membership number.
"""

from pipeline.claims.case import Case, FactsEvent
from pipeline.claims.register import Register
from pipeline.errors import Poison
from pipeline.membership.member import Member
from schemas.claims import OPENING_EVENTS, MemberReference
from schemas.decisions import FieldError
from schemas.events import MemberEvent
from schemas.membership import MemberRegistered
from schemas.values import source_kind, source_who

_HANDS = ("conclusion", "approved", "determination", "working_found", "court_decision", "project_dues")
_EMPLOYERS = frozenset({"employer", "cooperative"})
_OTHER = (
    "names another person than the claim; check the claim id and the membership number. Where the claim itself names "
    "the wrong person, only the office may correct it"
)
_TAKEN = (
    "this id names a claim that another source has opened: give your claim an id of its own, or send what you know as "
    "evidence (santunan.claim.evidence.v1) with this id and the membership number"
)


def require_own_claim(case: Case, event: FactsEvent, register: Register) -> None:
    """Raises Poison: CLAIM_ID_TAKEN where somebody else opened this claim, CLAIM_OTHER_MEMBER where the event names
    another person; the office may correct both."""
    is_office = source_kind(event.source) == "office"
    if isinstance(event, OPENING_EVENTS) and event.source != case.opener and not is_office:
        raise Poison("CLAIM_ID_TAKEN", FieldError("data.claim_id", _TAKEN))
    if not is_office and event.data.member is not None and not is_same_person(case, event.data.member, register):
        raise Poison("CLAIM_OTHER_MEMBER", FieldError("data.member", _OTHER))
    if not isinstance(event, OPENING_EVENTS):
        require_own_number(case, event.data.member_number, register)


def require_own_number(case: Case, number: str | None, register: Register) -> None:
    """Raises Poison (CLAIM_OTHER_MEMBER) where an event is sent under the membership number of somebody else."""
    if number is not None and number != case.key and not _is_number_of(case, number, register):
        raise Poison("CLAIM_OTHER_MEMBER", FieldError("data.member_number", _OTHER))


def is_same_person(case: Case, reference: MemberReference, register: Register) -> bool:
    """Whether every name that is given is one of the claim's person, as the register knows him."""
    own = case.member
    assert own is not None
    if reference.member_number is not None and not _is_number_of(case, reference.member_number, register):
        return False
    return reference.nik is None or reference.nik == own.nik or reference.nik in _niks_of(own, register)


def admit(case: Case, event: FactsEvent, register: Register) -> None:
    """Make the sender a party from this event on, where it shows that it may be; and at the opening, those whose
    evidence waits."""
    if case.program is not None:
        _admit(case, event, case.event_count + 1, register)
    elif isinstance(event, OPENING_EVENTS):
        case.member = event.data.member
        for number, held in case.waiting:
            _admit(case, held, number, register)


def _admit(case: Case, event: FactsEvent, number: int, register: Register) -> None:
    if case.is_party(event.source, number):
        return
    data = event.data
    named = None if isinstance(event, OPENING_EVENTS) else event.data.member_number
    is_named = data.member is not None and is_same_person(case, data.member, register)
    is_named = is_named or (named is not None and _is_number_of(case, named, register))
    if is_named or _is_employer(case, event.source, register):
        case.progress.parties.setdefault(event.source, number)


def _is_number_of(case: Case, number: str, register: Register) -> bool:
    own = case.member
    if own is None or number == own.member_number:
        return own is not None
    member = register.members.get(number)
    if member is None or not member.is_registered:
        return False
    niks = _niks_of(own, register)
    return any(enrolment.nik in niks for enrolment in member.enrolments)


def _niks_of(own: MemberReference, register: Register) -> set[str]:
    """All NIKs under which the claim's person was ever registered, and the one that the claim gives."""
    member = register.members.get(own.member_number or "")
    niks = {enrolment.nik for enrolment in member.enrolments} if member is not None else set()
    if own.nik is not None:
        niks.add(own.nik)
    return niks


def _is_employer(case: Case, source: str, register: Register) -> bool:
    if source_kind(source) not in _EMPLOYERS:
        return False
    own = case.member
    assert own is not None
    numbers = {case.report.employer_number} if case.report is not None else set()
    for membership in register.numbers_of(own.nik) | {own.member_number or ""}:
        member = register.members.get(membership)
        if member is not None:
            numbers |= {enrolment.employer_number for enrolment in member.enrolments}
    return source_who(source) in {number.casefold() for number in numbers if number is not None}


def require_own_member(event: MemberEvent, before: Member) -> None:
    """Raises Poison (MEMBER_OTHER_EMPLOYER): an employer or cooperative writes its own members only. Its own are whom
    it registered, and whose registration names its number (NPP), which its source ends with. A membership that ended
    may be registered anew by another one; the NIK of a member is corrected by the office alone.
    """
    if source_kind(event.source) not in _EMPLOYERS or not before.is_registered:
        return
    last = before.enrolments[-1]
    is_registration = isinstance(event, MemberRegistered)
    if is_registration and event.data.nik != last.nik:  # type: ignore[union-attr]
        message = "this number is registered under another NIK; only the office may correct it"
        raise Poison("MEMBER_OTHER_EMPLOYER", FieldError("data.nik", message))
    if is_registration and is_over(before):
        return
    is_nobodys = last.employer_number is None and (last.writer is None or source_kind(last.writer) == "office")
    is_own = event.source == last.writer or source_who(event.source) == (last.employer_number or "").casefold()
    if not is_own and not is_nobodys:
        message = (
            "this member is registered by another employer; an employer writes its own members only, and its source "
            "ends with its number (NPP) in small letters"
        )
        raise Poison("MEMBER_OTHER_EMPLOYER", FieldError("data.member_number", message))


def is_over(member: Member) -> bool:
    """Whether the newest registration has ended, so that another one may register the member anew."""
    return any(one.known >= member.enrolments[-1].known for one in member.ends)


def require_no_own_hand(case: Case, officer: str) -> None:
    """Raises Poison (REVIEW_OWN_CLAIM): who submitted, concluded or advised on a claim does not rule on it."""
    hands = {case.opener, *case.advice_by, *[case.writers.get(section) for section in _HANDS]}
    offices = [hand for hand in hands if hand is not None and source_kind(hand) == "office"]
    if source_who(officer) in {source_who(hand) for hand in offices}:  # of a person, the same in both roles
        message = "you submitted this claim, concluded or advised on it; another officer must rule on it"
        raise Poison("REVIEW_OWN_CLAIM", FieldError("source", message))
