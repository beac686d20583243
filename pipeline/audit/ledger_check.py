"""Verifies the ledger of a store: every tree, every head, every checkpoint, and the rows that the leaves stand for.

Reads only, page by page, while workers go on. `verify` reads what is there first, so that what is added meanwhile is
left for the next time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from pipeline.audit.ledger_findings import MOST_FINDINGS, Cosigned, Finding, Verified
from pipeline.audit.ledger_rows import RowCheck, strays
from pipeline.audit.ledger_trees import TreeWalk, bundles, ends
from pipeline.ledger.leaves import AUDIT, BEFORE, HEADS
from pipeline.ledger.notes import Witness, claimed
from pipeline.ledger.verifier import Checkpoint, opened
from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.store.access_tables import audit_records
from pipeline.store.history_leaves import bounds_of_history, is_complete
from pipeline.store.ledger_tables import ledger_checkpoints, ledger_leaves
from pipeline.store.tables import log, outputs
from schemas import topics
from schemas.clock import clock_of

Advance = Callable[[int], None]
Heads = dict[str, dict[int, bytes]]  # of each tree by size the root that was signed


def verify(
    store: Any,
    *,
    keys: Sequence[str] = (),
    against: Iterable[str] = (),
    witnesses: Sequence[Witness] = (),
    on_progress: Advance | None = None,
) -> Verified:
    """`keys`: public keys; none: signatures are not looked at. `against`: notes that were kept elsewhere. `witnesses`:
    whose signatures are looked at.

    Raises ValueError where one of these is no note.
    """
    kept = [(note, _read(note, keys)) for note in against]
    with store.reader() as connection:
        records = set(connection.execute(select(audit_records.c.number)).scalars())
        found = _Verification(connection, keys, is_embedded=store.is_embedded, on_progress=on_progress)
        seen = found.run(records, kept)
        cosigned, forged = _cosigned(connection, witnesses)
        return replace(seen, cosigned=cosigned, findings=(*seen.findings, *forged))


def _cosigned(connection: Connection, witnesses: Sequence[Witness]) -> tuple[tuple[Cosigned, ...], list[Finding]]:
    """Who has co-signed, and what is not by whom it says."""
    rows = connection.execute(select(ledger_checkpoints).order_by(ledger_checkpoints.c.size)).all() if witnesses else []
    found, forged = [], []
    for witness in witnesses:
        signed = []
        for row in rows:
            try:
                at = witness.signed_at(row.note)
            except ValueError as error:
                forged.append(Finding("forged", HEADS, None, f"checkpoint of {row.size} heads: {error}"))
                continue
            signed += [] if at is None else [(row.size, at)]
        if signed:
            found.append(Cosigned(witness.name, len(signed), *signed[-1]))
    return tuple(found), forged[:MOST_FINDINGS]


def _read(note: str, keys: Sequence[str]) -> Checkpoint | None:
    """None: it is signed by none of the keys, or is no checkpoint."""
    try:
        return opened(note, keys) if keys else claimed(note)
    except ValueError:
        return None


class _Verification:
    def __init__(
        self, connection: Connection, keys: Sequence[str], *, is_embedded: bool, on_progress: Advance | None
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._is_embedded = is_embedded
        self._advance = on_progress or (lambda _: None)
        self._rows = RowCheck(connection, is_embedded=is_embedded)
        self._heads: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        self._leaves = 0
        self._last_output = 0
        self._ends: dict[str, int] = {}
        self._signed = 0

    def run(self, records: set[int], kept: Sequence[tuple[str, Checkpoint | None]]) -> Verified:
        # In this order, so that what a worker adds meanwhile is beyond the ends of the trees.
        stored = self._connection.execute(select(ledger_checkpoints).order_by(ledger_checkpoints.c.size)).all()
        self._last_output = self._end_of_outputs()
        self._ends = sizes = ends(self._connection)
        found = list(islice(self._signed_heads(stored, kept, sizes.get(HEADS, 0)), MOST_FINDINGS))
        for tree in sorted(set(sizes) | set(self._heads)):
            if tree != HEADS:
                found += islice(self._tree(tree, sizes.get(tree, 0)), MOST_FINDINGS)
        found += islice(self._without_entry(records), MOST_FINDINGS)
        newest = clock_of(stored[-1].clock) if stored else None
        unsigned = max(0, self._leaves - self._signed)
        return Verified(self._leaves, unsigned, len(stored), len(kept), newest, bool(self._keys), tuple(found))

    def _signed_heads(
        self, stored: Sequence[Any], kept: Sequence[tuple[str, Checkpoint | None]], end: int
    ) -> Iterator[Finding]:
        """The tree of heads against the checkpoints, stored ones and those kept elsewhere."""
        roots: dict[int, bytes] = {}
        sizes = {row.size for row in stored}
        for row in stored:
            one = _read(row.note, self._keys)
            if one is None or one.size != row.size:
                yield Finding("forged", HEADS, None, f"the checkpoint of {row.size} heads is not signed by the key")
            else:
                roots[one.size] = one.root
        walk = TreeWalk(self._connection, HEADS, roots, {one.size for _, one in kept if one is not None})
        names: list[str] = []
        for page in bundles(self._connection, HEADS, end):
            for made in page:
                yield from walk.take(made)
                if made.next not in sizes:
                    yield from self._without_checkpoint(made.next)
                names += [line.decode() for line in made.lines()]
        yield from walk.finish()
        yield from self._read_heads(names)
        yield from self._kept_elsewhere(kept, walk, names)

    def _without_checkpoint(self, size: int) -> Iterator[Finding]:
        """Heads are written with their checkpoint, in one transaction, and both may have come since the first look."""
        found = select(ledger_checkpoints.c.size).where(ledger_checkpoints.c.size == size)
        if self._connection.execute(found).first() is None:
            yield Finding("deleted", HEADS, size - 1, f"the checkpoint of {size} heads is missing")

    def _read_heads(self, names: Sequence[str]) -> Iterator[Finding]:
        last: dict[str, int] = {}
        for index, line in enumerate(names):
            try:
                kind, tree, written, root = line.split(" ")
                size, hashed = int(written), bytes.fromhex(root)
            except ValueError:
                yield Finding("edited", HEADS, index, "the entry is no head")
                continue
            if kind != "head" or size < last.get(tree, 0):
                yield Finding("edited", HEADS, index, f"the tree {tree} became smaller")
            last[tree] = size
            self._heads[tree][size] = hashed
        self._signed = sum(last.values())

    def _kept_elsewhere(
        self, kept: Sequence[tuple[str, Checkpoint | None]], walk: TreeWalk, names: list[str]
    ) -> Iterator[Finding]:
        """The oldest one that does not fit says where the store and the witness parted."""
        fitting = 0
        for note, one in sorted(kept, key=lambda each: each[1].size if each[1] else 0):
            if one is None:
                first = note.split("\n", 2)[1:2]
                yield Finding("forged", HEADS, None, f"a checkpoint kept elsewhere ({first}) is not signed by the key")
            elif one.size > walk.size:
                yield Finding(
                    "restored",
                    HEADS,
                    walk.size,
                    f"a checkpoint kept elsewhere covers {one.size} heads, the store has {walk.size}: an older file "
                    f"was put back, or the end was cut off; {_sizes(names)}",
                )
                return
            elif walk.roots.get(one.size) != one.root:
                yield Finding(
                    "restored",
                    HEADS,
                    fitting,
                    f"the first {one.size} heads are not those of a checkpoint kept elsewhere: what was stored after "
                    f"the first {fitting} heads is another history; {_sizes(names[:fitting])}",
                )
                return
            else:
                fitting = one.size

    def _tree(self, tree: str, end: int) -> Iterator[Finding]:
        walk = TreeWalk(self._connection, tree, self._heads.get(tree, {}))
        for page in bundles(self._connection, tree, end):
            for one in page:
                yield from walk.take(one)
                self._leaves += one.next - one.first
                self._advance(one.next - one.first)
            yield from self._rows.take(page)
        yield from walk.finish()

    def _without_entry(self, records: set[int]) -> Iterator[Finding]:
        """Rows that no leaf stands for."""
        try:
            chunk_end, record_end, output_end = bounds_of_history(self._connection)
            is_entered = is_complete(self._connection, is_embedded=self._is_embedded)
        except (ValueError, IndexError):
            yield Finding("edited", BEFORE, 0, "the entry that says up to where history is older cannot be read")
            return
        after_chunk, after_record, after_output = (0, 0, 0) if is_entered else (chunk_end, record_end, output_end)
        yield from strays(self._connection, after_chunk)
        for record in sorted(one for one in records - self._rows.records if one > after_record):
            yield Finding("inserted", AUDIT, None, f"the audit record {record} has no entry")
        if not (is_entered or self._is_embedded):
            after_output = (chunk_end + 1) * CHUNK_STRIDE - 1
        for number in self._published(self._last_output):
            if number not in self._rows.outputs and not 0 < number <= after_output and not self._is_later(number):
                yield Finding("inserted", "outputs", None, f"the output {number} has no entry")

    def _end_of_outputs(self) -> int:
        number = log.c.seq if self._is_embedded else outputs.c.id
        topic = log.c.topic if self._is_embedded else outputs.c.topic
        newest = select(number).where(topic.in_(topics.OUTPUT)).order_by(number.desc()).limit(1)
        return self._connection.execute(newest).scalar() or 0

    def _published(self, last: int) -> Iterator[int]:
        """Under which all outputs are kept, up to the last one."""
        number = log.c.seq if self._is_embedded else outputs.c.id
        topic = log.c.topic if self._is_embedded else outputs.c.topic
        chosen = (topic.in_(topics.OUTPUT), number <= last)
        yield from self._connection.execute(select(number).where(*chosen).order_by(number)).scalars()

    def _is_later(self, number: int) -> bool:
        """Whether an output was committed after this look had begun, under a number that was drawn before."""
        if self._is_embedded:
            return False
        chunk = number // CHUNK_STRIDE
        found = self._connection.execute(select(ledger_leaves).where(ledger_leaves.c.chunk == chunk)).first()
        return found is not None and found.first >= self._ends.get(found.tree, 0)


def _sizes(names: Sequence[str]) -> str:
    """How far the trees go in these heads."""
    last = {tree: size for _, tree, size, _ in (name.split(" ") for name in names if name.count(" ") == 3)}
    if not last:
        return "no tree is in them"
    return "the trees go to " + ", ".join(f"{tree}: {size}" for tree, size in sorted(last.items()))
