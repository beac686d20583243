"""Publishes the outputs of a turn and the positions after its chunks in one Kafka transaction.

Two things keep out whoever had a partition number before. The broker takes positions only from a member of the group
as it stands now: they go out under the generation in which the partitions were assigned, and a worker that the group
has left behind is refused, with all its outputs. And what such a worker left open ends when its successor starts: its
transactional id was the group and the lowest of its numbers, and whoever is assigned a number begins that id anew.

Every wait has an end, and after any error the process ends: there is no second way to recover that could go wrong.
Never imports Faust.
"""

import asyncio
import struct
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaException, Producer, TopicPartition

from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from pipeline.errors import Transient
from pipeline.messages.records import Chunk, Message

TRANSACTION_SECONDS: Final = 60  # after which the broker itself aborts what a dead worker left open
OFFSETS_SECONDS: Final = 5.0  # longest that the broker may take to note positions; it takes milliseconds
QUEUE_MESSAGES: Final = 1_000_000  # a turn never fills it: at most a few outputs an event


@dataclass(frozen=True, slots=True)
class GroupMember:
    """Who this worker is in its group, while one assignment stands. `id`: whoever comes back gets another."""

    generation: int
    id: str

    def metadata(self, group: str) -> bytes:
        """As `Consumer.consumer_group_metadata` of librdkafka tells it; our consumer of that kind never joins."""
        assert self.generation >= 0, "without a generation the broker takes positions from anybody"
        return b"CGMDv2:%b%b\0%b\0\1" % (struct.pack("=i", self.generation), group.encode(), self.id.encode())


class Publisher:
    """The transactional producer of this worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Producer | None = None
        self._member: bytes = b""
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="publish")
        self._turn = asyncio.Lock()  # a producer has one transaction at a time, a worker two turns in hand

    async def fence(self, numbers: Collection[int], member: GroupMember) -> None:
        """A new producer, which publishes as this member; when this returns, nothing is left open under the ids of
        these numbers.

        Positions read before this may still change. Raises Transient.
        """
        self._producer = None
        if not numbers:
            return
        lowest, *others = sorted(numbers)
        loop = asyncio.get_running_loop()
        made = loop.run_in_executor(self._pool, self._fenced, lowest)
        over = [loop.run_in_executor(self._pool, self._end, number) for number in others]
        try:
            async with asyncio.timeout(self._settings.kafka_publish_seconds * 2):
                await asyncio.gather(made, *over)
        except (KafkaException, TimeoutError) as error:
            raise Transient(f"no transactional producer could be started: {_told(error)}") from error
        self._producer = made.result()
        self._member = member.metadata(self._settings.group)

    def _end(self, number: int) -> None:
        """Of whoever had this number as its lowest: its transaction is over, and it can begin no other."""
        self._fenced(number)

    def _fenced(self, number: int) -> Producer:
        producer = Producer(
            {
                **librdkafka_options(self._settings),
                "transactional.id": f"{self._settings.group}-{number}",
                "transaction.timeout.ms": TRANSACTION_SECONDS * 1000,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",  # Kafka's own, so that all clients agree where a key lies
                "linger.ms": 2,
                "batch.size": 512 * 1024,
                "queue.buffering.max.messages": QUEUE_MESSAGES,
                "retry.backoff.ms": 20,
                "message.max.bytes": 1_000_000,
            }
        )
        # Connected first: what `init_transactions` finds unconnected it looks at again half a second later.
        producer.list_topics(timeout=self._settings.kafka_publish_seconds)
        producer.init_transactions(self._settings.kafka_publish_seconds)
        return producer

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """Of a turn: all of them and the positions, or nothing. Raises Transient; the caller then ends the process."""
        loop = asyncio.get_running_loop()
        seconds = self._settings.kafka_publish_seconds
        async with self._turn:
            try:
                # Where a broker has gone and come back meanwhile, librdkafka may wait for it for ever, whatever it is
                # told; a worker that starts again goes on at once. A turn of very many messages takes its time.
                async with asyncio.timeout(min(OFFSETS_SECONDS, seconds + 5) + len(messages) / 5_000):
                    await loop.run_in_executor(self._pool, self._begin, chunks, messages, seconds)
                async with asyncio.timeout(seconds + 5):  # each call has its own end; this is for when one has none
                    await loop.run_in_executor(self._pool, self._commit, seconds)
            except (KafkaException, BufferError, TimeoutError) as error:
                where = f"{len(chunks)} chunks, from {chunks[0].topic} {chunks[0].partition} on,"
                raise Transient(f"the outputs of {where} were not published: {_told(error)}") from error

    def _begin(self, chunks: Sequence[Chunk], messages: Sequence[Message], seconds: float) -> None:
        producer = self._producer
        assert producer is not None, "a turn comes only of numbers that are fenced"
        producer.begin_transaction()
        produce = producer.produce
        for message in messages:
            if message.headers:
                produce(message.topic, message.value, message.key, headers=list(message.headers))
            else:
                produce(message.topic, message.value, message.key)
        ends = {(chunk.topic, chunk.partition): chunk.end for chunk in chunks}  # the last of each place
        places = [TopicPartition(*place, end) for place, end in ends.items()]
        producer.send_offsets_to_transaction(places, self._member, seconds)

    def _commit(self, seconds: float) -> None:
        """Flushes first, and fails where a single message was not taken: nothing is committed then."""
        assert self._producer is not None
        self._producer.commit_transaction(seconds)


def _told(error: BaseException) -> str:
    if isinstance(error, KafkaException) and error.args:
        return str(error.args[0].str()) if hasattr(error.args[0], "str") else str(error.args[0])
    return "it took too long" if isinstance(error, TimeoutError) else str(error)
