"""Payouts as a payment system reads them: each once, due on a day, and with what became of it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.access.principals import new_principal
from pipeline.errors import Poison
from pipeline.operations.payouts import list_payouts
from schemas import topics
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

PAYMENTS = new_principal("payments", "bank")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """P1 paid, P2 failed, P3 ordered and then asked back, and a claim without money between."""
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    opened.run(
        *e.member(),
        e.accident("P1", "2024-01-05"),
        e.accident("NONE", "2024-02-05", documents=["ktp"]),
        e.accident("P2", "2024-03-05"),
        e.accident("P3", "2024-05-05"),
        e.settled("P1.r1.member", 4_000_000, "2024-01-12"),
        e.failed("P2.r1.member", "2024-06-02"),
        e.evidence("P3", "2024-07-08T08:00:00", medical={"unable_to_work_days": 15}),
        e.review("P3", 2, "approve", "2024-07-09T08:00:00"),
    )
    yield opened
    opened.close()


def test_each_payout_comes_once_with_the_bytes_of_its_order_and_its_state(site: Site) -> None:
    found = list_payouts(front_of(site), PAYMENTS).rows
    ordered = site.data(topics.PAYOUTS)
    assert len(found) == 4
    for row, one in zip(found, ordered, strict=True):
        due = str(row.due) if row.due else None
        said = (row.payout_id, row.claim_id, row.decision_id, row.payee, row.member_number, row.direction, row.amount)
        names = ("payout_id", "claim_id", "decision_id", "payee", "member_number", "direction", "amount")
        assert (*said, due) == (*(one[name] for name in names), one["pay_by"])
    states = {row.payout_id: (row.state, row.paid_on) for row in found}
    assert states == {
        "P1.r1.member": ("paid", dt.date(2024, 1, 12)),
        "P2.r1.member": ("failed", None),
        "P3.r1.member": ("ordered", None),
        "P3.r3.member": ("ordered", None),
    }
    assert [row.direction for row in found] == ["pay", "pay", "pay", "recover"]


def test_pages_go_on_behind_their_cursor_and_end(site: Site) -> None:
    front, seen, cursor, more = front_of(site), [], "", 1
    while more:
        page = list_payouts(front, PAYMENTS, after=cursor, limit=1)
        seen += [row.payout_id for row in page.rows]
        cursor, more = page.cursor or "", page.more
    assert seen == [row.payout_id for row in list_payouts(front, PAYMENTS).rows]
    assert list_payouts(front, PAYMENTS, after=cursor).cursor == cursor
    site.run(e.accident("P4", "2024-09-05"))
    assert [row.payout_id for row in list_payouts(front, PAYMENTS, after=cursor).rows] == ["P4.r1.member"]
    with pytest.raises(Poison) as refused:
        list_payouts(front, PAYMENTS, after="P1")
    assert refused.value.errors[0].field == "after"
