"""One accident is paid once: which benefit lines are paid for a person, program and event day, and by which claim.

The decision table keeps automation from paying a line twice. An officer may change any line, and evidence may move a
claim to another day or person: this is the last look, event by event, so that the database's own constraint is never
what finds it. Pure.
"""

from collections.abc import Collection, Iterable
from typing import Final

from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.desk import Desk
from pipeline.errors import Poison
from schemas.clock import iso
from schemas.codes import EFFECTIVE, LATE_PAYMENT
from schemas.decisions import Decision, FieldError

PaidLine = tuple[str, str, str, str]  # person (NIK, or number of a member without one), program, event day, line

# Compensation for late payment is owed for each claim that was paid late; it is no benefit of the accident.
EACH_CLAIM_ITS_OWN: Final = frozenset({LATE_PAYMENT})


class PaidTwice(Exception):
    """The event just taken would pay a line that another claim pays; the desk must not be used any further."""

    def __init__(self, claim_id: str, other: str, line: str) -> None:
        super().__init__(claim_id, other, line)
        self.claim_id = claim_id
        self.other = other
        self.line = line

    def poison(self) -> Poison:
        message = (
            f"claim {self.other} pays {self.line} for the same person and event already, and it is paid once: "
            f"leave the line out, or first reject or change claim {self.other}"
        )
        return Poison("LINE_PAID_ALREADY", FieldError("data.claim_id", message))


class PaidLines:
    """`rows`: (person, program, event day, line, claim) as they are stored, of all persons concerned."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str, str]] = ()) -> None:
        self._claims: dict[PaidLine, str] = {row[:4]: row[4] for row in rows}
        before: dict[str, list[PaidLine]] = {}
        for paid, claim_id in self._claims.items():
            before.setdefault(claim_id, []).append(paid)
        self._before = {claim_id: frozenset(lines) for claim_id, lines in before.items()}
        self._lines = dict(self._before)

    def note_made(self, made: Iterable[Decision], desk: Desk) -> None:
        """What this desk has just decided. Raises PaidTwice."""
        for decision in made:
            if decision.outcome in EFFECTIVE:
                summary = desk.summaries[decision.claim_id]
                self.note(decision, summary, desk.other_niks(summary) if decision.benefits else ())

    def note(self, decision: Decision, summary: ClaimSummary, other_niks: Collection[str] = ()) -> None:
        """An effective decision (APPROVED or REJECTED) was made. Raises PaidTwice, and nothing is noted then.

        `other_niks`: of the same person; what was paid before a NIK was corrected stands under the former one.
        """
        claim_id, claims = decision.claim_id, self._claims
        now = paid_lines(decision, summary)
        if not now and claim_id not in self._lines:
            return
        for person, *what in sorted(now):  # of several the same is told, whatever order a set happens to have
            for one in (person, *sorted(other_niks)):
                other = claims.get((one, *what), claim_id)  # type: ignore[arg-type]
                if other != claim_id:
                    raise PaidTwice(claim_id, other, what[-1])
        for paid in self._lines.get(claim_id, ()):
            del claims[paid]
        for paid in now:
            claims[paid] = claim_id
        self._lines[claim_id] = now

    def removed(self) -> list[tuple[str, str, str, str, str]]:
        """Stored rows that do not hold any more, in order."""
        return sorted(
            (*paid, claim_id) for claim_id, before in self._before.items() for paid in before - self._lines[claim_id]
        )

    def added(self) -> list[tuple[str, str, str, str, str]]:
        """Rows to be stored, in order."""
        nothing: frozenset[PaidLine] = frozenset()
        return sorted(
            (*paid, claim_id)
            for claim_id, now in self._lines.items()
            for paid in now - self._before.get(claim_id, nothing)
        )


def paid_lines(decision: Decision, summary: ClaimSummary) -> frozenset[PaidLine]:
    """What this effective decision pays once a person, program and event day."""
    if not decision.benefits:
        return frozenset()
    person = summary.nik or summary.member_number
    assert person is not None, "money moves only for a registered member"
    day, program = iso(decision.event_date), decision.program
    return frozenset(
        [(person, program, day, one.line) for one in decision.benefits if one.line not in EACH_CLAIM_ITS_OWN]
    )
