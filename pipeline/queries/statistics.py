"""Counts: rows of the tables, claims by outcome, events read and waiting. Never writes."""

from collections import Counter

from sqlalchemy import func, select

from pipeline.store.readable import Readable
from pipeline.store.tables import cases, dead_letters, decisions, ledger, log, positions, topics
from schemas.topics import INTAKE


def counts(store: Readable) -> dict[str, int]:
    """Rows of the tables of events, claims, decisions and dead letters."""
    with store.reader() as connection:
        return {
            one.name: connection.execute(select(func.count()).select_from(one)).scalar_one()
            for one in (ledger, cases, decisions, dead_letters)
        }


def count_events(store: Readable) -> int:
    """Events of the whole history."""
    with store.reader() as connection:
        return int(connection.execute(select(func.count()).select_from(ledger)).scalar_one())


def outcomes(store: Readable) -> Counter[str]:
    """Claims by the outcome of their latest decision."""
    with store.reader() as connection:
        rows = connection.execute(select(cases.c.outcome, func.count()).group_by(cases.c.outcome))
        return Counter({outcome: count for outcome, count in rows if outcome})


def events_read(store: Readable, group: str, topic: str) -> int:
    """How many records of a topic a group has read, over all partitions."""
    done = select(func.sum(positions.c.next)).where(positions.c.group_name == group, positions.c.topic == topic)
    with store.reader() as connection:
        return connection.execute(done).scalar() or 0


def events_waiting(store: Readable, group: str) -> int:
    """How many events of an embedded log were submitted and not read by a group yet."""
    with store.reader() as connection:
        waiting = 0
        for topic, partitions in connection.execute(select(topics).where(topics.c.name.in_(INTAKE))).all():
            for partition in range(partitions):
                last = select(func.max(log.c.offset)).where(log.c.topic == topic, log.c.partition == partition)
                read = select(positions.c.next).where(
                    positions.c.group_name == group, positions.c.topic == topic, positions.c.partition == partition
                )
                end = connection.execute(last).scalar()
                waiting += 0 if end is None else end + 1 - (connection.execute(read).scalar() or 0)
        return waiting
