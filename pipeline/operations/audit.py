"""Auditors: find a claim, a member, a payout or an event; a claim's whole history; a person's data with a reason.

Reads alone, but for the audit record of a look at a person. What is shown without a reason is masked.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant, grant_of
from pipeline.errors import NotReady, Poison
from pipeline.explain import Language, short
from pipeline.operations.case_facts import Facts, entry_of, facts_of_case, masked_nik
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import CLAIM_ID, case_of, claim_seen
from pipeline.operations.words import Worded, reason_of, worded
from pipeline.queries.claim import decisions_of
from pipeline.queries.coverage import members_of
from pipeline.queries.dead_letters import split_place
from pipeline.queries.pages import NotFound, Page
from pipeline.queries.submissions import ClaimFile
from pipeline.queries.trail import (
    FoundClaim,
    TrailEvent,
    audited,
    claims_found,
    event_at,
    events_named,
    events_of_claim,
    moves_of_claim,
    refused_of_claim,
)
from pipeline.store.access_rows import AuditRecord
from schemas.codes import Outcome
from schemas.decisions import FieldError
from schemas.events import IntakeEvent
from schemas.values import MEMBER_NUMBER_SHAPE, NIK_SHAPE

ROWS: Final = 50
MOST_LETTERS: Final = 256  # an event's id, or a place
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NIK: Final = re.compile(NIK_SHAPE)
_NUMBER: Final = re.compile(MEMBER_NUMBER_SHAPE)
_PAYOUT: Final = re.compile(r"(.+)\.r[0-9]+\..+")
_MASKED: Final = Grant("all", "masked")
Kind = Literal["event", "decided", "ordered", "audited", "refused"]


@dataclass(frozen=True, slots=True)
class FoundMember:
    """One membership. `nik` is masked; None: it is not registered."""

    number: str
    nik: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found by one text."""

    claims: tuple[FoundClaim, ...]
    members: tuple[FoundMember, ...]
    events: tuple[TrailEvent, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.claims or self.members or self.events)


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One thing in the history of a claim. `number`: 1 for the oldest. `kind`: event (accepted), decided, audited (an
    audit record), or refused. `what`: the type of the event, the action, or the reason. `amount`: rupiah of a decision
    or of a payment. `note`: why it was looked at, ruled so, or objected to.

    `moves`: rupiah that the decision ordered, by (direction, payee). Of an event, `sections`: what it speaks of, in
    words; `papers`: codes of those that it names; `verdict`: of a ruling.
    """

    number: int
    at: dt.datetime
    kind: Kind
    who: str | None
    what: str
    place: str | None = None
    digest: str | None = None
    event_id: str | None = None
    revision: int | None = None
    outcome: Outcome | None = None
    reasons: tuple[Worded, ...] = ()
    amount: int | None = None
    moves: tuple[tuple[str, str, int], ...] = ()
    note: str | None = None
    sections: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class PersonView:
    """In full. `facts`: every section, with diagnosis and course of events."""

    member_number: str | None
    nik: str | None
    name: str | None
    facts: tuple[Facts, ...]


def find(front: FrontOffice, principal: Principal, text: str) -> Found:
    """By claim id, payout id, membership number, NIK, place, digest or event id. Raises Denied, Poison (text)."""
    grant_of(principal, "find")
    text = text.strip()
    if not text or len(text) > MOST_LETTERS or not text.isprintable():
        raise Poison("INVALID", FieldError("text", f"write 1 to {MOST_LETTERS} letters"))
    store = front.store
    if _NIK.fullmatch(text):
        return Found(tuple(claims_found(store, nik=text)), _members(front, nik=text), ())
    if _DIGEST.fullmatch(text.lower()):
        return Found((), (), tuple(events_named(store, digest=bytes.fromhex(text.lower()))))
    claims = claims_found(store, claim_id=text) if CLAIM_ID.fullmatch(text) else []
    if not claims and (payout := _PAYOUT.fullmatch(text)) is not None:
        claims = claims_found(store, claim_id=payout[1])
    members: tuple[FoundMember, ...] = ()
    if _NUMBER.fullmatch(text.upper()):
        claims += claims_found(store, number=text.upper())
        members = _members(front, number=text.upper())
    if claims or members:
        return Found(tuple(claims), members, ())
    return Found((), (), tuple(_events(front, text)))


def read_trail(
    front: FrontOffice,
    principal: Principal,
    claim_id: str,
    language: Language,
    *,
    before: int | None = None,
    known_on: dt.datetime | None = None,
) -> Page[TrailEntry]:
    """A claim's whole history, the newest first. `before`: the number of the last entry that was seen. The cursor of
    the page is the next `before`. `known_on` (aware): what had happened by then, that moment included. Raises Denied,
    NotFound."""
    grant = grant_of(principal, "read_trail")
    found = claim_seen(front, principal, grant, claim_id)
    entries = _entries(front, found, language)
    left = [
        one for one in entries if (before is None or one.number < before) and (known_on is None or one.at <= known_on)
    ]
    rows = tuple(reversed(left[-ROWS:]))
    more = len(left) - len(rows)
    return Page(rows, more, str(rows[-1].number) if more else None)


def read_person(front: FrontOffice, principal: Principal, claim_id: str, reason: str, language: Language) -> PersonView:
    """The personal data of a claim, in full; the audit record is written first. Raises Denied, NotFound, Poison
    (reason)."""
    grant = grant_of(principal, "read_person")
    found = claim_seen(front, principal, grant, claim_id)
    reason = reason_of(reason)
    if front.put_on_record is None:
        raise NotReady("nothing is put on record here, so no personal data are shown")
    front.put_on_record(AuditRecord(front.now(), principal.name, "claim.person", claim_id, reason=reason))
    case = case_of(found)
    member = case.member
    return PersonView(
        found.member_number or (member.member_number if member is not None else None),
        member.nik if member is not None else None,
        member.name if member is not None else None,
        tuple(facts_of_case(case, Grant("all"), language)),
    )


def _members(front: FrontOffice, *, number: str | None = None, nik: str | None = None) -> tuple[FoundMember, ...]:
    return tuple(
        FoundMember(one.number, masked_nik(one.nik)) for one in members_of(front.store, number=number, nik=nik)
    )


def _events(front: FrontOffice, text: str) -> list[TrailEvent]:
    try:
        found = event_at(front.store, *split_place(text))
    except NotFound:
        found = []
    return found or events_named(front.store, event_id=text)


def _entries(front: FrontOffice, file: ClaimFile, language: Language) -> list[TrailEntry]:
    """The oldest first, numbered."""
    found: list[TrailEntry] = []
    claim_id = file.claim_id
    contents = {(one.source, one.id): one for one, _ in file.events}
    for event in events_of_claim(front.store, claim_id):
        entry = TrailEntry(0, event.clock, "event", event.source, event.type, event.place, event.digest, event.event_id)
        content = contents.get((event.source, event.event_id))  # None: it came while this is read
        found.append(entry if content is None else _with_content(entry, content, language))
    moves = moves_of_claim(front.store, claim_id)
    for decision in decisions_of(front.store, claim_id):
        found.append(
            TrailEntry(
                0,
                decision.decided_at,
                "decided",
                None,
                "",
                revision=decision.revision,
                outcome=decision.outcome,
                reasons=worded(decision.reason_codes, language),
                amount=decision.total,
                moves=tuple(moves.get(decision.revision, ())),
            )
        )
    for record in audited(front.store, claim_id):
        found.append(TrailEntry(0, record.clock, "audited", record.who, record.action, note=record.reason))
    for letter in refused_of_claim(front.store, claim_id):
        at = dt.datetime.fromtimestamp(letter.timestamp_ms / 1000, dt.UTC)
        said = short(letter.reason, language)
        found.append(TrailEntry(0, at, "refused", letter.source, said, letter.place, event_id=letter.event_id))
    found.sort(key=lambda one: (one.at, one.revision or 0))
    return [_numbered(one, number) for number, one in enumerate(found, 1)]


def _with_content(entry: TrailEntry, event: IntakeEvent, language: Language) -> TrailEntry:
    """With what the event speaks of, but not what it says of the person."""
    told = entry_of(event, entry.at, _MASKED, language)
    papers = getattr(event.data, "documents", None) or ()
    return replace(
        entry,
        sections=told.sections,
        papers=tuple(papers),
        verdict=told.verdict,
        amount=told.amount,
        note=told.text,
    )


def _numbered(entry: TrailEntry, number: int) -> TrailEntry:
    return replace(entry, number=number)
