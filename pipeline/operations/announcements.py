"""Announcements: decisions as they are posted to a webhook. Each is what the feed shows the principal, as a CloudEvent.

No principal asks for them: the process that posts does, in the name of the webhook's own.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from pipeline.access.principals import Principal
from pipeline.operations.cursors import advanced
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.reading import FeedItem, list_decisions
from pipeline.queries.pages import Page

CLAIM_DECIDED: Final = "santunan.claim.decided.v1"
SOURCE: Final = "urn:santunan:system:webhooks"


@dataclass(frozen=True, slots=True)
class Announcement:
    """`body`: a CloudEvent in structured mode."""

    decision_id: str
    body: bytes


def announcements(front: FrontOffice, principal: Principal, after: str, ends: Mapping[int, int]) -> Page[Announcement]:
    """Those behind the cursor `after`; `cursor` of the page is where to go on. `ends`: places of the feed that were
    read from the store before this call: where nothing follows the page, its cursor is there at least, so that who has
    few claims does not look through all that others had in between. Raises Denied."""
    page = list_decisions(front, principal, "id", after=after)
    cursor = page.cursor or after
    rows = tuple(Announcement(item.decision_id, _body(item)) for item in page.rows)
    return Page(rows, page.more, cursor if page.more else advanced(cursor, ends))


def id_of(webhook: str, decision_id: str) -> str:
    """Of a post: the same whenever it is made, so that a receiver knows what it has."""
    return f"msg_{hashlib.sha256(f'{webhook} {decision_id}'.encode()).hexdigest()[:32]}"


def _body(item: FeedItem) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": item.decision_id,
            "source": SOURCE,
            "type": CLAIM_DECIDED,
            "subject": item.claim.claim_id,
            "time": item.claim.decided_at,
            "datacontenttype": "application/json",
            "data": item.claim,
        }
    )
