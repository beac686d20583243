"""The door: signing in and out, setting up the second factor, and links for one use."""

from functools import partial
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import (
    Signed,
    address_of,
    gateway_of,
    in_thread,
    require_own_site,
    session_token,
    too_many,
)
from agents.web.identity_provider import DOOR
from agents.web.pages.forms import Form, form_of, said_on_page
from agents.web.pages.frame import is_own_path, page, page_language, texts
from agents.web.pages.resume import resumed
from agents.web.session import ended, forget_session, hashed, set_session, used_link
from pipeline.credentials import MOST_LETTERS
from pipeline.errors import Poison
from pipeline.operations import sign_in as operations
from pipeline.operations.sign_in import Enrolment, LinkUsed, SignInRefused, find_link
from pipeline.store.link_book import FIRST, Link

MOST_NAME_LETTERS: Final = 100
_CODE_DIGITS: Final = 6

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/sign-in")
async def door(request: Request, back: str = "/") -> Response:
    return _door(request, Form({"back": back}, {}))


@router.post("/sign-in")
async def enter(request: Request) -> Response:
    """With name and password, and a code where there is a second factor; who needs one and lacks it sets it up."""
    require_own_site(request, is_lenient=True)
    form, t = await form_of(request), texts(page_language(request))["entry"]
    name, password, code = form.text("name"), form.given.get("password", ""), form.text("code").replace(" ", "")
    if not name or not password or len(name) > MOST_NAME_LETTERS or len(password) > MOST_LETTERS:
        return _door(request, Form(form.given, {}, {"name": t["incomplete"]}))
    if code and not (code.isdecimal() and len(code) == _CODE_DIGITS):
        return _door(request, Form(form.given, {}, {"code": t["six_digits"]}))
    given = partial(operations.sign_in, name=name, password=password, code=code or None)
    try:
        found = await hashed(request, partial(given, replaces=session_token(request)))
    except SignInRefused as refused:
        if refused.reason == "ENROLMENT_NEEDED":
            enrolment = await hashed(request, partial(operations.enrol, name=name, password=password))
            return _door(request, Form(form.given, {}), enrolment=enrolment)
        field = "code" if refused.reason in ("CODE_NEEDED", "CODE_REFUSED") else "name"
        return _door(request, Form(form.given, {}, {field: t[refused.reason.lower()]}))
    back = form.text("back")
    resume = await resumed(request, form, found.principal, found.token)
    answer = resume or RedirectResponse(back if is_own_path(back) else "/", 303)
    set_session(gateway_of(request), answer, found.token)
    return answer


@router.post("/sign-out")
async def leave(request: Request, principal: Signed) -> Response:
    """The session ends here. The one at the identity provider a person ends by a link: our policy lets no form lead
    there, and who shares a computer must see that it is still open."""
    _, elsewhere = await ended(request, principal)
    if elsewhere is None:
        answer: Response = RedirectResponse(DOOR, 303)
    else:
        answer = page(request, "signed_out.html", None, elsewhere=elsewhere, here=DOOR)
    forget_session(gateway_of(request), answer)
    return answer


@router.get("/link/{token}")
async def see_link(request: Request, token: str) -> Response:
    """The form; opening it uses nothing."""
    try:
        return _link(request, token, await _found(request, token), {})
    except SignInRefused as refused:
        return _gone(request, refused)


@router.post("/link/{token}")
async def follow_link(request: Request, token: str) -> Response:
    """Uses the link, unless name or password cannot be taken."""
    require_own_site(request, is_lenient=True)
    form, language = await form_of(request), page_language(request)
    password = form.given.get("password")
    try:
        link = await _found(request, token)
        if password != form.given.get("repeated"):
            return _link(request, token, link, {"password": texts(language)["entry"]["differ"]}, form)
        used = await used_link(request, token, form.text("name") or None, password)
    except SignInRefused as refused:
        return _gone(request, refused)
    except Poison as poison:
        said = {one.field: said_on_page(one.message, language) for one in poison.errors}
        return _link(request, token, link, said, form)
    return _used(request, used)


async def _found(request: Request, token: str) -> Link:
    """Raises SignInRefused; ProblemError (RATE)."""
    gateway = gateway_of(request)
    if wait := gateway.addresses.take(address_of(request)):
        raise too_many(wait)
    return await in_thread(gateway, partial(find_link, gateway.links, gateway.front.now(), token))


def _used(request: Request, used: LinkUsed) -> Response:
    if used.token is not None:  # of the demo: it is a door, too
        answer = RedirectResponse("/", 303)
        set_session(gateway_of(request), answer, used.token)
        return answer
    name = f"{used.principal.kind}:{used.principal.who}"
    return page(request, "link_used.html", None, named=name, enrolment=used.enrolment)


def _door(request: Request, form: Form, *, enrolment: Enrolment | None = None) -> Response:
    given: dict[str, Any] = {"back": "/", **form.given}
    return page(
        request,
        "sign_in.html",
        None,
        422 if form.faults else 200,
        given=given,
        faults=form.faults,
        enrolment=enrolment,
        has_provider=gateway_of(request).provider is not None,
    )


def _link(request: Request, token: str, link: Link, faults: dict[str, str], form: Form | None = None) -> Response:
    purpose = "first" if link.purpose == FIRST else link.purpose
    name = f"{link.principal.kind}:{link.principal.who}" if link.principal is not None else ""
    return page(
        request,
        "link.html",
        None,
        422 if faults else 200,
        token=quote(token, safe=""),
        purpose=purpose,
        named=name,
        given={"name": form.text("name")} if form is not None else {},
        faults=faults,
    )


def _gone(request: Request, refused: SignInRefused) -> Response:
    """Repeats nothing of the link, no address either."""
    why, is_demo = (refused.link.why, refused.link.is_demo) if refused.link is not None else ("wrong", False)
    return page(request, "link_gone.html", None, 410, here="/", why=why, is_demo=is_demo)
