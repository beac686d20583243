"""Receipts of the ledger: the proof of one event, and how far the ledger is signed. Never writes."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from pipeline.ledger.leaves import BEFORE, HEADS, Bundle
from pipeline.ledger.receipts import Path, receipt
from pipeline.ledger.tree import Prover
from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.queries.pages import NotFound
from pipeline.store.leaves import bundle_of
from pipeline.store.ledger_keeper import tile_reader
from pipeline.store.ledger_tables import ledger_checkpoints, ledger_leaves
from pipeline.store.readable import Readable
from pipeline.store.tables import dead_letters, ledger, log, outputs
from schemas.clock import clock_of


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`trees`: leaves of each, and how many of these the newest checkpoint covers. `note`: that checkpoint."""

    trees: dict[str, tuple[int, int]]
    checkpoints: int
    signed_at: dt.datetime | None
    note: str | None


class NotSigned(NotFound):
    """It is known, and no checkpoint covers it yet."""


def receipt_of(store: Readable, digest: bytes, source: str | None = None) -> dict[str, object]:
    """The receipt of the event with this SHA-256, by the newest checkpoint; `source`: only where this one sent it. Of
    one that was refused, too.

    Raises NotFound where no such event was read, NotSigned where no checkpoint covers it yet.
    """
    with store.reader() as connection:
        found = _leaf_of_event(connection, digest, source)
        newest = connection.execute(_NEWEST).first()
        if newest is None or not is_covered(connection, found, newest.size):
            raise NotSigned("no checkpoint covers this event yet: a running worker signs one within a minute")
        return Receipts(connection, newest).of(found)


def newest_checkpoint(connection: Connection) -> Any:
    """Its row. None: nothing is signed yet."""
    return connection.execute(_NEWEST).first()


def signed_sizes(connection: Connection, size: int) -> dict[str, int]:
    """Of each tree how far the checkpoint of `size` heads goes."""
    return {words[1]: int(words[2]) for words in _head_words(connection, size)}


def checkpoints(store: Readable) -> list[str]:
    """Every signed note, the oldest first."""
    with store.reader() as connection:
        return list(connection.execute(select(ledger_checkpoints.c.note).order_by(ledger_checkpoints.c.size)).scalars())


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A checkpoint: when it was signed, and how many heads of trees it covers."""

    signed_at: dt.datetime
    size: int


def latest_checkpoints(store: Readable, limit: int) -> list[SignedHead]:
    """The newest first."""
    statement = select(ledger_checkpoints.c.clock, ledger_checkpoints.c.size)
    with store.reader() as connection:
        rows = connection.execute(statement.order_by(ledger_checkpoints.c.size.desc()).limit(limit)).all()
    return [SignedHead(clock_of(row.clock), row.size) for row in rows]


def ledger_state(store: Readable) -> LedgerState:
    """How far the ledger goes, and how far it is signed."""
    with store.reader() as connection:
        last = connection.execute(_NEWEST).first()
        count = connection.execute(select(func.count()).select_from(ledger_checkpoints)).scalar_one()
        sizes = connection.execute(
            select(ledger_leaves.c.tree, func.max(ledger_leaves.c.next)).group_by(ledger_leaves.c.tree)
        ).all()
        signed = {} if last is None else signed_sizes(connection, last.size)
    trees = {tree: (size, signed.get(tree, 0)) for tree, size in sorted(sizes) if tree != HEADS}
    clock = None if last is None else clock_of(last.clock)
    return LedgerState(trees, count, clock, None if last is None else last.note)


class Leaf(NamedTuple):
    """A leaf in the bundle that it was appended with. `at`: its place there."""

    made: Bundle
    at: int

    @property
    def line(self) -> str:
        return self.made.lines()[self.at].decode()

    @property
    def place(self) -> int:
        return self.made.first + self.at


def is_covered(connection: Connection, leaf: Leaf, size: int) -> bool:
    """By the checkpoint of `size` heads."""
    return any(words[1] == leaf.made.tree and int(words[2]) > leaf.place for words in _head_words(connection, size))


def first_covering(connection: Connection, leaves: Iterable[Leaf]) -> Any:
    """The row of the oldest checkpoint that covers all of them, which stays the same for ever. None: there is none
    yet."""
    needed: dict[str, Leaf] = {}
    for leaf in leaves:
        needed[leaf.made.tree] = max(leaf, needed.get(leaf.made.tree, leaf), key=lambda one: one.place)
    newest = connection.execute(_NEWEST).first()

    def covers(size: int) -> bool:
        return all(is_covered(connection, leaf, size) for leaf in needed.values())

    if newest is None or not covers(newest.size):
        return None
    low, high, found = 0, newest.size, newest
    while low < high:
        middle = (low + high) // 2
        since = select(ledger_checkpoints).where(ledger_checkpoints.c.size >= middle)
        row: Any = connection.execute(since.order_by(ledger_checkpoints.c.size).limit(1)).first()
        if covers(row.size):
            high, found = middle, row
        else:
            low = row.size + 1
    return found


class Receipts:
    """Receipts by one checkpoint, which must cover their leaves."""

    def __init__(self, connection: Connection, checkpoint: Any) -> None:
        self._connection = connection
        self._checkpoint = checkpoint
        self._heads = _head_words(connection, checkpoint.size)
        self._provers: dict[str, Prover] = {}

    def cover(self, leaf: Leaf) -> bool:
        return any(words[1] == leaf.made.tree and int(words[2]) > leaf.place for words in self._heads)

    def of(self, leaf: Leaf, key: str | None = None) -> dict[str, object]:
        """`key`: of an output."""
        tree, size = leaf.made.tree, self._checkpoint.size
        own = next(number for number, words in enumerate(self._heads) if words[1] == tree)
        index = size - len(self._heads) + own
        proof = self._prover(tree).inclusion(leaf.place, int(self._heads[own][2]))
        head = Path(" ".join(self._heads[own]), index, self._prover(HEADS).inclusion(index, size))
        return receipt(Path(leaf.line, leaf.place, proof), leaf.made.salt(leaf.at), head, self._checkpoint.note, key)

    def _prover(self, tree: str) -> Prover:
        if tree not in self._provers:
            self._provers[tree] = Prover(tile_reader(self._connection, tree))
        return self._provers[tree]


def leaf_of_chunk(connection: Connection, chunk: int, start: str, part: str = "") -> Leaf | None:
    """The leaf of a chunk that begins with `start` and has `part` in it."""
    row = connection.execute(select(ledger_leaves).where(ledger_leaves.c.chunk == chunk)).first()
    return None if row is None else _leaf_in(bundle_of(row), start, part)


def leaf_of_output(
    connection: Connection, topic: str, number: int, cause: tuple[str, str], *, is_embedded: bool
) -> Leaf | None:
    """`number`: under which the output is kept. `cause`: source and id of the event that led to it."""
    chunk = number // CHUNK_STRIDE
    if is_embedded:
        caused = select(ledger.c.seq).where(ledger.c.source == cause[0], ledger.c.event_id == cause[1])
        chunk = connection.execute(caused).scalar_one() // CHUNK_STRIDE
    name = f" {topic} {number} "
    found = leaf_of_chunk(connection, chunk, "output ", name)
    if found is not None or not is_embedded:
        return found
    older = select(ledger_leaves).where(ledger_leaves.c.tree == BEFORE, ledger_leaves.c.chunk.is_(None))
    rows = connection.execute(older.order_by(ledger_leaves.c.first))
    return next((leaf for row in rows if (leaf := _leaf_in(bundle_of(row), "output ", name)) is not None), None)


def output_at(connection: Connection, number: int, *, is_embedded: bool) -> Any:
    """The row (topic, key, value) of an output. None: it is not stored."""
    table, own = (log, log.c.seq) if is_embedded else (outputs, outputs.c.id)
    return connection.execute(select(table.c.topic, table.c.key, table.c.value).where(own == number)).first()


def _leaf_in(made: Bundle, start: str, part: str) -> Leaf | None:
    first, within = start.encode(), part.encode()
    places = (at for at, line in enumerate(made.lines()) if line.startswith(first) and within in line)
    at = next(places, None)
    return None if at is None else Leaf(made, at)


def _leaf_of_event(connection: Connection, digest: bytes, source: str | None) -> Leaf:
    applied = select(ledger.c.seq, ledger.c.topic, ledger.c.partition, ledger.c.offset)
    applied = applied.where(ledger.c.digest == digest).order_by(ledger.c.seq).limit(1)
    refused = select(dead_letters.c.chunk, dead_letters.c.topic, dead_letters.c.partition, dead_letters.c.offset)
    refused = refused.where(dead_letters.c.digest == digest).order_by(dead_letters.c.chunk.desc()).limit(1)
    if source is not None:
        applied, refused = applied.where(ledger.c.source == source), refused.where(dead_letters.c.source == source)
    kind, row = "applied", connection.execute(applied).first()
    if row is None:
        kind, row = "refused", connection.execute(refused).first()
    if row is None:
        raise NotFound("no event with this SHA-256 was read; take it of the bytes exactly as they were sent")
    chunk = row[0] // CHUNK_STRIDE if kind == "applied" else row[0]
    found = leaf_of_chunk(connection, chunk, f"{kind} {row.topic}/{row.partition}/{row.offset} ")
    if found is None:
        raise NotSigned("the event is older than the ledger, and has no entry yet: a running worker makes it")
    return found


_NEWEST: Final = select(ledger_checkpoints).order_by(ledger_checkpoints.c.size.desc()).limit(1)


def _head_words(connection: Connection, size: int) -> list[list[str]]:
    """The heads that a checkpoint of this size was signed with."""
    chosen = (ledger_leaves.c.tree == HEADS, ledger_leaves.c.first < size)
    statement = select(ledger_leaves).where(*chosen).order_by(ledger_leaves.c.first.desc()).limit(1)
    row = connection.execute(statement).first()
    lines = [] if row is None else Bundle.lines(bundle_of(row))
    return [line.decode().split(" ") for line in lines]
