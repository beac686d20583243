"""The embedded log: order and offsets, readers and writers at once, and what is on the disk when."""

import asyncio
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.app import App
from agents.settings import read_settings
from agents.transports import embedded
from pipeline.errors import EXIT_TRANSIENT
from pipeline.messages.records import Message
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.contract.test_opening import open_file
from tests.support import events as e
from tests.support.site import GROUP, NOW_MS, Site


def message(text: str, key: str = "k", topic: str = topics.ACCIDENTS) -> Message:
    return Message(topic, key.encode(), text.encode(), (("received-at", b"7"),))


def test_the_log_gives_offsets_by_partition_and_places_in_one_order(tmp_path: Path) -> None:
    store = open_file(tmp_path / "santunan.db", partitions=3)
    log = Log(store.file)
    placed = log.append([message("a", "k1"), message("b", "k2"), message("c", "k1"), message("d", "k1", topics.DEATHS)])
    assert [topic for topic, *_ in placed] == [topics.ACCIDENTS] * 3 + [topics.DEATHS]
    assert placed[2] == (topics.ACCIDENTS, placed[0][1], placed[0][2] + 1)
    assert placed[3][1:] == (placed[0][1], 0), "one key has one partition number in every topic"
    found = log.read(0)
    assert [(one.place, one.value) for one in found] == [(1, b"a"), (2, b"b"), (3, b"c"), (4, b"d")]
    assert found[0].headers == (("received-at", b"7"),)
    assert log.end(*placed[2][:2]) == placed[2][2] + 1 and log.end_place() == 5
    assert [one.value for one in log.read(2, [topics.ACCIDENTS], 1)] == [b"b"]
    assert [one.value for one in log.read_partition(*placed[2][:2], placed[2][2])] == [b"c"]
    log.close()
    store.close()


@pytest.mark.parametrize("number", [0, 1, 31, 32, 33, 64, 100])
def test_the_log_keeps_every_record_however_many_come_at_once(tmp_path: Path, number: int) -> None:
    store = open_file(tmp_path / "santunan.db")
    log = Log(store.file)
    log.append([message(str(one)) for one in range(number)])
    assert [one.value for one in log.read(0)] == [str(one).encode() for one in range(number)]
    log.close()
    store.close()


def test_reading_on_costs_the_same_however_long_the_log_is(tmp_path: Path) -> None:
    store = open_file(tmp_path / "santunan.db")
    log = Log(store.file)
    log.append([message(str(number)) for number in range(3000)])
    driver: Any = log.connection.connection.driver_connection
    steps: Counter[int] = Counter()
    for start in (1, 2990):
        driver.set_progress_handler(lambda start=start: steps.update([start]), 1)  # called at each step of SQLite
        assert [one.place for one in log.read(start, topics.INTAKE, 5)] == list(range(start, start + 5))
    assert steps[2990] == steps[1] < 1000
    log.close()
    store.close()


def test_the_time_of_the_log_never_goes_back(tmp_path: Path) -> None:
    store = open_file(tmp_path / "santunan.db")
    log = Log(store.file)
    for now_ms in (NOW_MS, NOW_MS - 1000, NOW_MS + 5):
        log.append([message("x")], now_ms=now_ms)
    assert [one.timestamp_ms for one in log.read(0)] == [NOW_MS, NOW_MS, NOW_MS + 5]
    log.close()
    store.close()


def test_a_reader_goes_on_at_the_first_record_that_is_not_processed(tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    assert site.log is not None
    site.run(*e.member())
    assert site.log.place_of(site.log.positions(GROUP), topics.INTAKE) == 5
    site.send(e.accident(), partition=1)
    site.send(e.accident("K2", "2024-07-08"))
    assert site.log.place_of(site.log.positions(GROUP), topics.INTAKE) == 5
    site.process(site.chunk(0, 1, partition=1))
    assert site.log.read(site.log.place_of(site.log.positions(GROUP), topics.INTAKE), topics.INTAKE)[0].offset == 4
    site.close()


def test_submitters_and_a_worker_write_one_file_at_once(tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    failures: list[BaseException] = []

    def submit(name: int) -> None:
        log = Log(site.store.file)  # type: ignore[attr-defined]
        try:
            for number in range(20):
                log.append([message(f"{name}-{number}", topic=topics.DEATHS)])
        except BaseException as error:
            failures.append(error)
        finally:
            log.close()

    threads = [threading.Thread(target=submit, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for day in range(1, 15):
        site.run(e.accident(f"K{day}", f"2024-07-{day:02}"))
    for thread in threads:
        thread.join()
    assert failures == []
    assert site.log is not None
    offsets = [one.offset for one in site.log.read(0, [topics.DEATHS])]
    assert offsets == list(range(60)) and len(site.decisions()) == 14
    site.close()


def test_the_file_tells_that_others_have_written(tmp_path: Path) -> None:
    store = open_file(tmp_path / "santunan.db")
    reader, writer = Log(store.file), Log(store.file)
    before = reader.data_version()
    assert reader.data_version() == before
    writer.append([message("x")])
    assert reader.data_version() != before
    for one in (reader, writer, store):
        one.close()  # type: ignore[attr-defined]


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    store = open_file(tmp_path / "santunan.db")
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()


def test_a_checkpoint_writes_the_file_and_waits_for_no_writer(tmp_path: Path) -> None:
    store = open_file(tmp_path / "santunan.db")
    log = Log(store.file)
    log.append([message(str(number)) for number in range(1000)])
    before = store.file.stat().st_size
    with store.unit_of_work():  # a writer that is not done yet
        started = time.monotonic()
        log.checkpoint()
        assert time.monotonic() - started < 5
    assert store.file.stat().st_size > before
    assert len(log.read(0)) == 1000
    log.close()
    store.close()


def test_a_file_that_cannot_be_read_now_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(status: int, reason: str) -> None:
        raise SystemExit(status, reason)

    def fail(log: Log) -> int:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_READ"
        raise error

    async def read() -> None:
        app: Any = App(read_settings(database_url=f"sqlite:///{tmp_path}/santunan.db"))
        await app.consumer._next_batch(0.1)

    open_file(tmp_path / "santunan.db").close()
    monkeypatch.setattr(embedded, "leave", leave)
    monkeypatch.setattr(Log, "data_version", fail)
    with pytest.raises(SystemExit) as left:
        asyncio.run(read())
    assert left.value.args == (EXIT_TRANSIENT, "the database file cannot be used now (SQLITE_IOERR_READ)")
