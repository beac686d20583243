"""The sentences of a reason code: why, and what can be done, with the figures of the check that gave it."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pipeline.explain.facts import Scalar, facts_of, kinds_of_facts, sentences
from pipeline.explain.texts import NoText, find, room, text
from pipeline.explain.words import paper_name

if TYPE_CHECKING:
    from schemas.decisions import Decision

_MISSING_PAPER: Final = re.compile(r"DOC_([A-Z_]+)_MISSING")
_NO_FACTS: Final[Mapping[str, Scalar]] = {}


def is_missing_paper(code: str) -> bool:
    """Whether a reason code names a paper that is missing."""
    return _MISSING_PAPER.fullmatch(code) is not None


def short(code: str, language: str) -> str:
    """A phrase of at most 60 letters for a reason or refusal code. Raises NoText."""
    if code in room(language, "refusals"):
        return text(language, "refusals", code, "short")
    if match := _MISSING_PAPER.fullmatch(code):
        return text(language, "reasons", "_missing_paper", "short").format(paper=paper_name(match[1].lower(), language))
    return text(language, "reasons", code, "short")


def reason_facts(code: str, decision: "Decision", language: str) -> Mapping[str, Scalar]:
    """The facts that the sentences of a reason may name: those of the check that the texts say it comes from."""
    name = _entry(code, language).get("check")
    for check in decision.trace:
        if check.check == name:
            return facts_of(check, decision)
    return _NO_FACTS


def reason_text(code: str, language: str, facts: Mapping[str, Scalar] = _NO_FACTS) -> str:
    """Why, as sentences for a family. Raises NoText."""
    found = _filled(code, "long", language, facts) or _filled(code, "long", language, _NO_FACTS)
    if found is None:
        raise NoText(language, "reasons", code, "long")
    return found


def reason_next(code: str, language: str, facts: Mapping[str, Scalar] = _NO_FACTS) -> str | None:
    """What can be done about it, None where there is nothing to do. Raises NoText for an unknown code."""
    return _filled(code, "next", language, facts)


def _entry(code: str, language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = find(language, "reasons", "_missing_paper" if is_missing_paper(code) else code)
    return found


def _filled(code: str, which: str, language: str, facts: Mapping[str, Scalar]) -> str | None:
    """A text may be one sentence, or a list of which those are said whose facts are known."""
    entry = _entry(code, language)
    said: str | Sequence[Any] | None = entry.get(which)
    if said is None:
        return None
    kinds = kinds_of_facts(entry["check"], facts, language) if "check" in entry else {}
    found = sentences([said] if isinstance(said, str) else said, facts, kinds, language)
    return " ".join(found) or None
