"""A store as its readers see it: both stores are one, whether they were opened to write or only to read.

Apart from `processing.ports.Store`, which the processor writes through and which knows no SQLAlchemy. Never imports
the desk: a command that only reads starts in half the time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, Select

from pipeline.store.engines import postgresql_engine, sqlite_engine, translate_sqlite_errors


class Readable(Protocol):
    """`is_embedded`: the log is in the store, so that the published bytes are in `log`, else in `outputs`."""

    @property
    def is_embedded(self) -> bool: ...

    def reader(self) -> AbstractContextManager[Connection]:
        """A connection that cannot write; each query sees the last commit. Raises NotReady, Transient."""

    def close(self) -> None: ...


class ReadOnlyStore:
    """A store opened only to read. `engine`: its connections cannot write."""

    def __init__(self, engine: Engine, *, is_embedded: bool) -> None:
        self.engine = engine
        self.is_embedded = is_embedded

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        with translate_sqlite_errors() if self.is_embedded else nullcontext(), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


class Address(NamedTuple):
    """Where a store is, for a process of its own: a file, or the URL of a server with its password."""

    file: Path | None
    url: str


def address_of(store: Any) -> Address:
    """Of a store that is open."""
    url: URL = store.engine.url
    if store.is_embedded:
        return Address(Path(unquote(str(url.database).removeprefix("file:"))), "")
    return Address(None, url.render_as_string(hide_password=False))


def opened(address: Address) -> ReadOnlyStore:
    """The same store, on connections of its own that cannot write."""
    if address.file is not None:
        return ReadOnlyStore(sqlite_engine(address.file, is_read_only=True), is_embedded=True)
    return ReadOnlyStore(postgresql_engine(address.url, is_read_only=True), is_embedded=False)


class QuickReader:
    """Asks an embedded file the same few statements again and again, on a connection that is kept; for one thread.

    A transaction a query, so each sees the last commit. 15 µs, where SQLAlchemy and its pool take 90.
    """

    def __init__(self, store: Readable) -> None:
        assert store.is_embedded, "a server may let it wait, or end the connection"
        self._store = store
        self._kept = ExitStack()
        self._ways: dict[Select[Any], Callable[[Mapping[str, Any]], Any]] = {}

    def first(self, statement: Select[Any], values: Mapping[str, Any]) -> Any:
        """The first row as a plain tuple, of types that SQLite has; None: there is none. Raises NotReady, Transient."""
        with translate_sqlite_errors():
            return (self._ways.get(statement) or self._way(statement))(values)

    def _way(self, statement: Select[Any]) -> Callable[[Mapping[str, Any]], Any]:
        connection = self._kept.enter_context(self._store.reader())
        driver: Any = connection.connection.driver_connection
        compiled: Any = statement.compile(dialect=connection.dialect)
        text, names = str(compiled), compiled.positiontup
        self._ways[statement] = lambda values: driver.execute(text, [values[name] for name in names]).fetchone()
        return self._ways[statement]

    def close(self) -> None:
        self._kept.close()
