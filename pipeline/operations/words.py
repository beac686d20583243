"""Codes with their words, for every answer of an operation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.errors import Poison
from pipeline.explain import Language, short
from schemas.decisions import FieldError

MOST_REASON_LETTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Worded:
    """A code with its words in the language asked for. `next`: what can be done about it; None: nothing."""

    code: str
    text: str
    next: str | None = None


def worded(codes: Iterable[str], language: Language) -> tuple[Worded, ...]:
    """Each code with its words."""
    return tuple(Worded(code, short(code, language)) for code in codes)


def reason_of(text: str) -> str:
    """Why somebody looks at a person's data, as it goes on record. Raises Poison (reason)."""
    reason = " ".join(text.split())
    if not reason or len(reason) > MOST_REASON_LETTERS or re.search(r"[0-9]{16}", reason):
        message = f"write why, in 1 to {MOST_REASON_LETTERS} letters, without a NIK"
        raise Poison("INVALID", FieldError("reason", message))
    return reason
