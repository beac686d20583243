"""One transaction over the tables: reads in sets, writes in bulk, and the only `commit` of the pipeline.

Holds what both engines do alike; `sqlite` and `postgresql` begin, lock, insert and replace.
Statements go to the driver itself, and lists as one JSON text: to build a statement, a row or an array in Python takes
longer than the database takes to answer. Leaving the `with` block without `commit` rolls back. Never imports Faust or
Kafka.
"""

# ruff: noqa: S608 - statements are made of our own names; values are parameters
import datetime as dt
from abc import abstractmethod
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Any, ClassVar, Self

import orjson
from sqlalchemy import Connection, Engine, Executable, RootTransaction, Table, and_, func, select
from sqlalchemy.exc import DBAPIError

from pipeline.claims.desk import Desk
from pipeline.claims.requirements import Requirements
from pipeline.errors import SantunanError, Transient
from pipeline.ledger.tree import Frontier
from pipeline.messages.intake import Identity
from pipeline.messages.order import Processed
from pipeline.messages.records import Chunk, Message
from pipeline.processing import ports
from pipeline.processing.ports import CHUNK_STRIDE, Effects, LoadedDesk, Place
from pipeline.store import rows
from pipeline.store.engines import first_line
from pipeline.store.leaves import batch_bundles
from pipeline.store.ledger_tables import ledger_leaves
from pipeline.store.loader import SUMMARY_COLUMNS, Loader
from pipeline.store.lookups import Concerned, Lookups, Rows
from pipeline.store.nik_columns import Nik, key_of
from pipeline.store.tables import (
    cases,
    chunks,
    dead_letters,
    decisions,
    ledger,
    member_months,
    members,
    outputs,
    paid_lines,
    payouts,
)
from schemas.clock import clock_of

SummaryRow: Any = namedtuple("SummaryRow", SUMMARY_COLUMNS)  # type: ignore[misc]
_DRIVERS = ("psycopg", "sqlite3")
Statement = tuple[Any, ...]  # a statement in the driver's words, and its parameters


class Transaction:
    """One transaction of an engine. `passes`: says which failures a second try may overcome."""

    def __init__(self, engine: Engine, passes: Callable[[BaseException], Transient | None]) -> None:
        self._engine = engine
        self._passes = passes
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None

    @classmethod
    def over(cls, connection: Connection) -> Self:
        """Reads over a connection that somebody else opened and closes."""
        made = cls(connection.engine, lambda _: None)
        made._connection = connection
        return made

    def __enter__(self) -> Self:
        try:
            self._connection = self._engine.connect()
            self._transaction = self._connection.begin()
        except Exception as error:
            self._leave(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        connection, self._connection, self._transaction = self._connection, None, None
        try:
            transient = self._passes(error) if error is not None else None
        except SantunanError:
            if connection is not None:
                connection.close()
            raise
        if connection is not None:
            if transient is not None:
                connection.invalidate()  # it may be half dead; the next try gets a new one
            connection.close()  # rolls back what was not committed
        if transient is not None:
            raise transient from None
        if isinstance(error, DBAPIError) or type(error).__module__.startswith(_DRIVERS):
            # A bug. The text of such an error may repeat a row, and with it a NIK: only its first line may be logged.
            cause: BaseException = getattr(error, "orig", None) or error  # type: ignore[assignment]
            raise SantunanError(f"{type(cause).__name__}: {first_line(cause)}") from None

    def commit(self) -> None:
        assert self._transaction is not None, "a transaction is used inside its `with` block"
        self._transaction.commit()

    @property
    def connection(self) -> Connection:
        assert self._connection is not None, "a transaction is used inside its `with` block"
        return self._connection

    @property
    def driver(self) -> Any:
        """The driver's own connection. Its transaction is the one SQLAlchemy began."""
        return self.connection.connection.driver_connection

    def execute(self, statement: Executable, **parameters: Any) -> Sequence[Any]:
        return self.connection.execute(statement, parameters).all()

    def ask(self, statement: str, *parameters: Any) -> list[Any]:
        """The driver's tuples, for a statement in its own words."""
        found: list[Any] = self.driver.execute(statement, parameters).fetchall()
        return found

    def ask_together(self, *asked: Statement) -> list[list[Any]]:
        """As `ask` one after the other, each seeing what the ones before it have done; with one wait, where
        waiting costs."""
        return [self.ask(*one) for one in asked]


class UnitOfWork(Transaction, ports.UnitOfWork, Lookups):
    """All that the batch asks for in one transaction."""

    keeps_raw: ClassVar[bool]  # bytes in and out are kept in our own tables, not in a log beside them

    # --- what differs between the engines

    among: ClassVar[str]  # SQL: `column {among}` is true for the values in the JSON list made by `as_list`
    known_events: ClassVar[str]  # SQL: (source, id, digest) of the known ones of a JSON list of (source, id)

    ends_of_trees: ClassVar[str]  # SQL: (tree, next, frontier) of a JSON list of trees
    sources_in_ledger: ClassVar[str]  # SQL: those of a JSON list of sources of which the ledger holds an event

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._nik_key = key_of(self._engine.dialect)
        self._frontiers: dict[str, Frontier] = {}  # of the trees of the partitions that `begin` locked

    @abstractmethod
    def insert(self, table: Table, new: Sequence[rows.Row]) -> None:
        """Rows with every column, in the order of the table."""

    @abstractmethod
    def replace(self, table: Table, key: str, changed: Sequence[rows.Row]) -> None:
        """Rows with every column, then the version the row must have; else Transient: another worker wrote it."""

    @abstractmethod
    def delete_paid_lines(self, lines: Sequence[rows.Row]) -> None: ...

    @abstractmethod
    def publish(self, batch: Sequence[Effects]) -> Iterable[int]:
        """Keep the outputs where they are read from; their numbers, in order."""

    @abstractmethod
    def move_positions(self, group: str, ends: Mapping[Place, int]) -> None: ...

    # --- NIKs, which the tables hold under a key where there is one

    def _as_stored(self, names: Iterable[str]) -> str:
        """As `as_list`, of NIKs and of what names a person without one; sorted as the tables sort them."""
        key = self._nik_key
        return as_list(names if key is None else sorted(map(key.stored, names)))

    def _stored(self, new: Sequence[rows.Row], table: Table) -> Sequence[rows.Row]:
        key = self._nik_key
        return new if key is None else _changed(new, _place_of_nik(table), key.stored)

    def _read(self, found: Rows, table: Table, columns: Sequence[str] = ()) -> Rows:
        """`columns`: those that were asked for, where it was not all."""
        key = self._nik_key
        if key is None:
            return found
        return _changed(found, columns.index("nik") if columns else _place_of_nik(table), key.read)

    # --- reads

    def _note_trees(self, found: Iterable[tuple[str, int, bytes]]) -> None:
        """From the rows of `ends_of_trees`."""
        self._frontiers = {tree: Frontier.restored(size, bytes(nodes)) for tree, size, nodes in found}

    def load(self, desk: Desk, wanted: Iterable[tuple[int, Requirements]]) -> LoadedDesk:
        return Loader(desk, self).run(wanted)

    def known_sources(self, sources: Collection[str]) -> set[str]:
        return {source for (source,) in self.ask(self.sources_in_ledger, as_list(sources))}

    def newest_clock(self) -> dt.datetime | None:
        found = self.ask("SELECT clock FROM ledger ORDER BY seq DESC LIMIT 1")
        return clock_of(found[0][0]) if found else None

    def members(self, numbers: Iterable[str]) -> tuple[Rows, Rows]:
        heads, months = self.ask_together(*self._members(numbers))
        return heads, months

    def _members(self, numbers: Iterable[str]) -> tuple[Statement, Statement]:
        """The heads first: months that somebody adds in between are of a later version, and are left out."""
        wanted = as_list(numbers)
        heads = f"SELECT number, version, document, recent FROM members WHERE number {self.among}"
        months = f"SELECT number, version, months FROM member_months WHERE number {self.among} ORDER BY 1, 2"
        return (heads, wanted), (months, wanted)

    def cases_and_members(self, claim_ids: Sequence[str], numbers: Sequence[str]) -> tuple[Rows, Rows, Rows]:
        if not claim_ids:
            return (), *self.members(numbers)
        statement = f"SELECT {quoted(cases)} FROM cases WHERE claim_id {self.among}"
        found, heads, months = self.ask_together((statement, as_list(claim_ids)), *self._members(numbers))
        return [rows.CaseRow._make(row) for row in self._read(found, cases)], heads, months

    def cases_due(self, partition: int, day: dt.date) -> Sequence[Any]:
        return self.execute(select(cases).where(cases.c.partition == partition, cases.c.wake_on <= day.isoformat()))

    def cases_of(self, numbers: Iterable[str], niks: Iterable[str]) -> Sequence[Any]:
        return self._summaries(self.ask(*self._cases_of(numbers, niks)))

    def _cases_of(self, numbers: Iterable[str], niks: Iterable[str], claim_ids: Iterable[str] = ()) -> Statement:
        is_asked_for = f"member_number {self.among} OR nik {self.among} OR claim_id {self.among}"
        statement = f"SELECT {', '.join(SUMMARY_COLUMNS)} FROM cases WHERE {is_asked_for}"
        return statement, as_list(numbers), self._as_stored(niks), as_list(claim_ids)

    def _summaries(self, found: Rows) -> Rows:
        """From the rows of `_cases_of`."""
        return [SummaryRow._make(row) for row in self._read(found, cases, SUMMARY_COLUMNS)]

    def paid_lines_of(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        statement = f"SELECT {quoted(paid_lines)} FROM paid_lines WHERE claim_id {self.among}"
        return self._read(self.ask(statement, as_list(claim_ids)), paid_lines)

    def lock_and_read(
        self,
        persons: Sequence[str],
        days: Sequence[int],
        numbers: Sequence[str],
        niks: Sequence[str],
        claim_ids: Sequence[str],
    ) -> Concerned:
        memberships, of_them, lines = self.ask_together(*self._about(persons, numbers, niks, claim_ids))
        return self._concerned(memberships, of_them, lines)

    def _concerned(self, memberships: Rows, of_them: Rows, lines: Rows) -> Concerned:
        return Concerned(memberships, self._summaries(of_them), self._read(lines, paid_lines))

    def _about(
        self, persons: Sequence[str], numbers: Sequence[str], niks: Sequence[str], claim_ids: Sequence[str]
    ) -> tuple[Statement, ...]:
        names = as_list(numbers), self._as_stored(niks)
        return (
            (f"SELECT number, version FROM members WHERE number {self.among} OR nik {self.among}", *names),
            self._cases_of(numbers, niks, claim_ids),
            (f"SELECT {quoted(paid_lines)} FROM paid_lines WHERE person {self.among}", self._as_stored(persons)),
        )

    def stored_outputs(self, *asked: Chunk, notes_order: bool = False) -> list[Message]:
        if not self.keeps_raw:
            return []
        found = [row for one in asked if one.start < one.end for row in self._stored_outputs(one)]
        made = [(number, Message(*message)) for number, *message in sorted(found)]
        return [
            self._processed(number // CHUNK_STRIDE).on(message)
            if notes_order and number % CHUNK_STRIDE == 0
            else message
            for number, message in made
        ]

    def _stored_outputs(self, asked: Chunk) -> Iterator[Any]:
        """Rows of (number in the order of storing, topic, key, value)."""
        place = and_(chunks.c.topic == asked.topic, chunks.c.partition == asked.partition)
        first = select(chunks.c.first).where(place, chunks.c.first <= asked.start)
        first = first.order_by(chunks.c.first.desc()).limit(1)
        statement = select(chunks.c.id).where(place, chunks.c.first < asked.end)
        begins = self.connection.execute(first).scalar()
        if begins is not None:
            statement = statement.where(chunks.c.first >= begins)
        for chunk_id in self.connection.execute(statement.order_by(chunks.c.first)).scalars():
            low = chunk_id * CHUNK_STRIDE
            query = select(outputs.c.id, outputs.c.topic, outputs.c.key, outputs.c.value).where(
                outputs.c.id >= low,
                outputs.c.id < low + CHUNK_STRIDE,
                outputs.c.input_offset >= asked.start,
                outputs.c.input_offset < asked.end,
            )
            yield from self.connection.execute(query)

    def _processed(self, chunk_id: int) -> Processed:
        """What the first output of a chunk said when it was stored."""
        row = self.connection.execute(select(chunks).where(chunks.c.id == chunk_id)).one()
        before = select(chunks.c.topic, func.max(chunks.c.next)).group_by(chunks.c.topic)
        before = before.where(chunks.c.partition == row.partition, chunks.c.id < chunk_id)
        read = {topic: end for topic, end in self.connection.execute(before)}
        return Processed(chunk_id, row.topic, row.partition, row.first, row.next, read)

    # --- writes

    def write(self, group: str, loaded: LoadedDesk, batch: Sequence[Effects]) -> None:
        desk = loaded.desk
        self.insert(ledger, rows.ledger_rows(batch, keeps_raw=self.keeps_raw))
        new_members, changed_members, months = rows.changed_members(loaded)
        self.insert(members, self._stored(new_members, members))
        self.replace(members, "number", self._stored(changed_members, members))
        self.insert(member_months, months)
        new_cases, changed_cases = rows.changed_cases(loaded)
        self.insert(cases, self._stored(new_cases, cases))
        self.replace(cases, "claim_id", self._stored(changed_cases, cases))
        if desk.paid is not None:
            self.delete_paid_lines(self._stored(desk.paid.removed(), paid_lines))
            self.insert(paid_lines, self._stored(desk.paid.added(), paid_lines))
        numbers = self.publish(batch)
        self.insert(decisions, rows.decision_rows(batch, numbers))
        self.insert(payouts, [rows.payout_row(payout) for payout in desk.made_payouts])
        letters = [
            rows.dead_letter_row(one, effects, keeps_raw=self.keeps_raw)
            for effects in batch
            for one in effects.dead_letters
        ]
        self.insert(dead_letters, letters)
        self.insert(chunks, [rows.chunk_row(effects) for effects in batch])
        self.insert(ledger_leaves, [tuple(one) for one in batch_bundles(self._frontiers, batch, numbers)])
        self.move_positions(group, {(one.topic, one.partition): one.account.next for one in batch})


def as_list(values: Iterable[object]) -> str:
    """The parameter for `among` and `known_events`."""
    return orjson.dumps(list(values)).decode()


def digests_of(found: Iterable[tuple[str, str, bytes]]) -> dict[Identity, bytes]:
    """From the rows of `known_events`."""
    return {(source, event_id): digest for source, event_id, digest in found}


@cache
def _place_of_nik(table: Table) -> int:
    return [isinstance(one.type, Nik) for one in table.columns].index(True)


def _changed(some: Iterable[rows.Row], at: int, change: Callable[[str], str]) -> list[rows.Row]:
    return [row if row[at] is None else (*row[:at], change(row[at]), *row[at + 1 :]) for row in some]


@cache
def quoted(table: Table) -> str:
    """All columns, for a statement."""
    return ", ".join([f'"{one.name}"' for one in table.columns])
