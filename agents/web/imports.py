"""The routes of imports: a sheet is checked, and sent again with the id of that check to confirm.

Nothing of a sheet is kept: who confirms sends the same bytes once more.
"""

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response

from agents.imports.aside import Aside
from agents.imports.intake import (
    CONTRIBUTIONS,
    EVENTS_TOGETHER,
    MEMBERS,
    SENT,
    Desk,
    Subject,
    claims_of,
    note_answer,
    nothing_sent,
)
from agents.imports.reader import read_sheet
from agents.imports.writer import Corrected
from agents.web.describing import JSON, Answer, describe
from agents.web.gate import Signed, body_of, call, gateway_of, in_thread, language_of, media_type_of
from agents.web.problems import Problem, ProblemError, answer
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.claim_sheets.check import STATUSES as CLAIM_STATUSES
from pipeline.claim_sheets.columns import Kind
from pipeline.enrolment.payments import STATUSES as PAYMENT_STATUSES
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
Checked = tuple[dict[str, Any], Aside | None, bytes | None]


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "required": sorted(fields), "properties": fields}


def _listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


_WEIGHTS: Final[Schema] = {"enum": ["fault", "question", "hint"]}
_FAULT: Final = _object(row=_COUNT, place=_TEXT, column=_MAYBE, code=_TEXT, weight=_WEIGHTS, detail=_TEXT)
_DUE: Final = _object(
    month=_TEXT, due_on=_MAYBE, members=_COUNT, amount=_COUNT, full=_COUNT, savings=_COUNT, is_past={"type": "boolean"}
)
_SENT: Final = _object(
    taken=_COUNT, repeated=_COUNT, refused=_COUNT, refusals=_listed(_object(row=_COUNT, code=_TEXT, detail=_TEXT))
)
_CONTRIBUTIONS: Final = _object(
    amount=_COUNT,
    full=_COUNT,
    savings=_COUNT,
    members=_COUNT,
    unknown=_COUNT,
    unknown_savings=_COUNT,
    reliefs=_listed(_TEXT),
    dues=_listed(_DUE),
)


def _report(statuses: Iterable[str], **more: Schema) -> Schema:
    return _object(
        id=_TEXT,
        rows=_COUNT,
        counts=_object(**dict.fromkeys(statuses, _COUNT)),
        faults=_listed(_FAULT),
        fault_count=_COUNT,
        hint_count=_COUNT,
        skipped={"type": "object", "additionalProperties": _listed(_COUNT)},
        unread=_listed(_TEXT),
        sent={"anyOf": [_SENT, {"type": "null"}]},
        **more,
    )


_REPORT: Final = _report(STATUSES, contributions=_CONTRIBUTIONS)
_RECONCILED: Final = _report(PAYMENT_STATUSES, paid=_COUNT)
_CLAIMED: Final = _report(CLAIM_STATUSES, claims=_listed(_object(row=_COUNT, claim_id=_TEXT)))


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
    return await _posted(request, principal, MEMBERS, confirm)


@router.post("/imports/contributions")
@describe(
    ("Cocokkan lembar iuran, lalu catat", "Reconcile a sheet of contributions, then hand it in"),
    (
        "Siapa membayar berapa untuk bulan apa: cocok, lebih, kurang, atau tidak dikenal. Selebihnya seperti peserta; "
        "dengan `confirm` bulan yang lunas dicatat.",
        "Who paid what for which month: matched, too much, too little, or unknown. Else as a sheet of members; with "
        "`confirm` the months that were paid in full are taken.",
    ),
    tag="members",
    body=dict.fromkeys(_KINDS, _BYTES),
    answers={200: Answer({JSON: _RECONCILED, XLSX: _BYTES}, ("Content-Language",)), 202: _RECONCILED},
    problems=(409,),
)
async def post_contributions(
    request: Request, principal: Signed, confirm: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """A sheet of payments is reconciled; with the id of that check the months paid in full are taken."""
    return await _posted(request, principal, CONTRIBUTIONS, confirm)


@router.post("/imports/claims")
@describe(
    (
        "Periksa lembar kecelakaan atau kematian, lalu laporkan",
        "Check a sheet of accidents or deaths, then report them",
    ),
    (
        "Satu lembar berisi kecelakaan atau kematian; judul kolomnya yang menentukan, atau `kind`. Jawabannya menyebut "
        "nomor klaim tiap baris yang siap. Selebihnya seperti peserta; dengan `confirm` yang siap dilaporkan.",
        "A sheet is about accidents or about deaths, as its titles say, or `kind`. The answer has the number of the "
        "claim of each row that is ready. Else as a sheet of members; with `confirm` the ready ones are reported.",
    ),
    tag="reports",
    body=dict.fromkeys(_KINDS, _BYTES),
    answers={200: Answer({JSON: _CLAIMED, XLSX: _BYTES}, ("Content-Language",)), 202: _CLAIMED},
    problems=(409,),
)
async def post_claims(
    request: Request,
    principal: Signed,
    confirm: Annotated[str, Query(max_length=64)] = "",
    kind: Kind | None = None,
) -> Response:
    """A sheet of accidents or deaths is checked; with the id of that check its good rows are reported."""
    return await _posted(request, principal, claims_of(kind), confirm)


async def _posted(request: Request, principal: Principal, subject: Subject, confirm: str) -> Response:
    grant_of(principal, subject.operation.__name__)
    language = language_of(request)
    if media_type_of(request) not in _KINDS:
        raise ProblemError("MEDIA_TYPE")
    data = await body_of(request)
    wants_sheet = XLSX in request.headers.get("accept", "") and not confirm
    try:
        found, ready, sheet = await checked(
            request, principal, data, language, wants_sheet=wants_sheet, confirms=bool(confirm), subject=subject
        )
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
    request: Request,
    principal: Principal,
    data: bytes,
    language: Language,
    *,
    wants_sheet: bool = False,
    confirms: bool = False,
    subject: Subject = MEMBERS,
) -> Checked:
    """The report, the events that are ready by row where the sheet is confirmed, and the sheet to correct where wanted.
    Raises SheetRefused."""
    gateway = gateway_of(request)
    if gateway.imports.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    async with gateway.imports:
        check = partial(_check, gateway.front, principal, subject, data, language, wants_sheet, confirms)
        return await in_thread(gateway, check)


def _check(
    front: FrontOffice, principal: Principal, subject: Subject, data: bytes, language: Language, wants_sheet: bool,
    confirms: bool,
) -> Checked:  # fmt: skip
    desk = Desk(front, principal, subject, keeps=confirms, corrects=wants_sheet)
    with read_sheet(data, subject.columns) as sheet:
        found = desk.check(sheet, language)
        corrected = Corrected(sheet, desk.notes, language).xlsx() if wants_sheet else None
    return found, desk.kept, corrected


async def sent(
    request: Request, principal: Principal, ready: Aside | None, language: Language, *, by_row: bool = False
) -> dict[str, Any]:
    """What became of the events that were ready; `by_row`: of the rows that they are from."""
    found = nothing_sent()
    rows: dict[int, set[str]] = {}
    for some in ready.batches(EVENTS_TOGETHER) if ready is not None else ():
        answers = await call(request, submit_events, principal, [event for _, event in some])
        for (number, _), one in zip(some, answers, strict=True):
            rows.setdefault(number, set()).add(note_answer(found, number, one, language))
    if by_row:  # a row may need two events: it is refused where one is, and repeated where both are
        worst = [next(one for one in SENT if one in states) for states in rows.values()]
        found |= {one: worst.count(one) for one in SENT}
    return found
