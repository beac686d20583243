"""My claims: what is missing first, then the state in words; adding to a claim, and what became of what was sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from agents.letters import is_installed
from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import Form, faults_of, form_of, new_key, sent
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.parts import part_of
from agents.web.pages.report_pages import FILE_FAULTS, paper_options
from agents.web.pages.report_steps import MOST_CHILDREN, children_of, papers_of, relatives_of
from agents.web.pages.uploads import FileFault, kept_papers, uploaded_form
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.errors import Poison
from pipeline.explain import Language, refusal_text
from pipeline.explain.sections import choices
from pipeline.operations.fate import Fate, Sent, fate_of_sent, sent_to_claim
from pipeline.operations.front_office import IdReused
from pipeline.operations.parties import CLAIM_ID
from pipeline.operations.reading import ClaimRow, ClaimView, find_claims, list_claims, read_claim
from pipeline.operations.reports import add_evidence, appeal
from pipeline.queries.pages import Page
from schemas.claims import SECTION_WRITERS
from schemas.clock import JAKARTA
from schemas.codes import Outcome, PaperName

OUTCOMES: Final = get_args(Outcome)
PAPERS: Final = get_args(PaperName)
_NIK: Final = re.compile(r"(?:\d[\s.-]*){16}", re.ASCII)
_REPORTERS: Final = ("employer", "cooperative")
_FAULTS: Final = ("which_papers", "which_paper", *FILE_FAULTS)
_SENT_KINDS: Final = ("accident", "death", "evidence", "appealed")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/claims")
async def my_claims(
    request: Request, principal: Signed, after: str = "", number: str = "", state: str = ""
) -> Response:
    """What waits for papers first, unless a part is asked for: `number`, of a claim or a piece of it; `state`."""
    number, state = number.strip(), state if state in OUTCOMES else ""
    wanted = {name: value for name, value in (("number", number), ("state", state)) if value}
    form = await asked_form(request, principal) or Form({}, {})
    faults: dict[str, str] = dict(form.faults)
    found: Page[ClaimRow] = Page((), 0, None)
    try:
        if not faults:
            found = await call(request, find_claims, principal, after=after, outcome=state or None, number=number)
    except Poison as poison:
        if any(fault.field != "number" for fault in poison.errors):
            raise  # a wrong address, which is not shown again
        faults = faults_of(poison, {"number": "number"}, page_language(request), "number")
    waiting = await call(request, list_claims, principal, pending=True) if not after and not wanted else None
    return page(
        request,
        "claims.html",
        principal,
        422 if faults else 200,
        found=found,
        missing=[row for row in waiting.rows if row.missing] if waiting is not None else [],
        given={"number": number, "state": state} | form.given,
        faults=faults,
        address=urlencode(wanted),
        outcomes=OUTCOMES,
        is_number=CLAIM_ID.fullmatch(number) is not None,
        after=after,
    )


@router.post("/claims")
async def ask_claims(request: Request, principal: Signed) -> Response:
    """What is looked for goes into the address, but for a NIK, which somebody may take for a number of a claim."""
    form = await form_of(request)
    if _NIK.fullmatch(form.text("number")):
        fault = {"number": texts(page_language(request))["claims"]["no_nik"]}
        given = {"number": form.text("number"), "state": form.text("state")}
        return await led(
            request, principal, Form(given, {name: [said] for name, said in given.items()}, fault), "/claims"
        )
    wanted = {name: form.text(name) for name in ("number", "state") if form.text(name)}
    return RedirectResponse(f"/claims?{urlencode(wanted)}" if wanted else "/claims", 303)


@router.get("/claims/{claim}")
async def my_claim(
    request: Request, principal: Signed, claim: str, sent: str = "", fault: str = "", asked: str = ""
) -> Response:
    """`sent`: the id of what was sent just now. `fault`: what was wrong with a file, or that nothing was chosen.
    `asked`: a form that could not be taken, with its faults."""
    found = await call(request, read_claim, principal, claim, page_language(request))
    language = page_language(request)
    fate = await call(request, fate_of_sent, principal, sent) if sent and _has_receipts(principal) else None
    if (form := await asked_form(request, principal)) is not None:
        return await _claim(request, principal, found, form=form)
    faults = _file_fault(fault, language)
    ticked = [one for one in request.query_params.getlist("ticked") if one in PAPERS]
    return await _claim(request, principal, found, fate=fate, form=Form({}, {"papers": ticked}, faults))


@router.post("/claims/{claim}/papers")
async def add_papers(request: Request, principal: Signed, claim: str) -> Response:
    """Papers that were handed in, and photos of them; they gather, so each is named once."""
    ticked: list[str] = []
    try:
        async with uploaded_form(request) as (form, files):
            ticked = [one for one in form.lists.get("papers", []) if one in PAPERS]
            data = await _papers_data(request, principal, form, ticked, files)
            return await _send(request, principal, claim, form, data, "papers")
    except FileFault as fault:
        query = urlencode([("fault", fault.code), *(("ticked", one) for one in ticked)])
        return RedirectResponse(f"/claims/{_path(claim)}?{query}#add", 303)


async def _papers_data(
    request: Request, principal: Principal, form: Form, ticked: Sequence[str], files: Sequence[UploadFile]
) -> dict[str, Any]:
    """Raises FileFault."""
    kind = form.text("paper")
    if files and kind not in PAPERS:
        raise FileFault("which_paper")
    if not files and not ticked:
        raise FileFault("which_papers")
    papers = await kept_papers(request, principal, files)
    if not papers:
        return {"documents": list(ticked)}
    attachments = [{"sha256": one.sha256, "document": kind} for one in papers]
    return {"documents": [*dict.fromkeys([*ticked, kind])], "attachments": attachments}


@router.post("/claims/{claim}/family")
async def add_family(request: Request, principal: Signed, claim: str) -> Response:
    """Heirs and children, which the family desk writes; each in place of what was written before."""
    form, language = await form_of(request), page_language(request)
    relatives, children = relatives_of(form.lists), children_of(form.lists)
    if not relatives and not children:
        faults = {"heirs.relatives": texts(language)["claims"]["which_family"]}
        return await _again(request, principal, claim, form, faults)
    data = ({"heirs": {"relatives": relatives}} if relatives else {}) | ({"children": children} if children else {})
    names = {"children": "children", "heirs": "heirs.relatives"}
    return await _send(request, principal, claim, form, data, "heirs.relatives", names)


@router.post("/claims/{claim}/report")
async def report_as_employer(request: Request, principal: Signed, claim: str) -> Response:
    """The employer's stage I report on an accident that somebody else has opened; it counts from now."""
    form = await form_of(request)
    at = gateway_of(request).front.now().astimezone(JAKARTA).isoformat(timespec="seconds")
    return await _send(request, principal, claim, form, {"report": {"reported_at": at}}, "report")


@router.post("/claims/{claim}/appeal")
async def object_to(request: Request, principal: Signed, claim: str) -> Response:
    form, language = await form_of(request), page_language(request)
    if not form.text("ground"):
        return await _again(request, principal, claim, form, {"ground": texts(language)["claims"]["which_ground"]})
    return await _send(request, principal, claim, form, {"ground": form.text("ground")}, "ground", {}, appeal)


async def _send(
    request: Request,
    principal: Principal,
    claim: str,
    form: Form,
    data: Mapping[str, Any],
    field: str,
    names: Mapping[str, str] | None = None,
    operation: Any = add_evidence,
) -> Response:
    """`field`: of the form, that faults without one of their own are said at. A form that was sent twice has counted
    the first time."""
    key = form.text("key") or new_key()
    try:
        await sent(request, operation, principal, claim, key, data)
    except Poison as poison:
        faults = faults_of(poison, names or {}, page_language(request), field)
        return await _again(request, principal, claim, form, faults)
    except IdReused:
        pass
    # After each form another page, so that reload and back send nothing again.
    return RedirectResponse(f"/claims/{_path(claim)}?{urlencode({'sent': key})}", 303)


async def _again(request: Request, principal: Principal, claim: str, form: Form, faults: dict[str, str]) -> Response:
    return await led(request, principal, replace(form, faults=faults), f"/claims/{_path(claim)}")


async def _claim(
    request: Request, principal: Principal, found: ClaimView, *, fate: Fate | None = None, form: Form
) -> Response:
    language = page_language(request)
    writes = SECTION_WRITERS.get(principal.kind, frozenset())
    own: tuple[Sent, ...] = ()
    if _has_receipts(principal):
        own = await call(request, sent_to_claim, principal, found.claim_id)
    missing = [one.code for one in found.missing]
    needed = missing or papers_of("death" if found.program == "JKM" else "accident", {})
    has_reported = any("report" in one.sections for one in own if one.fate.state == "applied")
    return page(
        request,
        "claim.html",
        principal,
        422 if form.faults else 200,
        claim=found,
        fate=fate,
        why=partial(_why, language=language),
        own=part_of(own, request.query_params.get("start", "")),
        sent_kinds=_SENT_KINDS,
        faults=form.faults,
        given={**form.given, "key": new_key()},
        lists=form.lists,
        papers=paper_options(needed, language) if "documents" in writes else {},
        others=paper_options([one for one in PAPERS if one not in needed], language),
        missing=missing,
        has_place=gateway_of(request).front.papers is not None,
        may_add_family="heirs" in writes and principal.kind != "office",
        may_report=principal.kind in _REPORTERS and found.program == "JKK" and not has_reported,
        may_appeal=principal.kind in ROLES["appeal"],
        may_see_file=principal.kind in ROLES["read_case"],
        may_rule=principal.kind in ROLES["review"],
        may_explain=principal.kind in ROLES["explain_claim"],
        options=partial(choices, language=language),
        most_children=MOST_CHILDREN,
        has_pdf=is_installed(),
    )


def _file_fault(code: str, language: Language) -> dict[str, str]:
    if code not in _FAULTS:
        return {}
    t = texts(language)
    if code == "which_papers":
        return {"papers": t["claims"]["which_papers"]}
    return {"paper" if code == "which_paper" else "files": t["files"][code]}


def _why(fate: Fate, language: Language) -> str:
    """Why a worker refused what was sent, and what to do."""
    return refusal_text(fate.reason or "INVALID", language)


def _has_receipts(principal: Principal) -> bool:
    return principal.kind in ROLES["read_receipt"]


def _path(claim: str) -> str:
    return quote(claim, safe="")
