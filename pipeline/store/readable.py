"""A store as its readers see it: both stores are one, whether they were opened to write or only to read.

Apart from `processing.ports.Store`, which the processor writes through and which knows no SQLAlchemy.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Readable(Protocol):
    """`is_embedded`: the log is in the store, so that the published bytes are in `log`, else in `outputs`."""

    @property
    def is_embedded(self) -> bool: ...

    def reader(self) -> AbstractContextManager[Connection]:
        """A connection that cannot write; each query sees the last commit. Raises NotReady, Transient."""

    def close(self) -> None: ...
