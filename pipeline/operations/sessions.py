"""Sessions of those who are signed in: who one is, a code of the second factor, and the end of it."""

import datetime as dt
from dataclasses import dataclass, replace

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.credentials import step_of_code
from pipeline.errors import Poison
from pipeline.operations.sign_in import SignInRefused
from pipeline.store.sign_in_book import CodeUsed, Session, SignInBook
from schemas.decisions import FieldError


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


def give_code(
    book: SignInBook, principal: Principal, now: dt.datetime, session: Session | None, code: str, address: str | None
) -> Principal:
    """Show a second factor in an open session; the principal with the time of it.

    Raises Denied; Poison (INVALID) of a key, which has none; SignInRefused: ENROLMENT_NEEDED, CODE_REFUSED.
    """
    grant_of(principal, "give_code")
    if session is None:
        raise Poison("INVALID", FieldError("code", "a key has no second factor; sign in as a person, and send it then"))
    factor = book.factor(principal.name)
    if factor is None or factor.confirmed_at is None:
        raise SignInRefused("ENROLMENT_NEEDED", principal.name)
    step = step_of_code(factor.secret, code, now)
    try:
        if step is None:
            raise CodeUsed
        book.take_code(session, step, address, now)
    except CodeUsed:
        book.refuse_code(session, address, now)
        raise SignInRefused("CODE_REFUSED", principal.name) from None
    return replace(principal, code_at=now)
