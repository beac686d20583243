"""An event changes the register of a desk all or not at all."""

import copy
from typing import Any

import pytest

from pipeline.claims.desk import Desk
from pipeline.claims.double_payment import PaidLines
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.messages.intake import event_clock, read_event
from tests.support import events as e
from tests.support.histories import history


def state(desk: Desk) -> dict[str, Any]:
    """All that a later event could see, by value."""
    assert desk.paid is not None
    cases = {claim_id: (vars(case), values(case.progress)) for claim_id, case in desk.cases.items()}
    return copy.deepcopy(
        {
            "members": dict(desk.members),
            "numbers": {nik: set(numbers) for nik, numbers in desk.numbers_by_nik.items() if numbers},
            "cases": {claim_id: ({**sections, "progress": None}, rest) for claim_id, (sections, rest) in cases.items()},
            "summaries": desk.summaries,
            "names": {name: set(claims) for name, claims in desk.claims_by_name.items() if claims},
            "changed": (desk.changed_members, desk.changed_cases),
            "made": (len(desk.made_decisions), len(desk.made_payouts)),
            "paid": (desk.paid._claims, desk.paid._lines, desk.paid._before),
        }
    )


def values(progress: Any) -> dict[str, Any]:
    return {name: getattr(progress, name) for name in progress.__slots__}


@pytest.mark.parametrize("seed", range(15))
def test_a_refused_event_leaves_everything_as_it_was(seed: int) -> None:
    desk, reasons = Desk(Book.load(), PaidLines()), set()
    for order, document in enumerate(history(seed, 70)):
        try:
            event = read_event(document if isinstance(document, bytes) else e.raw(document))
        except Poison:
            continue
        before = state(desk)
        try:
            desk.take(event, event_clock(event, None), order=order)
        except Poison as poison:
            reasons.add(poison.reason)
            assert state(desk) == before, poison.reason
    assert reasons


def test_the_histories_reach_refusals_that_come_after_a_change() -> None:
    """Else the test above would show nothing."""
    found = set()
    for seed in range(60):
        desk = Desk(Book.load(), PaidLines(), is_quiet=True)
        for order, document in enumerate(history(seed, 70)):
            try:
                event = read_event(document if isinstance(document, bytes) else e.raw(document))
                desk.take(event, event_clock(event, None), order=order)
            except Poison as poison:
                found.add(poison.reason)
    assert found >= {"LINE_PAID_ALREADY", "REVIEW_STALE", "PAYOUT_UNKNOWN"}, found
