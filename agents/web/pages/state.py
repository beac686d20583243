"""State: what waits, what failed, what becomes due; and refused events, read, sent again, or corrected in place."""

import json
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call
from agents.web.messages import in_indonesian
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import Form, form_of
from agents.web.pages.frame import page, page_language, texts
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES, grant_of
from pipeline.errors import NotReady, Poison, Transient
from pipeline.explain import refusal_text, short
from pipeline.explain.law import parameter_title
from pipeline.operations.refused import (
    approve_original,
    ask_original,
    correct_refused,
    list_refused,
    read_original,
    read_refused,
    retry_refused,
)
from pipeline.operations.state import read_state
from pipeline.queries.pages import NotFound

DONE: Final = ("asked", "approved", "retried", "corrected")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/state")
async def state(request: Request, principal: Signed) -> Response:
    found = await call(request, read_state, principal)
    language = page_language(request)
    return page(request, "state.html", principal, state=found, title_of=lambda name: parameter_title(name, language))


@router.get("/state/refused")
async def refused_events(request: Request, principal: Signed, after: str = "") -> Response:
    found = await call(request, list_refused, principal, after=after)
    language = page_language(request)
    return page(request, "refused_list.html", principal, found=found, short=lambda code: short(code, language))


@router.get("/state/refused/{topic}/{partition}/{offset}")
async def refused_event(
    request: Request, principal: Signed, topic: str, partition: str, offset: str, done: str = "", asked: str = ""
) -> Response:
    """`asked`: a step with what is wrong with it, or to open the event: it is personal, and each look is recorded."""
    place = f"{topic}/{partition}/{offset}"
    form = await asked_form(request, principal)
    if form is None:
        return await _one(request, principal, place, done=done if done in DONE else "")
    step, original = form.text("step"), None
    if step == "original":
        original = _readable(await call(request, read_original, principal, place))
    elif step == "correct":
        original = form.given.get("event", "")
    status = 422 if form.faults else 200
    return await _one(request, principal, place, original=original, given=form.given, faults=form.faults, status=status)


@router.post("/state/refused/{topic}/{partition}/{offset}/{step}")
async def work_on(request: Request, principal: Signed, topic: str, partition: str, offset: str, step: str) -> Response:
    """`step`: what the button says."""
    form, place = await form_of(request), f"{topic}/{partition}/{offset}"
    t, language = texts(page_language(request))["state"], page_language(request)
    home, kept = f"/state/refused/{place}", {**form.lists, "step": [step]}
    try:
        if step == "original":
            grant_of(principal, "read_original")
            await call(request, read_refused, principal, place)
            return await led(request, principal, Form({}, kept), home)
        if step == "ask":
            await call(request, ask_original, principal, place, form.text("reason"))
        elif step == "approve":
            await call(request, approve_original, principal, place)
        elif step == "retry":
            await call(request, retry_refused, principal, place)
        elif step == "correct":
            await call(request, correct_refused, principal, place, form.text("event").encode())
        else:
            raise ProblemError("NOT_FOUND")
    except Poison as poison:
        faults = {"reason": t["which_reason"]} if step == "ask" else _faults(poison, language)
        return await led(request, principal, Form({}, kept, faults), home)
    except NotFound as error:
        if step != "retry":
            raise
        await call(request, read_refused, principal, place)  # there is one, and it cannot be sent as it is
        fault = {"retry": f"{t['cannot_retry']} {str(error) if language == 'en' else ''}".strip()}
        return await led(request, principal, Form({}, kept, fault), home)
    except (NotReady, Transient) as error:
        if step != "retry":
            raise
        fault = {"retry": t["retry_away"] if language == "id" else str(error)}
        return await led(request, principal, Form({}, kept, fault), home)
    done = {"ask": "asked", "approve": "approved", "retry": "retried", "correct": "corrected"}[step]
    return RedirectResponse(f"{home}?done={done}", 303)


async def _one(
    request: Request,
    principal: Principal,
    place: str,
    *,
    done: str = "",
    original: str | None = None,
    faults: dict[str, str] | None = None,
    given: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    found = await call(request, read_refused, principal, place)
    language = page_language(request)
    return page(
        request,
        "refused_event.html",
        principal,
        status,
        found=found,
        why=refusal_text(found.event.reason, language),
        said=lambda message: in_indonesian(message) if language == "id" else message,
        may_work=principal.kind in ROLES["retry_refused"],
        done=done,
        original=original,
        faults=faults or {},
        given=given or {},
    )


def _faults(poison: Poison, language: str) -> dict[str, str]:
    """All at the one field that there is, each with its place in the event."""
    said = [f"{one.field}: {in_indonesian(one.message) if language == 'id' else one.message}" for one in poison.errors]
    return {"event": "; ".join(said) or refusal_text(poison.reason, "id" if language == "id" else "en")}


def _readable(raw: bytes) -> str:
    """With one field a line where it is JSON, since it is to be corrected."""
    text = raw.decode(errors="backslashreplace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text
