"""When the employer must pay what BPJS would have, and how much (PP 44/2015 art 27(1) and 35, amendment 14). Pure."""

from fractions import Fraction
from typing import Final

from pipeline.claims.assessment import Assessment
from pipeline.claims.benefits.compensation import calculate
from pipeline.claims.benefits.scholarship import NO_PUPILS
from pipeline.claims.case import Case
from pipeline.claims.rules.entitlement import pupils_if_asked
from pipeline.membership.coverage import wage_on
from pipeline.membership.wages import Wage
from schemas.clock import iso
from schemas.codes import Outcome
from schemas.decisions import Liable

_PAYS_FIRST: Final = frozenset({"REP_LATE_EMPLOYER_LIABLE", "MEM_PU_ARREARS_GT3"})
_NOT_REGISTERED: Final = frozenset({"MEM_NOT_REGISTERED", "MEM_NOT_COVERED_YET", "MEM_PROGRAM_NOT_HELD"})


def liable_for(assessment: Assessment, outcome: Outcome, codes: tuple[str, ...]) -> Liable:
    """Who must pay: as determined; else the employer where it pays first, or did not register the worker in time."""
    determination = assessment.case.determination
    if determination is not None and determination.liable is not None and determination.status == "final":
        return determination.liable if outcome != "APPROVED" else "BPJS"
    if outcome == "REFERRED" and not _PAYS_FIRST.isdisjoint(codes):
        return "EMPLOYER"
    return "EMPLOYER" if outcome == "REJECTED" and has_not_registered(assessment, codes[0]) else "BPJS"


def has_not_registered(assessment: Assessment, code: str) -> bool:
    """Whether the employer that the claim names had not registered the worker, or only after the event."""
    number = employer_of(assessment.case)
    if code not in _NOT_REGISTERED or number is None:
        return False
    standing, member = assessment.standing, assessment.member
    if code == "MEM_PROGRAM_NOT_HELD" and standing is not None and standing.held_until is not None and member:
        has_ended = standing.held_until < assessment.event_date  # he had registered the worker, who left
        return not (has_ended and member.enrolments[-1].employer_number in (None, number))
    return True


def employer_of(case: Case) -> str | None:
    """The number of the employer that the claim names."""
    if case.employment is not None and case.employment.employer_number is not None:
        return case.employment.employer_number
    return case.report.employer_number if case.report is not None else None


def owed(assessment: Assessment) -> int | None:
    """Rupiah that would have been paid, had the worker been covered; None where a wage is needed and not known.

    The wage is the one that the claim names, else the last reported one, whenever: nothing is paid by it here.
    """
    if assessment.law is None:
        return None
    employment = assessment.case.employment
    if employment is not None and employment.monthly_wage:
        assessment.assume_wage(Wage(Fraction(employment.monthly_wage), "monthly", iso(assessment.event_date)[:7]))
    else:
        member, today = assessment.member, assessment.today
        assessment.assume_wage(wage_on(member, today, assessment.book) if member is not None else None)
    kept = len(assessment.trace)
    has_tenure = assessment.program == "JKK" or assessment.member is not None
    calculation = calculate(assessment, pupils_if_asked(assessment) if has_tenure else NO_PUPILS)
    del assessment.trace[kept:]
    return calculation.total or None if calculation.is_complete else None
