"""Claims of every fate on one store, for tests of the read side."""

from typing import Any

from tests.support import events as e
from tests.support.site import Site

SECOND = ("20000000022", "3671010101800002")
TWICE = (("20000000033", "20000000044"), "3671010101800003")  # two memberships of one NIK


def disease(claim_id: str, day: str, number: str = e.NUMBER) -> Any:
    """A claim that only an officer can decide."""
    happened = {"occurred_at": f"{day}T10:00:00+07:00", "kind": "occupational_disease", "diagnosed_on": day}
    return e.accident(claim_id, day, number, accident=happened)


def fill(site: Site) -> None:
    """K1 approved, paid; K2 pending; K3, K4, K5 referred in this order, K3 twice; K6 referred and rejected by an
    officer; K7 approved, its payment failed; one record that is no event. One person has two memberships.
    """
    site.run(
        *e.member(),
        *e.member(*SECOND),
        *[event for number in TWICE[0] for event in e.member(number, TWICE[1])],
        e.accident("K1", "2024-01-05", number=SECOND[0]),
        e.settled("K1.r1.member", 4_000_000, "2024-02-02"),
        e.accident("K2", "2024-03-05", number=SECOND[0], documents=["ktp"]),
        disease("K3", "2024-04-01"),
        disease("K4", "2024-05-01"),
        disease("K5", "2024-06-01"),
        disease("K6", "2024-07-01"),
        e.evidence("K3", "2024-08-01T10:00:00", documents=["visum"]),
        e.review("K6", 1, "reject", "2024-08-02T10:00:00"),
        e.accident("K7", "2024-09-05", number=SECOND[0]),
        e.failed("K7.r1.member", "2024-09-20"),
        b"no event",
        size=3,
    )
