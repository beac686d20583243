"""Limits on what one person or one claim may have: a sender in a loop must not make every batch longer. Pure.

Each decision looks at all claims and memberships of a person, and folds a claim from all its events.
"""

from typing import Final

from pipeline.claims.case import Case
from pipeline.claims.register import Register
from pipeline.errors import Poison
from schemas.claims import AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.decisions import FieldError
from schemas.membership import MemberRegistered
from schemas.values import source_kind

# Thousands, which only a program gone wrong sends, would keep a worker from finishing its batch; no person has so many
# accidents.
MOST_CLAIMS_OF_A_PERSON: Final = 100
MOST_EVENTS_OF_A_CLAIM: Final = 1_000  # most claims have a dozen
# A list of members whose unknown NIKs were filled in with one number made a hundred thousand people into one, whose
# decisions were too long for the broker.
MOST_MEMBERSHIPS_OF_A_PERSON: Final = 100


def require_few_claims(event: AccidentClaimed | DeathClaimed | EvidenceAdded, register: Register) -> None:
    """Raises Poison (CLAIMS_TOO_MANY) where the event would give its person one claim too many."""
    reference = event.data.member
    if reference is None:
        return
    claims = register.claims_of(reference.member_number, reference.nik)
    is_one_more = len(claims) >= MOST_CLAIMS_OF_A_PERSON and event.data.claim_id not in claims
    if is_one_more and source_kind(event.source) != "office":
        message = f"this person has {len(claims)} claims already; only the office may add another"
        raise Poison("CLAIMS_TOO_MANY", FieldError("data.member", message))


def require_few_events(case: Case, event: AccidentClaimed | DeathClaimed | EvidenceAdded | ClaimAppealed) -> None:
    """Raises Poison (CLAIM_EVENTS_TOO_MANY)."""
    # A claim that is not open has no revisions; an appeal adds no facts. What strangers send stops no party.
    waiting = len(case.waiting)
    is_strange = not isinstance(event, ClaimAppealed) and not case.is_party(event.source, case.event_count + 1)
    count = waiting if is_strange else max(case.event_count - waiting, case.progress.revision)
    if count >= MOST_EVENTS_OF_A_CLAIM and source_kind(event.source) != "office":
        message = f"this claim has {count} events already; only the office may add another"
        raise Poison("CLAIM_EVENTS_TOO_MANY", FieldError("data.claim_id", message))


def require_few_memberships(event: MemberRegistered, register: Register) -> None:
    """Raises Poison (MEMBERSHIPS_TOO_MANY) where the event would register one number too many under a NIK."""
    numbers = register.numbers_of(event.data.nik)
    if len(numbers) >= MOST_MEMBERSHIPS_OF_A_PERSON and event.data.member_number not in numbers:
        message = f"{len(numbers)} membership numbers have this NIK already; find out whose it is, and correct them"
        raise Poison("MEMBERSHIPS_TOO_MANY", FieldError("data.nik", message))
