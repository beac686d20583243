"""Routes of sessions: sign in, who one is, sign out; the second factor; links for one use, as JSON and as a page."""

import asyncio
import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from agents.web import examples
from agents.web.bodies import model_of
from agents.web.describing import JSON, Answer, describe, shaped
from agents.web.gate import (
    Gateway,
    Signed,
    address_of,
    cookie_name,
    gateway_of,
    in_thread,
    is_tls,
    log,
    note_refusal,
    require_own_site,
    session_token,
    too_many,
)
from agents.web.identity_provider import TokenRefused
from pipeline.access.principals import BadPrincipal, Principal
from pipeline.access.sessions import CODE_LASTS
from pipeline.credentials import MOST_LETTERS, WeakPassword
from pipeline.errors import Poison, Transient
from pipeline.operations import sign_in as operations
from pipeline.operations.sessions import WhoAmI, give_code, read_session, sign_out
from pipeline.operations.sign_in import PROVIDER, Enrolment, LinkUsed, SignedIn, SignInRefused
from pipeline.store.sign_in_book import SignInBook
from schemas.bundle import Bundle, Schema
from schemas.decisions import FieldError
from schemas.values import Strict

REFUSED_SECONDS: Final = 0.2  # a refused sign-in is answered at a multiple of it, whatever was wrong
_PROXIES: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

Made = TypeVar("Made")
router = APIRouter()

Name = Annotated[str, Field(max_length=100)]
Password = Annotated[str, Field(max_length=MOST_LETTERS)]


class SignIn(Strict):
    """`name`: KIND:WHO or the whole urn. `code`: of the second factor, where there is one."""

    name: Name
    password: Password
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None


class GivenCode(Strict):
    """Six digits of the authenticator."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class NamedPassword(Strict):
    name: Name
    password: Password


class UsedLink(Strict):
    """`name`: of the first operator. `password`: none for a link of the demo."""

    link: Annotated[str, Field(max_length=100)]
    name: Name | None = None
    password: Password | None = None


_UNSIGNED: Final = (401, 403, 429, 503)  # of a route that takes a password in place of a key
_COOKIE: Final = ("Set-Cookie",)
_NAME: Final[Schema] = {"type": "string", "description": "urn:santunan:KIND:WHO"}
_SIGNED_IN: Final[Schema] = {
    "type": "object",
    "required": ["name", "kind", "failures"],
    "properties": {
        "name": _NAME,
        "kind": {"type": "string"},
        "failures": {
            "type": "integer",
            "minimum": 0,
            "description": "refused sign-ins since the last one that worked",
        },
    },
}
_SIGNED_OUT: Final[Schema] = {
    "type": "object",
    "required": ["signed_out"],
    "properties": {
        "signed_out": {"type": "boolean", "description": "false: there was no session"},
        "provider": {"type": "string", "description": "where a browser ends its session at the identity provider, too"},
    },
}


_UNTIL: Final[Schema] = {
    "type": "object",
    "required": ["until"],
    "properties": {
        "until": {"type": "string", "format": "date-time", "description": "rulings above the limit are taken till then"}
    },
}


def _link_schema(bundle: Bundle) -> Schema:
    """Of a link for a password; of one of the demo, who is signed in."""
    enrolment = {"anyOf": [shaped(bundle, Enrolment), {"type": "null"}]}
    properties = {"name": _NAME, "enrolment": enrolment}
    return {"anyOf": [{"type": "object", "required": [*properties], "properties": properties}, _SIGNED_IN]}


@router.post("/v1/session")
@describe(
    ("Masuk", "Sign in"),
    (
        "Dengan nama, kata sandi, dan kode bila ada faktor kedua; jawabannya memasang kuki sesi.",
        "With name, password, and a code where there is a second factor; the answer sets the cookie of the session.",
    ),
    tag="access",
    body={JSON: SignIn},
    examples={JSON: examples.SIGN_IN},
    answers={200: Answer({JSON: _SIGNED_IN}, _COOKIE)},
    problems=_UNSIGNED,
    signed=False,
)
async def post_session(request: Request) -> Response:
    """Sign in. The answer sets the cookie of a new session."""
    require_own_site(request, is_lenient=True)
    asked = await model_of(request, SignIn)
    given = partial(operations.sign_in, name=asked.name, password=asked.password, code=asked.code)
    found = await hashed(request, partial(given, replaces=session_token(request)))
    return signed_in_answer(request, found)


@router.get("/v1/session")
@describe(("Siapa saya", "Who am I"), tag="access", answers={200: WhoAmI})
async def get_session(request: Request, principal: Signed) -> Response:
    """Who the caller is, by session or key."""
    return _json(read_session(principal, request.scope.get("session")))


@router.delete("/v1/session")
@describe(
    ("Keluar", "Sign out"),
    ("Kunci API tetap berlaku.", "An API key stays valid."),
    tag="access",
    answers={200: Answer({JSON: _SIGNED_OUT}, _COOKIE)},
)
async def delete_session(request: Request, principal: Signed) -> Response:
    """Sign out. A key stays what it is."""
    is_out, elsewhere = await ended(request, principal)
    found = _json({"signed_out": is_out, **({"provider": elsewhere} if elsewhere is not None else {})})
    forget_session(gateway_of(request), found)
    return found


async def ended(request: Request, principal: Principal) -> tuple[bool, str | None]:
    """Whether there was a session, which is over now whatever follows; and where a browser ends the one at the identity
    provider that vouched for it. None: none did, it has no such address, or it does not answer."""
    gateway, session = gateway_of(request), request.scope.get("session")
    token = session_token(request) if session is not None else None
    leave = partial(sign_out, gateway.sign_ins, principal, gateway.front.now(), token, address_of(request))
    is_out = await in_thread(gateway, leave)
    if session is not None:
        await in_thread(gateway, partial(gateway.asked.forget, principal.name, session.id))
    if session is None or session.way != PROVIDER or gateway.provider is None:
        return is_out, None
    try:
        return is_out, await gateway.provider.sign_out_address()
    except (Transient, TokenRefused) as error:
        log.warning("the identity provider was not asked for a sign-out: %s", type(error).__name__)
        return is_out, None


def forget_session(gateway: Gateway, answer: Response) -> None:
    answer.delete_cookie(cookie_name(gateway), path="/", secure=is_tls(gateway), httponly=True, samesite="lax")


@router.post("/v1/session/code")
@describe(
    ("Tunjukkan faktor kedua lagi", "Show the second factor again"),
    (
        "Sebelum putusan di atas batas wewenang satu petugas; lima kode salah mengakhiri sesi.",
        "Before a ruling above the limit of one officer; five wrong codes end the session.",
    ),
    tag="access",
    body={JSON: GivenCode},
    examples={JSON: examples.CODE},
    answers={200: Answer({JSON: _UNTIL})},
)
async def post_code(request: Request, principal: Signed) -> Response:
    """A code of the second factor, in an open session."""
    asked = await model_of(request, GivenCode)
    shown = await take_code(request, principal, asked.code)
    assert shown.code_at is not None
    return _json({"until": shown.code_at + CODE_LASTS})


async def take_code(request: Request, principal: Principal, code: str) -> Principal:
    """The principal whose session has shown a code just now. Raises SignInRefused, Poison, ProblemError (RATE)."""
    gateway, address = gateway_of(request), address_of(request)
    if wait := gateway.sign_in_addresses.take(address):
        raise too_many(wait)
    session = request.scope.get("session")
    work = partial(give_code, gateway.sign_ins, principal, gateway.front.now(), session, code, address)
    try:
        return await in_thread(gateway, work)
    except SignInRefused as refused:
        note_refusal(gateway, refused.principal, refused.reason, 401, "a code was refused", address)
        raise


@router.post("/v1/second-factor")
@describe(
    ("Pasang faktor kedua", "Set up a second factor"),
    (
        "Untuk orang yang belum punya; rahasia hanya tampil sekali, dan berlaku setelah masuk dengan kodenya.",
        "For a person who has none; the secret is shown once, and holds from a sign-in with its code.",
    ),
    tag="access",
    body={JSON: NamedPassword},
    examples={JSON: examples.SIGN_IN},
    answers={200: Enrolment},
    problems=(*_UNSIGNED, 409),
    signed=False,
)
async def post_second_factor(request: Request) -> Response:
    """A new second factor of a person who has none: the secret is shown once; a sign-in with a code confirms it."""
    require_own_site(request, is_lenient=True)
    asked = await model_of(request, NamedPassword)
    return _json(await hashed(request, partial(operations.enrol, name=asked.name, password=asked.password)))


@router.post("/v1/links")
@describe(
    ("Pakai tautan sekali pakai", "Use a link for one use"),
    (
        "Memasang kata sandi, membuat pengelola pertama, atau masuk ke peragaan.",
        "It sets a password, makes the first operator, or signs in to the demo.",
    ),
    tag="access",
    body={JSON: UsedLink},
    examples={JSON: examples.LINK},
    answers={200: Answer({JSON: _link_schema}, _COOKIE)},
    problems=(403, 410, 429, 503),
    signed=False,
)
async def post_link(request: Request) -> Response:
    """Use a link: set a password, make the first operator, or sign in to the demo."""
    require_own_site(request, is_lenient=True)
    asked = await model_of(request, UsedLink)
    used = await used_link(request, asked.link, asked.name, asked.password)
    if used.token is not None:
        return signed_in_answer(request, SignedIn(used.token, used.principal))
    return _json({"name": used.principal.name, "enrolment": used.enrolment})


async def used_link(request: Request, link: str, name: str | None, password: str | None) -> LinkUsed:
    """Raises SignInRefused, Poison, ProblemError."""
    gateway = gateway_of(request)
    is_direct = gateway.web_url is None and not any(header in request.headers for header in _PROXIES)

    def use(book: SignInBook, now: dt.datetime, *, address: str) -> LinkUsed:
        return operations.use_link(
            book, gateway.links, now, link, name=name, password=password, address=address, is_direct=is_direct
        )

    try:
        return await hashed(request, use)
    except WeakPassword as error:
        raise Poison("INVALID", FieldError("password", str(error))) from None
    except BadPrincipal as error:
        raise Poison("INVALID", FieldError("name", str(error))) from None


async def hashed(request: Request, operation: Callable[..., Made]) -> Made:
    """Run what hashes a password: few at once, and of one address few a second. A refusal takes the same time, whatever
    was wrong."""
    gateway, address, clock = gateway_of(request), address_of(request), asyncio.get_running_loop().time
    began = clock()
    if wait := gateway.addresses.take(address) or gateway.sign_in_addresses.take(address):
        raise too_many(wait)
    try:
        async with gateway.hashing:
            work = partial(operation, gateway.sign_ins, gateway.front.now(), address=address)
            return await in_thread(gateway, work)
    except SignInRefused as refused:
        note_refusal(gateway, refused.principal, refused.reason, 401, "a sign-in was refused", address)
        await asyncio.sleep(REFUSED_SECONDS - (clock() - began) % REFUSED_SECONDS)
        raise


def signed_in_answer(request: Request, found: SignedIn) -> Response:
    gateway = gateway_of(request)
    answer = _json({"name": found.principal.name, "kind": found.principal.kind, "failures": found.failures})
    set_session(gateway, answer, found.token)
    return answer


def set_session(gateway: Gateway, answer: Response, token: str) -> None:
    """Until the browser is closed; how long it is good for, the store says."""
    answer.set_cookie(cookie_name(gateway), token, path="/", secure=is_tls(gateway), httponly=True, samesite="lax")


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), 200, None, "application/json")
