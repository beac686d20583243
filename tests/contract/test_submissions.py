"""Submissions on both engines: events by source and id, the claims of a source, and a feed that skips nothing."""

import hashlib

from pipeline.queries.claim import missing_of
from pipeline.queries.dead_letters import refused_of_source
from pipeline.queries.submissions import (
    claim_file,
    claims_page,
    decisions_page,
    event_of_digest,
    events_to_claim,
    last_chunk,
    stored_event,
)
from schemas import topics
from tests.support import events as e
from tests.support.site import Site

OTHER = "20000000022"


def fill(site: Site) -> None:
    site.run(*e.member(), e.accident("K1", source=e.CLINIC, conclusion=None, report=None, id="one"))
    site.run(*e.member(OTHER, "3671010101800002"), e.accident("K2", number=OTHER), partition=1)


def test_an_event_is_found_by_its_source_and_id_and_by_its_digest(site: Site) -> None:
    fill(site)
    found = stored_event(site.store, e.CLINIC, "one")
    assert found is not None and (found.topic, found.partition, found.offset) == (topics.HISTORY, 0, 4)
    assert hashlib.sha256(found.raw).digest() == found.digest
    assert event_of_digest(site.store, e.CLINIC, found.digest) == found
    assert event_of_digest(site.store, e.OFFICE, found.digest) is None
    assert stored_event(site.store, e.OFFICE, "one") is None


def test_a_claim_has_its_events_and_a_source_its_claims(site: Site) -> None:
    fill(site)
    found = claim_file(site.store, "K1")
    assert found is not None and [event.id for event, _ in found.events] == ["one"] and found.key == e.NUMBER
    assert claim_file(site.store, "K9") is None
    assert [row.claim_id for row in claims_page(site.store, e.CLINIC, after="", limit=10)] == ["K1"]
    assert [row.claim_id for row in claims_page(site.store, None, after="K1", limit=10)] == ["K2"]


def test_what_a_source_sent_to_a_claim_is_its_own_and_a_refusal_has_its_reason(site: Site) -> None:
    fill(site)
    wrong = e.evidence("K1", "2024-07-09T08:00:00", source=e.CLINIC, id="wrong", member_number=OTHER, documents=["ktp"])
    right = e.evidence("K1", "2024-07-09T08:00:00", source=e.CLINIC, id="two", documents=["visum"])
    office = e.evidence("K1", "2024-07-10T08:00:00", source=e.OFFICE, documents=["ktp"])
    site.run(wrong, right, office)
    assert [one.event_id for one in events_to_claim(site.store, e.CLINIC, "K1")] == ["one", "two"]
    assert events_to_claim(site.store, e.CLINIC, "K2") == []
    [(letter, raw)] = refused_of_source(site.store, e.CLINIC)
    assert (letter.event_id, letter.reason) == ("wrong", "CLAIM_OTHER_MEMBER") and raw == e.raw(wrong)
    assert refused_of_source(site.store, e.OFFICE) == [] and refused_of_source(site.store, e.CLINIC, limit=0) == []


def test_claims_that_wait_are_found_by_their_outcome_with_what_they_wait_for(site: Site) -> None:
    fill(site)
    site.run(e.accident("K3", "2024-03-03", source=e.OFFICE, documents=["ktp"]))
    waiting = claims_page(site.store, None, after="", limit=10, outcome="PENDING")
    assert [row.claim_id for row in waiting] == ["K1", "K3"]
    found = missing_of(site.store, {"K1": "PENDING", "K2": "APPROVED", "K3": "PENDING", "K9": "PENDING"})
    assert found == {"K1": (), "K2": (), "K3": ("membership_card", "doctor_letter"), "K9": ()}


def test_a_feed_goes_on_in_each_partition_where_it_stopped(site: Site) -> None:
    fill(site)
    found = decisions_page(site.store, None, after={}, limit=10)
    assert [claim for _, _, claim, _ in found] == ["K1", "K2"]
    assert [claim for _, _, claim, _ in decisions_page(site.store, e.CLINIC, after={}, limit=10)] == ["K1"]
    places = {partition: place for partition, place, _, _ in found}
    assert decisions_page(site.store, None, after=places, limit=10) == []
    assert len(places) == (1 if site.store.is_embedded else 2)
    if not site.store.is_embedded:  # a worker that commits late has a smaller number, in a partition of its own
        late = {one: place for one, place in places.items() if one == 1}
        assert [claim for _, _, claim, _ in decisions_page(site.store, None, after=late, limit=10)] == ["K1"]


def test_a_feed_has_every_decision_of_a_chunk(site: Site) -> None:
    site.run(*e.member(), *(e.accident(f"K{month}", f"2024-0{month}-10") for month in (1, 3, 5)))
    found = decisions_page(site.store, None, after={}, limit=10)
    assert [claim for _, _, claim, _ in found] == ["K1", "K3", "K5"]


def test_who_waits_sees_that_something_was_processed(site: Site) -> None:
    before = last_chunk(site.store)
    fill(site)
    assert before == 0 < last_chunk(site.store)
