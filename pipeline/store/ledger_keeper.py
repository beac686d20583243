"""Signs the ledger: tiles for what was added, the head of every tree into the tree `heads`, and a checkpoint of that.

One at a time: each step is a transaction of its own under one lock, and begins where the last one ended, whoever did
it. So any worker may be stopped between two steps. Never imports Faust or Kafka.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from pipeline.errors import NotReady
from pipeline.ledger import notes
from pipeline.ledger.leaves import AUDIT, BEFORE, HEADS, SALT_BYTES, bundle, grown_by, head
from pipeline.ledger.leaves import leaf_hashes as hashes_of
from pipeline.ledger.notes import SigningKey
from pipeline.ledger.tree import Frontier, Prover, Tile, TileWriter
from pipeline.ledger.verifier import Checkpoint, opened
from pipeline.messages.records import Message
from pipeline.private_files import make_folders
from pipeline.store.embedded_log import append as append_to_log
from pipeline.store.engines import postgresql_transient, sqlite_transient
from pipeline.store.history_leaves import add_history
from pipeline.store.leaves import append, bundle_of, frontier_of, last_bundle
from pipeline.store.ledger_tables import ledger_checkpoints, ledger_leaves, ledger_tiles
from pipeline.store.tables import positions
from pipeline.store.unit_of_work import Transaction
from schemas import topics
from schemas.clock import microseconds

MOST_COSIGNED: Final = 10_000  # checkpoints among which that of a signature is looked for: a week
SIGN_SECONDS: Final = 60.0  # a running worker signs as often
MOST_LEAVES: Final = 20_000  # made into tiles in one step: a tenth of a second of a writer's lock
_LOCK: Final = 2, 2  # of PostgreSQL
_DAMAGED: Final = "run `santunan ledger verify`, which names the place; nothing is signed until then"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that was made: `leaves` of all trees are covered by it. `trees`: of each tree a note of its own."""

    checkpoint: Checkpoint
    note: str
    leaves: int
    trees: dict[str, str]

    def messages(self) -> list[Message]:
        """For the topic of checkpoints, by origin, so that those of one log stay in order."""
        every = [self.note, *self.trees.values()]
        return [Message(topics.CHECKPOINTS, note.split("\n", 1)[0].encode(), note.encode()) for note in every]


class LedgerKeeper:
    """`store`: an opened store that can be written. `keys`: the first one signs, the others sign as well."""

    def __init__(self, store: Any, keys: Sequence[SigningKey], witness_dir: Path | None = None) -> None:
        self._store = store
        self._keys = keys
        self._public = [key.public() for key in keys]
        self._witness_dir = witness_dir

    def keep(self, now: dt.datetime) -> Signed | None:
        """Sign what was added; None: nothing was. Raises NotReady where the ledger is not what was signed before,
        Transient."""
        while self._step(lambda connection: add_history(connection, is_embedded=self._store.is_embedded)):
            pass
        heads = self._step(heads_of)
        for tree, frontier in heads.items():
            while self._step(partial(add_tiles, tree=tree, size=frontier.size)):
                pass
        signed: Signed | None = self._step(partial(self._sign, heads=heads, now=now))
        if signed is not None and self._witness_dir is not None:
            publish(self._witness_dir, signed.checkpoint, signed.note)
            for tree, note in signed.trees.items():
                _write(self._witness_dir / f"tree-{tree}", note)
        return signed

    def _step(self, do: Callable[[Connection], Any]) -> Any:
        passes = sqlite_transient if self._store.is_embedded else postgresql_transient
        with Transaction(self._store.engine, passes) as work:
            if not self._store.is_embedded:
                work.connection.execute(select(func.pg_advisory_xact_lock(*_LOCK)))
            done = do(work.connection)
            work.commit()
        return done

    def _sign(self, connection: Connection, heads: dict[str, Frontier], now: dt.datetime) -> Signed | None:
        last = last_bundle(connection, HEADS)
        own = Frontier() if last is None else grown_by(last)
        self._require_last(connection, own)
        lines = [head(tree, one.size, one.root()) for tree, one in sorted(heads.items())]
        known = [] if last is None else [line.decode() for line in last.lines()]
        if not lines or lines == known or _is_behind(heads, known):
            return None
        for tree, one in heads.items():
            if Prover(tile_reader(connection, tree)).root(one.size) != one.root():
                raise NotReady(f"the tiles of the tree {tree} do not have the root that its leaves lead to: {_DAMAGED}")
        new = bundle(HEADS, own, None, os.urandom(SALT_BYTES * len(lines)), lines)
        append(connection, new)
        grown = grown_by(new)
        while add_tiles(connection, HEADS, grown.size):
            pass
        note = notes.signed_checkpoint(grown.size, grown.root(), self._keys)
        row = {"size": grown.size, "clock": microseconds(now), "note": note}
        connection.execute(insert(ledger_checkpoints), [row])
        trees = {tree: note_of_tree(self._keys[0], tree, one) for tree, one in heads.items()}
        signed = Signed(opened(note, self._public), note, sum(one.size for one in heads.values()), trees)
        if self._store.is_embedded:
            append_to_log(connection.connection.driver_connection, signed.messages())
        return signed

    def _require_last(self, connection: Connection, heads: Frontier) -> None:
        """Raises NotReady where the newest checkpoint is not of these heads, or not by one of these keys."""
        newest = select(ledger_checkpoints.c.note).order_by(ledger_checkpoints.c.size.desc()).limit(1)
        note = connection.execute(newest).scalar()
        if note is None:
            if heads.size:
                raise NotReady(f"the ledger has heads, but no checkpoint: {_DAMAGED}")
            return
        try:
            last = opened(note, self._public)
        except ValueError:
            raise NotReady(
                "another key than that of ledger_key_file has signed the ledger: put that file in its place"
            ) from None
        if (last.size, last.root) != (heads.size, heads.root()):
            raise NotReady(f"the heads of the ledger are not those of its newest checkpoint: {_DAMAGED}")


def _is_behind(heads: dict[str, Frontier], known: Sequence[str]) -> bool:
    """Another worker has signed more meanwhile."""
    sizes = {tree: int(size) for _, tree, size, _ in (line.split(" ") for line in known)}
    return any(tree not in heads or heads[tree].size < size for tree, size in sizes.items())


def heads_of(connection: Connection) -> dict[str, Frontier]:
    """Every tree but `heads`, as it is now; empty ones are left out."""
    partitions = connection.execute(select(positions.c.partition).distinct()).scalars()
    names = [*(str(one) for one in sorted(partitions)), BEFORE, AUDIT]
    found = {name: frontier_of(connection, name) for name in names}
    return {name: one for name, one in found.items() if one.size}


def add_tiles(connection: Connection, tree: str, size: int) -> bool:
    """One step towards tiles of the first `size` leaves. False: they are all there."""
    writer = TileWriter.restored(list(_last_tiles(connection, tree)))
    if writer.size >= size:
        return False
    chosen = (ledger_leaves.c.tree == tree, ledger_leaves.c.first >= writer.size, ledger_leaves.c.next <= size)
    new: list[bytes] = []
    for row in connection.execute(select(ledger_leaves).where(*chosen).order_by(ledger_leaves.c.first)):
        if row.first != writer.size + len(new):
            raise NotReady(f"leaves of the tree {tree} are missing before {row.first}: {_DAMAGED}")
        new += hashes_of(bundle_of(row).lines())
        if len(new) >= MOST_LEAVES:
            break
    if not new:
        raise NotReady(f"leaves of the tree {tree} are missing after {writer.size}: {_DAMAGED}")
    for tile in writer.append(new):
        _put_tile(connection, tree, tile)
    return True


def tile_reader(connection: Connection, tree: str) -> Callable[[int, int], bytes]:
    """For a `Prover`. Raises NotReady where a tile is missing."""

    def read(level: int, number: int) -> bytes:
        place = (ledger_tiles.c.tree == tree, ledger_tiles.c.level == level, ledger_tiles.c.number == number)
        found = connection.execute(select(ledger_tiles.c.hashes).where(*place)).scalar()
        if found is None:
            raise NotReady(f"a tile of the tree {tree} is missing ({level}/{number}): {_DAMAGED}")
        return bytes(found)

    return read


def _last_tiles(connection: Connection, tree: str) -> Iterator[Tile]:
    level = 0
    while True:
        place = (ledger_tiles.c.tree == tree, ledger_tiles.c.level == level)
        newest = select(ledger_tiles).where(*place).order_by(ledger_tiles.c.number.desc()).limit(1)
        row = connection.execute(newest).first()
        if row is None:
            return
        yield Tile(level, row.number, bytes(row.hashes))
        level += 1


def _put_tile(connection: Connection, tree: str, tile: Tile) -> None:
    place = (ledger_tiles.c.tree == tree, ledger_tiles.c.level == tile.level, ledger_tiles.c.number == tile.number)
    if not connection.execute(ledger_tiles.update().where(*place).values(hashes=tile.hashes)).rowcount:
        connection.execute(insert(ledger_tiles), [{"tree": tree, **tile._asdict()}])


def publish(folder: Path, checkpoint: Checkpoint, note: str) -> Path:
    """Write a checkpoint to a folder that is kept elsewhere; one that is there is never written over."""
    make_folders(folder)
    file = folder / f"checkpoint-{checkpoint.size:012}-{checkpoint.root.hex()[:8]}"
    if not file.exists():
        _write(file, note)
    return file


def _write(file: Path, note: str) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(note, encoding="utf-8")
    draft.replace(file)


def note_of_tree(key: SigningKey, tree: str, head: Frontier) -> str:
    """So that a tool that knows one tree alone reads this one."""
    return notes.signed_checkpoint(head.size, head.root(), [key.of_tree(tree)])


def add_cosignatures(store: Any, lines: Sequence[str], witness: notes.Witness, keys: Sequence[str]) -> list[int]:
    """Keep lines of a witness, each with the checkpoint that it signs; the sizes of these. Raises ValueError where one
    signs none of the newest checkpoints, or is kept already."""
    passes = sqlite_transient if store.is_embedded else postgresql_transient
    kept = []
    with Transaction(store.engine, passes) as work:
        newest = select(ledger_checkpoints).order_by(ledger_checkpoints.c.size.desc()).limit(MOST_COSIGNED)
        rows = work.connection.execute(newest).all()
        for line in lines:
            row = next((one for one in rows if _is_signed(witness, f"{notes.bare(one.note)}{line}\n")), None)
            if row is None:
                raise ValueError(f"{witness.name} signs none of the newest {MOST_COSIGNED:,} checkpoints with this key")
            note = notes.with_cosignature(row.note, line, keys)
            chosen = ledger_checkpoints.c.size == row.size
            work.connection.execute(ledger_checkpoints.update().where(chosen).values(note=note))
            kept.append(row.size)
        if not kept:
            raise ValueError(f"no line of {witness.name} is in it")
        work.commit()
    return kept


def _is_signed(witness: notes.Witness, note: str) -> bool:
    try:
        return witness.signed_at(note) is not None
    except ValueError:
        return False
