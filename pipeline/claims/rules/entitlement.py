"""Rows 17 to 19: the lines of the calculation that are paid, and the flags that go with them. Pure."""

from dataclasses import replace
from typing import Final

from pipeline.claims.assessment import Assessment, remembered
from pipeline.claims.benefits.calculation import Calculation
from pipeline.claims.benefits.compensation import calculate
from pipeline.claims.benefits.heirs import NO_HEIR, first_heir, is_funeral_arranged
from pipeline.claims.benefits.scholarship import NO_PUPILS, Pupils, pupils_of
from pipeline.claims.rules.prerequisites import is_waiting
from pipeline.law import references
from pipeline.law.calendar import add_months
from schemas.clock import iso
from schemas.codes import REASONS, Outcome
from schemas.decisions import Benefit, Check, Scalar

_ONCE: Final = "not_claimed_before"
_FLAG_ORDER: Final = {code: place for place, code in enumerate(REASONS[19])}


class Finding:
    """The result of the table. `indicative`: rupiah to pay if the officer answers the referral; None: not computable.

    `fund_amount`: what goes to the Social Security Fund, because no one may inherit it.
    """

    __slots__ = ("outcome", "codes", "benefits", "indicative", "fund_amount")

    def __init__(
        self,
        outcome: Outcome,
        codes: tuple[str, ...],
        benefits: list[Benefit],
        indicative: int | None = None,
        fund_amount: int = 0,
    ) -> None:
        self.outcome = outcome
        self.codes = codes
        self.benefits = benefits
        self.indicative = indicative
        self.fund_amount = fund_amount

    @property
    def total(self) -> int:
        return sum([one.amount for one in self.benefits])


def in_order(flags: list[str]) -> list[str]:
    """Flags as row 19 lists them, each once."""
    return sorted(set(flags), key=_FLAG_ORDER.__getitem__) if len(flags) > 1 else flags


def pupils_if_asked(assessment: Assessment) -> Pupils:
    """Children count only after a death or a permanent total disability."""
    medical = assessment.case.medical
    if assessment.death is not None or (medical is not None and medical.permanent_total):
        return pupils_of(assessment)
    return NO_PUPILS


def paid_elsewhere(assessment: Assessment) -> dict[str, str]:
    """Line -> the claim whose effective decision pays it for this program and event: each is paid once an event, of
    JKM once a membership."""
    return {
        line: other.claim_id
        for other in assessment.case_file.other_claims
        if other.program == assessment.program and other.event_date == assessment.event_date
        for line in other.effective_lines
        if not assessment.is_of_another_membership(other)
    }


def _without_paid(assessment: Assessment, lines: list[Benefit], paid: dict[str, str]) -> list[Benefit]:
    if not assessment.case_file.other_claims:
        return lines
    left_out = {*paid, *assessment.paid_by_other_memberships()}
    return [line for line in lines if line.line not in left_out]


def pay(assessment: Assessment, pupils: Pupils) -> Finding:
    """The finding where no row above stopped. Leaves the checks of rows 17 and 18 in the trace."""
    calculation = calculate(assessment, pupils)
    paid = paid_elsewhere(assessment) if assessment.case_file.other_claims else {}
    double = next((line.line for line in calculation.lines if line.line in paid), None)
    calculation.lines = _without_paid(assessment, calculation.lines, paid)
    if double is not None and "CLM_SAME_EVENT" not in assessment.answered:
        _note_other_claim(assessment, paid[double])
        indicative = calculation.total if calculation.is_complete else None
        return Finding("REFERRED", ("CLM_SAME_EVENT",), [], indicative)
    near = _paid_near(assessment)
    double = next((line.line for line in calculation.lines if line.line in near), None)
    if double is not None and "CLM_SAME_EVENT" not in assessment.answered:
        _note_other_claim(assessment, near[double])
        return Finding("REFERRED", ("CLM_SAME_EVENT",), [], calculation.total if calculation.is_complete else None)
    return _shares(assessment, calculation)


def _paid_near(assessment: Assessment) -> dict[str, str]:
    """As `paid_elsewhere`, by claims for an accident within a day: an officer says whether it is another one."""
    near = assessment.case_file.near_accidents
    others = assessment.case_file.other_claims if near else ()
    return {line: other.claim_id for other in others if other.claim_id in near for line in other.effective_lines}


def _note_other_claim(assessment: Assessment, claim_id: str) -> None:
    """Row 2 had found no earlier claim; that a later one pays a line already, only the lines could show."""
    assessment.first_claim_id = claim_id
    assessment.trace = [
        one._replace(result="undetermined", facts={"first_claim_id": claim_id}) if one.check == _ONCE else one
        for one in assessment.trace
    ]


def indicative_of(assessment: Assessment) -> int | None:
    """The sum to pay if the officer answers the referral; the trace stays as it is."""
    finding = _silently(assessment)
    return finding.total if finding is not None and finding.outcome == "APPROVED" else None


def computable_lines(assessment: Assessment) -> Finding | None:
    """All lines that can be computed, whichever row stopped: the start of an officer's change."""
    return _silently(assessment, is_complete_only=False)


def _silently(assessment: Assessment, *, is_complete_only: bool = True) -> Finding | None:
    standing = assessment.standing
    if assessment.law is None or standing is None or standing.segment == "PMI" or not standing.program_held:
        return None
    kept = len(assessment.trace)
    calculation = calculate(assessment, pupils_if_asked(assessment))
    paid = paid_elsewhere(assessment) if assessment.case_file.other_claims else {}
    calculation.lines = _without_paid(assessment, calculation.lines, paid)
    finding = _shares(assessment, calculation) if calculation.is_complete or not is_complete_only else None
    del assessment.trace[kept:]
    return finding


def _shares(assessment: Assessment, calculation: Calculation) -> Finding:
    if assessment.death is None:
        return Finding("APPROVED", ("OK", *in_order(calculation.flags + assessment.flags)), calculation.lines)
    law = assessment.law
    assert law is not None
    heir = first_heir(assessment.case, law)
    if _is_within_wait(assessment):
        codes = ("OK_PARTIAL", "JKM_BPU_WAIT_3M", *in_order(assessment.flags))
        return Finding("APPROVED", codes, _funeral_only(assessment, calculation, heir))
    if heir != NO_HEIR:
        assessment.trace.append(_heir_known(heir))
        return Finding("APPROVED", ("OK", *in_order(calculation.flags + assessment.flags)), calculation.lines)
    assessment.note("heir_known", "not_met", {"heir": None}, references.HEIRS)
    lines = _funeral_only(assessment, calculation, heir)
    rest = calculation.total - sum(line.amount for line in lines)
    return Finding(
        "APPROVED", ("OK_PARTIAL", "HEIR_NONE_TO_FUND", *in_order(assessment.flags)), lines, fund_amount=rest
    )


@remembered
def _heir_known(heir: str) -> Check:
    return Check("heir_known", "met", {"heir": heir}, *references.HEIRS)


def _is_within_wait(assessment: Assessment) -> bool:
    """Row 17: cover began under the waiting rule and three months had not passed."""
    law, standing, death = assessment.law, assessment.standing, assessment.death
    assert law is not None and standing is not None and death is not None
    wait = law.bpu_wait_months
    if assessment.program != "JKM" or standing.segment != "BPU" or wait.value is None:
        return False
    start = standing.cover_start
    if start is None or start < wait.since:
        return False  # older cover: row 16 asked a person whether the rule reaches it
    is_within = is_waiting(assessment) is not None
    facts: dict[str, Scalar] = {
        "cover_start": iso(start),
        "full_from": iso(add_months(start, wait.value)),
        "died_on": iso(death.died_on),
    }
    assessment.note("waiting_period_over", "not_met" if is_within else "met", facts, wait)
    return is_within


def _funeral_only(assessment: Assessment, calculation: Calculation, heir: str) -> list[Benefit]:
    """Paid to the heirs; without an heir, to the person who arranged the funeral, if there was one."""
    lines = [line for line in calculation.lines if line.line == "funeral"]
    if heir != NO_HEIR:
        return lines
    if not is_funeral_arranged(assessment.case):
        return []
    return [replace(line, payee="funeral_arranger") for line in lines]
