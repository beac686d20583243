"""Receipts of the ledger: the proof of one event, and how far the ledger is signed. Never writes."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from pipeline.ledger.leaves import HEADS, Bundle
from pipeline.ledger.receipts import Path, receipt
from pipeline.ledger.tree import Prover
from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.queries.pages import NotFound
from pipeline.store.leaves import bundle_of
from pipeline.store.ledger_keeper import tile_reader
from pipeline.store.ledger_tables import ledger_checkpoints, ledger_leaves
from pipeline.store.readable import Readable
from pipeline.store.tables import ledger
from schemas.clock import clock_of


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`trees`: leaves of each, and how many of these the newest checkpoint covers. `note`: that checkpoint."""

    trees: dict[str, tuple[int, int]]
    checkpoints: int
    signed_at: dt.datetime | None
    note: str | None


def receipt_of(store: Readable, digest: bytes, source: str | None = None) -> dict[str, object]:
    """The receipt of the event with this SHA-256, by the newest checkpoint; `source`: only where this one sent it.

    Raises NotFound where no such event was applied, or no checkpoint covers it yet.
    """
    statement = select(ledger.c.seq, ledger.c.topic, ledger.c.partition, ledger.c.offset)
    statement = statement.where(ledger.c.digest == digest)
    if source is not None:
        statement = statement.where(ledger.c.source == source)
    with store.reader() as connection:
        row = connection.execute(statement.order_by(ledger.c.seq).limit(1)).first()
        if row is None:
            raise NotFound("no event with this SHA-256 was applied; take it of the bytes exactly as they were sent")
        return _receipt(connection, row)


def checkpoints(store: Readable) -> list[str]:
    """Every signed note, the oldest first."""
    with store.reader() as connection:
        return list(connection.execute(select(ledger_checkpoints.c.note).order_by(ledger_checkpoints.c.size)).scalars())


def ledger_state(store: Readable) -> LedgerState:
    """How far the ledger goes, and how far it is signed."""
    with store.reader() as connection:
        last = connection.execute(
            select(ledger_checkpoints).order_by(ledger_checkpoints.c.size.desc()).limit(1)
        ).first()
        count = connection.execute(select(func.count()).select_from(ledger_checkpoints)).scalar_one()
        sizes = connection.execute(
            select(ledger_leaves.c.tree, func.max(ledger_leaves.c.next)).group_by(ledger_leaves.c.tree)
        ).all()
        signed = {} if last is None else {words[1]: int(words[2]) for words in _head_words(connection, last.size)}
    trees = {tree: (size, signed.get(tree, 0)) for tree, size in sorted(sizes) if tree != HEADS}
    clock = None if last is None else clock_of(last.clock)
    return LedgerState(trees, count, clock, None if last is None else last.note)


def _receipt(connection: Connection, row: Any) -> dict[str, object]:
    found = connection.execute(select(ledger_leaves).where(ledger_leaves.c.chunk == row.seq // CHUNK_STRIDE)).first()
    place = f"applied {row.topic}/{row.partition}/{row.offset} ".encode()
    made = None if found is None else bundle_of(found)
    at = None if made is None else next((at for at, line in enumerate(made.lines()) if line.startswith(place)), None)
    if made is None or at is None:
        raise NotFound("the event is older than the ledger, and has no entry yet: a running worker makes it")
    newest = connection.execute(select(ledger_checkpoints).order_by(ledger_checkpoints.c.size.desc()).limit(1)).first()
    index = made.first + at
    heads = [] if newest is None else _head_words(connection, newest.size)
    own = next((number for number, words in enumerate(heads) if words[1] == made.tree), None)
    if newest is None or own is None or int(heads[own][2]) <= index:
        raise NotFound("no checkpoint covers this event yet: a running worker signs one within a minute")
    size, head_index = int(heads[own][2]), newest.size - len(heads) + own
    proof = Prover(tile_reader(connection, made.tree)).inclusion(index, size)
    head_proof = Prover(tile_reader(connection, HEADS)).inclusion(head_index, newest.size)
    head = Path(" ".join(heads[own]), head_index, head_proof)
    return receipt(Path(made.lines()[at].decode(), index, proof), made.salt(at), head, newest.note)


def _head_words(connection: Connection, size: int) -> list[list[str]]:
    """The heads that a checkpoint of this size was signed with."""
    chosen = (ledger_leaves.c.tree == HEADS, ledger_leaves.c.next == size)
    row = connection.execute(select(ledger_leaves).where(*chosen)).first()
    lines = [] if row is None else Bundle.lines(bundle_of(row))
    return [line.decode().split(" ") for line in lines]
