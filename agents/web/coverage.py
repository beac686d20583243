"""Routes of coverage: the picture of a day, whom to call, and lists of workers whom an office knows."""

import datetime as dt
import re
from functools import partial
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field

from agents.imports.reader import read_sheet
from agents.web.bodies import model_of
from agents.web.describing import JSON, Answer, describe, page_of
from agents.web.gate import Signed, body_of, call, gateway_of, in_thread, language_of, media_type_of
from agents.web.imports import CSV, XLSX, refusal_of
from agents.web.problems import ProblemError, answer
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.explain import Language
from pipeline.explain.sheets import cell_fault
from pipeline.operations.coverage_calls import CallList, list_calls
from pipeline.operations.coverage_picture import Picture, read_coverage
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.known_workers import (
    KNOWN_COLUMNS,
    KnownReport,
    Proposal,
    decide_known_match,
    import_known,
    list_known_matches,
)
from pipeline.operations.protection import Protection, list_protection
from pipeline.queries.pages import PAGE_ROWS
from pipeline.sheets.cells import SheetRefused
from schemas.bundle import Schema
from schemas.clock import JAKARTA
from schemas.values import MEMBER_NUMBER_SHAPE, Strict

_KINDS: Final = (XLSX, CSV, "application/octet-stream")
_BYTES: Final[Schema] = {"type": "string", "format": "binary"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TEXT: Final[Schema] = {"type": "string"}
_FAULT: Final[Schema] = {
    "type": "object",
    "required": ["row", "place", "code", "detail"],
    "properties": {"row": _COUNT, "place": _TEXT, "code": _TEXT, "detail": _TEXT},
}
_REPORT: Final[Schema] = {
    "type": "object",
    "required": ["rows", "good", "repeated", "registered", "fault_count", "new", "faults", "skipped", "unread"],
    "properties": {
        **dict.fromkeys(("rows", "good", "repeated", "registered", "fault_count"), _COUNT),
        "new": {"type": ["integer", "null"], "minimum": 0},
        "faults": {"type": "array", "items": _FAULT},
        "skipped": {"type": "object", "additionalProperties": {"type": "array", "items": _COUNT}},
        "unread": {"type": "array", "items": _TEXT},
    },
}


def written(value: object) -> object:
    """A day as it is written; the parser takes a number of seconds for one, too."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("Input should be a valid date in the format YYYY-MM-DD, in digits")
    return value


Day = Annotated[dt.date | None, Query(), BeforeValidator(written)]

router = APIRouter(prefix="/v1")


class Verdict(Strict):
    """Whether this known worker is that member; `known_id` as the proposal has it."""

    known_id: Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"}, max_length=64)]
    member_number: Annotated[str, Field(json_schema_extra={"pattern": f"^(?:{MEMBER_NUMBER_SHAPE})$"}, max_length=11)]
    verdict: Literal["same", "other"]


@router.get("/coverage")
@describe(
    ("Siapa dikenal, terdaftar dan terlindungi", "Who is known, registered and covered"),
    (
        "Menurut wilayah (kode Kemendagri), sektor, koperasi, dan bulan. Angka di bawah 5, dan yang membukanya, "
        "tidak disebut (null).",
        "By region (codes of Kemendagri), sector, cooperative, and month. Counts under 5, and what would give them "
        "away, are left out (null).",
    ),
    tag="coverage",
    answers={200: Picture},
)
async def get_coverage(request: Request, principal: Signed, day: Day = None) -> Response:
    return _json(await call(request, read_coverage, principal, day=day))


@router.get("/calls")
@describe(
    ("Siapa yang perlu dihubungi", "Whom to call"),
    (
        "Peserta yang iurannya belum dibayar: jumlah, sampai kapan, dan pesan yang siap dikirim. Koperasi dan pemberi "
        "kerja hanya melihat pesertanya sendiri.",
        "Members whose contribution is not paid: the sum, until when, and a message to send. Cooperatives and "
        "employers see their own members alone.",
    ),
    tag="coverage",
    answers={200: Answer({JSON: CallList}, ("Content-Language",))},
)
async def get_calls(
    request: Request,
    principal: Signed,
    day: Day = None,
    cooperative: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    language = language_of(request)
    found = await call(request, list_calls, principal, day=day, cooperative=cooperative, language=language)
    return _json(found, {"Content-Language": language})


@router.get("/protection")
@describe(
    (
        "Anggota sendiri: siapa terlindungi, siapa membayar sampai kapan",
        "Own members: who is covered, who pays until when",
    ),
    (
        "Koperasi dan pemberi kerja hanya melihat pesertanya sendiri; yang perlu ditangani lebih dahulu. Jumlahnya "
        "untuk semua program.",
        "Cooperatives and employers see their own members alone; who needs something comes first. Amounts are "
        "for all programs.",
    ),
    tag="coverage",
    answers={200: Answer({JSON: Protection}, ("Content-Language",))},
)
async def get_protection(
    request: Request,
    principal: Signed,
    day: Day = None,
    cooperative: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    language = language_of(request)
    found = await call(request, list_protection, principal, day=day, cooperative=cooperative, language=language)
    return _json(found, {"Content-Language": language})


@router.post("/known")
@describe(
    ("Daftar pekerja yang dikenal kantor", "A list of workers whom an office knows"),
    (
        "Isi kiriman: berkas .xlsx atau .csv. Tanpa `keep` hanya diperiksa. Daftar yang sama sekali lagi tidak "
        "mengubah apa pun.",
        "The body is an .xlsx or .csv file. Without `keep` it is only checked. The same list again changes nothing.",
    ),
    tag="coverage",
    body=dict.fromkeys(_KINDS, _BYTES),
    answers={200: Answer({JSON: _REPORT}, ("Content-Language",))},
)
async def post_known(request: Request, principal: Signed, listed_on: Day = None, keep: bool = False) -> Response:
    grant_of(principal, "import_known")
    language = language_of(request)
    if media_type_of(request) not in _KINDS:
        raise ProblemError("MEDIA_TYPE")
    data = await body_of(request)
    day = listed_on or gateway_of(request).front.now().astimezone(JAKARTA).date()
    try:
        found = await known_list(request, principal, data, day, keep=keep)
    except SheetRefused as refused:
        return answer(refusal_of(refused, language), language)
    return _json(_report(found, language), {"Content-Language": language})


async def known_list(request: Request, principal: Principal, data: bytes, day: dt.date, *, keep: bool) -> KnownReport:
    """Raises ProblemError (AWAY), SheetRefused, Poison."""
    gateway = gateway_of(request)
    if gateway.imports.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    async with gateway.imports:
        return await in_thread(gateway, partial(_import, gateway.front, principal, data, day, keep))


def _import(front: FrontOffice, principal: Principal, data: bytes, day: dt.date, keep: bool) -> KnownReport:
    with read_sheet(data, KNOWN_COLUMNS) as sheet:
        return import_known(front, principal, sheet, listed_on=day, confirm=keep)


def _report(found: KnownReport, language: Language) -> dict[str, Any]:
    faults = [
        {"row": one.row, "place": one.place, "code": one.code, "detail": cell_fault(one.code, one.facts, language)}
        for one in found.faults
    ]
    counts = ("rows", "good", "repeated", "registered", "fault_count", "new", "skipped", "unread")
    return {name: getattr(found, name) for name in counts} | {"faults": faults}


@router.get("/known/matches")
@describe(
    ("Pekerja yang mungkin sudah peserta dengan NIK lain", "Known workers who may be members under another NIK"),
    tag="coverage",
    answers={200: page_of(Proposal, most=None)},
)
async def get_matches(
    request: Request, principal: Signed, after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS)] = PAGE_ROWS,
) -> Response:  # fmt: skip
    found = await call(request, list_known_matches, principal, after=after, limit=limit)
    return _json({"rows": found.rows, "cursor": found.cursor, "more": found.more})


@router.post("/known/matches")
@describe(
    ("Putuskan apakah orangnya sama", "Decide whether it is one person"),
    tag="coverage",
    body={JSON: Verdict},
    examples={JSON: {"known_id": "0f" * 32, "member_number": "19110000083", "verdict": "other"}},
    answers={204: Answer({})},
    problems=(404,),
)
async def post_match(request: Request, principal: Signed) -> Response:
    grant_of(principal, "decide_known_match")
    asked = await model_of(request, Verdict)
    await call(request, decide_known_match, principal, **asked.model_dump())
    return Response(None, 204)


def _json(body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), 200, headers, JSON)
