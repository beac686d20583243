"""Events of the worker: decisions, payouts, referrals, refusals. Codes and values only; no text for people, no NIK, no
name, no diagnosis.

Plain dataclasses that are never changed once made: the worker has nothing to validate, readers validate with
`pydantic.TypeAdapter`. They have neither `frozen` nor `slots`: fast, see docs/performance.md. Amounts are whole rupiah,
days are Asia/Jakarta calendar days.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from pydantic import ConfigDict

from schemas import topics
from schemas.codes import CheckResult, ClaimProgram, LineCode, Marker, Outcome, PaperName, Payee

_STRICT = ConfigDict(strict=True, extra="forbid")
Liable = Literal["BPJS", "EMPLOYER"]
Scalar = str | int | bool | None


@dataclass
class Benefit:
    """One line: `amount` follows from `formula` (a code, see `pipeline/explain`) and its `numbers`."""

    __pydantic_config__ = _STRICT
    line: LineCode
    amount: int
    payee: Payee
    formula: str
    numbers: dict[str, Scalar]
    reference: str
    marker: Marker


class Check(NamedTuple):
    """One check of the decision table: what was found, on which facts, by which law. On the wire an array of these
    five in this order: a decision has a dozen checks, and names for their fields would double it."""

    check: str
    result: CheckResult
    facts: dict[str, Scalar]
    reference: str
    marker: Marker


@dataclass
class Cause:
    """The event that led to this decision."""

    __pydantic_config__ = _STRICT
    source: str
    id: str


@dataclass
class ReadSet:
    """What the decision looked at: `number@version` of each member, `claim_id@revision` of each other claim."""

    __pydantic_config__ = _STRICT
    members: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass
class Recovery:
    """Money that this decision asks back from the person who was paid, by the last day on which that is in time."""

    __pydantic_config__ = _STRICT
    member_number: str
    payee: Payee
    amount: int
    recover_by: dt.date


@dataclass
class Decision:
    """Every outcome of a claim. Only APPROVED has `benefits` and a `total`; REFERRED may have `indicative_total`, and
    so may REJECTED where the employer is liable: what he owes.

    `pay_by`: last day on which payment is in time. `fields`: what contradicts itself (VAL_DATES_CONTRADICT).
    `fund_amount`: what goes to the Social Security Fund where there is no heir. `rule_book`: digest of the parameters
    and version of the program's rules by which it was decided; empty before there was one.
    """

    __pydantic_config__ = _STRICT
    decision_id: str
    claim_id: str
    key: str
    member_number: str | None
    program: ClaimProgram
    event_date: dt.date
    revision: int
    supersedes: str | None
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
    decided_at: dt.datetime
    caused_by: Cause
    read: ReadSet
    trace: tuple[Check, ...]
    recoveries: tuple[Recovery, ...] = ()
    rule_book: str = ""


@dataclass
class Payout:
    """An order to the payment system: over all payouts of a claim, pay minus recover is its effective total."""

    __pydantic_config__ = _STRICT
    payout_id: str
    claim_id: str
    key: str
    member_number: str | None
    revision: int
    decision_id: str
    payee: Payee
    direction: Literal["pay", "recover"]
    amount: int
    pay_by: dt.date | None


@dataclass
class Referral:
    """A claim waits for an officer, or no longer does (`state` closed)."""

    __pydantic_config__ = _STRICT
    referral_id: str
    claim_id: str
    key: str
    member_number: str | None
    program: ClaimProgram
    revision: int
    state: Literal["opened", "closed"]
    codes: tuple[str, ...]
    indicative_total: int | None


@dataclass(frozen=True, slots=True)
class FieldError:
    """Where and what, in words that say what to do; never the value."""

    __pydantic_config__ = _STRICT
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A dead letter: an event that was refused, with the reason and the original bytes (base64)."""

    __pydantic_config__ = _STRICT
    topic: str
    partition: int
    offset: int
    reason: str
    errors: tuple[FieldError, ...]
    source: str | None
    id: str | None
    original: str


@dataclass(frozen=True, slots=True)
class WaitingEvidence:
    """Evidence that has waited for a day at least, since no claim of this id came. `sources`: who sent it."""

    __pydantic_config__ = _STRICT
    claim_id: str
    key: str
    revision: int  # 0: there is no decision
    sources: tuple[str, ...]
    reason: str
    message: str


DECISION_MADE: Final = "santunan.decision.made.v1"
PAYOUT_ORDERED: Final = "santunan.payout.ordered.v1"
PAYOUT_ADJUSTED: Final = "santunan.payout.adjusted.v1"
REFERRAL_OPENED: Final = "santunan.referral.opened.v1"
REFERRAL_CLOSED: Final = "santunan.referral.closed.v1"
EVENT_REFUSED: Final = "santunan.event.refused.v1"
EVIDENCE_WAITING: Final = "santunan.evidence.waiting.v1"

OUTPUT_TYPES: Final[dict[str, tuple[str, type]]] = {
    DECISION_MADE: (topics.DECISIONS, Decision),
    PAYOUT_ORDERED: (topics.PAYOUTS, Payout),
    PAYOUT_ADJUSTED: (topics.PAYOUTS, Payout),
    REFERRAL_OPENED: (topics.REFERRALS, Referral),
    REFERRAL_CLOSED: (topics.REFERRALS, Referral),
    EVENT_REFUSED: (topics.DEAD_LETTERS, Refusal),
    EVIDENCE_WAITING: (topics.REFERRALS, WaitingEvidence),
}
