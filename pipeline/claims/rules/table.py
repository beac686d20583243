"""The decision table: the rows in their order, and the verdict that follows from the first that matches.

`assess` is pure: the same case file and book give the same verdict, years later too. Never imports anything that does
IO, reads a clock or draws a number.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final

from pipeline.claims.assessment import Assessment, Stop
from pipeline.claims.case_file import CaseFile, OnlyHand, Verdict
from pipeline.claims.rules.admissibility import is_claimed_once, law_is_known
from pipeline.claims.rules.consistency import input_is_consistent
from pipeline.claims.rules.documents import documents_are_complete
from pipeline.claims.rules.eligibility import (
    age_and_memberships,
    contributions_are_paid,
    cover_has_started,
    holds_program,
    is_registered,
    segment_is_in_scope,
)
from pipeline.claims.rules.employers import liable_for, owed
from pipeline.claims.rules.entitlement import Finding, in_order, indicative_of, pay, pupils_if_asked
from pipeline.claims.rules.migrants import migrant_total
from pipeline.claims.rules.prerequisites import amounts_can_be_computed
from pipeline.claims.rules.referral_triggers import certificate_is_confirmed, triggers_are_answered
from pipeline.claims.rules.rulings import late_line, only_hand, refer_to_second, ruled
from pipeline.claims.rules.timeliness import (
    cause_is_settled,
    is_claimed_in_time,
    is_reported_in_time,
    late_payment,
    payment_deadline,
)
from pipeline.claims.rules.wage_jumps import wage_is_steady
from pipeline.law import references
from pipeline.law.book import FORMER_LAW, Book
from schemas.clock import JAKARTA, local_day
from schemas.values import MAX_RUPIAH

_ROWS: Final[tuple[Callable[[Assessment], Stop | None], ...]] = (
    input_is_consistent,  # 1
    is_claimed_once,  # 2
    law_is_known,  # 3
    segment_is_in_scope,  # 4
    is_registered,  # 5
    holds_program,  # 5
    cover_has_started,  # 6
    contributions_are_paid,  # 7
    age_and_memberships,  # 8
    is_claimed_in_time,  # 9
    cause_is_settled,  # 10, 11, 12
    is_reported_in_time,  # 13
    documents_are_complete,  # 14
    triggers_are_answered,  # 15
)
_new: Final = tuple.__new__  # fast: see docs/performance.md
_SECOND_CLAIM: Final = frozenset({"CLM_DUPLICATE", "CLM_SAME_EVENT"})
_ABOVE_THE_LIMIT: Final = ("REV_SECOND_OFFICER",)


def assess(case_file: CaseFile, book: Book) -> Verdict:
    """The answer to one claim, from the facts known at `case_file.clock` by the law of the event day."""
    assessment = Assessment(case_file, book)
    finding = _found(assessment)
    if case_file.member is not None and case_file.member.latest_unconfirmed:
        finding = _confirmed(assessment, finding)
    progress = case_file.case.progress
    if progress.needs_officer:
        finding = ruled(assessment, finding)
    deadline: dt.date | None = None
    if finding.outcome == "APPROVED" and finding.benefits:
        deadline = _with_deadline(assessment, finding)
        if finding.total > MAX_RUPIAH:
            # A typing error, multiplied: officers cannot confirm it, they correct the fact behind it.
            finding = Finding("REFERRED", _ABOVE_THE_LIMIT, [], finding.total)
    hand = only_hand(assessment, finding)
    if hand is not None or progress.replaced_officer is not None:
        finding = refer_to_second(assessment, finding, hand)
    if finding.outcome == "REFERRED":
        hand = deadline = None
    return _verdict(assessment, finding, deadline, hand)


def _found(assessment: Assessment) -> Finding:
    """Rows 1 to 19. A referral carries the sum it would pay, where that can be computed."""
    for row in _ROWS:
        stop = row(assessment)
        if stop is not None:
            return _stopped(assessment, stop)
    pupils = pupils_if_asked(assessment)
    stop = wage_is_steady(assessment, amounts_can_be_computed(assessment, pupils))  # 16
    if stop is not None:
        return _stopped(assessment, stop)
    finding = pay(assessment, pupils)  # 17, 18, 19
    stop = certificate_is_confirmed(assessment, finding)  # 16, last: by what would be paid
    return finding if stop is None else Finding(stop.outcome, stop.codes, [], finding.total)


def _confirmed(assessment: Assessment, finding: Finding) -> Finding:
    """The finding, or a referral where it rests on what others than the office and the bank reported after the event
    (amendment 29): a payment, a registration, a change of programs, an end."""
    member, accident = assessment.member, assessment.case.accident
    assert member is not None
    event = dt.datetime.combine(assessment.event_date, dt.time(), JAKARTA)
    if accident is not None and assessment.event_date == local_day(accident.occurred_at):
        event = accident.occurred_at
    before = member.confirmed_at(event)
    if before is member:
        return finding
    codes: tuple[str, ...] = ("MEM_BACKDATED_PAYMENT",) if len(before.paid_by) < len(member.paid_by) else ()
    if (before.enrolments, before.program_lists, before.ends) != (member.enrolments, member.program_lists, member.ends):
        codes += ("MEM_BACKDATED_FACT",)
    case_file = assessment.case_file._replace(member=before if before.is_registered else None)
    other = _found(Assessment(case_file, assessment.book))
    if _what_counts(other) == _what_counts(finding):
        return finding
    if finding.outcome == "REFERRED" and finding.codes[-1] == "MEM_BACKDATED_PAYMENT":  # row 7 asks for it already
        codes = tuple(dict.fromkeys((*finding.codes, *codes)))
    stop = assessment.refer("facts_confirmed", codes, {}, references.CONFIRMATION)
    if stop is None:
        return finding
    assessment.wake_on = None
    return Finding("REFERRED", stop.codes, [], finding.total if finding.outcome == "APPROVED" else finding.indicative)


def _what_counts(finding: Finding) -> tuple[object, ...]:
    return finding.outcome, finding.codes[0], [(one.line, one.amount) for one in finding.benefits], finding.indicative


def _stopped(assessment: Assessment, stop: Stop) -> Finding:
    """A referral with the sum it would pay, a rejection with the sum that the employer owes instead."""
    if stop.codes == ("MEM_PROJECT_UNNAMED",):
        return Finding("REFERRED", stop.codes, [], owed(assessment))
    if stop.codes == ("SEG_PMI_OUT_OF_SCOPE",):
        return Finding("REFERRED", stop.codes, [], migrant_total(assessment))
    if stop.outcome == "REFERRED":
        return Finding("REFERRED", stop.codes, [], indicative_of(assessment))
    is_owed = liable_for(assessment, stop.outcome, stop.codes) == "EMPLOYER"
    return Finding(stop.outcome, stop.codes, [], owed(assessment) if is_owed else None)


def _with_deadline(assessment: Assessment, finding: Finding) -> dt.date:
    deadline = payment_deadline(assessment)
    late = late_line(assessment, late_payment(assessment, finding.benefits, deadline))
    if late is not None:
        finding.benefits.append(late)
        main, *flags = finding.codes
        partial = flags[:1] if main == "OK_PARTIAL" else []
        flags = in_order([*flags[len(partial) :], "PAY_LATE_COMPENSATION"])
        finding.codes = (main, *partial, *flags)
    return deadline


def _verdict(assessment: Assessment, finding: Finding, deadline: dt.date | None, hand: OnlyHand | None) -> Verdict:
    outcome, codes, law, first_claim_id = finding.outcome, finding.codes, assessment.law, None
    if assessment.first_claim_id is not None and not _SECOND_CLAIM.isdisjoint(codes):
        first_claim_id = assessment.first_claim_id
    liable = liable_for(assessment, outcome, codes)
    missing = assessment.missing if outcome == "PENDING" else ()
    fields = assessment.fields if codes == ("VAL_DATES_CONTRADICT",) else ()
    return _new(
        Verdict,
        (
            outcome,
            codes,
            tuple(finding.benefits),
            finding.total,
            finding.indicative,
            missing,
            fields,
            liable,
            deadline,
            finding.fund_amount,
            first_claim_id,
            law.rule_version if law is not None else FORMER_LAW,
            tuple(assessment.trace),
            assessment.wake_on,
            hand,
        ),
    )
