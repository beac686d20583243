"""Signals in words: what was found, and in one sentence what its figures mean. Pure."""

from collections.abc import Mapping
from typing import Final

from pipeline.explain.figures import day, rupiah
from pipeline.explain.texts import text

_DAYS: Final = ("began", "event")
_MONEY: Final = ("wage", "wage_before")


def signal_title(rule: str, language: str) -> str:
    """Raises NoText."""
    return text(language, "signals", "rules", rule, "title")


def signal_sentences(rule: str, subject: str, facts: Mapping[str, int | str], language: str) -> tuple[str, str]:
    """What was found, and what it means. `subject`: how the reader names it. Raises NoText."""
    values = {name: _said(name, value, language) for name, value in facts.items()} | {"subject": subject}
    found, how = (text(language, "signals", "rules", rule, part).format_map(values) for part in ("found", "how"))
    return found, how


def signals_text(language: str, name: str, **values: str | int) -> str:
    """A text of the frame, filled in. Raises NoText."""
    return text(language, "signals", "frame", name).format_map(values)


def _said(name: str, value: int | str, language: str) -> str:
    if name in _DAYS:
        return day(str(value), language)
    if name in _MONEY:
        return rupiah(value, language)
    return rupiah(value, language).removeprefix("Rp")
