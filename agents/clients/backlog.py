"""Backlog of the broker: what waits to be read, embedded or on Kafka. Reads alone."""

from typing import TYPE_CHECKING

from pipeline.queries.backlog import Backlog, embedded_backlog, read_positions
from schemas.topics import HISTORY, INTAKE

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.store.readable import Readable


def backlog(settings: "Settings", store: "Readable") -> tuple[Backlog, ...]:
    """By topic and partition. Raises Transient where the broker does not answer.

    On Kafka without history, which a gateway's user may not see, and without the time of the oldest: that would mean to
    read events.
    """
    if settings.is_embedded:
        return embedded_backlog(store, settings.group)
    from kafka import KafkaConsumer, TopicPartition

    from agents.kafka.connection import connection_options, translate_errors

    read = read_positions(store, settings.group)
    names = [name for name in INTAKE if name != HISTORY]
    with translate_errors(settings):
        consumer = KafkaConsumer(**connection_options(settings))
        try:
            places = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
            ends = consumer.end_offsets(places)
            first = consumer.beginning_offsets(places)
        finally:
            consumer.close()
    found = []
    for place, end in sorted(ends.items()):
        begin = max(read.get((place.topic, place.partition), 0), first[place])
        found.append(Backlog(place.topic, place.partition, max(end - begin, 0), None))
    return tuple(found)
