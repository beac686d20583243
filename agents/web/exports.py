"""Routes that give out a list of members as a sheet, which an import reads back."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from agents.imports.tables import csv_of, xlsx_of
from agents.web.describing import Answer, describe
from agents.web.gate import Signed, call, gateway_of, in_thread, language_of, prefers
from agents.web.imports import CSV, XLSX
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.explain import Language
from pipeline.explain.sheets import sheet_text
from pipeline.operations.member_export import export_members
from schemas.bundle import Schema

_BYTES: Final[Schema] = {"type": "string", "format": "binary"}
_KINDS: Final = {"csv": CSV, "xlsx": XLSX}
_HEADERS: Final = ("Content-Language", "Content-Disposition")

router = APIRouter(prefix="/v1")


@router.get("/exports/members")
@describe(
    ("Daftar peserta sebagai lembar", "The list of members as a sheet"),
    (
        "CSV, atau .xlsx bila itu yang diminta `Accept`, dengan kolom yang dibaca impor peserta; NIK tertulis lengkap "
        "dan setiap unduhan dicatat. Masing-masing hanya menerima peserta yang didaftarkannya.",
        "CSV, or .xlsx where `Accept` asks for it, with the columns that an import of members reads; NIKs are whole, "
        "and each time is put on record. Each gets only the members that it registered.",
    ),
    tag="members",
    answers={200: Answer({CSV: _BYTES, XLSX: _BYTES}, _HEADERS)},
)
async def get_members(
    request: Request, principal: Signed, cooperative: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Members in the columns that an import reads."""
    kind = "xlsx" if prefers(request, XLSX) else "csv"
    return await member_file(request, principal, kind, language_of(request), cooperative)


async def member_file(
    request: Request, principal: Principal, kind: str, language: Language, cooperative: str | None = None
) -> Response:
    """`kind`: csv or xlsx. Raises ProblemError (NOT_FOUND) for another one, and as `export_members`."""
    if kind not in _KINDS:
        raise ProblemError("NOT_FOUND")
    found = await call(request, export_members, principal, cooperative=cooperative, language=language)
    name = sheet_text(language, "columns", "list")

    def made() -> bytes:
        return csv_of(found.titles, found.rows) if kind == "csv" else xlsx_of(name, found.titles, found.rows)

    data = await in_thread(gateway_of(request), made)
    headers = {"Content-Language": language, "Content-Disposition": f'attachment; filename="{name.lower()}.{kind}"'}
    return Response(data, 200, headers, _KINDS[kind])
