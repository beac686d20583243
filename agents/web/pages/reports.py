"""Reporting an accident or a death in steps: each step is an address, each form leads to another one, and the answers
are in a draft. So *back*, reload, a second tab and a session that ends lose nothing and send nothing twice."""

from contextlib import suppress
from functools import partial
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call, gateway_of, in_thread
from agents.web.pages.drafts import (
    Outcome,
    draft_of,
    drafts_of,
    fate_of_receipt,
    faults_of_report,
    form_of_draft,
    new_draft_id,
    send_draft,
    settle_draft,
    signed_or_lapsed,
)
from agents.web.pages.forms import Form
from agents.web.pages.frame import page, page_language
from agents.web.pages.report_pages import check_page, list_page, not_taken, step_page
from agents.web.pages.report_steps import Kind, Step, attachment, attachments_of, fields_of, steps_of
from agents.web.pages.uploads import FileFault, Uploaded, kept_papers, uploaded_form
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, grant_of
from pipeline.operations.reading import read_claim
from pipeline.queries.pages import NotFound
from pipeline.store.draft_book import Draft
from schemas.codes import PaperName

CHECK: Final = "check"
RECEIVED: Final = "received"
_KINDS: Final = get_args(Kind)
_PAPERS: Final = get_args(PaperName)

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/report")
async def my_drafts(request: Request, principal: Signed, said: str = "") -> Response:
    """What may be reported, what was begun, and what was sent of late."""
    kinds = [kind for kind in _KINDS if _may(principal, kind)]
    if not kinds:
        raise Denied("NOT_ALLOWED", "report_accident")
    return list_page(request, principal, kinds, await drafts_of(request, principal), said)


@router.get("/report/{kind}")
async def begin(principal: Signed, kind: str) -> Response:
    """To the first step of a new draft, which is kept when that is sent."""
    which = _kind_of(kind)
    grant_of(principal, f"report_{which}")
    return _to(which, new_draft_id(), steps_of(which, principal.kind, {})[0].name)


@router.get("/report/{kind}/{draft}/{step}")
async def show(
    request: Request,
    principal: Signed,
    kind: str,
    draft: str,
    step: str,
    faults: str = "",
    said: str = "",
    at: str = "",
) -> Response:
    """`faults`: show what is wrong. `said`: why a file was not taken, or the report not sent. `at`: the fields that
    were refused at sending, with commas between."""
    which = _kind_of(kind)
    grant_of(principal, f"report_{which}")
    found = await draft_of(request, principal, draft)
    form = form_of_draft(found)
    steps = steps_of(which, principal.kind, form.given)
    if (found is None or found.kind != which) and step != steps[0].name:
        return RedirectResponse("/report?said=gone", 303)
    if found is not None and found.receipt is not None:
        return await _received(request, principal, which, found) if step == RECEIVED else _to(which, draft, RECEIVED)
    if step in (CHECK, RECEIVED):
        wrong = await faults_of_report(request, principal, which, form)
        if (first := _first_wrong(steps, wrong)) is not None:
            return _to(which, draft, first.name, faults="1")
        return check_page(request, principal, which, draft, form, said, at.split(","))
    own = next((one for one in steps if one.name == step), None)
    if own is None:
        return _to(which, draft, steps[0].name)
    wrong = await faults_of_report(request, principal, which, form) if faults else {}
    wrong = not_taken(at.split(","), page_language(request)) | wrong
    return step_page(request, principal, which, draft, own, form, wrong, said)


@router.post("/report/{kind}/{draft}/{step}")
async def answer(request: Request, kind: str, draft: str, step: str) -> Response:
    """Keep what was typed; then the next step, the one before, or the report itself."""
    which = _kind_of(kind)
    principal, has_lapsed = await signed_or_lapsed(request)
    grant_of(principal, f"report_{which}")
    found = await draft_of(request, principal, draft)
    if step == "discard" and not has_lapsed:
        gateway = gateway_of(request)
        await in_thread(gateway, partial(gateway.drafts.discard, principal.name, draft))
        return RedirectResponse("/report?said=discarded", 303)
    if step == CHECK and not has_lapsed:
        return await _sent(request, principal, which, draft)
    try:
        async with uploaded_form(request) as given:
            if has_lapsed:
                return await _kept_for_later(request, principal, which, draft, step, given.form)
            return await _answered(request, principal, which, draft, step, given, found)
    except FileFault as fault:
        return _to(which, draft, step, said=fault.code)


async def _answered(
    request: Request, principal: Principal, kind: Kind, draft: str, step: str, given: Uploaded, before: Draft | None
) -> Response:
    own = _step_of(principal, kind, step, form_of_draft(before))
    saved = await _save(request, principal, kind, draft, own, given.form)
    if saved.receipt is not None:
        return _to(kind, draft, RECEIVED)
    form, go = form_of_draft(saved), given.form.text("go")
    if step == "papers" and (said := await _changed_papers(request, principal, saved, given)) is not None:
        return _to(kind, draft, step, **({"said": said} if said else {}))
    if go == "later":
        return RedirectResponse("/report?said=kept", 303)
    steps = steps_of(kind, principal.kind, form.given)
    names = [one.name for one in steps]
    place = names.index(step)
    if go == "back":
        return _to(kind, draft, names[max(0, place - 1)])
    wrong = await faults_of_report(request, principal, kind, form)
    if (at := _first_wrong(steps[: place + 1], wrong)) is not None:
        return _to(kind, draft, at.name, faults="1")
    return _to(kind, draft, names[place + 1] if place + 1 < len(names) else CHECK)


async def _changed_papers(request: Request, principal: Principal, saved: Draft, given: Uploaded) -> str | None:
    """None: nothing was put or taken away; empty: it was; else what is wrong with it."""
    gone = [one.name for one in attachments_of(saved.answers) if one.name == given.form.text("remove")]
    kind = given.form.text("paper")
    if not gone and not given.files:
        return "no_file" if given.form.text("go") == "add" else None
    if given.files and kind not in _PAPERS:
        return "which_paper"
    papers = await kept_papers(request, principal, given.files)
    answers = dict(attachment(kind, one.sha256, one.media_type, one.size) for one in papers)
    gateway = gateway_of(request)
    save = partial(gateway.drafts.save, principal.name, saved.id, saved.kind, saved.step)
    await in_thread(gateway, partial(save, (*gone, *answers), answers, gateway.front.now()))
    return "" if gone or given.form.text("go") == "add" else None


async def _kept_for_later(
    request: Request, principal: Principal, kind: Kind, draft: str, step: str, form: Form
) -> Response:
    """The session has run out: what was typed waits behind the door, and is shown to nobody before it."""
    if step != CHECK:  # which asks for nothing
        await _save(request, principal, kind, draft, _step_of(principal, kind, step, form), form)
    return RedirectResponse(f"/sign-in?back={quote(f'/report/{kind}/{draft}/{step}')}", 303)


async def _save(request: Request, principal: Principal, kind: Kind, draft: str, step: Step, form: Form) -> Draft:
    gateway = gateway_of(request)
    save = partial(gateway.drafts.save, principal.name, draft, kind, step.name, fields_of(step), form.lists)
    saved = await in_thread(gateway, partial(save, gateway.front.now()))
    if saved is None:  # another's
        raise ProblemError("NOT_FOUND")
    return saved


async def _sent(request: Request, principal: Principal, kind: Kind, draft: str) -> Response:
    found = await draft_of(request, principal, draft)
    if found is None:
        return RedirectResponse("/report?said=gone", 303)
    if found.receipt is None:
        form = form_of_draft(found)
        wrong = await faults_of_report(request, principal, kind, form)
        if (at := _first_wrong(steps_of(kind, principal.kind, form.given), wrong)) is not None:
            return _to(kind, draft, at.name, faults="1")
        outcome = await send_draft(request, principal, kind, draft)
        if outcome.said is not None:
            return _not_sent(kind, draft, outcome)
    return _to(kind, draft, RECEIVED)


def _not_sent(kind: Kind, draft: str, outcome: Outcome) -> Response:
    """To the last page, which names the fields concerned. The address has names of fields, and no answer."""
    return _to(kind, draft, CHECK, said=outcome.said, **({"at": ",".join(outcome.at)} if outcome.at else {}))


async def _received(request: Request, principal: Principal, kind: Kind, draft: Draft) -> Response:
    """Number, receipt, what is missing; as of now, so that reload shows when it was decided."""
    receipt, fate = await fate_of_receipt(request, principal, draft)
    outcome = await settle_draft(request, principal, kind, draft.id, form_of_draft(draft), fate)
    if outcome.said is not None:
        return _not_sent(kind, draft.id, outcome)
    claim = None
    if fate.state == "applied" and receipt.claim_id is not None:
        with suppress(NotFound):  # a worker has begun it, and not decided yet
            claim = await call(request, read_claim, principal, receipt.claim_id, page_language(request))
    return page(request, "received.html", principal, kind=kind, receipt=receipt, state=fate.state, claim=claim)


def _first_wrong(steps: list[Step], faults: dict[str, str]) -> Step | None:
    """A fault that no step asks for is one of the first."""
    own = {name for step in steps for name in fields_of(step)}
    for step in steps:
        if any(name in fields_of(step) for name in faults):
            return step
    return None if faults.keys() <= own or not faults else None


def _step_of(principal: Principal, kind: Kind, name: str, form: Form) -> Step:
    found = next((one for one in steps_of(kind, principal.kind, form.given) if one.name == name), None)
    if found is None:
        raise ProblemError("NOT_FOUND")
    return found


def _may(principal: Principal, kind: str) -> bool:
    try:
        grant_of(principal, f"report_{kind}")
    except Denied:
        return False
    return True


def _to(kind: Kind, draft: str, step: str, **query: Any) -> Response:
    return RedirectResponse(f"/report/{kind}/{draft}/{step}{'?' + urlencode(query) if query else ''}", 303)


def _kind_of(kind: str) -> Kind:
    if kind not in _KINDS:
        raise ProblemError("NOT_FOUND")
    return kind  # type: ignore[return-value]
