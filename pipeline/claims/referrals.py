"""Opens and closes the referral of a case, as the latest decision, appeals and failed payments demand; and tells
whose evidence waits for a claim that did not come. Pure.
"""

import datetime as dt
from typing import TYPE_CHECKING, Literal

from pipeline.claims.case import Case
from pipeline.law.calendar import working_days_after
from pipeline.messages.outputs import referral_message, waiting_message
from pipeline.messages.records import Message
from schemas.clock import JAKARTA
from schemas.codes import APPEALED, PAYMENT_FAILED
from schemas.decisions import Referral, WaitingEvidence

if TYPE_CHECKING:
    from pipeline.law.book import Book


def update(case: Case, clock: dt.datetime, book: "Book") -> list[Message]:
    """Close the open referral and open another where what waits for an officer has changed; else nothing.

    The claim's age and its deadline begin with the first referral of those that follow each other without a break: the
    family does not see that the question has changed.
    """
    progress = case.progress
    codes = open_codes(case)
    if codes == progress.referral_codes:
        return []
    messages: list[Message] = []
    if progress.referral_id is not None:
        messages.append(_message(case, progress.referral_id, "closed", progress.referral_codes, clock))
    progress.referrals_opened += bool(codes)
    progress.referral_id = f"{case.claim_id}.f{progress.referrals_opened}" if codes else None
    progress.referral_codes = codes
    if not codes:
        progress.referred_on = progress.answer_by = None
    elif progress.referred_on is None:
        progress.referred_on = clock.astimezone(JAKARTA).date()
        progress.answer_by = _answer_by(case, progress.referred_on, book)
    if progress.referral_id is not None:
        messages.append(_message(case, progress.referral_id, "opened", codes, clock))
    return messages


def open_codes(case: Case) -> tuple[str, ...]:
    """What waits for an officer now."""
    progress = case.progress
    codes = progress.reason_codes if progress.outcome == "REFERRED" else ()
    if progress.is_appealed:
        codes = (*codes, APPEALED)
    if progress.failed_payouts:
        codes = (*codes, PAYMENT_FAILED)
    return codes


def _answer_by(case: Case, referred_on: dt.date, book: "Book") -> dt.date:
    """No law gives officers a time. What is asked is all that a payment waits for, so the answer is in time as long as
    the payment would be: the working days of PP 44/2015 art 37(2) (JKK) and 40(3) (JKM), from the referral on."""
    law = book.on(max(referred_on, book.first_day))
    days = law.payment_working_days_jkk if case.program == "JKK" else law.payment_working_days_jkm
    return working_days_after(referred_on, days.value, book)


def waiting_evidence(case: Case, clock: dt.datetime) -> Message:
    """Told to those who sent evidence for a claim that nobody has opened yet."""
    sources = tuple(sorted({event.source for _, event in case.waiting}))
    message = "no claim of this id was received: check the id; if it is right, the claim itself must still be sent"
    waiting = WaitingEvidence(case.claim_id, case.key, 0, sources, "CLAIM_UNKNOWN", message)
    return waiting_message(waiting, case.event_count, clock)


def _message(
    case: Case, referral_id: str, state: Literal["opened", "closed"], codes: tuple[str, ...], clock: dt.datetime
) -> Message:
    assert case.program is not None
    referral = Referral(
        referral_id,
        case.claim_id,
        case.key,
        case.member.member_number if case.member is not None else None,
        case.program,
        case.progress.revision,
        state,
        codes,
        case.progress.indicative_total,
    )
    return referral_message(referral, clock)
