"""Applies reviews of officers and reports of the payment system to the progress of an open case. Pure."""

import datetime as dt
from typing import get_args

from pipeline.claims.case import Case
from pipeline.claims.progress import Progress, Ruling, ruling_of, seconded
from pipeline.errors import Poison
from schemas.clock import JAKARTA
from schemas.codes import APPEALED, DEATH_LINES, LATE_PAYMENT, PAYMENT_FAILED, LineCode
from schemas.decisions import FieldError
from schemas.payouts import PayoutSettled
from schemas.reviews import ClaimReviewed, Review
from schemas.values import source_who

# Referrals that an answer closes without settling a row of the table: each may come again, and is asked again.
_OCCASIONS = frozenset(
    {
        APPEALED,
        PAYMENT_FAILED,
        "REV_SECOND_OFFICER",
        "REV_NEW_FACTS",
        "MEM_CHANGED_LATER",
        "CLM_OTHER_SOURCE",
        "CLM_OTHER_MEMBER",
    }
)

_JKM_LINES = frozenset({*DEATH_LINES - {"jkk_death"}, "periodic", "scholarship", "scholarship_year_1", LATE_PAYMENT})
_ONLY_JKK = frozenset(get_args(LineCode)) - _JKM_LINES
_ONLY_JKM = frozenset({"jkm_death"})


def apply_review(case: Case, event: ClaimReviewed, *, is_rerun: bool = False) -> None:
    """Make the review the ruling in force. Raises Poison where it was made on an older revision, answers nothing, or
    cannot be. `is_rerun`: it was accepted before."""
    review, progress = event.data, case.progress
    if review.revision != progress.revision:
        codes = ", ".join(progress.reason_codes)
        message = (
            f"made on revision {review.revision}, but the claim is at revision {progress.revision} "
            f"({progress.outcome}: {codes}); read it again and review that"
        )
        raise Poison("REVIEW_STALE", FieldError("data.revision", message))
    ruling = ruling_of(review, event.source, case.event_count)
    waits = progress.ruling if "REV_SECOND_OFFICER" in progress.reason_codes else None
    if waits is not None and waits.moves_the_same_as(ruling):
        if source_who(waits.officer) == source_who(event.source):
            message = "you made this ruling yourself; above the limit another officer must confirm it"
            raise Poison("REVIEW_SAME_OFFICER", FieldError("source", message))
        progress.ruling = seconded(waits, event.source)
        return
    if not is_rerun:
        _require_possible(case, review)
    if review.verdict == "approve":
        _approve(case, ruling, review.children, is_rerun=is_rerun)
    elif review.verdict == "reassess":
        progress.answered_codes, progress.answered_by, progress.chosen_children = (), (), ()
    elif review.verdict in ("reject", "change"):
        case.reject_proposals()
        progress.contest = progress.moved_by = None
    if review.verdict != "request_documents":
        progress.has_new_facts = progress.changed_later = progress.is_appealed = False
    progress.replaced_officer = waits.officer if waits is not None else None
    progress.ruling = ruling


def _approve(case: Case, ruling: Ruling, children: tuple[int, ...], *, is_rerun: bool) -> None:
    progress = case.progress
    answers = _answers(ruling, progress)
    answered = set(answers) - _OCCASIONS
    progress.answered_codes = tuple(sorted(answered.union(progress.answered_codes)))
    if answered:
        progress.answered_by = tuple(dict.fromkeys((*progress.answered_by, ruling.officer)))
    if "BEN_CHILD_CHOICE" in answers:
        if not is_rerun:
            _require_chosen(case, children)
        progress.chosen_children = tuple(sorted(children))
    if "CLM_OTHER_SOURCE" in answers:
        case.accept_proposals()
        progress.contest = None
    if "CLM_OTHER_MEMBER" in answers:
        progress.moved_by = None


def _require_chosen(case: Case, children: tuple[int, ...]) -> None:
    """Raises Poison (REVIEW_CHILDREN) where the review does not choose among the children of the claim."""
    count = len(case.children or ())
    if not children or len(set(children)) != len(children) or max(children) > count:
        message = f"choose among the {count} children of the claim by their places in its list, 1 to {count}, each once"
        raise Poison("REVIEW_CHILDREN", FieldError("data.children", message))


def _require_possible(case: Case, review: Review) -> None:
    """Raises Poison (REVIEW_LINE_IMPOSSIBLE) where a change pays what this claim cannot have."""
    for place, change in enumerate(review.changes):
        if change.amount == 0:
            continue
        if change.line in (_ONLY_JKK if case.program == "JKM" else _ONLY_JKM):
            message = f"a {case.program} claim has no {change.line}; leave the line out"
        elif change.line in DEATH_LINES and case.death is None:
            message = f"{change.line} is paid after a death, and this claim tells of none; leave the line out"
        else:
            continue
        raise Poison("REVIEW_LINE_IMPOSSIBLE", FieldError(f"data.changes.{place}.line", message))


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


def apply_settlement(case: Case, event: PayoutSettled, clock: dt.datetime, *, is_rerun: bool = False) -> None:
    """Note when a payout reached its payee; the same payout again corrects the day. Raises Poison where it was not
    ordered, another amount was, or the day is still to come. `is_rerun`: it was accepted before; another rule book may
    order another amount."""
    settlement, progress = event.data, case.progress
    ordered = payout_of(case, settlement.payout_id)
    if settlement.amount != abs(ordered) and not is_rerun:
        message = f"Rp{settlement.amount:,} was settled, but Rp{abs(ordered):,} was ordered; settle what was ordered"
        raise Poison("SETTLEMENT_AMOUNT", FieldError("data.amount", message))
    known_on = clock.astimezone(JAKARTA).date()
    if settlement.paid_on > known_on and not is_rerun:
        message = f"received on {known_on}, so it cannot be settled on {settlement.paid_on}; send the day it was paid"
        raise Poison("SETTLEMENT_IN_FUTURE", FieldError("data.paid_on", message))
    progress.settlements[settlement.payout_id] = (settlement.paid_on, known_on)
    progress.failed_payouts = tuple(one for one in progress.failed_payouts if one != settlement.payout_id)


def payout_of(case: Case, payout_id: str) -> int:
    """Rupiah of a payout of this claim, a recovery negative. Raises Poison where it was never ordered."""
    ordered = case.progress.payouts.get(payout_id)
    if ordered is None:
        message = "no payout of this id was ordered for the claim; check it against the payout that was ordered"
        raise Poison("PAYOUT_UNKNOWN", FieldError("data.payout_id", message))
    return ordered
