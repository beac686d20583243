"""Publishes the outputs of a number's chunks and the positions after them in one Kafka transaction.

One transactional producer a partition number; its id is the group and the number, so that whoever gets the number
next fences this one with `init_transactions`. Every wait has an end, and after any error the process ends: there is
no second way to recover that could go wrong. Never imports Faust.
"""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from agents.settings import Settings
from pipeline.errors import Transient
from pipeline.record import Chunk, Message

TRANSACTION_SECONDS: Final = 60  # after which the broker itself aborts what a dead worker left open
QUEUE_MESSAGES: Final = 1_000_000  # a chunk never fills it: at most a few outputs an event


def client_options(settings: Settings) -> dict[str, Any]:
    """Options that every confluent-kafka client takes."""
    options: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security_protocol,
        "client.id": settings.group,
        "log_level": 0,  # what matters comes back as an error; the rest would be a log beside ours, on stderr
        "socket.keepalive.enable": True,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
    }
    if settings.kafka_ca_file is not None:
        options["ssl.ca.location"] = str(settings.kafka_ca_file)
    if settings.kafka_security_protocol.startswith("SASL"):
        assert settings.kafka_password is not None  # the settings see to it
        options |= {
            "sasl.mechanisms": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }
    return options


class Publisher:
    """Transactional producers of the partition numbers that this worker holds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producers: dict[int, Producer] = {}
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="publish")
        # Names the group in a transaction's offsets. It never joins: the producers fence, not the generation.
        self._group = Consumer({**client_options(settings), "group.id": settings.group})
        self._metadata = self._group.consumer_group_metadata()

    async def fence(self, numbers: Iterable[int]) -> None:
        """New producers for these numbers; when this returns, the transactions of whoever had them are over.

        Positions read before this may still change. Raises Transient.
        """
        self._producers = {}
        seconds = self._settings.kafka_publish_seconds
        loop = asyncio.get_running_loop()
        made = [loop.run_in_executor(self._pool, self._fenced, number) for number in sorted(numbers)]
        try:
            async with asyncio.timeout(seconds * 2):
                producers = await asyncio.gather(*made)
        except (KafkaException, TimeoutError) as error:
            raise Transient(f"no transactional producer could be started: {_told(error)}") from error
        self._producers = dict(zip(sorted(numbers), producers, strict=True))

    def _fenced(self, number: int) -> Producer:
        producer = Producer({
            **client_options(self._settings),
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
        })  # fmt: skip
        # Connected first: what `init_transactions` finds unconnected it looks at again half a second later.
        producer.list_topics(timeout=self._settings.kafka_publish_seconds)
        producer.init_transactions(self._settings.kafka_publish_seconds)
        return producer

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """Of chunks of one number: all of them and the positions, or nothing. Raises Transient; the caller then ends
        the process."""
        loop = asyncio.get_running_loop()
        seconds = self._settings.kafka_publish_seconds
        try:
            async with asyncio.timeout(seconds + 5):  # each call has its own end; this is for when one keeps not to it
                await loop.run_in_executor(self._pool, self._publish, chunks, messages, seconds)
        except (KafkaException, BufferError, TimeoutError) as error:
            where = f"{chunks[0].topic} {chunks[0].partition}"
            raise Transient(f"the outputs of {where} were not published: {_told(error)}") from error

    def _publish(self, chunks: Sequence[Chunk], messages: Sequence[Message], seconds: float) -> None:
        (number,) = {chunk.partition for chunk in chunks}
        producer = self._producers[number]
        producer.begin_transaction()
        produce = producer.produce
        for message in messages:
            if message.headers:
                produce(message.topic, message.value, message.key, headers=list(message.headers))
            else:
                produce(message.topic, message.value, message.key)
        ends = {chunk.topic: chunk.end for chunk in chunks}  # the last of each topic
        places = [TopicPartition(topic, number, end) for topic, end in ends.items()]
        producer.send_offsets_to_transaction(places, self._metadata, seconds)
        # Flushes first, and fails where a single message was not taken: nothing is committed then.
        producer.commit_transaction(seconds)


def _told(error: BaseException) -> str:
    if isinstance(error, KafkaException) and error.args:
        return str(error.args[0].str()) if hasattr(error.args[0], "str") else str(error.args[0])
    return "it took too long" if isinstance(error, TimeoutError) else str(error)
