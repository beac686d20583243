"""State: what waits, what failed, what becomes due; and refused events, read, sent again, or corrected in place."""

import json
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, call
from agents.web.messages import in_indonesian
from agents.web.pages.forms import form_of
from agents.web.pages.frame import page, page_language, texts
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
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
    request: Request, principal: Signed, topic: str, partition: str, offset: str, done: str = ""
) -> Response:
    place = f"{topic}/{partition}/{offset}"
    return await _one(request, principal, place, done=done if done in DONE else "")


@router.post("/state/refused/{topic}/{partition}/{offset}/{step}")
async def work_on(request: Request, principal: Signed, topic: str, partition: str, offset: str, step: str) -> Response:
    """`step`: what the button says. The event is shown by POST alone, since it is personal and each look counts."""
    form, place = await form_of(request), f"{topic}/{partition}/{offset}"
    t, language = texts(page_language(request))["state"], page_language(request)
    try:
        if step == "original":
            raw = await call(request, read_original, principal, place)
            return await _one(request, principal, place, original=_readable(raw))
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
        field = "reason" if step == "ask" else "event"
        given = form.text("event") if step == "correct" else None
        faults = {field: t["which_reason"]} if step == "ask" else _faults(poison, language)
        return await _one(request, principal, place, faults=faults, original=given, given=form.given, status=422)
    except NotFound as error:
        if step != "retry":
            raise
        await call(request, read_refused, principal, place)  # there is one, and it cannot be sent as it is
        fault = {"retry": f"{t['cannot_retry']} {str(error) if language == 'en' else ''}".strip()}
        return await _one(request, principal, place, faults=fault, status=422)
    except (NotReady, Transient) as error:
        if step != "retry":
            raise
        fault = {"retry": t["retry_away"] if language == "id" else str(error)}
        return await _one(request, principal, place, faults=fault, status=503)
    done = {"ask": "asked", "approve": "approved", "retry": "retried", "correct": "corrected"}[step]
    return RedirectResponse(f"/state/refused/{place}?done={done}", 303)


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
