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

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    bindparam,
    func,
    select,
)  # fmt: skip

from pipeline import ports
from pipeline.ports import Effects, Place
from pipeline.store import log, rows
from pipeline.store.engines import sqlite_engine, sqlite_transient
from pipeline.store.tables import chunks, ledger, paid_lines, positions
from pipeline.store.tables import log as log_table
from pipeline.store.unit_of_work import UnitOfWork
from schemas import topics


class SqliteUnitOfWork(UnitOfWork):
    keeps_raw: ClassVar[bool] = False

    @classmethod
    def among(cls, column: Column[Any], name: str) -> ColumnElement[bool]:
        return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))

    def as_list(self, values: Iterable[str]) -> str:
        return orjson.dumps(list(values)).decode()

    @classmethod
    def pairs(cls) -> tuple[FromClause, ColumnElement[str], ColumnElement[str]]:
        table = func.json_each(bindparam("pairs")).table_valued("value").alias("pairs")
        return table, func.json_extract(table.c.value, "$[0]"), func.json_extract(table.c.value, "$[1]")

    def as_pairs(self, values: Sequence[tuple[str, str]]) -> dict[str, Any]:
        return {"pairs": orjson.dumps(values).decode()}

    def insert(self, table: Table, new: Sequence[rows.Row]) -> None:
        if new:
            self.connection.exec_driver_sql(insert_sql(table), list(new))

    def replace(self, table: Table, key: str, changed: Sequence[rows.Row]) -> None:
        """One writer: nobody can have come between, so that a version that does not fit is a bug."""
        if not changed:
            return
        place = list(table.columns).index(table.c[key])
        parameters = [(*row[:-1], row[place], row[-1]) for row in changed]
        result = self.connection.exec_driver_sql(_replace_sql(table, key), parameters)
        assert result.rowcount == len(changed), f"a row of {table.name} was not at the version it was read at"

    def delete_paid_lines(self, lines: Sequence[rows.Row]) -> None:
        if lines:
            self.connection.exec_driver_sql(_delete_sql(paid_lines), list(lines))

    def events(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        statement = (
            select(ledger.c.claim_id, ledger.c.clock, func.coalesce(ledger.c.raw, log_table.c.value))
            .outerjoin(log_table, log.is_input_of(ledger))
            .where(self.among(ledger.c.claim_id, "claims"))
            .order_by(ledger.c.claim_id, ledger.c.seq)
        )
        return self.execute(statement, claims=self.as_list(claim_ids))

    def lock_persons(self, persons: Sequence[str]) -> bool:
        return False

    def lock_positions(self, group: str, partitions: Collection[int]) -> dict[Place, int]:
        found = dict.fromkeys(product(topics.INTAKE, partitions), 0)  # of the embedded log nothing is ever removed
        statement = select(positions.c.topic, positions.c.partition, positions.c.next)
        for topic, partition, position in self.execute(statement.where(positions.c.group_name == group)):
            found[topic, partition] = position
        return found

    def next_chunk_ids(self, count: int) -> Sequence[int]:
        first = (self.connection.execute(select(func.max(chunks.c.id))).scalar() or 0) + 1
        return range(first, first + count)

    def publish(self, turn: Sequence[Effects]) -> Iterable[int]:
        places, _ = log.append(self.connection, [message for effects in turn for _, message in effects.outputs])
        return places

    def move_positions(self, group: str, ends: Mapping[Place, int]) -> None:
        moved = [(group, topic, partition, end, end) for (topic, partition), end in ends.items()]
        self.connection.exec_driver_sql(_MOVE_POSITION, moved)


class SqliteStore(ports.Store):
    is_embedded: ClassVar[bool] = True

    def __init__(self, file: Path, *, is_read_only: bool = False) -> None:
        self.file = file
        self._is_read_only = is_read_only
        self.engine = sqlite_engine(file, is_read_only=is_read_only)

    def unit_of_work(self) -> SqliteUnitOfWork:
        return SqliteUnitOfWork(self.engine, sqlite_transient)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection that cannot write; each query sees the last commit."""
        engine = self.engine if self._is_read_only else sqlite_engine(self.file, is_read_only=True)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            if engine is not self.engine:
                engine.dispose()

    def close(self) -> None:
        self.engine.dispose()


def _quoted(table: Table) -> list[str]:
    return [f'"{one.name}"' for one in table.columns]


def insert_sql(table: Table) -> str:
    names = _quoted(table)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _replace_sql(table: Table, key: str) -> str:
    changes = ", ".join(f"{name} = ?" for name in _quoted(table))
    return f'UPDATE {table.name} SET {changes} WHERE "{key}" = ? AND version = ?'  # noqa: S608


def _delete_sql(table: Table) -> str:
    return f"DELETE FROM {table.name} WHERE {' AND '.join(f'{name} = ?' for name in _quoted(table))}"  # noqa: S608


_MOVE_POSITION: Final = insert_sql(positions) + (
    ' ON CONFLICT (group_name, topic, "partition") DO UPDATE SET "next" = excluded."next", '
    "published = excluded.published"
)
