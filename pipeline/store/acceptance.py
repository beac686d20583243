"""An operator goes on without what the broker lacks: written down with who, when and what, for ever.

Never imports Faust or Kafka.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from pipeline.errors import NotReady
from pipeline.processing.ports import Place
from pipeline.store import origins
from pipeline.store.engines import postgresql_transient
from pipeline.store.origins import GAP, GROUP, TOPIC, Origin
from pipeline.store.postgresql import PostgresqlStore
from pipeline.store.tables import acceptances, chunks, positions
from pipeline.store.unit_of_work import Transaction
from schemas import topics
from schemas.clock import microseconds


@dataclass(frozen=True, slots=True)
class Hand:
    """Who accepts, and when."""

    name: str
    clock: dt.datetime


def position_at_broker(store: PostgresqlStore, group: str, place: Place) -> int:
    """The broker's offset at which the store reads on. Raises Transient."""
    with Transaction(store.engine, postgresql_transient) as transaction:
        connection = transaction.connection
        here = (positions.c.group_name == group, positions.c.topic == place[0], positions.c.partition == place[1])
        found = connection.execute(select(positions.c.next).where(*here)).scalar()
        return origins.offsets_of(connection).at_broker(place, found or 0)


def accept_gap(store: PostgresqlStore, group: str, place: Place, offset: int, first_there: int, hand: Hand) -> bool:
    """Read on at this offset of the broker; False where the store does so already.

    `first_there`: the first record that the broker has from the store's position on, or its end; where the log ends
    before the position, its first record. Raises NotReady where a record would be skipped, and Transient.
    """
    topic, partition = place
    with store.unit_of_work() as work:
        found, _ = work.begin(group, {partition}, ())
        connection = work.connection
        offsets, position = origins.offsets_of(connection), found.get(place, 0)
        at = offsets.at_broker(place, position)
        if offset == at or (first_there >= at and _is_accepted(connection, place, offsets.in_store(place, offset))):
            return False
        if not (at < offset <= first_there or offset == first_there):
            advice = "nothing is missing" if first_there == at else f"write {topic}/{partition}/{first_there}"
            raise NotReady(
                f"{topic}/{partition}: the store reads on at offset {at}, and the next record of the broker is "
                f"{first_there}: {advice}"
            )
        if offset < at:
            _note(connection, hand, TOPIC, place, position, offset)
            work.commit()
            return True
        end = offsets.in_store(place, offset)
        _note(connection, hand, GAP, place, position, end)
        row = (work.next_chunk_ids(1)[0], topic, partition, position, end, 0, 0, 0, end - position)
        connection.execute(insert(chunks).values(row))
        here = (positions.c.group_name == group, positions.c.topic == topic, positions.c.partition == partition)
        connection.execute(update(positions).where(*here).values(next=end))
        work.commit()
        return True


def _is_accepted(connection: Connection, place: Place, offset: int) -> bool:
    here = (acceptances.c.topic == place[0], acceptances.c.partition == place[1])
    gaps = select(acceptances.c.next).where(acceptances.c.kind == GAP, *here)
    again = select(acceptances.c.first).where(acceptances.c.kind == TOPIC, *here)
    return offset in connection.execute(gaps.union(again)).scalars().all()


def accept_broker(store: PostgresqlStore, found: Origin, code: str, earliest: Mapping[Place, int], hand: Hand) -> bool:
    """The store belongs to this Kafka from now on; False where it did before. `earliest`: first offset of each place.

    Topics that were made again are read from their beginning. Raises NotReady and Transient.
    """
    with Transaction(store.engine, postgresql_transient) as transaction:
        connection = transaction.connection
        others = origins.other_groups(connection, found.group)
        known = origins.known_origin(connection) or Origin(found.cluster, next(iter(others), found.group), found.topics)
        if known == found:
            return False
        if code != found.code:
            raise NotReady(f"the broker is another one than the one of {code}: start `santunan worker` to see its code")
        if known.group != found.group:
            _rename_group(connection, known.group, found.group, hand)
        for name in found.renewed(known):
            is_read = (positions.c.topic == name, positions.c.group_name == found.group, positions.c.next.is_not(None))
            rows = connection.execute(select(positions.c.partition, positions.c.next).where(*is_read)).all()
            for partition, position in rows:
                _note(connection, hand, TOPIC, (name, partition), position, earliest.get((name, partition), 0))
            if name in topics.OUTPUT:
                _note(connection, hand, TOPIC, (name, 0), 0, 0)
        origins.write_origin(connection, found)
        transaction.commit()
    return True


def _rename_group(connection: Connection, old: str, new: str, hand: Hand) -> None:
    connection.execute(positions.delete().where(positions.c.group_name == new, positions.c.next.is_(None)))
    connection.execute(update(positions).where(positions.c.group_name == old).values(group_name=new))
    _note(connection, hand, GROUP, (old, 0), 0, 0)


def _note(connection: Connection, hand: Hand, kind: str, place: Place, first: int, following: int) -> None:
    number = connection.execute(select(func.coalesce(func.max(acceptances.c.number), 0))).scalar_one() + 1
    row = (number, microseconds(hand.clock), hand.name, kind, *place, first, following, origins.next_chunk(connection))
    connection.execute(insert(acceptances).values(row))
