"""Members, contributions and claims by the sheet: it is uploaded, every row's fault is shown beside its place, and
what is ready is confirmed.

The sheet is kept as a question is, for the session: the buttons that confirm and download name it.
"""

import base64
import binascii
import json
import zlib
from typing import Any, Final, NamedTuple, get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.imports.answers import dues_of, faults_shown, left_out_of
from agents.imports.intake import CLAIMS, CONTRIBUTIONS, MEMBERS, Subject, claims_of
from agents.imports.writer import template_xlsx
from agents.web.exports import member_file
from agents.web.gate import Signed, gateway_of, in_thread
from agents.web.imports import XLSX, attachment, checked, refusal_of, sent
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import Form
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.uploads import FileFault, uploaded_form
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES, grant_of
from pipeline.claim_sheets.columns import Kind
from pipeline.explain.sheets import sheet_text
from pipeline.sheets.cells import SheetRefused

MOST_BYTES: Final = 1024 * 1024  # of a sheet that is kept with a page; about 10,000 members
MOST_SHOWN: Final = 200  # faults on one page; the corrected sheet has all

router = APIRouter(tags=["pages"], include_in_schema=False)


class SheetPage(NamedTuple):
    """`name`: of its texts and of its entry in the menu. `kinds`: of claims, each with a template of its own."""

    path: str
    name: str
    subject: Subject
    kinds: tuple[Kind, ...] = ()

    @property
    def operation(self) -> str:
        return self.subject.operation.__name__

    def kinds_for(self, principal: Principal) -> list[Kind]:
        return [one for one in self.kinds if principal.kind in ROLES[f"report_{one}"]]


PAGES: Final = (
    SheetPage("/members", "members", MEMBERS),
    SheetPage("/contributions", "contributions", CONTRIBUTIONS),
    SheetPage("/claim-sheet", "claim_sheet", CLAIMS, get_args(Kind)),
)


def _add_routes(one: SheetPage) -> None:
    async def see_sheet(request: Request, principal: Signed, asked: str = "") -> Response:
        """`asked`: a sheet that was uploaded, checked against what is registered now; or what became of one."""
        grant_of(principal, one.operation)
        return await _seen(request, principal, one, asked)

    async def template(request: Request, principal: Signed, kind: Kind | None = None) -> Response:
        grant_of(principal, one.operation)
        language = page_language(request)
        about = kind or next(iter(one.kinds_for(principal)), None)
        columns = claims_of(about, principal.kind).columns if about is not None else one.subject.columns
        name = texts(language)["sheets"]["names"][about or one.name]
        made = await in_thread(gateway_of(request), lambda: template_xlsx(language, columns))
        return Response(made, 200, {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}, XLSX)

    async def take_sheet(request: Request, principal: Signed) -> Response:
        grant_of(principal, one.operation)
        return await _taken(request, principal, one)

    router.get(one.path)(see_sheet)
    router.get(f"{one.path}/template")(template)
    router.post(one.path)(take_sheet)


for _one in PAGES:
    _add_routes(_one)


@router.get("/members/export.{kind}")
async def members_file(request: Request, principal: Signed, kind: str) -> Response:
    return await member_file(request, principal, kind, page_language(request))


async def _seen(request: Request, principal: Principal, one: SheetPage, asked: str) -> Response:
    form, language = await asked_form(request, principal), page_language(request)
    if form is None or form.faults:
        return _page(request, principal, one, 422 if form is not None else 200, faults=form.faults if form else {})
    if "sent" in form.given:
        return _page(request, principal, one, done=json.loads(form.given["sent"]))
    data = unpacked(form.text("sheet"))
    try:
        found, _, _ = await checked(request, principal, data, language, wants_sheet=False, subject=one.subject)
    except SheetRefused as refused:
        said = refusal_of(refused, language).errors[0].message
        return _page(request, principal, one, 422, faults={"file": said})
    return _page(
        *(request, principal, one),
        found=found,
        kept=asked,
        dues=list(dues_of(found, language)),
        left_out=list(left_out_of(found, language)),
        shown=faults_shown(found, language),
    )


async def _taken(request: Request, principal: Principal, one: SheetPage) -> Response:
    """`action`: check, sheet (the corrected one, to download), confirm (with the id of the check). `kept`: the sheet
    that was uploaded before."""
    language = page_language(request)
    try:
        async with uploaded_form(request, 2 * MOST_BYTES) as (form, files):
            data = await files[0].read() if files else b""
    except FileFault:
        return await _wrong(request, principal, one, "too_large")
    action, kept = form.text("action"), form.text("kept")
    before = await asked_form(request, principal, kept) if kept and not data else None
    data = data or (unpacked(before.text("sheet")) if before is not None else b"")
    if not data or len(data) > MOST_BYTES:
        return await _wrong(request, principal, one, "too_large" if data else "gone" if kept else "no_file")
    if action not in ("sheet", "confirm"):
        return await led(request, principal, Form({}, {"sheet": [packed(data)]}), one.path)
    try:
        found, ready, sheet = await checked(
            *(request, principal, data, language),
            wants_sheet=action == "sheet",
            confirms=action == "confirm",
            subject=one.subject,
        )
    except SheetRefused as refused:
        faults = {"file": refusal_of(refused, language).errors[0].message}
        return await led(request, principal, Form({}, {}, faults), one.path)
    if sheet is not None:
        return Response(sheet, 200, attachment(language), XLSX)
    if form.text("id") != found["id"]:
        raise ProblemError("SHEET_CHANGED")
    done = await sent(request, principal, ready, language, by_row=True)
    # A sheet of claims can be downloaded with the number of each.
    done |= {"id": found["id"], "kept": kept if found.get("claims") else ""}
    return await led(request, principal, Form({}, {"sent": [json.dumps(done)]}), one.path)


async def _wrong(request: Request, principal: Principal, one: SheetPage, code: str) -> Response:
    faults = {"file": texts(page_language(request))["sheets"][code]}
    return await led(request, principal, Form({}, {}, faults), one.path)


def _page(request: Request, principal: Principal, one: SheetPage, status: int = 200, **values: Any) -> Response:
    language = page_language(request)
    found = values.get("found")
    known: dict[str, Any] = {
        "faults": {},
        "found": None,
        "done": None,
        "kept": "",
        "dues": [],
        "left_out": [],
        "shown": [],
        "most": MOST_SHOWN,
        "sheet": one,
        "own": texts(language)["sheets"][one.name],
        "kinds": one.kinds_for(principal),
        "has_claims": bool(found is not None and found.get("claims")),
        "ready": one.subject.ready_count(found) if found is not None else 0,
    }

    def say(*path: str) -> str:
        return sheet_text(language, *path)

    return page(request, "sheet.html", principal, status, say=say, **(known | values))


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def unpacked(packed: str) -> bytes:
    """Empty where it is none of ours, or larger than a page takes."""
    try:
        unpacker = zlib.decompressobj()
        found = unpacker.decompress(base64.b64decode(packed, validate=True), MOST_BYTES + 1)
    except (binascii.Error, zlib.error):
        return b""
    return found
