"""Starts and ends of batches over Kafka; a worker without partitions. The broker is a fake.

Which chunks form a batch: tests/agents/transports/test_queue.py.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from faust.types import TP

from agents.settings import Settings
from agents.transports.kafka.fetcher import Fetched
from agents.worker.batch_source import Batch
from pipeline.errors import EXIT_TRANSIENT
from pipeline.messages.records import Record
from schemas import topics
from tests.support.kafka_stage import HERE, THERE, Broker, Left, Stage, act, assign, no_process_ends, settings

__all__ = ["act", "no_process_ends", "settings"]

MEMBERS = TP(topics.MEMBERS, 0)
LIMIT = 4


@pytest.fixture
def few(settings: Settings) -> Settings:
    """A transaction holds four records at most."""
    object.__setattr__(settings, "chunk_records", LIMIT)
    return settings


def next_batch(stage: Stage) -> list[tuple[str, int, int, int]]:
    """Handed out, as the consumer does it."""
    chunks = stage.consumer._ready_batch()
    if chunks:
        stage.consumer._handed_out.append(Batch(chunks, stage.consumer._epoch))
    return [(one.topic, one.partition, one.start, one.end) for one in chunks]


def test_records_fetched_while_a_batch_is_in_hand_form_the_next_batch(act: Callable[..., Any]) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        await stage.fetched(HERE, 3)
        assert next_batch(stage) == [(*HERE, 3, 4)]
        for tp, offset in ((HERE, 4), (THERE, 3), (HERE, 5)):
            await stage.fetched(tp, offset)
        assert next_batch(stage) == [], "it was begun beside one that is in hand, though it is small"
        stage.consumer.release(stage.consumer._handed_out[0])
        assert sorted(next_batch(stage)) == [(*HERE, 4, 6), (*THERE, 3, 4)]

    act(scene, Broker(HERE, THERE))


def test_at_most_two_batches_are_in_hand(few: Settings, act: Callable[..., Any]) -> None:
    third = TP(topics.ACCIDENTS, 2)

    async def scene(stage: Stage) -> None:
        await assign(stage)
        for tp in (HERE, THERE):
            await stage.fetched(tp, *range(3, 3 + LIMIT))
            assert next_batch(stage) == [(*tp, 3, 3 + LIMIT)]
        await stage.fetched(third, *range(3, 3 + LIMIT))
        assert next_batch(stage) == []
        stage.consumer.release(stage.consumer._handed_out[0])
        assert next_batch(stage) == [(*third, 3, 3 + LIMIT)]

    act(scene, Broker(HERE, THERE, third))


def test_claims_wait_for_membership_that_is_not_read_yet(act: Callable[..., Any]) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        consumer = stage.consumer

        async def claims(*offsets: int, members_end: int, members_read: int) -> None:
            records = [Record(at, at, b"k", b"{}") for at in offsets]
            consumer._fetch_epoch = consumer._epoch
            await consumer._take(Fetched({HERE: records}, {MEMBERS: members_end}, {MEMBERS: members_read}))

        await claims(3, members_end=5, members_read=3)
        assert next_batch(stage) == [], "membership ends at 5 and was read to 3"
        await stage.fetched(MEMBERS, 3, 4)
        assert next_batch(stage) == [(*MEMBERS, 3, 5), (*HERE, 3, 4)]

    act(scene, Broker(HERE, MEMBERS))


def test_a_worker_without_partitions_stands_by_and_says_so(act: Callable[..., Any]) -> None:
    """Faust never asks it for positions. `/health` must not take it for one that never looked for events."""

    async def scene(stage: Stage) -> None:
        await stage.consumer.on_partitions_assigned(set(), 1)
        assert stage.app.runner.source is stage.consumer
        assert "the other workers of the group hold all" in str(stage.consumer.missing())
        assert stage.broker.asked == []

    act(scene, Broker())


def test_a_broker_that_cannot_be_read_ends_the_worker_as_transient(act: Callable[..., Any]) -> None:
    broker = Broker(HERE)

    async def seek_wait(offsets: Any) -> None:
        raise KafkaException(KafkaError(KafkaError._STATE))

    async def scene(stage: Stage) -> None:
        await assign(stage)
        broker.seek_wait = seek_wait  # type: ignore[method-assign]
        hole: Any = asyncio.get_running_loop().create_future()
        hole.set_result(Fetched({HERE: [Record(5, 5, b"k", b"{}")]}, {}, {}))
        stage.consumer._fetch_epoch = stage.consumer._epoch
        with pytest.raises(Left) as left:
            await stage.consumer._accept(hole)
        assert left.value.status == EXIT_TRANSIENT

    act(scene, broker)
