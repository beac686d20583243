"""Signals: a list with the evidence of each; and the box on the page of a claim."""

from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.gate import Signed, call
from agents.web.pages.frame import page, page_language, texts
from pipeline.access.principals import Principal
from pipeline.access.roles import ROLES
from pipeline.explain import Language
from pipeline.explain.signals import signal_sentences, signal_title, signals_text
from pipeline.operations.signals import Signals, list_claim_signals, list_signals
from pipeline.signals.facts import Signal
from schemas.values import source_kind, source_who

MOST_CLAIMS = 20  # of the evidence of one signal

router = APIRouter(tags=["pages"], include_in_schema=False)


class Shown(NamedTuple):
    """`more`: claims of its evidence that are not listed."""

    signal: Signal
    title: str
    found: str
    how: str
    claims: tuple[str, ...]
    more: str


@router.get("/signals")
async def signals(request: Request, principal: Signed) -> Response:
    language = page_language(request)
    found = await call(request, list_signals, principal)
    shown = shown_signals(found, language)
    path = "/tasks" if principal.kind in ROLES["review"] else "/trail"
    return page(request, "signals.html", principal, found=found, shown=shown, leads_to=path, **_says(language))


async def signals_of(request: Request, principal: Principal, claim: str) -> dict[str, Any]:
    """What `claim_signals.html` shows on the page of a claim; nothing for whom they are not."""
    language = page_language(request)
    if principal.kind not in ROLES["list_claim_signals"]:
        return {"signals": [], **_says(language)}
    found = await call(request, list_claim_signals, principal, claim, waits=False, is_quick=True)
    return {"signals": shown_signals(found, language), **_says(language)}


def shown_signals(found: Signals, language: Language) -> list[Shown]:
    shown = []
    for one in found.signals:
        sentences = signal_sentences(one.rule, _subject(one.subject, language), one.facts, language)
        rest = len(one.claims) - MOST_CLAIMS
        more = signals_text(language, "more", count=rest) if rest > 0 else ""
        shown.append(Shown(one, signal_title(one.rule, language), *sentences, one.claims[:MOST_CLAIMS], more))
    return shown


def _subject(subject: str, language: Language) -> str:
    if not subject.startswith("urn:"):
        return subject
    return f"{texts(language)['kinds'][source_kind(subject)]} {source_who(subject)}"


def _says(language: Language) -> dict[str, Any]:
    return {"signal_text": lambda name, **values: signals_text(language, name, **values)}
