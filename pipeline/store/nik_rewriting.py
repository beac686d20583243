"""Writes the columns that hold NIKs with another key: the first, the next, or none.

In steps, each a transaction, so that it goes on where it was interrupted: a value says by itself which key opens it.
Nothing else may use the store meanwhile. Never imports Faust or Kafka.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, Text, bindparam, func, select, text, type_coerce, update

from pipeline.errors import NotReady
from pipeline.nik_key import SETTING, NikKey, WrittenWithOtherKey, is_sealed
from pipeline.store import revisions
from pipeline.store.backup import require_alone
from pipeline.store.connect import opened_engine
from pipeline.store.coverage_tables import coverage_marks, coverage_members, coverage_people, known_workers
from pipeline.store.nik_columns import KnownId
from pipeline.store.nik_note import REWRITE, fingerprint_of, note_key, noted_key
from pipeline.store.tables import cases, members, paid_lines, persons
from pipeline.store.worker_lock import hold

AT_ONCE: Final = 2_000  # values in one transaction
# Each is the first column of an index.
COLUMNS: Final[tuple[Column[Any], ...]] = (
    persons.c.person,
    members.c.nik,
    cases.c.nik,
    paid_lines.c.person,
    coverage_people.c.person,
    coverage_members.c.person,
    known_workers.c.nik,
    known_workers.c.id,
)
_LOCK: Final = 8_017_017  # any number that is no other lock's
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = 'santunan'"
)

Report = Callable[[int, int], None]  # values looked at, values in all


def rewrite(url: str, old: NikKey | None, new: NikKey | None, report: Report) -> int:
    """Returns how many values changed. `old`: the key they are written with, `new`: the one to write them with.

    Raises NotReady where the store is in use, where `old` is not its key, or where an interrupted run wrote with
    another `new`; as `open_store` else.
    """
    with opened_engine(url) as (engine, file), engine.connect() as connection, _alone(connection, file) as still_alone:
        with connection.begin():
            revisions.refuse_other_revision(revisions.revision_of(connection), "the database")
            if not _begin(connection, old, new):
                return 0
            total = sum(connection.execute(select(func.count(one.distinct()))).scalar_one() for one in COLUMNS)
        seen = changed = 0
        for column in COLUMNS:
            for values in _pages(connection, column):
                seen += len(values)
                changed += _write(connection, column, values, old, new)
                report(min(seen, total), total)
        with connection.begin():
            still_alone()
            note_key(connection, new)
    return changed


def _begin(connection: Connection, old: NikKey | None, new: NikKey | None) -> bool:
    """False: all is written with `new`. From here on nobody opens the store until all is."""
    fingerprint, is_whole = noted_key(connection)
    if is_whole and fingerprint == fingerprint_of(new):
        return False
    if is_whole and fingerprint != fingerprint_of(old):
        raise NotReady(_WRONG_OLD)
    if not is_whole and fingerprint != fingerprint_of(new):
        raise NotReady(
            f"an interrupted run wrote some NIKs with another key: set {SETTING} as it was then, run {REWRITE} again"
        )
    note_key(connection, new, is_whole=False)
    # Known workers that are being counted anew, in the order of their ids, come in another order now: all again.
    is_place = coverage_marks.c.value.startswith("known:")
    connection.execute(update(coverage_marks).where(coverage_marks.c.name == "stage", is_place).values(value="known:"))
    return True


_WRONG_OLD: Final = (
    "the NIKs are not written with the key before that you name: give the file with the key they are written with as "
    "--old-nik-key; without it they are taken to be readable"
)


def _pages(connection: Connection, column: Column[Any]) -> Iterator[Sequence[str]]:
    """All values as they are stored, in their order; what is written meanwhile may come once more."""
    stored, last = type_coerce(column, Text), ""
    while True:
        with connection.begin():
            wanted = select(stored).where(stored > last).distinct().order_by(stored).limit(AT_ONCE)
            found = connection.execute(wanted).scalars().all()
        if not found:
            return
        yield found
        last = found[-1]


def _write(
    connection: Connection, column: Column[Any], values: Sequence[str], old: NikKey | None, new: NikKey | None
) -> int:
    pairs = [(value, _rewritten(value, column, old, new)) for value in values]
    changed = [{"before": before, "after": after} for before, after in pairs if before != after]
    if changed:
        stored = type_coerce(column, Text)
        statement = (
            update(column.table).where(stored == bindparam("before")).values({column: bindparam("after", type_=Text)})
        )
        with connection.begin():
            connection.execute(statement, changed)
    return len(changed)


def _rewritten(value: str, column: Column[Any], old: NikKey | None, new: NikKey | None) -> str:
    is_id = isinstance(column.type, KnownId)
    if is_sealed(value, is_id=is_id):
        if new is not None and _read(new, value, is_id=is_id) is not None:
            return value
        plain = _read(old, value, is_id=is_id) if old is not None else None
        if plain is None:
            raise NotReady(_WRONG_OLD)
    else:
        plain = value
    if new is None:
        return plain
    return new.stored_id(plain) if is_id else new.stored(plain)


def _read(key: NikKey, value: str, *, is_id: bool) -> str | None:
    try:
        return key.read_id(value) if is_id else key.read(value)
    except WrittenWithOtherKey:
        return None


@contextmanager
def _alone(connection: Connection, file: Path | None) -> Iterator[Callable[[], None]]:
    """Nobody else uses the store. `file`: of an embedded one. The function raises NotReady where somebody came."""
    if file is None:
        with connection.begin():
            if not connection.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar_one():
                raise NotReady(f"another {REWRITE} is at work on this database: wait until it has ended")
            _require_no_other(connection)
        yield lambda: _require_no_other(connection)
        return
    lock = hold(file)
    try:
        driver: Any = connection.connection.driver_connection
        require_alone(driver, file)
        yield lambda: None
    finally:
        os.close(lock)


def _require_no_other(connection: Connection) -> None:
    count = connection.execute(_OTHERS).scalar_one()
    if count:
        raise NotReady(
            f"{count} connections of Santunan to this database are open: stop its workers, gateways and webhooks, end "
            f"other commands, and run {REWRITE} again"
        )
