"""Signing in: by password and code, by a link for one use, by an identity provider.

Each way ends in a session of one principal. A name that does not exist and a wrong password have one answer, and cost
the same. These functions have no row in the roles table: they begin without a principal.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.access.principals import Principal, new_principal
from pipeline.access.sessions import NEEDS_SECOND_FACTOR, NEVER_OLD
from pipeline.credentials import draw_secret, enrolment_uri, is_password, is_password_of_nobody, step_of_code
from pipeline.errors import EXIT_REFUSED, SantunanError
from pipeline.store.access_rows import AuditRecord, UnknownAccess
from pipeline.store.link_book import Link, LinkBook, LinkGone
from pipeline.store.sign_in_book import CodeUsed, SignInBook, SignInState

Refusal = Literal["SIGN_IN_REFUSED", "CODE_NEEDED", "CODE_REFUSED", "ENROLMENT_NEEDED", "ENROLLED", "LINK_GONE"]
PROVIDER: Final = "PROVIDER"  # the way of a session that an identity provider vouched for
_LOOPBACK: Final = ("127.", "::1", "::ffff:127.")
_SAID: Final[dict[Refusal, str]] = {
    "SIGN_IN_REFUSED": "name or password is wrong, or the account is paused: ten failures pause it for 15 minutes",
    "CODE_NEEDED": "a code of the second factor is needed too: read it from your authenticator",
    "CODE_REFUSED": "this code is wrong, too old, or was used: wait for the next one",
    "ENROLMENT_NEEDED": "a second factor is needed and none is set up yet: `santunan access totp` does it",
    "ENROLLED": "a second factor is set up already; an operator replaces a lost one with `santunan access totp`",
    "LINK_GONE": "the link was used, is too old, or never was; ask an operator for another one",
}


class SignInRefused(SantunanError):
    """No session was made. `reason` says what is missing; `principal`: whose name it was, where it exists. `link`: why
    a link cannot be used, for who holds it."""

    exit_code = EXIT_REFUSED

    def __init__(self, reason: Refusal, principal: str | None = None, link: LinkGone | None = None) -> None:
        super().__init__(_SAID[reason])
        self.reason = reason
        self.principal = principal
        self.link = link


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token`: of the session, shown once. `failures`: refused sign-ins since the last one that worked."""

    token: str
    principal: Principal
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor to be read into an authenticator; shown once. `uri`: otpauth://…"""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class LinkUsed:
    """`token`: of a session, by a demo link alone. `enrolment`: of a second factor, where it is needed and missing."""

    principal: Principal
    token: str | None = None
    enrolment: Enrolment | None = None


def full_name(written: str) -> str:
    """`officer:siti` as `urn:santunan:officer:siti`."""
    return written if written.startswith("urn:") else f"urn:santunan:{written}"


def sign_in(
    book: SignInBook,
    now: dt.datetime,
    *,
    name: str,
    password: str,
    code: str | None = None,
    address: str | None = None,
    replaces: str | None = None,
) -> SignedIn:
    """`replaces`: the token of a session that ends with this sign-in. Raises SignInRefused."""
    state = _with_password(book, now, name, password, address)
    step = _step(book, now, state, code, address)
    try:
        way = "PASSWORD" if step is None else "PASSWORD_AND_CODE"
        code_at = None if step is None else now
        token = book.begin(state.principal.name, way, address, now, step=step, code_at=code_at, replaces=replaces)
    except CodeUsed:
        raise _refused(book, now, state, "CODE_REFUSED", address) from None
    except UnknownAccess:
        raise _refused(book, now, state, "SIGN_IN_REFUSED", address) from None
    return SignedIn(token, state.principal, state.failures)


def enrol(book: SignInBook, now: dt.datetime, *, name: str, password: str, address: str | None = None) -> Enrolment:
    """A new second factor of a person who has none; the first sign-in with a code of it confirms it.

    Raises SignInRefused.
    """
    state = _with_password(book, now, name, password, address)
    found = _offered(book, now, state.principal)
    if found is None:
        raise SignInRefused("ENROLLED", state.principal.name)
    return found


def renew_factor(book: SignInBook, now: dt.datetime, *, name: str, hand: str) -> Enrolment:
    """By an operator, for a person whose factor is lost or not set up. Raises UnknownAccess."""
    principal = book.access.account(name).principal
    secret = draw_secret()
    book.replace_factor(name, secret, hand, now)
    return Enrolment(secret, enrolment_uri(secret, principal.who))


def sign_in_from_provider(
    book: SignInBook,
    now: dt.datetime,
    *,
    name: str,
    shown_at: dt.datetime | None = None,
    address: str | None = None,
    replaces: str | None = None,
) -> SignedIn:
    """For a person whose identity provider has vouched for `name` (KIND:WHO), second factor included.

    `shown_at`: when the person did something for it there; None: the provider does not say, so it was long ago.
    """
    name = full_name(name)
    try:
        token = book.begin(name, PROVIDER, address, now, code_at=shown_at, replaces=replaces)
    except UnknownAccess:
        book.fail(None, "PROVIDER_PRINCIPAL", address, now)
        raise SignInRefused("SIGN_IN_REFUSED") from None
    return SignedIn(token, book.access.account(name).principal)


def find_link(links: LinkBook, now: dt.datetime, token: str) -> Link:
    """Without using it. Raises SignInRefused."""
    try:
        return links.find(token, now)
    except LinkGone as gone:
        raise SignInRefused("LINK_GONE", link=gone) from None


def use_link(
    book: SignInBook,
    links: LinkBook,
    now: dt.datetime,
    token: str,
    *,
    name: str | None = None,
    password: str | None = None,
    address: str | None = None,
    is_direct: bool = False,
) -> LinkUsed:
    """A link of the demo signs in; others only set a password, to sign in with.

    `name`: of the first operator; `address`: of the client, who came without a proxy if `is_direct`.
    Raises SignInRefused, BadPrincipal, WeakPassword.
    """
    try:
        link = links.find(token, now)
        if link.purpose == "demo":
            if not is_direct or address is None or not address.startswith(_LOOPBACK):
                raise LinkGone("elsewhere", is_demo=True)
            found = links.use_for_demo(token, now)
            return LinkUsed(found, book.begin(found.name, "DEMO", address, now, code_at=NEVER_OLD))
        if link.purpose == "password":
            principal = links.use_for_password(token, password or "", address, now)
        else:
            principal = new_principal("operator", name or "")
            links.use_for_first(token, principal, password or "", address, now)
    except (LinkGone, UnknownAccess) as error:
        book.access.write(AuditRecord(now, "nobody", "link.use", None, "refused", address, "LINK_GONE"))
        gone = error if isinstance(error, LinkGone) else None
        raise SignInRefused("LINK_GONE", link=gone) from None
    is_needed = principal.kind in NEEDS_SECOND_FACTOR
    return LinkUsed(principal, None, _offered(book, now, principal) if is_needed else None)


def _offered(book: SignInBook, now: dt.datetime, principal: Principal) -> Enrolment | None:
    """None: the person has a second factor already."""
    secret = draw_secret()
    if not book.offer_factor(principal.name, secret, principal.name, now):
        return None
    return Enrolment(secret, enrolment_uri(secret, principal.who))


def _with_password(book: SignInBook, now: dt.datetime, name: str, password: str, address: str | None) -> SignInState:
    """Hashes once whatever is wrong, and writes one record then. Raises SignInRefused."""
    state = book.state(full_name(name))
    if state is None or state.password_hash is None:
        is_right = is_password_of_nobody(password)
    else:
        is_right = is_password(state.password_hash, password)
    if state is None:
        book.fail(None, "UNKNOWN", address, now)
        raise SignInRefused("SIGN_IN_REFUSED")
    reason = _obstacle(state, is_right, now)
    if reason is not None:
        book.fail(state.principal.name, reason, address, now)
        raise SignInRefused("SIGN_IN_REFUSED", state.principal.name)
    return state


def _obstacle(state: SignInState, is_right: bool, now: dt.datetime) -> str | None:
    """What the audit record says of it; the answer does not."""
    if state.paused_until is not None and now < state.paused_until:
        return "PAUSED"
    if state.is_disabled:
        return "DISABLED"
    return None if is_right else "PASSWORD"


def _step(book: SignInBook, now: dt.datetime, state: SignInState, code: str | None, address: str | None) -> int | None:
    """Of the code; None: no second factor is asked for. Raises SignInRefused."""
    factor, is_needed = state.factor, state.principal.kind in NEEDS_SECOND_FACTOR
    if factor is None and is_needed:
        raise SignInRefused("ENROLMENT_NEEDED", state.principal.name)
    if factor is None or (factor.confirmed_at is None and not code and not is_needed):
        return None
    if not code:
        raise SignInRefused("CODE_NEEDED", state.principal.name)
    step = step_of_code(factor.secret, code, now)
    if step is None:  # whether it was used, the transaction says that takes it
        raise _refused(book, now, state, "CODE_REFUSED", address)
    return step


def _refused(
    book: SignInBook, now: dt.datetime, state: SignInState, reason: Refusal, address: str | None
) -> SignInRefused:
    book.fail(state.principal.name, "CODE" if reason == "CODE_REFUSED" else "DISABLED", address, now)
    return SignInRefused(reason, state.principal.name)
