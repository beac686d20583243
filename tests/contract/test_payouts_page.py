"""The feed of payouts on both engines: each comes once, also where partitions commit out of order."""

from pipeline.access.principals import new_principal
from pipeline.operations.payouts import list_payouts
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

PAYMENTS = new_principal("payments", "bank")
OTHER = "20000000022"


def test_each_payout_comes_once_whatever_its_partition(site: Site) -> None:
    site.run(*e.member(), e.accident("P1", "2024-01-05"), e.accident("NONE", "2024-02-05", documents=["ktp"]))
    front, seen, cursor = front_of(site), [], ""
    for claim, partition in (("Q1", 1), ("P2", 0), ("Q2", 1)):
        page = list_payouts(front, PAYMENTS, after=cursor)
        seen += [row.payout_id for row in page.rows]
        cursor = page.cursor or ""
        if claim == "Q1":
            site.run(*e.member(OTHER, "3671010101800002"), partition=partition)
        number = OTHER if partition else e.NUMBER
        site.run(e.accident(claim, f"2024-0{len(seen) + 3}-05", number), partition=partition)
    page = list_payouts(front, PAYMENTS, after=cursor)
    assert [*seen, *[row.payout_id for row in page.rows]] == [f"{one}.r1.member" for one in ("P1", "Q1", "P2", "Q2")]
    assert {row.amount for row in page.rows} == {4_000_000}
    assert list_payouts(front, PAYMENTS, after=page.cursor or "").rows == ()
