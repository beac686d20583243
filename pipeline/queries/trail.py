"""The trail of a claim, and finding one: events with their places and digests, records of access, refusals. Never
writes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select

from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.queries.dead_letters import DeadLetter, dead_letters_page
from pipeline.store import embedded_log
from pipeline.store.access_tables import audit_records
from pipeline.store.readable import Readable
from pipeline.store.tables import cases, chunks, ledger, log, payouts
from schemas.clock import clock_of

MOST_REFUSED: Final = 1000  # refused events that are looked through, the newest: they have no claim of their own
MOST_AUDITED: Final = 1000
MOST_FOUND: Final = 50


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One accepted event. `place`: topic/partition/offset. `digest`: SHA-256, hexadecimal. `type`: of the event."""

    place: str
    digest: str
    source: str
    event_id: str
    type: str
    clock: dt.datetime
    claim_id: str | None
    member_number: str | None


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit record about a claim."""

    clock: dt.datetime
    who: str
    action: str
    result: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """One claim, by the state it is in."""

    claim_id: str
    program: str | None
    event_date: str | None
    revision: int
    outcome: str | None


def events_of_claim(store: Readable, claim_id: str) -> list[TrailEvent]:
    """In the order of processing."""
    return _events(store, ledger.c.claim_id == claim_id, most=None)


def event_at(store: Readable, topic: str, partition: int, offset: int) -> list[TrailEvent]:
    """The accepted event of this place, if there is one."""
    is_within = and_(
        chunks.c.topic == topic, chunks.c.partition == partition, chunks.c.first <= offset, chunks.c.next > offset
    )
    with store.reader() as connection:
        chunk = connection.execute(select(chunks.c.id).where(is_within)).scalar()
    if chunk is None:
        return []
    is_of_chunk = ledger.c.seq.between(chunk * CHUNK_STRIDE, (chunk + 1) * CHUNK_STRIDE - 1)
    return _events(store, and_(is_of_chunk, ledger.c.topic == topic, ledger.c.offset == offset), most=1)


def events_named(store: Readable, *, event_id: str | None = None, digest: bytes | None = None) -> list[TrailEvent]:
    """By id, of any source, or by digest. Reads the whole ledger: 1 s for some millions of events."""
    wanted = ledger.c.event_id == event_id if event_id is not None else ledger.c.digest == digest
    return _events(store, wanted, most=MOST_FOUND)


def claims_found(
    store: Readable, *, claim_id: str | None = None, number: str | None = None, nik: str | None = None
) -> list[FoundClaim]:
    """By id, or of a person; those of a NIK under any of its numbers. The latest event first."""
    wanted = (
        cases.c.claim_id == claim_id
        if claim_id is not None
        else cases.c.member_number == number
        if number is not None
        else cases.c.nik == nik
    )
    columns = cases.c.claim_id, cases.c.program, cases.c.event_date, cases.c.revision, cases.c.outcome
    statement = select(*columns).where(wanted).order_by(cases.c.event_date.desc(), cases.c.claim_id).limit(MOST_FOUND)
    with store.reader() as connection:
        return [FoundClaim(*row) for row in connection.execute(statement)]


def moves_of_claim(store: Readable, claim_id: str) -> dict[int, list[tuple[str, str, int]]]:
    """(direction, payee, rupiah) that each revision ordered."""
    found: dict[int, list[tuple[str, str, int]]] = {}
    statement = select(payouts).where(payouts.c.claim_id == claim_id).order_by(payouts.c.revision, payouts.c.payee)
    with store.reader() as connection:
        for row in connection.execute(statement):
            found.setdefault(row.revision, []).append((row.direction, row.payee, row.amount))
    return found


def audited(store: Readable, claim_id: str) -> list[Audited]:
    """Records whose subject is the claim, or begins with it; the newest MOST_AUDITED, the newest first."""
    subject = audit_records.c.subject
    is_about = or_(subject == claim_id, subject.startswith(f"{claim_id} ", autoescape=True))
    statement = select(audit_records).where(is_about).order_by(audit_records.c.number.desc()).limit(MOST_AUDITED)
    with store.reader() as connection:
        return [
            Audited(clock_of(row.clock), row.who, row.action, row.result, row.reason)
            for row in connection.execute(statement)
        ]


def refused_of_claim(store: Readable, claim_id: str) -> list[DeadLetter]:
    """Refused events that name this claim, among the newest MOST_REFUSED that are left."""
    found = dead_letters_page(store, limit=MOST_REFUSED, with_bytes=True)
    return [one for one in found.rows if _claim_named(one.original) == claim_id]


def _claim_named(raw: bytes | None) -> str | None:
    try:
        data = orjson.loads(raw or b"")["data"]
        return str(data["claim_id"])
    except (ValueError, KeyError, TypeError):
        return None


def _events(store: Readable, wanted: ColumnElement[bool], *, most: int | None) -> list[TrailEvent]:
    raw = func.coalesce(ledger.c.raw, log.c.value).label("bytes")
    statement = select(ledger, raw).select_from(ledger.outerjoin(log, embedded_log.is_input_of(ledger)))
    statement = statement.where(wanted).order_by(ledger.c.seq).limit(most)
    with store.reader() as connection:
        rows: Sequence[Any] = connection.execute(statement).all()
    return [_event(row) for row in rows]


def _event(row: Any) -> TrailEvent:
    return TrailEvent(
        f"{row.topic}/{row.partition}/{row.offset}",
        bytes(row.digest).hex(),
        row.source,
        row.event_id,
        orjson.loads(bytes(row.bytes))["type"],
        clock_of(row.clock),
        row.claim_id,
        row.member_number,
    )
