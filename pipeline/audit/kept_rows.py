"""Compares the rows from which workers decide, members and cases, with those that the events lead to.

They follow from the events, so no entry of the ledger is of them; and what was decided from a row that somebody changed
by hand shows in a replay only once it is decided. Rows that began before there was a ledger are left out: older
versions kept less in them. Reads only, while workers go on.
"""

import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, func, select

from pipeline.audit.rerun import Rerun
from pipeline.audit.state import State
from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.queries import history
from pipeline.store.history_leaves import bounds_of_history
from pipeline.store.rows import members_of, progress_of, progress_text
from pipeline.store.tables import cases, ledger, member_months, members

Found = dict[str, Mapping[str, Any]]  # of each name its columns
_LATE_SECONDS: Final = 1.0  # another worker may have drawn the number of its chunk earlier, and commit it later
_MOST_LOOKS: Final = 5  # at a row that changes all the time: it is left for the next replay
_UNLIKE: Final = frozenset({"version"})  # of a case: it counts batches, and those are cut otherwise in a replay


@dataclass(frozen=True, slots=True)
class KeptDifference:
    """A row of `table` that is not the one of its events. `columns`: those that differ; none: there is no row, or no
    event (`is_stored`) that leads to one."""

    table: str
    name: str
    columns: tuple[str, ...]
    is_stored: bool

    def words(self) -> tuple[str, str]:
        """What is stored, and what should be."""
        if not self.is_stored:
            return f"no row in {self.table}", "a row, by its events"
        if not self.columns:
            return f"a row in {self.table}", "no row: no event leads to one"
        return f"{self.table}: {', '.join(self.columns)}", "other values, by the events"


class KeptRows:
    """`rerun`: has decided the whole history up to the event `last`."""

    def __init__(self, connection: Connection, rerun: Rerun, last: int) -> None:
        self._connection = connection
        self._rerun = rerun
        self._last = last
        self._older_end = 0
        with suppress(ValueError, IndexError):  # a damaged entry, which `ledger verify` names, excuses nothing
            self._older_end = (bounds_of_history(connection)[0] + 1) * CHUNK_STRIDE

    def differences(self) -> Iterator[KeptDifference]:
        for kind in (_MEMBERS, _CASES):
            for names in self._names(kind):
                found, made = kind.stored(self._connection, names), kind.made(self._rerun.state, names)
                suspects = {name: found.get(name) for name in names if found.get(name) != made.get(name)}
                if suspects:
                    yield from self._judged(kind, suspects)

    def _names(self, kind: "_Kind") -> Iterator[list[str]]:
        """Of the rows that are stored, then of those that should be and are not. Page by page."""
        after, matched = "", 0
        while True:
            page = select(kind.key).where(kind.key > after).order_by(kind.key).limit(history.PAGE)
            names = list(self._connection.execute(page).scalars())
            if not names:
                break
            yield names
            matched += len(kind.made(self._rerun.state, names))
            after = names[-1]
        if matched == self._rerun.state.count(kind.key.table.name):
            return
        for names in self._rerun.state.names(kind.key, history.PAGE):
            found = set(kind.stored(self._connection, names))
            if missing := [name for name in names if name not in found]:
                yield missing

    def _judged(self, kind: "_Kind", suspects: Mapping[str, Mapping[str, Any] | None]) -> Iterator[KeptDifference]:
        """A row that is the same before the newest event was looked for and after it was decided again holds what was
        known then, and no more: only such a one is judged."""
        for _ in range(_MOST_LOOKS):
            self._catch_up()
            names = list(suspects)
            found, made = kind.stored(self._connection, names), kind.made(self._rerun.state, names)
            for name in names:
                unlike = _unlike(found.get(name), made.get(name)) if found.get(name) == suspects[name] else None
                if unlike is not None and not self._is_older(kind, name):
                    yield KeptDifference(kind.key.table.name, name, unlike, name in found)
            suspects = {name: found.get(name) for name in names if found.get(name) != suspects[name]}
            if not suspects:
                return

    def _is_older(self, kind: "_Kind", name: str) -> bool:
        first = self._connection.execute(select(func.min(ledger.c.seq)).where(kind.named == name)).scalar()
        return first is not None and first < self._older_end

    def _catch_up(self) -> None:
        newest = history.newest_event(self._connection)
        if newest > self._last:
            time.sleep(_LATE_SECONDS)
            for _ in self._rerun.decide(after=self._last, last=newest):
                pass
            self._last = newest


def _unlike(found: Mapping[str, Any] | None, made: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """Columns that differ; None: none does."""
    if found is None or made is None:
        return None if found is made else ()
    return tuple(name for name in made if found[name] != made[name]) or None


@dataclass(frozen=True, slots=True)
class _Kind:
    """`named`: by which events name it."""

    key: Column[str]
    named: Column[Any]
    stored: Callable[[Connection, Sequence[str]], Found]
    made: Callable[[State, Sequence[str]], Found]


def _stored_members(connection: Connection, names: Sequence[str]) -> Found:
    found: Found = {}
    months: dict[str, list[tuple[int, bytes]]] = {}
    for some in history.some(names):
        parts = select(member_months).where(member_months.c.number.in_(some)).order_by(*member_months.primary_key)
        for number, version, packed in connection.execute(parts):
            months.setdefault(number, []).append((version, bytes(packed)))
        for row in connection.execute(select(members).where(members.c.number.in_(some))):
            found[row.number] = _member(row, months.get(row.number, []))
    return found


def _made_members(state: State, names: Sequence[str]) -> Found:
    rows, parts = state.whole_members(names)
    months: dict[str, list[tuple[int, bytes]]] = {}
    for number, version, packed in parts:
        months.setdefault(number, []).append((version, packed))
    return {row[0]: _member(row, months.get(row[0], [])) for row in rows}


def _member(row: Sequence[Any], months: list[tuple[int, bytes]]) -> dict[str, Any]:
    """`row`: of `members`. Where its months are kept, in which row, is left out: older versions cut them otherwise."""
    number, nik, version, document, recent = row
    columns = {
        "nik": nik,
        "version": version,
        "document": document,
        "recent": recent and bytes(recent),
        "months": months,
    }
    with suppress(ValueError, TypeError, KeyError, IndexError, struct.error):  # as it is where no version wrote it
        [member] = members_of([(number, version, document, columns["recent"])], [(number, *one) for one in months])
        columns |= {"document": member.document(), "recent": None, "months": member.months}
    return columns


def _stored_cases(connection: Connection, names: Sequence[str]) -> Found:
    found: Found = {}
    for some in history.some(names):
        for row in connection.execute(select(cases).where(cases.c.claim_id.in_(some))):
            found[row.claim_id] = _case(row)
    return found


def _made_cases(state: State, names: Sequence[str]) -> Found:
    return {row.claim_id: _case(row) for row in state.cases(names)}


def _case(row: Any) -> dict[str, Any]:
    columns = {one.name: getattr(row, one.name) for one in cases.columns if one.name not in _UNLIKE}
    with suppress(ValueError, TypeError, KeyError, AttributeError):  # what no version wrote differs as it is
        columns["progress"] = progress_text(progress_of(row.progress))  # as this version writes it
    return columns


_MEMBERS: Final = _Kind(members.c.number, ledger.c.member_number, _stored_members, _made_members)
_CASES: Final = _Kind(cases.c.claim_id, ledger.c.claim_id, _stored_cases, _made_cases)
