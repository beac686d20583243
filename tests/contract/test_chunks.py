"""What comes out does not depend on how the events were cut into chunks, nor on how often each was sent."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from schemas import topics
from tests.contract.conftest import MakeSite
from tests.support import events as e
from tests.support.histories import history
from tests.support.site import Site


def outcome(site: Site) -> tuple[Any, ...]:
    return site.results(), [reason for _, reason in site.refusals()]


def check_any_cut_gives_the_same(make_site: MakeSite, sent: list[Any]) -> None:
    sizes = (1000, 7, 1)
    sites = [make_site() for _ in sizes]
    for size, site in zip(sizes, sites, strict=True):
        site.run(*sent, size=size)
    assert outcome(sites[1]) == outcome(sites[0])
    assert outcome(sites[2]) == outcome(sites[0])
    for site in sites:
        assert check(site.store) == []
        site.close()


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(seed=st.integers(0, 10**6), length=st.integers(5, 60))
def test_any_history_in_chunks_of_1_7_and_1000_gives_the_same_bytes(
    make_site: MakeSite, seed: int, length: int
) -> None:
    check_any_cut_gives_the_same(make_site, history(seed, length))


def test_a_long_history_in_chunks_of_1_7_and_1000_gives_the_same_bytes(make_site: MakeSite) -> None:
    """One long history, so that every kind of event meets every state in each run of the tests."""
    sent = history(8, 250)
    check_any_cut_gives_the_same(make_site, sent)


def test_claims_that_wait_for_one_that_names_another_member_now_follow_it_in_any_cut(
    make_site: MakeSite,
) -> None:
    """Until an officer confirms the new member, others know the claim as the former member's: his claims follow it,
    though neither the event nor the claim names him any more."""
    former, named = {"member_number": "20000000011"}, {"member_number": "20000000033"}
    sent = [
        *e.member("20000000011", "3671010101800001"),
        e.death("MOVED", "2024-07-08", member=former),
        e.death("WAITS", "2024-07-08", member=former),
        e.death("MOVED", "2024-07-08", member=named),
        e.death("MOVED", "2024-07-07", member=named),
    ]
    check_any_cut_gives_the_same(make_site, sent)
    site = make_site()
    site.run(*sent, size=1)
    outcomes = [one[:4] for one in site.decisions() if one[0] == "WAITS"]
    assert outcomes == [("WAITS", 1, "REJECTED", ("CLM_DUPLICATE",)), ("WAITS", 2, "REFERRED", ("CLM_SAME_EVENT",))]
    assert replay(site.store).differences == ()


def test_a_claim_of_a_member_with_a_corrected_nik_is_decided_alike_in_any_cut(
    make_site: MakeSite,
) -> None:
    """The last event names a member whose NIK the claim's member has now; what the claim was refused for is kept under
    the NIK that he had when it was decided."""
    sent = [
        *e.member("20000000011", "3671010101800001"),
        e.death("OTHER", "2024-07-07", member={"member_number": "20000000033"}),
        e.registered("20000000033", "3671010101800003", time="2024-09-15T10:00:00"),
        e.accident("FIRST", "2024-07-07", member={"member_number": "20000000011"}),
        e.registered("20000000022", "3671010101800001", time="2024-07-15T10:00:00"),
        e.registered("20000000022", "3671010101800003", time="2024-09-15T10:00:00"),
        e.evidence("SECOND", "2024-07-20T10:00:00", documents=e.JKK_PAPERS),
        e.accident("SECOND", "2024-07-07", member={"member_number": "20000000022"}),
        e.event("member.ended", {"member_number": "20000000033", "ended_on": "2024-06-30"}, time="2024-07-15T10:00:00"),
    ]
    check_any_cut_gives_the_same(make_site, sent)
    site = make_site()
    site.run(*sent, size=1)
    outcomes = [one[:4] for one in site.decisions() if one[0] == "SECOND"]
    assert outcomes == [("SECOND", 1, "REJECTED", ("CLM_DUPLICATE",))]
    assert replay(site.store).differences == ()


@pytest.mark.parametrize("seed", range(3))
def test_chunks_of_several_partitions_in_one_batch_give_the_same_bytes_as_one_by_one(
    make_site: MakeSite, seed: int
) -> None:
    dice = random.Random(seed)
    sent = history(seed, 120)
    places = [(dice.choice((topics.HISTORY, topics.ACCIDENTS)), dice.randint(0, 1)) for _ in sent]
    sites = [make_site(), make_site(), make_site()]
    for together, site in zip((1, 4, 1000), sites, strict=True):
        for document, (topic, partition) in zip(sent, places, strict=True):
            site.send(document, topic=topic, partition=partition)
        site.run(together=together)
        assert outcome(site) == outcome(sites[0])
        assert site.rows("SELECT count(*) FROM chunks") == [(len(site.reports),)]
        transactions = [report for report in site.reports if report.seconds]  # told with the first chunk of each
        assert len(transactions) == -(-len(site.reports) // together)
        assert check(site.store) == []


@pytest.mark.parametrize("seed", range(3))
def test_refused_events_and_events_sent_up_to_five_times_leave_no_trace_in_the_results(
    make_site: MakeSite, seed: int
) -> None:
    dice = random.Random(seed)
    first, clean, often = make_site(), make_site(), make_site()
    sent = history(seed, 60)
    first.run(*sent)
    applied = [sent[offset] for (offset,) in first.rows('SELECT "offset" FROM ledger ORDER BY seq')]
    repeated: list[Any] = []
    for document in applied:
        repeated += [document, *dice.choices([*repeated, document], k=dice.randint(0, 4))]
    clean.run(*applied)
    often.run(*repeated, size=7)
    assert len(applied) < len(sent) and clean.results() == first.results()
    assert often.results() == first.results() and often.refusals() == []
    assert check(often.store) == []
