"""The book of webhooks, as principals see it: addresses, secrets, and posts that failed.

Each change is one transaction with its audit record, which names the host and never the rest of an address: a receiver
may have put a secret there. Never imports Faust, Kafka or HTTP.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from pipeline.errors import NotReady, Transient
from pipeline.nik_key import NikKey
from pipeline.sealing import Sealer, sealed, unsealed
from pipeline.store.access_rows import AuditRecord, write_record
from pipeline.store.connect import is_postgresql, open_reader, open_store
from pipeline.store.engines import postgresql_transient, sqlite_transient
from pipeline.store.readable import Readable
from pipeline.store.unit_of_work import Transaction
from pipeline.store.webhook_tables import webhook_deliveries, webhooks
from schemas.clock import clock_of, microseconds

SECRET_BYTES: Final = 32
ROTATION: Final = dt.timedelta(hours=24)  # in which posts are signed with the secret before, too
NOTHING_SEEN: Final = -1


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address. `waiting`, `failed`: posts. `cursor`: of the feed of decisions, up to where posts were made.

    `disabled_at`: since when nothing is posted, for the receiver answered 410.
    """

    id: str
    principal: str
    url: str
    cursor: str
    created_at: dt.datetime
    disabled_at: dt.datetime | None
    waiting: int
    failed: int

    @property
    def host(self) -> str:
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A post that was given up. `outcome`: of the last attempt, a status of HTTP or a code."""

    id: str
    webhook: str
    decision_id: str
    created_at: dt.datetime
    attempts: int
    failed_at: dt.datetime
    outcome: str


class WebhookBook:
    """May be used by several threads. `owner` below: only what is this principal's is there."""

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

    def register(self, owner: str, url: str, cursor: str, now: dt.datetime, *, most: int) -> tuple[str, bytes] | None:
        """(id, secret). None: the principal has as many as it may."""
        secret, webhook = secrets.token_bytes(SECRET_BYTES), f"whk_{secrets.token_hex(8)}"
        row = {
            "id": webhook,
            "principal": owner,
            "url": url,
            "secret": sealed(self._sealer, secret, sealed_row(webhook)),
            "cursor": cursor,
            "seen_chunk": NOTHING_SEEN,
            "created_at": microseconds(now),
            "leased_until": 0,
        }
        with self._changing() as transaction:
            connection = transaction.connection
            count = select(func.count()).select_from(webhooks).where(webhooks.c.principal == owner)
            if connection.execute(count).scalar_one() >= most:
                return None
            connection.execute(insert(webhooks), [row])
            _record(connection, now, owner, "webhook.register", f"{webhook} {host_of(url)}")
            transaction.commit()
        return webhook, secret

    def all(self, owner: str | None = None) -> list[Webhook]:
        """None: of all principals."""
        waiting = func.count(webhook_deliveries.c.next_at)
        failed = func.count(webhook_deliveries.c.failed_at)
        columns = [webhooks.c[name] for name in ("id", "principal", "url", "cursor", "created_at", "disabled_at")]
        joined = webhooks.outerjoin(webhook_deliveries, webhook_deliveries.c.webhook == webhooks.c.id)
        statement = select(*columns, waiting.label("waiting"), failed.label("failed")).select_from(joined)
        if owner is not None:
            statement = statement.where(webhooks.c.principal == owner)
        with self._reader.reader() as connection:
            found = connection.execute(statement.group_by(*columns).order_by(webhooks.c.created_at, webhooks.c.id))
            return [_webhook(row) for row in found]

    def delete(self, owner: str, webhook: str, now: dt.datetime) -> bool:
        """With all that waits or has failed. False: there is none."""
        with self._changing() as transaction:
            connection = transaction.connection
            if (url := _url(connection, owner, webhook)) is None:
                return False
            connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook == webhook))
            connection.execute(delete(webhooks).where(webhooks.c.id == webhook))
            _record(connection, now, owner, "webhook.delete", f"{webhook} {host_of(url)}")
            transaction.commit()
        return True

    def rotate(self, owner: str, webhook: str, now: dt.datetime) -> bytes | None:
        """A new secret; the one before signs beside it for a day. None: there is no such webhook."""
        secret = secrets.token_bytes(SECRET_BYTES)
        changed = {
            "secret": sealed(self._sealer, secret, sealed_row(webhook)),
            "previous_secret": webhooks.c.secret,
            "previous_until": microseconds(now + ROTATION),
        }
        with self._changing() as transaction:
            connection = transaction.connection
            if (url := _url(connection, owner, webhook)) is None:
                return None
            connection.execute(update(webhooks).where(webhooks.c.id == webhook).values(changed))
            _record(connection, now, owner, "webhook.secret", f"{webhook} {host_of(url)}")
            transaction.commit()
        return secret

    def seal_secrets(self, hand: str, now: dt.datetime) -> int:
        """As `SignInBook.seal_factors`; how many webhooks there are. Raises NotReady without a key."""
        if self._sealer is None:
            raise NotReady("no key is set: `openssl rand -hex 32` into a file, and name it SANTUNAN_SECRETS_KEY_FILE")
        with self._changing() as transaction:
            connection = transaction.connection
            columns = (webhooks.c.id, webhooks.c.secret, webhooks.c.previous_secret)
            rows = connection.execute(select(*columns).with_for_update()).all()
            for row in rows:
                name = sealed_row(row.id)
                again = {
                    column: sealed(self._sealer, unsealed(self._sealer, bytes(kept), name), name)
                    for column, kept in (("secret", row.secret), ("previous_secret", row.previous_secret))
                    if kept is not None
                }
                connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(again))
            _record(connection, now, hand, "access.seal", "webhooks")
            transaction.commit()
        return len(rows)

    def every_failure(self, webhook: str) -> list[FailedDelivery]:
        """Of a webhook, whosever it is, in the order in which they were made."""
        is_wanted = (webhook_deliveries.c.webhook == webhook, webhook_deliveries.c.failed_at.is_not(None))
        statement = select(webhook_deliveries).where(*is_wanted).order_by(webhook_deliveries.c.number)
        with self._reader.reader() as connection:
            return [_failed(row) for row in connection.execute(statement)]

    def failures(self, owner: str, webhook: str, *, after: str, limit: int) -> list[FailedDelivery] | None:
        """In the order of their ids, behind `after`. None: there is no such webhook."""
        table = webhook_deliveries.c
        is_wanted = (table.webhook == webhook, table.failed_at.is_not(None), table.id > after)
        statement = select(webhook_deliveries).where(*is_wanted).order_by(table.id).limit(limit)
        with self._reader.reader() as connection:
            if _url(connection, owner, webhook) is None:
                return None
            return [_failed(row) for row in connection.execute(statement)]

    def retry(self, owner: str, webhook: str, delivery: str | None, now: dt.datetime) -> int | None:
        """Post again what has failed, one or (None) all, as if it were new; how many. None: no such webhook."""
        table, moment = webhook_deliveries.c, microseconds(now)
        wanted = [table.webhook == webhook, table.failed_at.is_not(None)]
        if delivery is not None:
            wanted.append(table.id == delivery)
        again = {"created_at": moment, "next_at": moment, "failed_at": None, "attempts": 0}
        with self._changing() as transaction:
            connection = transaction.connection
            if _url(connection, owner, webhook) is None:
                return None
            count = connection.execute(update(webhook_deliveries).where(*wanted).values(again)).rowcount
            transaction.commit()
        return count

    def _changing(self) -> Transaction:
        return Transaction(self._engine, self._passes)


@contextmanager
def open_webhooks(url: str, sealer: Sealer | None = None, *, nik_key: NikKey | None = None) -> Iterator[WebhookBook]:
    """The book in the store of this URL; embedded, the file is made where it is missing. `sealer`: of secrets.
    Raises as `open_store`."""
    store = open_store(url, nik_key=nik_key)
    try:
        reader = open_reader(url, nik_key=nik_key)
        try:
            yield WebhookBook(store.engine, passes_of(url), reader, sealer)
        finally:
            reader.close()
    finally:
        store.close()


def sealed_row(webhook: str) -> str:
    """Which row a sealed secret is for."""
    return f"webhooks {webhook}"


def passes_of(url: str) -> Callable[[BaseException], Transient | None]:
    """Says which failures of this store a second try may overcome."""
    return postgresql_transient if is_postgresql(url) else sqlite_transient


def host_of(url: str) -> str:
    """All that may be logged of an address."""
    return urlsplit(url).hostname or ""


def _url(connection: Connection, owner: str, webhook: str) -> str | None:
    wanted = select(webhooks.c.url).where(webhooks.c.id == webhook, webhooks.c.principal == owner)
    found: str | None = connection.execute(wanted).scalar()
    return found


def _record(connection: Connection, now: dt.datetime, who: str, action: str, subject: str) -> None:
    write_record(connection, AuditRecord(now, who, action, subject))


def _webhook(row: Any) -> Webhook:
    disabled_at = None if row.disabled_at is None else clock_of(row.disabled_at)
    clocks = (clock_of(row.created_at), disabled_at)
    return Webhook(row.id, row.principal, row.url, row.cursor, *clocks, row.waiting, row.failed)


def _failed(row: Any) -> FailedDelivery:
    clocks = clock_of(row.created_at), clock_of(row.failed_at)
    return FailedDelivery(row.id, row.webhook, row.decision_id, clocks[0], row.attempts, clocks[1], row.outcome)
