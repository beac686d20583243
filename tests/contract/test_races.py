"""Two workers on PostgreSQL, of whom one waits for a person whom the other has locked, and then must not decide on
what it read before. Whose claim or membership it is may be what changed, or when it is due."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from pipeline.messages.records import Chunk
from pipeline.processing.ports import LoadedDesk
from pipeline.store.lookups import Concerned
from pipeline.store.postgresql import PostgresqlUnitOfWork
from schemas import topics
from tests.support import events as e
from tests.support.site import Site

MakeDatabase = Callable[..., str]

NEW_NIK = "3671010101800099"
OTHER, OTHER_NIK = "20000000077", "3671010101800077"


@pytest.fixture
def site(new_database: MakeDatabase) -> Iterator[Site]:
    made = Site(new_database())
    yield made
    made.close()


@pytest.fixture
def let_come_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[Chunk], None]:
    """This chunk is stored when the next batch has read, and has locked no person yet."""
    lock_and_read = PostgresqlUnitOfWork.lock_and_read

    def let(chunk: Chunk) -> None:
        def wait(self: PostgresqlUnitOfWork, *about: Sequence[str]) -> Concerned:
            monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", lock_and_read)
            site.process(chunk)
            return lock_and_read(self, *about)

        monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", wait)

    return let


def test_a_member_who_is_registered_under_another_nik_meanwhile_is_paid_under_it(
    site: Site, let_come_first: Callable[[Chunk], None]
) -> None:
    site.run(*e.member(), e.accident(documents=["ktp"]))
    site.send(e.registered(nik=NEW_NIK, time="2024-07-08T08:00:00"))
    site.send(e.evidence("K1", "2024-07-09T10:00:00", documents=e.JKK_PAPERS), partition=1)
    let_come_first(site.chunk(5, 6))
    site.process(site.chunk(0, 1, partition=1))
    assert site.rows("SELECT person, claim_id FROM paid_lines") == [(NEW_NIK, "K1")]
    assert site.data(topics.DECISIONS)[-1]["read"]["members"] == [f"{e.NUMBER}@5"]
    assert check(site.store) == []


def test_a_claim_moved_to_another_member_meanwhile_is_the_first_ones_until_confirmed(
    site: Site, let_come_first: Callable[[Chunk], None]
) -> None:
    """The first claim is read whole, since a fact about the first member comes with the second claim."""
    site.run(*e.member(), *e.member(OTHER, OTHER_NIK), e.accident("K1"))
    site.send(e.evidence("K1", "2024-08-01T08:00:00", member={"member_number": OTHER}))
    site.send(e.wage("2024-06", 5_000_000), topic=topics.MEMBERS, partition=1)
    site.send(e.accident("K2", time="2024-08-03T08:00:00"), partition=1)
    let_come_first(site.chunk(9, 10))
    site.process(site.chunk(0, 1, topics.MEMBERS, partition=1), site.chunk(0, 1, partition=1))
    assert [one[:3] for one in site.decisions()[1:]] == [("K1", 2, "REFERRED"), ("K2", 1, "REJECTED")]
    assert check(site.store) == []


def test_a_day_that_passes_waits_for_a_turn_elsewhere_that_makes_a_claim_due(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch has its place in the order already; a replay finds the claim due when the day comes."""
    late, early = ({"reported_at": f"2024-07-{day}T08:00:00+07:00"} for day in (20, "08"))
    site.run(*e.member(), e.accident("K1", time="2024-07-21T08:00:00", report=late, conclusion=None))
    site.send(e.evidence("K1", "2024-07-22T10:00:00", report=early), partition=1)
    site.send(e.day_passed("2024-08-10"))
    day = threading.Thread(target=site.process, args=[site.chunk(5, 6)])
    next_chunk_ids = PostgresqlUnitOfWork.next_chunk_ids

    def let_the_day_pass(self: PostgresqlUnitOfWork, count: int) -> Sequence[int]:
        monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", next_chunk_ids)
        found = next_chunk_ids(self, count)
        day.start()
        day.join(0.5)
        return found

    monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", let_the_day_pass)
    site.process(site.chunk(0, 1, partition=1))
    day.join()
    assert [one[2] for one in site.decisions()] == ["PENDING", "PENDING", "REFERRED"]
    assert replay(site.store).differences == ()
    assert check(site.store) == []


def test_a_batch_with_a_line_paid_twice_is_loaded_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second payment is found before anything has changed, so the rest of the batch goes on with the same desk."""
    site.run(*e.member(), *e.member(OTHER, OTHER_NIK), e.accident("K1"), e.accident("K2"))
    change = [{"line": "stmb", "amount": 1_000_000, "reason": "dilihat"}]
    site.send(e.review("K2", 1, "change", "2024-07-10T10:00:00", changes=change), partition=1)
    site.send(e.accident("K3", number=OTHER), partition=1)
    load, loaded = PostgresqlUnitOfWork.load, []

    def count(self: PostgresqlUnitOfWork, *asked: Any) -> LoadedDesk:
        loaded.append(asked)
        return load(self, *asked)

    monkeypatch.setattr(PostgresqlUnitOfWork, "load", count)
    site.process(site.chunk(0, 2, partition=1))
    assert len(loaded) == 1
    assert site.refusals() == [(0, "LINE_PAID_ALREADY")]
    assert [one[2] for one in site.decisions() if one[0] == "K3"] == ["APPROVED"]
    assert replay(site.store).differences == ()
    assert check(site.store) == []


def test_claims_of_a_member_of_whom_only_a_wage_is_known_wait_for_each_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number has a row, and no NIK yet: the person is the number."""
    site.run(e.wage("2024-06", 4_000_000))
    site.send(e.accident("K1"))
    site.send(e.accident("K2"), partition=1)
    other = threading.Thread(target=site.process, args=[site.chunk(1, 2)])
    next_chunk_ids = PostgresqlUnitOfWork.next_chunk_ids

    def let_the_other_begin(self: PostgresqlUnitOfWork, count: int) -> Sequence[int]:
        monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", next_chunk_ids)
        other.start()
        other.join(0.5)
        return next_chunk_ids(self, count)

    monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", let_the_other_begin)
    site.process(site.chunk(0, 1, partition=1))
    other.join()
    read = {one["claim_id"]: one["read"]["claims"] for one in site.data(topics.DECISIONS)}
    assert read == {"K2": [], "K1": ["K2@1"]}
    assert replay(site.store).differences == ()
    assert check(site.store) == []
