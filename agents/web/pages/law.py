"""The law: each number on a day, through time as a step chart with its articles, and what changed between two days."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.forms import faults_of
from agents.web.pages.frame import page, page_language, texts
from pipeline.errors import Poison
from pipeline.explain import Language, rupiah
from pipeline.explain.texts import text
from pipeline.explain.words import law_text
from pipeline.operations.law import Dated, compare_law, read_law, read_parameter
from schemas.clock import JAKARTA

WIDTH: Final = 640
HEIGHT: Final = 160
MOST_ROWS: Final = 40  # of a table that is shown whole; a longer one is folded

router = APIRouter(tags=["pages"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the chart, in pixels, and what it says."""

    x: int
    width: int
    y: int
    said: str


@router.get("/law")
async def law(request: Request, principal: Signed, day: str = "") -> Response:
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
    given = {"day": day or _today(request)}
    return page(
        request,
        "law.html",
        principal,
        422 if faults else 200,
        given=given,
        faults=faults,
        found=found,
        **_says(language),
    )


@router.get("/law/compare")
async def compare(request: Request, principal: Signed, first: str = "", second: str = "") -> Response:
    language, faults = page_language(request), dict[str, str]()
    given = {"first": first, "second": second or _today(request)}
    days = {name: _day(written) for name, written in given.items()}
    found = None
    if first:
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


@router.get("/law/{name}")
async def parameter(request: Request, principal: Signed, name: str) -> Response:
    found = await call(request, read_parameter, principal, name)
    language = page_language(request)
    until = gateway_of(request).front.now().date()
    steps = _steps(found, until, language)
    return page(request, "law_parameter.html", principal, named=name, found=found, steps=steps, **_says(language))


def _steps(found: tuple[Dated, ...], until: dt.date, language: Language) -> list[Step]:
    """Of a plain number; of a table there is none."""
    known = [one for one in found if isinstance(one.value, int) and not isinstance(one.value, bool)]
    if len(known) != len(found) or len(found) < 2:
        return []
    first, most = found[0].since, max(one.value for one in found) or 1
    days = max((until - first).days, 1)
    ends = [*(one.since for one in found[1:]), until]
    steps = []
    for one, end in zip(found, ends, strict=True):
        begin = min((one.since - first).days, days)
        width = max(min((end - first).days, days) - begin, 0)
        steps.append(
            Step(
                begin * WIDTH // days,
                max(width * WIDTH // days, 2),
                HEIGHT - one.value * (HEIGHT - 20) // most,
                _written(one.value, one.unit, language),
            )
        )
    return steps


def _says(language: Language) -> dict[str, Any]:
    return {
        "title_of": lambda name: text(language, "law", "parameters", name),
        "written": partial(_written, language=language),
        "rows_of": _rows,
        "law_of": lambda one: law_text(one.reference, one.marker, language),
        "size": (WIDTH, HEIGHT),
        "most_rows": MOST_ROWS,
    }


def _written(value: Any, unit: str, language: Language) -> str:
    """A plain value with its unit."""
    if value is None:
        return str(texts(language)["law"]["absent"])
    if unit == "rupiah" and isinstance(value, int):
        return rupiah(value, language)
    named = "" if unit == "text" else f" {text(language, 'law', 'units', unit)}"
    return f"{value}{named}"


def _rows(value: Any) -> list[str] | None:
    """The rows of a table, as its file has them; None: it is a plain value."""
    if isinstance(value, Mapping):
        return [f"{key}: {_inline(one)}" for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [_inline(one) for one in value]
    return None


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_inline(one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return " ".join(_inline(one) for one in value)
    return str(value)


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None


def _today(request: Request) -> str:
    return gateway_of(request).front.now().astimezone(JAKARTA).date().isoformat()
