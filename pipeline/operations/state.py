"""State of the system, for operators: what waits and since when, what failed, what becomes due in the law's data.

It is read from what each part left behind, so it is the same on both engines: a worker that is away is seen by what
waits for it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Transient
from pipeline.law.due import LawDue, law_due
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.backlog import Backlog
from pipeline.queries.days import last_day_passed
from pipeline.queries.dead_letters import count_dead_letters
from pipeline.queries.queue import count_unopened, waiting
from pipeline.store.webhook_book import Webhook
from schemas.clock import EPOCH, JAKARTA

LATE: Final = dt.timedelta(minutes=1)  # a worker decides within seconds
BACKUP_DAYS: Final = 2  # one a day, and one that failed
BACKUP: Final = "store.backup"  # the action of the audit record


@dataclass(frozen=True, slots=True)
class StateView:
    """`backlog` None: the broker does not answer. `waits_since`: of the oldest event that waits, where it is known.

    `is_worker_late`: something waits longer than it takes. `referrals`, `referred_since`: claims that wait for an
    officer. `unopened`: ids under which evidence waits for its claim. `day`: the last one that has passed everywhere.
    `webhooks`: those that are off, or have failed posts; `posts_waiting`: of all. `backup_at` None: no backup is known.
    """

    at: dt.datetime
    backlog: tuple[Backlog, ...] | None
    waiting: int
    waits_since: dt.datetime | None
    is_worker_late: bool
    referrals: int
    referred_since: dt.date | None
    unopened: int
    refused: int
    day: dt.date | None
    is_day_late: bool
    webhooks: tuple[Webhook, ...]
    all_webhooks: int
    posts_waiting: int
    is_embedded: bool
    backup_at: dt.datetime | None
    is_backup_late: bool
    law: LawDue


def read_state(front: FrontOffice, principal: Principal) -> StateView:
    """Raises Denied, NotReady, Transient."""
    grant_of(principal, "read_state")
    now, store = front.now(), front.store
    backlog = _backlog(front)
    oldest = [one.oldest_ms for one in backlog or () if one.oldest_ms is not None]
    since = EPOCH + dt.timedelta(milliseconds=min(oldest)) if oldest else None
    queue = waiting(store, limit=1)
    today = now.astimezone(JAKARTA).date()
    day = last_day_passed(store, len({one.partition for one in backlog or ()}) or 1, today)
    webhooks = front.webhooks.all() if front.webhooks is not None else []
    backup_at = front.access.latest(BACKUP) if front.access is not None else None
    return StateView(
        now,
        backlog,
        sum(one.waiting for one in backlog or ()),
        since,
        since is not None and now - since > LATE,
        len(queue.rows) + queue.more,
        queue.rows[0].since if queue.rows else None,
        count_unopened(store),
        count_dead_letters(store),
        day,
        day is not None and (today - day).days > 1,
        tuple(one for one in webhooks if one.disabled_at is not None or one.failed),
        len(webhooks),
        sum(one.waiting for one in webhooks),
        store.is_embedded,
        backup_at,
        store.is_embedded and (backup_at is None or (now - backup_at).days >= BACKUP_DAYS),
        law_due(front.book, today),
    )


def _backlog(front: FrontOffice) -> tuple[Backlog, ...] | None:
    if front.backlog is None:
        return None
    try:
        return front.backlog()
    except Transient:
        return None
