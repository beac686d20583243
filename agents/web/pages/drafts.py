"""Drafts of reports as pages use them: by whom, what is wrong with one, and sending it."""

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from fastapi import Request

from agents.web.gate import call, gateway_of, in_thread, lapsed_of, signed_in
from agents.web.pages.forms import Form, said_on_page, sent
from agents.web.pages.frame import page_language, texts
from agents.web.pages.report_pages import label_of
from agents.web.pages.report_steps import Kind, data_of, field_of, is_readable, lacks_children, steps_of
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.errors import Poison, Transient
from pipeline.operations.drafts import faults_of_draft
from pipeline.operations.fate import Fate, fate_of
from pipeline.operations.front_office import IdReused, Receipt
from pipeline.operations.reports import report_accident, report_death
from pipeline.queries.pages import NotFound
from pipeline.store.draft_book import Draft
from schemas.decisions import FieldError

_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_WRITE: Final = {"number": "write_number", "date": "write_date", "time": "write_time", "zone": "write_zone"}
_REPORTS: Final = {"accident": report_accident, "death": report_death}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of sending: `said` names why it was not taken in, by a code of the pipeline or of the pages' own;
    `at` the fields of the form that it was refused for."""

    said: str | None = None
    at: tuple[str, ...] = ()


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
    asked = [one for step in steps_of(kind, principal.kind, form.given) for one in step.questions]
    fields, found = [one.path for one in asked], dict[str, str]()
    for one in asked:
        written, label = form.text(one.path), label_of(one.path, language)
        if one.is_required and not written:
            found[one.path] = t["needed"].replace("{field}", label)
        elif written and not is_readable(one.widget, written):
            named = "write_rupiah" if one.path.startswith("costs.") else _WRITE[one.widget]
            found[one.path] = f"{label}: {t[named]}"
    if lacks_children(kind, principal.kind, form.given, form.lists):
        found["children"] = t["child_needed"]
    data = data_of(kind, principal.kind, form.given, form.lists, gateway_of(request).front.now())
    if any("birth_date" not in child for child in data.get("children", ())):
        found["children"] = t["child_born"]
    for error in await call(request, faults_of_draft, principal, kind, data):
        path = error.field.removeprefix("data.")
        if any(name.startswith(f"{path}.") for name in found):
            continue  # what is wrong with the section as a whole is said at its field already
        name = field_of(path, fields)
        if name == "time" and ("day" in found or is_readable("time", form.text("time"))):
            name = "day"  # one moment of the event; the time is right
        message = said_on_page(error.message, language)
        found.setdefault(name, f"{label_of(name, language)}: {message}" if name in fields else message)
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
        if not isinstance(refusal, Poison):
            return Outcome("not_yours")
        return Outcome(refusal.reason, _fields_of(principal, kind, form, refusal.errors))
    kept = asdict(receipt) | {"received_at": receipt.received_at.isoformat()}
    await in_thread(gateway, partial(book.received, principal.name, draft_id, kept))
    return await settle_draft(request, principal, kind, draft_id, form, fate)


async def settle_draft(
    request: Request, principal: Principal, kind: Kind, draft_id: str, form: Form, fate: Fate
) -> Outcome:
    """The answers go when the report is applied; when it was refused, they can be corrected."""
    gateway = gateway_of(request)
    if fate.state == "applied":
        await in_thread(gateway, partial(gateway.drafts.forget_answers, principal.name, draft_id))
    if fate.state == "refused":
        await in_thread(gateway, partial(gateway.drafts.stop_sending, principal.name, draft_id))
        return Outcome(fate.reason, _fields_of(principal, kind, form, fate.errors))
    return Outcome()


async def fate_of_receipt(request: Request, principal: Principal, draft: Draft) -> tuple[Receipt, Fate]:
    """Only where it was received."""
    assert draft.receipt is not None
    receipt = Receipt(**draft.receipt | {"received_at": dt.datetime.fromisoformat(draft.receipt["received_at"])})
    return receipt, await call(request, fate_of, principal, receipt)


def _fields_of(principal: Principal, kind: Kind, form: Form, errors: Sequence[FieldError]) -> tuple[str, ...]:
    """The fields of this form that were refused, each once."""
    asked = [one.path for step in steps_of(kind, principal.kind, form.given) for one in step.questions]
    found = (field_of(error.field.removeprefix("data."), asked) for error in errors)
    return tuple(dict.fromkeys(one for one in found if one in asked))
