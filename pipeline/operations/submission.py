"""Submission: each way in leads here. The source is the principal's, the roles table is asked, a repeated event gets
its first receipt, and an event counts as received when the log has it."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, get_args

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, Grant, grant_of
from pipeline.errors import Poison
from pipeline.membership.member import Member
from pipeline.messages.intake import claimed_identity, event_clock, read_event
from pipeline.operations.dates import late_dates, require_past
from pipeline.operations.front_office import Content, FrontOffice, IdReused, Placed, Receipt
from pipeline.operations.paper_room import require_put
from pipeline.operations.parties import require_other_hand, require_own
from pipeline.operations.rehearsal import require_fresh_code
from pipeline.queries.dead_letters import dead_letter_at
from pipeline.queries.pages import NotFound
from pipeline.queries.registry import members_among
from pipeline.queries.submissions import StoredEvent, stored_event, stored_events
from schemas.claims import AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.clock import EPOCH
from schemas.decisions import FieldError
from schemas.envelope import type_of
from schemas.events import IntakeEvent, MemberEvent
from schemas.membership import ContributionPaid, WageReported
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed

# What it takes to send an event of each type. The daily clock is missing: no principal says that a day has passed.
OPERATION_OF: Final[Mapping[type, str]] = {
    **dict.fromkeys(get_args(MemberEvent), "change_member"),
    WageReported: "report_wage",
    ContributionPaid: "pay_contribution",
    AccidentClaimed: "report_accident",
    DeathClaimed: "report_death",
    EvidenceAdded: "add_evidence",
    ClaimAppealed: "appeal",
    ClaimReviewed: "review",
    PayoutSettled: "settle",
    PayoutFailed: "settle",
}
_REFUSALS: Final = (Poison, Denied, NotFound, IdReused)  # of one event; all else is of the whole request
_FOLLOWING: Final = (EvidenceAdded, ClaimAppealed, ClaimReviewed, PayoutSettled, PayoutFailed)
_ABOUT_A_CLAIM: Final = tuple(type_of(kind) for kind in _FOLLOWING)


def receive(front: FrontOffice, principal: Principal, documents: Sequence[bytes]) -> list[Receipt | Exception]:
    """One receipt or refusal each, in their order; those that are not refused go in together.

    Raises Transient where the log is away: hand all of them in again then.
    """
    answers: list[Receipt | Exception | None] = []
    fresh: list[tuple[int, bytes, IntakeEvent]] = []
    read = [_read(front, principal, raw) for raw in documents]
    known = _Ahead(front, principal, [one[0] for one in read if not isinstance(one, Exception)])
    for place, (raw, one) in enumerate(zip(documents, read, strict=True)):
        try:
            if isinstance(one, Exception):
                raise one
            event, grant = one
            _require_allowed(front, principal, event, grant, known)
            answers.append(_known(front, principal, event, raw, known))
        except _REFUSALS as refusal:
            answers.append(refusal)
            continue
        if answers[-1] is None:
            fresh.append((place, raw, event))
    if not fresh:
        return [answer for answer in answers if answer is not None]

    def answered(placed: Sequence[Placed]) -> list[Receipt | Exception]:
        for (place, raw, event), where in zip(fresh, placed, strict=True):
            answers[place] = _received(front, event, raw, where)
        return [answer for answer in answers if answer is not None]

    return front.intake.hand_in([raw for _, raw, _ in fresh], answered)


def receive_one(front: FrontOffice, principal: Principal, raw: bytes) -> Receipt:
    """Raises Denied, NotFound, Poison, IdReused, Transient."""
    event, grant = _whole(front, principal, raw)
    ahead = _Ahead(front, principal, [event])
    _require_allowed(front, principal, event, grant, ahead)
    known = _known(front, principal, event, raw, ahead)
    if known is not None:
        return known
    return front.intake.hand_in([raw], lambda placed: _received(front, event, raw, placed[0]))


def _received(front: FrontOffice, event: IntakeEvent, raw: bytes, where: Placed) -> Receipt:
    """The receipt of an event that the log has; a retry gets the same."""
    received_at = EPOCH + dt.timedelta(milliseconds=where.timestamp_ms)
    digest = hashlib.sha256(raw).hexdigest()
    at = (where.topic, where.partition, where.offset)
    receipt = Receipt(event.source, event.id, *at, digest, received_at, _claim_of(event))
    front.recent.keep(content_of(raw), receipt)
    return receipt


class _Ahead:
    """What the store says of the events of one request, asked of it at once; of one event alone it is asked then.

    `members`: by number, those whom events change; None: not asked for.
    """

    def __init__(self, front: FrontOffice, principal: Principal, events: Sequence[IntakeEvent]) -> None:
        self._front = front
        self._stored: Mapping[str, StoredEvent] | None = None
        self.members: Mapping[str, Member] | None = None
        if len(events) > 1:
            self._stored = stored_events(front.store, principal.name, [one.id for one in events])
            numbers = sorted({one.data.member_number for one in events if isinstance(one, MemberEvent)})
            self.members = {one.number: one for one in members_among(front.store, numbers, [])} if numbers else {}

    def stored(self, event: IntakeEvent) -> StoredEvent | None:
        if self._stored is not None:
            return self._stored.get(event.id)
        return stored_event(self._front.store, event.source, event.id, self._front.quick)


def admitted(front: FrontOffice, principal: Principal, raw: bytes) -> IntakeEvent:
    """The event, where the principal may send it and it is whole. Raises Denied, NotFound, Poison."""
    event, grant = _whole(front, principal, raw)
    _require_allowed(front, principal, event, grant, _Ahead(front, principal, [event]))
    return event


def _read(front: FrontOffice, principal: Principal, raw: bytes) -> tuple[IntakeEvent, Grant] | Exception:
    try:
        return _whole(front, principal, raw)
    except _REFUSALS as refusal:
        return refusal


def _whole(front: FrontOffice, principal: Principal, raw: bytes) -> tuple[IntakeEvent, Grant]:
    """What can be said of an event without the store."""
    grant_of(principal, "submit_events")
    source, _ = claimed_identity(raw)
    if source is not None and source != principal.name:
        raise Denied("SOURCE_FORGED", "submit_events")
    try:
        event = read_event(raw)
    except Poison as poison:
        if poison.reason == "SOURCE_NOT_ALLOWED":
            raise Denied("NOT_ALLOWED", "submit_events") from None
        if poison.reason == "INVALID":
            raise Poison("INVALID", *poison.errors, *_late_beside(poison, raw, front.now())) from None
        raise
    if event.source != principal.name:
        raise Denied("SOURCE_FORGED", "submit_events")
    grant = grant_of(principal, OPERATION_OF.get(type(event), "submit_days"))
    now = front.now()
    event_clock(event, int(now.timestamp() * 1000))
    require_past(event, now)
    return event, grant


def _require_allowed(
    front: FrontOffice, principal: Principal, event: IntakeEvent, grant: Grant, known: _Ahead
) -> None:  # fmt: skip
    require_own(front, principal, event, grant, known.members)
    require_put(front, principal, event)
    if isinstance(event, ClaimReviewed):
        require_other_hand(front, principal, event)


def _late_beside(poison: Poison, raw: bytes, now: dt.datetime) -> Iterator[FieldError]:
    """Dates to come that the parser has no fault for, so that the sender learns all faults at once."""
    found = orjson.loads(raw)
    data = found.get("data") if isinstance(found, dict) else None
    named = {error.field for error in poison.errors}
    return (fault for fault in late_dates(data, now) if fault.field not in named)


def _known(
    front: FrontOffice, principal: Principal, event: IntakeEvent, raw: bytes, ahead: _Ahead
) -> Receipt | None:  # fmt: skip
    """The first receipt of an event that was received before. Raises IdReused where that was another one, and Denied
    of a new ruling that needs a code.

    With several gateways, or after a restart, one that the worker has not read yet is not known: it goes in again, and
    the worker applies the first.
    """
    remembered = front.recent.get(event.source, event.id)
    if remembered is not None and _is_refused(front, remembered[1]):
        remembered = None  # so its id is free, unless another event has it
    if remembered is not None:
        content, receipt = remembered
    elif (stored := ahead.stored(event)) is not None:
        place = (stored.topic, stored.partition, stored.offset)
        content = content_of(stored.raw)
        receipt = Receipt(event.source, event.id, *place, stored.digest.hex(), stored.clock, _claim_of(event))
    else:
        if isinstance(event, ClaimReviewed):
            require_fresh_code(front, principal, event)
        return None
    if not content.is_same_as(content_of(raw)):
        raise IdReused("this id was used for an event with other content; give the new event an id of its own")
    return replace(receipt, is_repeated=True)


def _is_refused(front: FrontOffice, receipt: Receipt) -> bool:
    return dead_letter_at(front.store, receipt.topic, receipt.partition, receipt.offset) is not None


def content_of(raw: bytes) -> Content:
    """What an event says, without the time at which it was written: a retry is written later."""
    document = orjson.loads(raw)
    data = document["data"]
    number = data.pop("member_number", None) if document["type"] in _ABOUT_A_CLAIM else None
    digest = hashlib.sha256(orjson.dumps([document["type"], data], option=orjson.OPT_SORT_KEYS)).digest()
    return Content(digest, number)


def _claim_of(event: IntakeEvent) -> str | None:
    claim_id: str | None = getattr(event.data, "claim_id", None)
    return claim_id
