"""Two workers on PostgreSQL whose persons are tangled lock in one order: neither waits for what the other waits for."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.messages.records import Chunk
from pipeline.store.lookups import Concerned
from pipeline.store.postgresql import PostgresqlUnitOfWork
from tests.support import events as e
from tests.support.site import Site

A, B = "3671010101800001", "3671010101800002"
SECONDS = 10.0


@pytest.fixture
def site(new_database: Callable[..., str]) -> Iterator[Site]:
    made = Site(new_database())
    yield made
    made.close()


def together(site: Site, *chunks: Chunk) -> None:
    """Each in a thread, as two workers would; raises what one of them raises, such as Transient after a deadlock."""
    with ThreadPoolExecutor(len(chunks)) as threads:
        for done in [threads.submit(site.process, chunk) for chunk in chunks]:
            done.result(60)


def deadlocks(site: Site) -> int:
    [(count,)] = site.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(count)


def test_persons_found_after_others_were_locked_are_locked_in_order(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event names one person, whose membership has the other's NIK as a former one."""
    first, second = "20000000011", "20000000022"
    site.run(e.registered(first, B), e.registered(first, A, time="2019-11-02T08:00:00"))
    site.run(e.registered(second, A), e.registered(second, B, time="2019-11-02T08:00:00"))
    site.send(e.accident("K1", number=None, member={"nik": A}), partition=0)
    site.send(e.accident("K2", "2024-07-08", number=None, member={"nik": B}), partition=1)
    real = PostgresqlUnitOfWork.lock_and_read
    both, met = threading.Barrier(2), threading.local()

    def meet(self: PostgresqlUnitOfWork, *about: Any) -> Concerned:
        found = real(self, *about)
        if not hasattr(met, "once"):
            met.once = True
            both.wait(SECONDS)
        return found

    monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", meet)
    together(site, site.chunk(4, 5), site.chunk(0, 1, partition=1))
    assert len(site.decisions()) == 2 and deadlocks(site) == 0
    assert check(site.store) == []


def test_a_day_is_shared_before_a_person_is_locked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day of one partition wakes a claim of a person about whom the other partition has a fact."""
    claim: dict[str, Any] = {"conclusion": None, "report": {"reported_at": "2024-07-07T15:00:00+07:00"}}
    site.run(*e.member(), e.accident("K1", **claim))
    site.send(e.day_passed("2024-09-01"), partition=0)
    site.send(e.wage("2024-06", 5_000_000, time="2024-08-01T08:00:00"), partition=1)
    due, lock = PostgresqlUnitOfWork.cases_due, PostgresqlUnitOfWork.lock_and_read
    has_day, has_person, waits = threading.Event(), threading.Event(), threading.local()

    def cases_due(self: PostgresqlUnitOfWork, *about: Any) -> Any:
        waits.first = True
        found = due(self, *about)
        has_day.set()
        has_person.wait(2)  # the other cannot get to it where it asks for the day first
        return found

    def lock_and_read(self: PostgresqlUnitOfWork, *about: Any) -> Concerned:
        if not hasattr(waits, "first"):
            has_day.wait(SECONDS)
        found = lock(self, *about)
        has_person.set()
        return found

    monkeypatch.setattr(PostgresqlUnitOfWork, "cases_due", cases_due)
    monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", lock_and_read)
    together(site, site.chunk(5, 6), site.chunk(0, 1, partition=1))
    assert deadlocks(site) == 0 and len(site.decisions()) == 2
    assert check(site.store) == []
