"""Leaves of a batch, in the order in which its partitions took them: each event, then what it led to.

The order follows from the offsets and from the order of chunks, which the gate of a partition gives; not from which
worker stores them. fast: see docs/performance.md.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, insert, select

from pipeline.ledger.leaves import (
    AUDIT,
    SALT_BYTES,
    Bundle,
    bundle,
    digest,
    grown_by,
)
from pipeline.ledger.tree import Frontier
from pipeline.messages.records import Message
from pipeline.processing.ports import DeadLetter, Duplicate, Effects, LedgerEntry
from pipeline.store.ledger_tables import ledger_leaves
from schemas.clock import microseconds

Draw = Callable[[int], bytes]
AUDIT_LOCK = 2, 1  # of PostgreSQL, see `postgresql.py` for those that begin with 1


def batch_bundles(
    frontiers: dict[str, Frontier], batch: Iterable[Effects], numbers: Iterable[int], draw: Draw = os.urandom
) -> list[Bundle]:
    """The rows of `ledger_leaves` for a batch. `frontiers`: of the trees as they are, moved on; `numbers`: under which
    each output of the batch is kept, in order."""
    rest = iter(numbers)
    made = []
    for effects in batch:
        count = len(effects.entries) + len(effects.dead_letters) + len(effects.duplicates) + len(effects.outputs)
        if not count:
            continue
        tree, salts = str(effects.partition), draw(SALT_BYTES * count)
        lines = chunk_lines(effects, rest, salts)
        new = bundle(tree, frontiers.get(tree, Frontier()), effects.chunk_id, salts, lines)
        frontiers[tree] = grown_by(new)
        made.append(new)
    return made


def chunk_lines(effects: Effects, numbers: Iterator[int], salts: bytes) -> list[str]:
    """Of each event its leaf, and after it those of its outputs."""
    inputs: list[LedgerEntry | DeadLetter | Duplicate] = list(effects.entries)
    if effects.dead_letters or effects.duplicates:
        inputs += [*effects.dead_letters, *effects.duplicates]
        inputs.sort(key=lambda one: one.offset)
    place = f"{effects.topic}/{effects.partition}/"
    lines: list[str] = []
    outputs = chain(effects.outputs, _END)
    following, message = next(outputs)
    at = 0
    for one in inputs:
        salt = salts[at : at + SALT_BYTES]
        at += SALT_BYTES
        offset = one.offset
        lines.append(input_line(f"{place}{offset}", one, salt))
        while following == offset:
            assert message is not None, "its offset is that of an event"
            salted = sha256(b"".join((salts[at : at + SALT_BYTES], message.key, b"\x00", message.value))).hexdigest()
            at += SALT_BYTES
            lines.append(f"output {place}{offset} {message.topic} {next(numbers)} {salted}")
            following, message = next(outputs)
    assert message is None, "each output follows from an event of its chunk"
    return lines


_END: Final[tuple[tuple[int, Message | None], ...]] = ((-1, None),)


def input_line(place: str, one: LedgerEntry | DeadLetter | Duplicate, salt: bytes) -> str:
    """The leaf of an event."""
    if type(one) is LedgerEntry:
        salted = sha256(salt + one.raw).hexdigest()
        return f"applied {place} {one.seq} {microseconds(one.clock)} {1 if one.is_own_time else 0} {salted}"
    if isinstance(one, DeadLetter):
        received = "-" if one.received_ms is None else one.received_ms
        times = f"{one.timestamp_ms} {received}"
        return f"refused {place} {one.reason} {times} {digest(salt, one.original)}"
    return f"duplicate {place} {digest(salt, one.raw)}"


def audit_line(row: Sequence[Any], salt: bytes) -> str:
    """The leaf of a row of `audit_records`."""
    return f"audit {row[0]} {row[1]} {digest(salt, orjson.dumps(list(row)))}"


def append_audit(connection: Connection, row: Sequence[Any]) -> None:
    """The leaf of a record, in the record's own transaction. One at a time: the tree has one end."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(*AUDIT_LOCK)))
    salt = os.urandom(SALT_BYTES)
    append(connection, bundle(AUDIT, frontier_of(connection, AUDIT), None, salt, [audit_line(row, salt)]))


def frontier_of(connection: Connection, tree: str) -> Frontier:
    """A tree as its next writer finds it."""
    last = last_bundle(connection, tree)
    return Frontier() if last is None else grown_by(last)


def last_bundle(connection: Connection, tree: str) -> Bundle | None:
    """None: the tree is empty."""
    newest = select(ledger_leaves).where(ledger_leaves.c.tree == tree).order_by(ledger_leaves.c.first.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else bundle_of(row)


def bundle_of(row: Any) -> Bundle:
    """From a row with every column."""
    return Bundle(*row[:4], *map(bytes, row[4:7]))


def append(connection: Connection, new: Bundle) -> None:
    connection.execute(insert(ledger_leaves), [new._asdict()])
