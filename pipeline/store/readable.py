"""A store as its readers see it: both stores are one, whether they were opened to write or only to read.

Apart from `processing.ports.Store`, which the processor writes through and which knows no SQLAlchemy. Never imports
the desk: a command that only reads starts in half the time.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from sqlalchemy import Connection, Engine

from pipeline.store.engines import translate_sqlite_errors


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
