"""Payouts that decisions ordered, in the order of the decisions, with what became of each. Never writes."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from pipeline.claims.progress import Progress
from pipeline.queries.decisions import read_decision
from pipeline.queries.submissions import decisions_page
from pipeline.store.readable import Readable
from pipeline.store.rows import progress_of
from pipeline.store.tables import cases, payouts
from schemas.decisions import Decision

State = Literal["ordered", "paid", "failed"]


@dataclass(frozen=True, slots=True)
class OrderedPayout:
    """One payout. `amount`: rupiah. `member_number`: of the person who is paid, or who gives it back.

    `due`: the last day in time. `state`: failed may be paid still, and then is paid. `paid_on`: of a paid one.
    """

    payout_id: str
    claim_id: str
    decision_id: str
    payee: str
    member_number: str
    direction: Literal["pay", "recover"]
    amount: int
    due: dt.date | None
    state: State
    paid_on: dt.date | None


def payouts_page(
    store: Readable, *, after: Mapping[int, int], limit: int
) -> list[tuple[int, int, tuple[OrderedPayout, ...]]]:
    """(partition, place, payouts) of decisions that ordered some, as `decisions_page`."""
    found = decisions_page(store, None, after=after, limit=limit, ordering=True)
    names = {claim_id for _, _, claim_id, _ in found}
    of_decision: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
    wanted = select(payouts).where(payouts.c.claim_id.in_(names)).order_by(payouts.c.payee, payouts.c.member_number)
    with store.reader() as connection:
        for row in connection.execute(wanted):
            of_decision[row.claim_id, row.revision].append(row)
        documents = connection.execute(select(cases.c.claim_id, cases.c.progress).where(cases.c.claim_id.in_(names)))
        progress = {claim_id: progress_of(document) for claim_id, document in documents}
    pages = []
    for partition, place, claim_id, raw in found:
        decision = read_decision(raw)
        rows = of_decision[claim_id, decision.revision]
        pages.append((partition, place, tuple(_ordered(row, decision, progress[claim_id]) for row in rows)))
    return pages


def _ordered(row: Any, decision: Decision, progress: Progress) -> OrderedPayout:
    own = row.member_number == decision.member_number
    payout_id = f"{decision.decision_id}.{row.payee if own else f'{row.payee}.{row.member_number}'}"
    settled = progress.settlements.get(payout_id)
    state: State = "paid" if settled else "failed" if payout_id in progress.failed_payouts else "ordered"
    return OrderedPayout(
        payout_id,
        decision.claim_id,
        decision.decision_id,
        row.payee,
        row.member_number,
        row.direction,
        row.amount,
        decision.pay_by if row.direction == "pay" else _recover_by(row, decision),
        state,
        settled[0] if settled else None,
    )


def _recover_by(row: Any, decision: Decision) -> dt.date | None:
    asked = (row.member_number, row.payee)
    return next((one.recover_by for one in decision.recoveries if (one.member_number, one.payee) == asked), None)
