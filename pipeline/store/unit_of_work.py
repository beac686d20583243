"""One transaction over the tables: reads in sets, writes in bulk, and the only `commit` of the pipeline.

What both engines do alike stands here; how they begin, lock, insert and replace stands in `sqlite` and `postgresql`.
Leaving the `with` block without `commit` rolls back. Never imports Faust or Kafka.
"""

import datetime as dt
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Any, ClassVar, Self

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    FromClause,
    RootTransaction,
    Select,
    Table,
    and_,
    select,
)
from sqlalchemy.exc import DBAPIError

from pipeline import ports
from pipeline.desk import Desk, Needs
from pipeline.errors import SantunanError, Transient
from pipeline.intake import Identity
from pipeline.ports import CHUNK_STRIDE, Brought, Effects, Place
from pipeline.record import Message
from pipeline.store import rows
from pipeline.store.engines import first_line
from pipeline.store.loading import SUMMARY_COLUMNS, Loading, Queries
from pipeline.store.tables import (
    cases,
    chunks,
    dead_letters,
    decisions,
    ledger,
    members,
    outputs,
    paid_lines,
    payouts,
)  # fmt: skip

_MEMBER = (members.c.number, members.c.nik, members.c.version, members.c.document)
_MEMBERSHIP = (members.c.number, members.c.nik, members.c.version)
_SUMMARY = tuple(one for one in cases.columns if one.name in SUMMARY_COLUMNS)
_DRIVERS = ("psycopg", "sqlite3")


class Transaction:
    """One transaction of an engine. `passes`: says which failures a second try may overcome."""

    def __init__(self, engine: Engine, passes: Callable[[BaseException], Transient | None]) -> None:
        self._engine = engine
        self._passes = passes
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None

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
        transient = self._passes(error) if error is not None else None
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

    def execute(self, statement: Executable, **parameters: Any) -> Sequence[Any]:
        return self.connection.execute(statement, parameters).all()


class UnitOfWork(Transaction, ports.UnitOfWork, Queries):
    """All that the batch asks for in one transaction."""

    keeps_raw: ClassVar[bool]  # bytes in and out stand in our own tables, not in a log beside them

    # --- what differs between the engines

    @classmethod
    @abstractmethod
    def among(cls, column: Column[Any], name: str) -> ColumnElement[bool]:
        """`column` is one of the list handed in as parameter `name`."""

    @abstractmethod
    def as_list(self, values: Iterable[str]) -> Any:
        """The parameter for `among`."""

    @classmethod
    @abstractmethod
    def pairs(cls) -> tuple[FromClause, ColumnElement[str], ColumnElement[str]]:
        """The pairs handed in as parameters, as a table, and its two columns."""

    @abstractmethod
    def as_pairs(self, values: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """The parameters for `pairs`."""

    @abstractmethod
    def insert(self, table: Table, new: Sequence[rows.Row]) -> None:
        """Rows with every column, in the order of the table."""

    @abstractmethod
    def replace(self, table: Table, key: str, changed: Sequence[rows.Row]) -> None:
        """Rows with every column, then the version at which the row must stand; else Transient: somebody wrote it."""

    @abstractmethod
    def delete_paid_lines(self, lines: Sequence[rows.Row]) -> None: ...

    @abstractmethod
    def publish(self, turn: Sequence[Effects]) -> Iterable[int]:
        """Keep the outputs where they are read from; their numbers, in order."""

    @abstractmethod
    def move_positions(self, group: str, ends: Mapping[Place, int]) -> None: ...

    # --- reads

    @classmethod
    @cache
    def _rows_among(cls, columns: tuple[Column[Any], ...], column: Column[Any], name: str) -> Select[Any]:
        """Built once: to build a statement takes longer than to send it."""
        return select(*columns).where(cls.among(column, name))

    @classmethod
    @cache
    def _digests_of(cls) -> Select[Any]:
        pairs, source, event_id = cls.pairs()
        is_same = and_(ledger.c.source == source, ledger.c.event_id == event_id)
        return select(ledger.c.source, ledger.c.event_id, ledger.c.digest).select_from(pairs.join(ledger, is_same))

    def digests(self, identities: Sequence[Identity]) -> dict[Identity, bytes]:
        found = self.connection.execute(self._digests_of(), self.as_pairs(sorted(set(identities)))).all()
        return {(row.source, row.event_id): row.digest for row in found}

    def bring(self, desk: Desk, wanted: Iterable[tuple[int, Needs]]) -> Brought:
        return Loading(desk, self).run(wanted)

    def members(self, numbers: Iterable[str]) -> Sequence[Any]:
        statement = self._rows_among(_MEMBER, members.c.number, "numbers")
        return self.execute(statement, numbers=self.as_list(numbers))

    def memberships(self, niks: Iterable[str]) -> Sequence[Any]:
        return self.execute(self._rows_among(_MEMBERSHIP, members.c.nik, "niks"), niks=self.as_list(niks))

    def cases(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        statement = self._rows_among(tuple(cases.columns), cases.c.claim_id, "claims")
        return self.execute(statement, claims=self.as_list(claim_ids))

    def cases_due(self, partition: int, day: dt.date) -> Sequence[Any]:
        return self.execute(select(cases).where(cases.c.partition == partition, cases.c.wake_on <= day.isoformat()))

    def cases_of(self, numbers: Iterable[str], niks: Iterable[str]) -> Sequence[Any]:
        by_number = self._rows_among(_SUMMARY, cases.c.member_number, "numbers")
        by_nik = self._rows_among(_SUMMARY, cases.c.nik, "niks")
        found = {row.claim_id: row for row in self.execute(by_number, numbers=self.as_list(numbers))} if numbers else {}
        if niks:
            found |= {row.claim_id: row for row in self.execute(by_nik, niks=self.as_list(niks))}
        return list(found.values())

    def paid_lines(self, persons: Iterable[str], claim_ids: Iterable[str]) -> Iterable[Any]:
        by_person = self._rows_among(tuple(paid_lines.columns), paid_lines.c.person, "persons")
        by_claim = self._rows_among(tuple(paid_lines.columns), paid_lines.c.claim_id, "claims")
        found = {tuple(row) for row in self.execute(by_person, persons=self.as_list(persons))} if persons else set()
        if claim_ids:
            found |= {tuple(row) for row in self.execute(by_claim, claims=self.as_list(claim_ids))}
        return found

    def stored_outputs(self, topic: str, partition: int, start: int, end: int) -> list[Message]:
        if not self.keeps_raw or start >= end:
            return []
        place = and_(chunks.c.topic == topic, chunks.c.partition == partition)
        first = select(chunks.c.first).where(place, chunks.c.first <= start)
        first = first.order_by(chunks.c.first.desc()).limit(1)
        statement = select(chunks.c.id).where(place, chunks.c.first < end)
        begins = self.connection.execute(first).scalar()
        if begins is not None:
            statement = statement.where(chunks.c.first >= begins)
        found: list[Message] = []
        for chunk_id in self.connection.execute(statement.order_by(chunks.c.first)).scalars():
            low = chunk_id * CHUNK_STRIDE
            query = select(outputs.c.topic, outputs.c.key, outputs.c.value).where(
                outputs.c.id >= low, outputs.c.id < low + CHUNK_STRIDE,
                outputs.c.input_offset >= start, outputs.c.input_offset < end,
            )  # fmt: skip
            found += [Message(*row) for row in self.connection.execute(query.order_by(outputs.c.id))]
        return found

    # --- writes

    def write(self, group: str, brought: Brought, turn: Sequence[Effects]) -> None:
        desk, paid = brought.desk, brought.paid
        self.insert(ledger, rows.ledger_rows(turn, keeps_raw=self.keeps_raw))
        new_members, changed_members = rows.changed_members(brought)
        self.insert(members, new_members)
        self.replace(members, "number", changed_members)
        new_cases, changed_cases = rows.changed_cases(brought)
        self.insert(cases, new_cases)
        self.replace(cases, "claim_id", changed_cases)
        self.delete_paid_lines(paid.removed())
        self.insert(paid_lines, paid.added())
        numbers = self.publish(turn)
        self.insert(decisions, rows.decision_rows(turn, numbers))
        self.insert(payouts, [rows.payout_row(payout) for payout in desk.made_payouts])
        letters = [
            rows.dead_letter_row(one, effects, keeps_raw=self.keeps_raw)
            for effects in turn
            for one in effects.dead_letters
        ]
        self.insert(dead_letters, letters)
        self.insert(chunks, [rows.chunk_row(effects) for effects in turn])
        self.move_positions(group, {(one.topic, one.partition): one.account.next for one in turn})
