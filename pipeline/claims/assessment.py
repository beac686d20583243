"""The assessment of one case file by the decision table: the findings of each row so far, and the trace.

Read and written by the rows in `rules/`; it decides nothing itself.
"""

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, ParamSpec

from pipeline.claims.case_file import CaseFile, ClaimSummary
from pipeline.law.book import Book
from pipeline.law.declarations import Law
from pipeline.law.references import Origin
from pipeline.membership.coverage import Standing, standing, wage_jump_on, wage_on
from pipeline.membership.member import Member
from pipeline.membership.wages import Wage, WageJump
from schemas.claims import Death
from schemas.clock import JAKARTA
from schemas.codes import CheckResult, Outcome, PaperName
from schemas.decisions import Check, Scalar

_Asked = ParamSpec("_Asked")
_REMEMBERED: Final = 16_384  # checks of a kind
_new: Final = tuple.__new__  # fast: see docs/performance.md


def remembered(check: Callable[_Asked, Check]) -> Callable[_Asked, Check]:
    """A check of a few days and numbers is the same for many claims: made once, never changed."""
    return lru_cache(maxsize=_REMEMBERED)(check)  # type: ignore[return-value]


class Stop(NamedTuple):
    """A row matched: the run ends with this outcome and these codes."""

    outcome: Outcome
    codes: tuple[str, ...]


class Assessment:
    """All that the rows share. Everything about the event day is looked up once, here."""

    __slots__ = (
        "case_file",
        "case",
        "book",
        "program",
        "event_date",
        "today",
        "law",
        "member",
        "standing",
        "death",
        "answered",
        "relied_on",
        "trace",
        "flags",
        "missing",
        "fields",
        "first_claim_id",
        "wake_on",
        "_is_disease",
        "_wage",
        "_has_looked_for_wage",
    )

    def __init__(self, case_file: CaseFile, book: Book) -> None:
        case = case_file.case
        assert case.program is not None  # evidence that waits for its claim is not assessed
        self.case_file = case_file
        self.case = case
        self.book = book
        self.program = case.program
        self.event_date: dt.date = case.event_date
        self.today: dt.date = case_file.clock.astimezone(JAKARTA).date()
        self.law: Law | None = book.find(self.event_date)
        self.member: Member | None = case_file.member
        self.standing: Standing | None = None
        self.death: Death | None = case.death
        self.answered: frozenset[str] = frozenset(case.progress.answered_codes)
        self.relied_on: list[str] = []  # sections of the office that answered a row: the word of who wrote them
        self.trace: list[Check] = []
        self.flags: list[str] = []
        self.missing: tuple[PaperName, ...] = ()
        self.fields: tuple[str, ...] = ()
        self.first_claim_id: str | None = None
        self.wake_on: dt.date | None = None
        accident = case.accident
        self._is_disease = accident is not None and self.program == "JKK" and accident.kind == "occupational_disease"
        self._wage: Wage | None = None
        self._has_looked_for_wage = False
        member = case_file.member
        if self.law is not None and member is not None and member.enrolments:
            self.standing = standing(member, self.program, self.event_date, book, is_disease=self._is_disease)

    @property
    def wage(self) -> Wage | None:
        """The wage that counts on the event day; None: no report counts."""
        if not self._has_looked_for_wage:
            assert self.member is not None
            self._wage = wage_on(self.member, self.event_date, self.book, is_disease=self._is_disease)
            self._has_looked_for_wage = True
        return self._wage

    @property
    def wage_jump(self) -> WageJump | None:
        """The report by which the wage of the event day jumped, if one did."""
        assert self.member is not None
        return wage_jump_on(self.member, self.event_date, self.book, is_disease=self._is_disease)

    def assume_wage(self, wage: Wage | None) -> None:
        """For a sum that nobody pays here."""
        self._wage, self._has_looked_for_wage = wage, True

    @property
    def number(self) -> str | None:
        """The membership number that is paid; None where the claim gives a NIK alone and nobody is registered."""
        if self.member is not None:
            return self.member.number
        assert self.case.member is not None
        return self.case.member.member_number

    def is_of_another_membership(self, other: ClaimSummary) -> bool:
        """Whether a JKM claim beside this one is for another membership; where a number is not known it may be this."""
        if self.program != "JKM" or other.program != "JKM":
            return False
        return self.number is not None and other.member_number not in (None, self.number)

    def paid_by_other_memberships(self) -> list[str]:
        """The lines that are paid once a person, and that a claim for another membership pays for this death."""
        if self.law is None:
            return []
        once = self.law.jkm_lines_once_a_person.value
        return sorted(
            {
                line
                for other in self.case_file.other_claims
                if other.event_date == self.event_date and self.is_of_another_membership(other)
                for line in other.effective_lines
                if line in once
            }
        )

    def note(self, check: str, result: CheckResult, facts: dict[str, Scalar], source: Origin) -> None:
        """Leave a check in the trace."""
        self.trace.append(_new(Check, (check, result, facts, source.reference, source.marker)))

    def refer(
        self,
        check: str,
        codes: tuple[str, ...],
        facts: dict[str, Scalar],
        source: Origin,
        *,
        result: CheckResult = "undetermined",
    ) -> Stop | None:
        """A row that needs a person: stops with the codes that no officer has answered, or notes that all are."""
        open_codes = codes if not self.answered else tuple(code for code in codes if code not in self.answered)
        if not open_codes:
            facts["settled"] = True
            result = "met"
        self.note(check, result, facts, source)
        return Stop("REFERRED", open_codes) if open_codes else None


def law_of_payment(assessment: Assessment) -> Law:
    """The event day's; today's, or the first there is, where an officer pays what no loaded law covers."""
    if assessment.law is not None:
        return assessment.law
    return assessment.book.on(max(assessment.today, assessment.book.first_day))
