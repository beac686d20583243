"""Connections: one engine a store, with every setting that durability and patience depend on spelled out.

Parameters are hidden from the texts of errors, for a NIK is among them. Also says which failures pass by themselves.
Never imports Faust or Kafka; psycopg only where it is used.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from pipeline.errors import NotReady, Transient
from pipeline.nik_key import NikKey
from pipeline.store.nik_columns import use_key

BUSY_SECONDS: Final = 20  # how long a writer waits for the lock; a chunk takes well under one
_CACHE_KIBIBYTES: Final = 64 * 1024
_CHECKPOINT_PAGES: Final = 8192  # 32 MiB between checkpoints: a page that is written often goes to the file once
CONNECT_SECONDS: Final = 5
IDLE_SECONDS: Final = 8  # a stopped worker's locks are gone after this, before its successor gives up
_SESSION: Final = {
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "synchronous_commit": "on",  # a commit is on the disk when it returns, whatever the server's default
}
# A worker asks by key alone. The planner knows nothing of a table that is new or has grown fast, and would scan it for
# each chunk (docs/performance.md).
_WORKER: Final = {"enable_seqscan": "off"}
_DISK_FULL: Final = "53100"
# What does not pass, by class or state of SQLSTATE; all others do, and those that nobody thought of: a statement that
# was cancelled, a standby that became the server, a server that ends. A person must look: the password, a database or
# schema that is not there, tables and rights that are not ours, the server's own settings, a damaged page.
_NEEDS_PERSON: Final = ("28", "3D", "3F", "42", "F0", "XX001", "XX002")
# A bug, of one event perhaps: wrong data or statement, or a transaction that is used wrongly.
_BUGS: Final = ("0A", "21", "22", "23", "24", "25", "26", "2B", "2D", "2F", "34", "38", "39", "3B", "44", "54", "P0")
_PASSING: Final = ("25006", "25P03", "25P04")  # but: the server only reads now, a transaction idled or took too long
_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
# Of SQLite, too, what does not pass. SQLITE_IOERR does: a disk or a share that is away for a moment says so, and a disk
# that is broken keeps the worker away with 75, in the log each time; nothing is stored meanwhile.
_SQLITE_BUGS: Final = (
    "SQLITE_ERROR",
    "SQLITE_INTERNAL",
    "SQLITE_CONSTRAINT",
    "SQLITE_MISMATCH",
    "SQLITE_MISUSE",
    "SQLITE_RANGE",
    "SQLITE_TOOBIG",
    "SQLITE_AUTH",
    "SQLITE_NOTFOUND",
)


def sqlite_engine(file: Path, *, is_read_only: bool = False, nik_key: NikKey | None = None) -> Engine:
    """The file must exist. A reader runs each query by itself: none holds a snapshot, or a checkpoint, back."""
    query = {"uri": "true", "mode": "ro" if is_read_only else "rw"}
    if is_read_only and _is_kept_as_it_is(file):
        query["immutable"] = "1"
    url = URL.create("sqlite", database=f"file:{quote(str(file))}", query=query)
    options = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url, connect_args=options, pool_size=2, max_overflow=2, hide_parameters=True)
    use_key(engine, nik_key)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and late: `_begin` says when
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute("PRAGMA temp_store = MEMORY")
        if is_read_only:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not is_read_only:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _is_kept_as_it_is(file: Path) -> bool:
    """Whether the file is a copy in a read-only folder, which has no writer: SQLite cannot make the index of the WAL
    there and would refuse to read it. With that index, or with a WAL that holds pages, it is read as any other."""
    beside = Path(f"{file}-wal")
    if Path(f"{file}-shm").exists() or (beside.exists() and beside.stat().st_size > 0):
        return False
    return not os.access(file.parent, os.W_OK)


def sqlite_refusal(error: BaseException) -> NotReady | None:
    """The sentence to end with, where SQLite can do nothing with this file, now or later; else None."""
    name, said = _cause(error)
    if name.startswith(_DAMAGE):
        return NotReady(
            f"the database file is damaged (SQLite says: {said}); stop its worker, set the file aside, and put a "
            "backup in its place, or set database_url to another file"
        )
    if name.startswith("SQLITE_READONLY"):
        return NotReady(
            f"the database file cannot be written (SQLite says: {said}); check its owner and its permissions"
        )
    return None


def sqlite_transient(error: BaseException) -> Transient | None:
    """The sentence to give up with, where the same transaction may succeed later; else None. Raises NotReady where
    it never will."""
    if (refusal := sqlite_refusal(error)) is not None:
        raise refusal from None
    name, _ = _cause(error)
    if not name or name.startswith(_SQLITE_BUGS):
        return None
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):
        return Transient("the disk is full: nothing was stored; make room, and it goes on by itself")
    return Transient(f"the database file cannot be used now ({name})")


def _cause(error: BaseException) -> tuple[str, str]:
    """What SQLite calls it and says of it; nothing where the error is not SQLite's."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return "", ""
    return getattr(cause, "sqlite_errorname", None) or "", first_line(cause)


@contextmanager
def translate_sqlite_errors() -> Iterator[None]:
    """For reading: turns the errors of SQLite into Transient or NotReady, where a person can do something."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        if (transient := sqlite_transient(error)) is None:
            raise
        raise transient from None


def postgresql_engine(url: str, *, is_read_only: bool = False, nik_key: NikKey | None = None) -> Engine:
    """Connects on first use. `url` is SQLAlchemy's, with or without the name of the driver."""
    session = _SESSION | ({"default_transaction_read_only": "on"} if is_read_only else _WORKER)
    isolation = "AUTOCOMMIT" if is_read_only else "READ COMMITTED"  # a reader holds no snapshot between two queries
    options = {
        "application_name": "santunan",
        "connect_timeout": CONNECT_SECONDS,
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        "tcp_user_timeout": IDLE_SECONDS * 1000,  # a server that vanished is noticed before its locks are missed
        "keepalives_idle": IDLE_SECONDS,
    }
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        connect_args=options,
        isolation_level=isolation,
        pool_size=8,  # as many as a gateway has threads: what is above it connects anew for each query
        max_overflow=4,
        hide_parameters=True,
    )
    use_key(engine, nik_key)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        from psycopg.types.string import BytesBinaryDumper

        # The one that psycopg takes for a column of bytes else asks each value, in Python, whether it is a `Binary`.
        connection.adapters.register_dumper(bytes, BytesBinaryDumper)

    return engine


def postgresql_transient(error: BaseException) -> Transient | None:
    """The sentence to give up with, where the same transaction may succeed later; else None. Raises NotReady where a
    person must look."""
    import psycopg

    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state is None:  # no answer from a server: the connection was lost, or never made
        is_connection = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        return Transient(f"the database does not answer: {first_line(cause)}") if is_connection else None
    if state == _DISK_FULL:
        return Transient("the disk of the database is full: nothing was stored; make room, and it goes on by itself")
    if state not in _PASSING:
        if state.startswith(_NEEDS_PERSON):
            raise NotReady(
                f"the database refuses ({state}): {first_line(cause)}; ask its administrator, and compare with "
                "`santunan doctor`"
            ) from None
        if state.startswith(_BUGS):
            return None
    return Transient(f"the database asks to try again ({state}): {first_line(cause)}")


def first_line(error: BaseException) -> str:
    """What a driver says, without details: the lines below may repeat values."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
