"""Sessions of those who are signed in: who one is, and the end of it."""

import datetime as dt
from dataclasses import dataclass

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.store.sign_in_book import Session, SignInBook


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """`ends_at`: of the session, if no further request comes; None: it is a key."""

    name: str
    kind: str
    person: str | None
    ends_at: dt.datetime | None = None


def read_session(principal: Principal, session: Session | None) -> WhoAmI:
    """Raises Denied."""
    grant_of(principal, "read_session")
    ends_at = None if session is None else session.ends_at
    return WhoAmI(principal.name, principal.kind, principal.person, ends_at)


def sign_out(book: SignInBook, principal: Principal, now: dt.datetime, token: str | None, address: str | None) -> bool:
    """False: there was no session. Raises Denied."""
    grant_of(principal, "sign_out")
    return token is not None and book.end(token, address, now)
