"""Rows of the tables of access, inside a transaction of the caller: accounts, audit records, the end of sessions."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pipeline.access.principals import Principal
from pipeline.errors import EXIT_REFUSED, SantunanError
from pipeline.store.access_tables import audit_records, passwords, principals, sessions
from pipeline.store.leaves import append_audit
from schemas.clock import clock_of, microseconds


class UnknownAccess(SantunanError):
    """No principal, key or session of that name; the message says how to find it."""

    exit_code = EXIT_REFUSED


@dataclass(frozen=True, slots=True)
class Account:
    """One principal as it is kept. Times are aware; `disabled_at` None: it may act."""

    principal: Principal
    created_at: dt.datetime
    disabled_at: dt.datetime | None


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


def all_accounts(connection: Connection) -> list[Account]:
    return [_account(row) for row in connection.execute(select(principals).order_by(principals.c.name))]


def account_of(connection: Connection, name: str) -> Account:
    """Raises UnknownAccess."""
    row = connection.execute(select(principals).where(principals.c.name == name)).first()
    if row is None:
        raise UnknownAccess(f"there is no principal {name}; `santunan access list` names them")
    return _account(row)


def active_account_of(connection: Connection, name: str) -> Account:
    """Raises UnknownAccess, also where the principal is disabled."""
    found = account_of(connection, name)
    if found.disabled_at is not None:
        raise UnknownAccess(f"{name} is disabled; add another principal")
    return found


def names_of_person(connection: Connection, name: str) -> frozenset[str]:
    same = select(principals.c.person).where(principals.c.name == name).scalar_subquery()
    found = connection.execute(select(principals.c.name).where(principals.c.person == same)).scalars()
    return frozenset(found) | {name}


def add_principal(connection: Connection, principal: Principal, now: dt.datetime) -> None:
    row = {"name": principal.name, "person": principal.person, "created_at": microseconds(now)}
    connection.execute(insert(principals), [row])


def put_password(connection: Connection, name: str, hashed: str, now: dt.datetime) -> None:
    """In place of the one before; ends its sessions, and a pause."""
    row = {"hash": hashed, "changed_at": microseconds(now), "failures": 0, "paused_until": None}
    if not connection.execute(update(passwords).where(passwords.c.principal == name).values(row)).rowcount:
        connection.execute(insert(passwords), [{"principal": name, **row}])
    end_sessions(connection, [name], now)


def end_sessions(connection: Connection, names: Iterable[str], now: dt.datetime) -> int:
    """All that these principals have; how many they were."""
    theirs = (sessions.c.principal.in_(list(names)), sessions.c.ended_at.is_(None))
    return connection.execute(update(sessions).where(*theirs).values(ended_at=microseconds(now))).rowcount


def write_record(connection: Connection, record: AuditRecord) -> None:
    row = {
        "clock": microseconds(record.clock),
        "who": record.who,
        "action": record.action,
        "subject": record.subject,
        "result": record.result,
        "address": record.address,
        "reason": record.reason,
    }
    number = connection.execute(insert(audit_records).returning(audit_records.c.number), row).scalar_one()
    append_audit(connection, (number, *row.values()))


def clock_or_none(stored: int | None) -> dt.datetime | None:
    return None if stored is None else clock_of(stored)


def _account(row: Any) -> Account:
    return Account(Principal(row.name, row.person), clock_of(row.created_at), clock_or_none(row.disabled_at))
