"""The store for production: PostgreSQL through psycopg 3, several workers at once.

Rows of a large batch are written by binary COPY, all rows of a small one by one statement, as JSON: a COPY waits for
the server three times, however few rows it writes (docs/performance.md). Locks are
taken in sorted order. A worker that was stopped cannot hold them: the server ends a transaction that idles for eight
seconds. Never imports Faust or Kafka.
"""

import datetime as dt
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Final

import orjson
from psycopg import errors
from psycopg.postgres import types as known_types
from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, SmallInteger, Table, Text

from pipeline.claims.desk import Desk
from pipeline.claims.requirements import Requirements
from pipeline.errors import Transient
from pipeline.messages.intake import Identity
from pipeline.nik_key import NikKey
from pipeline.processing import ports
from pipeline.processing.ports import Effects, LoadedDesk, Place
from pipeline.store import rows, tables
from pipeline.store.engines import IDLE_SECONDS, postgresql_engine, postgresql_transient
from pipeline.store.ledger_tables import ledger_leaves
from pipeline.store.lookups import Concerned
from pipeline.store.nik_columns import Nik
from pipeline.store.unit_of_work import Statement, UnitOfWork, as_list, digests_of, quoted
from schemas import topics

MANY_CASES: Final = 4_000
CASES_A_SECOND: Final = 1_000  # decided by a slow machine
SMALL_BATCH: Final = 24  # events or claims: from about here on, waiting costs less than taking rows out of JSON

_TYPES: Final[dict[type, str]] = {
    BigInteger: "int8",
    Integer: "int4",
    SmallInteger: "int2",
    Boolean: "bool",
    Text: "text",
    Nik: "text",
    LargeBinary: "bytea",
}
_INSERTED: Final = (
    tables.ledger,
    tables.members,
    tables.member_months,
    tables.cases,
    tables.paid_lines,
    tables.outputs,
    tables.decisions,
    tables.payouts,
    tables.dead_letters,
    tables.chunks,
    ledger_leaves,
)


class PostgresqlUnitOfWork(UnitOfWork):
    keeps_raw: ClassVar[bool] = True

    among: ClassVar[str] = "= ANY (ARRAY(SELECT json_array_elements_text(%s::json)))"
    sources_in_ledger: ClassVar[str] = (
        "SELECT one FROM json_array_elements_text(%s::json) AS one WHERE EXISTS "
        "(SELECT 1 FROM ledger WHERE source = one)"
    )
    ends_of_trees: ClassVar[str] = (
        "SELECT ending.* FROM json_array_elements_text(%s::json) AS one CROSS JOIN LATERAL (SELECT tree, "
        'ledger_leaves."next", frontier FROM ledger_leaves WHERE tree = one ORDER BY ledger_leaves."first" DESC '
        "LIMIT 1) AS ending"
    )
    # One look into the index each, whatever the planner knows of the table: it cannot flatten a LIMIT.
    known_events: ClassVar[str] = (
        "SELECT known.* FROM json_array_elements(%s::json) AS one CROSS JOIN LATERAL (SELECT source, event_id, digest "
        "FROM ledger WHERE source = one->>0 AND event_id = one->>1 LIMIT 1) AS known"
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._is_small = False
        self._has_savepoint = False
        self._small: dict[str, Sequence[rows.Row]] = {}  # of a small batch, all that is written
        self._moved: Statement = ()
        self._leaves: Sequence[rows.Row] = ()

    # --- locks

    def begin(
        self, group: str, partitions: Collection[int], identities: Sequence[Identity]
    ) -> tuple[dict[Place, int], dict[Identity, bytes]]:
        locked = sorted(set(partitions))
        asked = (
            (_LOCK_POSITIONS, group, as_list(locked)),
            (self.known_events, as_list(identities)),
            (self.ends_of_trees, as_list(map(str, locked))),
        )
        found, known, trees = self.ask_together(*asked)
        if len(found) < len(topics.INTAKE) * len(locked):
            # The first chunk of a partition: every topic's row, so that the gate is the same rows for all workers.
            new = [(group, name, partition, None, None) for partition in locked for name in sorted(topics.INTAKE)]
            with self.driver.cursor() as cursor:
                cursor.executemany(_INSERT_POSITION, new)
            found, known, trees = self.ask_together(*asked)
        self._note_trees(trees)
        positions = {(topic, partition): position for topic, partition, position in found if position is not None}
        return positions, digests_of(known)

    def lock_and_read(
        self,
        persons: Sequence[str],
        days: Sequence[int],
        numbers: Sequence[str],
        niks: Sequence[str],
        claim_ids: Sequence[str],
    ) -> Concerned:
        asked: list[Statement] = list(self._about(persons, numbers, niks, claim_ids))
        with self.driver.pipeline():
            if persons:
                self._release_persons()
                wanted = self._as_stored(persons)
                asked[:0] = (_SHARE_DAY, as_list(days)), (_MAKE_PERSONS, wanted), (_LOCK_PERSONS, wanted)
            *_, memberships, of_them, lines = self.ask_together(*asked)
        return self._concerned(memberships, of_them, lines)

    def _release_persons(self) -> None:
        """Locks are taken in sorted order, so a person who turns out to be concerned after others were locked would
        come too late: two such batches would wait for each other. A savepoint lets the first locks go again."""
        self.driver.execute("ROLLBACK TO SAVEPOINT persons" if self._has_savepoint else "SAVEPOINT persons")
        self._has_savepoint = True

    def next_chunk_ids(self, count: int) -> Sequence[int]:
        return [chunk_id for (chunk_id,) in self.ask(_NEXT_CHUNK_IDS, count)]

    # --- reads

    def ask_together(self, *asked: Statement) -> list[list[Any]]:
        with self.driver.pipeline():
            cursors = [self.driver.execute(statement, parameters) for statement, *parameters in asked]
        return [cursor.fetchall() for cursor in cursors]

    def cases_due(self, partition: int, day: dt.date) -> Sequence[Any]:
        self.driver.execute(_HOLD_DAYS)
        self.driver.execute(_HOLD_DAY, (partition,))
        return super().cases_due(partition, day)

    def events(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        return self.ask(_EVENTS, as_list(claim_ids))

    def load(self, desk: Desk, wanted: Iterable[tuple[int, Requirements]]) -> LoadedDesk:
        wanted = list(wanted)
        loaded = super().load(desk, wanted)
        cases, claims = len(desk.cases), desk.claims_by_name
        for _, requirements in wanted:
            if requirements.needs_cases_of_members:  # each is decided as it was without the fact, and as it is with it
                cases += 2 * sum([len(claims.get(one, ())) for one in requirements.member_numbers | requirements.niks])
        if cases > MANY_CASES:  # to decide them takes longer than the server lets a transaction idle
            seconds = IDLE_SECONDS + cases // CASES_A_SECOND
            self.driver.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{seconds}s'")
        return loaded

    # --- writes

    def write(self, group: str, loaded: LoadedDesk, batch: Sequence[Effects]) -> None:
        events = sum(one.account.accepted + one.account.refused for one in batch)
        self._is_small = max(events, len(loaded.desk.changed_cases)) <= SMALL_BATCH  # a day that passed wakes thousands
        try:
            super().write(group, loaded, batch)
            if self._is_small:
                self._write_at_once()
        except errors.UniqueViolation as error:
            if error.diag.table_name in (tables.paid_lines.name, tables.outputs.name):
                raise  # the rules paid something twice: not a matter of who came first
            raise Transient(f"another worker has stored the same rows of {error.diag.table_name} meanwhile") from error

    def insert(self, table: Table, new: Sequence[rows.Row]) -> None:
        if self._is_small:
            self._small[str(table.name)] = new
        elif table is ledger_leaves:
            self._leaves = new  # few and large: with the positions, without a wait of their own
        elif new:
            self._copy(f"COPY {table.name} ({quoted(table)}) FROM STDIN (FORMAT BINARY)", _types(table), new)

    def replace(self, table: Table, key: str, changed: Sequence[rows.Row]) -> None:
        if self._is_small:
            self._small[f"changed_{table.name}"] = changed
        elif changed:
            incoming = f"incoming_{table.name}"
            self.driver.execute(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS AS "  # noqa: S608
                f"SELECT *, version AS read_at FROM {table.name} WITH NO DATA"
            )
            self._copy(f"COPY {incoming} FROM STDIN (FORMAT BINARY)", [*_types(table), _oid("int4")], changed)
            _require_all(table, self.driver.execute(_replace_sql(table, key, incoming)).rowcount, changed)

    def _write_at_once(self) -> None:
        written = orjson.dumps(self._small, default=lambda value: b64encode(value).decode()).decode()
        [found], _ = self.ask_together((_write_sql(), written), self._moved)
        for table, count in zip((tables.members, tables.cases), found, strict=True):
            _require_all(table, count, self._small[f"changed_{table.name}"])

    def _copy(self, statement: str, types: list[int], new: Sequence[rows.Row]) -> None:
        with self.driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in new:
                copy.write_row(row)

    def delete_paid_lines(self, lines: Sequence[rows.Row]) -> None:
        if lines:
            self.driver.execute(_DELETE_PAID_LINES, (as_list(lines),))

    def publish(self, batch: Sequence[Effects]) -> Iterable[int]:
        new = rows.output_rows(batch)
        self.insert(tables.outputs, new)
        return [row[0] for row in new]

    def move_positions(self, group: str, ends: Mapping[Place, int]) -> None:
        self._moved = _MOVE_POSITIONS, as_list([(*place, end) for place, end in ends.items()]), group
        if not self._is_small:
            columns = [list(column) for column in zip(*self._leaves, strict=True)] or [[]] * len(ledger_leaves.columns)
            self.ask_together(self._moved, (_INSERT_LEAVES, *columns))


class PostgresqlStore(ports.Store):
    is_embedded: ClassVar[bool] = False

    def __init__(self, url: str, nik_key: NikKey | None = None) -> None:
        self.engine = postgresql_engine(url, nik_key=nik_key)
        self._url = url
        self._nik_key = nik_key

    def unit_of_work(self) -> PostgresqlUnitOfWork:
        return PostgresqlUnitOfWork(self.engine, postgresql_transient)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection that cannot write; each query sees the last commit."""
        engine = postgresql_engine(self._url, is_read_only=True, nik_key=self._nik_key)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def close(self) -> None:
        self.engine.dispose()


def _oid(name: str) -> int:
    return known_types[name].oid


@cache
def _types(table: Table) -> list[int]:
    return [_oid(_TYPES[type(one.type)]) for one in table.columns]


def _require_all(table: Table, replaced: int, changed: Sequence[rows.Row]) -> None:
    if replaced != len(changed):
        raise Transient(f"another worker has changed the same rows of {table.name} meanwhile")


@cache
def _write_sql() -> str:
    """All rows of a batch in one statement, which answers how many of `members` and of `cases` were replaced."""
    parts = ["written AS MATERIALIZED (SELECT %s::jsonb AS rows)"]
    for table in _INSERTED:
        parts.append(f"in_{table.name} AS (INSERT INTO {table.name} ({quoted(table)}) {_told(table, table.name)})")
    for table, key in ((tables.members, "number"), (tables.cases, "claim_id")):
        changed = f"changed_{table.name}"
        replaced = _replace_sql(table, key, f"({_told(table, changed, read_at='int4')})")
        parts.append(f"{changed} AS ({replaced} RETURNING 1)")
    counts = "(SELECT count(*) FROM changed_members), (SELECT count(*) FROM changed_cases)"
    return f"WITH {', '.join(parts)} SELECT {counts}"


def _told(table: Table, name: str, **more: str) -> str:
    """The rows that `written` has under this name; `more`: types of what comes after the columns of the table."""
    types = {str(one.name): _TYPES[type(one.type)] for one in table.columns} | more
    values = [
        f"decode(one->>{at}, 'base64') AS \"{column}\"" if kind == "bytea" else f'(one->>{at})::{kind} AS "{column}"'
        for at, (column, kind) in enumerate(types.items())
    ]
    return f"SELECT {', '.join(values)} FROM written, jsonb_array_elements(written.rows->'{name}') AS one"  # noqa: S608


@cache
def _replace_sql(table: Table, key: str, incoming: str) -> str:
    """`incoming`: whole rows, and as `read_at` the version at which each was read."""
    changes = ", ".join(f'"{one.name}" = new."{one.name}"' for one in table.columns)
    return (
        f"UPDATE {table.name} AS old SET {changes} FROM {incoming} AS new "  # noqa: S608
        f'WHERE old."{key}" = new."{key}" AND old.version = new.read_at'
    )


_MOVE_POSITIONS: Final = (
    'UPDATE positions SET "next" = (moved->>2)::int8 FROM json_array_elements(%s::json) AS moved '
    'WHERE group_name = %s AND topic = moved->>0 AND "partition" = (moved->>1)::int4 RETURNING 1'
)
# In one order, so that two workers that meet do not wait for each other.
_LOCK_POSITIONS: Final = (
    'SELECT topic, "partition", "next" FROM positions WHERE group_name = %s AND "partition" = ANY '
    '(ARRAY(SELECT one::int4 FROM json_array_elements_text(%s::json) AS one)) ORDER BY "partition", topic FOR UPDATE'
)
# Locks of PostgreSQL that belong to no row; 1 sets ours apart from others that somebody may take in this database.
# One batch holds days at a time, or two could each wait for a day that the other holds.
_HOLD_DAYS: Final = "SELECT pg_advisory_xact_lock(1, -1)"
_HOLD_DAY: Final = "SELECT pg_advisory_xact_lock(1, %s::int4)"
_SHARE_DAY: Final = "SELECT pg_advisory_xact_lock_shared(1, one::int4) FROM json_array_elements_text(%s::json) AS one"
_INSERT_LEAVES: Final = (
    f"INSERT INTO ledger_leaves ({quoted(ledger_leaves)}) SELECT * FROM unnest("  # noqa: S608
    f"{', '.join(f'%b::{_TYPES[type(one.type)]}[]' for one in ledger_leaves.columns)}) RETURNING 1"
)
_NEXT_CHUNK_IDS: Final = "SELECT nextval('chunk_ids') FROM generate_series(1, %s)"


_EVENTS: Final = (
    f"SELECT claim_id, clock, raw FROM ledger WHERE claim_id {PostgresqlUnitOfWork.among} ORDER BY claim_id, seq"  # noqa: S608
)
_LOCK_PERSONS: Final = (
    f"SELECT person FROM persons WHERE person {PostgresqlUnitOfWork.among} ORDER BY person FOR UPDATE"  # noqa: S608
)
_INSERT_POSITION: Final = (
    f"INSERT INTO {tables.positions.name} ({quoted(tables.positions)}) VALUES (%s, %s, %s, %s, %s) "  # noqa: S608
    "ON CONFLICT DO NOTHING"
)
# In sorted order, as the list is: two workers that insert the same persons must not wait for each other.
_MAKE_PERSONS: Final = (
    "INSERT INTO persons SELECT one FROM json_array_elements_text(%s::json) WITH ORDINALITY AS wanted (one, place) "
    "ORDER BY place ON CONFLICT DO NOTHING RETURNING 1"
)
_DELETE_PAID_LINES: Final = (
    f"DELETE FROM paid_lines WHERE ({quoted(tables.paid_lines)}) IN "  # noqa: S608
    "(SELECT one->>0, one->>1, one->>2, one->>3, one->>4 FROM json_array_elements(%s::json) AS one)"
)
