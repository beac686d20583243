"""Submission: each way in leads here. The source is the principal's, the roles table is asked, a repeated event gets
its first receipt, and an event counts as received when the log has it."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, get_args

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, grant_of
from pipeline.errors import Poison
from pipeline.messages.intake import claimed_identity, event_clock, read_event
from pipeline.operations.dates import require_past
from pipeline.operations.front_office import Content, FrontOffice, IdReused, Placed, Receipt
from pipeline.operations.paper_room import require_put
from pipeline.operations.parties import require_other_hand, require_own
from pipeline.operations.rehearsal import require_fresh_code
from pipeline.queries.dead_letters import dead_letter_at
from pipeline.queries.pages import NotFound
from pipeline.queries.submissions import stored_event
from schemas.claims import AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.clock import EPOCH
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
    for place, raw in enumerate(documents):
        try:
            event = admitted(front, principal, raw)
            answers.append(_known(front, principal, event, raw))
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
    event = admitted(front, principal, raw)
    known = _known(front, principal, event, raw)
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


def admitted(front: FrontOffice, principal: Principal, raw: bytes) -> IntakeEvent:
    """The event, where the principal may send it and it is whole. Raises Denied, NotFound, Poison."""
    grant_of(principal, "submit_events")
    source, _ = claimed_identity(raw)
    if source is not None and source != principal.name:
        raise Denied("SOURCE_FORGED", "submit_events")
    try:
        event = read_event(raw)
    except Poison as poison:
        if poison.reason == "SOURCE_NOT_ALLOWED":
            raise Denied("NOT_ALLOWED", "submit_events") from None
        raise
    if event.source != principal.name:
        raise Denied("SOURCE_FORGED", "submit_events")
    grant = grant_of(principal, OPERATION_OF.get(type(event), "submit_days"))
    now = front.now()
    event_clock(event, int(now.timestamp() * 1000))
    require_past(event, now)
    require_own(front, principal, event, grant)
    require_put(front, principal, event)
    if isinstance(event, ClaimReviewed):
        require_other_hand(front, principal, event)
    return event


def _known(front: FrontOffice, principal: Principal, event: IntakeEvent, raw: bytes) -> Receipt | None:
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
    elif (stored := stored_event(front.store, event.source, event.id, front.quick)) is not None:
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
