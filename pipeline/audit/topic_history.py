"""A history made of topics alone: their records in a temporary file, arranged as a store arranges them.

So one replay reads both. Nothing comes from a database: which events were applied follows from the dead letters and
from the ids of events, what was decided and ordered from the outputs. The file is in a folder of this user alone, since
it holds claims, and is removed when the history is closed. Never imports Kafka: the records are handed in.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from sqlalchemy import Connection

from pipeline.audit import topic_rows as rows
from pipeline.audit.comparison import DecisionDifference
from pipeline.audit.topic_order import arrange
from pipeline.ledger.leaves import HEADS
from pipeline.messages.order import HEADER
from pipeline.messages.records import RECEIVED_AT, Record
from pipeline.processing.ports import Place
from pipeline.queries import history
from pipeline.store.embedded_log import insert_sql
from pipeline.store.engines import sqlite_engine
from pipeline.store.readable import ReadOnlyStore
from pipeline.store.tables import decisions, ledger, log, payouts
from schemas import topics

_FILE: Final = "topics.db"
_HEADS: Final = f"/{HEADS}".encode()  # the end of the key of a checkpoint, which is its origin
_CHECKPOINTS: Final = "SELECT key, value FROM log WHERE topic = ?"


class TopicRecord(NamedTuple):
    """A record of a topic, as a reader of committed records gets it."""

    topic: str
    partition: int
    record: Record


class TopicHistory:
    """As a store that is opened only to read. `records`: of all topics; `unread`: of them events that the worker had
    not read; `refused`, `duplicates`: of those it had. `guessed`: events whose order among the topics is in no note.
    `altered`: places of events that are not those that came in, or are gone; `holes`: places of intake at which a
    record may be gone; `twice`: what was published more than once."""

    is_embedded: Final = True

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="santunan-topics-"))
        self._file = self._folder / _FILE
        self._written = sqlite3.connect(self._file, isolation_level=None)
        self._written.executescript(_PRAGMAS)
        engine = sqlite_engine(self._file)
        for table in (log, ledger, decisions, payouts):
            table.create(engine)
        engine.dispose()
        self._written.executescript(rows.TABLES)
        self._store = ReadOnlyStore(sqlite_engine(self._file, is_read_only=True), is_embedded=True)
        self.engine = self._store.engine
        self.records = self.unread = self.refused = self.duplicates = self.guessed = self.holes = 0
        self.altered: tuple[str, ...] = ()
        self.twice: tuple[DecisionDifference, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._store.close()
        self._written.close()
        shutil.rmtree(self._folder)

    def reader(self) -> AbstractContextManager[Connection]:
        return self._store.reader()

    def checkpoints(self) -> Iterator[str]:
        """Notes of `heads` in the topic of checkpoints, in no order, whoever signed them; where the topic was there."""
        for key, value in self._written.execute(_CHECKPOINTS, (topics.CHECKPOINTS,)):
            if bytes(key or b"").endswith(_HEADS):
                yield bytes(value).decode("utf-8", "replace")

    def fill(self, records: Iterable[TopicRecord], on_progress: Callable[[int], None] | None = None) -> None:
        """Take the records of all topics, each partition in its order."""
        self._written.execute("BEGIN")
        for page in history.pages(records):
            self._written.executemany(
                insert_sql(log), (_log_row(self.records + at, one) for at, one in enumerate(page))
            )
            self.records += len(page)
            if on_progress is not None:
                on_progress(len(page))
        self._written.execute("COMMIT")

    def arrange(
        self, ends: Mapping[Place, int], *, is_in_order: bool, bounds: Mapping[Place, tuple[int, int]] | None = None
    ) -> None:
        """Make a history of what was taken. `ends`: the offset up to which each place was read by the worker; of others
        all was. `is_in_order`: the records came in the one order of all topics, and no offset is ever left out.
        `bounds`: where each place begins and ends; None: in order, at its first and its last record; else not known."""
        file = self._written
        file.execute("BEGIN")
        twice = rows.note_outputs(file)
        self.twice = tuple(DecisionDifference(*name, "published more than once", "once", 0) for name in twice)
        self.unread, self.guessed = arrange(file, ends, is_in_order=is_in_order)
        taken = rows.note_events(file)
        self.refused, self.duplicates = taken.refused, taken.duplicates
        bounds = rows.bounds(file) if is_in_order and bounds is None else bounds
        cut_off = () if bounds is None else tuple(rows.cut_off(bounds, ends))
        gaps, holes = tuple(rows.gaps(file)), tuple(rows.holes(file, of=topics.ALL if is_in_order else topics.INTAKE))
        self.altered = (*cut_off, *gaps, *(holes if is_in_order else ()), *taken.altered)
        self.holes = 0 if is_in_order else len(holes)
        file.execute("COMMIT")


def _log_row(seq: int, one: TopicRecord) -> tuple[Any, ...]:
    """Of the headers one is kept: what changes the clock of an event of history, or says when a chunk was processed."""
    record = one.record
    wanted = RECEIVED_AT if one.topic in topics.INTAKE else HEADER
    headers = next((value.decode("ascii", "replace") for name, value in record.headers if name == wanted), None)
    return seq, one.topic, one.partition, record.offset, record.timestamp_ms, record.key, record.value, headers


_PRAGMAS: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
"""
