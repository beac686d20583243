"""Known workers: a list of the office is uploaded, checked and kept; and who of them may be a member, for a person to
decide."""

import datetime as dt
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.imports.answers import left_out_of
from agents.web.coverage import known_list
from agents.web.gate import Signed, call, gateway_of
from agents.web.imports import refusal_of
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import Form, faults_of, form_of
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.sheets import MOST_BYTES, MOST_SHOWN, packed, unpacked
from agents.web.pages.uploads import FileFault, uploaded_form
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.explain import Language
from pipeline.explain.sheets import cell_fault
from pipeline.operations.known_workers import (
    KNOWN_COLUMNS,
    KnownReport,
    decide_known_match,
    import_known,
    list_known_matches,
)
from pipeline.sheets.cells import SheetRefused
from schemas.clock import JAKARTA

_MATCHES: Final = "/known/matches"
_VERDICTS: Final = ("same", "other")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/known")
async def see_list(request: Request, principal: Signed, asked: str = "", kept: int | None = None) -> Response:
    """`asked`: a list that was uploaded. `kept`: how many of the one that was just kept were not known before."""
    grant_of(principal, import_known.__name__)
    language, form = page_language(request), await asked_form(request, principal, asked)
    if form is None:
        return _page(request, principal, {"listed_on": _today(request).isoformat()}, kept=kept)
    if form.faults:
        return _page(request, principal, form.given, 422, faults=form.faults)
    found = await _known(request, principal, form, keep=False)
    return _page(request, principal, form.given, found=found, rows=_rows(found, language), asked=asked)


@router.post("/known")
async def take_list(request: Request, principal: Signed) -> Response:
    """`action`: check, keep. `asked`: the list that was uploaded before."""
    grant_of(principal, import_known.__name__)
    said = texts(page_language(request))["sheets"]
    try:
        async with uploaded_form(request, 2 * MOST_BYTES) as (form, files):
            data = await files[0].read() if files else b""
    except FileFault:
        return await led(request, principal, Form({}, {}, {"file": said["too_large"]}), "/known")
    before = await asked_form(request, principal, form.text("asked"))
    day = form.text("listed_on") if before is None else before.text("listed_on")
    sheet = packed(data) if before is None else before.text("sheet")
    asked = Form({"listed_on": day, "sheet": sheet}, {"listed_on": [day]})
    if not sheet or len(data) > MOST_BYTES or (before is None and not data):
        asked.faults["file"] = said["too_large" if data else "gone" if form.text("asked") else "no_file"]
        return await led(request, principal, asked, "/known")
    try:
        found = await _known(request, principal, asked, keep=form.text("action") == "keep")
    except _Fault as fault:
        asked.faults[fault.field] = str(fault)
        return await led(request, principal, asked, "/known")
    if found.new is not None:
        return RedirectResponse(f"/known?kept={found.new}", 303)
    asked.lists["sheet"] = [sheet]
    return await led(request, principal, asked, "/known")


class _Fault(Exception):
    """What is wrong with one field of the form."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


async def _known(request: Request, principal: Principal, form: Form, *, keep: bool) -> KnownReport:
    """Raises _Fault."""
    language = page_language(request)
    try:
        day = dt.date.fromisoformat(form.text("listed_on"))
    except ValueError:
        raise _Fault("listed_on", texts(language)["law"]["which_day"]) from None
    try:
        return await known_list(request, principal, unpacked(form.text("sheet")), day, keep=keep)
    except SheetRefused as refused:
        raise _Fault("file", refusal_of(refused, language).errors[0].message) from None
    except Poison as poison:
        [(field, said), *_] = faults_of(poison, {"listed_on": "listed_on"}, language, "listed_on").items()
        raise _Fault(field, said) from None


@router.get(_MATCHES)
async def see_matches(request: Request, principal: Signed, after: str = "", said: str = "") -> Response:
    found = await call(request, list_known_matches, principal, after=after[:100])
    return page(request, "known_matches.html", principal, found=found, is_decided=said == "decided")


@router.post(_MATCHES)
async def decide(request: Request, principal: Signed) -> Response:
    grant_of(principal, decide_known_match.__name__)
    form = await form_of(request)
    verdict = form.text("verdict")
    if verdict not in _VERDICTS:
        raise ProblemError("NOT_FOUND")
    known_id, number = form.text("known_id"), form.text("member_number")
    asked: dict[str, Any] = {"known_id": known_id, "member_number": number, "verdict": verdict}
    await call(request, decide_known_match, principal, **asked)
    return RedirectResponse(f"{_MATCHES}?said=decided", 303)


def _page(request: Request, principal: Principal, given: dict[str, str], status: int = 200, **values: Any) -> Response:
    known: dict[str, Any] = {"faults": {}, "found": None, "rows": [], "asked": "", "kept": None, "most": MOST_SHOWN}

    def left_out(found: KnownReport) -> list[str]:
        return list(left_out_of({"skipped": found.skipped, "unread": found.unread}, page_language(request)))

    return page(request, "known.html", principal, status, given=given, left_out=left_out, **(known | values))


def _rows(found: KnownReport, language: Language) -> list[tuple[str, str, str]]:
    """Place, title of the column, and what to do, of each fault."""
    titles = {one.name: one.titled(language) for one in KNOWN_COLUMNS}
    return [(one.place, titles[one.column], cell_fault(one.code, one.facts, language)) for one in found.faults]


def _today(request: Request) -> dt.date:
    return gateway_of(request).front.now().astimezone(JAKARTA).date()
