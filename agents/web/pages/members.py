"""Members: a sheet is uploaded, every row's fault is shown beside its place, and what is ready is confirmed.

The sheet travels with the page and not into a store: it comes back with the button that confirms or downloads.
"""

import base64
import binascii
import zlib
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.imports.answers import dues_of
from agents.imports.writer import template_xlsx
from agents.web.gate import Signed, gateway_of, in_thread
from agents.web.imports import XLSX, attachment, checked, refusal_of, sent
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.uploads import parts_of_form
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.explain.sheets import sheet_text
from pipeline.sheets.cells import SheetRefused

MOST_BYTES: Final = 1024 * 1024  # of a sheet that travels with a page; about 10,000 members
MOST_SHOWN: Final = 200  # faults on one page; the corrected sheet has all

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/members")
async def ask_sheet(request: Request, principal: Signed) -> Response:
    grant_of(principal, "import_members")
    return _page(request, principal)


@router.get("/members/template")
async def template(request: Request, principal: Signed) -> Response:
    grant_of(principal, "import_members")
    language = page_language(request)
    made = await in_thread(gateway_of(request), lambda: template_xlsx(language))
    name = "anggota" if language == "id" else "members"
    return Response(made, 200, {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}, XLSX)


@router.post("/members")
async def check_sheet(request: Request, principal: Signed) -> Response:
    """`action`: check, sheet (the corrected one, to download), confirm (with the id of the check)."""
    grant_of(principal, "import_members")
    language = page_language(request)
    fields = await parts_of_form(request)
    action = fields.get("action", b"check").decode("ascii", errors="replace")
    try:
        data = fields["file"] if fields.get("file") else _unpacked(fields.get("sheet", b""))
        if not data or len(data) > MOST_BYTES:
            code = "too_large" if data else "no_file"
            return _page(request, principal, 422, faults={"file": texts(language)["members"][code]})
        found, ready, sheet = await checked(request, principal, data, language, wants_sheet=action == "sheet")
    except SheetRefused as refused:
        said = refusal_of(refused, language).errors[0].message
        return _page(request, principal, 422, faults={"file": said})
    if sheet is not None:
        return Response(sheet, 200, attachment(language), XLSX)
    if action == "confirm":
        if fields.get("id", b"") != found["id"].encode():
            raise ProblemError("SHEET_CHANGED")
        found["sent"] = await sent(request, principal, ready, language)
    name = _name(fields)
    return _page(request, principal, found=found, packed=_packed(data), file=name, dues=list(dues_of(found, language)))


def _page(request: Request, principal: Principal, status: int = 200, **values: Any) -> Response:
    language = page_language(request)
    known: dict[str, Any] = {"faults": {}, "found": None, "packed": "", "file": "", "dues": [], "most": MOST_SHOWN}

    def say(*path: str) -> str:
        return sheet_text(language, *path)

    return page(request, "members.html", principal, status, say=say, **(known | values))


def _name(fields: dict[str, bytes]) -> str:
    return fields.get("name", b"").decode("utf-8", errors="replace")[:100]


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def _unpacked(packed: bytes) -> bytes:
    """Empty where it is none of ours, or larger than a page takes."""
    try:
        unpacker = zlib.decompressobj()
        found = unpacker.decompress(base64.b64decode(packed, validate=True), MOST_BYTES + 1)
    except (binascii.Error, zlib.error):
        return b""
    return found
