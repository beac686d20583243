"""My claims: state in words, what is missing first, and adding it there."""

from typing import Final, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.letters import is_installed
from agents.web.gate import Signed, call
from agents.web.pages.forms import Form, faults_of, form_of, new_key, sent
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.errors import Poison
from pipeline.operations.fate import Fate
from pipeline.operations.front_office import IdReused
from pipeline.operations.reading import ClaimView, list_claims, read_claim
from pipeline.operations.reports import add_evidence, appeal
from schemas.claims import SECTION_WRITERS
from schemas.codes import PaperName

PAPERS: Final = get_args(PaperName)

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/claims")
async def my_claims(request: Request, principal: Signed, after: str = "", claim: str = "") -> Response:
    """`claim`: a number to go to, for who knows it."""
    if claim.strip():
        return RedirectResponse(f"/claims/{_path(claim.strip())}", 303)
    found = await call(request, list_claims, principal, after=after)
    return page(request, "claims.html", principal, found=found)


@router.get("/claims/{claim}")
async def my_claim(request: Request, principal: Signed, claim: str, done: str = "") -> Response:
    found = await call(request, read_claim, principal, claim, page_language(request))
    return _claim(request, principal, found, done=done)


@router.post("/claims/{claim}/papers")
async def add_papers(request: Request, principal: Signed, claim: str) -> Response:
    """Papers that were handed in; they gather, so each is named once."""
    form, language = await form_of(request), page_language(request)
    papers = [one for one in form.lists.get("papers", []) if one in PAPERS]
    if not papers:
        return await _again(request, principal, claim, {"papers": texts(language)["claims"]["which_papers"]}, form)
    try:
        _, fate = await sent(request, add_evidence, principal, claim, _key(form), {"documents": papers})
    except Poison as poison:
        return await _again(request, principal, claim, faults_of(poison, {}, language, "papers"), form)
    except IdReused:  # the form was sent twice with other papers: the first has counted
        return RedirectResponse(f"/claims/{_path(claim)}", 303)
    return _followed(claim, fate)


@router.post("/claims/{claim}/appeal")
async def object_to(request: Request, principal: Signed, claim: str) -> Response:
    form, language = await form_of(request), page_language(request)
    ground = form.text("ground")
    if not ground:
        return await _again(request, principal, claim, {"ground": texts(language)["claims"]["which_ground"]}, form)
    try:
        _, fate = await sent(request, appeal, principal, claim, _key(form), {"ground": ground})
    except Poison as poison:
        return await _again(request, principal, claim, faults_of(poison, {}, language, "ground"), form)
    except IdReused:
        return RedirectResponse(f"/claims/{_path(claim)}", 303)
    return _followed(claim, fate)


async def _again(request: Request, principal: Principal, claim: str, faults: dict[str, str], form: Form) -> Response:
    found = await call(request, read_claim, principal, claim, page_language(request))
    return _claim(request, principal, found, faults=faults, given=form.given, status=422)


def _claim(
    request: Request,
    principal: Principal,
    found: ClaimView,
    *,
    done: str = "",
    faults: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    may_add = "documents" in SECTION_WRITERS.get(principal.kind, ())
    missing = [one.code for one in found.missing]
    return page(
        request,
        "claim.html",
        principal,
        status,
        claim=found,
        done=done if done in ("applied", "waiting", "refused") else "",
        faults=faults or {},
        given={"key": new_key(), **(given or {})},
        papers=[*missing, *(one for one in PAPERS if one not in missing)] if may_add else [],
        missing=missing,
        may_appeal=principal.kind in ROLES["appeal"],
        may_see_file=principal.kind in ROLES["read_case"],
        may_explain=principal.kind in ROLES["explain_claim"],
        has_pdf=is_installed(),
    )


def _followed(claim: str, fate: Fate) -> Response:
    """After each form another page, so that reload and back send nothing again."""
    return RedirectResponse(f"/claims/{_path(claim)}?done={fate.state}", 303)


def _key(form: Form) -> str:
    """The form's own: sent twice, it counts once."""
    return form.text("key") or new_key()


def _path(claim: str) -> str:
    from urllib.parse import quote

    return quote(claim, safe="")
