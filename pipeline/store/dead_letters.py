"""Marks a dead letter as tried again, so that the list of them shows what still waits. Never imports Faust or Kafka."""

from typing import Any

from pipeline.store.tables import dead_letters


def mark_retried(store: Any, topic: str, partition: int, offset: int) -> None:
    """After it was handed in once more. Raises Transient; marked or not, a second try does no harm."""
    place = dead_letters.update().where(
        dead_letters.c.topic == topic, dead_letters.c.partition == partition, dead_letters.c.offset == offset
    )
    with store.unit_of_work() as work:
        work.connection.execute(place.values(is_retried=True))
        work.commit()
