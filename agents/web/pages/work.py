"""Work: what waits for an officer; a claim on one page; a ruling previewed by the engine before it is sent."""

from collections.abc import Mapping
from typing import Any, Final, get_args
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.letters import is_installed
from agents.web.gate import Signed, call
from agents.web.pages.claims import PAPERS
from agents.web.pages.forms import Form, faults_of, form_of, new_key, sent
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.report_steps import whole_number
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.errors import Poison
from pipeline.explain import short
from pipeline.operations.claim_file import CaseView, read_case
from pipeline.operations.fate import Fate
from pipeline.operations.front_office import IdReused
from pipeline.operations.reading import explain_claim, list_work
from pipeline.operations.reports import review
from pipeline.operations.rulings import RulingPreview, preview_ruling
from schemas.codes import LineCode

VERDICTS: Final = ("approve", "reject", "change", "request_documents", "reassess")
LINES: Final = get_args(LineCode)
MOST_DIGITS: Final = 6  # of a revision, or of a place in a list
_FIELDS: Final = {"changes": "line", "documents": "papers", "children": "children", "answers": "answers"}

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/tasks")
async def work(request: Request, principal: Signed, after: str | None = None) -> Response:
    found = await call(request, list_work, principal, after=after)
    language = page_language(request)
    return page(request, "work.html", principal, found=found, short=lambda code: short(code, language))


@router.get("/tasks/{claim}")
async def claim_file(request: Request, principal: Signed, claim: str, done: str = "", why: str = "") -> Response:
    """`done`, `why`: what became of the ruling that was sent from here."""
    found = await call(request, read_case, principal, claim, page_language(request))
    said = done if done in ("applied", "waiting", "refused") else ""
    return _file(request, principal, found, Form({}, {}), done=said, why=why)


@router.post("/tasks/{claim}")
async def rule(request: Request, principal: Signed, claim: str) -> Response:
    """Preview first; the preview has the button that sends."""
    form, language = await form_of(request), page_language(request)
    data, faults = _review_of(claim, form, texts(language)["work"])
    preview = None
    if not faults:
        try:
            if form.text("step") == "send":
                _, fate = await sent(request, review, principal, form.text("key") or new_key(), data)
                return _followed(claim, fate)
            preview = await call(request, preview_ruling, principal, data, language)
        except Poison as poison:
            faults = faults_of(poison, _FIELDS, language, "verdict")
        except IdReused:
            return _followed(claim, Fate("waiting"))
    found = await call(request, read_case, principal, claim, language)
    form = Form(form.given, form.lists, faults)
    return _file(request, principal, found, form, preview=preview, status=422 if faults else 200)


@router.get("/claims/{claim}/letter")
async def letter(request: Request, principal: Signed, claim: str) -> Response:
    """The letter to the family, to print."""
    found = await call(request, explain_claim, principal, claim, page_language(request))
    return page(request, "letter.html", principal, letter=found, claim=claim, has_pdf=is_installed())


def _review_of(claim: str, form: Form, t: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The data of the review, and what is missing in the form."""
    faults: dict[str, str] = {}
    verdict = form.text("verdict")
    if verdict not in VERDICTS:
        faults["verdict"] = t["which_verdict"]
    if not form.text("reason"):
        faults["reason"] = t["which_reason"]
    data: dict[str, Any] = {
        "claim_id": claim,
        "revision": _number(form.text("revision")),
        "verdict": verdict,
        "reason": form.text("reason"),
    }
    if verdict == "approve":
        data["answers"] = form.lists.get("answers", [])
        children = [number for one in form.lists.get("children", []) if (number := _number(one))]
        data |= {"children": children} if children else {}
    elif verdict == "change":
        data["changes"] = changes = _changes(form, t, faults)
        if not changes and "line" not in faults:
            faults["line"] = t["which_line"]
    elif verdict == "request_documents":
        data["documents"] = papers = [one for one in form.lists.get("papers", []) if one in PAPERS]
        if not papers:
            faults["papers"] = t["which_papers"]
    return data, faults


def _number(written: str) -> int:
    """0, which is none of ours, where it is no number that a form has."""
    return int(written) if written.isdecimal() and len(written) <= MOST_DIGITS else 0


def _changes(form: Form, t: Mapping[str, Any], faults: dict[str, str]) -> list[dict[str, Any]]:
    """A line and its amount, as many as the form has."""
    found = []
    for line, written in zip(form.lists.get("line", []), form.lists.get("amount", []), strict=False):
        amount = whole_number(written)
        if not line and not written.strip():
            continue
        if line not in LINES:
            faults["line"] = t["which_line"]
        elif amount is None:
            faults["amount"] = t["which_amount"]
        else:
            found.append({"line": line, "amount": amount, "reason": form.text("reason")})
    return found


def _file(
    request: Request,
    principal: Principal,
    found: CaseView,
    form: Form,
    *,
    preview: RulingPreview | None = None,
    done: str = "",
    why: str = "",
    status: int = 200,
) -> Response:
    language = page_language(request)
    return page(
        request,
        "case.html",
        principal,
        status,
        case=found,
        given={"key": new_key(), "revision": str(found.revision), **form.given},
        lists=form.lists,
        faults=form.faults,
        preview=preview,
        done=done,
        why=short(why, language) if why in _SHOWN_REFUSALS else "",
        may_rule=principal.kind in ROLES["review"],
        papers=PAPERS,
        lines=LINES,
        verdicts=VERDICTS,
    )


_SHOWN_REFUSALS: Final = (
    "REVIEW_STALE",
    "REVIEW_SAME_OFFICER",
    "REVIEW_OWN_CLAIM",
    "REVIEW_CHANGE_NEEDED",
    "REVIEW_NOTHING_TO_APPROVE",
)


def _followed(claim: str, fate: Fate) -> Response:
    reason = f"&why={fate.reason}" if fate.reason else ""
    return RedirectResponse(f"/tasks/{quote(claim, safe='')}?done={fate.state}{reason}", 303)
