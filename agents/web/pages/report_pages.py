"""The pages of a report: one step, all answers once more, and the list of what was begun."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, get_args

from fastapi import Request
from fastapi.responses import Response

from agents.web.gate import gateway_of
from agents.web.pages.forms import Form
from agents.web.pages.frame import page, page_language, texts
from agents.web.pages.report_steps import (
    MOST_CHILDREN,
    STEPS,
    Kind,
    Question,
    Step,
    attachments_of,
    children_of,
    fields_of,
    papers_of,
    steps_of,
    whole_number,
)
from pipeline.access.principals import Principal
from pipeline.explain import Language, paper_name, refusal_text, rupiah
from pipeline.explain.sections import choices, field_label
from pipeline.store.draft_book import Draft
from schemas.codes import PaperName

FILE_FAULTS: Final = ("too_many", "too_big", "too_much", "heic", "no_picture", "unsafe", "no_file")
_SEEN_LETTERS: Final = 4  # of a number, so that a clerk knows which report it is


def list_page(
    request: Request, principal: Principal, kinds: Sequence[str], drafts: Sequence[Draft], said: str
) -> Response:
    return page(
        request,
        "reports.html",
        principal,
        kinds=kinds,
        begun=[(one, _known_by(one)) for one in drafts if one.receipt is None],
        sent=[one for one in drafts if one.receipt is not None],
        said=said if said in ("gone", "kept", "discarded") else "",
        hours=gateway_of(request).draft_hours,
    )


def step_page(
    request: Request,
    principal: Principal,
    kind: Kind,
    draft: str,
    step: Step,
    form: Form,
    wrong: Mapping[str, str],
    said: str,
) -> Response:
    language = page_language(request)
    faults = {name: wrong[name] for name in fields_of(step) if name in wrong}
    t = texts(language)["files"]
    if said == "which_paper":
        faults["paper"] = t["which_paper"]
    elif said in FILE_FAULTS:
        faults["files"] = t[said]
    steps = [one.name for one in steps_of(kind, principal.kind, form.given)]
    needed = papers_of(kind, form.given)
    return page(
        request,
        "report.html",
        principal,
        kind=kind,
        draft=draft,
        step=step,
        number=steps.index(step.name) + 1,
        count=len(steps) + 1,
        given=form.given,
        lists=form.lists,
        faults=faults,
        label=partial(label_of, language=language),
        options=partial(_options, language=language),
        papers=paper_options(needed, language),
        others=paper_options([one for one in get_args(PaperName) if one not in needed], language),
        attached=attachments_of(form.lists),
        has_place=gateway_of(request).front.papers is not None,
        most_children=MOST_CHILDREN,
        hours=gateway_of(request).draft_hours,
    )


def not_taken(names: Sequence[str], language: Language) -> dict[str, str]:
    """Faults of the fields that were refused at sending; of no field where the name is none of a form."""
    t: Mapping[str, str] = texts(language)["report"]
    known = {one.path for steps in STEPS.values() for step in steps for one in step.questions}
    return {one: t["not_taken"].replace("{field}", label_of(one, language)) for one in names if one in known}


def check_page(
    request: Request, principal: Principal, kind: Kind, draft: str, form: Form, said: str, at: Sequence[str]
) -> Response:
    """All answers once more, before they are sent. `said`: why the report was not taken in; `at`: for which fields."""
    language = page_language(request)
    steps = steps_of(kind, principal.kind, form.given)
    return page(
        request,
        "report_check.html",
        principal,
        kind=kind,
        draft=draft,
        steps=steps,
        count=len(steps) + 1,
        given=form.given,
        lists=form.lists,
        refusal=_refusal(said, language) if said else "",
        refused=[(step.name, one.path) for step in steps for one in step.questions if one.path in at],
        attached=attachments_of(form.lists),
        children=children_of(form.lists),
        understood=partial(_understood, language=language),
        label=partial(label_of, language=language),
        options=partial(_options, language=language),
        faults={},
    )


def _options(path: str, language: Language) -> Mapping[str, str]:
    """What may be chosen, with its words."""
    zones: Mapping[str, str] = texts(language)["zones"]
    return zones if path == "zone" else choices(path, language)


def paper_options(names: Sequence[str], language: Language) -> dict[str, str]:
    return {one: paper_name(one, language) for one in names}


def _refusal(said: str, language: Language) -> str:
    t: Mapping[str, Any] = texts(language)["report"]
    if said in ("sent_before", "not_yours", "away"):
        return str(t[said])
    try:
        return refusal_text(said, language)
    except LookupError:  # no code of ours: somebody wrote the address himself
        return ""


def _known_by(draft: Draft) -> str:
    """The end of the number that was typed."""
    number = draft.answers.get("member", [""])[-1].strip()
    return f"…{number[-_SEEN_LETTERS:]}" if len(number) > _SEEN_LETTERS else ""


def _understood(question: Question, written: str, language: Language) -> str:
    """A number as it will be sent."""
    number = whole_number(written)
    if number is None:
        return written
    return rupiah(number, language) if question.path.startswith("costs.") else str(number)


def label_of(path: str, language: Language) -> str:
    """What the field is called on the page."""
    own: Mapping[str, str] = texts(language)["report"]["labels"]
    return own[path] if path in own else field_label(path, language)
