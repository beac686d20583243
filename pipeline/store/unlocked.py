"""Reads for a desk that decides without storing: no lock is taken, nothing can be written, and all is of one moment.

For previews. Never imports Faust or Kafka; psycopg only where it is used.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from pipeline.claims.desk import Desk
from pipeline.claims.requirements import Requirements
from pipeline.store.loader import Loader
from pipeline.store.lookups import Concerned
from pipeline.store.readable import Readable
from pipeline.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from pipeline.processing.ports import LoadedDesk


def load_unlocked(store: Readable, desk: Desk, wanted: Iterable[tuple[int, Requirements]]) -> "LoadedDesk":
    """As the worker loads a batch. `wanted`: by partition. Raises NotReady, Transient."""
    with store.reader() as connection, _one_moment(connection, is_embedded=store.is_embedded):
        return Loader(desk, _reads(connection, is_embedded=store.is_embedded)).run(wanted)


@contextmanager
def _one_moment(connection: Connection, *, is_embedded: bool) -> Iterator[None]:
    """Connections that read run each query by itself; the case and its events must not be of two moments."""
    connection.exec_driver_sql("BEGIN" if is_embedded else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        connection.exec_driver_sql("ROLLBACK")


def _reads(connection: Connection, *, is_embedded: bool) -> UnitOfWork:
    if is_embedded:
        from pipeline.store.sqlite import SqliteUnitOfWork

        return SqliteUnitOfWork.over(connection)
    from pipeline.store.postgresql import PostgresqlUnitOfWork

    class Unlocked(PostgresqlUnitOfWork):
        def lock_and_read(
            self,
            persons: Sequence[str],
            days: Sequence[int],
            numbers: Sequence[str],
            niks: Sequence[str],
            claim_ids: Sequence[str],
        ) -> Concerned:
            return UnitOfWork.lock_and_read(self, persons, days, numbers, niks, claim_ids)

    return Unlocked.over(connection)
