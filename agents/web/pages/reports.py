"""Reporting an accident or a death in steps. What was answered stays in the form itself, so nothing is kept here."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call, gateway_of
from agents.web.messages import in_indonesian
from agents.web.pages.forms import Form, form_of, new_key, sent
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.report_steps import (
    MOST_CHILDREN,
    Kind,
    Question,
    Step,
    data_of,
    papers_of,
    steps_of,
    whole_number,
)
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.explain import Language, refusal_text, rupiah
from pipeline.explain.sections import choices, field_label
from pipeline.operations.drafts import faults_of_draft
from pipeline.operations.front_office import IdReused
from pipeline.operations.reports import report_accident, report_death
from pipeline.queries.pages import NotFound
from schemas.decisions import FieldError

CHECK: Final = "check"
_KINDS: Final = get_args(Kind)
_REPORTS: Final = {"accident": report_accident, "death": report_death}
_CONTROLS: Final = ("at", "go")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/report/{kind}")
async def begin(request: Request, principal: Signed, kind: str) -> Response:
    which = _kind_of(kind)
    grant_of(principal, f"report_{which}")
    form = Form({"key": new_key()}, {})
    return _step(request, principal, which, steps_of(which, principal.kind, {})[0], form)


@router.post("/report/{kind}")
async def go_on(request: Request, principal: Signed, kind: str) -> Response:
    """The next step, or the one before; from the last one, the report itself."""
    which, form, language = _kind_of(kind), await form_of(request), page_language(request)
    grant_of(principal, f"report_{which}")
    steps = steps_of(which, principal.kind, form.given)
    names = [one.name for one in steps]
    at = form.text("at")
    place = names.index(at) if at in names else len(steps) if at == CHECK else 0
    if form.text("go") == "back":
        return _step(request, principal, which, steps[max(0, place - 1)], form)
    faults = await _faults(request, principal, which, form, language)
    for step in steps[: place + 1]:
        own = {name: said for name, said in faults.items() if name in _names(step)}
        if own:
            return _step(request, principal, which, step, Form(form.given, form.lists, own))
    if place < len(steps) - 1:
        return _step(request, principal, which, steps[place + 1], form)
    if at != CHECK:
        return _check(request, principal, which, form)
    return await _send(request, principal, which, form)


@router.get("/received")
async def received(request: Request, principal: Signed, claim: str = "", digest: str = "", state: str = "") -> Response:
    """The number of the claim and its receipt, to print or to write down."""
    if len(claim) > 64 or len(digest) != 64 or state not in ("applied", "waiting"):
        raise ProblemError("NOT_FOUND")
    return page(request, "received.html", principal, claim=claim, digest=digest, state=state)


async def _send(request: Request, principal: Principal, kind: Kind, form: Form) -> Response:
    language = page_language(request)
    data = data_of(kind, principal.kind, form.given, form.lists, gateway_of(request).front.now())
    try:
        receipt, fate = await sent(request, _REPORTS[kind], principal, form.text("key") or new_key(), data)
    except (Poison, IdReused, NotFound) as refusal:
        said = _refusal(refusal, language)
        return _check(request, principal, kind, form, {"send": said})
    if fate.state == "refused":
        return _check(request, principal, kind, form, {"send": refusal_text(str(fate.reason), language)})
    where = {"claim": receipt.claim_id, "digest": receipt.digest, "state": fate.state}
    return RedirectResponse(f"/received?{urlencode(where)}", 303)


def _refusal(refusal: Exception, language: Language) -> str:
    t = texts(language)["report"]
    if isinstance(refusal, Poison):
        return refusal_text(refusal.reason, language)
    return str(t["sent_before"] if isinstance(refusal, IdReused) else t["not_yours"])


async def _faults(request: Request, principal: Principal, kind: Kind, form: Form, language: Language) -> dict[str, str]:
    """What is missing, and what the parser finds, by the names of the form's fields."""
    t = texts(language)["report"]
    found: dict[str, str] = {}
    for step in steps_of(kind, principal.kind, form.given):
        for one in step.questions:
            if one.is_required and not form.text(one.path):
                found[one.path] = t["needed"]
    data = data_of(kind, principal.kind, form.given, form.lists, gateway_of(request).front.now())
    errors: Sequence[FieldError] = await call(request, faults_of_draft, principal, kind, data)
    for error in errors:
        message = in_indonesian(error.message) if language == "id" else error.message
        found.setdefault(_name_of(error.field.removeprefix("data.")), message)
    return found


def _name_of(path: str) -> str:
    """The field of the form that asks for this field of the event."""
    if path.startswith("member"):
        return "member"
    if path == "accident.occurred_at":
        return "time"
    lists = ("children", "documents", "heirs.relatives")
    return next((one for one in lists if path.startswith(one)), path)


def _names(step: Step) -> set[str]:
    return {one.path for one in step.questions}


def _step(request: Request, principal: Principal, kind: Kind, step: Step, form: Form) -> Response:
    language = page_language(request)
    own = _names(step) | ({"children.birth_date", "children.level"} if "children" in _names(step) else set())
    steps = steps_of(kind, principal.kind, form.given)
    return page(
        request,
        "report.html",
        principal,
        422 if form.faults else 200,
        kind=kind,
        step=step,
        number=[one.name for one in steps].index(step.name) + 1,
        count=len(steps) + 1,
        given={"key": new_key(), **form.given},
        lists=form.lists,
        faults=form.faults,
        carried=_carried(form, own),
        label=partial(_label, language=language),
        options=partial(_options, language=language),
        papers=papers_of(kind, form.given),
        most_children=MOST_CHILDREN,
    )


def _check(
    request: Request, principal: Principal, kind: Kind, form: Form, faults: Mapping[str, str] | None = None
) -> Response:
    """All answers once more, before they are sent."""
    language = page_language(request)
    steps = steps_of(kind, principal.kind, form.given)
    return page(
        request,
        "report_check.html",
        principal,
        422 if faults else 200,
        kind=kind,
        steps=steps,
        count=len(steps) + 1,
        given={"key": new_key(), **form.given},
        lists=form.lists,
        faults=dict(faults or {}),
        carried=_carried(form, set()),
        understood=partial(_understood, language=language),
        label=partial(_label, language=language),
        options=partial(_options, language=language),
    )


def _understood(question: Question, written: str, language: Language) -> str:
    """A number as it will be sent."""
    number = whole_number(written)
    if number is None:
        return written
    return rupiah(number, language) if question.path.startswith("costs.") else str(number)


def _carried(form: Form, own: set[str]) -> list[tuple[str, str]]:
    """What other steps asked, as hidden fields."""
    return [
        (name, value)
        for name, values in form.lists.items()
        if name not in own | {*_CONTROLS, "key"}
        for value in values
    ]


def _label(question: Question, language: Language) -> str:
    own: Mapping[str, str] = texts(language)["report"]["labels"]
    return own[question.path] if question.path in own else field_label(question.path, language)


def _options(path: str, language: Language) -> Mapping[str, str]:
    return choices(path, language)


def _kind_of(kind: str) -> Kind:
    if kind not in _KINDS:
        raise ProblemError("NOT_FOUND")
    return kind  # type: ignore[return-value]
