"""The whole of it, on both engines: submitters, a worker and a follower, each a process of its own or a thread."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.clients import Published, open_feed, open_history, open_submitter
from agents.settings import Settings, read_settings
from agents.topic_history import read as read_topics
from agents.transports.embedded import CHECKPOINT_RECORDS
from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from pipeline.messages.records import Message
from pipeline.store import open_store
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.faults.running import Worker, running, wait_for
from tests.faults.stream import documents
from tests.support.kafka_server import environment_of

CLAIMS = 200
NAMES = ("north", "south")


@pytest.fixture(params=["embedded", "kafka"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "embedded":
        return read_settings(database_url=f"sqlite:///{tmp_path / 'santunan.db'}", chunk_records=50)
    found: Settings = request.getfixturevalue("kafka_settings")
    return found


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> Iterator[Worker]:
    with running(tmp_path, environment_of(settings) | {"SANTUNAN_LOG_LEVEL": "WARNING"}) as one:
        yield one


def decisions(settings: Settings) -> list[Published]:
    with open_history(settings) as history:
        return list(history.read([topics.DECISIONS]))


def claims_of(found: list[Published]) -> dict[str, list[int]]:
    """Revisions by claim, in the order in which they were published."""
    revisions: dict[str, list[int]] = defaultdict(list)
    for one in found:
        data = json.loads(one.value)["data"]
        revisions[data["claim_id"]].append(data["revision"])
    return revisions


def expected_claims() -> set[str]:
    return {f"{name}-B{place}" for name in NAMES for place in range(CLAIMS)}


def test_two_submitters_a_worker_and_a_follower_lose_nothing_and_keep_order(settings: Settings, worker: Worker) -> None:
    followed: list[Published] = []
    stopped = threading.Event()
    failures: list[BaseException] = []

    def submit(name: str) -> None:
        claims = documents(CLAIMS, name=name, member_count=50, first_member=100 * NAMES.index(name))
        try:
            with open_submitter(settings) as submitter:
                for place, receipt in enumerate(submitter.submit(claims)):
                    assert not receipt.is_spooled, place
        except BaseException as error:
            failures.append(error)

    def follow() -> None:
        try:
            with open_feed(settings, [topics.DECISIONS]) as feed:
                while not stopped.is_set():
                    followed.extend(feed.read())
        except BaseException as error:
            failures.append(error)

    wait_for(lambda: _is_store_there(settings), worker)
    threads = [threading.Thread(target=submit, args=(name,)) for name in NAMES]
    follower = threading.Thread(target=follow)
    for thread in (*threads, follower):
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: bool(failures) or expected_claims() <= claims_of(list(followed)).keys(), worker)
    wait_for(lambda: bool(failures) or _is_settled(settings), worker)
    stopped.set()
    follower.join()
    assert failures == []
    assert worker.stop() == 0

    found = decisions(settings)
    assert Counter(json.loads(one.value)["id"] for one in followed).keys() == {json.loads(o.value)["id"] for o in found}
    revisions = claims_of(found)
    assert revisions.keys() == expected_claims()
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in revisions.values())
    store = open_store(settings.database_url)
    assert check(store) == []
    store.close()
    with read_topics(settings) as history:
        replayed = replay(history)
    assert replayed.differences == () and replayed.decisions == len(found)


def test_a_worker_that_starts_later_finds_what_was_submitted_before_it(settings: Settings, tmp_path: Path) -> None:
    with open_submitter(settings) as submitter:
        receipts = list(submitter.submit(documents(20)))
    assert len({(one.topic, one.partition, one.offset) for one in receipts}) == len(receipts)
    with running(tmp_path, environment_of(settings)) as worker:
        wait_for(lambda: len(claims_of(decisions(settings))) == 20, worker)
        assert worker.stop() == 0


def test_a_worker_that_reads_on_decides_nothing_twice(settings: Settings, tmp_path: Path) -> None:
    with open_submitter(settings) as submitter:
        list(submitter.submit(documents(20)))
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with running(tmp_path / name, environment_of(settings)) as worker:
            wait_for(lambda: worker.is_reading, worker)  # noqa: B023 - used within the loop's own turn
            wait_for(lambda: len(claims_of(decisions(settings))) == 20, worker)
            wait_for(lambda: _is_settled(settings), worker)
            assert worker.stop() == 0
    ids = Counter(json.loads(one.value)["id"] for one in decisions(settings))
    assert set(ids.values()) == {1}


def test_what_a_worker_stores_is_brought_into_the_file_while_it_runs(tmp_path: Path) -> None:
    settings = read_settings(database_url=f"sqlite:///{tmp_path / 'santunan.db'}")
    open_store(settings.database_url).close()
    log = Log(settings.embedded_file)
    with running(tmp_path, environment_of(settings)) as worker:
        wait_for(lambda: worker.is_reading, worker)
        before = settings.embedded_file.stat().st_size
        log.append([Message(topics.HISTORY, b"k", b"no event")] * CHECKPOINT_RECORDS)
        wait_for(lambda: settings.embedded_file.stat().st_size > before, worker, 20)
        assert worker.stop() == 0
    log.close()


def _is_store_there(settings: Settings) -> bool:
    """The submitters of a file would make it themselves; here the worker is to come first."""
    return not settings.is_embedded or settings.embedded_file.exists()


def _is_settled(settings: Settings) -> bool:
    """All events of the intake topics are processed."""
    with open_history(settings) as history:
        ends: dict[tuple[str, int], int] = {}
        for one in history.read(topics.INTAKE):
            ends[one.topic, one.partition] = one.offset + 1
    store = open_store(settings.database_url)
    try:
        with store.reader() as connection:
            rows = connection.exec_driver_sql('SELECT topic, "partition", "next" FROM positions')
            positions = {(topic, number): position or 0 for topic, number, position in rows}
    finally:
        store.close()
    return all(positions.get(place, 0) >= end for place, end in ends.items())
