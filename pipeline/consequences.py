"""What a verdict leads to: the decision, the money that must still move, and what the case remembers of it. Pure."""

import datetime as dt

from pipeline.case import JAKARTA, Case, Progress
from pipeline.member import Member
from pipeline.rules.question import Verdict
from schemas.decisions import Cause, Decision, Payout, ReadSet


def decision_of(
    case: Case, verdict: Verdict, member: Member | None, read: ReadSet, clock: dt.datetime, cause: Cause
) -> Decision:
    """The next revision of this claim's decision."""
    assert case.program is not None and case.member is not None
    revision = case.progress.revision + 1
    return Decision(
        decision_id=f"{case.claim_id}.r{revision}",
        claim_id=case.claim_id,
        key=case.key,
        member_number=member.number if member is not None else case.member.member_number,
        program=case.program,
        event_date=case.event_date,
        revision=revision,
        supersedes=case.progress.decision_id,
        outcome=verdict.outcome,
        reason_codes=verdict.reason_codes,
        benefits=verdict.benefits,
        total=verdict.total,
        indicative_total=verdict.indicative_total,
        missing=verdict.missing,
        fields=verdict.fields,
        liable=verdict.liable,  # type: ignore[arg-type]
        pay_by=verdict.pay_by,
        fund_amount=verdict.fund_amount,
        first_claim_id=verdict.first_claim_id,
        rule_version=verdict.rule_version,
        decided_at=clock.astimezone(JAKARTA),
        caused_by=cause,
        read=read,
        trace=verdict.trace,
    )


def payouts_of(case: Case, decision: Decision) -> list[Payout]:
    """What must still move so that the sum of the claim's payouts is the total of this decision, by payee."""
    if decision.outcome not in ("APPROVED", "REJECTED"):
        return []
    due: dict[str, int] = {}
    for benefit in decision.benefits:
        due[benefit.payee] = due.get(benefit.payee, 0) + benefit.amount
    ordered = case.progress.ordered
    found: list[Payout] = []
    for payee in sorted(due.keys() | ordered.keys()) if ordered else sorted(due):
        difference = due.get(payee, 0) - ordered.get(payee, 0)
        if difference:
            found.append(Payout(
                payout_id=f"{decision.decision_id}.{payee}",
                claim_id=case.claim_id,
                key=case.key,
                member_number=decision.member_number,
                revision=decision.revision,
                decision_id=decision.decision_id,
                payee=payee,  # type: ignore[arg-type]
                direction="pay" if difference > 0 else "recover",
                amount=abs(difference),
                pay_by=decision.pay_by,
            ))  # fmt: skip
    return found


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
    if decision.outcome in ("APPROVED", "REJECTED"):
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
