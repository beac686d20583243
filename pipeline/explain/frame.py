"""One decision in one language, with what letter and record both say of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.explain import figures, words
from pipeline.explain.parts import Line, Payment
from pipeline.explain.texts import Language, text

if TYPE_CHECKING:
    import datetime as dt

    from schemas.codes import Marker
    from schemas.decisions import Decision

# sentences of the frame that rest on an article themselves
_LAWS: "Final[dict[tuple[str, ...], tuple[str, Marker]]]" = {
    ("payment", "late"): ("PP 44/2015 art 37(3)", "VERIFIED"),
    ("payment", "owed", "JKK"): ("PP 44/2015 art 27(1)", "VERIFIED-2"),
    ("payment", "owed", "JKM"): ("PP 44/2015 art 35", "VERIFIED-2"),
    ("appeal", "automatic"): ("UU 27/2022 art 10", "RECALLED"),
    ("appeal", "officer"): ("UU 27/2022 art 10", "RECALLED"),
    ("appeal", "inspector"): ("PP 44/2015 art 48-50", "RECALLED"),
}

# checks that are made of a death alone
_OF_A_DEATH: Final = frozenset({"sudden_death_settled", "missing_person_settled", "heirs_qualified", "heir_known"})


@dataclass(frozen=True, slots=True)
class Frame:
    """`officer_reason`: what the officer wrote whose review made this decision; it is free text, shown as it is.
    `place`: the town before the date of the letter."""

    decision: "Decision"
    language: Language
    payments: tuple[Payment, ...] = ()
    open_codes: tuple[str, ...] = ()
    officer_reason: str | None = None
    place: str | None = None

    @property
    def is_partial(self) -> bool:
        return "OK_PARTIAL" in self.decision.reason_codes

    @property
    def is_death(self) -> bool:
        decision = self.decision
        return (
            decision.program == "JKM"
            or "death_certificate" in decision.missing
            or any(one.line == "jkk_death" for one in decision.benefits)
            or any(one.check in _OF_A_DEATH for one in decision.trace)
        )

    @property
    def is_owed_by_employer(self) -> bool:
        """The employer owes the benefit itself, because the worker was not registered in time."""
        return self.decision.outcome == "REJECTED" and self.decision.liable == "EMPLOYER"

    @property
    def has_officer_decided(self) -> bool:
        decision = self.decision
        return any(code.startswith("REV_") for code in decision.reason_codes) or any(
            one.facts.get("settled") for one in decision.trace
        )

    @property
    def due(self) -> dict[str, int]:
        """Payee -> rupiah, in the order of the lines."""
        found: dict[str, int] = {}
        for benefit in self.decision.benefits:
            found[benefit.payee] = found.get(benefit.payee, 0) + benefit.amount
        return found

    def say(self, *path: str, **known: object) -> str:
        return text(self.language, "frame", *path).format_map(known)

    def cited(self, *path: str) -> Line:
        """A sentence of the frame that rests on an article of law itself."""
        reference, marker = _LAWS[path]
        return Line(self.say(*path), (), words.law_text(reference, marker, self.language), marker=marker)

    def rupiah(self, amount: int) -> str:
        return figures.rupiah(amount, self.language)

    def day(self, date: "dt.date") -> str:
        return figures.day(date, self.language)

    @property
    def is_deadline_estimated(self) -> bool:
        return any(one.check == "payment_deadline" for one in self.decision.trace)
