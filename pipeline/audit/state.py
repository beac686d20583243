"""State of a replay: members and cases as they follow from the events alone, as rows in a temporary file.

The file is private to the process, has no name, and is gone when the state is closed. So memory stays the same however
long the history is. It lies where SQLite keeps temporary files: SQLITE_TMPDIR, else TMPDIR, else /var/tmp.
"""

import datetime as dt
import sqlite3
from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import orjson
from sqlalchemy import Column, Connection, Table

from pipeline.errors import Transient
from pipeline.processing.ports import LoadedDesk
from pipeline.queries import history
from pipeline.store.loader import SUMMARY_COLUMNS
from pipeline.store.lookups import Concerned, Lookups, Rows
from pipeline.store.rows import CaseRow, case_row, changed_members
from pipeline.store.tables import cases, member_months, members

_SummaryRow: Any = namedtuple("_SummaryRow", SUMMARY_COLUMNS)  # type: ignore[misc]
_CACHE_KIBIBYTES: Final = 64 * 1024
_FILE_FAILURES: Final = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


class State(Lookups):
    """`connection`: to the store whose history is decided again; the events of a case are read from it.

    `before`: events from this `seq` on have not happened yet.
    """

    def __init__(self, connection: Connection) -> None:
        self.before = 0
        self._connection = connection
        self._file = sqlite3.connect("", isolation_level=None)  # without a name, no other process can open it
        for statement in _PREPARE:
            self._file.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    # --- what the loader reads

    def members(self, numbers: Iterable[str]) -> tuple[Rows, Rows]:
        wanted = _list(numbers)
        return self._ask(_MEMBERS, wanted), self._ask(_MONTHS, wanted)

    def cases_and_members(self, claim_ids: Sequence[str], numbers: Sequence[str]) -> tuple[Rows, Rows, Rows]:
        return self.cases(claim_ids), *self.members(numbers)

    def cases(self, claim_ids: Iterable[str]) -> Rows:
        """All columns of the cases of these claims."""
        return [CaseRow._make(row) for row in self._ask(_CASES, _list(claim_ids))]

    def cases_due(self, partition: int, day: dt.date) -> Rows:
        return [CaseRow._make(row) for row in self._ask(_CASES_DUE, partition, day.isoformat())]

    def cases_of(self, numbers: Iterable[str], niks: Iterable[str]) -> Rows:
        return [_SummaryRow._make(row) for row in self._ask(_CASES_OF, _list(numbers), _list(niks))]

    def events(self, claim_ids: Iterable[str]) -> Rows:
        return history.events_of(self._connection, claim_ids, self.before)

    def paid_lines_of(self, claim_ids: Iterable[str]) -> Rows:
        """None: an event that would have paid a line twice was refused, so it is not in the history."""
        return ()

    def lock_and_read(
        self,
        persons: Sequence[str],
        days: Sequence[int],
        numbers: Sequence[str],
        niks: Sequence[str],
        claim_ids: Sequence[str],
    ) -> Concerned:
        return Concerned(self._ask(_MEMBERSHIPS, _list(niks)), self.cases_of(numbers, niks), ())

    # --- what the replay keeps

    def keep(self, loaded: LoadedDesk) -> None:
        """Keep what changed at this desk, for the next one."""
        desk = loaded.desk
        new, changed, months = changed_members(loaded)
        claims = [
            case_row(desk.cases[claim_id], desk.summaries.get(claim_id), loaded.case_versions.get(claim_id, 0) + 1)
            for claim_id in sorted(desk.changed_cases)
        ]
        with temporary_file():
            self._file.executemany(_KEEP_MEMBER, [*new, *[row[:-1] for row in changed]])
            self._file.executemany(_KEEP_MONTHS, months)
            self._file.executemany(_KEEP_CASE, claims)

    # --- what is compared with the rows of the store

    def whole_members(self, numbers: Iterable[str]) -> tuple[Rows, Rows]:
        """All columns of `members`; and the rows of `member_months`, sorted."""
        wanted = _list(numbers)
        return self._ask(_WHOLE_MEMBERS, wanted), self._ask(_MONTHS, wanted)

    def names(self, key: Column[str], size: int) -> Iterator[list[str]]:
        """All values of a primary key of this state, as many at once."""
        after = ""
        while rows := self._ask(_NAMES.format(key=key.name, table=key.table.name), after, size):
            yield [name for (name,) in rows]
            after = rows[-1][0]

    def count(self, table: str) -> int:
        [(count,)] = self._ask(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(count)

    def opened_claims(self) -> int:
        """The number of claims whose opening event has come."""
        [(count,)] = self._ask("SELECT count(*) FROM cases WHERE program IS NOT NULL")
        return int(count)

    def _ask(self, statement: str, *parameters: Any) -> list[Any]:
        with temporary_file():
            return self._file.execute(statement, parameters).fetchall()


@contextmanager
def temporary_file() -> Iterator[None]:
    """Raises Transient where the disk has no room for the state."""
    try:
        yield
    except sqlite3.Error as error:
        if not error.sqlite_errorname.startswith(_FILE_FAILURES):
            raise
        message = "the temporary file of the replay cannot be written; make room, or set TMPDIR to another folder"
        raise Transient(f"{message} ({error.sqlite_errorname})") from None


def _list(values: Iterable[str]) -> str:
    return orjson.dumps(list(values)).decode()


# --- statements, made of our own names

_AMONG: Final = "IN (SELECT value FROM json_each(?))"
_ALL_OF_A_CASE: Final = ", ".join(f'"{one.name}"' for one in cases.columns)
_SUMMARY: Final = ", ".join(SUMMARY_COLUMNS)


def _create(table: Table, key: str) -> str:
    """Columns without types: SQLite keeps each value as it is."""
    names = ", ".join(f'"{one.name}"' for one in table.columns)
    return f"CREATE TABLE {table.name} ({names}, PRIMARY KEY ({key}))"


def _keep(table: Table, key: str) -> str:
    names = [f'"{one.name}"' for one in table.columns]
    marks = ", ".join("?" * len(names))
    changes = ", ".join(f"{name} = excluded.{name}" for name in names)
    insert = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    return f"{insert} ON CONFLICT ({key}) DO UPDATE SET {changes}"


_PREPARE: Final = (
    f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}",
    "PRAGMA journal_mode = OFF",  # nothing is rolled back: a replay that fails begins again
    _create(members, "number"),
    _create(member_months, "number, version"),
    _create(cases, "claim_id"),
    "CREATE INDEX members_nik ON members (nik)",
    "CREATE INDEX cases_member_number ON cases (member_number) WHERE member_number IS NOT NULL",
    "CREATE INDEX cases_nik ON cases (nik) WHERE nik IS NOT NULL",
    'CREATE INDEX cases_due ON cases ("partition", wake_on) WHERE wake_on IS NOT NULL',
    "BEGIN",  # one transaction, never committed: without it each statement would write its pages
)
_KEEP_MEMBER: Final = _keep(members, "number")
_KEEP_MONTHS: Final = _keep(member_months, "number, version")
_KEEP_CASE: Final = _keep(cases, "claim_id")
_MEMBERS: Final = f"SELECT number, version, document, recent FROM members WHERE number {_AMONG}"  # noqa: S608
_WHOLE_MEMBERS: Final = f"SELECT number, nik, version, document, recent FROM members WHERE number {_AMONG}"  # noqa: S608
_NAMES: Final = "SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?"
_MONTHS: Final = f"SELECT number, version, months FROM member_months WHERE number {_AMONG} ORDER BY 1, 2"  # noqa: S608
_MEMBERSHIPS: Final = f"SELECT number, version FROM members WHERE nik {_AMONG}"  # noqa: S608
_CASES: Final = f"SELECT {_ALL_OF_A_CASE} FROM cases WHERE claim_id {_AMONG}"  # noqa: S608
_CASES_DUE: Final = f'SELECT {_ALL_OF_A_CASE} FROM cases WHERE "partition" = ? AND wake_on <= ?'  # noqa: S608
_CASES_OF: Final = f"SELECT {_SUMMARY} FROM cases WHERE member_number {_AMONG} OR nik {_AMONG}"  # noqa: S608
