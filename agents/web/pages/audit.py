"""Auditors: find by one text, by POST since it may be personal; a claim's whole history; a person, with a reason."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.gate import Signed, call
from agents.web.pages.forms import form_of
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.operations.audit import PersonView, find, read_person, read_trail
from pipeline.queries.pages import NotFound

MOST_DIGITS = 6  # of a place in a history

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/find")
async def ask(request: Request, principal: Signed) -> Response:
    grant_of(principal, "find")
    return page(request, "find.html", principal, given={}, faults={}, found=None)


@router.post("/find")
async def answer(request: Request, principal: Signed) -> Response:
    form = await form_of(request)
    faults, found = dict[str, str](), None
    try:
        found = await call(request, find, principal, form.text("text"))
    except Poison:
        faults["text"] = texts(page_language(request))["audit"]["which_text"]
    return page(request, "find.html", principal, 422 if faults else 200, given=form.given, faults=faults, found=found)


@router.get("/trail/{claim}")
async def trail(request: Request, principal: Signed, claim: str, before: str = "") -> Response:
    if before and not (before.isascii() and before.isdecimal() and len(before) <= MOST_DIGITS):
        raise NotFound("this is no place in the history; begin it anew")
    return await _trail(request, principal, claim, before=int(before) if before else None)


@router.post("/trail/{claim}/person")
async def person(request: Request, principal: Signed, claim: str) -> Response:
    """In this answer alone: it is in no address, and a browser keeps it nowhere."""
    form, language = await form_of(request), page_language(request)
    try:
        found = await call(request, read_person, principal, claim, form.text("reason"), language)
    except Poison:
        faults = {"reason": texts(language)["audit"]["which_reason"]}
        return await _trail(request, principal, claim, faults=faults, given=form.given)
    return await _trail(request, principal, claim, shown=found)


async def _trail(
    request: Request,
    principal: Principal,
    claim: str,
    *,
    before: int | None = None,
    shown: PersonView | None = None,
    faults: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    found = await call(request, read_trail, principal, claim, page_language(request), before=before)
    return page(
        request,
        "trail.html",
        principal,
        422 if faults else 200,
        claim=claim,
        found=found,
        shown=shown,
        faults=faults or {},
        given=given or {},
    )
