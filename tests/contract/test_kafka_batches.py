"""Which chunks go together into one transaction over Kafka, and when; a worker that gets none. The broker is a fake."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from faust.types import TP

from agents.settings import Settings
from agents.transports.kafka.consumer import RECORD_BYTES
from agents.transports.kafka.fetcher import Fetched
from agents.worker.batch_source import Batch
from pipeline.errors import EXIT_TRANSIENT
from pipeline.messages.records import Record
from schemas import topics
from tests.support.kafka_stage import HERE, THERE, Broker, Left, Stage, act, assign, no_process_ends, settings

__all__ = ["act", "no_process_ends", "settings"]

MEMBERS = TP(topics.MEMBERS, 0)
DEATHS = TP(topics.DEATHS, 0)
MOST = 4


@pytest.fixture
def few(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A transaction holds four records at most."""
    object.__setattr__(settings, "chunk_records", MOST)
    return settings


def turn(stage: Stage) -> list[tuple[str, int, int, int]]:
    """The next one, handed out."""
    chunks = stage.consumer._ready()
    if chunks:
        stage.consumer._handed_out.append(Batch(chunks, stage.consumer._epoch))
    return [(one.topic, one.partition, one.start, one.end) for one in chunks]


def test_what_waits_of_every_number_and_topic_goes_together(act: Callable[..., Any]) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        for tp in (THERE, HERE, DEATHS):
            await stage.fetched(tp, 3, 4)
        assert sorted(turn(stage)) == [(*HERE, 3, 5), (*THERE, 3, 5), (*DEATHS, 3, 5)]
        assert turn(stage) == []

    act(scene, Broker(HERE, THERE, DEATHS))


def test_what_is_fetched_piece_by_piece_while_a_turn_is_in_hand_is_one_chunk_of_the_next(
    act: Callable[..., Any],
) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        await stage.fetched(HERE, 3)
        assert turn(stage) == [(*HERE, 3, 4)]
        for tp, offset in ((HERE, 4), (THERE, 3), (HERE, 5)):
            await stage.fetched(tp, offset)
        assert turn(stage) == [], "it was begun beside one that is in hand, though it is small"
        stage.consumer.release(stage.consumer._handed_out[0])
        assert sorted(turn(stage)) == [(*HERE, 4, 6), (*THERE, 3, 4)]

    act(scene, Broker(HERE, THERE))


def test_a_full_turn_of_other_numbers_need_not_wait_and_no_number_is_in_two(
    few: Settings, act: Callable[..., Any]
) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        await stage.fetched(HERE, 3)
        assert turn(stage) == [(*HERE, 3, 4)]
        await stage.fetched(HERE, 4, 5)
        await stage.fetched(THERE, 3)
        assert turn(stage) == []
        await stage.fetched(THERE, 4)  # half of what a transaction may hold is full enough
        assert turn(stage) == [(*THERE, 3, 5)]
        assert turn(stage) == []

    act(scene, Broker(HERE, THERE))


def test_a_turn_holds_no_more_than_a_transaction_may(few: Settings, act: Callable[..., Any]) -> None:
    async def scene(stage: Stage) -> None:
        await assign(stage)
        await stage.fetched(HERE, 3, 4, 5)
        await stage.fetched(THERE, 4, 5, 6)  # with a hole, which is believed the second time
        await stage.fetched(THERE, 4, 5, 6)
        assert turn(stage) == [(*HERE, 3, 6)]
        stage.consumer.release(stage.consumer._handed_out[0])
        assert turn(stage) == [(*THERE, 3, 7)]

    act(scene, Broker(HERE, THERE))


def test_large_records_count_as_several(few: Settings, act: Callable[..., Any]) -> None:
    """A thousand of the largest that a topic takes would not fit the memory of a worker, which would never go on."""

    async def scene(stage: Stage) -> None:
        await assign(stage)
        for offset in (3, 4, 5, 6):
            assert stage.consumer._count_waiting() == (offset - 3) * MOST // 2
            await stage.fetched(HERE, offset, value=bytes(MOST * RECORD_BYTES // 2))
        assert turn(stage) == [(*HERE, 3, 5)]

    act(scene, Broker(HERE, THERE))


def test_membership_goes_before_the_claims_of_its_turn_and_claims_wait_for_what_is_not_read(
    act: Callable[..., Any],
) -> None:
    broker = Broker(HERE, MEMBERS)

    async def scene(stage: Stage) -> None:
        await assign(stage)
        consumer = stage.consumer

        async def claims(*offsets: int, members_end: int, members_read: int) -> None:
            records = [Record(at, at, b"k", b"{}") for at in offsets]
            consumer._fetch_epoch = consumer._epoch
            await consumer._take(Fetched({HERE: records}, {MEMBERS: members_end}, {MEMBERS: members_read}))

        await claims(3, members_end=5, members_read=3)
        assert turn(stage) == [], "membership ends at 5 and was read to 3"
        await stage.fetched(MEMBERS, 3, 4)
        assert turn(stage) == [(*MEMBERS, 3, 5), (*HERE, 3, 4)]
        consumer.release(consumer._handed_out[0])

        await claims(4, members_end=7, members_read=5)
        assert turn(stage) == []
        await claims(members_end=7, members_read=7)  # what lay between holds no record
        assert turn(stage) == [(*HERE, 4, 5)]

    act(scene, broker)


def test_a_worker_that_the_group_gives_nothing_stands_by_and_says_so(act: Callable[..., Any]) -> None:
    """Faust never asks it for positions. `/health` must not take it for one that never came to look for events."""

    async def scene(stage: Stage) -> None:
        await stage.consumer.on_partitions_assigned(set(), 1)
        assert stage.app.runner.source is stage.consumer
        assert "the other workers of the group hold all" in str(stage.consumer.missing())
        assert stage.broker.asked == []

    act(scene, Broker())


def test_a_broker_that_cannot_be_read_ends_the_worker_and_it_is_no_bug(act: Callable[..., Any]) -> None:
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
