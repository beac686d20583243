"""Opening a store, or one clear sentence why it cannot be opened.

An embedded file is made, and brought up to this version, when a worker or a submitter opens it. A PostgreSQL schema
changes only when an operator says so (`santunan migrate`), since several workers share it.
Never imports Faust or Kafka; psycopg only where PostgreSQL is asked for.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from pipeline.errors import NotReady
from pipeline.store import log, schema
from pipeline.store.engines import sqlite_engine, sqlite_transient
from pipeline.store.sqlite import SqliteStore
from pipeline.store.unit_of_work import Transaction
from schemas import topics

SQLITE: Final = "sqlite:///"
_HEADER: Final = b"SQLite format 3\0"


def open_store(url: str, *, partitions: int = 1) -> SqliteStore:
    """The store of a worker. `partitions`: of each topic of an embedded file that does not exist yet.

    Raises NotReady with one sentence that says what to do, or Transient where the server cannot be reached now.
    """
    return open_file(_file(url), partitions=partitions)


def open_file(file: Path, *, partitions: int = 1) -> SqliteStore:
    """The embedded store, made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with _only_one_at_a_time(file):
        if not file.exists() or file.stat().st_size == 0:
            _make(file)
        _refuse_other_files(file)
        store = SqliteStore(file)
        with Transaction(store.engine, sqlite_transient) as transaction:
            found = schema.revision_of(transaction.connection)
            if found is None or found < schema.HEAD:
                schema.upgrade(transaction.connection)
            else:
                schema.refuse_other_revision(found, str(file))
            log.create_topics(transaction.connection, topics.ALL, partitions)
            transaction.commit()
    return store


def open_reader(url: str) -> SqliteStore:
    """As `open_store`, on connections that cannot write. Nothing is made: NotReady where nothing is there."""
    file = _file(url)
    if not file.exists():
        raise NotReady(f"{file} does not exist, so nothing was submitted yet: `santunan submit` or `santunan run` makes it")
    _refuse_other_files(file)
    store = SqliteStore(file, is_read_only=True)
    with store.engine.connect() as connection:
        schema.refuse_other_revision(schema.revision_of(connection), str(file))
    return store


def _file(url: str) -> Path:
    if not url.startswith(SQLITE):
        raise NotReady(f"a store begins with {SQLITE} or postgresql://; set database_url to one of them")
    return Path(url.removeprefix(SQLITE))


def _refuse_other_files(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            header = stream.read(len(_HEADER))
    except OSError as error:
        raise NotReady(f"{file} cannot be read: {error.strerror}; check its owner and its permissions") from None
    if header != _HEADER:
        raise NotReady(f"{file} is no SQLite database; set database_url to another file")


def _make(file: Path) -> None:
    """An empty database in WAL mode, which stands in its header: every process that opens it follows."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)  # it holds personal data: the owner's alone
        os.close(descriptor)
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
    except (OSError, sqlite3.Error) as error:
        raise NotReady(f"{file} cannot be made ({error}); set database_url to a place that can be written") from None


@contextmanager
def _only_one_at_a_time(file: Path) -> Iterator[None]:
    """Two processes that find no tables must not both make them."""
    handle = os.open(f"{file}.opening", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


__all__ = ["DBAPIError", "open_file", "open_reader", "open_store", "sqlite_engine"]
