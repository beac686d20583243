"""Leaves of what was stored before there was a ledger: the tree `before`, built afterwards from rows, in steps.

Of duplicates nothing was stored but their number, so one leaf counts those of a chunk. The embedded log does not say
which input an output is of: their leaves come after all events.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select

from pipeline.ledger.leaves import BEFORE, SALT_BYTES, Bundle, bundle, digest_of_output, grown_by
from pipeline.messages.records import Message
from pipeline.processing.ports import CHUNK_STRIDE, ChunkAccount, DeadLetter, Effects, LedgerEntry
from pipeline.store import embedded_log
from pipeline.store.access_tables import audit_records
from pipeline.store.leaves import append, audit_line, bundle_of, chunk_lines, last_bundle
from pipeline.store.ledger_tables import ledger_leaves
from pipeline.store.tables import chunks, dead_letters, ledger, log, outputs
from schemas import topics
from schemas.clock import clock_of

MOST_EVENTS: Final = 5_000  # in one step: half a second of a writer's lock
MOST_RECORDS: Final = 2_000


def add_history(connection: Connection, *, is_embedded: bool) -> bool:
    """One step, in the caller's transaction, which must be the only one. False: all is there."""
    last = last_bundle(connection, BEFORE)
    if last is None:
        return False
    kind, rows = _missing(connection, last, is_embedded=is_embedded)
    if not rows:
        return False
    if kind == "chunks":
        _add_chunks(connection, last, rows, is_embedded=is_embedded)
    else:
        salts = os.urandom(SALT_BYTES * len(rows))
        line = _output_line if kind == "outputs" else audit_line
        lines = [line(row, salt) for row, salt in zip(rows, _salts(salts), strict=True)]
        append(connection, bundle(BEFORE, grown_by(last), None, salts, lines))
    return True


def is_complete(connection: Connection, *, is_embedded: bool) -> bool:
    """Whether all history has its leaves."""
    last = last_bundle(connection, BEFORE)
    return last is None or not _missing(connection, last, is_embedded=is_embedded)[1]


def _missing(connection: Connection, last: Bundle, *, is_embedded: bool) -> tuple[str, Sequence[Any]]:
    """The next rows without a leaf, as many as one step takes, and what they are."""
    chunk_end, record_end, output_end = bounds_of_history(connection)
    done = select(func.max(ledger_leaves.c.chunk)).where(ledger_leaves.c.tree == BEFORE, ledger_leaves.c.chunk > 0)
    has_events = or_(chunks.c.accepted > 0, chunks.c.duplicates > 0, chunks.c.refused > 0)
    is_older = (chunks.c.id > (connection.execute(done).scalar() or 0), chunks.c.id <= chunk_end, has_events)
    some, events = [], 0
    for row in connection.execute(select(chunks).where(*is_older).order_by(chunks.c.id).limit(MOST_EVENTS)):
        some.append(row)
        events += row.accepted + row.refused
        if events >= MOST_EVENTS:
            break
    if some:
        return "chunks", some
    after = _last_number(last, b"output", b"audit")
    if is_embedded and after is not None:
        chosen = (log.c.seq > after, log.c.seq <= output_end, log.c.topic.in_(topics.OUTPUT))
        rows = connection.execute(select(log).where(*chosen).order_by(log.c.seq).limit(MOST_EVENTS)).all()
        if rows:
            return "outputs", rows
    within = (audit_records.c.number > (_last_number(last, b"audit") or 0), audit_records.c.number <= record_end)
    statement = select(audit_records).where(*within).order_by(audit_records.c.number).limit(MOST_RECORDS)
    return "records", connection.execute(statement).all()


def bounds_of_history(connection: Connection) -> tuple[int, int, int]:
    """The last chunk, audit record and place of the log that are older than the ledger; 0: there was none."""
    first = select(ledger_leaves).where(ledger_leaves.c.tree == BEFORE, ledger_leaves.c.first == 0)
    row = connection.execute(first).first()
    if row is None:
        return 0, 0, 0
    _, chunk, record, output = bundle_of(row).lines()[0].split(b" ")
    return int(chunk), int(record), int(output)


def _add_chunks(connection: Connection, last: Bundle, some: Sequence[Any], *, is_embedded: bool) -> None:
    frontier = grown_by(last)
    low, high = some[0].id, some[-1].id
    effects = _effects(connection, some)
    published = {} if is_embedded else _outputs(connection, low, high)
    for row in some:
        one = effects[row.id]
        numbered = published.get(row.id, [])
        one.outputs.extend((offset, message) for _, offset, message in numbered)
        count = len(one.entries) + len(one.dead_letters) + len(one.outputs) + (row.duplicates > 0)
        if not count:
            continue
        salts = os.urandom(SALT_BYTES * count)
        lines = chunk_lines(one, iter([number for number, *_ in numbered]), salts)
        if row.duplicates:
            lines.append(f"uncounted {row.topic}/{row.partition}/{row.first} {row.duplicates}")
        new = bundle(BEFORE, frontier, row.id, salts, lines)
        append(connection, new)
        frontier = grown_by(new)


def _effects(connection: Connection, some: Sequence[Any]) -> dict[int, Effects]:
    """Events of these chunks, without what they led to."""
    made = {row.id: Effects(row.id, row.topic, row.partition, _account(row), [], [], [], []) for row in some}
    low, end = some[0].id * CHUNK_STRIDE, (some[-1].id + 1) * CHUNK_STRIDE
    raw = func.coalesce(ledger.c.raw, log.c.value).label("bytes")
    statement = select(ledger, raw).select_from(ledger.outerjoin(log, embedded_log.is_input_of(ledger)))
    for row in connection.execute(statement.where(ledger.c.seq >= low, ledger.c.seq < end).order_by(ledger.c.seq)):
        entry = LedgerEntry(
            row.seq,
            (row.source, row.event_id),
            bytes(row.digest),
            row.offset,
            clock_of(row.clock),
            row.is_own_time,
            row.claim_id,
            row.member_number,
            bytes(row.bytes or b""),
        )
        made[row.seq // CHUNK_STRIDE].entries.append(entry)
    original = func.coalesce(dead_letters.c.original, log.c.value).label("bytes")
    statement = select(dead_letters, original).select_from(
        dead_letters.outerjoin(log, embedded_log.is_input_of(dead_letters))
    )
    chosen = (dead_letters.c.chunk >= some[0].id, dead_letters.c.chunk <= some[-1].id)
    for row in connection.execute(statement.where(*chosen).order_by(dead_letters.c.chunk, dead_letters.c.offset)):
        letter = DeadLetter(
            row.offset, row.timestamp_ms, row.received_ms, row.reason, (), row.source, row.event_id, bytes(row.bytes)
        )
        made[row.chunk].dead_letters.append(letter)
    return made


def _account(row: Any) -> ChunkAccount:
    return ChunkAccount(row.first, row.next, row.accepted, row.duplicates, row.refused)


Numbered = tuple[int, int, Message]  # under which it is kept, offset of its input, the output


def _outputs(connection: Connection, low: int, high: int) -> dict[int, list[Numbered]]:
    """Outputs of the chunks from `low` to `high`, by chunk."""
    found: defaultdict[int, list[Numbered]] = defaultdict(list)
    chosen = (outputs.c.id >= low * CHUNK_STRIDE, outputs.c.id < (high + 1) * CHUNK_STRIDE)
    for row in connection.execute(select(outputs).where(*chosen).order_by(outputs.c.id)):
        message = Message(row.topic, bytes(row.key), bytes(row.value))
        found[row.id // CHUNK_STRIDE].append((row.id, row.input_offset, message))
    return found


def _output_line(row: Any, salt: bytes) -> str:
    return f"output - {row.topic} {row.seq} {digest_of_output(salt, bytes(row.key), bytes(row.value))}"


def _last_number(last: Bundle, kind: bytes, later: bytes | None = None) -> int | None:
    """Of the last leaf of this kind; 0: there is none yet; None: leaves of a later kind have begun."""
    words = last.lines()[-1].split(b" ")
    if words[0] == later:
        return None
    if last.chunk is not None or words[0] != kind:
        return 0
    return int(words[3] if kind == b"output" else words[1])


def _salts(joined: bytes) -> list[bytes]:
    return [joined[at : at + SALT_BYTES] for at in range(0, len(joined), SALT_BYTES)]
