"""The decision that follows from a verdict, and what the claim keeps of it. Pure."""

import datetime as dt

from pipeline.claims.case import Case
from pipeline.claims.case_file import Verdict
from pipeline.claims.progress import Progress
from pipeline.membership.member import Member
from schemas.clock import JAKARTA
from schemas.codes import EFFECTIVE
from schemas.decisions import Cause, Decision, Payout, ReadSet


def decision_of(
    case: Case, verdict: Verdict, member: Member | None, read: ReadSet, clock: dt.datetime, cause: Cause
) -> Decision:
    """The next revision of this claim's decision."""
    assert case.program is not None and case.member is not None
    revision = case.progress.revision + 1
    return Decision(  # fast: see docs/performance.md
        f"{case.claim_id}.r{revision}",
        case.claim_id,
        case.key,
        member.number if member is not None else case.member.member_number,
        case.program,
        case.event_date,
        revision,
        case.progress.decision_id,
        verdict.outcome,
        verdict.reason_codes,
        verdict.benefits,
        verdict.total,
        verdict.indicative_total,
        verdict.missing,
        verdict.fields,
        verdict.liable,
        verdict.pay_by,
        verdict.fund_amount,
        verdict.first_claim_id,
        verdict.rule_version,
        clock.astimezone(JAKARTA),
        cause,
        read,
        verdict.trace,
    )


def record(
    progress: Progress, decision: Decision, wake_on: dt.date | None, payouts: list[Payout], clock: dt.datetime
) -> None:
    """Keep what was decided and ordered with the case."""
    progress.revision = decision.revision
    progress.decision_id = decision.decision_id
    progress.outcome = decision.outcome
    progress.reason_codes = decision.reason_codes
    progress.total = decision.total
    progress.indicative_total = decision.indicative_total
    progress.wake_on = wake_on
    progress.latest = clock
    if decision.outcome in EFFECTIVE:
        progress.effective_outcome = decision.outcome
        progress.effective_total = decision.total
        progress.lines = tuple([(one.line, one.amount) for one in decision.benefits])
    for payout in payouts:
        signed = payout.amount if payout.direction == "pay" else -payout.amount
        progress.ordered[payout.payee] = progress.ordered.get(payout.payee, 0) + signed
        progress.payouts[payout.payout_id] = signed
    if decision.outcome == "APPROVED":
        progress.approved_on = progress.approved_on or clock.astimezone(JAKARTA).date()
    elif not progress.settlements:
        progress.approved_on = None  # it will be payable only when the next fact makes it so
