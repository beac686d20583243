"""Refused events: listed, read, and sent again, unchanged or corrected.

What an event says is shown only where two persons agree, and each look is an audit record. A corrected event is sent as
what it is: in the name of its sender, under its own id, and never as another sender's.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, grant_of
from pipeline.errors import NotReady, Poison
from pipeline.messages.intake import claimed_identity, event_clock, read_event
from pipeline.operations.front_office import FrontOffice, Placed
from pipeline.queries.dead_letters import DeadLetter, dead_letter, dead_letters_page, split_place
from pipeline.queries.pages import Page
from pipeline.queries.submissions import stored_event
from pipeline.store.access_rows import AuditRecord
from pipeline.store.refused_event_book import RefusedEventBook, Step
from schemas.decisions import FieldError

ROWS: Final = 50
AGREED: Final = dt.timedelta(hours=24)  # how long an agreement lets the original be seen
MOST_REASON_LETTERS: Final = 200
_LONG_NUMBER: Final = re.compile(r"[0-9]{16}")
Sight = Literal["closed", "asked", "may_agree", "open"]


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """One refused event without what it says. `faults`: where and what, never a value.

    `is_applied`: an event of this sender and id was applied since.
    """

    place: str
    reason: str
    faults: tuple[FieldError, ...]
    source: str | None
    event_id: str | None
    received_at: dt.datetime | None
    is_sent_again: bool
    is_applied: bool = False


@dataclass(frozen=True, slots=True)
class RefusedView:
    """`sight`: of the original, for who asks: closed, asked (by this person, and nobody has agreed), may_agree (another
    person asked), open. `steps`: what operators did, the oldest first."""

    event: RefusedEvent
    steps: tuple[Step, ...]
    sight: Sight
    is_correctable: bool


def list_refused(front: FrontOffice, principal: Principal, *, after: str = "") -> Page[RefusedEvent]:
    """Those that nobody has sent again, the newest first. Raises Denied, NotFound."""
    grant_of(principal, "list_refused")
    found = dead_letters_page(front.store, after=after, limit=ROWS)
    return Page(tuple(_event(one) for one in found.rows), found.more, found.cursor)


def read_refused(front: FrontOffice, principal: Principal, place: str) -> RefusedView:
    """Raises Denied, NotFound."""
    grant_of(principal, "read_refused")
    found = dead_letter(front.store, place)
    applied = False
    if found.source is not None and found.event_id is not None:
        applied = stored_event(front.store, found.source, found.event_id) is not None
    steps = _book(front).steps(*split_place(place))
    return RefusedView(
        _event(found, applied),
        tuple(steps),
        _sight(front, principal, steps),
        found.source is not None and found.event_id is not None,
    )


def ask_original(front: FrontOffice, principal: Principal, place: str, reason: str) -> None:
    """Ask another operator to agree. Raises Denied, NotFound, Poison (reason)."""
    grant_of(principal, "ask_original")
    reason = " ".join(reason.split())
    if not reason or len(reason) > MOST_REASON_LETTERS or _LONG_NUMBER.search(reason):
        message = f"write why, in 1 to {MOST_REASON_LETTERS} letters, without a NIK"
        raise Poison("INVALID", FieldError("reason", message))
    _add(front, principal, dead_letter(front.store, place), "asked", reason)


def approve_original(front: FrontOffice, principal: Principal, place: str) -> None:
    """Let the person who asked see it for a day. Raises NotFound; Denied to whoever is that person, and where nobody
    asked."""
    grant_of(principal, "approve_original")
    found = dead_letter(front.store, place)
    if _sight(front, principal, _book(front).steps(*split_place(place))) != "may_agree":
        raise Denied("NOT_ALLOWED", "approve_original")
    _add(front, principal, found, "approved")


def read_original(front: FrontOffice, principal: Principal, place: str) -> bytes:
    """The event as it came; an audit record says who saw it. Raises NotFound; Denied where no other person agreed."""
    grant_of(principal, "read_original")
    found, steps = dead_letter(front.store, place), _book(front).steps(*split_place(place))
    _require_open(front, principal, steps, "read_original")
    asked = next(one for one in reversed(steps) if one.step == "asked")
    record = AuditRecord(front.now(), principal.name, "dead-letter.original", place, reason=asked.reason)
    _book(front).note(record)
    return found.original or b""


def retry_refused(front: FrontOffice, principal: Principal, place: str) -> None:
    """Send it again unchanged, for when the cause is gone; it counts as received when it first came.

    Raises Denied, NotFound, also where it cannot be read now either, NotReady, Transient.
    """
    grant_of(principal, "retry_refused")
    found = dead_letter(front.store, place)
    if front.resend is None:
        raise NotReady("this process has no way to send it again; `santunan dead-letters retry` has")
    front.resend(found)
    _add(front, principal, found, "retried")


def correct_refused(front: FrontOffice, principal: Principal, place: str, raw: bytes) -> None:
    """Send a corrected event, received now. Raises NotFound, Poison, Transient; Denied where no other person agreed."""
    grant_of(principal, "correct_refused")
    found, steps = dead_letter(front.store, place), _book(front).steps(*split_place(place))
    _require_open(front, principal, steps, "correct_refused")
    event = read_event(raw)
    identity = found.source, found.event_id
    if None in identity or claimed_identity(raw) != identity:
        message = "keep `source` and `id` as they came: a corrected event is still its sender's"
        raise Poison("INVALID", FieldError("source", message))
    event_clock(event, int(front.now().timestamp() * 1000))

    def noted(_: Sequence[Placed]) -> None:
        _add(front, principal, found, "corrected")

    return front.intake.hand_in([raw], noted)


def _sight(front: FrontOffice, principal: Principal, steps: Sequence[Step]) -> Sight:
    """After the last question: who asked waits, another person may agree, and then both may see it for a day."""
    own = front.names_of_person(principal.name)
    asked = next((number for number in range(len(steps) - 1, -1, -1) if steps[number].step == "asked"), None)
    if principal.kind != "operator" or asked is None:
        return "closed"
    agreed = next((one for one in steps[asked:] if one.step == "approved"), None)
    is_asker = steps[asked].who in own
    if agreed is None:
        return "asked" if is_asker else "may_agree"
    is_one_of_them = is_asker or agreed.who in own
    return "open" if is_one_of_them and front.now() < agreed.clock + AGREED else "closed"


def _require_open(front: FrontOffice, principal: Principal, steps: Sequence[Step], operation: str) -> None:
    if _sight(front, principal, steps) != "open":
        raise Denied("NOT_ALLOWED", operation)


def _add(
    front: FrontOffice,
    principal: Principal,
    found: DeadLetter,
    step: Literal["asked", "approved", "retried", "corrected"],
    reason: str | None = None,
) -> None:
    _book(front).add(split_place(found.place), Step(step, front.now(), principal.name, reason))


def _book(front: FrontOffice) -> RefusedEventBook:
    if front.access is None:
        raise NotReady("this process has no book of access")
    return RefusedEventBook(front.access)


def _event(found: DeadLetter, is_applied: bool = False) -> RefusedEvent:
    received = None if found.received_ms is None else dt.datetime.fromtimestamp(found.received_ms / 1000, dt.UTC)
    faults = tuple(FieldError(one["field"], one["message"]) for one in found.errors)
    return RefusedEvent(
        found.place, found.reason, faults, found.source, found.event_id, received, found.is_retried, is_applied
    )
