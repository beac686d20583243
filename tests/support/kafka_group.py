"""Places in a worker's group on a real broker, as the worker's own consumer takes them, and the group's position."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiokafka
from confluent_kafka import Consumer, TopicPartition

from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from agents.transports.kafka.assignor import ByNumber
from agents.transports.kafka.publisher import GroupMember
from schemas import topics
from tests.support.kafka_stage import HERE


class Place(aiokafka.ConsumerRebalanceListener):  # type: ignore[misc]
    """Its member of the group, and its partitions, in the generation it heard of last."""

    def __init__(self) -> None:
        self.consumer: Any = None
        self.member = GroupMember(-1, "")
        self.partitions: frozenset[int] = frozenset()

    def on_partitions_revoked(self, revoked: Any) -> None:
        """It keeps what it knew, as a worker does that hears nothing."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        coordinator = self.consumer._coordinator
        self.member = GroupMember(coordinator.generation, coordinator.member_id)
        self.partitions = frozenset(tp.partition for tp in assigned)

    async def heard_of(self, generation: int) -> None:
        async with asyncio.timeout(20):
            while self.member.generation < generation:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def joined(settings: Settings) -> AsyncIterator[Place]:
    """A member; a static one, where the settings name an instance, keeps its place when the block is left."""
    place = Place()
    place.consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=settings.group,
        group_instance_id=settings.instance_id,
        partition_assignment_strategy=[ByNumber],
        enable_auto_commit=False,
        heartbeat_interval_ms=200,
        session_timeout_ms=int(settings.kafka_session_seconds * 1000),
    )
    place.consumer.subscribe(topics.INTAKE, listener=place)
    await place.consumer.start()
    try:
        await place.heard_of(1)
        yield place
    finally:
        await place.consumer.stop()


def committed(settings: Settings, seconds: float = 20) -> int:
    """The position of HERE. Waits while a transaction may move it, and raises KafkaException when it waited so long."""
    consumer = Consumer({**librdkafka_options(settings), "group.id": settings.group})
    try:
        (found,) = consumer.committed([TopicPartition(*HERE)], timeout=seconds)
        return int(found.offset)
    finally:
        consumer.close()
