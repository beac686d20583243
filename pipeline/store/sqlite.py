"""The embedded store: one SQLite file that holds the log as well, so that one transaction holds input position,
effects and outputs.

WAL and `synchronous=FULL`: a commit is on the disk when it returns. Writers take turns (BEGIN IMMEDIATE); readers
see the last commit and hold no snapshot longer than one query. Never imports Faust or Kafka.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Table

from pipeline.messages.intake import Identity
from pipeline.nik_key import NikKey
from pipeline.processing import ports
from pipeline.processing.ports import Effects, Place
from pipeline.store import embedded_log, rows
from pipeline.store.engines import sqlite_engine, sqlite_transient, translate_sqlite_errors
from pipeline.store.tables import paid_lines, positions
from pipeline.store.unit_of_work import UnitOfWork, as_list, digests_of
from schemas import topics


class SqliteUnitOfWork(UnitOfWork):
    keeps_raw: ClassVar[bool] = False

    among: ClassVar[str] = "IN (SELECT value FROM json_each(?))"
    sources_in_ledger: ClassVar[str] = (
        "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM ledger WHERE source = value)"
    )
    ends_of_trees: ClassVar[str] = (
        'SELECT tree, "next", frontier FROM json_each(?) AS one JOIN ledger_leaves ON tree = one.value '
        'AND "first" = (SELECT max("first") FROM ledger_leaves WHERE tree = one.value)'
    )
    known_events: ClassVar[str] = (
        "SELECT source, event_id, digest FROM json_each(?) AS one "
        "JOIN ledger ON source = json_extract(one.value, '$[0]') AND event_id = json_extract(one.value, '$[1]')"
    )

    def insert(self, table: Table, new: Sequence[rows.Row]) -> None:
        embedded_log.insert_rows(self.driver, table, new)

    def replace(self, table: Table, key: str, changed: Sequence[rows.Row]) -> None:
        """One writer: no other can have come between, so a version that does not fit is a bug."""
        if not changed:
            return
        place = list(table.columns).index(table.c[key])
        parameters = [(*row[:-1], row[place], row[-1]) for row in changed]
        result = self.driver.executemany(_replace_sql(table, key), parameters)
        assert result.rowcount == len(changed), f"a row of {table.name} was not at the version it was read at"

    def delete_paid_lines(self, lines: Sequence[rows.Row]) -> None:
        if lines:
            self.driver.executemany(_delete_sql(paid_lines), lines)

    def events(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        return self.ask(_EVENTS, as_list(claim_ids))

    def begin(
        self, group: str, partitions: Collection[int], identities: Sequence[Identity]
    ) -> tuple[dict[Place, int], dict[Identity, bytes]]:
        found = dict.fromkeys(product(topics.INTAKE, partitions), 0)  # of the embedded log nothing is ever removed
        for topic, partition, position in self.ask(_POSITIONS, group):
            found[topic, partition] = position
        self._note_trees(self.ask(self.ends_of_trees, as_list(map(str, partitions))))
        return found, digests_of(self.ask(self.known_events, as_list(identities)))

    def next_chunk_ids(self, count: int) -> Sequence[int]:
        [(last,)] = self.ask("SELECT max(id) FROM chunks")
        first = (last or 0) + 1
        return range(first, first + count)

    def publish(self, batch: Sequence[Effects]) -> Iterable[int]:
        places, _ = embedded_log.append(self.driver, [message for effects in batch for _, message in effects.outputs])
        return places

    def move_positions(self, group: str, ends: Mapping[Place, int]) -> None:
        moved = [(group, topic, partition, end, end) for (topic, partition), end in ends.items()]
        self.driver.executemany(_MOVE_POSITION, moved)


class SqliteStore(ports.Store):
    is_embedded: ClassVar[bool] = True

    def __init__(self, file: Path, nik_key: NikKey | None = None) -> None:
        self.file = file
        self._nik_key = nik_key
        self.engine = sqlite_engine(file, nik_key=nik_key)

    def unit_of_work(self) -> SqliteUnitOfWork:
        return SqliteUnitOfWork(self.engine, sqlite_transient)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection that cannot write; each query sees the last commit. Raises NotReady, Transient."""
        engine = sqlite_engine(self.file, is_read_only=True, nik_key=self._nik_key)
        try:
            with translate_sqlite_errors(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def close(self) -> None:
        self.engine.dispose()


def _replace_sql(table: Table, key: str) -> str:
    changes = ", ".join(f'"{one.name}" = ?' for one in table.columns)
    return f'UPDATE {table.name} SET {changes} WHERE "{key}" = ? AND version = ?'  # noqa: S608


def _delete_sql(table: Table) -> str:
    return f"DELETE FROM {table.name} WHERE {' AND '.join(f'{one.name} = ?' for one in table.columns)}"  # noqa: S608


_POSITIONS: Final = 'SELECT topic, "partition", "next" FROM positions WHERE group_name = ?'
_EVENTS: Final = (
    "SELECT claim_id, clock, coalesce(raw, value) FROM ledger LEFT JOIN log "  # noqa: S608
    'ON log.topic = ledger.topic AND log."partition" = ledger."partition" AND log."offset" = ledger."offset" '
    f"WHERE claim_id {SqliteUnitOfWork.among} ORDER BY claim_id, ledger.seq"
)
_MOVE_POSITION: Final = embedded_log.insert_sql(positions) + (
    ' ON CONFLICT (group_name, topic, "partition") DO UPDATE SET "next" = excluded."next", '
    "published = excluded.published"
)
