"""The fate of an event that was received: what became of it once a worker has read it. Told to its sender alone."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, grant_of
from pipeline.messages.intake import moment
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.operations.parties import claim_seen
from pipeline.operations.submission import content_of
from pipeline.queries.dead_letters import DeadLetter, dead_letter_at, refused_event, refused_of_source, split_place
from pipeline.queries.pages import NotFound
from pipeline.queries.submissions import StoredEvent, event_of_digest, events_to_claim, stored_event
from schemas.codes import PaperName
from schemas.decisions import FieldError

_PAPERS: Final = frozenset(get_args(PaperName))
_UNKNOWN: Final = "no event of yours with this digest is known here; check the digest, or ask again later"
_REPORT_REFUSED: Final = "what you sent about this claim was refused; its receipt says why"
WAITS_FOR_CLAIM: Final = "WAITS_FOR_CLAIM"


@dataclass(frozen=True, slots=True)
class Fate:
    """waiting: no worker has read it yet; applied; duplicate: the same event was applied before, and this one changed
    nothing; or refused, for `reason`.

    `claim_id`, `revision`: the claim as it is now, where the event was applied and the principal is a party to it;
    revision 0: nothing was decided yet. An applied one with the reason WAITS_FOR_CLAIM counts for nothing so far: no
    claim of its id was opened, or its sender is no party to it, which must not be told apart.
    """

    state: Literal["waiting", "applied", "duplicate", "refused"]
    reason: str | None = None
    errors: tuple[FieldError, ...] = ()
    claim_id: str | None = None
    revision: int | None = None


class ReportRefused(NotFound):
    """There is no such claim for who asks, since a worker has refused what he sent about it."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(_REPORT_REFUSED)
        self.fate = fate


@dataclass(frozen=True, slots=True)
class Followed:
    """A receipt, and what became of its event. `proof`: that the event is in the ledger, for
    `pipeline/ledger/verifier.py`; None: no checkpoint covers it yet, a running worker signs one by `proof_by`."""

    receipt: Receipt
    fate: Fate
    proof: Mapping[str, object] | None = None
    proof_by: dt.datetime | None = None


def fate_of(front: FrontOffice, principal: Principal, receipt: Receipt) -> Fate:
    """Of the principal's own event. Raises Denied."""
    grant_of(principal, "read_receipt")
    letter = dead_letter_at(front.store, receipt.topic, receipt.partition, receipt.offset)
    if letter is not None and letter.is_retried:  # by an operator; a retry has a place of its own
        letter = refused_event(front.store, principal.name, bytes.fromhex(receipt.digest))
    if letter is not None and not letter.is_retried:
        return _refused(front, principal, letter)
    stored = stored_event(front.store, principal.name, receipt.id)
    if stored is None or (stored.digest.hex() != receipt.digest and _place(stored) != _place(receipt)):
        return Fate("waiting")
    is_it = letter is not None or _place(stored) == _place(receipt)
    return _applied(front, principal, stored, "applied" if is_it else "duplicate")


def followed(front: FrontOffice, principal: Principal, digest: str) -> Followed:
    """The receipt of the principal's event with this digest (SHA-256, hexadecimal), and its fate. Raises Denied,
    NotFound.

    One that waits is known to the gateway that took it in, and to the others once a worker has read it.
    """
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise NotFound(_UNKNOWN)
    receipt = front.recent.of_digest(principal.name, digest)
    if receipt is None:
        stored = event_of_digest(front.store, principal.name, bytes.fromhex(digest))
        letter = refused_event(front.store, principal.name, bytes.fromhex(digest)) if stored is None else None
        if stored is None and letter is None:
            raise NotFound(_UNKNOWN)
        receipt = _receipt_of(stored) if stored is not None else _receipt_of_refused(cast(DeadLetter, letter), digest)
    return Followed(receipt, fate_of(front, principal, receipt))


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of the principal to a claim. `kind`: the last word of its type, as `accident` or `evidence`; `papers`:
    their codes; `sections`: all that it speaks of. `digest`, `received_at`: of its receipt; None: it was refused, so it
    has none that counts."""

    kind: str
    papers: tuple[str, ...]
    sections: frozenset[str]
    fate: Fate
    digest: str | None = None
    received_at: dt.datetime | None = None


def fate_of_sent(front: FrontOffice, principal: Principal, event_id: str) -> Fate | None:
    """Of the principal's own event by its id. None: nothing of this id was received, as far as this gateway knows.
    Raises Denied."""
    grant_of(principal, "read_receipt")
    if stored_event(front.store, principal.name, event_id) is not None:
        return Fate("applied")
    if (remembered := front.recent.get(principal.name, event_id)) is not None:
        return fate_of(front, principal, remembered[1])
    letters = (one for one, _ in refused_of_source(front.store, principal.name) if one.event_id == event_id)
    letter = next(letters, None)
    return None if letter is None else _refused(front, principal, letter)


def sent_to_claim(front: FrontOffice, principal: Principal, claim_id: str) -> tuple[Sent, ...]:
    """All that the principal has sent to a claim that it may see: what was applied, and behind it what was refused of
    late. Raises Denied, NotFound."""
    grant_of(principal, "read_receipt")
    claim_seen(front, principal, grant_of(principal, "read_claim"), claim_id)
    applied = [
        Sent(*_content(orjson.loads(one.raw)), Fate("applied"), one.digest.hex(), one.clock)
        for one in events_to_claim(front.store, principal.name, claim_id)
    ]
    refused = [
        Sent(*_content(found), _refused(front, principal, letter))
        for letter, raw in refused_of_source(front.store, principal.name)
        if (found := _object(raw)) is not None and found["data"].get("claim_id") == claim_id
    ]
    return (*applied, *refused)


def _object(raw: bytes) -> dict[str, Any] | None:
    """None: it was no event at all."""
    try:
        found = orjson.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("data"), dict) else None


def _content(document: dict[str, Any]) -> tuple[str, tuple[str, ...], frozenset[str]]:
    data = document["data"]
    papers = data.get("documents")
    kind = str(document.get("type", "")).removeprefix("santunan.claim.").partition(".")[0]
    named = tuple(one for one in papers if one in _PAPERS) if isinstance(papers, list) else ()
    return kind, named, frozenset(data)


def require_not_refused(front: FrontOffice, principal: Principal, claim_id: str) -> None:
    """Of a claim that the principal does not find. Raises ReportRefused where the latest event that it sent here about
    the claim was refused."""
    receipt = front.recent.of_claim(principal.name, claim_id)
    if receipt is not None and (fate := fate_of(front, principal, receipt)).state == "refused":
        raise ReportRefused(fate)


def _place(one: StoredEvent | Receipt) -> tuple[str, int, int]:
    return one.topic, one.partition, one.offset


def _applied(
    front: FrontOffice, principal: Principal, stored: StoredEvent, state: Literal["applied", "duplicate"]
) -> Fate:
    claim_id = orjson.loads(stored.raw)["data"].get("claim_id")
    if claim_id is None:
        return Fate(state)
    try:
        found = claim_seen(front, principal, grant_of(principal, "read_claim"), claim_id)
    except Denied:
        return Fate(state)
    except NotFound:
        return Fate(state, WAITS_FOR_CLAIM)
    return Fate(state, claim_id=claim_id, revision=found.progress.revision)


def _refused(front: FrontOffice, principal: Principal, letter: DeadLetter) -> Fate:
    """A report that was sent again and written anew, perhaps by another gateway, is no new one: its time alone
    differs."""
    if letter.reason == "ID_REUSED" and letter.event_id is not None and letter.original is not None:
        first = stored_event(front.store, principal.name, letter.event_id)
        if first is not None and content_of(first.raw).is_same_as(content_of(letter.original)):
            return _applied(front, principal, first, "duplicate")
    return Fate("refused", letter.reason, tuple(FieldError(one["field"], one["message"]) for one in letter.errors))


def _receipt_of(stored: StoredEvent) -> Receipt:
    claim_id = orjson.loads(stored.raw)["data"].get("claim_id")
    return Receipt(stored.source, stored.event_id, *_place(stored), stored.digest.hex(), stored.clock, claim_id)


def _receipt_of_refused(letter: DeadLetter, digest: str) -> Receipt:
    """What the gateway took in had a source and an id; what came past it and had none is found by no digest."""
    assert letter.source is not None
    data = orjson.loads(letter.original or b"{}").get("data", {})
    claim_id = data.get("claim_id") if isinstance(data, dict) else None
    received_at = moment(letter.received_ms or 0).astimezone(dt.UTC)
    return Receipt(letter.source, letter.event_id or "", *split_place(letter.place), digest, received_at, claim_id)
