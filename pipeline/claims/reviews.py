"""Applies reviews of officers and reports of the payment system to the progress of an open case. Pure."""

import datetime as dt

from pipeline.claims.case import Case
from pipeline.claims.progress import Progress, Ruling, ruling_of, seconded
from pipeline.errors import Poison
from schemas.clock import JAKARTA
from schemas.codes import APPEALED, PAYMENT_FAILED
from schemas.decisions import FieldError
from schemas.payouts import PayoutSettled
from schemas.reviews import ClaimReviewed

# Referrals that an answer closes without settling a row of the table: each may come again, and is asked again.
_OCCASIONS = frozenset({APPEALED, PAYMENT_FAILED, "REV_SECOND_OFFICER", "REV_NEW_FACTS", "MEM_CHANGED_LATER"})


def apply_review(case: Case, event: ClaimReviewed) -> None:
    """Make the review the ruling in force. Raises Poison where it was made on an older revision, or answers nothing."""
    review, progress = event.data, case.progress
    if review.revision != progress.revision:
        codes = ", ".join(progress.reason_codes)
        message = (
            f"made on revision {review.revision}, but the claim is at revision {progress.revision} "
            f"({progress.outcome}: {codes}); read it again and review that"
        )
        raise Poison("REVIEW_STALE", FieldError("data.revision", message))
    if review.verdict == "reassess":
        progress.ruling, progress.answered_codes = None, ()
        progress.has_new_facts = progress.changed_later = progress.is_appealed = False
        return
    ruling = ruling_of(review, event.source)
    waits = progress.ruling if "REV_SECOND_OFFICER" in progress.reason_codes else None
    if waits is not None and waits.moves_the_same_as(ruling):
        if waits.officer == event.source:
            message = "you made this ruling yourself; above the limit another officer must confirm it"
            raise Poison("REVIEW_SAME_OFFICER", FieldError("source", message))
        progress.ruling = seconded(waits, event.source)
        return
    if review.verdict == "approve":
        answered = set(_answers(ruling, progress)) - _OCCASIONS
        progress.answered_codes = tuple(sorted(answered.union(progress.answered_codes)))
    if review.verdict != "request_documents":
        progress.has_new_facts = progress.changed_later = progress.is_appealed = False
    progress.ruling = ruling


def _answers(ruling: Ruling, progress: Progress) -> tuple[str, ...]:
    """The referral codes an approval settles; none named means all that are open."""
    open_codes = progress.referral_codes
    if not open_codes:
        message = f"nothing waits for an officer: the claim is {progress.outcome}; use change, reject or reassess"
        raise Poison("REVIEW_NOTHING_TO_APPROVE", FieldError("data.verdict", message))
    unknown = [code for code in ruling.answers if code not in open_codes]
    if unknown:
        message = f"{', '.join(unknown)} does not wait for an answer; open are {', '.join(open_codes)}"
        raise Poison("REVIEW_ANSWERS_UNKNOWN", FieldError("data.answers", message))
    return ruling.answers or open_codes


def apply_settlement(case: Case, event: PayoutSettled, clock: dt.datetime) -> None:
    """Note when a payout reached its payee; the same payout again corrects the day. Raises Poison where it was not
    ordered, or another amount was."""
    settlement, progress = event.data, case.progress
    ordered = payout_of(case, settlement.payout_id)
    if settlement.amount != abs(ordered):
        message = f"Rp{settlement.amount:,} was settled, but Rp{abs(ordered):,} was ordered; settle what was ordered"
        raise Poison("SETTLEMENT_AMOUNT", FieldError("data.amount", message))
    progress.settlements[settlement.payout_id] = (settlement.paid_on, clock.astimezone(JAKARTA).date())
    progress.failed_payouts = tuple(one for one in progress.failed_payouts if one != settlement.payout_id)


def payout_of(case: Case, payout_id: str) -> int:
    """Rupiah of a payout of this claim, a recovery negative. Raises Poison where it was never ordered."""
    ordered = case.progress.payouts.get(payout_id)
    if ordered is None:
        message = "no payout of this id was ordered for the claim; check it against the payout that was ordered"
        raise Poison("PAYOUT_UNKNOWN", FieldError("data.payout_id", message))
    return ordered
