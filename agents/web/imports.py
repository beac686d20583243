"""The route of imports: a sheet of members is checked, and sent again with the id of that check to confirm.

Nothing of a sheet is kept: who confirms sends the same bytes once more.
"""

from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response

from agents.imports.intake import EVENTS_TOGETHER, Desk, note_answer, nothing_sent
from agents.imports.reader import read_sheet
from agents.imports.writer import Corrected
from agents.web.describing import JSON, Answer, describe
from agents.web.gate import Signed, body_of, call, gateway_of, in_thread, language_of, media_type_of
from agents.web.problems import Problem, ProblemError, answer
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.enrolment.columns import COLUMNS
from pipeline.enrolment.report import STATUSES
from pipeline.explain import Language
from pipeline.explain.sheets import sheet_refusal
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.reports import submit_events
from pipeline.sheets.cells import SheetRefused
from schemas.bundle import Schema
from schemas.decisions import FieldError

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv"
_KINDS: Final = (XLSX, CSV, "application/octet-stream")
_BYTES: Final[Schema] = {"type": "string", "format": "binary"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TEXT: Final[Schema] = {"type": "string"}
_MAYBE: Final[Schema] = {"type": ["string", "null"]}

router = APIRouter(prefix="/v1")
Checked = tuple[dict[str, Any], list[tuple[int, bytes]], bytes | None]


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "required": sorted(fields), "properties": fields}


def _listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


_WEIGHTS: Final[Schema] = {"enum": ["fault", "question", "hint"]}
_FAULT: Final = _object(row=_COUNT, place=_TEXT, column=_MAYBE, code=_TEXT, weight=_WEIGHTS, detail=_TEXT)
_DUE: Final = _object(month=_TEXT, due_on=_MAYBE, members=_COUNT, amount=_COUNT, full=_COUNT)
_SENT: Final = _object(
    taken=_COUNT, repeated=_COUNT, refused=_COUNT, refusals=_listed(_object(row=_COUNT, code=_TEXT, detail=_TEXT))
)
_REPORT: Final = _object(
    id=_TEXT,
    rows=_COUNT,
    counts=_object(**dict.fromkeys(STATUSES, _COUNT)),
    faults=_listed(_FAULT),
    fault_count=_COUNT,
    hint_count=_COUNT,
    contributions=_object(
        amount=_COUNT, full=_COUNT, members=_COUNT, unknown=_COUNT, reliefs=_listed(_TEXT), dues=_listed(_DUE)
    ),
    skipped={"type": "object", "additionalProperties": _listed(_COUNT)},
    unread=_listed(_TEXT),
    sent={"anyOf": [_SENT, {"type": "null"}]},
)


@router.post("/imports/members")
@describe(
    ("Periksa lembar peserta, lalu daftarkan", "Check a sheet of members, then register them"),
    (
        "Isi kiriman: berkas .xlsx atau .csv. Jawabannya menyebut tiap kesalahan dengan baris, kolom dan perbaikan; "
        "dengan `Accept` untuk .xlsx jawabannya lembar itu sendiri dengan kesalahan di sampingnya. Kirim lagi berkas "
        "yang sama dengan `confirm` untuk mendaftarkan yang siap; dikirim dua kali tidak menggandakan apa pun.",
        "The body is an .xlsx or .csv file. The answer names each fault with row, column and remedy; with `Accept` of "
        ".xlsx it is the sheet with its faults beside the data. Send the same file again with `confirm` to register "
        "those that are ready; twice doubles nothing.",
    ),
    tag="members",
    body=dict.fromkeys(_KINDS, _BYTES),
    answers={200: Answer({JSON: _REPORT, XLSX: _BYTES}, ("Content-Language",)), 202: _REPORT},
    problems=(409,),
)
async def post_members(
    request: Request, principal: Signed, confirm: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """A sheet is checked; with the id of that check its good rows are registered."""
    grant_of(principal, "import_members")
    language = language_of(request)
    if media_type_of(request) not in _KINDS:
        raise ProblemError("MEDIA_TYPE")
    data = await body_of(request)
    wants_sheet = XLSX in request.headers.get("accept", "") and not confirm
    try:
        found, ready, sheet = await checked(request, principal, data, language, wants_sheet=wants_sheet)
    except SheetRefused as refused:
        return answer(refusal_of(refused, language), language)
    headers = {"Content-Language": language}
    if sheet is not None:
        return Response(sheet, 200, headers | attachment(language), XLSX)
    if not confirm:
        return Response(orjson.dumps(found), 200, headers, JSON)
    if confirm != found["id"]:
        raise ProblemError("SHEET_CHANGED")
    found["sent"] = await sent(request, principal, ready, language)
    return Response(orjson.dumps(found), 202, headers, JSON)


def refusal_of(refused: SheetRefused, language: Language) -> Problem:
    """A sheet that cannot be read at all, as a problem."""
    said = sheet_refusal(refused.code, refused.facts, language)
    return Problem("SHEET_REFUSED", 422, (FieldError("event", said),))


def attachment(language: Language) -> dict[str, str]:
    name = "perbaikan" if language == "id" else "corrections"
    return {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}


async def checked(
    request: Request, principal: Principal, data: bytes, language: Language, *, wants_sheet: bool = False
) -> Checked:
    """The report, the events that are ready by row, and the sheet to correct where wanted. Raises SheetRefused."""
    gateway = gateway_of(request)
    if gateway.imports.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    async with gateway.imports:
        return await in_thread(gateway, partial(_check, gateway.front, principal, data, language, wants_sheet))


def _check(front: FrontOffice, principal: Principal, data: bytes, language: Language, wants_sheet: bool) -> Checked:
    desk = Desk(front, principal, keeps=True)
    with read_sheet(data, COLUMNS) as sheet:
        found = desk.check(sheet, language)
        corrected = Corrected(sheet, desk.notes, desk.contributions, language).xlsx() if wants_sheet else None
    return found, desk.ready, corrected


async def sent(
    request: Request, principal: Principal, ready: list[tuple[int, bytes]], language: Language
) -> dict[str, Any]:
    """What became of the events that were ready."""
    found = nothing_sent()
    for at in range(0, len(ready), EVENTS_TOGETHER):
        some = ready[at : at + EVENTS_TOGETHER]
        answers = await call(request, submit_events, principal, [event for _, event in some])
        for (number, _), one in zip(some, answers, strict=True):
            note_answer(found, number, one, language)
    return found
