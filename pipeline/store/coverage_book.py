"""The book of coverage: lists of known workers, and the counts of every day as they follow from members and lists.

The counts follow the topics of members by their chunks, a partition after the other in its order, so that none is
missed; they are made anew where the law or the topics are others. What a person adds is the caller's to say. Closed
with the book of access.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Text, and_, delete, func, insert, or_, select, type_coerce, update

from pipeline.membership.member import Member
from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.store.access_book import AccessBook
from pipeline.store.coverage_rows import (
    ADDED,
    KNOWN,
    KNOWN_COLUMNS,
    Concerned,
    KnownWorker,
    MemberRow,
    PersonCounts,
    if_new,
    in_place_of,
    known_of,
    known_row,
    person_of,
    written_text,
)
from pipeline.store.coverage_tables import (
    coverage_days,
    coverage_marks,
    coverage_members,
    coverage_months,
    coverage_people,
    known_lists,
    known_workers,
)
from pipeline.store.rows import members_of
from pipeline.store.tables import chunks, ledger, member_months, members, positions
from schemas.clock import microseconds
from schemas.topics import HISTORY, MEMBERS

_CHUNKS_AT_ONCE: Final = 50
_LOCK: Final = 8_017_016  # any number that is no other lock's
_COUNTS: Final = (coverage_people, coverage_members, coverage_days, coverage_months, coverage_marks)


class CoverageBook:
    """May be used by several threads."""

    def __init__(self, access: AccessBook) -> None:
        self._access = access

    def reading(self) -> AbstractContextManager[Connection]:
        return self._access.reading()

    def persons_of_known(self, connection: Connection, workers: Sequence[KnownWorker]) -> list[str]:
        """As whom each is counted, in their order."""
        return CoverageWriter(connection).persons_of_known(workers)

    def is_current(self, law: str) -> bool:
        """Whether nothing has changed since all were counted, by this law."""
        with self.reading() as connection:
            writer = CoverageWriter(connection)
            marks, ends = writer._marks(), writer._ends()
        return (
            marks.get("law") == law
            and "stage" not in marks
            and all(int(marks.get(name, 0)) == end for name, end in ends.items())
        )

    @contextmanager
    def writing(self) -> Iterator["CoverageWriter"]:
        """One writer at a time. Commits at the end, unless something fails."""
        with self._access.transaction() as transaction:
            connection = transaction.connection
            if connection.dialect.name == "postgresql":  # a transaction of SQLite is alone anyway
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            yield CoverageWriter(connection)
            transaction.commit()


class CoverageWriter:
    """The book within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_list(
        self, digest: str, office: str, listed_on: dt.date, workers: Sequence[KnownWorker], by: str, at: dt.datetime
    ) -> int:
        """How many were not known before. Of a worker in several lists the earliest day counts; the rest stays."""
        row = {
            "digest": digest,
            "office": office,
            "listed_on": listed_on.isoformat(),
            "rows": len(workers),
            "imported_at": microseconds(at),
            "imported_by": by,
        }
        if self._connection.execute(if_new(known_lists), row).rowcount == 0 or not workers:
            return 0
        before = self._known_count()
        self._connection.execute(
            written_text(
                f"INSERT INTO known_workers ({', '.join(KNOWN_COLUMNS)}) "  # noqa: S608 (names of our own)
                f"VALUES ({', '.join(f':{name}' for name in KNOWN_COLUMNS)}) ON CONFLICT (id) DO UPDATE "
                "SET listed_on = excluded.listed_on WHERE excluded.listed_on < known_workers.listed_on",
                known_workers,
            ),
            [known_row(one) for one in workers],
        )
        return self._known_count() - before

    def _known_count(self) -> int:
        return self._connection.execute(select(func.count()).select_from(known_workers)).scalar_one()

    def decide(self, known_id: str, member_number: str, verdict: str, by: str, at: dt.datetime) -> str | None:
        """Writes down whether a known worker is this member. The person it was counted as; None: no such worker."""
        found = self._connection.execute(select(known_workers).where(known_workers.c.id == known_id)).first()
        if found is None:
            return None
        values = {
            "member_number": member_number,
            "verdict": verdict,
            "decided_by": by,
            "decided_at": microseconds(at),
        }
        self._connection.execute(update(known_workers).where(known_workers.c.id == known_id).values(values))
        return self.persons_of_known([known_of(found)])[0]

    # --- following the members

    def begin_anew_if(self, law: str) -> None:
        """Forgets all counts where they were made by another law, or where a topic begins anew."""
        marks = self._marks()
        ends = self._ends()
        behind = any(int(marks.get(name, 0)) > end for name, end in ends.items())
        if marks.get("law") == law and not behind:
            return
        for table in _COUNTS:
            self._connection.execute(delete(table))
        rows = {"law": law, "stage": "members:"} | {name: str(end) for name, end in ends.items()}
        self._connection.execute(insert(coverage_marks), [{"name": name, "value": one} for name, one in rows.items()])

    def next_persons(self, most: int) -> list[str] | None:
        """Persons whose members or lists have changed and who were not counted again; None: all were.

        They count as counted when this transaction commits.
        """
        marks = self._marks()
        if "stage" in marks:
            return self._next_of_stage(marks["stage"], most)
        for (topic, partition), end in sorted(self._topics().items()):
            name = f"{topic}/{partition}"
            done = int(marks.get(name, 0))
            if done < end:
                ids, following = self._chunks(topic, partition, done, end)
                self._mark(name, str(following))
                return self._persons_of(self._numbers_of(ids))
        return None

    def _next_of_stage(self, stage: str, most: int) -> list[str]:
        kind, _, last = stage.partition(":")
        # Ids of known workers as they are stored: the mark is stored, too.
        column: ColumnElement[str] = members.c.number if kind == "members" else type_coerce(known_workers.c.id, Text)
        rows = (
            self._connection.execute(select(column).where(column > last).order_by(column).limit(most)).scalars().all()
        )
        if len(rows) == most:
            self._mark("stage", f"{kind}:{rows[-1]}")
        elif kind == "members":
            self._mark("stage", "known:")
        else:
            self._connection.execute(delete(coverage_marks).where(coverage_marks.c.name == "stage"))
        if kind == "members":
            return self._persons_of(rows)
        found = self._connection.execute(select(known_workers).where(column.in_(rows)))
        return self.persons_of_known([known_of(one) for one in found])

    def _chunks(self, topic: str, partition: int, done: int, end: int) -> tuple[list[int], int]:
        wanted = select(chunks.c.id, chunks.c.next).where(
            chunks.c.topic == topic, chunks.c.partition == partition, chunks.c.next > done, chunks.c.first < end
        )
        rows = self._connection.execute(wanted.order_by(chunks.c.first).limit(_CHUNKS_AT_ONCE)).all()
        return [row.id for row in rows], rows[-1].next if rows else end

    def _numbers_of(self, chunk_ids: Iterable[int]) -> list[str]:
        found: set[str] = set()
        for one in chunk_ids:
            inside = ledger.c.seq.between(one * CHUNK_STRIDE, (one + 1) * CHUNK_STRIDE - 1)
            about = select(ledger.c.member_number).where(
                inside, ledger.c.claim_id.is_(None), ledger.c.member_number.is_not(None)
            )
            found.update(self._connection.execute(about).scalars())
        return sorted(found)

    def _persons_of(self, numbers: Sequence[str]) -> list[str]:
        """Who has these numbers, and had them before."""
        found: set[str] = set()
        for some in _parts(numbers):
            rows = self._connection.execute(select(members.c.number, members.c.nik).where(members.c.number.in_(some)))
            found.update(row.nik or row.number for row in rows)
            before = select(coverage_members.c.person).where(coverage_members.c.number.in_(some))
            found.update(self._connection.execute(before).scalars())
        return sorted(found)

    def persons_of_known(self, workers: Sequence[KnownWorker]) -> list[str]:
        numbers = [one.member_number for one in workers if one.verdict == "same"]
        rows = self._connection.execute(select(members.c.number, members.c.nik).where(members.c.number.in_(numbers)))
        persons = {row.number: row.nik or row.number for row in rows}
        return [person_of(one, persons) for one in workers]

    def concerned(self, persons: Sequence[str]) -> list[Concerned]:
        """These persons, as members and lists have them now."""
        own: dict[str, Concerned] = {one: Concerned(one, [], []) for one in persons}
        for some in _parts(persons):
            for member in self._members_of(some):
                own[member.nik or member.number].members.append(member)
            numbers = {member.number: person for person in some for member in own[person].members}
            listed = or_(
                known_workers.c.nik.in_(some),
                known_workers.c.id.in_([one.removeprefix(KNOWN) for one in some if one.startswith(KNOWN)]),
                known_workers.c.member_number.in_(list(numbers)),
            )
            found = [known_of(row) for row in self._connection.execute(select(known_workers).where(listed))]
            for one, person in zip(found, self.persons_of_known(found), strict=True):
                if person in own and one not in own[person].known:
                    own[person].known.append(one)
        return list(own.values())

    def _members_of(self, persons: Sequence[str]) -> list[Member]:
        columns = (members.c.number, members.c.version, members.c.document, members.c.recent)
        of_person = or_(members.c.nik.in_(persons), and_(members.c.nik.is_(None), members.c.number.in_(persons)))
        heads = self._connection.execute(select(*columns).where(of_person)).all()
        numbers = [row.number for row in heads]
        months = select(member_months).where(member_months.c.number.in_(numbers))
        rows = self._connection.execute(months.order_by(member_months.c.number, member_months.c.version)).all()
        return members_of(map(tuple, heads), map(tuple, rows))

    # --- what they add

    def count(self, found: Mapping[str, PersonCounts], rows: Sequence[MemberRow]) -> None:
        """Puts what these persons add in the place of what they added before. `rows`: of all their memberships."""
        before: dict[str, Any] = {}
        for some in _parts(list(found)):
            wanted = select(coverage_people).where(coverage_people.c.person.in_(some))
            before |= {row.person: row for row in self._connection.execute(wanted)}
        days: dict[tuple[Any, ...], list[int]] = {}
        written = []
        for person, counts in found.items():
            old = before.get(person)
            changes = orjson.dumps(counts.changes).decode()
            if old is not None and (*old[1:4], old.changes) == (*counts.group, changes):
                continue
            if old is not None:
                for day, delta in orjson.loads(old.changes):
                    _add(days, (day, *old[1:4]), delta, -1)
            for day, delta in counts.changes:
                _add(days, (day, *counts.group), delta, 1)
            written.append(dict(zip(coverage_people.c.keys(), (person, *counts.group, changes), strict=True)))
        if written:
            self._connection.execute(in_place_of(coverage_people, "person"), written)
        self._add_counts(days)
        if rows:
            self._connection.execute(in_place_of(coverage_members, "number"), [one._asdict() for one in rows])

    def _add_counts(self, days: Mapping[tuple[Any, ...], list[int]]) -> None:
        months: dict[tuple[Any, ...], list[int]] = {}
        for (day, *group), delta in days.items():
            date = dt.date.fromordinal(day)
            _add(months, (date.year * 12 + date.month - 1, *group), delta, 1)
        for table, counts in ((coverage_days, days), (coverage_months, months)):
            rows = [
                dict(zip(table.c.keys(), (*key, *delta), strict=True))
                for key, delta in sorted(counts.items()) if any(delta)
            ]  # fmt: skip
            if rows:
                self._connection.execute(ADDED[table.name], rows)

    def _marks(self) -> dict[str, str]:
        rows = self._connection.execute(select(coverage_marks.c.name, coverage_marks.c.value))
        return {row.name: row.value for row in rows}

    def _mark(self, name: str, value: str) -> None:
        self._connection.execute(in_place_of(coverage_marks, "name"), {"name": name, "value": value})

    def _topics(self) -> dict[tuple[str, int], int]:
        """The next offset that is not read yet, of each partition of the topics that tell of members."""
        wanted = select(positions.c.topic, positions.c.partition, func.max(positions.c.next)).where(
            positions.c.topic.in_((MEMBERS, HISTORY)), positions.c.next.is_not(None)
        )
        rows = self._connection.execute(wanted.group_by(positions.c.topic, positions.c.partition))
        return {(topic, partition): end for topic, partition, end in rows}

    def _ends(self) -> dict[str, int]:
        return {f"{topic}/{partition}": end for (topic, partition), end in self._topics().items()}


def _add(counts: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], delta: Sequence[int], sign: int) -> None:
    own = counts.get(key)
    if own is None:
        counts[key] = [sign * one for one in delta]
    else:
        for at, one in enumerate(delta):
            own[at] += sign * one


def _parts(values: Sequence[str], size: int = 2_000) -> Iterator[Sequence[str]]:
    """So many as a statement takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
