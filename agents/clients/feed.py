"""Follows topics over Kafka, for an officer's program. Reads committed events, and continues where it stopped.

No consumer group: a group would expire, and two officers would share the decisions between them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from agents.clients.interface import Feed, Published
from agents.clients.position import PositionFile, Positions
from agents.kafka.access_check import require_entrance
from agents.kafka.connection import connection_options, translate_errors
from agents.settings import Settings
from pipeline.errors import NotReady

POLL_MS: Final = 200


def consumer_of(settings: Settings, names: Sequence[str]) -> tuple[Any, list[TopicPartition]]:
    """A consumer without a group that reads committed events of all partitions. Raises NotReady, Transient."""
    require_entrance(settings)
    with translate_errors(settings):
        consumer = KafkaConsumer(
            **connection_options(settings),
            bootstrap_timeout_ms=10_000,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_poll_records=1000,
        )
        assigned = []
        for name in names:
            partitions = consumer.partitions_for_topic(name)
            if not partitions:
                consumer.close()
                raise NotReady(f"{name} does not exist at {settings.kafka_bootstrap}: run `santunan topics create`")
            assigned += [TopicPartition(name, partition) for partition in sorted(partitions)]
        consumer.assign(assigned)
    return consumer, assigned


def published(record: Any) -> Published:
    return Published(record.topic, record.partition, record.offset, record.timestamp, record.key, record.value)


class KafkaFeed(Feed):
    def __init__(self, settings: Settings, names: Sequence[str], position_file: Path | None) -> None:
        self._settings = settings
        self._position = PositionFile(position_file)
        self._consumer, self._assigned = consumer_of(settings, names)

    def read(self, *, follow: bool = False) -> Iterator[Published]:
        saved = self._position.read()
        with translate_errors(self._settings):
            self._require_kept(saved)
            ends = {} if follow else self._consumer.end_offsets(self._assigned)
            for partition in self._assigned:
                self._consumer.seek(partition, saved.get((partition.topic, partition.partition), 0))
            while follow or any(self._consumer.position(one) < end for one, end in ends.items()):
                for partition, records in self._consumer.poll(timeout_ms=POLL_MS).items():
                    for record in records:
                        if not follow and record.offset >= ends[partition]:
                            break
                        yield published(record)
                        self._position.note({(record.topic, record.partition): record.offset + 1})
        self._position.save()

    def _require_kept(self, saved: Positions) -> None:
        """A position outside of the topic would be corrected by the client in silence. Raises NotReady."""
        if not saved:
            return
        first, ends = self._consumer.beginning_offsets(self._assigned), self._consumer.end_offsets(self._assigned)
        for one in self._assigned:
            at = saved.get((one.topic, one.partition), first[one])
            if not first[one] <= at <= ends[one]:
                raise NotReady(
                    f"{one.topic}/{one.partition}: the position file says {at}, but the topic goes from {first[one]} "
                    f"to {ends[one]}: it was made anew, or its beginning was deleted. Remove the position file to "
                    "begin at the first event; ids show what was read before"
                )

    def close(self) -> None:
        self._position.save()
        self._consumer.close()
