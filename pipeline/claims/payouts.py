"""The money that must still move after a decision. Pure."""

import datetime as dt
from collections.abc import Iterable

from pipeline.claims.case import Case
from pipeline.claims.progress import Account
from schemas.codes import EFFECTIVE, LATE_PAYMENT
from schemas.decisions import Benefit, Decision, Payout, Recovery


def payouts_of(case: Case, decision: Decision, recover_by: dt.date | None = None) -> list[Payout]:
    """What must still move so that each person and payee has got what this decision gives them: a recovery names the
    person who was paid. `recover_by`: the last day on which money that is asked back is in time."""
    if decision.outcome not in EFFECTIVE:
        return []
    number = decision.member_number
    found: list[Payout] = []
    for account, difference in differences(case.progress.accounts, number, decision.benefits).items():
        person, payee = account
        name = payee if person == number else f"{payee}.{person}"
        found.append(
            Payout(
                f"{decision.decision_id}.{name}",
                case.claim_id,
                case.key,
                person,
                decision.revision,
                decision.decision_id,
                payee,  # type: ignore[arg-type]
                "pay" if difference > 0 else "recover",
                abs(difference),
                decision.pay_by if difference > 0 else recover_by,
            )
        )
    return found


def differences(ordered: dict[Account, int], number: str | None, benefits: Iterable[Benefit]) -> dict[Account, int]:
    """Rupiah that must still move by person and payee, in order; what is asked back is negative.

    `ordered`: what was ordered before. `number`: the membership the benefits are for.
    """
    due: dict[Account, int] = {}
    for benefit in benefits:
        assert number is not None, "money moves only for a registered member"
        account = number, benefit.payee
        due[account] = due.get(account, 0) + benefit.amount
    if not ordered:
        return {account: due[account] for account in sorted(due) if due[account]}
    moves = {account: due.get(account, 0) - ordered.get(account, 0) for account in sorted(due.keys() | ordered.keys())}
    return {account: difference for account, difference in moves.items() if difference}


def moved(ordered: dict[Account, int], number: str | None, benefits: Iterable[Benefit], delay_before: int) -> int:
    """Rupiah that these benefits would move, by person and payee, in either direction; without the compensation for
    late payment, which moves by law alone. `delay_before`: what of that is in `ordered`, for one of its accounts."""
    plain = tuple([one for one in benefits if one.line != LATE_PAYMENT])
    holders = [account for account, amount in ordered.items() if amount >= delay_before] if delay_before else []
    before = [{**ordered, account: ordered[account] - delay_before} for account in holders] or [ordered]
    return min([sum([abs(one) for one in differences(each, number, plain).values()]) for each in before])


def recoveries_of(payouts: Iterable[Payout]) -> tuple[Recovery, ...]:
    """What these payouts ask back, as the decision tells it."""
    return tuple(
        [
            Recovery(one.member_number, one.payee, one.amount, one.pay_by)
            for one in payouts
            if one.direction == "recover" and one.member_number is not None and one.pay_by is not None
        ]
    )
