"""Home, the switch of language, our own files, and cover: is this worker covered on this day."""

import datetime as dt
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.forms import faults_of, form_of
from agents.web.pages.frame import ROOM, menu_of, page, page_language, switched, texts
from agents.web.problems import ProblemError
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.operations.cover import check_cover
from pipeline.operations.cover_question import cover_faults
from pipeline.queries.pages import NotFound
from schemas.clock import JAKARTA

_FILES: Final = {"console.css": "text/css"}

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/")
async def home(request: Request, principal: Signed) -> Response:
    return page(request, "home.html", principal, cards=menu_of(principal))


@router.get("/language")
async def switch(to: str = "id", back: str = "/") -> Response:
    return switched(to, back)


@router.get("/static/{name}")
async def static(name: str) -> Response:
    if name not in _FILES:
        raise ProblemError("NOT_FOUND")
    return FileResponse(Path(ROOM / "static" / name), media_type=_FILES[name])


@router.get("/cover")
async def ask_cover(request: Request, principal: Signed) -> Response:
    grant_of(principal, "check_cover")
    return page(
        request, "cover.html", principal, given={"day": _today(request), "program": "JKK"}, faults={}, found=None
    )


@router.post("/cover")
async def answer_cover(request: Request, principal: Signed) -> Response:
    """Asked by POST, for a NIK never stands in an address."""
    grant_of(principal, "check_cover")
    form, language = await form_of(request), page_language(request)
    faults: dict[str, str] = {}
    found, day = None, None
    try:
        day = dt.date.fromisoformat(form.text("day"))
    except ValueError:
        faults["day"] = texts(language)["cover"]["which_day"]
    program = form.text("program")
    if program not in ("JKK", "JKM"):
        faults["program"] = texts(language)["cover"]["which_program"]
    member = form.text("member").replace(" ", "").upper()
    wrong = Poison("INVALID", *cover_faults(gateway_of(request).front, member, day))
    if wrong.errors:
        faults |= faults_of(wrong, {"member": "member", "day": "day"}, language, "member")
    if not faults:
        try:
            asked: dict[str, Any] = {"member": member, "program": program, "day": day, "language": language}
            found = await call(request, check_cover, principal, **asked)
        except NotFound:
            faults["member"] = texts(language)["cover"]["not_yours"]
    status = 422 if faults else 200
    return page(request, "cover.html", principal, status, given=form.given, faults=faults, found=found)


def _today(request: Request) -> str:
    return gateway_of(request).front.now().astimezone(JAKARTA).date().isoformat()
