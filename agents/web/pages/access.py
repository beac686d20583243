"""Access: who may act and how each gets in; added, disabled, with keys and links; and the log of it."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call, gateway_of, is_tls
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import Form, form_of
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.parts import part_of
from pipeline.access.principals import KINDS, BadPrincipal, Fault, Principal
from pipeline.access.roles import grant_of
from pipeline.operations.access import (
    add_access,
    disable_access,
    list_access,
    make_access_key,
    make_access_link,
    read_access_log,
    revoke_access_key,
)
from pipeline.queries.pages import NotFound
from pipeline.store.access_rows import UnknownAccess
from schemas.values import source_who

_FAULTS: Final[dict[Fault, tuple[str, str]]] = {  # the field, and the text beside it
    "KIND": ("kind", "bad_kind"),
    "WHO": ("who", "bad_who"),
    "PERSON": ("person", "bad_person"),
    "NIK": ("who", "bad_nik"),
    "APART": ("person", "bad_apart"),
    "TAKEN": ("who", "bad_taken"),
}
SHOWN: Final = "shown"
SHOWN_SECONDS: Final = 120  # to copy what was made; a screen left open shows it no longer
DONE: Final = ("added", "disabled", "revoked")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/access")
async def access(
    request: Request, principal: Signed, done: str = "", asked: str = "", name: str = "", start: str = ""
) -> Response:
    """`asked`: what could not be added, with its fault. `name`: those alone whose name has it in it."""
    name = name.strip().lower()
    found = [one for one in await call(request, list_access, principal) if name in one.account.principal.name]
    form = await asked_form(request, principal) or Form({}, {})
    return page(
        request,
        "access.html",
        principal,
        422 if form.faults else 200,
        part=part_of(found, start),
        sought=name,
        kinds=KINDS,
        own=principal.person or principal.name,
        done=done if done in DONE else "",
        faults=form.faults,
        given=form.given,
    )


@router.get("/access/log")
async def log(request: Request, principal: Signed) -> Response:
    return page(request, "access_log.html", principal, found=await call(request, read_access_log, principal))


@router.post("/access/add")
async def add(request: Request, principal: Signed) -> Response:
    form, t = await form_of(request), texts(page_language(request))["access"]
    asked: dict[str, Any] = {
        "kind": form.text("kind"),
        "who": form.text("who").lower(),
        "person": form.text("person").lower() or None,
    }
    try:
        await call(request, add_access, principal, **asked)
    except BadPrincipal as bad:
        field, said = _FAULTS[bad.fault]
        return await led(request, principal, replace(form, faults={field: t[said]}), "/access", "add")
    return RedirectResponse("/access?done=added", 303)


@router.post("/access/disable")
async def disable(request: Request, principal: Signed) -> Response:
    await _known(request, disable_access, principal, await form_of(request), "name")
    return RedirectResponse("/access?done=disabled", 303)


@router.post("/access/revoke")
async def revoke(request: Request, principal: Signed) -> Response:
    await _known(request, revoke_access_key, principal, await form_of(request), "key")
    return RedirectResponse("/access?done=revoked", 303)


@router.post("/access/key")
async def key(request: Request, principal: Signed) -> Response:
    form = await form_of(request)
    _, token = await _known(request, make_access_key, principal, form, "name", form.text("label"))
    return _led_to(request, form.text("name"), token, is_key=True)


@router.post("/access/link")
async def link(request: Request, principal: Signed) -> Response:
    form = await form_of(request)
    token = await _known(request, make_access_link, principal, form, "name")
    own = gateway_of(request).web_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    return _led_to(request, form.text("name"), f"{own}/link/{token}", is_key=False)


@router.get("/access/shown")
async def shown(request: Request, principal: Signed) -> Response:
    """A key or a link that was made within the last two minutes; then it is nowhere. So reload makes no second one."""
    grant_of(principal, "list_access")
    try:
        of, secret, is_key = json.loads(base64.urlsafe_b64decode(request.cookies.get(SHOWN, "")))
        source_who(of)
    except (ValueError, TypeError, AttributeError, IndexError):  # there is none, or it is none of ours
        of, secret, is_key = "", "", False
    return page(request, "access_shown.html", principal, of=of, shown=str(secret), is_key=bool(is_key))


def _led_to(request: Request, of: str, secret: str, *, is_key: bool) -> Response:
    """The secret goes to the browser that asked for it and is not kept here."""
    answer = RedirectResponse("/access/shown", 303)
    packed = base64.urlsafe_b64encode(json.dumps([of, secret, is_key]).encode()).decode()
    is_secure = is_tls(gateway_of(request))
    path = "/access/shown"
    answer.set_cookie(SHOWN, packed, SHOWN_SECONDS, path=path, secure=is_secure, httponly=True, samesite="strict")
    return answer


async def _known(
    request: Request, operation: Callable[..., Any], principal: Principal, form: Form, field: str, *more: str
) -> Any:
    """What is not there was never in the page: somebody else was quicker, or the form is not ours."""
    try:
        return await call(request, operation, principal, form.text(field), *more)
    except UnknownAccess:
        raise NotFound("no such name or key; look at the list") from None
