"""Home, the switch of language, our own files, and cover: is this worker covered on this day."""

import datetime as dt
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.asked import asked_form, led
from agents.web.pages.drafts import drafts_of
from agents.web.pages.forms import faults_of, form_of
from agents.web.pages.frame import ROOM, menu_of, page, page_language, switched, texts
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES, grant_of
from pipeline.errors import Poison
from pipeline.operations.cover import check_cover
from pipeline.operations.cover_question import cover_faults
from pipeline.operations.reading import list_claims
from pipeline.operations.work import list_work
from pipeline.queries.pages import NotFound
from schemas.clock import JAKARTA


class Task(NamedTuple):
    """Something that waits for the person. `name`: its text; `many`: how many, or at least how many, as `100+`."""

    name: str
    path: str
    many: str


_FILES: Final = {"console.css": "text/css"}

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/")
async def home(request: Request, principal: Signed) -> Response:
    """What waits for this person comes first, with how many."""
    return page(request, "home.html", principal, cards=menu_of(principal), tasks=await _tasks(request, principal))


async def _tasks(request: Request, principal: Principal) -> list[Task]:
    """Only what there is of."""
    found: list[Task] = []
    if principal.kind in ROLES["report_accident"] or principal.kind in ROLES["report_death"]:
        begun = sum(one.receipt is None for one in await drafts_of(request, principal))
        found.append(Task("drafts", "/report", str(begun)))
    if principal.kind in ROLES["list_claims"] and principal.kind in ROLES["add_evidence"]:
        waiting = await call(request, list_claims, principal, pending=True)
        missing = sum(bool(row.missing) for row in waiting.rows)
        found.append(Task("missing", "/claims", f"{missing}+" if waiting.more else str(missing)))
    if principal.kind in ROLES["review"]:
        work = await call(request, list_work, principal)
        found.append(Task("work", "/tasks", f"{len(work.rows)}+" if work.more else str(len(work.rows))))
    return [one for one in found if one.many != "0"]


@router.get("/language")
async def switch(to: str = "id", back: str = "/") -> Response:
    return switched(to, back)


@router.get("/static/{name}")
async def static(name: str) -> Response:
    if name not in _FILES:
        raise ProblemError("NOT_FOUND")
    return FileResponse(Path(ROOM / "static" / name), media_type=_FILES[name])


@router.post("/cover")
async def ask_cover(request: Request, principal: Signed) -> Response:
    """Asked by POST, for a NIK never stands in an address."""
    grant_of(principal, "check_cover")
    return await led(request, principal, await form_of(request), "/cover")


@router.get("/cover")
async def answer_cover(request: Request, principal: Signed, asked: str = "") -> Response:
    grant_of(principal, "check_cover")
    form, language = await asked_form(request, principal), page_language(request)
    if form is None:
        given = {"day": _today(request), "program": "JKM" if principal.kind == "desk" else "JKK"}
        return page(request, "cover.html", principal, given=given, faults={}, found=None)
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
            wanted: dict[str, Any] = {"member": member, "program": program, "day": day, "language": language}
            found = await call(request, check_cover, principal, **wanted)
        except NotFound:
            faults["member"] = texts(language)["cover"]["not_yours"]
    status = 422 if faults else 200
    return page(request, "cover.html", principal, status, given=form.given, faults=faults, found=found)


def _today(request: Request) -> str:
    return gateway_of(request).front.now().astimezone(JAKARTA).date().isoformat()
