"""The preview of a ruling: the officer's draft, decided by the engine that will decide it, and nothing stored."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.access.sessions import has_fresh_code
from pipeline.claims.case import Case
from pipeline.explain import Explanation, Language, explain
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import claim_seen
from pipeline.operations.rehearsal import rehearse
from pipeline.operations.submission import admitted
from pipeline.operations.words import Worded, worded
from pipeline.queries.claim import officer_reason, status_of
from schemas.decisions import Payout
from schemas.envelope import document
from schemas.reviews import ClaimReviewed


@dataclass(frozen=True, slots=True)
class LineChange:
    """One benefit line before and after, in rupiah; 0: it is not there."""

    line: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Move:
    """Money that would move: `amount` rupiah to (pay) or from (recover) the payee, by the day `by` where there is one.

    `member_number`: of the person whose money it is.
    """

    direction: Literal["pay", "recover"]
    payee: str
    member_number: str | None
    amount: int
    by: str | None


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """Another claim of the same person that would be decided again."""

    claim_id: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class RulingPreview:
    """What would follow. `revision`: of the claim, after the ruling. `open`: what would still wait for an officer.

    `needs_second_officer`: another person must say the same before anything moves. `needs_code`: to send it, a code of
    the second factor is to be shown first. `total_before` and `total`: rupiah in force before and after. `letter`: what
    the family would read.
    """

    claim_id: str
    revision: int
    outcome: str
    reasons: tuple[Worded, ...]
    open: tuple[Worded, ...]
    needs_second_officer: bool
    needs_code: bool
    total_before: int
    total: int
    indicative_total: int | None
    lines: tuple[LineChange, ...]
    moves: tuple[Move, ...]
    other_claims: tuple[OtherClaim, ...]
    letter: Explanation


def preview_ruling(
    front: FrontOffice, principal: Principal, data: Mapping[str, Any], language: Language
) -> RulingPreview:
    """`data`: as of a review that is sent. Nothing is sent or stored, and no lock is taken.

    Raises Denied, NotFound, and Poison with the reason for which the ruling would be refused.
    """
    claim_id = str(data.get("claim_id"))
    found = claim_seen(front, principal, grant_of(principal, "preview_ruling"), claim_id)
    number = {} if found.key == claim_id else {"member_number": found.key}
    draft = document(
        ClaimReviewed,
        event_id=str(uuid.uuid4()),
        source=principal.name,
        time=front.now(),
        data={**number, **data},
    )
    event = admitted(front, principal, orjson.dumps(draft))
    assert isinstance(event, ClaimReviewed)
    made = rehearse(front, event, found)
    decision, progress = made.decision, made.case.progress
    status = status_of(front.store, claim_id)
    return RulingPreview(
        claim_id,
        decision.revision,
        decision.outcome,
        worded(decision.reason_codes, language),
        worded(progress.referral_codes, language),
        "REV_SECOND_OFFICER" in decision.reason_codes,
        made.is_above_limit and not has_fresh_code(principal, front.now()),
        sum(made.before.progress.accounts.values()),
        sum(progress.accounts.values()),
        decision.indicative_total,
        _changes(_lines(made.before), _lines(made.case)),
        tuple(_move(one) for one in made.made_payouts if one.claim_id == claim_id),
        tuple(
            OtherClaim(one.claim_id, made.former.get(one.claim_id), one.outcome)
            for one in made.made_decisions
            if one.claim_id != claim_id
        ),
        explain(
            decision,
            language,
            payments=status.payments,
            open_codes=progress.referral_codes,
            officer_reason=officer_reason(decision, [event.data]) or status.officer_reason,
        ),
    )


def _lines(case: Case) -> dict[str, int]:
    """Rupiah in force by line."""
    sums: dict[str, int] = {}
    for line, amount in case.progress.lines:
        sums[line] = sums.get(line, 0) + amount
    return sums


def _changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[LineChange, ...]:
    lines = dict.fromkeys([*before, *after])
    return tuple(LineChange(line, before.get(line, 0), after.get(line, 0)) for line in lines)


def _move(payout: Payout) -> Move:
    by = payout.pay_by.isoformat() if payout.pay_by is not None else None
    return Move(payout.direction, payout.payee, payout.member_number, payout.amount, by)
