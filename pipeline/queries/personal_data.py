"""Personal data of one person: in which tables, how much, since when, until when. Never writes.

Every table of the store is either in `TABLES` or, with the reason, in `NOT_PERSONAL`: a test plants one person in
everything that is kept, and searches all tables.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, false, func, literal, or_, select, tuple_

from pipeline.queries import history
from pipeline.queries.coverage import members_of
from pipeline.store import embedded_log
from pipeline.store.access_tables import audit_records
from pipeline.store.coverage_tables import coverage_members, coverage_people, known_workers
from pipeline.store.draft_book import drafts
from pipeline.store.paper_book import papers
from pipeline.store.readable import Readable
from pipeline.store.refused_event_tables import refused_event_steps
from pipeline.store.tables import (
    cases,
    dead_letters,
    decisions,
    ledger,
    log,
    member_months,
    members,
    outputs,
    paid_lines,
    payouts,
    persons,
)
from pipeline.store.webhook_tables import webhook_deliveries
from pipeline.store.work_book import work_holders
from schemas import topics
from schemas.clock import clock_of

TABLES: Final = (
    "ledger", "log", "outputs", "members", "member_months", "persons", "cases", "decisions", "payouts", "paid_lines",
    "dead_letters", "refused_event_steps", "papers", "report_drafts", "webhook_deliveries", "work_holders",
    "known_workers", "coverage_members", "coverage_people", "audit_records",
)  # fmt: skip
NOT_PERSONAL: Final[dict[str, str]] = {
    **dict.fromkeys(("positions", "chunks", "topics", "origins", "acceptances", "log_identity"), "places and counts"),
    "nik_keys": "a fingerprint of the key of other columns",
    **dict.fromkeys(("ledger_leaves", "ledger_tiles", "ledger_checkpoints"), "salted digests and places"),
    **dict.fromkeys(("coverage_days", "coverage_months", "coverage_marks", "known_lists"), "counts of many people"),
    **dict.fromkeys(
        ("principals", "api_keys", "passwords", "second_factors", "sessions", "one_time_links", "webhooks"),
        "who works with the system, by a name of their own",
    ),
}
_PAGE: Final = 1000
_END: Final = 1 << 62
_MICROSECONDS: Final = 1_000  # of a millisecond


@dataclass(frozen=True, slots=True)
class Person:
    """`numbers`: memberships. `niks`: those of now, and those under which one was once registered."""

    numbers: frozenset[str] = field(repr=False)
    niks: frozenset[str] = field(repr=False)
    claim_ids: frozenset[str]
    keys: frozenset[str] = field(repr=False)  # of the records of these claims and members


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one table, or records of one topic, that are about the person. `since`: the oldest, where rows have a
    time."""

    where: str
    rows: int
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A look at the person, as it was put on record."""

    at: dt.datetime
    who: str
    action: str
    subject: str
    result: str
    reason: str | None


def person_of(store: Readable, *, number: str | None = None, nik: str | None = None) -> Person:
    """All memberships under the person's NIK, and the claims of any of them. What nobody knows is a person, too."""
    numbers = {number} if number is not None else set()
    niks = {nik} if nik is not None else set()
    former: set[str] = set()
    claim_ids: set[str] = set()
    keys: set[str] = set()
    size = -1
    while size != len(numbers) + len(niks) + len(claim_ids):
        size = len(numbers) + len(niks) + len(claim_ids)
        found = [one for each in sorted(numbers) for one in members_of(store, number=each)]
        found += [one for each in sorted(niks) for one in members_of(store, nik=each)]
        for member in found:
            numbers.add(member.number)
            niks |= {member.nik} if member.nik is not None else set()
            former |= {one.nik for one in member.enrolments}
        with store.reader() as connection:
            named = or_(cases.c.member_number.in_(numbers), cases.c.nik.in_(niks))
            for row in connection.execute(select(cases).where(named)):
                claim_ids.add(row.claim_id)
                keys |= {row.key}
                numbers |= {row.member_number} - {None}
                niks |= {row.nik} - {None}
    return Person(
        frozenset(numbers), frozenset(niks | former), frozenset(claim_ids), frozenset(keys | numbers | claim_ids)
    )


def kept_about(store: Readable, person: Person) -> tuple[Kept, ...]:
    """Where something is kept, in the order of `TABLES`; behind it the topics of a broker that is not the store. Tables
    without an index by person are read through."""
    with store.reader() as connection:
        refused = list(_refused(connection, person))
        found = [_count(connection, table, wanted, clock) for table, wanted, clock in _by_columns(person)]
        found.append(_records(connection, person, refused))
        found += [
            _listed("dead_letters", [row.timestamp_ms * _MICROSECONDS for row in refused]),
            _steps(connection, refused),
            _papers(connection, person),
            _drafts(connection, person),
        ]
        found += [] if store.is_embedded else _topics(connection, person)
    order = {name: place for place, name in enumerate(TABLES)}
    return tuple(sorted((one for one in found if one.rows), key=lambda one: order.get(one.where, len(order))))


def readings_of(store: Readable, person: Person) -> tuple[Reading, ...]:
    """What was put on record about the person's claims and memberships, the newest first."""
    with store.reader() as connection:
        statement = select(audit_records).where(_is_audited(person)).order_by(audit_records.c.number.desc())
        return tuple(
            Reading(clock_of(row.clock), row.who, row.action, row.subject, row.result, row.reason)
            for row in connection.execute(statement)
        )


# --- tables that name the person in a column

Counted = tuple[Table, ColumnElement[bool], ColumnElement[Any] | None]


def _by_columns(person: Person) -> Iterator[Counted]:
    numbers, niks, claim_ids = person.numbers, person.niks, person.claim_ids
    either = numbers | niks
    yield ledger, is_of(ledger, person), ledger.c.clock
    yield members, members.c.number.in_(numbers), None
    yield member_months, member_months.c.number.in_(numbers), None
    yield persons, persons.c.person.in_(either), None
    yield cases, cases.c.claim_id.in_(claim_ids), None
    yield decisions, decisions.c.claim_id.in_(claim_ids), decisions.c.decided_at
    yield payouts, or_(payouts.c.claim_id.in_(claim_ids), payouts.c.member_number.in_(numbers)), None
    yield paid_lines, or_(paid_lines.c.claim_id.in_(claim_ids), paid_lines.c.person.in_(either)), None
    yield outputs, outputs.c.key.in_([key.encode() for key in person.keys]), None
    decided = (webhook_deliveries.c.decision_id.startswith(f"{one}.r", autoescape=True) for one in claim_ids)
    yield webhook_deliveries, or_(*decided, false()), webhook_deliveries.c.created_at
    yield work_holders, work_holders.c.claim_id.in_(claim_ids), work_holders.c.taken_at
    yield known_workers, or_(known_workers.c.nik.in_(niks), known_workers.c.member_number.in_(numbers)), None
    yield coverage_members, coverage_members.c.number.in_(numbers), None
    yield coverage_people, coverage_people.c.person.in_(either), None
    yield audit_records, _is_audited(person), audit_records.c.clock


def _count(connection: Connection, table: Table, wanted: ColumnElement[bool], clock: Any) -> Kept:
    since: Any = func.min(clock) if clock is not None else literal(None)
    row = connection.execute(select(func.count(), since).select_from(table).where(wanted)).one()
    return Kept(table.name, row[0], clock_of(row[1]) if row[1] is not None else None)


def is_of(table: Any, person: Person) -> ColumnElement[bool]:
    """Of a row of the ledger: it is about the person's claims, or a fact about a membership."""
    is_fact = and_(table.c.claim_id.is_(None), table.c.member_number.in_(person.numbers))
    return or_(table.c.claim_id.in_(person.claim_ids), is_fact)


def _is_audited(person: Person) -> ColumnElement[bool]:
    subject = audit_records.c.subject
    begins = (subject.startswith(f"{one} ", autoescape=True) for one in person.claim_ids)  # followed by a paper
    return or_(subject.in_(person.claim_ids | person.numbers), *begins)


# --- tables that name it in their bytes


def _is_named(raw: bytes | str, person: Person) -> bool:
    """Whether a JSON text has one of the person's names as a whole text."""
    text = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
    return any(f'"{name}"' in text for name in (*person.niks, *person.numbers, *person.claim_ids))


def _refused(connection: Connection, person: Person) -> Iterator[Any]:
    place = (dead_letters.c.topic, dead_letters.c.partition, dead_letters.c.offset, dead_letters.c.timestamp_ms)
    raw = func.coalesce(dead_letters.c.original, log.c.value).label("raw")
    joined = dead_letters.outerjoin(log, embedded_log.is_input_of(dead_letters))
    after = ("", -1, -1)
    while True:
        is_next = tuple_(*place[:3]) > tuple_(*after)
        statement = select(*place, raw).select_from(joined).where(is_next).order_by(*place[:3]).limit(_PAGE)
        found = connection.execute(statement).all()
        if not found:
            return
        yield from (row for row in found if row.raw is not None and _is_named(bytes(row.raw), person))
        after = (found[-1].topic, found[-1].partition, found[-1].offset)


def _listed(where: str, clocks: Sequence[int]) -> Kept:
    return Kept(where, len(clocks), clock_of(min(clocks)) if clocks else None)


def _steps(connection: Connection, refused: Sequence[Any]) -> Kept:
    table = refused_event_steps.c
    clocks: list[int] = []
    for row in refused:
        is_here = (table.topic == row.topic, table.partition == row.partition, table.offset == row.offset)
        clocks += connection.execute(select(table.clock).where(*is_here)).scalars()
    return _listed("refused_event_steps", clocks)


def _records(connection: Connection, person: Person, refused: Sequence[Any]) -> Kept:
    """Of the log: what came in, what was refused, and what left."""
    came = select(func.count(), func.min(log.c.timestamp_ms)).select_from(
        log.join(ledger, embedded_log.is_input_of(ledger))
    )
    left = select(func.count(), func.min(log.c.timestamp_ms)).where(
        log.c.topic.in_(topics.OUTPUT), log.c.key.in_([key.encode() for key in person.keys])
    )
    counts = [tuple(connection.execute(one).one()) for one in (came.where(is_of(ledger, person)), left)]
    if any(count for count, _ in counts):
        counts += [(1, row.timestamp_ms) for row in refused]
    first = min((since for count, since in counts if count), default=None)
    return Kept(log.name, sum(count for count, _ in counts), clock_of(first * _MICROSECONDS) if first else None)


def _papers(connection: Connection, person: Person) -> Kept:
    """Scans that an event of a claim names."""
    digests: set[str] = set()
    for _, _, raw in history.events_of(connection, person.claim_ids, before=_END):
        attached = orjson.loads(bytes(raw))["data"].get("attachments") or ()
        digests |= {one["sha256"] for one in attached}
    return _count(connection, papers, papers.c.sha256.in_(digests), papers.c.put_at)


def _drafts(connection: Connection, person: Person) -> Kept:
    rows = connection.execute(select(drafts.c.answers, drafts.c.receipt, drafts.c.created_at))
    return _listed(drafts.name, [row.created_at for row in rows if _is_named(f"{row.answers}{row.receipt}", person)])


def _topics(connection: Connection, person: Person) -> list[Kept]:
    """Of a broker of its own: records of the same events, and what was published."""
    came = select(ledger.c.topic, func.count(), func.min(ledger.c.clock)).where(is_of(ledger, person))
    found = [
        Kept(f"topic {topic}", count, clock_of(since))
        for topic, count, since in connection.execute(came.group_by(ledger.c.topic))
    ]
    left = select(outputs.c.topic, func.count()).where(outputs.c.key.in_([key.encode() for key in person.keys]))
    published = connection.execute(left.group_by(outputs.c.topic).order_by(outputs.c.topic))
    return [*sorted(found, key=lambda one: one.where), *(Kept(f"topic {topic}", count) for topic, count in published)]
