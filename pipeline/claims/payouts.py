"""The money that must still move after a decision. Pure."""

from pipeline.claims.case import Case
from schemas.codes import EFFECTIVE
from schemas.decisions import Decision, Payout


def payouts_of(case: Case, decision: Decision) -> list[Payout]:
    """What must still move so that the sum of the claim's payouts is the total of this decision, by payee."""
    if decision.outcome not in EFFECTIVE:
        return []
    due: dict[str, int] = {}
    for benefit in decision.benefits:
        due[benefit.payee] = due.get(benefit.payee, 0) + benefit.amount
    ordered = case.progress.ordered
    found: list[Payout] = []
    for payee in sorted(due.keys() | ordered.keys()) if ordered else sorted(due):
        difference = due.get(payee, 0) - ordered.get(payee, 0)
        if difference:
            found.append(
                Payout(
                    f"{decision.decision_id}.{payee}",
                    case.claim_id,
                    case.key,
                    decision.member_number,
                    decision.revision,
                    decision.decision_id,
                    payee,  # type: ignore[arg-type]
                    "pay" if difference > 0 else "recover",
                    abs(difference),
                    decision.pay_by,
                )
            )
    return found
