"""The work queue: the most urgent first, filters that stay in the address; taking, releasing, handing over a claim."""

from collections.abc import Container, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call
from agents.web.pages.forms import form_of
from agents.web.pages.frame import page, page_language
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.errors import Poison
from pipeline.explain import short
from pipeline.explain.questions import ASKED
from pipeline.operations.work import Held, Wanted, count_work, list_work, release_claim, take_claim
from pipeline.queries.pages import NotFound
from pipeline.queries.queue import MOST_COUNTED, WHOSE, WaitingClaim
from schemas.values import source_kind, source_who

ROWS: Final = 50
_PROGRAMS: Final = ("JKK", "JKM")

router = APIRouter(tags=["pages"], include_in_schema=False)


class Filters(NamedTuple):
    """As they stand in an address; what is none of ours is left out."""

    question: str = ""
    program: str = ""
    whose: str = ""
    overdue: str = ""
    back: str = ""

    @property
    def address(self) -> str:
        return urlencode({name: value for name, value in self._asdict().items() if value})

    @property
    def wanted(self) -> Wanted:
        whose: Any = self.whose or None
        return Wanted(self.question or None, self.program or None, whose, bool(self.back), bool(self.overdue))


_KNOWN: Final[Mapping[str, Container[str]]] = {
    "question": ASKED,
    "program": _PROGRAMS,
    "whose": WHOSE,
    "overdue": ("1",),
    "back": ("1",),
}


def filters_of(given: Mapping[str, str]) -> Filters:
    return Filters(*(value if (value := given.get(name, "")) in _KNOWN[name] else "" for name in Filters._fields))


def _left_out(given: Mapping[str, str], filters: Filters) -> list[str]:
    """Names of filters that the address has with a value that is none of ours, which the page must say."""
    return [name for name, value in filters._asdict().items() if given.get(name) and not value]


def filters_in(address: str) -> Filters:
    """Of `list`, by which a claim's page leads back to the list it was opened from."""
    return filters_of(dict(parse_qsl(address)))


def path_of(claim: str, filters: Filters, **more: str) -> str:
    """The claim's page, opened from this list."""
    asked = {**more, "list": filters.address}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/tasks/{quote(claim, safe='')}{'?' * bool(query)}{query}"


@router.get("/tasks")
async def work(request: Request, principal: Signed, after: str | None = None, next: str = "") -> Response:
    """`next`: a claim that is done; leads to the most urgent of the others that nobody else has."""
    filters = filters_of(request.query_params)
    if next:
        return await _next(request, principal, filters, next)
    found = await call(request, list_work, principal, after=after, limit=ROWS, wanted=filters.wanted)
    counts = await call(request, count_work, principal, filters.wanted)
    language = page_language(request)
    return page(
        request,
        "work.html",
        principal,
        found=found,
        counts=counts,
        most=MOST_COUNTED,
        filters=filters,
        left_out=_left_out(request.query_params, filters),
        path_of=path_of,
        questions=list(ASKED),
        short=lambda code: short(code, language),
        may_take=principal.kind in ROLES["take_claim"],
        after=after,
    )


@router.post("/tasks/{claim}/holder")
async def hold(request: Request, principal: Signed, claim: str) -> Response:
    """`do`: take, release, or hand over to `to`. Whoever came second is told who has it, on the claim's page."""
    form = await form_of(request)
    filters, do, to = filters_in(form.text("list")), form.text("do"), form.text("to")
    said = "held"
    try:
        if do == "release":
            await call(request, release_claim, principal, claim)
            said = "released"
        elif do == "hand_over" and not to:
            said = "nobody"
        else:
            await call(request, take_claim, principal, claim, to if do == "hand_over" else None)
            said = "handed" if do == "hand_over" else "taken"
    except Held:
        said = "held"
    except (Poison, NotFound):  # it was decided meanwhile, or is not his any more: the page shows what is
        said = "changed"
    return RedirectResponse(path_of(claim, filters, said=said), 303)


async def _next(request: Request, principal: Principal, filters: Filters, done: str) -> Response:
    found: list[WaitingClaim] = []
    for whose in (filters.whose,) if filters.whose else ("own", "free"):
        wanted = filters._replace(whose=whose).wanted
        found += (await call(request, list_work, principal, limit=2, wanted=wanted)).rows
    left = [one for one in found if one.claim_id != done]
    if not left:
        return RedirectResponse(f"/tasks{'?' * bool(filters.address)}{filters.address}", 303)
    return RedirectResponse(path_of(min(left, key=lambda one: one.cursor).claim_id, filters), 303)


def officer_name(name: str) -> str:
    """`urn:santunan:officer:siti` -> `officer:siti`, as one signs in."""
    return f"{source_kind(name)}:{source_who(name)}"
