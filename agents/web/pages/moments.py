"""As known on: a claim at each of its moments beside now, a member then and now; and what is kept about a person.

The slider is an input of a form: it works without a script, and so does a link to each moment.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.gate import Signed, call
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import faults_of, form_of
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES, grant_of
from pipeline.errors import Poison
from pipeline.operations.known import Compared, read_known, read_member_known
from pipeline.operations.personal_data import read_kept
from pipeline.queries.pages import NotFound
from schemas.clock import moment_written

MOST_DIGITS: Final = 6  # of the number of a moment
MOST_READINGS: Final = 50

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/claims/{claim}/known")
async def claim_known(
    request: Request, principal: Signed, claim: str, moment: str = "", known_on: str = ""
) -> Response:
    """`moment`: its number, 1 for the oldest; none, and no `known_on`: the newest."""
    grant_of(principal, "read_known")
    chosen: dict[str, Any] = {}
    if moment.isascii() and moment.isdecimal() and len(moment) <= MOST_DIGITS:
        chosen["moment"] = int(moment)
    elif known_on:
        try:
            chosen["known_on"] = moment_written(known_on)
        except ValueError:
            raise NotFound("this is no time; choose one of the claim's moments") from None
    try:
        found = await call(request, read_known, principal, claim, language=page_language(request), **chosen)
    except Poison:
        raise NotFound("this time has not come; choose one of the claim's moments") from None
    place = sum(one <= found.known_on for one in found.moments)
    return page(
        request,
        "moments.html",
        principal,
        claim=claim,
        found=found,
        place=place,
        parts=parts_of(found.rows),
        may_trail=principal.kind in ROLES["read_trail"],
        may_file=principal.kind in ROLES["read_case"],
    )


@router.post("/cover/known")
async def ask_member(request: Request, principal: Signed) -> Response:
    """By POST, for a NIK never stands in an address."""
    grant_of(principal, "read_member_known")
    return await led(request, principal, await form_of(request), "/cover/known")


@router.get("/cover/known")
async def member_known(request: Request, principal: Signed, asked: str = "") -> Response:
    grant_of(principal, "read_member_known")
    form, language = await asked_form(request, principal, asked), page_language(request)
    if form is None:
        return _member(request, principal, given={})
    faults: dict[str, str] = {}
    day, known_on = None, None
    try:
        day = dt.date.fromisoformat(form.text("day"))
    except ValueError:
        faults["day"] = texts(language)["moments"]["which_day"]
    try:
        known_on = moment_written(form.text("known_on"))
    except ValueError:
        faults["known_on"] = texts(language)["moments"]["which_time"]
    if faults or day is None or known_on is None:
        return _member(request, principal, given=form.given, faults=faults)
    try:
        found = await call(request, read_member_known, principal, form.text("member").upper(), day, known_on, language)
    except Poison as poison:
        return _member(request, principal, given=form.given, faults=faults_of(poison, {}, language, "member"))
    except NotFound:
        return _member(request, principal, given=form.given, faults={"member": texts(language)["moments"]["nobody"]})
    members = [(one, parts_of(one.rows)) for one in found]
    return _member(request, principal, given=form.given, found=members)


@router.post("/person")
async def ask_person(request: Request, principal: Signed) -> Response:
    grant_of(principal, "read_kept")
    return await led(request, principal, await form_of(request), "/person")


@router.get("/person")
async def person_kept(request: Request, principal: Signed, asked: str = "") -> Response:
    """Each look is put on record, one by reload or *back* too."""
    grant_of(principal, "read_kept")
    form, language = await asked_form(request, principal, asked), page_language(request)
    if form is None:
        return _person(request, principal, given={})
    try:
        member = form.text("member").upper()
        name = " ".join(form.text("name").split()) or None
        found = await call(request, read_kept, principal, member, form.text("reason"), language, name)
    except Poison as poison:
        faults = faults_of(poison, {}, language, "member")
        if "name" in faults:
            faults["name"] = texts(language)["person"]["which_name"]
        if "reason" in faults:
            faults["reason"] = texts(language)["audit"]["which_reason"]
        return _person(request, principal, given=form.given, faults=faults)
    return _person(request, principal, given={}, found=found)


def parts_of(rows: Sequence[Compared]) -> list[tuple[str, list[Compared]]]:
    """Rows by the part they are of, in their order."""
    return [(title, list(part)) for title, part in groupby(rows, key=lambda one: one.title)]


def _member(
    request: Request,
    principal: Principal,
    *,
    given: dict[str, str],
    faults: dict[str, str] | None = None,
    found: list[Any] | None = None,
) -> Response:
    values = {"given": given, "faults": faults or {}, "found": found or []}
    return page(request, "member_known.html", principal, 422 if faults else 200, **values)


def _person(
    request: Request,
    principal: Principal,
    *,
    given: dict[str, str],
    faults: dict[str, str] | None = None,
    found: Any = None,
) -> Response:
    values = {"given": given, "faults": faults or {}, "found": found, "most": MOST_READINGS}
    return page(request, "person.html", principal, 422 if faults else 200, **values)
