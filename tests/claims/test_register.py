"""An event changes the register of a desk all or not at all."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.claims.desk import Desk
from pipeline.claims.double_payment import PaidLines
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.messages.intake import event_clock, read_event
from schemas.events import IntakeEvent
from tests.support import events as e
from tests.support.histories import history


def state(desk: Desk) -> dict[str, Any]:
    """All that a later event could see, by value; made anew by pickle, a quarter of the time of a deep copy."""
    assert desk.paid is not None
    cases = {claim_id: (vars(case), values(case.progress)) for claim_id, case in desk.cases.items()}
    seen = {
        "members": dict(desk.members),
        "numbers": {nik: set(numbers) for nik, numbers in desk.numbers_by_nik.items() if numbers},
        "cases": {claim_id: ({**sections, "progress": None}, rest) for claim_id, (sections, rest) in cases.items()},
        "summaries": desk.summaries,
        "names": {name: set(claims) for name, claims in desk.claims_by_name.items() if claims},
        "changed": (desk.changed_members, desk.changed_cases),
        "made": (len(desk.made_decisions), len(desk.made_payouts)),
        "paid": (desk.paid._claims, desk.paid._lines, desk.paid._before),
    }
    found: dict[str, Any] = pickle.loads(pickle.dumps(seen))  # noqa: S301
    return found


def values(progress: Any) -> dict[str, Any]:
    return {name: getattr(progress, name) for name in progress.__slots__}


def events(seed: int) -> Iterator[IntakeEvent]:
    for document in history(seed, 70):
        try:
            yield read_event(document if isinstance(document, bytes) else e.raw(document))
        except Poison:
            continue


def refusals(seed: int) -> dict[int, str]:
    """The reason of each refusal, by the place of the event."""
    desk, found = Desk(Book.load(), PaidLines()), {}
    for order, event in enumerate(events(seed)):
        try:
            desk.take(event, event_clock(event, None), order=order)
        except Poison as poison:
            found[order] = poison.reason
    return found


@pytest.mark.parametrize("seed", range(30))
def test_a_refused_event_leaves_everything_as_it_was(seed: int) -> None:
    desk, reasons = Desk(Book.load(), PaidLines()), refusals(seed)
    for order, event in enumerate(events(seed)):
        if order not in reasons:
            desk.take(event, event_clock(event, None), order=order)
            continue
        before = state(desk)
        with pytest.raises(Poison, match=reasons[order]):
            desk.take(event, event_clock(event, None), order=order)
        assert state(desk) == before, reasons[order]
    assert reasons


def test_the_histories_reach_refusals_that_come_after_a_change() -> None:
    """Else the test above would show nothing."""
    found = {reason for seed in range(30) for reason in refusals(seed).values()}
    assert found >= {"LINE_PAID_ALREADY", "REVIEW_STALE", "PAYOUT_UNKNOWN"}, found
