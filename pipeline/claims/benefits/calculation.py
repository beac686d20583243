"""The calculation that collects the benefit lines of one claim. Pure; knows no rule."""

from functools import lru_cache

from pipeline.law.references import Origin, weakest
from schemas.codes import LineCode, Marker, Payee
from schemas.decisions import Benefit, Scalar


class Calculation:
    """`is_complete`: no line is missing because a fact is. `flags`: codes of row 19 that the lines give rise to."""

    __slots__ = ("lines", "flags", "is_complete")

    def __init__(self) -> None:
        self.lines: list[Benefit] = []
        self.flags: list[str] = []
        self.is_complete = True

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    def write(
        self,
        line: LineCode,
        amount: int,
        payee: Payee,
        formula: str,
        numbers: dict[str, Scalar],
        *origins: Origin,
    ) -> None:
        """One line with the law of all its numbers, no surer than the least sure of them; zero is left out."""
        if amount <= 0:
            return
        reference, marker = _law_of(origins)
        self.lines.append(Benefit(line, amount, payee, formula, numbers, reference, marker))

    def flag(self, code: str) -> None:
        if code not in self.flags:
            self.flags.append(code)


@lru_cache(maxsize=1_024)
def _law_of(origins: tuple[Origin, ...]) -> tuple[str, Marker]:
    """All articles, and the least certain marker."""
    reference, marker = origins[0].reference, origins[0].marker
    for other in origins[1:]:
        if other.reference not in reference:
            reference = f"{reference}; {other.reference}"
        marker = weakest(marker, other.marker)
    return reference, marker
