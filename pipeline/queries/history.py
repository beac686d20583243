"""History as auditors read it: events in the order of processing and what was published for them, page by page.

The connections cannot write, and no page holds a snapshot longer than its own query. Never imports the processor, Faust
or Kafka.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, func, or_, select, tuple_

from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.store import embedded_log as embedded
from pipeline.store.tables import cases, decisions, ledger, log, members, outputs, payouts, positions
from schemas import topics
from schemas.clock import clock_of, microseconds
from schemas.decisions import Payout

PAGE: Final = 2000
_MOST_NAMES: Final = 500  # in one query: SQLite allows 32,766 parameters, older builds 999


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of the ledger. `seq`: its place in the order of processing."""

    seq: int
    clock: dt.datetime
    partition: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a history goes while a worker writes on: the number of its last event, and of its last output; -1: there
    is none."""

    event: int
    output: int


@dataclass(frozen=True, slots=True)
class Kin:
    """Claims and membership numbers that the claims of some persons may depend on."""

    claim_ids: frozenset[str]
    numbers: frozenset[str]


_RAW: Final = func.coalesce(ledger.c.raw, log.c.value)
_LEDGER_WITH_BYTES: Final = ledger.outerjoin(log, embedded.is_input_of(ledger))


def ask(connection: Connection) -> None:
    """Read one row of our tables: raises where the store does not answer."""
    connection.execute(select(positions.c.next).limit(1)).all()


def extent_of(connection: Connection, *, is_embedded: bool) -> Extent:
    """As of the last commit."""
    _, number = _published(is_embedded=is_embedded)
    last = [select(func.max(one)).scalar_subquery() for one in (ledger.c.seq, number)]
    found = connection.execute(select(*(func.coalesce(one, -1) for one in last))).one()
    return Extent(found[0], found[1])


def newest_event(connection: Connection) -> int:
    """The `seq` of the last event, as of the last commit; -1: there is none."""
    found: int = connection.execute(select(func.coalesce(func.max(ledger.c.seq), -1))).scalar_one()
    return found


def history(
    connection: Connection,
    kin: Kin | None = None,
    until: dt.datetime | None = None,
    last: int | None = None,
    after: int = -1,
) -> Iterator[list[HistoryEvent]]:
    """Every accepted event in the order of processing; `kin`: of these claims and members, and the daily clock; `until`
    (aware): received by then, that moment included; `after`, `last`: after this `seq`, and up to that one."""
    while True:
        statement = select(ledger.c.seq, ledger.c.clock, ledger.c.partition, _RAW).select_from(_LEDGER_WITH_BYTES)
        statement = statement.where(ledger.c.seq > after)
        if last is not None:
            statement = statement.where(ledger.c.seq <= last)
        if kin is not None:
            statement = statement.where(_concerns(kin))
        if until is not None:
            statement = statement.where(ledger.c.clock <= microseconds(until))
        found = connection.execute(statement.order_by(ledger.c.seq).limit(PAGE)).all()
        if not found:
            return
        yield [HistoryEvent(seq, clock_of(clock), partition, bytes(raw)) for seq, clock, partition, raw in found]
        after = found[-1].seq


def altered_events(connection: Connection, kin: Kin | None = None) -> Iterator[str]:
    """The places (topic/partition/offset) of accepted events whose bytes are no longer those of their digest, or are
    gone; `kin`: as `history`."""
    after = -1
    place = (ledger.c.topic, ledger.c.partition, ledger.c.offset)
    while True:
        statement = select(ledger.c.seq, ledger.c.digest, _RAW.label("raw"), *place).select_from(_LEDGER_WITH_BYTES)
        statement = statement.where(ledger.c.seq > after)
        if kin is not None:
            statement = statement.where(_concerns(kin))
        found = connection.execute(statement.order_by(ledger.c.seq).limit(PAGE)).all()
        if not found:
            return
        for row in found:
            if row.raw is None or hashlib.sha256(row.raw).digest() != row.digest:
                yield f"{row.topic}/{row.partition}/{row.offset}"
        after = found[-1].seq


def events_of(connection: Connection, claim_ids: Iterable[str], before: int) -> list[Any]:
    """(claim_id, clock, raw) of these claims, claim by claim, each in the order of processing, up to seq `before`."""
    found: list[Any] = []
    for names in some(sorted(claim_ids)):
        statement = select(ledger.c.claim_id, ledger.c.clock, _RAW).select_from(_LEDGER_WITH_BYTES)
        statement = statement.where(ledger.c.claim_id.in_(names), ledger.c.seq < before)
        found += connection.execute(statement.order_by(ledger.c.claim_id, ledger.c.seq))
    return found


def published_decisions(
    connection: Connection, claim_ids: Iterable[str], *, is_embedded: bool
) -> dict[tuple[str, int], bytes]:
    """The bytes that were published, by claim and revision."""
    published, number = _published(is_embedded=is_embedded)
    found: dict[tuple[str, int], bytes] = {}
    for names in some(sorted(claim_ids)):
        statement = select(decisions.c.claim_id, decisions.c.revision, published.c.value)
        statement = statement.join(published, decisions.c.output == number).where(decisions.c.claim_id.in_(names))
        for claim_id, revision, value in connection.execute(statement):
            found[claim_id, revision] = bytes(value)
    return found


def claim_of(event: HistoryEvent) -> str | None:
    """The claim that an event names; None: it is a fact about a member, or its bytes are no event any more."""
    try:
        found: str | None = orjson.loads(event.raw)["data"].get("claim_id")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found


def place_of(connection: Connection, seq: int) -> str:
    """Topic/partition/offset of an event of the ledger."""
    statement = select(ledger.c.topic, ledger.c.partition, ledger.c.offset).where(ledger.c.seq == seq)
    return "/".join(map(str, connection.execute(statement).one()))


def payouts_of(connection: Connection, claim_id: str, revision: int) -> list[Payout]:
    """The money that a decision ordered, as the table has it: without the day by which it is due."""
    statement = select(payouts).where(payouts.c.claim_id == claim_id, payouts.c.revision == revision)
    return [
        Payout(
            f"{claim_id}.r{revision}.{row.payee}",
            claim_id,
            claim_id,
            row.member_number,
            revision,
            f"{claim_id}.r{revision}",
            row.payee,
            row.direction,
            row.amount,
            None,
        )
        for row in connection.execute(statement.order_by(payouts.c.payee, payouts.c.member_number))
    ]


def stored_decisions(
    connection: Connection,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    claim_id: str | None = None,
    last_output: int | None = None,
) -> Iterator[Any]:
    """Rows of `decisions`, claim by claim, by revision: made from `since` on and before `until`; published up to
    `last_output`."""
    chosen = []
    if last_output is not None:
        chosen.append(decisions.c.output <= last_output)
    if since is not None:
        chosen.append(decisions.c.decided_at >= microseconds(since))
    if until is not None:
        chosen.append(decisions.c.decided_at < microseconds(until))
    if claim_id is not None:
        chosen.append(decisions.c.claim_id == claim_id)
    after = ("", 0)
    while True:
        is_next = tuple_(decisions.c.claim_id, decisions.c.revision) > tuple_(*after)
        statement = select(decisions).where(is_next, *chosen).order_by(decisions.c.claim_id, decisions.c.revision)
        found = connection.execute(statement.limit(PAGE)).all()
        if not found:
            return
        yield from found
        after = (found[-1].claim_id, found[-1].revision)


def decided_cases(connection: Connection) -> Iterator[Any]:
    """Rows of `cases` that have a decision, by claim id."""
    after = ""
    while True:
        statement = select(cases).where(cases.c.claim_id > after, cases.c.revision > 0).order_by(cases.c.claim_id)
        found = connection.execute(statement.limit(PAGE)).all()
        if not found:
            return
        yield from found
        after = found[-1].claim_id


def published(
    connection: Connection, *, is_embedded: bool, names: Sequence[str] = topics.OUTPUT, last: int | None = None
) -> Iterator[tuple[str, bytes, bytes]]:
    """(topic, key, value) of everything that was published in these topics, in its order; `last`: up to this output."""
    table, number = _published(is_embedded=is_embedded)
    after = -1
    while True:
        statement = select(number, table.c.topic, table.c.key, table.c.value).where(number > after)
        if is_embedded or names != topics.OUTPUT:
            statement = statement.where(table.c.topic.in_(names))
        if last is not None:
            statement = statement.where(number <= last)
        found = connection.execute(statement.order_by(number).limit(PAGE)).all()
        if not found:
            return
        yield from ((topic, bytes(key), bytes(value)) for _, topic, key, value in found)
        after = found[-1][0]


def kin_of(connection: Connection, claim_id: str) -> Kin:
    """The kin of one claim: the person's membership numbers, and all claims of any of them."""
    claim_ids: set[str] = {claim_id}
    numbers: set[str] = set()
    niks: set[str] = set()
    while True:
        size = len(claim_ids) + len(numbers) + len(niks)
        is_kin = or_(cases.c.claim_id.in_(claim_ids), cases.c.member_number.in_(numbers), cases.c.nik.in_(niks))
        for row in connection.execute(select(cases.c.claim_id, cases.c.member_number, cases.c.nik).where(is_kin)):
            claim_ids.add(row.claim_id)
            numbers |= {row.member_number} - {None}
            niks |= {row.nik} - {None}
        named = select(ledger.c.member_number).where(ledger.c.claim_id.in_(claim_ids))
        numbers |= {number for (number,) in connection.execute(named) if number is not None}
        enrolled = or_(members.c.number.in_(numbers), members.c.nik.in_(niks))
        for number, nik in connection.execute(select(members.c.number, members.c.nik).where(enrolled)):
            numbers.add(number)
            niks |= {nik} - {None}
        if size == len(claim_ids) + len(numbers) + len(niks):
            return Kin(frozenset(claim_ids), frozenset(numbers))


def pages(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """The same rows, as many at once as one query reads."""
    rest = iter(rows)
    while page := list(islice(rest, PAGE)):
        yield page


def day(text: str) -> dt.date:
    """A day as the tables keep it."""
    return dt.date.fromisoformat(text)


def chunk_of(seq: Any) -> Any:
    """The chunk of a numbered row; takes a number or a column."""
    return seq // CHUNK_STRIDE


def _concerns(kin: Kin) -> Any:
    is_fact = or_(ledger.c.member_number.in_(kin.numbers), ledger.c.member_number.is_(None))
    return or_(ledger.c.claim_id.in_(kin.claim_ids), and_(ledger.c.claim_id.is_(None), is_fact))


def _published(*, is_embedded: bool) -> tuple[Any, Any]:
    return (log, log.c.seq) if is_embedded else (outputs, outputs.c.id)


def some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at once as one query may name."""
    for start in range(0, len(names), _MOST_NAMES):
        yield names[start : start + _MOST_NAMES]
