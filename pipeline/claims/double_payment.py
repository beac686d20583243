"""One accident is paid once: which benefit lines are paid for a person, program and event day, and by which claim.
JKM is paid once for each membership in force, but for the lines that the law pays once a person (amendment 10).

The decision table keeps automation from paying a line twice. An officer may change any line, and evidence may move a
claim to another day or person: this is the last look, event by event, so that the database's own constraint is never
what finds it. Pure.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pipeline.claims.case_file import ClaimSummary
from pipeline.errors import Poison
from schemas.clock import iso
from schemas.codes import EFFECTIVE, LATE_PAYMENT
from schemas.decisions import Decision, FieldError

# Person (NIK, or number of a member without one), program, event day, line; a line of JKM that each membership pays
# names it: `jkm_death:12345678901`.
PaidLine = tuple[str, str, str, str]

# Compensation for late payment is owed for each claim that was paid late; it is no benefit of the accident.
EACH_CLAIM_ITS_OWN: Final = frozenset({LATE_PAYMENT})
_NOTHING: Final[frozenset[PaidLine]] = frozenset()
_NO_CLAIMS: Final[Mapping[str, ClaimSummary]] = {}


class PaidLines:
    """`rows`: (person, program, event day, line, claim) as they are stored, of all persons concerned."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str, str]] = ()) -> None:
        self._claims: dict[PaidLine, str] = {row[:4]: row[4] for row in rows}
        stored: dict[str, list[PaidLine]] = {}
        for paid, claim_id in self._claims.items():
            stored.setdefault(claim_id, []).append(paid)
        self._stored = {claim_id: frozenset(lines) for claim_id, lines in stored.items()}
        self._lines = dict(self._stored)
        self._before: dict[str, frozenset[PaidLine] | None] = {}  # the event that is being taken; None: no entry

    def note(
        self,
        decision: Decision,
        summary: ClaimSummary,
        once_a_person: Collection[str] = (),
        other_niks: Collection[str] = (),
        summaries: Mapping[str, ClaimSummary] = _NO_CLAIMS,
    ) -> None:
        """Note what a decision pays, if it is effective (APPROVED or REJECTED). Raises Poison (LINE_PAID_ALREADY).

        `once_a_person`: the lines of JKM that the law of the event pays once, whatever the memberships. `other_niks`:
        of the same person; what was paid before a NIK was corrected is kept under the former one. `summaries`: of the
        person's claims.
        """
        if decision.outcome not in EFFECTIVE:
            return
        claim_id = decision.claim_id
        now = paid_lines(decision, summary, once_a_person)
        if not now and claim_id not in self._lines:
            return
        if (conflict := self._conflict(claim_id, now, other_niks, summaries)) is not None:
            raise Poison("LINE_PAID_ALREADY", conflict)
        if claim_id not in self._before:
            self._before[claim_id] = self._lines.get(claim_id)
        self._replace(claim_id, now)

    def is_paid(
        self,
        decision: Decision,
        summary: ClaimSummary,
        once_a_person: Collection[str] = (),
        other_niks: Collection[str] = (),
        summaries: Mapping[str, ClaimSummary] = _NO_CLAIMS,
    ) -> bool:
        """Whether another claim pays what this decision would. Arguments as of `note`."""
        if decision.outcome not in EFFECTIVE:
            return False
        now = paid_lines(decision, summary, once_a_person)
        return self._conflict(decision.claim_id, now, other_niks, summaries) is not None

    def _paid_before_numbers(
        self, person: str, what: list[str], claim_id: str, summaries: Mapping[str, ClaimSummary]
    ) -> str:
        """The claim of this membership that pays the line, where it was stored before lines named a membership."""
        line, _, number = what[-1].partition(":")
        other = self._claims.get((person, what[0], what[1], line), claim_id) if number else claim_id
        is_other_membership = other in summaries and summaries[other].member_number != number
        return claim_id if is_other_membership else other

    def keep(self) -> None:
        """The event is applied."""
        if self._before:
            self._before.clear()

    def roll_back(self) -> None:
        """The event is refused: its claims pay what they paid before it."""
        for claim_id in self._before:
            self._replace(claim_id, _NOTHING)
        for claim_id, before in self._before.items():
            if before is None:
                del self._lines[claim_id]
            else:
                self._replace(claim_id, before)
        self._before.clear()

    def removed(self) -> list[tuple[str, str, str, str, str]]:
        """Stored rows that do not hold any more, in order."""
        return sorted(
            (*paid, claim_id) for claim_id, stored in self._stored.items() for paid in stored - self._lines[claim_id]
        )

    def added(self) -> list[tuple[str, str, str, str, str]]:
        """Rows to be stored, in order."""
        return sorted(
            (*paid, claim_id)
            for claim_id, now in self._lines.items()
            for paid in now - self._stored.get(claim_id, _NOTHING)
        )

    def _conflict(
        self,
        claim_id: str,
        now: Collection[PaidLine],
        other_niks: Collection[str],
        summaries: Mapping[str, ClaimSummary],
    ) -> FieldError | None:
        for person, *what in sorted(now):  # sorted, so that every run reports the same conflict
            for one in (person, *sorted(other_niks)):
                other = self._claims.get((one, *what), claim_id)  # type: ignore[arg-type]
                if other == claim_id:
                    other = self._paid_before_numbers(one, what, claim_id, summaries)
                if other != claim_id:
                    return _paid_already(other, line_of(what[-1]))
        return None

    def _replace(self, claim_id: str, now: frozenset[PaidLine]) -> None:
        for paid in self._lines.get(claim_id, _NOTHING):
            del self._claims[paid]
        for paid in now:
            self._claims[paid] = claim_id
        self._lines[claim_id] = now


def paid_lines(decision: Decision, summary: ClaimSummary, once_a_person: Collection[str] = ()) -> frozenset[PaidLine]:
    """What this effective decision pays once a person, program and event day, or once a membership."""
    if not decision.benefits:
        return _NOTHING
    person = summary.nik or summary.member_number
    assert person is not None, "money moves only for a registered member"
    day, program = iso(decision.event_date), decision.program
    lines: list[str] = [one.line for one in decision.benefits if one.line not in EACH_CLAIM_ITS_OWN]
    if program == "JKM":
        lines = [line if line in once_a_person else f"{line}:{summary.member_number}" for line in lines]
    return frozenset([(person, program, day, line) for line in lines])


def line_of(stored: str) -> str:
    """`jkm_death:12345678901` -> `jkm_death`."""
    return stored.partition(":")[0]


def _paid_already(other: str, line: str) -> FieldError:
    message = (
        f"claim {other} pays {line} for the same person and event already, and it is paid once: "
        f"leave the line out, or first reject or change claim {other}"
    )
    return FieldError("data.claim_id", message)
