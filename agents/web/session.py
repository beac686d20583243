"""Routes of sessions: sign in, who one is, sign out; the second factor; links for one use, as JSON and as a page."""

import asyncio
import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from agents.web.bodies import model_of
from agents.web.gate import (
    Answer,
    Gateway,
    Signed,
    address_of,
    cookie_name,
    gateway_of,
    in_thread,
    is_tls,
    note_refusal,
    require_own_site,
    session_token,
    too_many,
)
from pipeline.access.principals import BadPrincipal
from pipeline.credentials import MOST_LETTERS, WeakPassword
from pipeline.errors import Poison
from pipeline.operations import sign_in as operations
from pipeline.operations.sessions import read_session, sign_out
from pipeline.operations.sign_in import LinkUsed, SignedIn, SignInRefused
from pipeline.store.sign_in_book import SignInBook
from schemas.decisions import FieldError
from schemas.values import Strict

REFUSED_SECONDS: Final = 0.2  # a refused sign-in is answered at a multiple of it, whatever was wrong
_PROXIES: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

router = APIRouter()

Name = Annotated[str, Field(max_length=100)]
Password = Annotated[str, Field(max_length=MOST_LETTERS)]


class SignIn(Strict):
    """`name`: KIND:WHO or the whole urn. `code`: of the second factor, where there is one."""

    name: Name
    password: Password
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None


class NamedPassword(Strict):
    name: Name
    password: Password


class UsedLink(Strict):
    """`name`: of the first operator. `password`: none for a link of the demo."""

    link: Annotated[str, Field(max_length=100)]
    name: Name | None = None
    password: Password | None = None


@router.post("/v1/session")
async def post_session(request: Request) -> Response:
    """Sign in. The answer sets the cookie of a new session."""
    require_own_site(request, is_lenient=True)
    asked = await model_of(request, SignIn)
    given = partial(operations.sign_in, name=asked.name, password=asked.password, code=asked.code)
    found = await hashed(request, partial(given, replaces=session_token(request)))
    return signed_in_answer(request, found)


@router.get("/v1/session")
async def get_session(request: Request, principal: Signed) -> Response:
    """Who the caller is, by session or key."""
    return _json(read_session(principal, request.scope.get("session")))


@router.delete("/v1/session")
async def delete_session(request: Request, principal: Signed) -> Response:
    """Sign out. A key stays what it is."""
    gateway = gateway_of(request)
    token = session_token(request) if "session" in request.scope else None
    leave = partial(sign_out, gateway.sign_ins, principal, gateway.front.now(), token, address_of(request))
    found = _json({"signed_out": await in_thread(gateway, leave)})
    found.delete_cookie(cookie_name(gateway), path="/", secure=is_tls(gateway), httponly=True, samesite="lax")
    return found


@router.post("/v1/second-factor")
async def post_second_factor(request: Request) -> Response:
    """A new second factor of a person who has none: the secret is shown once; a sign-in with a code confirms it."""
    require_own_site(request, is_lenient=True)
    asked = await model_of(request, NamedPassword)
    return _json(await hashed(request, partial(operations.enrol, name=asked.name, password=asked.password)))


@router.post("/v1/links")
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


async def hashed(request: Request, operation: Callable[..., Answer]) -> Answer:
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
        note_refusal(gateway, refused.principal, refused.reason, 401, "a sign-in was refused")
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
