"""Rehearsal of a ruling: decided by the engine that will decide it, and nothing stored; and the code that it needs.

A ruling that moves much money needs a second factor that was shown just now: a screen that was left open, or a cookie
that was stolen, moves none. Below all doors, so by which of them it comes does not matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import Denied
from pipeline.access.sessions import has_fresh_code
from pipeline.claims.case import Case
from pipeline.claims.desk import Desk
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.requirements import requirements
from pipeline.errors import Poison
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.submissions import ClaimFile, claim_file
from pipeline.store.unlocked import load_unlocked
from schemas.decisions import Decision, Payout
from schemas.reviews import ClaimReviewed

_AFTER_ALL: Final = 1 << 62  # in the order of processing
_SECOND: Final = "REV_SECOND_OFFICER"
# Another claim may free what these refuse before the worker reads the ruling.
_MAY_PASS_LATER: Final = frozenset({"LINE_PAID_ALREADY", "CLAIM_UNKNOWN"})


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`case`: after the ruling. `before`: it before. `former`: the outcomes before, by claim; `made_*`: all that
    followed, of other claims of the person too. `is_above_limit`: no officer moves so much money alone."""

    case: Case
    before: Case
    former: Mapping[str, str | None]
    decision: Decision
    made_decisions: tuple[Decision, ...]
    made_payouts: tuple[Payout, ...]
    is_above_limit: bool


def rehearse(front: FrontOffice, event: ClaimReviewed, found: ClaimFile) -> Rehearsal:
    """Raises Poison with the reason for which the ruling would be refused."""
    claim_id = event.data.claim_id
    desk = Desk(front.book, PaidLines())
    load_unlocked(front.store, desk, [(found.partition, requirements(event))])
    case = desk.cases.get(claim_id)
    former = {one: desk.cases[one].progress.outcome for one in desk.cases}
    before = case.copy() if case is not None else None
    desk.take(event, front.now(), order=_AFTER_ALL, partition=found.partition)
    assert before is not None, "the desk refuses what is not opened"
    decision = next(one for one in desk.made_decisions if one.claim_id == claim_id)
    payouts = tuple(desk.made_payouts)
    return Rehearsal(
        desk.cases[claim_id],
        before,
        former,
        decision,
        tuple(desk.made_decisions),
        payouts,
        _is_above(front, before, decision, payouts),
    )


def require_fresh_code(front: FrontOffice, principal: Principal, event: ClaimReviewed) -> None:
    """Raises Denied (FRESH_CODE_NEEDED) where the ruling needs a code and the session has shown none just now.

    A key shows none, so no program rules above the limit. What cannot be rehearsed yet, since the claim or the revision
    is not there, needs one too.
    """
    if not has_fresh_code(principal, front.now()) and _needs_code(front, event):
        raise Denied("FRESH_CODE_NEEDED", "review")


def _needs_code(front: FrontOffice, event: ClaimReviewed) -> bool:
    found = claim_file(front.store, event.data.claim_id)
    if found is None or event.data.revision > found.progress.revision:
        return True
    try:
        return rehearse(front, event, found).is_above_limit
    except Poison as poison:
        return poison.reason in _MAY_PASS_LATER


def _is_above(front: FrontOffice, before: Case, decision: Decision, payouts: tuple[Payout, ...]) -> bool:
    """Whether it waits for a second officer, is what that one says, or moves more than the limit, either way."""
    if _SECOND in decision.reason_codes or (payouts and _SECOND in before.progress.reason_codes):
        return True
    law = front.book.on(max(before.event_date, front.book.first_day))
    return sum(one.amount for one in payouts) > law.officer_limit.value
