"""Auditors: find by one text, by POST since it may be personal; a claim's whole history; a person, with a reason."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.dossier_routes import dossier_answer
from agents.web.gate import Signed, call
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import form_of
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.operations.audit import PersonView, TrailEntry, find, read_person, read_trail
from pipeline.queries.pages import NotFound
from schemas.clock import JAKARTA

MOST_DIGITS = 6  # of a place in a history

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.post("/find")
async def ask(request: Request, principal: Signed) -> Response:
    grant_of(principal, "find")
    return await led(request, principal, await form_of(request), "/find")


@router.get("/find")
async def answer(request: Request, principal: Signed, asked: str = "") -> Response:
    grant_of(principal, "find")
    form, faults, found = await asked_form(request, principal), dict[str, str](), None
    if form is None:
        return page(request, "find.html", principal, given={}, faults={}, found=None)
    try:
        found = await call(request, find, principal, form.text("text"))
    except Poison:
        faults["text"] = texts(page_language(request))["audit"]["which_text"]
    return page(request, "find.html", principal, 422 if faults else 200, given=form.given, faults=faults, found=found)


@router.get("/trail/{claim}")
async def trail(request: Request, principal: Signed, claim: str, before: str = "", asked: str = "") -> Response:
    """`asked`: the reason for which the person is shown, each time anew and each time put on record."""
    grant_of(principal, "read_trail")
    if before and not (before.isascii() and before.isdecimal() and len(before) <= MOST_DIGITS):
        raise NotFound("this is no place in the history; begin it anew")
    place, language = int(before) if before else None, page_language(request)
    form = await asked_form(request, principal)
    if form is None:
        return await _trail(request, principal, claim, before=place)
    if form.faults:
        return await _trail(request, principal, claim, faults=form.faults, given=form.given)
    try:
        found = await call(request, read_person, principal, claim, form.text("reason"), language)
    except Poison:
        faults = {"reason": texts(language)["audit"]["which_reason"]}
        return await _trail(request, principal, claim, faults=faults, given=form.given)
    return await _trail(request, principal, claim, shown=found)


@router.get("/trail/{claim}/dossier")
async def masked_dossier(request: Request, principal: Signed, claim: str) -> Response:
    return await dossier_answer(request, principal, claim, None)


@router.post("/trail/{claim}/dossier")
async def full_dossier(request: Request, principal: Signed, claim: str) -> Response:
    form, language = await form_of(request), page_language(request)
    try:
        return await dossier_answer(request, principal, claim, form.text("dossier_reason"))
    except Poison:
        form.faults["dossier_reason"] = texts(language)["audit"]["which_reason"]
        return await led(request, principal, form, f"/trail/{quote(claim, safe='')}")


@router.post("/trail/{claim}/person")
async def person(request: Request, principal: Signed, claim: str) -> Response:
    grant_of(principal, "read_person")
    return await led(request, principal, await form_of(request), f"/trail/{quote(claim, safe='')}")


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
        days=_days(found.rows),
        shown=shown,
        faults=faults or {},
        given=given or {},
    )


Part = tuple[bool, list[TrailEntry]]  # whether they are records of access, which are folded


def _days(rows: Sequence[TrailEntry]) -> list[tuple[dt.date, list[Part]]]:
    """Entries by day, the newest first."""
    found = []
    for day, entries in groupby(rows, key=lambda one: one.at.astimezone(JAKARTA).date()):
        parts = groupby(entries, key=lambda one: one.kind == "audited")
        found.append((day, [(is_folded, list(part)) for is_folded, part in parts]))
    return found
