"""Eligibility on one day: rows 4 to 7 of the decision table, and the answer about coverage that a clinic gets.

The one place for these rows. The decision table adds the facts of its trace and the answers of officers; a clinic gets
the first row that holds, so it hears what a claim would meet. Pure.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipeline.law.book import Book
from pipeline.law.calendar import month_text
from pipeline.law.declarations import Law
from pipeline.membership.arrears import law_on
from pipeline.membership.columns import short_column
from pipeline.membership.coverage import Standing, standing
from pipeline.membership.member import Member
from schemas.codes import Outcome

SEGMENTS_IN_SCOPE: Final = ("PU", "BPU", "JAKON")  # the amounts for migrant workers are not loaded


class Eligibility(NamedTuple):
    """A row that holds, its outcome, and its code. `also`: codes that only accompany it."""

    row: int
    outcome: Outcome
    code: str
    also: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.code, *self.also)


def _with_and_without_backdating(outcome: Outcome, code: str) -> tuple[Eligibility, Eligibility]:
    """Row 7 without and with a payment for an unpaid month that was made after the day."""
    return Eligibility(7, outcome, code), Eligibility(7, outcome, code, ("MEM_BACKDATED_PAYMENT",))


ELIGIBLE: Final = Eligibility(7, "APPROVED", "OK")
_OUT_OF_SCOPE: Final = Eligibility(4, "REFERRED", "SEG_PMI_OUT_OF_SCOPE")
NOT_REGISTERED: Final = Eligibility(5, "REJECTED", "MEM_NOT_REGISTERED")
_PROGRAM_NOT_HELD: Final = Eligibility(5, "REJECTED", "MEM_PROGRAM_NOT_HELD")
_NOT_COVERED_YET: Final = Eligibility(6, "REJECTED", "MEM_NOT_COVERED_YET")
_SAME_DAY: Final = Eligibility(6, "REFERRED", "MEM_SAME_DAY")
_LAPSED: Final = _with_and_without_backdating("REJECTED", "MEM_LAPSED")
_BPU_ARREARS: Final = Eligibility(7, "PENDING", "MEM_BPU_ARREARS_1_TO_3")
_BPU_ARREARS_SETTLED: Final = Eligibility(7, "REFERRED", "MEM_BPU_ARREARS_1_TO_3", ("MEM_BACKDATED_PAYMENT",))
_PAYER_ARREARS: Final = _with_and_without_backdating("REFERRED", "MEM_PAYER_ARREARS")
_PU_ARREARS_ABOVE: Final = _with_and_without_backdating("REFERRED", "MEM_PU_ARREARS_GT3")
_PU_ARREARS_WITHIN: Final = _with_and_without_backdating("APPROVED", "MEM_PU_ARREARS_LE3")


def eligibility(found: Standing, law: Law) -> Eligibility:
    """The first of rows 4 to 7 that holds; where none does, `ELIGIBLE`."""
    return (
        segment_row(found)
        or registration_row(found)
        or program_row(found)
        or start_row(found)
        or contributions_row(found, law)
        or ELIGIBLE
    )


def segment_row(found: Standing) -> Eligibility | None:
    """Row 4. A number that was never registered has no segment: row 5 answers."""
    return None if found.segment is None or found.segment in SEGMENTS_IN_SCOPE else _OUT_OF_SCOPE


def registration_row(found: Standing) -> Eligibility | None:
    """Row 5, first half."""
    return None if found.is_registered else NOT_REGISTERED


def program_row(found: Standing) -> Eligibility | None:
    """Row 5, second half. Where only the start of coverage is missing, row 6 answers."""
    return None if found.program_held else _PROGRAM_NOT_HELD


def start_row(found: Standing) -> Eligibility | None:
    """Row 6. On a start day no one knows which came first, the payment or the accident."""
    if found.is_not_covered_yet:
        return _NOT_COVERED_YET
    return _SAME_DAY if found.is_start_day else None


def contributions_row(found: Standing, law: Law) -> Eligibility | None:
    """Row 7; None where nothing is unpaid. An employer in arrears does not harm the worker: the row then approves.

    A self-employed member's arrears wait until the family has settled all of them.
    """
    unpaid, is_backdated = found.unpaid_months, found.has_backdated_payment
    if unpaid == 0 and not found.is_lapsed:
        return None
    if found.segment == "BPU" and found.payer is not None:  # not the member's fault, lapsed or not (amendment 12)
        return _PAYER_ARREARS[is_backdated]
    if found.segment == "BPU":
        if found.is_lapsed:
            return _LAPSED[is_backdated]
        return _BPU_ARREARS if found.unsettled_months else _BPU_ARREARS_SETTLED
    is_above = unpaid > law.pu_arrears_limit_months.value
    return (_PU_ARREARS_ABOVE if is_above else _PU_ARREARS_WITHIN)[is_backdated]


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """`answer`: yes, no or officer. `reason`: the code of the decision table that a claim would meet (OK: none).

    `since`: start of coverage; `paid_through`: last month paid.
    """

    answer: str
    reason: str
    program: str
    day: dt.date
    since: dt.date | None
    until: dt.date | None
    unpaid_months: int
    paid_through: str | None


_ANSWERS: Final = {"APPROVED": "yes", "REJECTED": "no", "REFERRED": "officer", "PENDING": "officer"}


def coverage_answer(member: Member | None, program: str, day: dt.date, book: Book) -> CoverageAnswer:
    """Covered on `day` or not, since when and why."""
    if member is None or not member.is_registered:
        return CoverageAnswer("no", NOT_REGISTERED.code, program, day, None, None, 0, None)
    found = standing(member, program, day, book)
    row = eligibility(found, law_on(book, day))
    payments = zip(short_column(member.paid_months), short_column(member.paid_days), strict=True)
    months = [month for month, paid_on in payments if paid_on <= day.toordinal()]
    paid_through = month_text(max(months)) if months else None
    since = found.cover_start or found.first_cover_start
    return CoverageAnswer(
        _ANSWERS[row.outcome], row.code, program, day, since, found.held_until, found.unpaid_months, paid_through
    )
