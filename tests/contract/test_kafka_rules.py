"""The twelve rules that hold exactly-once up over Kafka: each has a test that goes red when the rule is broken.

Here: what the consumer does with assignments, positions and chunks. aiokafka is a fake, everything of ours is real.
Rules 2, 4, 8, 9 and 12: test_kafka_rules_publishing.py; 1, 4 and 5 on a real broker: test_kafka_fence.py.

 1 fence, then read positions, then seek       test_the_positions_are_read_after..., test_fencing_is_over_...,
                                               test_positions_are_read_when_no_transaction_... (real broker);
                                               what is stored goes first: test_stored_outputs_are_published_...,
                                               test_taking_over.py, test_kafka_recovery.py (real servers)
 2 a refused message fails the whole chunk     test_a_message_that_the_broker_refuses_... (on a real broker)
 3 Faust commits nothing                       test_no_topic_of_an_agent_is_acknowledged, test_a_commit_of_faust_...
 4 one producer a worker, known to the group   test_a_worker_publishes_under_its_lowest_partition_...; on a real broker
   by generation; ids are those of partitions   test_kafka_fence.py: a worker that was left behind publishes nothing,
                                               and only its successor ends its open transaction
 5 chunks know their epoch                     test_a_chunk_of_an_older_epoch_..., test_records_fetched_across_...,
                                               test_partitions_assigned_anew_... (real broker)
 6 positions expire; a gap stops the worker    test_a_position_that_the_broker_forgot_..., test_a_floor_never_goes_back,
                                               test_batch.py::test_a_gap_above_the_position_stops_loudly
 7 a hole is believed where the broker lacks   test_kafka_holes.py, test_queue.py; on a real broker
   nothing, and is read once more              test_restores_of_others.py
 8 any failure of the publisher is the end     test_a_chunk_that_is_not_published_..., test_a_publisher_that_hangs_...
 9 a stopped worker's locks come free          test_a_session_of_a_worker_..., test_a_worker_that_was_stopped_...
10 deduplicate inside the transaction          test_store.py::test_two_workers_that_meet_decide_and_pay_once
11 Faust's traps                               the tests at the end of this file,
                                               test_worker_start.py::test_topics_that_are_missing_are_named
12 settings of the publisher                   test_a_producer_is_set_as_declared. How fast they are cannot be tested
                                               here, since it depends on the machine: `make bench` measures it
"""

import asyncio
import importlib.util
import itertools
import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.web import Web

import agents.app
from agents.app import AGENTS, App
from agents.settings import Settings
from agents.transports.kafka import consumer, fetcher
from agents.transports.kafka.assignor import ByNumber
from agents.transports.kafka.consumer import Consumer
from agents.transports.kafka.fetcher import Assignment
from agents.transports.kafka.publisher import GroupMember
from agents.worker.batch_source import Batch
from pipeline.errors import EXIT_TRANSIENT
from pipeline.messages.records import Chunk, Message
from schemas import topics
from tests.support.kafka_stage import (
    HERE,
    THERE,
    WATCH,
    Awake,
    Broker,
    Left,
    Stage,
    act,
    assign,
    chunk_of,
    no_process_ends,
    settings,
)

__all__ = ["act", "no_process_ends", "settings"]


# --- 1 fence, then read positions, then seek


def test_the_positions_are_read_after_the_predecessor_was_fenced_and_sought_at_last(act: Callable[..., Any]) -> None:
    broker = Broker(HERE, THERE)
    act(assign, broker)
    assert broker.asked[0] == "fence" and broker.asked[-1] == "seek"
    assert {"committed", "identity", "bounds", "resume"} <= set(broker.asked[1:-1])
    assert broker.fenced == {0, 1} and broker.fenced_as == GroupMember(1, "us")


def test_partitions_are_taken_together_with_the_generation_in_which_they_were_given(act: Callable[..., Any]) -> None:
    """Else a group that forms anew meanwhile would take positions of partitions that another worker has by then."""
    broker = Broker(HERE)

    async def scene(stage: Stage) -> None:
        fence = broker.fence

        async def fence_while_the_group_forms_anew(numbers: set[int], member: GroupMember) -> None:
            broker.assigned = Assignment(frozenset({THERE}), GroupMember(2, "us"))
            await fence(numbers, member)

        stage.app.transport._publisher = SimpleNamespace(fence=fence_while_the_group_forms_anew)
        await assign(stage)
        assert (set(broker.sought), broker.fenced, broker.fenced_as) == ({HERE}, {0}, GroupMember(1, "us"))

    act(scene, broker)


def test_stored_outputs_are_published_before_anything_is_read(act: Callable[..., Any]) -> None:
    broker = Broker(HERE, THERE)
    broker.left = ([Chunk(*HERE, 3, 5, ())], [Message(topics.DECISIONS, b"k", b"1")])
    assert act(assign, broker) == {HERE: 5, THERE: 3}
    assert broker.asked[-3:] == ["take over", "publish", "seek"]


@pytest.mark.parametrize("step", ["fence", "committed", "identity", "bounds", "resume", "take over", "publish", "seek"])
def test_an_assignment_that_fails_ends_the_worker_before_anything_is_read(act: Callable[..., Any], step: str) -> None:
    broker = Broker(HERE)
    broker.left = ([Chunk(*HERE, 3, 5, ())], [])
    broker.fails_at = step

    async def scene(stage: Stage) -> None:
        with pytest.raises(Left) as left:
            await assign(stage)
        assert left.value.status == EXIT_TRANSIENT
        assert stage.consumer._queue.positions == {} and stage.consumer.missing()

    act(scene, broker)
    assert broker.asked[-1] == step, "it went on after the failure"


# --- 3 Faust commits nothing


def test_no_topic_of_an_agent_is_acknowledged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `acks` Faust would commit by itself, and its commit wins over the one in the transaction."""
    app: Any = App(settings)
    monkeypatch.setattr(agents.app, "_made", app)
    for name in AGENTS:  # as modules of their own, for those of this process belong to another app
        found = importlib.util.find_spec(f"agents.{name}")
        assert found is not None and found.origin is not None and found.loader is not None
        fresh = importlib.util.spec_from_file_location(f"{__name__}.{name}", found.origin)
        assert fresh is not None and fresh.loader is not None
        fresh.loader.exec_module(importlib.util.module_from_spec(fresh))
    read = {topic: agent.channel.acks for agent in app.agents.values() for topic in agent.channel.topics}
    assert read == dict.fromkeys(topics.INTAKE, False)


def test_a_commit_of_faust_stays_away_from_the_broker_and_is_an_error_in_the_log(
    act: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker(HERE)

    async def scene(stage: Stage) -> None:
        assert await stage.consumer._commit({HERE: 5})

    with caplog.at_level(logging.ERROR, "santunan.worker"):
        act(scene, broker)
    assert broker.asked == [], "the commit reached the broker"
    assert "the topics must have acks=False" in caplog.text


# --- 5 chunks know their epoch


def test_a_chunk_of_an_older_epoch_is_void_and_its_number_is_free_again(act: Callable[..., Any]) -> None:
    broker = Broker(HERE)

    async def scene(stage: Stage) -> None:
        await assign(stage)
        consumer = stage.consumer
        late = Batch((chunk_of(HERE, 3, 5),), consumer._epoch)
        await assign(stage)
        consumer._handed_out.append(late)
        assert consumer.is_void(late)
        await stage.app.runner._guarded(late)
        assert stage.decided == [] and "publish" not in broker.asked
        assert consumer._handed_out == []

        good = Batch((chunk_of(HERE, 3, 5),), consumer._epoch)
        await stage.app.runner._guarded(good)
        assert stage.decided == [*good.chunks] and broker.asked[-1] == "publish"

    act(scene, broker)


def test_a_late_release_does_not_free_a_number_that_was_handed_out_anew(act: Callable[..., Any]) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        late = Batch((chunk_of(HERE, 3, 5),), stage.consumer._epoch)
        await assign(stage)
        anew = Batch(late.chunks, stage.consumer._epoch)
        stage.consumer._handed_out.append(anew)
        stage.consumer.release(late)
        assert stage.consumer._handed_out == [anew]

    act(scene, Broker(HERE))


def test_a_revocation_voids_what_waits_and_waits_for_the_chunk_in_hand(act: Callable[..., Any]) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        consumer = stage.consumer
        await stage.fetched(HERE, 3, 4)
        batch = Batch((chunk_of(THERE, 3, 5),), consumer._epoch)
        stage.app.runner.in_hand[batch] = 0.0
        revoking = asyncio.ensure_future(consumer._drop(stage.app, {HERE, THERE}))
        await asyncio.sleep(0.01)
        assert not revoking.done(), "the group went on while a chunk was in hand"
        assert stage.next_chunk() is None and consumer.is_void(batch)
        del stage.app.runner.in_hand[batch]
        consumer.release(batch)
        await asyncio.wait_for(revoking, 1)

    act(scene, Broker(HERE, THERE))


def test_records_fetched_across_a_new_assignment_are_thrown_away(act: Callable[..., Any]) -> None:
    """And not sought again: it is read from its position on anyhow, and to seek while that begins is an error."""
    broker = Broker(HERE)

    async def scene(stage: Stage) -> None:
        await assign(stage)
        before = stage.consumer._epoch
        broker.of_group[HERE] = 7
        await assign(stage)
        assert broker.sought == {HERE: 7}
        await stage.fetched(HERE, 7, 8, 9, epoch=before)
        assert stage.next_chunk() is None and broker.asked[-1] == "seek"
        await stage.fetched(HERE, 7, 8)
        chunk = stage.next_chunk()
        assert chunk is not None and (chunk.start, chunk.end) == (7, 9)

    act(scene, broker)


# --- 6 positions can expire in Kafka


@pytest.mark.parametrize(
    ("committed", "floor", "start"), [(None, None, 0), (None, 40, 40), (39, 40, 40), (40, 40, 40), (41, 40, 41)]
)
def test_a_position_that_the_broker_forgot_or_has_too_low_is_raised_to_the_floor(
    act: Callable[..., Any], committed: int | None, floor: int | None, start: int
) -> None:
    broker = Broker(HERE)
    if committed is not None:
        broker.of_group[HERE] = committed
    assert act(assign, broker, {HERE: floor} if floor is not None else {}) == {HERE: start}
    assert broker.sought == {HERE: start}


def test_only_what_the_worker_published_is_noted_in_the_store(act: Callable[..., Any]) -> None:
    """Never a position of the group, which somebody else may have moved."""
    broker = Broker(HERE, THERE)
    broker.of_group = {HERE: 50}

    async def scene(stage: Stage) -> None:
        await assign(stage)
        assert stage.noted == {}
        await stage.app.runner._guarded(Batch((chunk_of(THERE, 3, 5),), stage.consumer._epoch))
        assert stage.consumer._published == {THERE: 5}
        await stage.consumer.leave_group()
        assert stage.noted == {THERE: 5} and broker.asked[-1] == "leave"

    act(scene, broker)


# --- 8 a worker in which nothing moves


@pytest.mark.parametrize(
    ("looked", "taken", "ends"), [(89, None, False), (91, None, True), (0, 89, False), (0, 91, True)]
)
def test_a_worker_in_which_nothing_moves_for_a_minute_and_a_half_ends(
    act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, looked: float, taken: float | None, ends: bool
) -> None:
    """A stuck rebalance, or a publisher that no timeout covers. Seconds since it looked, since it took the chunk."""
    now = time.monotonic()
    rounds = itertools.count()

    def sleep(seconds: float) -> None:
        if next(rounds):
            raise Awake

    async def scene(stage: Stage) -> None:
        stage.consumer.looked_at = now - looked
        if taken is not None:
            stage.app.runner.in_hand[Batch((chunk_of(HERE, 3, 5),), 1)] = now - taken
        monkeypatch.setattr(consumer, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now))
        with pytest.raises(Left if ends else Awake) as end:
            WATCH(stage.consumer)
        assert not ends or end.value.status == EXIT_TRANSIENT  # type: ignore[attr-defined]

    act(scene, Broker(HERE))


# --- 11 Faust's traps


def test_the_start_does_not_sleep_for_tables(act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def scene(stage: Stage) -> None:
        tables = stage.app.tables

        async def nothing(*args: Any) -> None:
            slept.extend(args)

        monkeypatch.setattr(tables, "sleep", nothing)
        monkeypatch.setattr(tables, "_update_channels", nothing)
        monkeypatch.setattr(tables.recovery, "start", nothing)
        await tables.on_start()

    act(scene, Broker())
    assert slept == []


def test_only_committed_events_are_read_and_an_idle_partition_delays_none(
    settings: Settings, act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    async def nothing(*args: Any) -> None:
        """Of a client that is not there."""

    def client(**options: Any) -> Any:
        made.append(options)
        return SimpleNamespace(start=nothing)

    monkeypatch.setattr(fetcher.aiokafka, "AIOKafkaConsumer", client)
    monkeypatch.setattr(fetcher, "Fetcher", lambda options: made.append(options))

    async def scene(stage: Stage) -> None:
        thread = Consumer._new_consumer_thread(stage.consumer)
        monkeypatch.setattr(thread, "call_thread", nothing)
        monkeypatch.setattr(thread, "_on_fetcher", nothing)
        thread._create_worker_consumer(stage.app.transport)
        await thread.read_from({})

    act(scene, Broker())
    fetching, *made = made[-3:]  # before them the consumer has made a fetcher for itself
    assert fetching["isolation.level"] == "read_committed" and not fetching["enable.auto.commit"]
    assert fetching["fetch.wait.max.ms"] <= 50 and fetching["fetch.queue.backoff.ms"] <= 50
    assert [one["isolation_level"] for one in made] == ["read_committed"] * 2
    assert [one["enable_auto_commit"] for one in made] == [False] * 2
    (reading,) = [one for one in made if one["group_id"] is not None]
    assert reading["partition_assignment_strategy"] == [ByNumber]
    assert reading["session_timeout_ms"] == settings.kafka_session_seconds * 1000
    assert reading["max_poll_interval_ms"] > 600_000, "a chunk in hand must not look like a dead worker"


def test_a_worker_opens_no_web_port(act: Callable[..., Any]) -> None:
    """Two workers of one machine would clash on it."""

    async def scene(stage: Stage) -> None:
        services = list(stage.app.boot_strategy.server())
        assert stage.consumer in services, "these are not the services of a worker"
        assert [one for one in services if isinstance(one, Web)] == []

    act(scene, Broker())


def test_topics_are_looked_for_at_the_start(act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said where one is missing: test_worker_start.py."""
    asked: list[Settings] = []
    monkeypatch.setattr(consumer.kafka_topics, "require", asked.append)

    async def scene(stage: Stage) -> None:
        await stage.app.transport.prepare()
        assert asked == [stage.app.settings]

    act(scene, Broker())
