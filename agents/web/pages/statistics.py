"""Statistics: the finding in words, charts as pictures, the numbers in tables below, and all of it as files."""

import datetime as dt
from base64 import b64encode
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.imports import statistics_tables as tables
from agents.imports.tables import csv_of
from agents.web.gate import Signed, call, gateway_of, in_thread
from agents.web.imports import CSV
from agents.web.pages.coverage_files import page_of_file
from agents.web.pages.forms import faults_of
from agents.web.pages.frame import page, page_language, texts
from agents.web.problems import ProblemError
from agents.web.statistics import REPORT_POLICY
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.operations.statistics import read_statistics

_FIELDS: Final = ("since", "until")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/statistics")
async def statistics(request: Request, principal: Signed, since: str = "", until: str = "") -> Response:
    grant_of(principal, "read_statistics")
    language = page_language(request)
    given = {"since": since, "until": until}
    days = {name: _day(written) for name, written in given.items()}
    faults = {name: texts(language)["law"]["which_day"] for name in _FIELDS if given[name] and days[name] is None}
    found = None
    if not faults:
        try:
            found = await call(request, read_statistics, principal, since=days["since"], until=days["until"])
        except Poison as poison:
            faults = faults_of(poison, {name: name for name in _FIELDS}, language, "until")
    return page(
        request,
        "statistics.html",
        principal,
        422 if faults else 200,
        given=given,
        faults=faults,
        sentences=tables.sentences(found, language) if found is not None else [],
        sections=tables.sections(found, language) if found is not None else [],
        files=tuple(tables.FILES),
        picture=lambda svg: f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}",
    )


@router.get("/statistics/{name}.{kind}")
async def statistics_file(
    request: Request, principal: Signed, name: str, kind: str, since: str = "", until: str = ""
) -> Response:
    grant_of(principal, "read_statistics")
    days = {written: _day(written) for written in (since, until)}
    if any(written and day is None for written, day in days.items()):
        return page_of_file(request)
    found = await call(request, read_statistics, principal, since=days[since], until=days[until])
    language, gateway = page_language(request), gateway_of(request)
    if (name, kind) == ("report", "html"):
        made = await in_thread(gateway, partial(tables.report, found, language))
        headers = {"Content-Security-Policy": REPORT_POLICY, "Content-Language": language}
        return Response(made, 200, headers, "text/html; charset=utf-8")
    if kind != "csv" or name not in tables.FILES:
        raise ProblemError("NOT_FOUND")
    rows = tables.csv_cells(tables.file_rows(found, name))
    data = await in_thread(gateway, partial(csv_of, tables.file_titles(name, language), rows))
    return Response(data, 200, {"Content-Disposition": f'attachment; filename="{name}.csv"'}, CSV)


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None
