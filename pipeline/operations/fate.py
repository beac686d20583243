"""The fate of an event that was received: what became of it once a worker has read it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.operations.parties import claim_seen
from pipeline.queries.dead_letters import DeadLetter, dead_letter_at, refused_of_source
from pipeline.queries.submissions import events_to_claim, stored_event
from schemas.codes import PaperName
from schemas.decisions import FieldError

_PAPERS: Final = frozenset(get_args(PaperName))


@dataclass(frozen=True, slots=True)
class Fate:
    """waiting: no worker has read it yet; applied; or refused, for `reason`."""

    state: Literal["waiting", "applied", "refused"]
    reason: str | None = None
    errors: tuple[FieldError, ...] = ()


def fate_of(front: FrontOffice, principal: Principal, receipt: Receipt) -> Fate:
    """Of the principal's own event. Raises Denied."""
    grant_of(principal, "read_receipt")
    if stored_event(front.store, principal.name, receipt.id) is not None:
        return Fate("applied")
    letter = dead_letter_at(front.store, receipt.topic, receipt.partition, receipt.offset)
    return Fate("waiting") if letter is None else _refused(letter)


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
    return None if letter is None else _refused(letter)


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
        Sent(*_content(found), _refused(letter))
        for letter, raw in refused_of_source(front.store, principal.name)
        if (found := _object(raw)) is not None and found["data"].get("claim_id") == claim_id
    ]
    return (*applied, *refused)


def _refused(letter: DeadLetter) -> Fate:
    return Fate("refused", letter.reason, tuple(FieldError(one["field"], one["message"]) for one in letter.errors))


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
