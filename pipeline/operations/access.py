"""Access, for operators: who may act and by which credentials, as `santunan access` does it, on the same book.

A key and a link are shown once. Each change is an audit record.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal, new_principal
from pipeline.access.roles import Denied, grant_of
from pipeline.errors import NotReady
from pipeline.operations.front_office import FrontOffice
from pipeline.store.access_book import AccessBook, Key
from pipeline.store.access_rows import Account, AuditRecord
from pipeline.store.link_book import LinkBook
from pipeline.store.ways_in import Ways, ways_of

KEY_DAYS: Final = 365
LOG_ROWS: Final = 50
MOST_LABEL_LETTERS: Final = 60


@dataclass(frozen=True, slots=True)
class AccountView:
    """One principal, and how it gets in."""

    account: Account
    keys: tuple[Key, ...]
    ways: Ways


def list_access(front: FrontOffice, principal: Principal) -> tuple[AccountView, ...]:
    """By name. Raises Denied."""
    grant_of(principal, "list_access")
    book, now = _book(front), front.now()
    return tuple(
        AccountView(one, tuple(book.keys(one.principal.name)), ways_of(book, one.principal.name, now))
        for one in book.accounts()
    )


def read_access_log(front: FrontOffice, principal: Principal) -> tuple[AuditRecord, ...]:
    """The newest records, the newest first. Raises Denied."""
    grant_of(principal, "read_access_log")
    return tuple(reversed(_book(front).records(LOG_ROWS)))


def add_access(front: FrontOffice, principal: Principal, *, kind: str, who: str, person: str | None) -> str:
    """The name of the new principal. Raises Denied, BadPrincipal."""
    grant_of(principal, "add_access")
    made = new_principal(kind, who, person)
    _book(front).add(made, principal.name, front.now())
    return made.name


def disable_access(front: FrontOffice, principal: Principal, name: str) -> None:
    """Raises UnknownAccess; Denied where it would be the person who asks: nobody may be left then."""
    grant_of(principal, "disable_access")
    if name in front.names_of_person(principal.name):
        raise Denied("NOT_ALLOWED", "disable_access")
    _book(front).disable(name, principal.name, front.now())


def make_access_key(front: FrontOffice, principal: Principal, name: str, label: str) -> tuple[str, str]:
    """(id, key), for a year. Raises Denied, UnknownAccess."""
    grant_of(principal, "make_access_key")
    now = front.now()
    return _book(front).make_key(
        name, label[:MOST_LABEL_LETTERS], now + dt.timedelta(days=KEY_DAYS), principal.name, now
    )


def revoke_access_key(front: FrontOffice, principal: Principal, key_id: str) -> None:
    """Raises Denied, UnknownAccess."""
    grant_of(principal, "revoke_access_key")
    _book(front).revoke_key(key_id, principal.name, front.now())


def make_access_link(front: FrontOffice, principal: Principal, name: str) -> str:
    """The token of a link for one use that sets a password. Raises Denied, UnknownAccess."""
    grant_of(principal, "make_access_link")
    return LinkBook(_book(front)).make("password", name, principal.name, front.now())


def _book(front: FrontOffice) -> AccessBook:
    if front.access is None:
        raise NotReady("this process has no book of access")
    return front.access
