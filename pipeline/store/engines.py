"""Connections: one engine a store, with every setting that durability and patience depend on spelled out.

Also says which failures pass by themselves (Transient). Never imports Faust or Kafka; psycopg only where it is used.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from pipeline.errors import Transient

BUSY_SECONDS: Final = 20  # how long a writer waits for its turn; a chunk takes well under one
_CACHE_KIBIBYTES: Final = 64 * 1024
_CHECKPOINT_PAGES: Final = 8192  # 32 MiB between checkpoints: a page that is written often goes to the file once
_PASSES: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL")


def sqlite_engine(file: Path, *, is_read_only: bool = False) -> Engine:
    """The file must exist. A reader runs each query by itself: none holds a snapshot, or a checkpoint, back."""
    url = f"sqlite:///file:{file}?mode={'ro' if is_read_only else 'rw'}&uri=true"
    options = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url, connect_args=options, pool_size=2, max_overflow=2)

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


def sqlite_transient(error: BaseException) -> Transient | None:
    """The sentence to give up with, where the same transaction may succeed later; else None."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return None
    name: str = getattr(cause, "sqlite_errorname", None) or ""
    if not name.startswith(_PASSES):
        return None
    if name.startswith("SQLITE_FULL"):
        return Transient("the disk is full: nothing was stored; make room, and it goes on by itself")
    return Transient(f"the database file cannot be used now ({name})")


__all__ = ["URL", "sqlite_engine", "sqlite_transient"]
