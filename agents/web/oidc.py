"""Routes of a sign-in at the organisation's identity provider: there and back, by authorization code with PKCE."""

import datetime as dt
import hmac
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from agents.web.describing import Answer, describe
from agents.web.gate import (
    Gateway,
    address_of,
    cookie_name,
    gateway_of,
    in_thread,
    is_tls,
    note_refusal,
    session_token,
    too_many,
)
from agents.web.identity_provider import CALLBACK, Flow, IdentityProvider, TokenRefused
from agents.web.problems import ProblemError
from agents.web.session import set_session
from pipeline.credentials import draw_token
from pipeline.operations.sign_in import SignInRefused, sign_in_from_provider

FLOW_SECONDS: Final = 600  # to type a password at the provider, and find the telephone for its code
AFTER: Final = "/"
Parameter = Annotated[str, Query(max_length=2048)]

router = APIRouter()


_GOES: Final = Answer({}, ("Location", "Set-Cookie"))


@router.get("/v1/session/oidc")
@describe(
    ("Masuk lewat penyedia identitas", "Sign in at the identity provider"),
    (
        "Untuk peramban; 404 bila tidak ada penyedia identitas.",
        "For browsers; 404 where there is no identity provider.",
    ),
    tag="access",
    answers={303: _GOES},
    problems=(401, 404, 429, 503),
    signed=False,
)
async def get_start(request: Request, again: bool = False) -> Response:
    """Leads the browser to the provider. `again`: also who is signed in there signs in anew."""
    gateway, provider = _limited(request)
    flow = Flow(draw_token(), draw_token(), draw_token())
    try:
        address = await provider.address(flow, again=again)
    except TokenRefused as refused:
        raise await _refused(request, refused.reason) from None
    answer = Response(None, 303, {"Location": address})
    value = ".".join((flow.state, flow.nonce, flow.verifier))
    answer.set_cookie(
        _flow_name(gateway), value, FLOW_SECONDS, path="/", secure=is_tls(gateway), httponly=True, samesite="lax"
    )
    return answer


@router.get(CALLBACK)
@describe(
    ("Kembali dari penyedia identitas", "Back from the identity provider"),
    (
        "Hanya dari peramban yang memulainya; jawabannya memasang kuki sesi.",
        "Only from the browser that began; the answer sets the cookie of the session.",
    ),
    tag="access",
    answers={303: _GOES},
    problems=(401, 404, 429, 503),
    signed=False,
)
async def get_callback(
    request: Request,
    state: Parameter = "",
    code: Parameter = "",
    iss: Parameter | None = None,
) -> Response:
    """The browser comes back from the provider, with a code or without."""
    gateway, provider = _limited(request)
    parts = request.cookies.get(_flow_name(gateway), "").split(".")
    flow = Flow(*parts) if len(parts) == 3 and all(parts) else None
    if flow is None or not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise await _refused(request, "STATE")
    if not code:
        raise await _refused(request, "CODE")
    now, address = gateway.front.now(), address_of(request)
    try:
        name, shown = await provider.person_of(code, flow, iss, now.timestamp())
    except TokenRefused as refused:
        raise await _refused(request, refused.reason) from None
    shown_at = dt.datetime.fromtimestamp(shown, dt.UTC) if shown is not None else None
    session = session_token(request)
    enter = partial(sign_in_from_provider, name=name, shown_at=shown_at, address=address, replaces=session)
    try:
        found = await in_thread(gateway, partial(enter, gateway.sign_ins, now))
    except SignInRefused:
        note_refusal(gateway, None, "PRINCIPAL", 401, "a sign-in was refused", address)
        raise ProblemError("PROVIDER_REFUSED") from None
    answer = Response(None, 303, {"Location": AFTER})
    answer.delete_cookie(_flow_name(gateway), path="/", secure=is_tls(gateway), httponly=True, samesite="lax")
    set_session(gateway, answer, found.token)
    return answer


def _limited(request: Request) -> tuple[Gateway, IdentityProvider]:
    """Raises ProblemError: NOT_FOUND without a provider, RATE."""
    gateway, address = gateway_of(request), address_of(request)
    if gateway.provider is None:
        raise ProblemError("NOT_FOUND")
    if wait := gateway.addresses.take(address) or gateway.sign_in_addresses.take(address):
        raise too_many(wait)
    return gateway, gateway.provider


async def _refused(request: Request, reason: str) -> ProblemError:
    gateway, address = gateway_of(request), address_of(request)
    note_refusal(gateway, None, reason, 401, "a sign-in was refused", address)
    record = partial(gateway.sign_ins.fail, None, f"PROVIDER_{reason}", address, gateway.front.now())
    await in_thread(gateway, record)
    return ProblemError("PROVIDER_REFUSED")


def _flow_name(gateway: Gateway) -> str:
    return f"{cookie_name(gateway)}-oidc"
