"""Fencing, several workers at once, and the tables, on both engines where both have it."""

import contextlib
import datetime as dt
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.claims.desk import Desk
from pipeline.claims.requirements import Requirements
from pipeline.errors import NotReady, Transient
from pipeline.messages.records import Chunk
from pipeline.store import migrate, open_store, postgresql, revisions
from pipeline.store.lookups import Concerned
from pipeline.store.postgresql import SMALL_BATCH, PostgresqlUnitOfWork
from pipeline.store.tables import cases
from schemas import topics
from tests.support import events as e
from tests.support.site import GROUP, Site

MakeDatabase = Callable[..., str]

_OTHERS = ", ".join(f'"{one.name}"' for one in cases.columns if one.name != "claim_id")
COPY_OF_A_CASE = f"INSERT INTO cases SELECT 'K2', {_OTHERS} FROM cases"  # noqa: S608


def test_a_reader_cannot_write(site: Site) -> None:
    site.run(*e.member(), e.accident())
    with pytest.raises(Exception, match=r"(?i)read-?only"), site.store.reader() as connection:
        connection.exec_driver_sql("DELETE FROM decisions")
    assert len(site.rows("SELECT 1 FROM decisions")) == 1


def test_an_error_of_the_database_does_not_tell_what_it_was_about(site: Site) -> None:
    site.run(*e.member())
    with pytest.raises(Exception, match="UniqueViolation|IntegrityError") as caught, site.store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO members SELECT * FROM members")  # type: ignore[attr-defined]
    assert e.NIK not in str(caught.value) and e.NUMBER not in str(caught.value)
    assert caught.value.__cause__ is None


# --- fences and locks


def test_a_worker_taken_for_dead_cannot_store_what_its_successor_stored(make_site: Callable[[], Site]) -> None:
    site = make_site()
    zombie = Site(site.url)
    site.send(*e.member(), e.accident())
    chunk = site.chunk(0, 5)
    first = site.process(chunk)
    (again,) = zombie.processor.process(chunk)
    zombie.close()
    assert again == first and len(site.decisions()) == 1


def test_the_gate_of_a_partition_number_holds_for_every_topic(new_database: MakeDatabase) -> None:
    site = Site(new_database())
    for partition in (3, 4):
        site.process(Chunk(topics.MEMBERS, partition, 0, 1, ()))
    with site.store.unit_of_work() as first:
        first.begin(GROUP, [3], ())
        for partition, is_free in ((4, True), (3, False)):
            with site.store.unit_of_work() as second:
                second.connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")  # type: ignore[attr-defined]
                if is_free:
                    assert second.begin(GROUP, [partition], ()) == ({(topics.MEMBERS, partition): 1}, {})
                    continue
                with pytest.raises(Transient, match="try again"), site.store.unit_of_work() as third:
                    third.connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")  # type: ignore[attr-defined]
                    third.begin(GROUP, [partition], ())
    site.close()


@pytest.mark.parametrize("about", ["one number", "one person", "one event under two keys", "one claim under two keys"])
def test_two_workers_that_meet_decide_and_pay_once(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, about: str
) -> None:
    """In two partitions at the same moment: one accident reported by number and by NIK, one event, one claim.

    Each waits for the other where it has read everything: only a lock keeps the second from having read it, too.
    """
    meeting = threading.Barrier(2)
    next_chunk_ids = PostgresqlUnitOfWork.next_chunk_ids

    def wait(self: PostgresqlUnitOfWork, count: int) -> Sequence[int]:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)
        return next_chunk_ids(self, count)

    site = Site(new_database())
    site.processor.retries = 5
    site.run(*e.member())
    here = e.accident("K1")
    there = {
        "one number": e.accident("K2"),
        "one person": e.accident("K2", member={"nik": e.NIK}),
        "one event under two keys": here,
        "one claim under two keys": e.evidence("K1", "2024-07-08T10:00:00", documents=["visum"]),
    }[about]
    site.send(here)
    site.send(there, partition=1)
    chunks = [site.chunk(4, 5), site.chunk(0, 1, partition=1)]
    failures: list[BaseException] = []

    def work(chunk: Chunk) -> None:
        try:
            site.process(chunk)
        except BaseException as error:
            failures.append(error)

    monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", wait)
    threads = [threading.Thread(target=work, args=(chunk,)) for chunk in chunks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert site.rows("SELECT count(*) FROM paid_lines") == [(1,)]
    assert site.rows("SELECT count(*) FROM ledger WHERE claim_id IS NOT NULL") == [(1 + (here is not there),)]
    assert check(site.store) == []
    site.close()


def test_a_claim_opened_while_the_lock_was_waited_for_is_known_to_the_whole_batch(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is in two partitions. A fact about its member goes before it in the batch that comes second."""
    site = Site(new_database())
    site.run(*e.member())
    claim = e.accident()
    site.send(claim)
    site.send(claim, partition=1)
    site.send(e.wage("2024-06", 5_000_000), topic=topics.MEMBERS, partition=1)
    other, batch = site.chunk(4, 5), [site.chunk(0, 1, topics.MEMBERS, 1), site.chunk(0, 1, partition=1)]
    lock_and_read = PostgresqlUnitOfWork.lock_and_read

    def come_second(self: PostgresqlUnitOfWork, *about: Sequence[str]) -> Concerned:
        monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", lock_and_read)
        site.process(other)
        return lock_and_read(self, *about)

    monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", come_second)
    site.process(*batch)
    assert [decision[:2] for decision in site.decisions()] == [("K1", 1)]
    assert site.rows("SELECT claim_id FROM ledger ORDER BY seq DESC") == [(None,), ("K1",), *[(None,)] * 4]
    assert check(site.store) == []
    site.close()


@pytest.mark.parametrize("size", [1, SMALL_BATCH + 1], ids=["small", "large"])
@pytest.mark.parametrize(
    ("event", "meanwhile", "sentence"),
    [
        (e.wage("2024-06", 5_000_000), "UPDATE members SET version = version + 1", "changed the same rows of members"),
        (
            e.evidence("K1", "2024-07-08T10:00:00", documents=["visum"]),
            "UPDATE cases SET version = version + 1",
            "changed the same rows of cases",
        ),
        (e.accident("K2"), COPY_OF_A_CASE, "stored the same rows of cases"),
    ],
    ids=["member", "claim", "new claim"],
)
def test_what_somebody_else_has_written_meanwhile_is_never_overwritten(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, size: int, event: Any, meanwhile: str, sentence: str
) -> None:
    """Somebody who takes no locks; the transaction of a worker that did would have been waited for."""
    site = Site(new_database())
    site.run(*e.member(), e.accident("K1"))
    before = site.rows("SELECT count(*) FROM ledger")
    site.send(*(e.wage(f"2024-{1 + at % 12:02}", 1_000 * at, "29000000001") for at in range(1, size)), event)
    next_chunk_ids = PostgresqlUnitOfWork.next_chunk_ids

    def come_second(self: PostgresqlUnitOfWork, count: int) -> Sequence[int]:
        site.change([meanwhile])
        return next_chunk_ids(self, count)

    monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", come_second)
    with pytest.raises(Transient, match=f"another worker has {sentence} meanwhile"):
        site.process(site.chunk(5, 5 + size))
    assert site.rows("SELECT count(*) FROM ledger") == before
    monkeypatch.setattr(PostgresqlUnitOfWork, "next_chunk_ids", next_chunk_ids)
    if meanwhile is not COPY_OF_A_CASE:
        site.run()
        assert site.rows("SELECT count(*) FROM ledger") == [(before[0][0] + size,)]
    site.close()


@pytest.mark.parametrize(("day", "expected"), [("2024-07-12", 5), ("2024-07-08", 7)])
def test_a_small_batch_waits_for_the_database_five_times_and_for_the_commit(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, day: str, expected: int
) -> None:
    """Each wait costs both sides more than the answer: with fifteen, nearly half of a small batch was waiting.

    Where a claim for another accident of about the day is stored, it is read whole, too: its row, and its events.
    """
    site = Site(new_database())
    site.run(*e.member(), e.accident("K1"))
    waits: list[str] = []
    for name in ("ask", "ask_together"):
        asked = getattr(PostgresqlUnitOfWork, name)
        monkeypatch.setattr(
            PostgresqlUnitOfWork, name, lambda *args, told=name, asked=asked: (waits.append(told), asked(*args))[1]
        )
    site.run(e.accident("K2", day), e.accident("K3", "2024-08-07"))
    assert len(site.decisions()) == 3 and len(waits) == expected, waits
    site.close()


def test_one_event_that_changes_many_claims_makes_no_small_batch(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As JSON in one statement a hundred thousand claims that a day wakes would be more than PostgreSQL takes."""
    site, days = Site(new_database()), range(1, SMALL_BATCH + 2)
    site.run(*e.member())
    for day in days:  # more than 24 hours between two: no same event
        moment = {"occurred_at": f"2024-07-{day:02}T08:{day:02}:00+07:00"}
        site.run(e.accident(f"K{day}", f"2024-07-{day:02}", accident=moment, conclusion=None))
    monkeypatch.setattr(PostgresqlUnitOfWork, "_write_at_once", None)
    site.run(e.day_passed("2024-09-30"))
    assert len(site.decisions()) == 2 * len(days)
    assert check(site.store) == []
    site.close()


def test_a_day_that_wakes_many_claims_may_be_decided_for_as_long_as_it_takes(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends a transaction that idles for eight seconds, in which some forty thousand are decided."""
    site = Site(new_database())
    site.run(*e.member(), *(e.accident(f"K{day}", f"2024-07-{day:02}", conclusion=None) for day in (1, 2, 3)))
    monkeypatch.setattr(postgresql, "CASES_A_SECOND", 1)
    for many, allowed in ((3, "8s"), (2, "11s")):
        monkeypatch.setattr(postgresql, "MANY_CASES", many)
        with site.store.unit_of_work() as work:
            work.begin(GROUP, [0], ())
            work.load(Desk(site.processor.book), [(0, Requirements(due_by=dt.date(2024, 9, 30)))])
            assert work.ask("SHOW idle_in_transaction_session_timeout") == [(allowed,)]  # type: ignore[attr-defined]
    site.close()


def test_facts_about_a_member_with_many_claims_may_be_decided_for_as_long_as_it_takes(
    new_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each looks at all of them: ten years of contributions of a member whom a clinic has sent a hundred claims of."""
    site = Site(new_database())
    site.run(*e.member(), *(e.accident(f"K{day}", f"2024-07-{day:02}") for day in (1, 2, 3)))
    monkeypatch.setattr(postgresql, "CASES_A_SECOND", 1)
    fact = Requirements(frozenset({e.NUMBER}), needs_cases_of_members=True)
    for many, allowed in ((15, "8s"), (14, "23s")):  # three claims, and each twice for each of two facts
        monkeypatch.setattr(postgresql, "MANY_CASES", many)
        with site.store.unit_of_work() as work:
            work.begin(GROUP, [0], ())
            work.load(Desk(site.processor.book), [(0, fact), (0, fact)])
            assert work.ask("SHOW idle_in_transaction_session_timeout") == [(allowed,)]  # type: ignore[attr-defined]
    site.close()


def test_a_lost_connection_is_transient_and_the_next_chunk_goes_through(new_database: MakeDatabase) -> None:
    site = Site(new_database())
    site.send(*e.member(), e.accident())
    with pytest.raises(Transient), site.store.unit_of_work() as work:
        work.begin(GROUP, [0], ())
        work.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")  # type: ignore[attr-defined]
    site.run()
    assert len(site.decisions()) == 1
    site.close()


# --- migrations


def test_tables_go_down_and_up_again_and_hold_data(site: Site) -> None:
    site.run(*e.member(), e.accident())
    url = site.url
    assert migrate(url) == revisions.HEAD, "nothing to do, nothing lost"
    assert len(site.decisions()) == 1
    site.close()
    assert migrate(url, "base") == "base"
    if url.startswith("postgresql"):
        with pytest.raises(NotReady, match="no tables"):
            open_store(url)
    assert migrate(url) == revisions.HEAD
    again = Site(url)
    again.run(*e.member(), e.accident())
    assert again.rows("SELECT count(*) FROM decisions") == [(1,)] and check(again.store) == []
    again.close()


def test_a_store_of_the_version_before_is_migrated_with_its_data(site: Site) -> None:
    site.run(*e.member(), e.accident())
    site.close()
    assert migrate(site.url, "0001") == "0001"
    assert migrate(site.url) == revisions.HEAD
    again = Site(site.url)
    assert again.rows("SELECT count(*) FROM decisions") == [(1,)] and check(again.store) == []
    assert again.rows("SELECT count(*) FROM acceptances") == again.rows("SELECT count(*) FROM origins") == [(0,)]
    again.close()


def test_the_tables_are_those_that_the_migrations_make(site: Site) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from pipeline.store import (
        access_tables,
        coverage_tables,
        draft_book,
        ledger_tables,
        paper_book,
        webhook_tables,
        work_book,
    )
    from pipeline.store.tables import metadata

    known = {access_tables.principals.metadata, paper_book.papers.metadata, webhook_tables.webhooks.metadata}
    known.add(ledger_tables.ledger_leaves.metadata)
    known |= {coverage_tables.known_lists.metadata, draft_book.drafts.metadata, work_book.work_holders.metadata}
    assert known == {metadata}
    with site.store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_the_store_asks_for() -> None:
    versions = Path(revisions.__file__).parent / "migrations" / "versions"
    newest = max(name for name in os.listdir(versions) if name[0].isdigit())
    assert newest.split("_")[0] == revisions.HEAD


def test_the_rows_that_are_written_have_the_columns_of_their_tables() -> None:
    from pipeline.claims.case import Case
    from pipeline.store.rows import case_row
    from pipeline.store.tables import cases

    assert len(case_row(Case("K1", "key"), None, 1)) == len(cases.columns)
