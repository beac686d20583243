"""Codes with their words, for every answer of an operation."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.explain import Language, short


@dataclass(frozen=True, slots=True)
class Worded:
    """A code with its words in the language asked for. `next`: what can be done about it; None: nothing."""

    code: str
    text: str
    next: str | None = None


def worded(codes: Iterable[str], language: Language) -> tuple[Worded, ...]:
    """Each code with its words."""
    return tuple(Worded(code, short(code, language)) for code in codes)
