"""What the decision table is asked, and what it answers. Pure values; imports no rule.

Named tuples: each claim makes one of each, and they cost a fifth of frozen dataclasses of their size.
"""

import datetime as dt
from typing import NamedTuple

from pipeline.case import Case
from pipeline.member import Member
from schemas.codes import BenefitKind, ClaimProgram, Outcome, PaperName
from schemas.decisions import Benefit, Check, Liable


class OtherClaim(NamedTuple):
    """Another claim of the same person, as far as this one must know it."""

    claim_id: str
    revision: int
    program: ClaimProgram
    event_date: dt.date
    asked: frozenset[BenefitKind]
    outcome: Outcome
    is_death_approved: bool  # its effective decision pays a death benefit
    is_earlier: bool = True  # it was opened before the claim that asks
    paid_lines: frozenset[str] = frozenset()  # benefit lines of its effective decision: each is paid once an event


class Question(NamedTuple):
    """Everything an assessment looks at.

    `member` and `other_memberships` (other membership numbers of the same NIK) are as they were known at `clock`;
    `clock` is when the event that asks was received (aware). `other_claims` stand in the order in which they came.
    """

    case: Case
    member: Member | None
    other_memberships: tuple[Member, ...]
    other_claims: tuple[OtherClaim, ...]
    clock: dt.datetime


class Verdict(NamedTuple):
    """The answer. Fields as in `schemas.decisions.Decision`; `wake_on` is the first day on which time alone may
    change it (None: never)."""

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
