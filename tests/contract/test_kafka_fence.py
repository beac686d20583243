"""Rules 1, 4 and 5 of test_kafka_rules.py on a real broker: who may publish for a partition number, and from where on.

A worker is a publisher and a place in the group. It is dead or a zombie where it does not hear that the group goes on.
"""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from faust.types import TP

from agents.app import App
from agents.clients import open_history, open_submitter
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from agents.transports.kafka import consumer
from agents.transports.kafka.publisher import GroupMember, Publisher
from pipeline.errors import Transient
from pipeline.messages.records import Message
from schemas import topics
from tests.support import events as e
from tests.support.kafka_group import Place, committed, joined
from tests.support.kafka_server import ends_of
from tests.support.kafka_stage import HERE, chunk_of

FIRST, SECOND = chunk_of(HERE, 0, 3), chunk_of(HERE, 3, 5)
OUTPUTS = [Message(topics.DECISIONS, b"k", b"1"), Message(topics.PAYOUTS, b"k", b"2")]


@pytest.fixture(autouse=True)
def no_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer.Consumer, "_watch", lambda consumer: None)  # it would end the tests, not a worker


async def worker(settings: Settings, place: Place) -> Publisher:
    one = Publisher(settings)
    await one.fence(place.partitions, place.member)
    return one


def leave_open(one: Publisher) -> Callable[[], None]:
    """All of a transaction but its end; the result ends it."""
    producer: Any = one._producer
    producer.begin_transaction()
    for message in OUTPUTS:
        producer.produce(message.topic, message.value, message.key)
    producer.send_offsets_to_transaction([TopicPartition(*HERE, SECOND.end)], one._member, 5)
    producer.flush(5)
    return lambda: producer.commit_transaction(5)


def published(settings: Settings) -> Counter[str]:
    with open_history(settings) as history:
        return Counter(one.topic for one in history.read(topics.OUTPUT))


# --- 1 fence, then read positions


def test_positions_are_read_when_no_transaction_can_move_them_any_more(kafka_settings: Settings) -> None:
    """The predecessor has sent its positions to the broker, and continues while the successor reads them."""

    async def run() -> None:
        thread: Any = App(kafka_settings).consumer._thread  # type: ignore[attr-defined]
        async with joined(kafka_settings) as place:
            before = await worker(kafka_settings, place)
            await before.publish([FIRST], OUTPUTS)
            assert thread._committed([HERE]) == {HERE: (FIRST.end, f"published 0/{FIRST.end}")}
            threading.Timer(1.0, leave_open(before)).start()
            found = await asyncio.to_thread(thread._committed, [HERE])
            assert found[HERE][0] == SECOND.end
        thread._fetcher.close()

    asyncio.run(run())


# --- 5 what was fetched across a new assignment is thrown away


def test_partitions_assigned_anew_are_read_from_their_positions_on(kafka_settings: Settings) -> None:
    with open_submitter(kafka_settings) as submitter:
        for _ in range(5):
            list(submitter.submit([e.raw(e.accident())]))
    [place] = [TP(*place) for place, end in ends_of(kafka_settings).items() if end == 5]
    thread: Any = App(kafka_settings).consumer._thread  # type: ignore[attr-defined]

    def offsets(count: int) -> list[int]:
        found: list[int] = []
        deadline = time.monotonic() + 20
        while len(found) < count and time.monotonic() < deadline:
            records, _ = thread._poll({place}, 0.2)
            found += [one.offset for one in records.get(place, ())]
        return found

    for start in (0, 2, 1):
        thread._assign({place: start})
        assert offsets(5 - start) == list(range(start, 5))
    thread._fetcher.close()


# --- 4 one producer a worker, known to the group by its generation


def test_a_worker_that_the_group_has_left_behind_publishes_nothing(kafka_settings: Settings) -> None:
    """Though nobody has begun its transactional id anew yet, and though it is still a member."""

    async def run() -> None:
        async with joined(kafka_settings) as host:
            before = await worker(kafka_settings, host)
            await before.publish([FIRST], OUTPUTS)
            generation = host.member.generation
            async with joined(kafka_settings) as guest:
                await host.heard_of(generation + 1)
                with pytest.raises(Transient, match="generation"):
                    await before.publish([SECOND], OUTPUTS)
                mine, theirs = sorted((host, guest), key=lambda place: min(place.partitions))
                assert mine.partitions == {0, 2} and theirs.partitions == {1, 3}
                after = await worker(kafka_settings, mine)
                assert committed(kafka_settings) == FIRST.end
                await after.publish([SECOND], OUTPUTS)

    asyncio.run(run())
    assert committed(kafka_settings) == SECOND.end
    assert published(kafka_settings) == {topics.DECISIONS: 2, topics.PAYOUTS: 2}


def test_a_worker_whose_place_another_has_taken_publishes_nothing(kafka_settings: Settings) -> None:
    """No new generation: it was killed, or so its supervisor thought, and came back under the same instance id."""
    settings = kafka_settings.model_copy(update={"instance_id": "w0"})

    async def run() -> None:
        async with joined(settings) as place:
            before = await worker(settings, place)
            await before.publish([FIRST], OUTPUTS)
        async with joined(settings) as again:
            assert again.member.generation == place.member.generation, "the group has formed anew"
            with pytest.raises(Transient, match="Unknown member"):
                await before.publish([SECOND], OUTPUTS)
            after = await worker(settings, again)
            assert committed(settings) == FIRST.end
            await after.publish([SECOND], OUTPUTS)

    asyncio.run(run())
    assert committed(settings) == SECOND.end


def test_a_successor_aborts_the_open_transaction_of_its_predecessor(
    kafka_settings: Settings,
) -> None:
    async def run() -> None:
        async with joined(kafka_settings) as place:
            before = Publisher(kafka_settings)
            await before.fence({1, 3}, place.member)
            await before.publish([FIRST], OUTPUTS)
            go_on = leave_open(before)
            for others in ({0, 2}, {3}):
                await Publisher(kafka_settings).fence(others, GroupMember(9, "other"))
                with pytest.raises(KafkaException, match="(?i)timed out"):
                    committed(kafka_settings, 1)
            for _ in range(2):  # the first dies between fencing and reading; the second fences again
                await Publisher(kafka_settings).fence({0, 1}, GroupMember(9, "successor"))
            assert committed(kafka_settings, 1) == FIRST.end
            with pytest.raises(KafkaException, match="(?i)fenced|newer producer"):
                go_on()

    asyncio.run(run())
    assert published(kafka_settings) == {topics.DECISIONS: 1, topics.PAYOUTS: 1}


def test_of_two_workers_that_fence_at_once_at_most_one_publishes(
    kafka_settings: Settings,
) -> None:
    """A zombie wakes up in the midst of fencing; whoever is fenced ends and starts again."""
    settings = kafka_settings.model_copy(update={"instance_id": "w0"})
    positions = list(range(0, 12, 3))

    async def run() -> None:
        for start, end in itertools.pairwise(positions):
            chunk = chunk_of(HERE, start, end)
            async with joined(settings) as zombie:
                pass
            async with joined(settings) as successor:
                both = await asyncio.gather(worker(settings, zombie), worker(settings, successor))
                done = await asyncio.gather(*(one.publish([chunk], OUTPUTS) for one in both), return_exceptions=True)
                assert isinstance(done[0], Transient), "the zombie has published"
                assert done[1] is None or isinstance(done[1], Transient)
                next_start = await worker(settings, successor)
                if committed(settings) != end:
                    await next_start.publish([chunk], OUTPUTS)
            assert committed(settings) == end

    asyncio.run(run())
    rounds = len(positions) - 1
    assert published(settings) == {topics.DECISIONS: rounds, topics.PAYOUTS: rounds}


def test_the_metadata_of_a_member_is_that_of_librdkafka(kafka_settings: Settings) -> None:
    consumer = Consumer({**librdkafka_options(kafka_settings), "group.id": kafka_settings.group})
    try:
        consumer.subscribe([topics.ACCIDENTS])
        for _ in range(200):
            if consumer.assignment():
                break
            consumer.poll(0.1)
        assert consumer.consumer_group_metadata() == GroupMember(1, consumer.memberid()).metadata(kafka_settings.group)
    finally:
        consumer.close()
