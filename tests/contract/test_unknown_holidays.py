"""Events of years whose holidays nobody knows are decided, on both engines, and again by the replay."""

import pytest

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from tests.support import events as e
from tests.support.site import Site


@pytest.mark.parametrize(
    "time", ["1900-01-01T00:00:00", "2014-06-01T08:00:00", "2027-12-31T08:00:00", "2100-12-31T23:59:59"]
)
def test_one_year_that_was_mistyped_in_a_history_file_stops_nothing(site: Site, time: str) -> None:
    site.run(*e.member(), e.accident("K1", time=time), e.accident("K2", "2024-07-08"))
    assert {claim for claim, *_ in site.decisions()} >= {"K2"} and "BUG" not in {code for _, code in site.refusals()}
    assert check(site.store) == [] and replay(site.store).differences == ()


def test_a_claim_paid_after_an_estimated_deadline_is_decided(site: Site) -> None:
    claim = e.accident("K1", time="2027-12-30T08:00:00")
    site.run(*e.member(), claim, e.settled("K1.r1.member", 4_000_000, "2028-03-01"))
    assert site.refusals() == [] and [total for *_, total in site.decisions()] == [4_000_000, 6_040_000]
    assert check(site.store) == []
