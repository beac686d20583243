"""A claim on one page, for an officer: first the question; a ruling previewed by the engine before it is sent."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.letters import is_installed
from agents.letters.codes import qr_svg
from agents.web.gate import Signed, call, gateway_of
from agents.web.pages.asked import asked_form, led
from agents.web.pages.claims import PAPERS
from agents.web.pages.code import FIELD as CODE
from agents.web.pages.code import with_code
from agents.web.pages.forms import Form, faults_of, form_of, new_key, sent
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.queue import Filters, filters_in, officer_name, path_of
from agents.web.pages.report_steps import whole_number
from agents.web.pages.signals import signals_of
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES, Denied, grant_of
from pipeline.errors import Poison
from pipeline.explain import Language, short
from pipeline.operations.case_facts import Entry
from pipeline.operations.claim_file import Change, changed_since, read_case
from pipeline.operations.fate import Fate
from pipeline.operations.front_office import IdReused
from pipeline.operations.reading import explain_claim
from pipeline.operations.reports import review
from pipeline.operations.rulings import RulingPreview, preview_ruling
from pipeline.operations.work import read_holder
from schemas.clock import JAKARTA
from schemas.codes import LineCode

VERDICTS: Final = ("approve", "reject", "change", "request_documents", "reassess")
LINES: Final = get_args(LineCode)
SAID: Final = ("held", "taken", "released", "handed", "nobody", "changed")
MOST_DIGITS: Final = 6  # of a revision, or of a place in a list
_FIELDS: Final = {"changes": "line", "documents": "papers", "children": "children", "answers": "answers"}

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/tasks/{claim}")
async def claim_file(
    request: Request, principal: Signed, claim: str, done: str = "", why: str = "", asked: str = ""
) -> Response:
    """`done`, `why`, `since` (a revision): what became of the ruling that was sent from here. `said`: of its holder.
    `asked`: a draft of a ruling, to be previewed."""
    given = request.query_params
    filters = filters_in(given.get("list", ""))
    shown = Shown(
        filters=filters,
        done=done if done in ("applied", "waiting", "refused") else "",
        why=why,
        said=said if (said := given.get("said", "")) in SAID else "",
    )
    form = await asked_form(request, principal)
    if form is None:
        return await _file(request, principal, claim, Form({"seen": given.get("since", "")}, {}), shown)
    return await _draft(request, principal, claim, form, filters_in(form.text("list")))


@router.post("/tasks/{claim}")
async def rule(request: Request, principal: Signed, claim: str) -> Response:
    """Preview first; the preview has the button that sends."""
    grant_of(principal, "review")
    form, language = await form_of(request), page_language(request)
    filters, t = filters_in(form.text("list")), texts(language)["work"]
    data, faults = _review_of(claim, form, t)
    if not faults and form.text("step") == "send":
        try:
            fate, faults = await _sent(request, principal, form, data)
            if fate is not None:
                return _followed(claim, fate, filters, data["revision"])
        except Poison as poison:
            faults, form = _refused(poison, form, language)
        except IdReused:  # this form was sent before, with another ruling: a key of its own for this one
            faults, form = {"verdict": t["sent_before"]}, _with(form, key=new_key())
    return await led(request, principal, replace(form, faults=faults), path_of(claim, Filters()), list=filters.address)


async def _draft(request: Request, principal: Principal, claim: str, form: Form, filters: Filters) -> Response:
    """The preview of a ruling, or what is wrong with it. What a code was wrong with has a preview, too."""
    language, preview = page_language(request), None
    data, wrong = _review_of(claim, form, texts(language)["work"])
    faults = form.faults | wrong
    if not faults or [*faults] == [CODE]:
        try:
            preview = await call(request, preview_ruling, principal, data, language)
        except Poison as poison:
            faults, form = _refused(poison, form, language)
    shown = Shown(filters, preview, status=422 if faults else 200)
    return await _file(request, principal, claim, replace(form, faults=faults), shown)


def _refused(poison: Poison, form: Form, language: Language) -> tuple[dict[str, str], Form]:
    """The faults, and the form: with the revision that was seen, where something has changed since."""
    faults = faults_of(poison, _FIELDS, language, "verdict")
    return faults, _with(form, seen=form.text("revision")) if poison.reason == "REVIEW_STALE" else form


def _with(form: Form, **more: str) -> Form:
    return Form(form.given | more, form.lists | {name: [value] for name, value in more.items()}, form.faults)


async def _sent(
    request: Request, principal: Principal, form: Form, data: Mapping[str, Any]
) -> tuple[Fate | None, dict[str, str]]:
    """None: a code of the second factor is asked for first, or was wrong. Raises Poison, IdReused."""
    t = texts(page_language(request))
    principal, faults = await with_code(request, principal, form, t["entry"])
    if faults:
        return None, faults
    try:
        _, fate = await sent(request, review, principal, form.text("key") or new_key(), data)
    except Denied as denied:
        if denied.reason != "FRESH_CODE_NEEDED":
            raise
        return None, {CODE: t["work"]["code_needed"]}
    return fate, {}


@router.get("/claims/{claim}/letter")
async def letter(request: Request, principal: Signed, claim: str) -> Response:
    """The letter to the family, to print."""
    found = await call(request, explain_claim, principal, claim, page_language(request))
    return page(request, "letter.html", principal, letter=found, claim=claim, has_pdf=is_installed(), qr=qr_svg)


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


@dataclass(frozen=True, slots=True)
class Shown:
    """What a claim's page says beside the claim: `filters` of the list it was opened from, the preview, what became of
    a ruling (`done`, `why`), and of taking or handing over (`said`)."""

    filters: Filters
    preview: RulingPreview | None = None
    done: str = ""
    why: str = ""
    said: str = ""
    status: int = 200


async def _file(request: Request, principal: Principal, claim: str, form: Form, shown: Shown) -> Response:
    """The form's `seen`: a revision since which something changed."""
    language = page_language(request)
    found = await call(request, read_case, principal, claim, language)
    holder = await call(request, read_holder, principal, claim) if principal.kind in ROLES["read_holder"] else None
    changed = await _changed(request, principal, claim, form.text("seen"))
    checks = [line for one in found.explanation.record if one.key == "checks" for line in one.lines]
    return page(
        request,
        "case.html",
        principal,
        shown.status,
        case=found,
        may_know=principal.kind in ROLES["read_known"],
        holder=holder,
        changed=changed,
        days=_by_day(found.history),
        passed=[one for one in checks if one.result == "met"],
        unmet=[one for one in checks if one.result != "met"],
        given={"key": new_key(), "revision": str(found.revision), **form.given},
        lists=form.lists,
        faults=form.faults,
        preview=shown.preview,
        done=shown.done,
        said=shown.said,
        filters=shown.filters,
        path_of=path_of,
        **await signals_of(request, principal, claim),
        has_provider=gateway_of(request).provider is not None,
        officer_name=officer_name,
        why=short(shown.why, language) if shown.why in _SHOWN_REFUSALS else "",
        may_rule=principal.kind in ROLES["review"],
        papers=PAPERS,
        lines=LINES,
        verdicts=VERDICTS,
    )


async def _changed(request: Request, principal: Principal, claim: str, seen: str) -> tuple[Change, ...]:
    revision = _number(seen)
    if not revision or principal.kind not in ROLES["changed_since"]:
        return ()
    return await call(request, changed_since, principal, claim, revision, page_language(request))


def _by_day(history: Sequence[Entry]) -> list[tuple[dt.date, list[Entry]]]:
    """Jakarta days, the newest first."""
    days = groupby(history, key=lambda one: one.at.astimezone(JAKARTA).date())
    return [(day, list(entries)) for day, entries in days]


_SHOWN_REFUSALS: Final = (
    "REVIEW_STALE",
    "REVIEW_SAME_OFFICER",
    "REVIEW_OWN_CLAIM",
    "REVIEW_CHANGE_NEEDED",
    "REVIEW_NOTHING_TO_APPROVE",
)


def _followed(claim: str, fate: Fate, filters: Filters, revision: int) -> Response:
    """After the form another page, so that reload sends nothing again. A refusal says what changed since `revision`."""
    more = {"done": fate.state, "why": fate.reason or "", "since": str(revision) if fate.state == "refused" else ""}
    return RedirectResponse(path_of(claim, filters, **more), 303)
