"""Submissions: events by their source and id, the claims that a source has sent, and the decisions on these. Never
writes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, exists, func, literal, or_, select

from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.queries import history
from pipeline.queries.decisions import read_values
from pipeline.store import embedded_log
from pipeline.store.readable import QuickReader, Readable
from pipeline.store.rows import progress_of
from pipeline.store.tables import cases, chunks, decisions, ledger, log, payouts
from schemas.clock import clock_of
from schemas.events import parse

_END: Final = 1 << 62  # after every row of the ledger


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event that was applied: where it came in, when, and its bytes. `digest`: SHA-256 of these."""

    source: str
    event_id: str
    topic: str
    partition: int
    offset: int
    clock: dt.datetime
    digest: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """All that was applied to one claim. `events`: (event, when it was received), in the order of processing.

    `progress`: a `claims.Progress`, whose `parties` are the sources that were admitted beside the one that opened it.
    `member_number`: of the latest decision.
    """

    claim_id: str
    key: str
    partition: int
    member_number: str | None
    progress: Any
    events: tuple[tuple[Any, dt.datetime], ...]


def stored_event(store: Readable, source: str, event_id: str, quick: QuickReader | None = None) -> StoredEvent | None:
    """None: it is not known (yet). `quick`: of this store, in its own thread."""
    wanted = {"source": source, "event_id": event_id}
    if quick is None:
        return _stored(store, _OF_ID, wanted)
    row = quick.first(_OF_ID, wanted)
    return None if row is None else _stored_row(row)


def stored_events(store: Readable, source: str, event_ids: Sequence[str]) -> dict[str, StoredEvent]:
    """As `stored_event`, of many at once, by id."""
    if not event_ids:
        return {}
    with store.reader() as connection:
        rows = connection.execute(_OF_IDS, {"source": source, "event_ids": event_ids}).all()
    return {row.event_id: _stored_row(row) for row in rows}


def event_of_digest(store: Readable, source: str, digest: bytes) -> StoredEvent | None:
    """As `stored_event`; looks through all that this source has sent."""
    return _stored(store, _OF_DIGEST, {"source": source, "digest": digest})


def events_to_claim(store: Readable, source: str, claim_id: str) -> list[StoredEvent]:
    """What this source has sent to the claim and was applied, in the order of processing."""
    with store.reader() as connection:
        rows = connection.execute(_TO_CLAIM, {"source": source, "claim_id": claim_id}).all()
    return [_stored_row(row) for row in rows]


def sent_before(
    store: Readable, source: str, event_ids: Sequence[str], claim_ids: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Of these ids of events and of claims, those that this source has sent and were applied."""
    columns = select(ledger.c.event_id, ledger.c.claim_id).where(ledger.c.source == source)
    with store.reader() as connection:
        events = connection.execute(columns.where(ledger.c.event_id.in_(event_ids))).all()
        claims = connection.execute(columns.where(ledger.c.claim_id.in_(claim_ids))).all()
    return {row.event_id for row in events}, {row.claim_id for row in claims}


def claim_file(store: Readable, claim_id: str) -> ClaimFile | None:
    """None: nothing of this claim was applied yet."""
    with store.reader() as connection:
        row = connection.execute(select(cases).where(cases.c.claim_id == claim_id)).first()
        if row is None:
            return None
        found = history.events_of(connection, [claim_id], before=_END)
    events = tuple((parse(bytes(raw)), clock_of(clock)) for _, clock, raw in found)
    return ClaimFile(claim_id, row.key, row.partition, row.member_number, progress_of(row.progress), events)


def claims_page(
    store: Readable, source: str | None, *, after: str, limit: int, outcome: str | None = None
) -> list[Any]:
    """Rows (claim_id, program, event_date, revision, outcome) of opened claims in the order of their ids, behind
    `after`. `source`: those to which it has sent something; None: all. `outcome`: those alone that have it now."""
    statement = _claims(source, outcome).where(cases.c.claim_id > after).order_by(cases.c.claim_id)
    with store.reader() as connection:
        return list(connection.execute(statement.limit(limit)))


def newest_claims(
    store: Readable,
    source: str | None,
    *,
    behind: tuple[int, str] | None,
    limit: int,
    outcome: str | None = None,
    number: str = "",
) -> list[Any]:
    """As `claims_page`, those that were opened last first, each with its `opened_order`. `behind`: order and id of the
    last one that was seen. `number`: those alone that have this in their id."""
    statement = _claims(source, outcome).add_columns(cases.c.opened_order)
    if behind is not None:
        order, claim_id = behind
        is_same = and_(cases.c.opened_order == order, cases.c.claim_id > claim_id)
        statement = statement.where(or_(cases.c.opened_order < order, is_same))
    if number:
        statement = statement.where(cases.c.claim_id.icontains(number, autoescape=True))
    statement = statement.order_by(cases.c.opened_order.desc(), cases.c.claim_id)
    with store.reader() as connection:
        return list(connection.execute(statement.limit(limit)))


def _claims(source: str | None, outcome: str | None) -> Select[Any]:
    columns = (cases.c.claim_id, cases.c.program, cases.c.event_date, cases.c.revision, cases.c.outcome)
    statement = select(*columns).where(cases.c.program.is_not(None))
    if source is not None:
        statement = statement.where(cases.c.claim_id.in_(_sent_by(source)))
    return statement if outcome is None else statement.where(cases.c.outcome == outcome)


def decisions_page(
    store: Readable, source: str | None, *, after: Mapping[int, int], limit: int, ordering: bool = False
) -> list[tuple[int, int, str, bytes]]:
    """(partition, place, claim, published event) of decisions behind the places of `after`, by partition.

    Several workers commit out of order, and in each partition in order: so one place for all would skip some. Embedded
    there is one worker and one partition, 0. `source`: as `claims_page`. `ordering`: those alone that ordered payouts.
    """
    output = decisions.c.output
    partition = literal(0) if store.is_embedded else chunks.c.partition
    known = or_(*[and_(partition == one, output > place) for one, place in after.items()], partition.not_in(after))
    statement = select(partition.label("partition"), output, decisions.c.claim_id).where(known)
    if not store.is_embedded:
        statement = statement.join(chunks, chunks.c.id == output // CHUNK_STRIDE)
    if source is not None:
        statement = statement.where(decisions.c.claim_id.in_(_sent_by(source)))
    if ordering:
        of_it = and_(payouts.c.claim_id == decisions.c.claim_id, payouts.c.revision == decisions.c.revision)
        statement = statement.where(exists().where(of_it))
    with store.reader() as connection:
        found = connection.execute(statement.order_by(output).limit(limit)).all()
        values = read_values(connection, [row.output for row in found], is_embedded=store.is_embedded)
    return [(row.partition, row.output, row.claim_id, values[row.output]) for row in found]


def last_chunk(store: Readable) -> int:
    """Another number where something was processed since. Cheap: for who waits."""
    with store.reader() as connection:
        return connection.execute(select(func.max(chunks.c.id))).scalar() or 0


def feed_end(store: Readable, *, behind: int = 0) -> dict[int, int]:
    """Places by partition, up to which `decisions_page` has now whatever it will ever have. `behind`: the number of a
    chunk; partitions without a chunk behind it are left out."""
    if store.is_embedded:
        statement = select(literal(0), func.max(log.c.seq))
    else:
        newest = (func.max(chunks.c.id) + 1) * CHUNK_STRIDE - 1
        statement = select(chunks.c.partition, newest).where(chunks.c.id > behind).group_by(chunks.c.partition)
    with store.reader() as connection:
        return {partition: end for partition, end in connection.execute(statement) if end is not None}


def _sent_by(source: str) -> Any:
    return select(ledger.c.claim_id).where(ledger.c.source == source, ledger.c.claim_id.is_not(None))


_EVENT: Final = ("source", "event_id", "topic", "partition", "offset", "clock", "digest")


def _with_bytes(*names: str) -> Select[Any]:
    """An event of the ledger, by these columns. Made once: to make it costs as much as to ask it."""
    columns: list[Any] = [*(ledger.c[name] for name in _EVENT), func.coalesce(ledger.c.raw, log.c.value)]
    wanted = [ledger.c[name] == bindparam(name) for name in names]
    return select(*columns).select_from(ledger.outerjoin(log, embedded_log.is_input_of(ledger))).where(*wanted)


_OF_ID: Final = _with_bytes("source", "event_id")
_OF_IDS: Final = _with_bytes("source").where(ledger.c.event_id.in_(bindparam("event_ids", expanding=True)))
_OF_DIGEST: Final = _with_bytes("source", "digest")
_TO_CLAIM: Final = _with_bytes("source", "claim_id").order_by(ledger.c.seq)


def _stored(store: Readable, statement: Select[Any], wanted: Mapping[str, str | bytes]) -> StoredEvent | None:
    with store.reader() as connection:
        row = connection.execute(statement, wanted).first()
    return None if row is None else _stored_row(row)


def _stored_row(row: Any) -> StoredEvent:
    source, event_id, topic, partition, offset, clock, digest, raw = row
    return StoredEvent(source, event_id, topic, partition, offset, clock_of(clock), bytes(digest), bytes(raw))
