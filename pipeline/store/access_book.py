"""The book of access: principals, their keys and passwords, and audit records, in tables of its own.

Each change is one transaction with its audit record. The gateway opens it under a database role that may write nothing
else. Never imports Faust, Kafka or HTTP.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from pipeline.access.principals import BadPrincipal, Principal, require_compatible
from pipeline.credentials import digest_of, draw_key, hash_password
from pipeline.errors import EXIT_REFUSED, SantunanError, Transient
from pipeline.store.access_tables import api_keys, audit_records, passwords, principals
from pipeline.store.connect import is_postgresql, open_reader, open_store
from pipeline.store.engines import postgresql_transient, sqlite_transient
from pipeline.store.readable import Readable
from pipeline.store.unit_of_work import Transaction
from schemas.clock import clock_of, microseconds

USE_PRECISION: Final = dt.timedelta(hours=1)  # of the last use of a key: not each request shall write


class UnknownAccess(SantunanError):
    """No principal or key of that name; the message says how to find it."""

    exit_code = EXIT_REFUSED


@dataclass(frozen=True, slots=True)
class Account:
    """One principal as it is kept. Times are aware; `disabled_at` None: it may act."""

    principal: Principal
    created_at: dt.datetime
    disabled_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Key:
    """One API key as it is kept: never the key itself. `id` names it."""

    id: str
    principal: str
    label: str
    created_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """`who` did `action` to `subject`; `result`: done or refused. Codes and names alone, never personal data."""

    clock: dt.datetime
    who: str
    action: str
    subject: str | None = None
    result: str = "done"
    address: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What a key that exists leads to. `refusal`: REVOKED, EXPIRED or DISABLED; None: `principal` may act."""

    key_id: str
    principal: Principal
    refusal: str | None


class AccessBook:
    """Opened by `open_access`, closed by leaving its `with` block. May be used by several threads."""

    def __init__(
        self,
        engine: Engine,
        passes: Callable[[BaseException], Transient | None],
        reader: Readable,
        end: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._passes = passes
        self._reader = reader
        self._end = end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()
        self._end()

    # --- principals

    def accounts(self) -> list[Account]:
        with self._reader.reader() as connection:
            return _accounts(connection)

    def account(self, name: str) -> Account:
        """Raises UnknownAccess."""
        with self._reader.reader() as connection:
            return _account(connection, name)

    def names_of_person(self, name: str) -> frozenset[str]:
        """All principals that are or were the person behind this one; where there is no person, this one alone."""
        same = select(principals.c.person).where(principals.c.name == name).scalar_subquery()
        with self._reader.reader() as connection:
            found = connection.execute(select(principals.c.name).where(principals.c.person == same)).scalars()
            return frozenset(found) | {name}

    def add(self, principal: Principal, hand: str, now: dt.datetime) -> None:
        """Raises BadPrincipal where the name is taken, or the person holds a role that does not go with it."""
        with self._transaction() as transaction:
            found = _accounts(transaction.connection)
            if any(one.principal.name == principal.name for one in found):
                raise BadPrincipal(f"{principal.name} exists already; choose another name, or make a key for it")
            require_compatible(principal, [one.principal for one in found if one.disabled_at is None])
            row = {"name": principal.name, "person": principal.person, "created_at": microseconds(now)}
            transaction.connection.execute(insert(principals), [row])
            _write(transaction.connection, AuditRecord(now, hand, "access.add", principal.name))
            transaction.commit()

    def disable(self, name: str, hand: str, now: dt.datetime) -> None:
        """From the next request on. Raises UnknownAccess."""
        with self._transaction() as transaction:
            connection = transaction.connection
            _account(connection, name)
            is_active = (principals.c.name == name, principals.c.disabled_at.is_(None))
            connection.execute(update(principals).where(*is_active).values(disabled_at=microseconds(now)))
            _write(connection, AuditRecord(now, hand, "access.disable", name))
            transaction.commit()

    # --- API keys

    def keys(self, name: str) -> list[Key]:
        statement = select(api_keys).where(api_keys.c.principal == name).order_by(api_keys.c.created_at)
        with self._reader.reader() as connection:
            return [_key(row) for row in connection.execute(statement)]

    def make_key(self, name: str, label: str, expires_at: dt.datetime, hand: str, now: dt.datetime) -> tuple[str, str]:
        """(id, key): the key is nowhere else, and never shown again. Raises UnknownAccess."""
        token, key_id = draw_key(), secrets.token_hex(4)
        with self._transaction() as transaction:
            connection = transaction.connection
            if _account(connection, name).disabled_at is not None:
                raise UnknownAccess(f"{name} is disabled; add another principal")
            row = {
                "id": key_id,
                "principal": name,
                "digest": digest_of(token),
                "label": label,
                "created_at": microseconds(now),
                "expires_at": microseconds(expires_at),
            }
            connection.execute(insert(api_keys), [row])
            _write(connection, AuditRecord(now, hand, "access.key", f"{name} {key_id}"))
            transaction.commit()
        return key_id, token

    def revoke_key(self, key_id: str, hand: str, now: dt.datetime) -> None:
        """From the next request on. Raises UnknownAccess."""
        with self._transaction() as transaction:
            connection = transaction.connection
            found = connection.execute(select(api_keys.c.principal).where(api_keys.c.id == key_id)).scalar()
            if found is None:
                raise UnknownAccess(f"there is no key {key_id}; `santunan access list` names them")
            is_valid = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            connection.execute(update(api_keys).where(*is_valid).values(revoked_at=microseconds(now)))
            _write(connection, AuditRecord(now, hand, "access.revoke", f"{found} {key_id}"))
            transaction.commit()

    def use_key(self, token: str, now: dt.datetime) -> KeyUse | None:
        """What this key leads to now; None: there is no such key. Asked at each request, so nothing is remembered."""
        digest = digest_of(token)
        if digest is None:
            return None
        with self._reader.reader() as connection:
            row = connection.execute(_KEY_WITH_PRINCIPAL, {"digest": digest}).first()
        if row is None:
            return None
        principal, moment = Principal(row.principal, row.person), microseconds(now)
        if row.disabled_at is not None:
            return KeyUse(row.id, principal, "DISABLED")
        if row.revoked_at is not None:
            return KeyUse(row.id, principal, "REVOKED")
        if row.expires_at <= moment:
            return KeyUse(row.id, principal, "EXPIRED")
        if row.last_used_at is None or moment - row.last_used_at > microseconds(clock_of(0) + USE_PRECISION):
            with self._transaction() as transaction:
                key = update(api_keys).where(api_keys.c.id == row.id)
                transaction.connection.execute(key.values(last_used_at=moment))
                transaction.commit()
        return KeyUse(row.id, principal, None)

    # --- passwords

    def set_password(self, name: str, password: str, hand: str, now: dt.datetime) -> None:
        """Raises WeakPassword, UnknownAccess."""
        account = self.account(name)
        row = {
            "hash": hash_password(password, account.principal.who),
            "changed_at": microseconds(now),
            "failures": 0,
            "paused_until": None,
        }
        with self._transaction() as transaction:
            connection = transaction.connection
            if not connection.execute(update(passwords).where(passwords.c.principal == name).values(row)).rowcount:
                connection.execute(insert(passwords), [{"principal": name, **row}])
            _write(connection, AuditRecord(now, hand, "access.password", name))
            transaction.commit()

    # --- audit records

    def write(self, record: AuditRecord) -> None:
        with self._transaction() as transaction:
            _write(transaction.connection, record)
            transaction.commit()

    def records(self, limit: int) -> Sequence[AuditRecord]:
        """The newest, the oldest of them first."""
        statement = select(audit_records).order_by(audit_records.c.number.desc()).limit(limit)
        with self._reader.reader() as connection:
            return [
                AuditRecord(clock_of(row.clock), row.who, row.action, row.subject, row.result, row.address, row.reason)
                for row in reversed(connection.execute(statement).all())
            ]

    def transaction(self) -> Transaction:
        """For a table of the gateway's own that has a book of its own."""
        return self._transaction()

    def reader(self) -> AbstractContextManager[Connection]:
        return self._reader.reader()

    def _transaction(self) -> Transaction:
        return Transaction(self._engine, self._passes)


def open_access(url: str) -> AccessBook:
    """The book in the store of this URL; embedded, the file is made where it is missing. Raises as `open_store`."""
    store = open_store(url)
    try:
        reader = open_reader(url)
    except BaseException:
        store.close()
        raise
    passes = postgresql_transient if is_postgresql(url) else sqlite_transient
    return AccessBook(store.engine, passes, reader, store.close)


_KEY_WITH_PRINCIPAL: Final = (
    select(
        api_keys.c.id,
        api_keys.c.principal,
        api_keys.c.expires_at,
        api_keys.c.last_used_at,
        api_keys.c.revoked_at,
        principals.c.person,
        principals.c.disabled_at,
    )
    .join(principals, principals.c.name == api_keys.c.principal)
    .where(api_keys.c.digest == bindparam("digest"))
)


def _accounts(connection: Connection) -> list[Account]:
    return [_row_account(row) for row in connection.execute(select(principals).order_by(principals.c.name))]


def _account(connection: Connection, name: str) -> Account:
    row = connection.execute(select(principals).where(principals.c.name == name)).first()
    if row is None:
        raise UnknownAccess(f"there is no principal {name}; `santunan access list` names them")
    return _row_account(row)


def _row_account(row: Any) -> Account:
    return Account(Principal(row.name, row.person), clock_of(row.created_at), _clock(row.disabled_at))


def _key(row: Any) -> Key:
    times = (clock_of(row.created_at), clock_of(row.expires_at), _clock(row.last_used_at), _clock(row.revoked_at))
    return Key(row.id, row.principal, row.label, *times)


def _clock(stored: int | None) -> dt.datetime | None:
    return None if stored is None else clock_of(stored)


def _write(connection: Connection, record: AuditRecord) -> None:
    row = {
        "clock": microseconds(record.clock),
        "who": record.who,
        "action": record.action,
        "subject": record.subject,
        "result": record.result,
        "address": record.address,
        "reason": record.reason,
    }
    connection.execute(insert(audit_records), [row])
