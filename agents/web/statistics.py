"""The route of statistics: decisions counted, times against the law, hands and reversals; also as one report."""

import datetime as dt
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from agents.imports.statistics_tables import report
from agents.web.coverage import Day, written
from agents.web.describing import HTML, JSON, Answer, describe
from agents.web.gate import Signed, call, language_of, prefers
from pipeline.operations.statistics import Statistics, read_statistics

# A document of its own: nothing is loaded, nothing runs, and its style is in it.
REPORT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox"

FromDay = Annotated[dt.date | None, Query(alias="from"), BeforeValidator(written)]

router = APIRouter(prefix="/v1")


@router.get("/statistics")
@describe(
    ("Statistik keputusan", "Statistics of decisions"),
    (
        "Keputusan sejak `from` dan sebelum `until`, menurut program, alasan, bulan, dan provinsi; waktu dibandingkan "
        "dengan tenggat peraturan. Menurut provinsi, angka di bawah 5 dan yang membukanya tidak disebut (null). "
        "Sebagai laporan HTML dengan `Accept: text/html`.",
        "Decisions from `from` on and before `until`, by programme, reason, month and province; times against the "
        "days of the law. By province, counts under 5 and what would give them away are left out (null). "
        "As an HTML report with `Accept: text/html`.",
    ),
    tag="officers",
    answers={200: Answer({JSON: Statistics, HTML: {"type": "string"}}, ("Content-Language",))},
)
async def get_statistics(request: Request, principal: Signed, since: FromDay = None, until: Day = None) -> Response:
    found = await call(request, read_statistics, principal, since=since, until=until)
    language = language_of(request)
    headers = {"Content-Language": language}
    if prefers(request, HTML):
        return Response(report(found, language), 200, headers | {"Content-Security-Policy": REPORT_POLICY}, HTML)
    return Response(orjson.dumps(found), 200, headers, JSON)
