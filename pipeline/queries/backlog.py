"""Backlog: events that were submitted and that no worker has read yet, by topic and partition. Never writes."""

from dataclasses import dataclass

from sqlalchemy import func, select

from pipeline.store.readable import Readable
from pipeline.store.tables import log, positions, topics
from schemas.topics import INTAKE


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of one partition of a topic. `waiting`: events. `oldest_ms`: when the first of them came in, milliseconds since
    1970, UTC; None: none waits, or it is not known."""

    topic: str
    partition: int
    waiting: int
    oldest_ms: int | None


def embedded_backlog(store: Readable, group: str) -> tuple[Backlog, ...]:
    """Of an embedded log."""
    found = []
    read = read_positions(store, group)
    with store.reader() as connection:
        for topic, partitions in connection.execute(select(topics).where(topics.c.name.in_(INTAKE))).all():
            for partition in range(partitions):
                next_ = read.get((topic, partition), 0)
                is_left = (log.c.topic == topic, log.c.partition == partition, log.c.offset >= next_)
                waiting = connection.execute(select(func.count()).select_from(log).where(*is_left)).scalar_one()
                first = select(log.c.timestamp_ms).where(*is_left).order_by(log.c.offset).limit(1)
                oldest = connection.execute(first).scalar() if waiting else None
                found.append(Backlog(topic, partition, waiting, oldest))
    return tuple(found)


def read_positions(store: Readable, group: str) -> dict[tuple[str, int], int]:
    """The next offset that a group reads, by topic and partition."""
    columns = (positions.c.topic, positions.c.partition, positions.c.next)
    statement = select(*columns).where(positions.c.group_name == group, positions.c.next.is_not(None))
    with store.reader() as connection:
        return {(row.topic, row.partition): row.next for row in connection.execute(statement)}
