"""An event comes after others that were received later: refused and handed in again, or read late from its topic."""

from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from schemas import topics
from tests.support import events as e
from tests.support.site import Site

CONCLUDED = {"work_related": True, "concluded_on": "2024-07-20"}
LATE: dict[str, list[Any]] = {
    "evidence": [e.evidence("K1", "2024-07-19T10:00:00", documents=["visum"])],
    "appeal": [e.appeal("K1", "2024-07-19T10:00:00")],
    "settlement": [e.settled("K1.r1.member", 4_000_000, "2024-07-10", time="2024-07-19T10:00:00")],
    "opening": [e.accident(time="2024-07-08T10:00:00")],
}


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("late", LATE)
def test_what_comes_late_does_not_ask_back_what_later_facts_were_paid_for(site: Site, size: int, late: str) -> None:
    """By its own clock the conclusion lies in the future, and a claim that contradicts the calendar is rejected."""
    site.run(*e.member(), e.accident(), e.evidence("K1", "2024-07-20T10:00:00", conclusion=CONCLUDED), size=size)
    site.run(*LATE[late], size=size)
    assert [one[2:4] for one in site.decisions()] == [("APPROVED", ("OK",))] * 3
    assert [one["direction"] for one in site.data(topics.PAYOUTS)] == ["pay"]
    assert site.data(topics.DECISIONS)[-1]["decided_at"] == "2024-07-20T10:00:00+07:00"
    assert replay(site.store).differences == ()
    assert check(site.store) == []


@pytest.mark.parametrize("size", [1, 1000])
def test_evidence_that_waits_is_known_to_a_claim_that_was_received_before_it(site: Site, size: int) -> None:
    waiting = e.evidence("K1", "2024-07-20T10:00:00", conclusion=CONCLUDED)
    site.run(*e.member(), waiting, e.accident(conclusion=None), size=size)
    assert [one[2] for one in site.decisions()] == ["APPROVED"]
    assert check(site.store) == []


@pytest.mark.parametrize("size", [1, 1000])
def test_a_late_membership_fact_refers_a_claim_that_was_received_after_it(site: Site, size: int) -> None:
    """By its own clock there was no accident yet, and nothing would have changed."""
    ended = e.event("member.ended", {"member_number": e.NUMBER, "ended_on": "2024-06-30"}, time="2024-07-01T08:00:00")
    site.run(*e.member(), e.accident(), ended, size=size)
    assert [one[2:4] for one in site.decisions()] == [("APPROVED", ("OK",)), ("REFERRED", ("MEM_CHANGED_LATER",))]
    assert check(site.store) == []
