"""The input of the decision table (`CaseFile`) and its output (`Verdict`). Pure values; imports no rule.

Named tuples, not dataclasses; fast: see docs/performance.md.
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from pipeline.claims.case import Case
from pipeline.membership.member import Member
from schemas.codes import DEATH_LINES, ClaimProgram, Outcome, PaperName
from schemas.decisions import Benefit, Check, Liable

_NONE: Final[Mapping[str, dt.datetime]] = MappingProxyType({})


class ClaimSummary(NamedTuple):
    """A claim as others of the same person must know it; kept as columns, so that it can be found without its case."""

    claim_id: str
    opened_order: int
    member_number: str | None
    nik: str | None
    revision: int
    program: ClaimProgram
    event_date: dt.date
    asked: frozenset[str]
    outcome: Outcome
    effective_lines: frozenset[str]  # of its effective decision: each is paid once an event

    @property
    def is_death_approved(self) -> bool:
        """True also where there was no one to pay, and while an approved death waits for an officer again."""
        if self.outcome == "APPROVED" and "death" in self.asked:
            return True
        return not DEATH_LINES.isdisjoint(self.effective_lines)


class CaseFile(NamedTuple):
    """Everything an assessment looks at.

    `member` and `other_memberships` (other membership numbers of the same NIK) are as they were known at `clock`;
    `clock` is when the event that asks was received (aware). `other_claims` are in the order in which they came.
    `near_accidents`: by claim, when those of them happened that are told for another day within 24 hours.
    """

    case: Case
    member: Member | None
    other_memberships: tuple[Member, ...]
    other_claims: tuple[ClaimSummary, ...]
    clock: dt.datetime
    near_accidents: Mapping[str, dt.datetime] = _NONE


class OnlyHand(NamedTuple):
    """The one person behind the money that a finding moves. `moves`: rupiah, in either direction; `before`: what the
    same person moved alone on this claim."""

    source: str
    moves: int
    before: int


class Verdict(NamedTuple):
    """The answer. Fields as in `schemas.decisions.Decision`; `wake_on` is the first day on which time alone may
    change it (None: never). `hand`: who alone stands behind the money it moves (None: the law, or two persons)."""

    outcome: Outcome
    reason_codes: tuple[str, ...]
    benefits: tuple[Benefit, ...]
    total: int
    indicative_total: int | None
    missing: tuple[PaperName, ...]
    fields: tuple[str, ...]
    liable: Liable
    pay_by: dt.date | None
    fund_amount: int
    first_claim_id: str | None
    rule_version: str
    trace: tuple[Check, ...]
    wake_on: dt.date | None
    hand: OnlyHand | None
