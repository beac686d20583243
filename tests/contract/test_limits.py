"""Endless events of a faulty program are refused before they make every batch too long."""

import pytest

from pipeline.audit.invariants import check
from pipeline.claims import limits
from tests.support import events as e
from tests.support.site import Site


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_events_of_one_claim_without_end_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A claim is folded from all of them each time. The office, officers and the payment system may go on."""
    monkeypatch.setattr(limits, "MOST_EVENTS_OF_A_CLAIM", 3)
    named = {"source": e.CLINIC, "member_number": e.NUMBER}
    papers = [e.evidence("K1", f"2024-07-08T1{at}:00:00", documents=["visum"], **named) for at in range(4)]
    waiting = [e.evidence("K2", f"2024-07-08T1{at}:00:00", documents=["visum"], source=e.CLINIC) for at in range(4)]
    appeals = [e.appeal("K3", f"2024-07-08T1{at}:00:00") for at in range(3)]
    site.run(*e.member(), e.accident(), *papers, *waiting, e.accident("K3", "2024-08-08"), *appeals, size=size)
    office = e.evidence("K1", "2024-07-09T10:00:00", documents=["ktp"])
    paid = e.settled("K1.r1.member", 4_000_000, "2024-07-10")
    site.run(office, e.review("K1", 4, "reassess", "2024-07-09T11:00:00"), paid, size=size)
    assert site.refusals() == [(offset, "CLAIM_EVENTS_TOO_MANY") for offset in (7, 8, 12, 16)]
    assert site.decisions()[-1][:3] == ("K1", 6, "APPROVED")
    assert check(site.store) == []
