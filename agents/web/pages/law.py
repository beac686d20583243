"""The law: each number on a day, through time as a step chart, where it is used, and what changed between two days."""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import faults_of, form_of
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.law_chart import chart_of
from agents.web.pages.report_steps import whole_number
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES, grant_of
from pipeline.errors import Poison
from pipeline.explain import Language, short
from pipeline.explain.law import is_table, law_table, parameter_title, written_value
from pipeline.explain.texts import text
from pipeline.explain.words import law_text
from pipeline.law.uses import USES
from pipeline.operations.law import Dated, compare_law, read_law, read_parameter
from pipeline.operations.law_trial import Impact, TooLarge, try_number
from schemas.clock import JAKARTA
from schemas.codes import MARKERS, REASONS

MOST_ROWS: Final = 40  # of a table that is shown whole; a longer one is folded
MOST_CHANGES: Final = 50  # claims of a trial that are named

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/law")
async def law(request: Request, principal: Signed, day: str = "", q: str = "") -> Response:
    """`q`: only the numbers in whose title or source these words are."""
    language, faults = page_language(request), dict[str, str]()
    found: tuple[Dated, ...] = ()
    on = _day(day or _today(request))
    if on is None:
        faults["day"] = texts(language)["law"]["which_day"]
    else:
        try:
            found = await call(request, read_law, principal, day=on)
        except Poison as poison:
            faults = faults_of(poison, {"day": "day"}, language, "day")
    given = {"day": day or _today(request), "q": q}
    return page(
        request,
        "law.html",
        principal,
        422 if faults else 200,
        given=given,
        faults=faults,
        found=found,
        groups=_groups([one for one in found if _has_words(one, q, language)], language),
        **_says(language),
    )


def _groups(found: Sequence[Dated], language: Language) -> list[tuple[str, str, list[Dated]]]:
    """(id, title, numbers) by what a number is used for first; last those that no decision depends on."""
    t, groups = texts(language), dict[str, list[Dated]]()
    for one in found:
        groups.setdefault(USES[one.name].areas[0] if one.name in USES else "", []).append(one)
    titles = {area: t["areas"][area] for area in t["areas"]} | {"": t["law"]["unused"]}
    return [(area or "unused", titles[area], groups[area]) for area in titles if area in groups]


def _has_words(one: Dated, q: str, language: Language) -> bool:
    said = f"{parameter_title(one.name, language)} {law_text(one.reference, one.marker, language)}".casefold()
    return all(word in said for word in q.casefold().split())


@router.get("/law/compare")
async def compare(request: Request, principal: Signed, first: str = "", second: str = "") -> Response:
    language, faults = page_language(request), dict[str, str]()
    given = {"first": first, "second": second or _today(request)}
    days = {name: _day(written) for name, written in given.items()}
    found = None
    if "first" in request.query_params:
        faults = {name: texts(language)["law"]["which_day"] for name, day in days.items() if day is None}
        if not faults:
            try:
                found = await call(request, compare_law, principal, **days)  # type: ignore[arg-type]
            except Poison as poison:
                faults = faults_of(poison, {name: name for name in days}, language, "first")
    status = 422 if faults else 200
    return page(
        request, "law_compare.html", principal, status, given=given, faults=faults, found=found, **_says(language)
    )


@router.post("/law/{name}/try")
async def try_out(request: Request, principal: Signed, name: str) -> Response:
    """By POST, for it costs some seconds: no link of another site shall begin it."""
    grant_of(principal, "try_number")
    return await led(request, principal, await form_of(request), f"/law/{quote(name, safe='')}")


@router.get("/law/{name}")
async def parameter(request: Request, principal: Signed, name: str, asked: str = "") -> Response:
    """`asked`: what another number would have done to stored claims. It changes nothing."""
    form, language = await asked_form(request, principal), page_language(request)
    if form is None:
        return await _parameter(request, principal, name, given={}, faults={})
    t = texts(language)["law"]
    since, written = _day(form.text("since")), form.text("written")
    found, faults = None, dict[str, str]()
    if since is None:
        faults["since"] = t["which_since"]
    if not written:
        faults["written"] = t["which_written"]
    if since is not None and written:
        whole = whole_number(written)
        wanted: dict[str, Any] = {"since": since, "written": written.replace(",", ".") if whole is None else str(whole)}
        try:
            found = await call(request, try_number, principal, name=name, **wanted)
        except Poison:
            faults["written"] = t["which_written"]
        except TooLarge:
            faults["written"] = t["too_large"]
    return await _parameter(request, principal, name, given=form.given, faults=faults, tried=found)


async def _parameter(
    request: Request,
    principal: Principal,
    name: str,
    *,
    given: dict[str, str],
    faults: dict[str, str],
    tried: Impact | None = None,
) -> Response:
    found = await call(request, read_parameter, principal, name)
    language = page_language(request)
    today = gateway_of(request).front.now().astimezone(JAKARTA).date()
    chart = chart_of(found.values, today, language)
    last = found.values[-1]
    return page(
        request,
        "law_parameter.html",
        principal,
        422 if faults else 200,
        named=name,
        found=found.values,
        use=found.use,
        row_of={code: row for row, codes in REASONS.items() for code in codes},
        chart=chart,
        in_force=max((one.since for one in found.values if one.since <= today), default=None),
        may_try=principal.kind in ROLES["try_number"] and isinstance(last.value, int | str) and last.unit != "text",
        may_see_file=principal.kind in ROLES["read_case"],
        given={"since": last.since.isoformat(), "written": "", **given},
        faults=faults,
        tried=tried,
        most_changes=MOST_CHANGES,
        short=lambda code: short(code, language),
        **_says(language),
    )


def _says(language: Language) -> dict[str, Any]:
    return {
        "title_of": partial(parameter_title, language=language),
        "written": partial(written_value, language=language),
        "table_of": lambda one: law_table(one.value, one.unit, language),
        "lines_of": partial(_lines, language=language),
        "is_table": is_table,
        "law_of": lambda one: law_text(one.reference, one.marker, language),
        "markers": {
            marker: (text(language, "words", "marker", marker), text(language, "words", "marker_meaning", marker))
            for marker in MARKERS
        },
        "most_rows": MOST_ROWS,
    }


def _lines(value: Any, unit: str, language: Language) -> list[str]:
    """A table, a line each row, to be compared with another one."""
    table = law_table(value, unit, language)
    if not table.headings:
        return [": ".join(row) for row in table.rows]
    return [
        ", ".join(f"{heading} {cell}".strip() for heading, cell in zip(table.headings, row, strict=True) if cell)
        for row in table.rows
    ]


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None


def _today(request: Request) -> str:
    return gateway_of(request).front.now().astimezone(JAKARTA).date().isoformat()
