"""A broker that is away, for however long: workers wait for it without using up the machine or filling a log, can be
stopped meanwhile, and go on by themselves when it is back."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agents.app import App
from agents.clients import open_submitter
from agents.kafka import topics as kafka_topics
from agents.settings import Settings, read_settings
from agents.transports.kafka import consumer
from pipeline.store import open_store
from schemas import topics
from tests.faults.running import running, wait_for
from tests.faults.stream import documents
from tests.support import brokers
from tests.support.brokers import Broker
from tests.support.kafka_server import PARTITIONS, environment_of
from tests.support.ledgers import faults_after

SESSION_SECONDS = 1
AWAY_SECONDS = 10.0
CPU_SECONDS = 1.0  # of those; with a broker and without work a worker uses 0.2, on a busy machine more


@pytest.fixture
def broker() -> Iterator[Broker]:
    """With heartbeats so close together that the worker sees it go down: partitions without a leader, then nobody."""
    folder = Path(tempfile.mkdtemp(prefix="santunan-away-"))
    [made] = brokers.places(folder, 1)
    try:
        with brokers.running([made], [{"group.min.session.timeout.ms": str(500 * SESSION_SECONDS)}]):
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(broker: Broker, new_database: Callable[..., str]) -> Settings:
    found = read_settings(
        broker_url=f"kafka+chunks://127.0.0.1:{broker.port}",
        database_url=new_database(),
        partitions=PARTITIONS,
        kafka_session_seconds=SESSION_SECONDS,
    )
    kafka_topics.create(found)
    return found


def cpu_seconds(pid: int) -> float:
    """Of all threads of the process, in user and in system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def events_stored(settings: Settings) -> int:
    store = open_store(settings.database_url)
    with store.reader() as connection:
        found = connection.exec_driver_sql('SELECT coalesce(sum("next"), 0) FROM positions').scalar()
    store.close()
    return int(found or 0)


def test_workers_wait_quietly_for_a_broker_that_is_away(broker: Broker, settings: Settings, tmp_path: Path) -> None:
    with ExitStack() as stack:
        workers = []
        for name in ("leaves", "stays"):
            (tmp_path / name).mkdir()
            workers.append(stack.enter_context(running(tmp_path / name, environment_of(settings))))
        leaves, stays = workers
        for worker in workers:
            wait_for(lambda: worker.is_reading, worker)  # noqa: B023 - used within the loop's own turn
        time.sleep(2)  # in which they have done what a start takes
        broker.stop(signal.SIGTERM)
        lines = [len(worker.log.read_text().splitlines()) for worker in workers]
        before = [cpu_seconds(worker.process.pid) for worker in workers]
        time.sleep(AWAY_SECONDS)
        for worker, used, count in zip(workers, before, lines, strict=True):
            assert cpu_seconds(worker.process.pid) - used < CPU_SECONDS
            assert len(worker.log.read_text().splitlines()) - count <= 4, worker.tail()
        assert leaves.stop() == 0

        broker.start()
        broker.wait()
        with open_submitter(settings) as submitter:
            list(submitter.submit(documents(20)))
        wait_for(lambda: events_stored(settings) > 0, seconds=20)
    assert faults_after(settings) == []


def test_a_partition_without_a_leader_is_not_asked_for_again_and_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a broker names one of its own that is shutting down."""
    monkeypatch.setattr(consumer.Consumer, "_watch", lambda consumer: None)  # it would end the tests, not a worker
    asked: list[int] = []

    async def run() -> None:
        thread: Any = App(settings).consumer._thread  # type: ignore[attr-defined]
        await thread.on_start()
        consumer, client = thread._consumer, thread._consumer._client
        update = client._metadata_update

        async def noted(*args: Any) -> Any:
            asked.append(1)
            return await update(*args)

        client._metadata_update = noted
        consumer.subscribe(topics.INTAKE)
        async with asyncio.timeout(20):
            while len(consumer.assignment()) < len(topics.INTAKE) * PARTITIONS:
                await asyncio.sleep(0.05)
        client.cluster.leader_for_partition = lambda partition: -1
        await client.force_metadata_update()
        asked.clear()
        await asyncio.sleep(2)
        await consumer.stop()
        thread._fetcher.close()

    asyncio.run(run())
    assert len(asked) <= 2
