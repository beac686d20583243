"""The book of links for one use: a first or forgotten password, the first operator, a demo on this machine.

Only the SHA-256 of a link is kept. Each change is one transaction with its audit record.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, func, insert, select, update

from pipeline.access.principals import Principal
from pipeline.access.sessions import LINK_LASTS
from pipeline.credentials import digest_of_token, draw_token, hash_password
from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import (
    AuditRecord,
    account_of,
    active_account_of,
    add_principal,
    put_password,
    write_record,
)
from pipeline.store.access_tables import one_time_links, principals
from schemas.clock import microseconds

Purpose = Literal["first-operator", "password", "demo"]
Why = Literal["used", "old", "disabled", "wrong", "elsewhere"]
FIRST: Final[Purpose] = "first-operator"


@dataclass(frozen=True, slots=True)
class Link:
    """`principal`: of whom it is; None: it makes the first operator."""

    purpose: Purpose
    principal: Principal | None


class LinkGone(Exception):
    """The link cannot be used; `why`: used, too old, of somebody who is disabled, wrong, or `elsewhere`: it is for the
    machine that it was made on. `is_demo`: what it was made for, as far as it is known."""

    def __init__(self, why: Why = "wrong", *, is_demo: bool = False) -> None:
        super().__init__(why)
        self.why: Final = why
        self.is_demo: Final = is_demo


class LinkBook:
    """Over an open book of access. May be used by several threads."""

    def __init__(self, access: AccessBook) -> None:
        self._access = access

    def make(self, purpose: Purpose, name: str | None, hand: str, now: dt.datetime) -> str:
        """The token, which is nowhere else. Those before it, for the same purpose and principal, are void.

        Raises UnknownAccess where the principal is missing or disabled.
        """
        token = draw_token()
        with self._access.transaction() as transaction:
            connection = transaction.connection
            if name is not None:
                active_account_of(connection, name)
            _make(connection, purpose, name, token, now)
            write_record(connection, AuditRecord(now, hand, "access.link", name, reason=purpose))
            transaction.commit()
        return token

    def count_demo(self, now: dt.datetime) -> int:
        """How many links of the demo can still be used."""
        usable = (one_time_links.c.used_at.is_(None), one_time_links.c.expires_at > microseconds(now))
        statement = select(func.count()).select_from(one_time_links)
        with self._access.reading() as connection:
            return connection.execute(statement.where(one_time_links.c.purpose == "demo", *usable)).scalar_one()

    def make_first(self, hand: str, now: dt.datetime) -> str | None:
        """A link that makes the first operator. None: there are principals already."""
        with self._access.reading() as connection:
            if _count(connection):
                return None
        return self.make(FIRST, None, hand, now)

    def find(self, token: str, now: dt.datetime) -> Link:
        """Without using it: programs that look at mail open links, too. Raises LinkGone."""
        with self._access.reading() as connection:
            return _find(connection, token, now)

    def use_for_password(self, token: str, password: str, address: str | None, now: dt.datetime) -> Principal:
        """Raises WeakPassword, and the link is good for another try; LinkGone."""
        link = self.find(token, now)
        if link.principal is None or link.purpose != "password":
            raise LinkGone
        hashed = hash_password(password, link.principal.who)
        name = link.principal.name
        with self._access.transaction() as transaction:
            _use(transaction.connection, token, now)
            put_password(transaction.connection, name, hashed, now)
            record = AuditRecord(now, name, "access.password", name, "done", address, "LINK")
            write_record(transaction.connection, record)
            transaction.commit()
        return link.principal

    def use_for_first(
        self, token: str, operator: Principal, password: str, address: str | None, now: dt.datetime
    ) -> None:
        """Makes the first operator. Raises WeakPassword, LinkGone, also where there is a principal meanwhile."""
        if self.find(token, now).purpose != FIRST:
            raise LinkGone
        hashed = hash_password(password, operator.who)
        with self._access.transaction() as transaction:
            connection = transaction.connection
            _use(connection, token, now)
            if _count(connection):
                raise LinkGone
            add_principal(connection, operator, now)
            put_password(connection, operator.name, hashed, now)
            write_record(
                connection, AuditRecord(now, operator.name, "access.add", operator.name, "done", address, "LINK")
            )
            transaction.commit()

    def use_for_demo(self, token: str, now: dt.datetime) -> Principal:
        """Raises LinkGone."""
        link = self.find(token, now)
        if link.principal is None or link.purpose != "demo":
            raise LinkGone
        with self._access.transaction() as transaction:
            _use(transaction.connection, token, now)
            transaction.commit()
        return link.principal


def _make(connection: Connection, purpose: Purpose, name: str | None, token: str, now: dt.datetime) -> None:
    before = (
        one_time_links.c.purpose == purpose,
        one_time_links.c.principal.is_not_distinct_from(name),
        one_time_links.c.used_at.is_(None),
    )
    connection.execute(update(one_time_links).where(*before).values(used_at=microseconds(now)))
    row = {
        "digest": digest_of_token(token),
        "purpose": purpose,
        "principal": name,
        "created_at": microseconds(now),
        "expires_at": microseconds(now + LINK_LASTS),
    }
    connection.execute(insert(one_time_links), [row])


def _find(connection: Connection, token: str, now: dt.datetime) -> Link:
    row = connection.execute(select(one_time_links).where(one_time_links.c.digest == digest_of_token(token))).first()
    if row is None:
        raise LinkGone
    is_demo = row.purpose == "demo"
    if row.used_at is not None:
        raise LinkGone("used", is_demo=is_demo)
    if row.expires_at <= microseconds(now):
        raise LinkGone("old", is_demo=is_demo)
    if row.principal is None:
        return Link(row.purpose, None)
    account = account_of(connection, row.principal)
    if account.disabled_at is not None:
        raise LinkGone("disabled", is_demo=is_demo)
    return Link(row.purpose, account.principal)


def _use(connection: Connection, token: str, now: dt.datetime) -> None:
    """One of several at the same time wins."""
    unused = (
        one_time_links.c.digest == digest_of_token(token),
        one_time_links.c.used_at.is_(None),
        one_time_links.c.expires_at > microseconds(now),
    )
    if not connection.execute(update(one_time_links).where(*unused).values(used_at=microseconds(now))).rowcount:
        raise LinkGone("used")


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(principals)).scalar_one()
