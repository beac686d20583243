"""Dead letters: events that were refused, with the reason and their bytes. Never writes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Select, and_, exists, func, not_, select, tuple_

from pipeline.queries.pages import NotFound, Page
from pipeline.store import tables
from pipeline.store.readable import Readable
from pipeline.store.refused_event_tables import refused_event_steps as steps
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
    timestamp_ms: int  # when the broker got it, milliseconds since 1970, UTC


def dead_letters(store: Readable, *, with_retried: bool = False) -> list[DeadLetter]:
    """Every dead letter, the oldest first; without those that were sent again, corrected or not."""
    table = tables.dead_letters
    statement = _with_state().order_by(table.c.chunk, table.c.topic, table.c.offset)
    if not with_retried:
        statement = statement.where(_IS_LEFT)
    with store.reader() as connection:
        return [_dead_letter(connection, row) for row in connection.execute(statement)]


def dead_letters_page(store: Readable, *, after: str = "", limit: int, with_bytes: bool = False) -> Page[DeadLetter]:
    """Those that are left, the newest first; their bytes are read with `with_bytes` alone.

    `after`: the place of the last one that was seen. Raises NotFound where it is none.
    """
    table = tables.dead_letters
    order = tuple_(table.c.chunk, table.c.topic, table.c.partition, table.c.offset)
    statement = _with_state().where(_IS_LEFT)
    counted = select(func.count()).select_from(table).where(_IS_LEFT)
    with store.reader() as connection:
        if after:
            topic, partition, offset = split_place(after)
            is_last = (table.c.topic == topic, table.c.partition == partition, table.c.offset == offset)
            chunk = connection.execute(select(table.c.chunk).where(*is_last)).scalar()
            if chunk is None:
                raise NotFound("this is no place in the list; begin it anew")
            behind = order < tuple_(chunk, topic, partition, offset)
            statement, counted = statement.where(behind), counted.where(behind)
        newest = (table.c.chunk.desc(), table.c.topic.desc(), table.c.partition.desc(), table.c.offset.desc())
        rows = connection.execute(statement.order_by(*newest).limit(limit)).all()
        left = connection.execute(counted).scalar_one()
        found = tuple(_dead_letter(connection, row) if with_bytes else _of_row(row, None) for row in rows)
    more = left - len(found)
    return Page(found, more, found[-1].place if more and found else None)


def count_dead_letters(store: Readable) -> int:
    """Those that are left."""
    with store.reader() as connection:
        counted = select(func.count()).select_from(tables.dead_letters).where(_IS_LEFT)
        return int(connection.execute(counted).scalar_one())


def dead_letter(store: Readable, place: str) -> DeadLetter:
    """Raises NotFound where there is none of that name."""
    found = dead_letter_at(store, *split_place(place))
    if found is None:
        raise NotFound(f"there is no dead letter {place}; `santunan dead-letters list` names them")
    return found


def dead_letter_at(store: Readable, topic: str, partition: int, offset: int) -> DeadLetter | None:
    """The one made of the event at this place; None: there is none."""
    table = tables.dead_letters
    is_here = (table.c.topic == topic, table.c.partition == partition, table.c.offset == offset)
    statement = _with_state().where(*is_here)
    with store.reader() as connection:
        row = connection.execute(statement).first()
        return None if row is None else _dead_letter(connection, row)


def refused_of_source(store: Readable, source: str, *, limit: int = 100) -> list[tuple[DeadLetter, bytes]]:
    """The latest of this source with their bytes, the newest first; without those that were retried or have no bytes
    any more."""
    table = tables.dead_letters
    wanted = _with_state().where(table.c.source == source, _IS_LEFT)
    with store.reader() as connection:
        newest = connection.execute(wanted.order_by(table.c.timestamp_ms.desc(), table.c.offset.desc()).limit(limit))
        found = [_dead_letter(connection, row) for row in newest.all()]
    return [(one, one.original) for one in found if one.original is not None]


def refused_event(store: Readable, source: str, digest: bytes) -> DeadLetter | None:
    """The newest one of the event with these bytes; one that was not retried before all others. None: there is none,
    or it was refused before revision 0010 of the tables."""
    table = tables.dead_letters
    statement = _with_state().where(table.c.source == source, table.c.digest == digest)
    with store.reader() as connection:
        newest = statement.order_by(table.c.is_retried, _SENT_AGAIN, table.c.chunk.desc())
        row = connection.execute(newest).first()
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
    return _of_row(row, None if original is None else bytes(original))


_SENT_AGAIN: Final = exists().where(
    steps.c.topic == tables.dead_letters.c.topic,
    steps.c.partition == tables.dead_letters.c.partition,
    steps.c.offset == tables.dead_letters.c.offset,
    steps.c.step.in_(("retried", "corrected")),
)
_IS_LEFT: Final = and_(tables.dead_letters.c.is_retried.is_(False), not_(_SENT_AGAIN))


def _with_state() -> Select[Any]:
    return select(tables.dead_letters, _SENT_AGAIN.label("is_sent_again"))


def _of_row(row: Any, original: bytes | None) -> DeadLetter:
    return DeadLetter(
        f"{row.topic}/{row.partition}/{row.offset}",
        row.reason,
        orjson.loads(row.errors),
        row.source,
        row.event_id,
        row.is_retried or row.is_sent_again,
        row.received_ms,
        original,
        row.timestamp_ms,
    )
