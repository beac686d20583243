"""The outbox of webhooks, as the processes see it that post: who has which webhook in work, and what is due.

A webhook is leased to one process at a time, so its place in the feed moves and its posts go out once each. A process
that dies loses its lease by time; what it had sent and not noted is sent again, under the same id. Never imports HTTP.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from pipeline.access.principals import Principal
from pipeline.errors import Transient
from pipeline.sealing import Sealer, unsealed
from pipeline.store.access_rows import AuditRecord, write_record
from pipeline.store.access_tables import principals
from pipeline.store.readable import Readable
from pipeline.store.unit_of_work import Transaction
from pipeline.store.webhook_book import host_of, sealed_row
from pipeline.store.webhook_tables import webhook_deliveries, webhooks
from schemas.clock import microseconds

KEPT: Final = dt.timedelta(days=30)  # of a post that has failed; the feed has its decision for ever
_HAND: Final = "system:webhooks"
_TABLE: Final = webhook_deliveries.c


@dataclass(frozen=True, slots=True)
class Leased:
    """A webhook that is ours for a while. `room`: posts that may be added. `is_due`: something is to be posted now."""

    id: str
    lease: str
    principal: Principal
    url: str
    cursor: str
    room: int
    is_due: bool


@dataclass(frozen=True, slots=True)
class NewPost:
    """`id`: the same for the same decision and webhook, whenever it is made."""

    id: str
    decision_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Post:
    """One that is due. `secrets`: each signs it. `attempts`: made before this one. `created_at`: microseconds."""

    number: int
    id: str
    body: bytes
    secrets: tuple[bytes, ...]
    attempts: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Result:
    """Of one attempt. `outcome` None: it was taken. `next_at` None: it is given up."""

    number: int
    outcome: str | None
    next_at: dt.datetime | None = None


class Outbox:
    """May be used by several threads and processes."""

    def __init__(
        self,
        engine: Engine,
        passes: Callable[[BaseException], Transient | None],
        reader: Readable,
        sealer: Sealer | None = None,
    ) -> None:
        self._engine = engine
        self._sealer = sealer
        self._passes = passes
        self._reader = reader

    def lease(self, now: dt.datetime, until: dt.datetime, chunk: int, *, limit: int, most_waiting: int) -> list[Leased]:
        """Webhooks that nobody has in work, for which there is something to post or to look for; those first that
        waited longest. `chunk`: the last that was processed. `most_waiting`: posts of one webhook."""
        wanted = _workable(microseconds(now), chunk, limit)
        with self._reader.reader() as connection:  # writers take turns: only who has something to write takes one
            if connection.execute(wanted).first() is None:
                return []
        found = []
        with self._changing() as transaction:
            connection = transaction.connection
            rows = connection.execute(wanted.with_for_update(of=webhooks, skip_locked=True)).all()
            for row in rows:
                lease = secrets.token_hex(8)
                taken = {"lease": lease, "leased_until": microseconds(until)}
                connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(taken))
                who = Principal(row.principal, row.person)
                room = most_waiting - _waiting(connection, row.id)
                found.append(Leased(row.id, lease, who, row.url, row.cursor, room, bool(row.is_due)))
            if rows:
                transaction.commit()
        return found

    def add(self, leased: Leased, new: Sequence[NewPost], cursor: str, chunk: int | None, now: dt.datetime) -> bool:
        """Posts, and up to where the feed was read for them, together. `chunk`: where it was read to its end. False:
        the lease is over, and nothing was added."""
        moved: dict[str, Any] = {"cursor": cursor} | ({"seen_chunk": chunk} if chunk is not None else {})
        moment = microseconds(now)
        rows = [
            {
                "id": one.id,
                "webhook": leased.id,
                "decision_id": one.decision_id,
                "body": one.body,
                "created_at": moment,
                "attempts": 0,
                "next_at": moment,
            }
            for one in new
        ]
        with self._changing() as transaction:
            connection = transaction.connection
            if not connection.execute(update(webhooks).where(*_is_ours(leased)).values(moved)).rowcount:
                return False
            if rows:
                connection.execute(insert(webhook_deliveries), rows)
            transaction.commit()
        return True

    def next(self, leased: Leased, last: Result | None, now: dt.datetime, until: dt.datetime) -> Post | None:
        """Notes the result of the last attempt, keeps the lease, and says what is due next. None: nothing, or it is
        not ours any more, or the principal may not act any more."""
        moment = microseconds(now)
        with self._changing() as transaction:
            connection = transaction.connection
            if last is not None:
                _note(connection, last, moment)
            statement = update(webhooks).where(*_is_ours(leased), webhooks.c.disabled_at.is_(None), _may_act())
            row = None
            if connection.execute(statement.values(leased_until=microseconds(until))).rowcount:
                row = connection.execute(_due(leased.id, moment)).first()
            transaction.commit()
        if row is None:
            return None
        is_rotating = row.previous_until is not None and row.previous_until > moment
        signing = (row.secret, row.previous_secret) if is_rotating else (row.secret,)
        keys = tuple(unsealed(self._sealer, bytes(one), sealed_row(leased.id)) for one in signing)
        return Post(row.number, row.id, bytes(row.body), keys, row.attempts, row.created_at)

    def release(self, leased: Leased, until: dt.datetime) -> None:
        """`until`: before this, no process takes it."""
        free = {"lease": None, "leased_until": microseconds(until)}
        with self._changing() as transaction:
            transaction.connection.execute(update(webhooks).where(*_is_ours(leased)).values(free))
            transaction.commit()

    def disable(self, leased: Leased, last: Result, now: dt.datetime) -> None:
        """The receiver wants nothing more: what waits counts as failed."""
        moment = microseconds(now)
        given_up = {"next_at": None, "failed_at": moment, "outcome": last.outcome}
        with self._changing() as transaction:
            connection = transaction.connection
            _note(connection, last, moment)
            is_active = (webhooks.c.id == leased.id, webhooks.c.disabled_at.is_(None))
            connection.execute(update(webhooks).where(*is_active).values(disabled_at=moment))
            is_waiting = (_TABLE.webhook == leased.id, _TABLE.next_at.is_not(None))
            connection.execute(update(webhook_deliveries).where(*is_waiting).values(given_up))
            record = AuditRecord(now, _HAND, "webhook.disable", f"{leased.id} {host_of(leased.url)}", reason="GONE")
            write_record(connection, record)
            transaction.commit()

    def forget(self, now: dt.datetime) -> None:
        """Posts that failed long ago."""
        is_old = _TABLE.failed_at < microseconds(now - KEPT)
        with self._reader.reader() as connection:
            if connection.execute(select(_TABLE.number).where(is_old).limit(1)).first() is None:
                return
        with self._changing() as transaction:
            transaction.connection.execute(delete(webhook_deliveries).where(is_old))
            transaction.commit()

    def _changing(self) -> Transaction:
        return Transaction(self._engine, self._passes)


def _workable(moment: int, chunk: int, limit: int) -> Select[Any]:
    """Of principals that may act."""
    is_due = exists(select(_TABLE.number).where(_TABLE.webhook == webhooks.c.id, _TABLE.next_at <= moment))
    columns = (webhooks.c.id, webhooks.c.principal, webhooks.c.url, webhooks.c.cursor, principals.c.person)
    is_free = and_(webhooks.c.disabled_at.is_(None), webhooks.c.leased_until <= moment)
    return (
        select(*columns, is_due.label("is_due"))
        .join(principals, and_(principals.c.name == webhooks.c.principal, principals.c.disabled_at.is_(None)))
        .where(is_free, or_(webhooks.c.seen_chunk != chunk, is_due))
        .order_by(webhooks.c.leased_until, webhooks.c.id)
        .limit(limit)
    )


def _due(webhook: str, moment: int) -> Select[Any]:
    signing = (webhooks.c.secret, webhooks.c.previous_secret, webhooks.c.previous_until)
    joined = webhook_deliveries.join(webhooks, webhooks.c.id == _TABLE.webhook)
    wanted = select(_TABLE.number, _TABLE.id, _TABLE.body, _TABLE.attempts, _TABLE.created_at, *signing)
    is_due = (_TABLE.webhook == webhook, _TABLE.next_at <= moment)
    return wanted.select_from(joined).where(*is_due).order_by(_TABLE.next_at, _TABLE.number).limit(1)


def _waiting(connection: Connection, webhook: str) -> int:
    wanted = select(func.count()).where(_TABLE.webhook == webhook, _TABLE.next_at.is_not(None))
    return connection.execute(wanted).scalar_one()


def _is_ours(leased: Leased) -> tuple[ColumnElement[bool], ...]:
    return webhooks.c.id == leased.id, webhooks.c.lease == leased.lease


def _may_act() -> ColumnElement[bool]:
    active = select(principals.c.name).where(principals.c.disabled_at.is_(None))
    return webhooks.c.principal.in_(active)


def _note(connection: Connection, last: Result, moment: int) -> None:
    is_it = _TABLE.number == last.number
    if last.outcome is None:
        connection.execute(delete(webhook_deliveries).where(is_it))
        return
    next_at = None if last.next_at is None else microseconds(last.next_at)
    failed_at = moment if next_at is None else None
    values = {"attempts": _TABLE.attempts + 1, "outcome": last.outcome, "next_at": next_at, "failed_at": failed_at}
    connection.execute(update(webhook_deliveries).where(is_it).values(values))
