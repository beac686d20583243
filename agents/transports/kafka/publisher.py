"""Publishes the outputs of a batch and the positions after its chunks in one Kafka transaction.

Two things keep out a worker that held a partition before. The broker takes positions only from a current member of the
group: they are sent under the generation in which the partitions were assigned, so a worker that the group has left
behind is refused, with all its outputs. And its open transaction ends when its successor starts: a transactional id is
the group and the lowest partition of the worker, and the successor begins the ids of all its partitions anew.

Every wait has an end, and after any error the process ends: there is no second way to recover that could go wrong.
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
from pipeline.store.origins import Offsets

TRANSACTION_SECONDS: Final = 60  # after which the broker itself aborts what a dead worker left open
OFFSETS_SECONDS: Final = 5.0  # longest time for the broker to note positions; it takes milliseconds
QUEUE_MESSAGES: Final = 1_000_000  # a batch never fills it: at most a few outputs an event


@dataclass(frozen=True, slots=True)
class GroupMember:
    """This worker in its group, for the time of one assignment. `id`: a worker that joins again gets another."""

    generation: int
    id: str

    def metadata(self, group: str) -> bytes:
        """As `Consumer.consumer_group_metadata` of librdkafka makes it; our consumer of that kind never joins."""
        assert self.generation >= 0, "without a generation the broker takes positions from anybody"
        return b"CGMDv2:%b%b\0%b\0\1" % (struct.pack("=i", self.generation), group.encode(), self.id.encode())


class Publisher:
    """The transactional producer of this worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Producer | None = None
        self._member: bytes = b""
        self.offsets = Offsets()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="publish")
        self._transaction = asyncio.Lock()  # a producer has one at a time, a worker two batches in hand

    async def fence(self, partitions: Collection[int], member: GroupMember) -> None:
        """Make a new producer, which publishes as this member; afterwards no transaction is open under the ids of these
        partitions.

        Positions read before this may still change. Raises Transient.
        """
        self._producer = None
        if not partitions:
            return
        lowest, *others = sorted(partitions)
        loop = asyncio.get_running_loop()
        started = loop.run_in_executor(self._pool, self._fenced, lowest)
        ended = [loop.run_in_executor(self._pool, self._end, partition) for partition in others]
        try:
            async with asyncio.timeout(self._settings.kafka_publish_seconds * 2):
                await asyncio.gather(started, *ended)
        except (KafkaException, TimeoutError) as error:
            raise Transient(f"no transactional producer could be started: {_description(error)}") from error
        self._producer = started.result()
        self._member = member.metadata(self._settings.group)

    def _end(self, partition: int) -> None:
        """A worker whose lowest partition this was can neither end its transaction nor begin another."""
        self._fenced(partition)

    def _fenced(self, partition: int) -> Producer:
        producer = Producer(
            {
                **librdkafka_options(self._settings),
                "transactional.id": f"{self._settings.group}-{partition}",
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
        # Connect first: `init_transactions` looks again only after half a second at a broker that is not connected.
        producer.list_topics(timeout=self._settings.kafka_publish_seconds)
        producer.init_transactions(self._settings.kafka_publish_seconds)
        return producer

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """Publish all outputs of a batch and its positions, or nothing. Raises Transient, which ends the process."""
        loop = asyncio.get_running_loop()
        seconds = self._settings.kafka_publish_seconds
        async with self._transaction:
            try:
                # After a broker was away, librdkafka may wait for it without end, despite its timeouts; a new start
                # goes on at once. A batch of very many messages takes its time.
                async with asyncio.timeout(min(OFFSETS_SECONDS, seconds + 5) + len(messages) / 5_000):
                    await loop.run_in_executor(self._pool, self._begin, chunks, messages, seconds)
                async with asyncio.timeout(
                    seconds + 5
                ):  # each call has a timeout of its own; this is for one that ignores it
                    await loop.run_in_executor(self._pool, self._commit, seconds)
            except (KafkaException, BufferError, TimeoutError) as error:
                where = f"{len(chunks)} chunks, from {chunks[0].topic} {chunks[0].partition} on,"
                raise Transient(f"the outputs of {where} were not published: {_description(error)}") from error

    def _begin(self, chunks: Sequence[Chunk], messages: Sequence[Message], seconds: float) -> None:
        producer = self._producer
        assert producer is not None, "a batch comes only of partitions that are fenced"
        producer.begin_transaction()
        produce = producer.produce
        for message in messages:
            if message.headers:
                produce(message.topic, message.value, message.key, headers=list(message.headers))
            else:
                produce(message.topic, message.value, message.key)
        ends = {(chunk.topic, chunk.partition): chunk.end for chunk in chunks}  # the last chunk of each place counts
        places = []
        for place, end in ends.items():
            at = self.offsets.at_broker(place, end)
            places.append(TopicPartition(*place, at, self.offsets.note(at)))
        producer.send_offsets_to_transaction(places, self._member, seconds)

    def _commit(self, seconds: float) -> None:
        """Flushes first, and fails if a single message was not taken: nothing is committed then."""
        assert self._producer is not None
        self._producer.commit_transaction(seconds)


def _description(error: BaseException) -> str:
    if isinstance(error, KafkaException) and error.args:
        return str(error.args[0].str()) if hasattr(error.args[0], "str") else str(error.args[0])
    return "it took too long" if isinstance(error, TimeoutError) else str(error)
