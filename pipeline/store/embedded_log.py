"""The embedded broker's log: topics, partitions and offsets in the SQLite file of the store.

Offsets are given inside BEGIN IMMEDIATE, so that several submitters and the worker may append at once; `place` is the
one order of all topics, and the one in which the worker reads. Nothing is ever removed. Never imports Faust or Kafka.
"""

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, count
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, func, insert, select

from pipeline.errors import NotReady
from pipeline.messages.partitioner import partition_of
from pipeline.messages.records import Message
from pipeline.store.engines import sqlite_engine, sqlite_transient
from pipeline.store.tables import log, log_identity, positions, topics
from pipeline.store.unit_of_work import Transaction, quoted
from schemas.values import MAX_AHEAD_SECONDS

MOST_READ: Final = 10_000  # records at once, so that a backlog of a million does not come into memory
_AHEAD_MS: Final = MAX_AHEAD_SECONDS * 1000
_AT_ONCE: Final = 32  # rows a statement; more gain no more


class LogEntry(NamedTuple):
    """A record of the log. `place`: its number in the one order of all topics, from 1 on."""

    place: int
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Log:
    """The log of one file, for submitters, readers and the worker's transport. The file must be ready (`open_store`).

    One instance belongs to one thread at a time.
    """

    def __init__(self, file: Path) -> None:
        self._writer = sqlite_engine(file)
        self._reader = sqlite_engine(file, is_read_only=True)
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """Kept open: the file's version counts what *others* have written since."""
        if self._connection is None:
            self._connection = self._reader.connect()
        return self._connection

    @property
    def _driver(self) -> Any:
        return self.connection.connection.driver_connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._reader.dispose()
        self._writer.dispose()

    def append(
        self, messages: Sequence[Message], *, partition: int | None = None, now_ms: int | None = None
    ) -> list[tuple[str, int, int]]:
        """Add messages in this order, all or none; once they are on the disk, returns (topic, partition, offset)
        of each.

        `partition` None: the key's. `now_ms`: for tests; else the clock. Raises Transient and NotReady.
        """
        with Transaction(self._writer, sqlite_transient) as transaction:
            _, placed = append(transaction.driver, messages, partition=partition, now_ms=now_ms)
            transaction.commit()
        return placed

    def checkpoint(self) -> None:
        """Copy what is committed into the file itself, as far as no reader needs the old pages; never waits.

        In any thread: a writer that does so at its commit waits for all of it, and here it only finds the rest. What
        a full disk keeps from being done is left to that writer, too. Raises what is a bug.
        """
        try:
            with contextlib.closing(self._writer.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            if sqlite_transient(error) is None:
                raise

    def read(self, start: int, names: Sequence[str] | None = None, limit: int = MOST_READ) -> list[LogEntry]:
        """Records from the place `start` on, in the order of all topics; `names`: of these topics only."""
        if names is None:
            return self._entries(_READ, start, min(limit, MOST_READ))
        return self._entries(_READ_TOPICS, start, orjson.dumps(list(names)).decode(), min(limit, MOST_READ))

    def read_partition(self, topic: str, partition: int, start: int, limit: int = MOST_READ) -> list[LogEntry]:
        """Records of one partition from the offset `start` on."""
        return self._entries(_READ_PARTITION, topic, partition, start, min(limit, MOST_READ))

    def _entries(self, statement: str, *parameters: Any) -> list[LogEntry]:
        found = self._driver.execute(statement, parameters).fetchall()
        return [
            LogEntry(seq, topic, partition, offset, timestamp_ms, key, value, _headers(headers) if headers else ())
            for seq, topic, partition, offset, timestamp_ms, key, value, headers in found
        ]

    def received_ms(self, place: tuple[str, int, int]) -> int:
        """When the record at (topic, partition, offset) was appended: milliseconds since 1970, UTC."""
        found: int = self._driver.execute(_RECEIVED, place).fetchone()[0]
        return found

    def data_version(self) -> int:
        """Changes when another connection has written to the file; cheap to ask."""
        version: int = self.connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        return version

    def identity(self) -> str:
        """Another one after each restore from a backup: places of before mean other records then."""
        found: str = self.connection.execute(select(log_identity.c.id)).scalar_one()
        return found

    def partitions(self) -> dict[str, int]:
        """Number of partitions by topic."""
        return _partitions(self._driver)

    def positions(self, group: str) -> dict[tuple[str, int], int]:
        """The next offset to process, by topic and partition."""
        statement = select(positions.c.topic, positions.c.partition, positions.c.next)
        found = self.connection.execute(statement.where(positions.c.group_name == group))
        return {(topic, partition): position or 0 for topic, partition, position in found}

    def place_of(self, positions: Mapping[tuple[str, int], int], names: Iterable[str]) -> int:
        """Where to go on reading: the first record of these topics that is not processed, else the end."""
        number_of = self.partitions()
        unread = []
        for name in names:
            for partition in range(number_of.get(name, 0)):
                offset = positions.get((name, partition), 0)
                place = and_(log.c.topic == name, log.c.partition == partition, log.c.offset == offset)
                found: int | None = self.connection.execute(select(log.c.seq).where(place)).scalar()
                if found is not None:
                    unread.append(found)
        return min(unread) if unread else self.end_place()

    def end_place(self) -> int:
        """The place that the next record will get."""
        return (self.connection.execute(select(func.max(log.c.seq))).scalar() or 0) + 1

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record of this partition will get."""
        return _end(self._driver, topic, partition)

    def ends(self) -> dict[tuple[str, int], int]:
        """As `end`, of every partition of every topic."""
        return {
            (name, partition): self.end(name, partition)
            for name, number in self.partitions().items()
            for partition in range(number)
        }


def create_topics(connection: Connection, names: Iterable[str], number: int) -> None:
    """Make topics that do not exist yet; those that do keep their number of partitions."""
    known = _partitions(connection.connection.driver_connection)
    new = [{"name": name, "partitions": number} for name in names if name not in known]
    if new:
        connection.execute(insert(topics), new)


def draw_identity(connection: Connection) -> None:
    """Once for each log."""
    if connection.execute(select(log_identity.c.id)).scalar() is None:
        connection.execute(insert(log_identity), [{"id": new_identity()}])


def new_identity() -> str:
    return secrets.token_urlsafe(12)


def _partitions(driver: Any) -> dict[str, int]:
    return dict(driver.execute(_TOPICS))


def append(
    driver: Any, messages: Sequence[Message], *, partition: int | None = None, now_ms: int | None = None
) -> tuple[range, list[tuple[str, int, int]]]:
    """As `Log.append`, inside the caller's transaction on the driver's connection; returns the places, too.
    Timestamps never go back, but behind one that lies far ahead of this machine's clock."""
    if not messages:
        return range(0), []
    partitions = _partitions(driver)
    last, last_ms = driver.execute(_LAST).fetchone() or (0, 0)
    first = last + 1
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    # A record from a clock that ran far ahead must not move the clock of all after it.
    stamp = max(now, last_ms) if last_ms - now <= _AHEAD_MS else now
    offsets: dict[tuple[str, int], Any] = {}
    new, placed = [], []
    for seq, message in enumerate(messages, first):
        topic = message.topic
        if topic not in partitions:
            raise NotReady(f"the log has no topic {topic}; it was made by another version: use a new file")
        at = partition_of(message.key, partitions[topic]) if partition is None else partition
        counter = offsets.get((topic, at))
        if counter is None:
            counter = offsets[topic, at] = count(_end(driver, topic, at))
        offset = next(counter)
        placed.append((topic, at, offset))
        new.append((seq, topic, at, offset, stamp, message.key, message.value, _headers_text(message.headers)))
    insert_rows(driver, log, new)
    return range(first, first + len(messages)), placed


def insert_rows(driver: Any, table: Table, new: Sequence[tuple[Any, ...]]) -> None:
    """Rows with every column, in the order of the table; several a statement, since one costs as much as some rows."""
    whole = len(new) - len(new) % _AT_ONCE
    joined = (tuple(chain.from_iterable(new[at : at + _AT_ONCE])) for at in range(0, whole, _AT_ONCE))
    driver.executemany(insert_sql(table, _AT_ONCE), joined)
    driver.executemany(insert_sql(table), new[whole:])


@cache
def insert_sql(table: Table, number: int = 1) -> str:
    row = f"({', '.join('?' * len(table.columns))})"
    return f"INSERT INTO {table.name} ({quoted(table)}) VALUES {', '.join([row] * number)}"  # noqa: S608


def is_input_of(table: Table) -> ColumnElement[bool]:
    """The log record that a row of `table` came from; the table has topic, partition and offset."""
    return and_(log.c.topic == table.c.topic, log.c.partition == table.c.partition, log.c.offset == table.c.offset)


def _end(driver: Any, topic: str, partition: int) -> int:
    last: int | None = driver.execute(_LAST_OFFSET, (topic, partition)).fetchone()[0]
    return 0 if last is None else last + 1


def _headers_text(headers: tuple[tuple[str, bytes], ...]) -> str | None:
    return orjson.dumps([(name, value.decode()) for name, value in headers]).decode() if headers else None


def _headers(document: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, (value or "").encode()) for name, value in orjson.loads(document))


_READ: Final = f"SELECT {quoted(log)} FROM log WHERE seq >= ? ORDER BY seq LIMIT ?"  # noqa: S608
# The plus keeps SQLite from the index by topic: it would sort all that a topic ever held, for each chunk.
_READ_TOPICS: Final = (
    f"SELECT {quoted(log)} FROM log WHERE seq >= ? AND +topic IN (SELECT value FROM json_each(?)) "  # noqa: S608
    "ORDER BY seq LIMIT ?"
)
_READ_PARTITION: Final = (
    f'SELECT {quoted(log)} FROM log WHERE topic = ? AND "partition" = ? AND "offset" >= ? '  # noqa: S608
    'ORDER BY "offset" LIMIT ?'
)
_RECEIVED: Final = 'SELECT timestamp_ms FROM log WHERE topic = ? AND "partition" = ? AND "offset" = ?'
_TOPICS: Final = "SELECT name, partitions FROM topics"
_LAST: Final = "SELECT seq, timestamp_ms FROM log ORDER BY seq DESC LIMIT 1"
_LAST_OFFSET: Final = 'SELECT max("offset") FROM log WHERE topic = ? AND "partition" = ?'
