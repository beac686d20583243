"""Positions up to which outputs are known to be published, kept beside the broker's own.

Kafka forgets the positions of a group that was away for long, and a worker that began at the beginning again would
publish everything a second time. What is noted here stays true, so any worker may note it, and late. Never imports
Faust or Kafka.
"""

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select, update

from pipeline.store.engines import postgresql_transient
from pipeline.store.postgresql import PostgresqlStore
from pipeline.store.tables import positions
from pipeline.store.unit_of_work import Transaction


def published_positions(store: PostgresqlStore, group: str) -> dict[tuple[str, int], int]:
    """The offset up to which everything is published, by topic and partition. Raises Transient."""
    statement = select(positions.c.topic, positions.c.partition, positions.c.published)
    with Transaction(store.engine, postgresql_transient) as transaction:
        found = transaction.execute(statement.where(positions.c.group_name == group))
    return {(topic, partition): offset or 0 for topic, partition, offset in found}


def note_published(store: PostgresqlStore, group: str, done: Mapping[tuple[str, int], int]) -> None:
    """Everything below these offsets is published. Never goes back. Raises Transient."""
    if not done:
        return
    statement = update(positions).where(
        positions.c.group_name == group,
        positions.c.topic == bindparam("at_topic"),
        positions.c.partition == bindparam("at_partition"),
    )
    statement = statement.values(published=func.greatest(func.coalesce(positions.c.published, 0), bindparam("offset")))
    # In the order in which a batch locks them, so that the two cannot wait for each other.
    places = sorted(done.items(), key=lambda place: (place[0][1], place[0][0]))
    rows = [{"at_topic": topic, "at_partition": number, "offset": offset} for (topic, number), offset in places]
    with Transaction(store.engine, postgresql_transient) as transaction:
        transaction.connection.execute(statement, rows)
        transaction.commit()
