"""Dead letters: events that were refused, with the reason and their bytes. Never writes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from pipeline.queries.pages import NotFound
from pipeline.store import tables
from pipeline.store.readable import Readable
from pipeline.store.tables import log

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. `place`: topic/partition/offset, which is its name."""

    place: str
    reason: str
    errors: list[dict[str, str]]
    source: str | None
    event_id: str | None
    is_retried: bool
    received_ms: int | None  # None: its clock is its own `time`
    original: bytes | None


def dead_letters(store: Readable, *, with_retried: bool = False) -> list[DeadLetter]:
    """Every dead letter, the oldest first; without those that were retried."""
    table = tables.dead_letters
    statement = select(table).order_by(table.c.chunk, table.c.topic, table.c.offset)
    if not with_retried:
        statement = statement.where(table.c.is_retried.is_(False))
    with store.reader() as connection:
        return [_dead_letter(connection, row) for row in connection.execute(statement)]


def dead_letter(store: Readable, place: str) -> DeadLetter:
    """Raises NotFound where there is none of that name."""
    found = dead_letter_at(store, *split_place(place))
    if found is None:
        raise NotFound(f"there is no dead letter {place}; `santunan dead-letters list` names them")
    return found


def dead_letter_at(store: Readable, topic: str, partition: int, offset: int) -> DeadLetter | None:
    """The one made of the event at this place; None: there is none."""
    table = tables.dead_letters
    statement = select(table).where(table.c.topic == topic, table.c.partition == partition, table.c.offset == offset)
    with store.reader() as connection:
        row = connection.execute(statement).first()
        return None if row is None else _dead_letter(connection, row)


def refused_event(store: Readable, source: str, digest: bytes) -> DeadLetter | None:
    """The newest one of the event with these bytes; one that was not retried before all others. None: there is none,
    or it was refused before revision 0010 of the tables."""
    table = tables.dead_letters
    statement = select(table).where(table.c.source == source, table.c.digest == digest)
    with store.reader() as connection:
        row = connection.execute(statement.order_by(table.c.is_retried, table.c.chunk.desc())).first()
        return None if row is None else _dead_letter(connection, row)


def split_place(place: str) -> tuple[str, int, int]:
    """`claims.accidents/0/17` -> its parts. Raises NotFound."""
    parts = place.rsplit("/", 2)
    if len(parts) != 3 or not all(one.isdecimal() and len(one) < 19 for one in parts[1:]):
        raise NotFound(f"{place} names no dead letter: write topic/partition/offset, as `dead-letters list` shows it")
    return parts[0], int(parts[1]), int(parts[2])


def _dead_letter(connection: "Connection", row: Any) -> DeadLetter:
    original = row.original
    if original is None:  # embedded: the log has it
        statement = select(log.c.value).where(
            log.c.topic == row.topic, log.c.partition == row.partition, log.c.offset == row.offset
        )
        original = connection.execute(statement).scalar()
    return DeadLetter(
        f"{row.topic}/{row.partition}/{row.offset}",
        row.reason,
        orjson.loads(row.errors),
        row.source,
        row.event_id,
        row.is_retried,
        row.received_ms,
        None if original is None else bytes(original),
    )
