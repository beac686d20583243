"""Opening a store, or one clear sentence why it cannot be opened.

An embedded file is made, and migrated to this version, when a worker or a submitter opens it. A PostgreSQL schema
changes only when an operator says so (`santunan migrate`), since several workers share it.
Never imports Faust or Kafka; psycopg only where PostgreSQL is asked for, the
writing half, and with it the desk, only where a store is opened to write.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from pipeline.errors import NotReady, Transient
from pipeline.nik_key import NikKey
from pipeline.private_files import close_to_others, make_folders, open_private, require_own
from pipeline.store import revisions
from pipeline.store.engines import (
    first_line,
    postgresql_engine,
    postgresql_transient,
    sqlite_engine,
    sqlite_transient,
    translate_sqlite_errors,
)
from pipeline.store.nik_note import NotedKey, note_key, noted_key, require_key
from pipeline.store.readable import Readable, ReadOnlyStore
from schemas import topics

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.store.postgresql import PostgresqlStore
    from pipeline.store.sqlite import SqliteStore

    _Opened = TypeVar("_Opened", PostgresqlStore, ReadOnlyStore)

SQLITE: Final = "sqlite:///"
_OPTIONS: Final = "correct what stands behind the ? in database_url"
_REFUSALS: Final = {
    "invalid connection option": f"it knows no such option; {_OPTIONS}",
    "invalid sslmode value": f"it knows no such sslmode; {_OPTIONS}",
    "root certificate file": f"the file of sslrootcert cannot be read; {_OPTIONS}",
    "password authentication failed": "wrong user or password; correct them in database_url",
    "no password supplied": "it asks for a password; put it into database_url",
    "does not exist": "it has no such database or user; create it, or correct database_url",
    "no pg_hba.conf entry": "it lets no such user in from here; see its pg_hba.conf",
    "permission denied": "the user may not use these tables; grant it, or use the user that ran `santunan migrate`",
}


def open_store(url: str, *, partitions: int = 1, nik_key: NikKey | None = None) -> "SqliteStore | PostgresqlStore":
    """The store of a worker. `partitions`: of each topic of an embedded file that does not exist yet. `nik_key`: the
    one that its NIKs are written with.

    Raises NotReady with one sentence that says what to do, or Transient where the server cannot be reached now.
    """
    if is_postgresql(url):
        _require_psycopg()
        from pipeline.store.postgresql import PostgresqlStore

        return _checked(url, lambda url: PostgresqlStore(url, nik_key), nik_key)
    return open_file(_file(url), partitions=partitions, nik_key=nik_key)


def open_reader(url: str, *, nik_key: NikKey | None = None) -> Readable:
    """As `open_store`, on connections that cannot write. Nothing is made: NotReady where nothing is there."""
    if is_postgresql(url):
        _require_psycopg()

        def opened(url: str) -> ReadOnlyStore:
            return ReadOnlyStore(postgresql_engine(url, is_read_only=True, nik_key=nik_key), is_embedded=False)

        return _checked(url, opened, nik_key)
    return _open_file_to_read(_file(url), nik_key)


def migrate(url: str, to: str = "head", *, nik_key: NikKey | None = None) -> str:
    """Bring the tables to a revision, up or down, in one transaction; returns the revision. `base`: no tables at all.
    `nik_key`: where there are no tables yet, NIKs will be written with it.

    Raises as `open_store`.
    """
    from pipeline.store.unit_of_work import Transaction

    if not is_postgresql(url):
        _opened_file(_file(url), 1, nik_key)[0].close()
    passes = postgresql_transient if is_postgresql(url) else sqlite_transient
    with opened_engine(url) as (engine, _), Transaction(engine, passes) as transaction:
        is_new = revisions.revision_of(transaction.connection) is None
        revisions.move(transaction.connection, to)
        if is_new and to == "head":
            note_key(transaction.connection, nik_key)
        transaction.commit()
    return revisions.HEAD if to == "head" else to


@contextmanager
def opened_engine(url: str) -> "Iterator[tuple[Engine, Path | None]]":
    """An engine that writes to what is there, whatever its revision and key; and the file of an embedded store."""
    if is_postgresql(url):
        _require_psycopg()
        with _ready(url):
            engine, file = postgresql_engine(url), None
    else:
        file = _file(url)
        if not file.exists():
            raise NotReady(f"{file} does not exist, so there is nothing to write anew")
        engine = sqlite_engine(file)
    try:
        with _ready(url):
            engine.connect().close()  # by itself, so that a wrong password is distinguished from a server that is away
        with _ready(url) if file is None else translate_sqlite_errors():
            yield engine, file
    finally:
        engine.dispose()


def is_postgresql(url: str) -> bool:
    return url.startswith(("postgresql:", "postgresql+psycopg:"))


def open_file(file: Path, *, partitions: int = 1, nik_key: NikKey | None = None) -> "SqliteStore":
    """The embedded store, made where it is missing."""
    store, noted = _opened_file(file, partitions, nik_key)
    try:
        require_key(noted, nik_key, str(file))
    except NotReady:
        store.close()
        raise
    return store


def _opened_file(file: Path, partitions: int, nik_key: NikKey | None) -> "tuple[SqliteStore, NotedKey]":
    """The store, and with which key its NIKs are written."""
    from pipeline.store.sqlite import SqliteStore

    make_folders(file.parent)
    with only_one_at_a_time(file):
        if not file.exists() or file.stat().st_size == 0:
            _make(file)
        for one in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            close_to_others(one)
        refuse_other_files(file)
        store = SqliteStore(file, nik_key)
        try:
            noted = _bring_up(store, partitions, nik_key)
        except BaseException:
            store.close()
            raise
    return store, noted


def _bring_up(store: "SqliteStore", partitions: int, nik_key: NikKey | None) -> NotedKey:
    from pipeline.store import embedded_log
    from pipeline.store.unit_of_work import Transaction

    with Transaction(store.engine, sqlite_transient) as transaction:
        found = revisions.revision_of(transaction.connection)
        if found is None and set(inspect(transaction.connection).get_table_names()) - {"alembic_version"}:
            raise NotReady(f"{store.file} is the database of another program; set database_url to another file")
        if found is None or found < revisions.HEAD:
            revisions.move(transaction.connection)
        else:
            revisions.refuse_other_revision(found, str(store.file))
        if found is None:
            note_key(transaction.connection, nik_key)
        noted = noted_key(transaction.connection)
        embedded_log.create_topics(transaction.connection, topics.ALL, partitions)
        embedded_log.draw_identity(transaction.connection)
        transaction.commit()
    return noted


def _open_file_to_read(file: Path, nik_key: NikKey | None) -> ReadOnlyStore:
    _wait_until_it_is_made(file)
    if not file.exists() or file.stat().st_size == 0:
        found = "is empty" if file.exists() else "does not exist"
        raise NotReady(f"{file} {found}, so nothing was submitted yet: `santunan submit` or `santunan run` makes it")
    require_own(file)
    refuse_other_files(file)
    store = ReadOnlyStore(sqlite_engine(file, is_read_only=True, nik_key=nik_key), is_embedded=True)
    try:
        with store.reader() as connection:
            revisions.refuse_other_revision(revisions.revision_of(connection), str(file))
            require_key(noted_key(connection), nik_key, str(file))
    except BaseException:
        store.close()
        raise
    return store


def _checked(url: str, open_it: "Callable[[str], _Opened]", nik_key: NikKey | None) -> "_Opened":
    """A store of PostgreSQL whose tables are those of this version, and whose NIKs are written with this key."""
    with _ready(url):
        store = open_it(url)
    try:
        with _ready(url), store.engine.connect() as connection:
            revisions.refuse_other_revision(revisions.revision_of(connection), _name(url))
            require_key(noted_key(connection), nik_key, _name(url))
    except BaseException:
        store.close()
        raise
    return store


def _require_psycopg() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise NotReady("PostgreSQL needs the package's extra: pip install 'santunan[postgresql]'") from None


@contextmanager
def _ready(url: str) -> Iterator[None]:
    """Says in one sentence why a PostgreSQL server does not let us in."""
    try:
        yield
    except ArgumentError:
        raise NotReady(f"{_name(url)}: its options cannot be read; {_OPTIONS}") from None
    except DBAPIError as error:
        said = first_line(error.orig) if error.orig is not None else ""
        for sign, advice in _REFUSALS.items():
            if sign in said:
                raise NotReady(f"{_name(url)}: {advice}") from None
        if error.connection_invalidated or isinstance(error, OperationalError):
            raise Transient(f"{_name(url)} cannot be reached: {said}; start it, or correct database_url") from None
        raise


def _name(url: str) -> str:
    """The database without its password."""
    parts = make_url(url)
    return f"database {parts.database or parts.username} on {parts.host or 'this machine'}:{parts.port or 5432}"


def _file(url: str) -> Path:
    if not url.startswith(SQLITE):
        raise NotReady(f"a store begins with {SQLITE} or postgresql://; set database_url to one of them")
    return Path(url.removeprefix(SQLITE))


def refuse_other_files(file: Path) -> None:
    """Asks SQLite alone: whoever else opens the file and closes it takes away all locks that this process has on it,
    and another process would think that nobody uses it, and delete its log (sqlite.org/howtocorrupt.html, 2.2)."""
    uri = f"file:{quote(str(file))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname == "SQLITE_NOTADB":
            raise NotReady(f"{file} is no SQLite database; set database_url to another file") from None
        if error.sqlite_errorname.startswith("SQLITE_CANTOPEN"):
            why = os.strerror(errno.EISDIR if file.is_dir() else errno.EACCES)
            raise NotReady(f"{file} cannot be read: {why}; check its owner and its permissions") from None
        return  # damage is reported where the file is read


def _make(file: Path) -> None:
    """An empty database in WAL mode, which its header records: every process that opens it follows."""
    try:
        os.close(open_private(file, os.O_RDWR | os.O_CREAT))
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
    except (OSError, sqlite3.Error) as error:
        raise NotReady(f"{file} cannot be made ({error}); set database_url to a place that can be written") from None


def _wait_until_it_is_made(file: Path) -> None:
    """A reader that comes while another process makes the tables must not find none."""
    try:
        handle = os.open(f"{file}.opening", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # it was not made here: it is a copy, or belongs to another user
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


@contextmanager
def only_one_at_a_time(file: Path) -> Iterator[None]:
    """Two processes that find no tables must not both make them."""
    handle = open_private(f"{file}.opening", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
