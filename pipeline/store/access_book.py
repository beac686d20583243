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
from pipeline.errors import Transient
from pipeline.nik_key import NikKey
from pipeline.sealing import Sealer
from pipeline.store.access_rows import (
    Account,
    AuditRecord,
    UnknownAccess,
    account_of,
    active_account_of,
    add_principal,
    all_accounts,
    clock_or_none,
    end_sessions,
    names_of_person,
    put_password,
    write_record,
)
from pipeline.store.access_tables import api_keys, audit_records, principals
from pipeline.store.connect import is_postgresql, open_reader, open_store
from pipeline.store.engines import postgresql_transient, sqlite_transient
from pipeline.store.readable import QuickReader, Readable
from pipeline.store.unit_of_work import Transaction
from schemas.clock import clock_of, microseconds

USE_PRECISION: Final = dt.timedelta(hours=1)  # of the last use of a key: not each request shall write


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
        sealer: Sealer | None = None,
    ) -> None:
        self._engine = engine
        self._passes = passes
        self._reader = reader
        self._end = end
        self._quick: QuickReader | None = None  # of `valid_key`
        self.sealer = sealer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        if self._quick is not None:
            self._quick.close()
        self._reader.close()
        self._end()

    # --- principals

    def accounts(self) -> list[Account]:
        with self.reading() as connection:
            return all_accounts(connection)

    def account(self, name: str) -> Account:
        """Raises UnknownAccess."""
        with self.reading() as connection:
            return account_of(connection, name)

    def names_of_person(self, name: str) -> frozenset[str]:
        """All principals that are or were the person behind this one; where there is no person, this one alone."""
        with self.reading() as connection:
            return names_of_person(connection, name)

    def add(self, principal: Principal, hand: str, now: dt.datetime) -> None:
        """Ends the sessions of a person who has other principals: what the person may do has changed.

        Raises BadPrincipal where the name is taken, or the person holds a role that does not go with it.
        """
        with self.transaction() as transaction:
            found = all_accounts(transaction.connection)
            if any(one.principal.name == principal.name for one in found):
                raise BadPrincipal(
                    "TAKEN", f"{principal.name} exists already; choose another name, or make a key for it"
                )
            require_compatible(principal, [one.principal for one in found if one.disabled_at is None])
            add_principal(transaction.connection, principal, now)
            end_sessions(transaction.connection, names_of_person(transaction.connection, principal.name), now)
            write_record(transaction.connection, AuditRecord(now, hand, "access.add", principal.name))
            transaction.commit()

    def disable(self, name: str, hand: str, now: dt.datetime) -> None:
        """From the next request on; ends all sessions of the person. Raises UnknownAccess."""
        with self.transaction() as transaction:
            connection = transaction.connection
            account_of(connection, name)
            is_active = (principals.c.name == name, principals.c.disabled_at.is_(None))
            connection.execute(update(principals).where(*is_active).values(disabled_at=microseconds(now)))
            end_sessions(connection, names_of_person(connection, name), now)
            write_record(connection, AuditRecord(now, hand, "access.disable", name))
            transaction.commit()

    # --- API keys

    def keys(self, name: str) -> list[Key]:
        statement = select(api_keys).where(api_keys.c.principal == name).order_by(api_keys.c.created_at)
        with self.reading() as connection:
            return [_key(row) for row in connection.execute(statement)]

    def make_key(self, name: str, label: str, expires_at: dt.datetime, hand: str, now: dt.datetime) -> tuple[str, str]:
        """(id, key): the key is nowhere else, and never shown again. Raises UnknownAccess."""
        token, key_id = draw_key(), secrets.token_hex(4)
        with self.transaction() as transaction:
            connection = transaction.connection
            active_account_of(connection, name)
            row = {
                "id": key_id,
                "principal": name,
                "digest": digest_of(token),
                "label": label,
                "created_at": microseconds(now),
                "expires_at": microseconds(expires_at),
            }
            connection.execute(insert(api_keys), [row])
            write_record(connection, AuditRecord(now, hand, "access.key", f"{name} {key_id}"))
            transaction.commit()
        return key_id, token

    def revoke_key(self, key_id: str, hand: str, now: dt.datetime) -> None:
        """From the next request on. Raises UnknownAccess."""
        with self.transaction() as transaction:
            connection = transaction.connection
            found = connection.execute(select(api_keys.c.principal).where(api_keys.c.id == key_id)).scalar()
            if found is None:
                raise UnknownAccess(f"there is no key {key_id}; `santunan access list` names them")
            is_valid = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            connection.execute(update(api_keys).where(*is_valid).values(revoked_at=microseconds(now)))
            write_record(connection, AuditRecord(now, hand, "access.revoke", f"{found} {key_id}"))
            transaction.commit()

    def use_key(self, token: str, now: dt.datetime) -> KeyUse | None:
        """What this key leads to now; None: there is no such key. Asked at each request, so nothing is remembered."""
        digest = digest_of(token)
        if digest is None:
            return None
        with self.reading() as connection:
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
        if row.last_used_at is None or moment - row.last_used_at > _PRECISION:
            with self.transaction() as transaction:
                key = update(api_keys).where(api_keys.c.id == row.id)
                transaction.connection.execute(key.values(last_used_at=moment))
                transaction.commit()
        return KeyUse(row.id, principal, None)

    def valid_key(self, token: str, now: dt.datetime) -> Principal | None:
        """Whose key it is, where one read of an embedded file says that it may act. None: ask `use_key`, which may wait
        for a server, and writes. For one thread. Asked at each request, too."""
        digest = digest_of(token) if self._reader.is_embedded else None
        if digest is None:
            return None
        if self._quick is None:
            self._quick = QuickReader(self._reader)
        found = self._quick.first(_KEY_WITH_PRINCIPAL, {"digest": digest})
        if found is None:
            return None
        _, name, expires_at, last_used_at, revoked_at, person, disabled_at = found
        moment = microseconds(now)
        is_noted = last_used_at is not None and moment - last_used_at <= _PRECISION
        is_valid = disabled_at is None and revoked_at is None and expires_at > moment
        return Principal(name, person) if is_valid and is_noted else None

    # --- passwords

    def set_password(self, name: str, password: str, hand: str, now: dt.datetime) -> None:
        """Ends the sessions of this principal. Raises WeakPassword, UnknownAccess."""
        hashed = hash_password(password, self.account(name).principal.who)
        with self.transaction() as transaction:
            put_password(transaction.connection, name, hashed, now)
            write_record(transaction.connection, AuditRecord(now, hand, "access.password", name))
            transaction.commit()

    # --- audit records

    def write(self, record: AuditRecord) -> None:
        with self.transaction() as transaction:
            write_record(transaction.connection, record)
            transaction.commit()

    def records(self, limit: int) -> Sequence[AuditRecord]:
        """The newest, the oldest of them first."""
        statement = select(audit_records).order_by(audit_records.c.number.desc()).limit(limit)
        with self.reading() as connection:
            return [
                AuditRecord(clock_of(row.clock), row.who, row.action, row.subject, row.result, row.address, row.reason)
                for row in reversed(connection.execute(statement).all())
            ]

    def latest(self, action: str) -> dt.datetime | None:
        """When this was done last; None: never."""
        is_done = (audit_records.c.action == action, audit_records.c.result == "done")
        statement = select(audit_records.c.clock).where(*is_done).order_by(audit_records.c.number.desc()).limit(1)
        with self.reading() as connection:
            return clock_or_none(connection.execute(statement).scalar())

    # --- for the books of other tables of the gateway

    def transaction(self) -> Transaction:
        return Transaction(self._engine, self._passes)

    def reading(self) -> AbstractContextManager[Connection]:
        return self._reader.reader()


def open_access(url: str, sealer: Sealer | None = None, *, nik_key: NikKey | None = None) -> AccessBook:
    """The book in the store of this URL; embedded, the file is made where it is missing. `sealer`: of second factors.
    Raises as `open_store`."""
    store = open_store(url, nik_key=nik_key)
    try:
        reader = open_reader(url, nik_key=nik_key)
    except BaseException:
        store.close()
        raise
    passes = postgresql_transient if is_postgresql(url) else sqlite_transient
    return AccessBook(store.engine, passes, reader, store.close, sealer)


_PRECISION: Final = microseconds(clock_of(0) + USE_PRECISION)
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


def _key(row: Any) -> Key:
    times = (
        clock_of(row.created_at),
        clock_of(row.expires_at),
        clock_or_none(row.last_used_at),
        clock_or_none(row.revoked_at),
    )
    return Key(row.id, row.principal, row.label, *times)
