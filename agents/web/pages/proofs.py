"""Auditors: the ledger with its checkpoints, a look at all of it, receipts to keep; and replay with its differences."""

import datetime as dt
from dataclasses import replace
from typing import Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.describing import JSON
from agents.web.gate import Signed, call
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import Form, faults_of, form_of
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.roles import ROLES
from pipeline.errors import Poison
from pipeline.operations.proofs import read_ledger, read_proof, read_run, start_replay, start_verification
from pipeline.queries.pages import NotFound

_DAYS: Final = ("since", "until")

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/ledger")
async def ledger(request: Request, principal: Signed, busy: str = "", asked: str = "") -> Response:
    """`asked`: a receipt that is not there, with the fault."""
    form = await asked_form(request, principal) or Form({}, {})
    found = await call(request, read_ledger, principal)
    may_verify = principal.kind in ROLES["start_verification"]
    run = await call(request, read_run, principal, "verification") if may_verify else None
    shown: dict[str, object] = {"found": found, "run": run, "may_verify": may_verify, "is_busy": bool(busy)}
    status = 422 if form.faults else 200
    return page(request, "ledger.html", principal, status, given=form.given, faults=form.faults, **shown)


@router.post("/ledger/verification")
async def verification(request: Request, principal: Signed) -> Response:
    began = await call(request, start_verification, principal)
    return RedirectResponse("/ledger#verification" if began else "/ledger?busy=1", 303)


@router.post("/ledger/receipt")
async def receipt(request: Request, principal: Signed) -> Response:
    form, language = await form_of(request), page_language(request)
    digest = form.text("digest").strip().lower()
    try:
        found = await call(request, read_proof, principal, digest)
    except Poison as poison:
        faults = faults_of(poison, {"digest": "digest"}, language, "digest")
        return await led(request, principal, replace(form, faults=faults), "/ledger")
    except NotFound:
        faults = {"digest": texts(language)["proofs"]["no_receipt"]}
        return await led(request, principal, replace(form, faults=faults), "/ledger")
    name = f"receipt-{digest[:12]}.json"
    return Response(orjson.dumps(found), 200, {"Content-Disposition": f'attachment; filename="{name}"'}, JSON)


@router.get("/replay")
async def replay(request: Request, principal: Signed, busy: str = "", asked: str = "") -> Response:
    """`asked`: days that could not be taken, with their faults."""
    form = await asked_form(request, principal) or Form({}, {})
    shown = {"run": await call(request, read_run, principal, "replay"), "is_busy": bool(busy)}
    status = 422 if form.faults else 200
    return page(request, "replay.html", principal, status, given=form.given, faults=form.faults, **shown)


@router.post("/replay")
async def begin(request: Request, principal: Signed) -> Response:
    form, language = await form_of(request), page_language(request)
    days, faults = dict[str, dt.date | None](), dict[str, str]()
    for name in _DAYS:
        try:
            days[name] = dt.date.fromisoformat(form.text(name)) if form.text(name) else None
        except ValueError:
            faults[name] = texts(language)["law"]["which_day"]
    if not faults:
        try:
            began = await call(request, start_replay, principal, since=days["since"], until=days["until"])
            return RedirectResponse("/replay#run" if began else "/replay?busy=1", 303)
        except Poison as poison:
            faults = faults_of(poison, {name: name for name in _DAYS}, language, "until")
    return await led(request, principal, replace(form, faults=faults), "/replay")
