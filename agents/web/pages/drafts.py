"""Drafts of reports as pages use them: by whom, what is wrong with one, and sending it."""

import datetime as dt
import re
import secrets
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from fastapi import Request

from agents.web.gate import call, gateway_of, in_thread, lapsed_of, signed_in
from agents.web.messages import in_indonesian
from agents.web.pages.forms import Form, sent
from agents.web.pages.frame import page_language, texts
from agents.web.pages.report_pages import label_of
from agents.web.pages.report_steps import Kind, data_of, steps_of
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.errors import Poison, Transient
from pipeline.operations.drafts import faults_of_draft
from pipeline.operations.fate import Fate, fate_of
from pipeline.operations.front_office import IdReused, Receipt
from pipeline.operations.reports import report_accident, report_death
from pipeline.queries.pages import NotFound
from pipeline.store.draft_book import Draft

_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_REPORTS: Final = {"accident": report_accident, "death": report_death}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of sending: `said` names why it was not taken in, by a code of the pipeline or of the pages' own."""

    said: str | None = None


def new_draft_id() -> str:
    """Nobody comes upon another's: 128 bits."""
    return secrets.token_urlsafe(16)


def form_of_draft(draft: Draft | None) -> Form:
    lists = draft.answers if draft is not None else {}
    return Form({name: values[-1] for name, values in lists.items()}, lists)


async def signed_or_lapsed(request: Request) -> tuple[Principal, bool]:
    """Who fills in this form, and whether the session has run out meanwhile. Raises ProblemError."""
    try:
        return await signed_in(request), False
    except ProblemError as error:
        principal = await lapsed_of(request) if error.problem.code == "KEY_NEEDED" else None
        if principal is None:
            raise
        return principal, True


async def draft_of(request: Request, principal: Principal, draft_id: str) -> Draft | None:
    """None: there is none any more, or it is another's. Raises ProblemError (NOT_FOUND) of what is no id."""
    if _ID.fullmatch(draft_id) is None:
        raise ProblemError("NOT_FOUND")
    gateway = gateway_of(request)
    return await in_thread(gateway, partial(gateway.drafts.get, principal.name, draft_id, gateway.front.now()))


async def drafts_of(request: Request, principal: Principal) -> list[Draft]:
    gateway = gateway_of(request)
    return await in_thread(gateway, partial(gateway.drafts.all, principal.name, gateway.front.now()))


async def faults_of_report(request: Request, principal: Principal, kind: Kind, form: Form) -> dict[str, str]:
    """What is missing, and what the parser finds, by the names of the form's fields."""
    language = page_language(request)
    t = texts(language)["report"]
    needed = [one for step in steps_of(kind, principal.kind, form.given) for one in step.questions if one.is_required]
    found: dict[str, str] = {
        one.path: t["needed"].replace("{field}", label_of(one.path, language))
        for one in needed
        if not form.text(one.path)
    }
    data = data_of(kind, principal.kind, form.given, form.lists, gateway_of(request).front.now())
    for error in await call(request, faults_of_draft, principal, kind, data):
        message = in_indonesian(error.message) if language == "id" else error.message
        found.setdefault(_name_of(error.field.removeprefix("data.")), message)
    return found


async def send_draft(request: Request, principal: Principal, kind: Kind, draft_id: str) -> Outcome:
    """Once, however often it is asked for: id and time are the draft's. What is refused may be corrected."""
    gateway = gateway_of(request)
    book, begin = gateway.drafts, partial(gateway.drafts.begin_sending, principal.name, draft_id, gateway.front.now())
    draft = await in_thread(gateway, begin)
    if draft is None or draft.receipt is not None:
        return Outcome()
    form, at = form_of_draft(draft), draft.sending_at or gateway.front.now()
    data = data_of(kind, principal.kind, form.given, form.lists, at)
    try:
        receipt, fate = await sent(request, _REPORTS[kind], principal, draft.event_id, data)
    except Transient:
        return Outcome("away")
    except IdReused:
        return Outcome("sent_before")
    except (Poison, NotFound) as refusal:
        await in_thread(gateway, partial(book.stop_sending, principal.name, draft_id))
        return Outcome(refusal.reason if isinstance(refusal, Poison) else "not_yours")
    kept = asdict(receipt) | {"received_at": receipt.received_at.isoformat()}
    await in_thread(gateway, partial(book.received, principal.name, draft_id, kept))
    return Outcome(await settle_draft(request, principal, draft_id, fate))


async def settle_draft(request: Request, principal: Principal, draft_id: str, fate: Fate) -> str | None:
    """The answers go when the report is applied; when it was refused, they can be corrected. The reason of that."""
    gateway = gateway_of(request)
    if fate.state == "applied":
        await in_thread(gateway, partial(gateway.drafts.forget_answers, principal.name, draft_id))
    if fate.state == "refused":
        await in_thread(gateway, partial(gateway.drafts.stop_sending, principal.name, draft_id))
        return fate.reason
    return None


async def fate_of_receipt(request: Request, principal: Principal, draft: Draft) -> tuple[Receipt, Fate]:
    """Only where it was received."""
    assert draft.receipt is not None
    receipt = Receipt(**draft.receipt | {"received_at": dt.datetime.fromisoformat(draft.receipt["received_at"])})
    return receipt, await call(request, fate_of, principal, receipt)


def _name_of(path: str) -> str:
    """The field of the form that asks for this field of the event."""
    if path.startswith("member"):
        return "member"
    if path == "accident.occurred_at":
        return "time"
    lists = ("children", "documents", "heirs.relatives")
    if path.startswith("attachments"):
        return "documents"
    return next((one for one in lists if path.startswith(one)), path)
