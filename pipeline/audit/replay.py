"""Decides the stored history again, as it was known then, and compares. Cannot write, cannot publish.

The same desk and the same loading as the worker, over rows that this module keeps in memory: the state it decides from
is made of the events alone, so a row that somebody changed in the database shows as a difference.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection

from pipeline.claims.desk import Desk
from pipeline.claims.requirements import requirements
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.messages.records import Message
from pipeline.processing.ports import LoadedDesk
from pipeline.queries import history
from pipeline.queries.history import HistoryEvent, Kin
from pipeline.store.loader import Loader
from pipeline.store.lookups import Concerned, Lookups, Rows
from pipeline.store.rows import CaseRow, case_row
from schemas import topics
from schemas.decisions import Decision
from schemas.events import parse

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class DecisionDifference:
    """A decision that would be another one. `was`, `would_be`: outcome and codes, or what else happened."""

    claim_id: str
    revision: int
    was: str
    would_be: str
    rupiah: int  # total then, minus total now


@dataclass(frozen=True, slots=True)
class Replayed:
    events: int
    decisions: int
    differences: tuple[DecisionDifference, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A claim that would end otherwise. Totals in rupiah, of the effective decision."""

    claim_id: str
    outcome: str | None
    new_outcome: str | None
    total: int
    new_total: int


@dataclass(frozen=True, slots=True)
class Impact:
    claims: int
    differences: tuple[Change, ...]
    left_out: int  # events that would have been refused: a review of a revision that would not have come about


def replay(
    store: Any,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    claim_id: str | None = None,
    on_progress: Advance | None = None,
    book: Book | None = None,
) -> Replayed:
    """Compare the bytes of every decision; `since`, `until` (aware, by the clock it was decided at) and `claim_id`
    choose which. `book` None: the rule book of this version."""
    book = book or Book.load()
    with store.reader() as connection:
        kin = history.kin_of(connection, claim_id) if claim_id is not None else None
        run = _Run(connection, book, _Filter(since, until, claim_id), is_embedded=store.is_embedded)
        run.all(kin, on_progress)
        if kin is not None and run.differences:
            # Evidence may once have named somebody who is no kin any more: only the whole history can say.
            run = _Run(connection, book, _Filter(since, until, claim_id), is_embedded=store.is_embedded)
            run.all(None, on_progress)
    return Replayed(run.events, run.decisions, tuple(run.differences))


def impact(store: Any, book: Book, on_progress: Advance | None = None) -> Impact:
    """What another rule book would make of the stored history: the claims that would end otherwise."""
    with store.reader() as connection:
        run = _Run(connection, book, None, is_embedded=store.is_embedded)
        run.all(None, on_progress)
        changes = []
        for stored in history.decided_cases(connection):
            now = run.memory.cases_by_id.get(stored.claim_id)
            new = (now.outcome, now.effective_total) if now is not None else (None, 0)
            if new != (stored.outcome, stored.effective_total):
                changes.append(Change(stored.claim_id, stored.outcome, new[0], stored.effective_total, new[1]))
        claims = sum(1 for row in run.memory.cases_by_id.values() if row.program is not None)
    return Impact(claims, tuple(changes), run.refused)


@dataclass(frozen=True, slots=True)
class _Filter:
    since: dt.datetime | None
    until: dt.datetime | None
    claim_id: str | None

    def takes(self, decision: Decision) -> bool:
        return (
            (self.claim_id is None or decision.claim_id == self.claim_id)
            and (self.since is None or decision.decided_at >= self.since)
            and (self.until is None or decision.decided_at < self.until)
        )


class _Run:
    """One pass over the history. `filter` None: nothing is compared, only the state at the end is wanted."""

    def __init__(self, connection: Connection, book: Book, filter: _Filter | None, *, is_embedded: bool) -> None:
        self.memory = _Memory(connection)
        self.events = 0
        self.decisions = 0
        self.refused = 0
        self.differences: list[DecisionDifference] = []
        self._connection = connection
        self._book = book
        self._filter = filter
        self._is_embedded = is_embedded

    def all(self, kin: Kin | None, on_progress: Advance | None) -> None:
        for page in history.history(self._connection, kin):
            for partition, run in groupby(page, key=lambda told: told.partition):
                self._decide(list(run), partition)
            self.events += len(page)
            if on_progress is not None:
                on_progress(len(page))
        if self._filter is not None:
            self._find_missing(self._filter)

    def _decide(self, page: list[HistoryEvent], partition: int) -> None:
        self.memory.before = page[0].seq
        events = [(told, parse(told.raw)) for told in page]
        desk = Desk(self._book)
        loaded = Loader(desk, self.memory).run([(partition, requirements(event)) for _, event in events])
        messages: list[Message] = []
        for told, event in events:
            try:
                messages += desk.take(event, told.clock, order=told.seq, partition=partition)
            except Poison:
                self.refused += 1
        if self._filter is not None:
            made = [message.value for message in messages if message.topic == topics.DECISIONS]
            self._compare(desk.made_decisions, made, self._filter)
        self.memory.keep(loaded)

    def _compare(self, made: Sequence[Decision], values: Sequence[bytes], filter: _Filter) -> None:
        compared = [pair for pair in zip(made, values, strict=True) if filter.takes(pair[0])]
        claim_ids = {decision.claim_id for decision, _ in compared}
        stored = history.published_decisions(self._connection, claim_ids, is_embedded=self._is_embedded)
        self.decisions += len(compared)
        for decision, value in compared:
            was = stored.get((decision.claim_id, decision.revision))
            if was != value:
                self.differences.append(_difference(decision, was))

    def _find_missing(self, filter: _Filter) -> None:
        """Decisions that were stored, but do not come about again."""
        for row in history.stored_decisions(self._connection, filter.since, filter.until, filter.claim_id):
            again = self.memory.cases_by_id.get(row.claim_id)
            if again is None or again.revision < row.revision:
                was = f"{row.outcome} {row.reason_codes}"
                self.differences.append(DecisionDifference(row.claim_id, row.revision, was, "no decision", row.total))


class _Memory(Lookups):
    """The state as rows, kept by this process alone. `before`: events from this `seq` on have not happened yet."""

    def __init__(self, connection: Connection) -> None:
        self.before = 0
        self.cases_by_id: dict[str, Any] = {}  # rows of `cases`
        self._connection = connection
        self._members: dict[str, tuple[str, str | None, int, str]] = {}
        self._numbers: defaultdict[str, set[str]] = defaultdict(set)
        self._claims: defaultdict[str, set[str]] = defaultdict(set)  # of a number or a NIK
        self._waiting: set[str] = set()

    def members(self, numbers: Iterable[str]) -> Sequence[Any]:
        return [self._members[number] for number in numbers if number in self._members]

    def cases_and_members(self, claim_ids: Sequence[str], numbers: Sequence[str]) -> tuple[Rows, Rows]:
        return [self.cases_by_id[one] for one in claim_ids if one in self.cases_by_id], self.members(numbers)

    def cases_due(self, partition: int, day: dt.date) -> Sequence[Any]:
        waiting = (self.cases_by_id[claim_id] for claim_id in self._waiting)
        return [row for row in waiting if row.partition == partition and row.wake_on <= day.isoformat()]

    def cases_of(self, numbers: Iterable[str], niks: Iterable[str]) -> Sequence[Any]:
        claim_ids = {claim_id for one in (*numbers, *niks) for claim_id in self._claims[one]}
        return [self.cases_by_id[claim_id] for claim_id in sorted(claim_ids)]

    def events(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        return history.events_of(self._connection, claim_ids, self.before)

    def share_day(self, partitions: Sequence[int]) -> None:
        pass  # one event after another

    def paid_lines_of(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        return ()  # an event that would have paid a line twice was refused: it is not in the history

    def lock_and_read(
        self, persons: Sequence[str], numbers: Sequence[str], niks: Sequence[str], claim_ids: Sequence[str]
    ) -> Concerned:
        memberships = [self._members[number][:3] for nik in niks for number in sorted(self._numbers[nik])]
        return Concerned(memberships, self.cases_of(numbers, niks), ())

    def keep(self, loaded: LoadedDesk) -> None:
        """What changed at this desk, for the next one."""
        desk = loaded.desk
        for number in desk.changed_members:
            member = desk.members[number]
            before = self._members.get(number)
            if before is not None and before[1] is not None:
                self._numbers[before[1]].discard(number)
            if member.nik is not None:
                self._numbers[member.nik].add(number)
            self._members[number] = (number, member.nik, member.version, member.to_json().decode())
        for claim_id in desk.changed_cases:
            self._keep_case(CaseRow._make(case_row(desk.cases[claim_id], desk.summaries.get(claim_id), 1)))

    def _keep_case(self, row: Any) -> None:
        before = self.cases_by_id.get(row.claim_id)
        if before is not None:
            for one in (before.member_number, before.nik):
                self._claims[one or ""].discard(row.claim_id)
        for one in (row.member_number, row.nik):
            if one is not None:
                self._claims[one].add(row.claim_id)
        self.cases_by_id[row.claim_id] = row
        (self._waiting.add if row.wake_on is not None else self._waiting.discard)(row.claim_id)


def _difference(decision: Decision, was: bytes | None) -> DecisionDifference:
    would_be = f"{decision.outcome} {','.join(decision.reason_codes)}"
    if was is None:
        return DecisionDifference(decision.claim_id, decision.revision, "no decision", would_be, -decision.total)
    before = orjson.loads(was)["data"]
    said = f"{before['outcome']} {','.join(before['reason_codes'])}"
    return DecisionDifference(decision.claim_id, decision.revision, said, would_be, before["total"] - decision.total)
