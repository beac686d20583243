"""The frame of every page: language, menu, texts, and the headers that keep a browser from anything but our own files.

A page works without a script; nothing is loaded from elsewhere. Texts are in `texts/<language>.yaml`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.web.problems import Problem
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.explain import Language, day, line_name, outcome_name, paper_name, payee_name, program_name, rupiah
from pipeline.explain.figures import moment
from schemas.clock import JAKARTA
from schemas.values import source_kind, source_who

ROOM: Final = Path(__file__).parent
COOKIE: Final = "language"
YEAR_SECONDS: Final = 31_536_000
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


class Entry(NamedTuple):
    """One entry of the menu. `operation`: whoever may do it sees the entry."""

    path: str
    name: str
    operation: str


MENU: Final = (
    Entry("/tasks", "work", "list_work"),
    Entry("/cover", "cover", "check_cover"),
    Entry("/report/accident", "report_accident", "report_accident"),
    Entry("/report/death", "report_death", "report_death"),
    Entry("/members", "members", "import_members"),
    Entry("/coverage", "coverage", "read_coverage"),
    Entry("/calls", "calls", "list_calls"),
    Entry("/claims", "claims", "list_claims"),
    Entry("/state", "state", "read_state"),
    Entry("/access", "access", "list_access"),
    Entry("/find", "find", "find"),
    Entry("/state/refused", "refused", "list_refused"),
    Entry("/law", "law", "read_law"),
)


@cache
def texts(language: Language) -> Mapping[str, Any]:
    """All texts of the pages in one language."""
    found: Mapping[str, Any] = yaml.safe_load((ROOM / "texts" / f"{language}.yaml").read_bytes())
    return found


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(ROOM / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def page_language(request: Request) -> Language:
    """As chosen by the switch, else Indonesian: clerks do not set their browsers."""
    return "en" if request.cookies.get(COOKIE) == "en" else "id"


def menu_of(principal: Principal) -> list[Entry]:
    return [one for one in MENU if principal.kind in ROLES[one.operation]]


def page(request: Request, name: str, principal: Principal | None, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page. `principal`: who is signed in."""
    language = page_language(request)
    known = {
        "lang": language,
        "other": "en" if language == "id" else "id",
        "t": texts(language),
        "here": quote(request.url.path),
        "menu": menu_of(principal) if principal is not None else [],
        "principal": principal,
        "path": request.url.path,
        "current": max((one.path for one in MENU if request.url.path.startswith(one.path)), key=len, default=""),
        **_words(language),
    }
    text = _environment().get_template(name).render(known | values)
    headers = {"Content-Language": language, "Vary": "Cookie"}
    return HTMLResponse(text, status, headers=headers)


def _words(language: Language) -> dict[str, Any]:
    """What templates say figures and codes with."""
    names: dict[str, Callable[..., str]] = {
        "rupiah": rupiah,
        "day": day,
        "line_name": line_name,
        "outcome_name": outcome_name,
        "paper_name": paper_name,
        "payee_name": payee_name,
        "program_name": program_name,
        "when": _when,
        "who": _who,
    }
    return {name: partial(say, language=language) for name, say in names.items()}


def _when(at: dt.datetime, language: Language) -> str:
    return moment(at.astimezone(JAKARTA).isoformat(timespec="minutes"), language)


def _who(source: str, language: Language) -> str:
    """`urn:santunan:clinic:plkk-0012` -> `Klinik plkk-0012`."""
    return f"{texts(language)['kinds'][source_kind(source)]} {source_who(source)}"


def refused(request: Request, problem: Problem) -> Response:
    """A refusal as a page; who is not signed in goes to the door, and comes back to where he wanted to go."""
    language = page_language(request)
    if problem.status == 401:
        back = quote(request.url.path) if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?back={back}", 303)
    document = problem.document(language)
    said = {"title": document["title"], "detail": document["detail"]}
    answer = page(request, "refused.html", None, problem.status, here="/", **said)
    answer.headers.update({name: value for name, value in problem.headers.items() if name == "Retry-After"})
    return answer


def is_own_path(path: str) -> bool:
    """Whether a browser that is sent there stays with us."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def switched(to: str, back: str) -> Response:
    """The same page in the other language. Only a path of our own is gone back to."""
    answer = RedirectResponse(back if is_own_path(back) else "/", 303)
    if to in ("id", "en"):
        answer.set_cookie(COOKIE, to, max_age=YEAR_SECONDS, httponly=True, samesite="lax")
    return answer
