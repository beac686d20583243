"""Events of unknown type: so many dead letters, or the end of a worker that is older than its senders; both engines."""

import pytest

from pipeline.audit.invariants import check
from pipeline.errors import BadDeployment
from pipeline.law.book import Book
from pipeline.processing.processor import Processor
from tests.contract.conftest import MakeSite
from tests.support import events as e
from tests.support.site import GROUP, Site


def stranger(source: str = "a") -> dict[str, object]:
    return e.accident() | {"type": "santunan.claim.accident.v9", "source": f"urn:santunan:clinic:{source}"}


def known_before() -> list[object]:
    """An event of each stranger that is accepted: evidence that waits for its claim."""
    medical = {"unable_to_work_days": 30}
    return [
        e.evidence(f"W{one}", "2024-07-07T10:00:00", medical=medical, source=f"urn:santunan:clinic:{one}")
        for one in "ab"
    ]


def test_a_flood_of_unknown_types_stops_with_nothing_stored(site: Site) -> None:
    site.run(*e.member(), *known_before())
    with pytest.raises(BadDeployment):
        site.run(*[stranger("a"), stranger("b")] * 11)
    assert site.refusals() == [] and site.rows("SELECT max(next) FROM positions") == [(6,)]


def test_a_flood_is_seen_across_chunks(site: Site) -> None:
    site.run(*known_before())
    with pytest.raises(BadDeployment):
        site.run(*[stranger("a"), stranger("b")] * 11, size=3)
    assert len(site.refusals()) == 18
    assert check(site.store) == []


def test_a_flood_counts_senders_that_became_known_with_the_same_batch(site: Site) -> None:
    with pytest.raises(BadDeployment):
        site.run(*known_before(), *[stranger("a"), stranger("b")] * 11)


def test_a_flood_from_invented_senders_is_so_many_dead_letters(site: Site) -> None:
    site.run(*e.member(), *[stranger("a"), stranger("b")] * 30, known_before()[0], stranger("a"), e.accident())
    assert len(site.refusals()) == 61 and len(site.decisions()) == 1
    assert check(site.store) == []


def test_a_worker_that_accepts_unknown_types_goes_on(make_site: MakeSite) -> None:
    site = make_site()
    site.processor = Processor(site.store, Book.load(), GROUP, accept_unknown=True)
    site.run(*e.member(), *known_before(), *[stranger("a"), stranger("b")] * 100, e.accident())
    assert len(site.refusals()) == 200 and len(site.decisions()) == 1
