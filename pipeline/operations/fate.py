"""The fate of an event that was received: what became of it once a worker has read it."""

from dataclasses import dataclass
from typing import Literal

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.queries.dead_letters import dead_letter_at
from pipeline.queries.submissions import stored_event
from schemas.decisions import FieldError


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
    if letter is None:
        return Fate("waiting")
    return Fate("refused", letter.reason, tuple(FieldError(one["field"], one["message"]) for one in letter.errors))
