"""Access: who may act and how each gets in; added, disabled, with keys and links; and the log of it."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.forms import Form, form_of
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.principals import KINDS, BadPrincipal, Principal
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

DONE: Final = ("added", "disabled", "revoked")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/access")
async def access(request: Request, principal: Signed, done: str = "") -> Response:
    return await _list(request, principal, done=done if done in DONE else "")


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
        fault = str(bad) if page_language(request) == "en" else t["bad_principal"]
        return await _list(request, principal, faults={"who": fault}, given=form.given)
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
    """The key is in this answer and nowhere else."""
    form = await form_of(request)
    _, token = await _known(request, make_access_key, principal, form, "name", form.text("label"))
    return page(request, "access_shown.html", principal, of=form.text("name"), shown=token, is_key=True)


@router.post("/access/link")
async def link(request: Request, principal: Signed) -> Response:
    form = await form_of(request)
    token = await _known(request, make_access_link, principal, form, "name")
    own = gateway_of(request).web_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    return page(
        request, "access_shown.html", principal, of=form.text("name"), shown=f"{own}/link/{token}", is_key=False
    )


async def _known(
    request: Request, operation: Callable[..., Any], principal: Principal, form: Form, field: str, *more: str
) -> Any:
    """What is not there was never in the page: somebody else was quicker, or the form is not ours."""
    try:
        return await call(request, operation, principal, form.text(field), *more)
    except UnknownAccess:
        raise NotFound("no such name or key; look at the list") from None


async def _list(
    request: Request,
    principal: Principal,
    *,
    done: str = "",
    faults: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    found = await call(request, list_access, principal)
    return page(
        request,
        "access.html",
        principal,
        422 if faults else 200,
        found=found,
        kinds=KINDS,
        own=principal.person or principal.name,
        done=done,
        faults=faults or {},
        given=given or {},
    )
