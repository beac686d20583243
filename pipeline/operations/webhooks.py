"""Webhooks: a program registers an address, and decisions on its claims are posted there.

What is posted is what the feed of decisions shows this principal, and nothing else.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.access.addresses import parts_of, require_allowed
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import NotReady, Poison
from pipeline.operations.cursors import advanced, no_cursor
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.pages import PAGE_ROWS, NotFound, Page
from pipeline.queries.submissions import feed_end
from pipeline.store.webhook_book import FailedDelivery, Webhook, WebhookBook
from schemas.decisions import FieldError

MOST_WEBHOOKS: Final = 10  # of one principal: a test system beside the real one, and room
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - by which Standard Webhooks knows a secret
_DELIVERY: Final = re.compile("msg_[0-9a-f]{32}")
_UNKNOWN: Final = "you have no webhook of this id; the list of webhooks has them"
_TOO_MANY: Final = "you have as many webhooks as one may have; delete one first"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """Shown this once. `secret`: of a webhook, in the form of Standard Webhooks."""

    id: str
    secret: str


def register_webhook(
    front: FrontOffice, principal: Principal, url: str, addresses: Sequence[str], *, after: str | None = None
) -> NewSecret:
    """`addresses`: all IP addresses to which the host of `url` leads now; each post looks again. `after`: a cursor of
    the feed behind which to begin; None: with what is decided from now on. Raises Denied, NotFound, Poison."""
    grant_of(principal, "register_webhook")
    scheme, _, _ = parts_of(url, allows_private=front.allows_private_webhooks)
    require_allowed(scheme, addresses, allows_private=front.allows_private_webhooks)
    cursor = advanced(after or "", feed_end(front.store) if after is None else {})
    made = _book(front).register(principal.name, url, cursor, front.now(), most=MOST_WEBHOOKS)
    if made is None:
        raise Poison("INVALID", FieldError("url", _TOO_MANY))
    return NewSecret(made[0], _shown(made[1]))


def list_webhooks(front: FrontOffice, principal: Principal) -> list[Webhook]:
    """The principal's own, without their secrets. Raises Denied."""
    grant_of(principal, "list_webhooks")
    return _book(front).all(principal.name)


def delete_webhook(front: FrontOffice, principal: Principal, webhook: str) -> None:
    """Nothing more is posted there, not even what waits. Raises Denied, NotFound."""
    grant_of(principal, "delete_webhook")
    _require_ids(webhook)
    if not _book(front).delete(principal.name, webhook, front.now()):
        raise NotFound(_UNKNOWN)


def rotate_webhook_secret(front: FrontOffice, principal: Principal, webhook: str) -> NewSecret:
    """A new secret; for a day the one before signs beside it. Raises Denied, NotFound."""
    grant_of(principal, "rotate_webhook_secret")
    _require_ids(webhook)
    secret = _book(front).rotate(principal.name, webhook, front.now())
    if secret is None:
        raise NotFound(_UNKNOWN)
    return NewSecret(webhook, _shown(secret))


def list_failed_deliveries(
    front: FrontOffice, principal: Principal, webhook: str, *, after: str = "", limit: int = PAGE_ROWS
) -> Page[FailedDelivery]:
    """Posts that were given up. Raises Denied, NotFound, Poison."""
    grant_of(principal, "list_failed_deliveries")
    _require_ids(webhook)
    if after and not _DELIVERY.fullmatch(after):
        raise no_cursor()
    most = min(limit, PAGE_ROWS)
    found = _book(front).failures(principal.name, webhook, after=after, limit=most + 1)
    if found is None:
        raise NotFound(_UNKNOWN)
    rest = len(found) - most
    return Page(tuple(found[:most]), max(rest, 0), found[most - 1].id if rest > 0 else None)


def retry_deliveries(front: FrontOffice, principal: Principal, webhook: str, delivery: str | None = None) -> int:
    """Post again what was given up, one or (None) all of it; how many. Raises Denied, NotFound."""
    grant_of(principal, "retry_deliveries")
    _require_ids(webhook, delivery or "")
    count = _book(front).retry(principal.name, webhook, delivery, front.now())
    if count is None or (delivery is not None and not count):
        raise NotFound(_UNKNOWN)
    return count


def _require_ids(*written: str) -> None:
    """Raises NotFound of what cannot be an id: PostgreSQL refuses to look for a NUL."""
    if not all(one.isprintable() for one in written):
        raise NotFound(_UNKNOWN)


def _book(front: FrontOffice) -> WebhookBook:
    if front.webhooks is None:
        raise NotReady("webhooks are kept by the gateway; ask it")
    return front.webhooks


def _shown(secret: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(secret).decode()
