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

from agents.web.gate import gateway_of
from agents.web.problems import Problem
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.explain import Language, day, line_name, outcome_name, paper_name, payee_name, program_name, rupiah
from pipeline.explain.figures import filled, grouped, moment, month
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
    Entry("/cover/known", "member_known", "read_member_known"),
    Entry("/report/accident", "report_accident", "report_accident"),
    Entry("/report/death", "report_death", "report_death"),
    Entry("/claim-sheet", "claim_sheet", "import_claims"),
    Entry("/members", "members", "import_members"),
    Entry("/contributions", "contributions", "import_contributions"),
    Entry("/known", "known", "import_known"),
    Entry("/coverage", "coverage", "read_coverage"),
    Entry("/ledger", "ledger", "read_ledger"),
    Entry("/replay", "replay", "read_run"),
    Entry("/statistics", "statistics", "read_statistics"),
    Entry("/protection", "protection", "list_protection"),
    Entry("/signals", "signals", "list_signals"),
    Entry("/calls", "calls", "list_calls"),
    Entry("/claims", "claims", "list_claims"),
    Entry("/state", "state", "read_state"),
    Entry("/access", "access", "list_access"),
    Entry("/find", "find", "find"),
    Entry("/person", "person", "read_kept"),
    Entry("/state/refused", "refused", "list_refused"),
    Entry("/law", "law", "read_law"),
)


@cache
def texts(language: Language) -> Mapping[str, Any]:
    """All texts of the pages in one language."""
    found: Mapping[str, Any] = yaml.safe_load((ROOM / "texts" / f"{language}.yaml").read_bytes())
    return found


@cache
def _environment(language: Language) -> Environment:
    """One a language, since macros of other files see its globals alone."""
    loader = FileSystemLoader(ROOM / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals.update(_words(language))
    return made


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
        "here": quote(f"{request.url.path}{'?' * bool(request.url.query)}{request.url.query}"),
        "is_forgotten": getattr(request.state, "is_forgotten", False),
        "menu": menu_of(principal) if principal is not None else [],
        "principal": principal,
        "path": request.url.path,
        "current": max((one.path for one in MENU if request.url.path.startswith(one.path)), key=len, default=""),
        "due": partial(_due, language=language, today=gateway_of(request).front.now().astimezone(JAKARTA).date()),
    }
    text = _environment(language).get_template(name).render(known | values)
    headers = {"Content-Language": language, "Vary": "Cookie"}
    return HTMLResponse(text, status, headers=headers)


def _words(language: Language) -> dict[str, Any]:
    """What templates say figures and codes with."""
    names: dict[str, Callable[..., str]] = {
        "rupiah": rupiah,
        "grouped": grouped,
        "fill": filled,
        "day": day,
        "line_name": line_name,
        "outcome_name": outcome_name,
        "paper_name": paper_name,
        "payee_name": payee_name,
        "program_name": program_name,
        "month": month,
        "when": _when,
        "who": _who,
    }
    return {name: partial(say, language=language) for name, say in names.items()}


def _when(at: dt.datetime, language: Language) -> str:
    return moment(at.astimezone(JAKARTA).isoformat(timespec="minutes"), language)


def _due(by: dt.date | str, language: Language, today: dt.date) -> str:
    """A last day; of one that has passed, how long ago, in words."""
    by = dt.date.fromisoformat(by) if isinstance(by, str) else by
    written, late = day(by, language), (today - by).days
    return written if late <= 0 else filled(texts(language)["frame"]["passed"], language, count=late, day=written)


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
