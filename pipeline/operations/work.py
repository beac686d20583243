"""The work of officers: the queue, and who has which claim.

An assignment is a note among colleagues; it grants nothing, and keeps nobody from ruling.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import NotReady, Poison
from pipeline.operations.cursors import no_cursor
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import claim_seen
from pipeline.queries.pages import PAGE_ROWS, NotFound, Page
from pipeline.queries.queue import QueueCounts, Reader, WaitingClaim, Wanted, count_waiting, waiting
from pipeline.store.work_book import Held, Holder, WorkBook
from schemas.decisions import FieldError

__all__ = ["Held", "Holder", "Wanted"]
_NOT_WAITING: Final = "this claim does not wait for an officer; read it again"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who has the claim's open referral; `holder` None: nobody. Times in UTC. `officers`: who may be handed it."""

    claim_id: str
    holder: str | None
    given_by: str | None = None
    taken_at: dt.datetime | None = None
    lapses_at: dt.datetime | None = None
    officers: tuple[str, ...] = ()


def list_work(
    front: FrontOffice,
    principal: Principal,
    *,
    after: str | None = None,
    limit: int = PAGE_ROWS,
    wanted: Wanted | None = None,
) -> Page[WaitingClaim]:
    """Claims that wait for an officer, by deadline, then age, then money. Raises Denied, Poison."""
    grant_of(principal, "list_work")
    reader = Reader(principal.name, front.now())
    try:
        return waiting(front.store, limit=min(limit, PAGE_ROWS), after=after, wanted=wanted, reader=reader)
    except NotFound:
        raise no_cursor() from None


def count_work(front: FrontOffice, principal: Principal, wanted: Wanted) -> QueueCounts:
    """How many they are. Raises Denied."""
    grant_of(principal, "count_work")
    return count_waiting(front.store, wanted, Reader(principal.name, front.now()))


def take_claim(front: FrontOffice, principal: Principal, claim_id: str, to: str | None = None) -> Assignment:
    """To oneself, or what one has, or nobody has, to the officer `to`. Raises Denied, NotFound, Held (by another), and
    Poison where nothing waits or `to` is no officer."""
    grant = grant_of(principal, "take_claim")
    found = claim_seen(front, principal, grant, claim_id)
    referral = found.progress.referral_id
    book = _book(front)
    if referral is None:
        raise Poison("INVALID", FieldError("claim_id", _NOT_WAITING))
    if to is not None and to not in book.officers():
        raise Poison("INVALID", FieldError("to", "name an officer who may act, such as urn:santunan:officer:siti"))
    made = book.give(claim_id, referral, to or principal.name, principal.name, front.now())
    return _assignment(claim_id, made)


def release_claim(front: FrontOffice, principal: Principal, claim_id: str) -> Assignment:
    """What one has. Raises Denied, NotFound where one does not have it."""
    grant = grant_of(principal, "release_claim")
    claim_seen(front, principal, grant, claim_id)
    if not _book(front).release(claim_id, principal.name, front.now()):
        raise NotFound("you do not have this claim; `GET /v1/work` says who does")
    return Assignment(claim_id, None)


def read_holder(front: FrontOffice, principal: Principal, claim_id: str) -> Assignment:
    """Who has the claim, and to which officers it may be handed. Raises Denied, NotFound."""
    grant = grant_of(principal, "read_holder")
    found = claim_seen(front, principal, grant, claim_id)
    referral = found.progress.referral_id
    if front.work is None or referral is None:
        return Assignment(claim_id, None)
    others = tuple(one for one in front.work.officers() if one != principal.name)
    return replace(_assignment(claim_id, front.work.holder(claim_id, referral, front.now())), officers=others)


def _assignment(claim_id: str, holder: Holder | None) -> Assignment:
    if holder is None:
        return Assignment(claim_id, None)
    return Assignment(claim_id, holder.principal, holder.given_by, holder.taken_at, holder.lapses_at)


def _book(front: FrontOffice) -> WorkBook:
    if front.work is None:
        raise NotReady("there is no book of work; open the gateway with one")
    return front.work
