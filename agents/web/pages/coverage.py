"""Coverage: the picture of a day with a map of tiles and lines of months; and whom to call, with words to send."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.imports import coverage_tables as tables
from agents.web.gate import Signed, call
from agents.web.pages.coverage_chart import chart_of
from agents.web.pages.coverage_files import asked_day, file_of, page_of_file
from agents.web.pages.forms import faults_of
from agents.web.pages.frame import page, page_language
from agents.web.pages.parts import MOST_ROWS, part_of
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.explain import Language
from pipeline.explain.calls import call_kind
from pipeline.explain.coverage import coverage_text, table_title
from pipeline.operations.coverage_calls import CallList, list_calls
from pipeline.operations.coverage_picture import CoverageRow, Picture, read_coverage

# Code of the province (Kemendagri), short name, column, row. A tile each shows Jakarta as large as Papua, right
# where people are counted; no free borders of today's 38 provinces are to be had (decision 0053).
TILES: Final = (
    ("11", "Aceh", 1, 1), ("12", "Sumut", 2, 2), ("14", "Riau", 3, 2), ("21", "Kepri", 4, 2), ("13", "Sumbar", 2, 3),
    ("15", "Jambi", 3, 3), ("19", "Babel", 4, 3), ("17", "Bengkulu", 2, 4), ("16", "Sumsel", 3, 4),
    ("18", "Lampung", 3, 5), ("36", "Banten", 3, 6), ("31", "Jakarta", 4, 6), ("32", "Jabar", 5, 6),
    ("33", "Jateng", 6, 6), ("34", "DIY", 6, 7), ("35", "Jatim", 7, 6), ("51", "Bali", 8, 7), ("52", "NTB", 9, 7),
    ("53", "NTT", 10, 7), ("61", "Kalbar", 6, 3), ("62", "Kalteng", 7, 3), ("63", "Kalsel", 7, 4),
    ("64", "Kaltim", 8, 3), ("65", "Kaltara", 8, 2), ("76", "Sulbar", 9, 4), ("73", "Sulsel", 9, 5),
    ("72", "Sulteng", 10, 3), ("74", "Sultra", 10, 5), ("75", "Gorontalo", 10, 2), ("71", "Sulut", 11, 2),
    ("82", "Malut", 12, 3), ("81", "Maluku", 12, 5), ("96", "PBD", 13, 3), ("92", "Pabar", 13, 4),
    ("94", "Pateng", 14, 4), ("91", "Papua", 15, 3), ("95", "Papeg", 15, 4), ("93", "Pasel", 15, 5),
)  # fmt: skip
_CLASSES: Final = ((20, "c0"), (40, "c1"), (60, "c2"), (80, "c3"), (101, "c4"))
_COLUMNS: Final = ("people", "known", "registered", "covered", "at_risk", "lapsed", "never")

router = APIRouter(tags=["pages"], include_in_schema=False)


class Tile(NamedTuple):
    """`percent` None: left out, or nobody is there; colour is never alone, the number is in the tile."""

    name: str
    column: int
    row: int
    shade: str
    percent: int | None


@router.get("/coverage")
async def coverage(request: Request, principal: Signed, day: str = "") -> Response:
    grant_of(principal, "read_coverage")
    language = page_language(request)
    given, on, faults = asked_day(request, day)
    picture = None
    if on is not None:
        try:
            picture = await call(request, read_coverage, principal, day=on)
        except Poison as poison:
            faults = faults_of(poison, {"day": "day"}, language, "day")
    shown: dict[str, Any] = {"picture": picture, "sections": [], "tiles": [], "chart": None, "sentences": []}
    if picture is not None and picture.total.people != 0:
        shown |= {
            "sections": _sections(picture, language),
            "months": list(reversed(picture.months)),
            "tiles": tiles_of(picture.rows),
            "chart": chart_of(picture, language),
            "sentences": list(tables.sentences(picture, language)),
        }
    return _page(request, principal, "coverage.html", given, faults, **shown)


@router.get("/coverage/table.{kind}")
async def coverage_file(request: Request, principal: Signed, kind: str, day: str = "") -> Response:
    grant_of(principal, "read_coverage")
    _, on, _ = asked_day(request, day)
    if on is None:
        return page_of_file(request)
    picture = await call(request, read_coverage, principal, day=on)
    language = page_language(request)
    rows = list(tables.picture_rows(picture, language))
    plain = (tables.PARQUET, tables.parquet_rows(picture))
    return await file_of(request, kind, "perlindungan", tables.picture_titles(language), rows, plain)


@router.get("/calls")
async def calls(
    request: Request, principal: Signed, day: str = "", cooperative: str = "", start: str = ""
) -> Response:  # fmt: skip
    grant_of(principal, "list_calls")
    language = page_language(request)
    given, on, faults = asked_day(request, day)
    found = None
    if on is not None:
        try:
            found = await _calls(request, principal, on, cooperative, language)
        except Poison as poison:
            faults = faults_of(poison, {"day": "day"}, language, "day")
    given["cooperative"] = cooperative
    part = part_of(found.rows if found is not None else (), start)
    return _page(request, principal, "calls.html", given, faults, found=found, part=part)


@router.get("/calls/list.{kind}")
async def calls_file(
    request: Request, principal: Signed, kind: str, day: str = "", cooperative: str = ""
) -> Response:  # fmt: skip
    grant_of(principal, "list_calls")
    _, on, _ = asked_day(request, day)
    if on is None:
        return page_of_file(request)
    language = page_language(request)
    found = await _calls(request, principal, on, cooperative, language)
    rows, plain = list(tables.call_rows(found, language)), tables.plain_rows(found.rows)
    return await file_of(request, kind, "panggilan", tables.call_titles(language), rows, plain)


async def _calls(request: Request, principal: Any, day: dt.date, cooperative: str, language: Language) -> CallList:
    return await call(request, list_calls, principal, day=day, cooperative=cooperative or None, language=language)


def _page(
    request: Request, principal: Any, name: str, given: dict[str, str], faults: dict[str, str], **values: Any
) -> Response:  # fmt: skip
    language = page_language(request)
    says = {
        "count": lambda value: tables.shown_count(value, language),
        "row_title": lambda row: tables.row_title(row, language),
        "say": lambda *path, **facts: coverage_text(language, *path, **facts),
        "kind_name": lambda kind: call_kind(kind, language),
        "columns": _COLUMNS,
        "most": MOST_ROWS,
        "months_title": table_title("months", language),
    }
    return page(request, name, principal, 422 if faults else 200, given=given, faults=faults, **says, **values)


def _sections(picture: Picture, language: Language) -> list[tuple[str, list[CoverageRow]]]:
    named = list(dict.fromkeys(row.table for row in picture.rows))
    return [(table_title(name, language), [row for row in picture.rows if row.table == name]) for name in named]


def tiles_of(rows: Iterable[CoverageRow]) -> list[Tile]:
    """From west to east. A province of which nothing is shown has no number."""
    shares = {row.key: tables.share_of(row) for row in rows if row.table == "provinces"}
    found = []
    for code, name, column, row in TILES:
        percent = shares.get(code)
        shade = next((shade for limit, shade in _CLASSES if percent < limit), "") if percent is not None else "none"
        found.append(Tile(name, column, row, shade, percent))
    return found
