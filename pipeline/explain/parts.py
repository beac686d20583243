"""The parts of an explanation. Plain values, for a terminal, a page or a letter to lay out as it likes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.explain.texts import Language

if TYPE_CHECKING:  # pydantic stays outside until there is a decision to explain
    import datetime as dt

    from schemas.codes import CheckResult, Marker, Payee


@dataclass(frozen=True, slots=True)
class Payment:
    """What the payment system reported: rupiah that reached a payee on a day. `payee` None: not known."""

    amount: int
    paid_on: "dt.date"
    payee: "Payee | None" = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said. `details` say how and why, `law` the article with its marker in words; both may be empty.

    `result`, `amount` and `marker` are what the line is about, for a page that colours or aligns it.
    """

    text: str
    details: tuple[str, ...] = ()
    law: str = ""
    result: "CheckResult | None" = None
    amount: int | None = None
    marker: "Marker | None" = None


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is the same in every language. Of the letter: outcome, reason, todo, recovery, objection. Of the record:
    more, missing, amounts, recovery, payment, checks, appeal, markers, technical."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """How the printed letter is checked: `code`, for a QR code, and what to do with it. None: it has none yet."""

    code: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`letter` is for the family: the result, the sum, why, what to do, how to object. At 80 letters a line it takes
    20 lines at most, title included. `record` is for officer and court: every check and every sum. `head` is above the
    letter: who writes, on which day it was decided, the number of the claim. `seal`: of one to print."""

    language: Language
    title: str
    letter: tuple[Section, ...]
    record_title: str
    record: tuple[Section, ...]
    head: tuple[str, ...] = ()
    seal: Seal | None = None
