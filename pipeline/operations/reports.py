"""The writing side: accidents, deaths, evidence, appeals, rulings, settlements, and events as they are.

The plain ones take the event's id (`key`, the sender's own, the same in a retry) and its `data`.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, Grant, grant_of
from pipeline.errors import Poison
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.operations.parties import claim_seen
from pipeline.operations.submission import receive, receive_one
from pipeline.queries.pages import NotFound
from schemas.claims import AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.decisions import FieldError
from schemas.envelope import document
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed

Data = Mapping[str, Any]
_NAME_LETTERS: Final = 20  # 100 bits: nobody comes upon another's claim by counting


def report_accident(front: FrontOffice, principal: Principal, key: str, data: Data) -> Receipt:
    """Open a JKK claim. Without `claim_id` it gets one, the same at each retry. Raises as `receive_one`."""
    return _report(front, principal, "report_accident", AccidentClaimed, key, _named(principal, "JKK", key, data))


def report_death(front: FrontOffice, principal: Principal, key: str, data: Data) -> Receipt:
    """Open a JKM claim; as `report_accident`."""
    return _report(front, principal, "report_death", DeathClaimed, key, _named(principal, "JKM", key, data))


def add_evidence(front: FrontOffice, principal: Principal, claim_id: str, key: str, data: Data) -> Receipt:
    """Add to a claim; what is sent before the claim is read waits for it. Raises as `receive_one`."""
    return _follow(front, principal, "add_evidence", EvidenceAdded, claim_id, key, data)


def appeal(front: FrontOffice, principal: Principal, claim_id: str, key: str, data: Data) -> Receipt:
    """Ask that an officer looks at a claim again. Raises as `receive_one`."""
    return _follow(front, principal, "appeal", ClaimAppealed, claim_id, key, data)


def review(front: FrontOffice, principal: Principal, key: str, data: Data) -> Receipt:
    """Rule on a referred claim, or confirm as the second person. Raises as `receive_one`."""
    return _follow(front, principal, "review", ClaimReviewed, data.get("claim_id"), key, data)


def settle(front: FrontOffice, principal: Principal, key: str, data: Data) -> Receipt:
    """Report that a payout reached its payee, or, where `data` has `failed_on`, that it did not."""
    kind = PayoutFailed if "failed_on" in data else PayoutSettled
    return _follow(front, principal, "settle", kind, data.get("claim_id"), key, data)


def submit_events(front: FrontOffice, principal: Principal, documents: Sequence[bytes]) -> list[Receipt | Exception]:
    """CloudEvents documents as they are: a receipt or a refusal each. Raises Denied, Transient."""
    grant_of(principal, "submit_events")
    return receive(front, principal, documents)


def _report(front: FrontOffice, principal: Principal, operation: str, kind: type, key: str, data: Data) -> Receipt:
    """Asked for its right first: who may not do this learns nothing of what is wrong with it."""
    grant_of(principal, operation)
    made = document(kind, event_id=key, source=principal.name, time=front.now(), data=dict(data))
    return receive_one(front, principal, orjson.dumps(made))


def _follow(
    front: FrontOffice, principal: Principal, operation: str, kind: type, claim_id: Any, key: str, data: Data
) -> Receipt:
    """Of an opened claim. A party need not know its membership number, which keeps its events in one order."""
    grant_of(principal, operation)
    if data.get("claim_id", claim_id) != claim_id:
        raise Poison("INVALID", FieldError("data.claim_id", "differs from the claim in the address; leave it out"))
    filled = dict(data) if claim_id is None else {**data, "claim_id": claim_id}
    if "member_number" not in data and isinstance(claim_id, str):
        number = _number_of(front, principal, claim_id)
        filled |= {"member_number": number} if number is not None else {}
    return _report(front, principal, operation, kind, key, filled)


def _number_of(front: FrontOffice, principal: Principal, claim_id: str) -> str | None:
    """None: the claim has none, is not read yet, or the principal is no party to it, who must say it itself."""
    try:
        found = claim_seen(front, principal, _reading(principal), claim_id)
    except (NotFound, Denied):
        return None
    return found.key if found.key != claim_id else None


def _reading(principal: Principal) -> Grant:
    return grant_of(principal, "read_claim")


def _named(principal: Principal, program: str, key: str, data: Data) -> Data:
    if data.get("claim_id") is not None:
        return data
    digest = hashlib.sha256(f"{principal.name}\n{key}".encode()).digest()
    return {**data, "claim_id": f"{program}-{base64.b32encode(digest).decode()[:_NAME_LETTERS]}"}
