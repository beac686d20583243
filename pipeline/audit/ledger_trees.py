"""One tree of the ledger, walked from its first leaf: each bundle follows from the one before, each leaf is the one of
its tile, and each head of it that was signed has the root that the leaves lead to. Reads only.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, select

from pipeline.audit.ledger_findings import Finding
from pipeline.ledger.leaves import SALT_BYTES, SHARED, Bundle, leaf_hashes
from pipeline.ledger.tree import WIDTH, Frontier, Tile, TileWriter
from pipeline.ledger.verifier import HASH_BYTES
from pipeline.store.leaves import bundle_of
from pipeline.store.ledger_tables import ledger_leaves, ledger_tiles

PAGE: Final = 64  # bundles in one query


def bundles(connection: Connection, tree: str, end: int) -> Iterator[list[Bundle]]:
    """Pages of the bundles of a tree that begin before the place `end`."""
    after = -1
    while True:
        chosen = (ledger_leaves.c.tree == tree, ledger_leaves.c.first > after, ledger_leaves.c.first < end)
        statement = select(ledger_leaves).where(*chosen).order_by(ledger_leaves.c.first).limit(PAGE)
        found = [bundle_of(row) for row in connection.execute(statement)]
        if not found:
            return
        yield found
        after = found[-1].first


def ends(connection: Connection) -> dict[str, int]:
    """Of every tree that has a leaf its size."""
    statement = select(ledger_leaves.c.tree, func.max(ledger_leaves.c.next)).group_by(ledger_leaves.c.tree)
    return {tree: size for tree, size in connection.execute(statement)}


class TreeWalk:
    """`heads`: the roots that were signed, by size; `watched`: sizes whose roots are kept. Hand every bundle
    in order to `take`, then `finish`."""

    def __init__(
        self, connection: Connection, tree: str, heads: Mapping[int, bytes], watched: Collection[int] = ()
    ) -> None:
        self.tree = tree
        self.roots: dict[int, bytes] = {}  # at the watched sizes, as the leaves lead to them
        self._watched = watched
        self._connection = connection
        self._heads = dict(heads)
        self._frontier = Frontier()
        self._writer = TileWriter()
        self._proved = 0  # up to the last head that fits
        self._is_broken = False
        self._tile: tuple[int, bytes] = -1, b""

    @property
    def size(self) -> int:
        return self._frontier.size

    def take(self, one: Bundle) -> Iterator[Finding]:
        """Only the first change of a tree: after it everything differs."""
        if self._is_broken:
            return
        for finding in self._changes(one):
            self._is_broken = True
            yield finding
            return
        if self.size in self._watched:
            self.roots[self.size] = self._frontier.root()
        expected = self._heads.pop(self.size, None)
        if expected is None:
            return
        if expected != self._frontier.root():
            self._is_broken = True
            yield self._finding(
                "rewritten",
                self._proved,
                f"the entries from {self._proved} to {self.size - 1} are not those that were signed",
            )
        self._proved = self.size

    def _changes(self, one: Bundle) -> Iterator[Finding]:
        size = self.size
        if one.first > size:
            yield self._finding("deleted", size, f"the entries from {size} to {one.first - 1} are missing")
            return
        if one.first < size:
            yield self._finding("doubled", one.first, "entries of this place are there a second time")
            return
        lines = one.lines()
        if len(lines) != one.next - one.first or len(one.salts) != SALT_BYTES * len(lines):
            yield self._finding("edited", size, "the bundle does not hold as many entries as it says")
            return
        hashes = leaf_hashes(lines)
        for place in self._unlike_tiles(one.first, hashes):
            yield self._finding("edited", place, "the entry is not the one that its tile was made of")
            return
        for place, line in enumerate(lines, one.first):
            if self.tree not in SHARED and not _is_of(line, self.tree):
                yield self._finding("foreign", place, "the entry belongs to another tree")
                return
        self._frontier = self._frontier.grown(hashes)
        if self._frontier.packed() != one.frontier:
            yield self._finding("edited", size, f"an entry from {size} to {one.next - 1} is not the one that was added")
            return
        for tile in self._writer.append(hashes):
            if tile.level and len(tile.hashes) == WIDTH * HASH_BYTES and not self._is_as_stored(tile):
                yield self._finding(
                    "edited", None, f"the tile {tile.level}/{tile.number} does not follow from the leaves"
                )
                return

    def finish(self) -> Iterator[Finding]:
        """What can be said at the end alone."""
        if self._is_broken:
            return
        for level, hashes in enumerate(self._writer.partial):
            tile = Tile(level, self._writer.full[level], b"".join(hashes))
            if hashes and level and not self._is_as_stored(tile):
                yield self._finding("edited", None, f"the tile {level}/{tile.number} does not follow from the leaves")
        counted = select(ledger_tiles.c.level, func.count(), func.max(ledger_tiles.c.number))
        counted = counted.where(ledger_tiles.c.tree == self.tree).group_by(ledger_tiles.c.level)
        for level, count, number in self._connection.execute(counted.order_by(ledger_tiles.c.level)):
            if count != number + 1:
                yield self._finding("deleted", None, f"of the {number + 1} tiles of level {level} {count} are there")
        place = (ledger_tiles.c.tree == self.tree, ledger_tiles.c.level == 0)
        last = self._connection.execute(
            select(ledger_tiles).where(*place).order_by(ledger_tiles.c.number.desc()).limit(1)
        ).first()
        tiled = 0 if last is None else last.number * WIDTH + len(last.hashes) // HASH_BYTES
        signed = max(self._heads, default=0)
        if signed > self.size or (tiled > self.size and tiled > self._end_now()):
            yield self._finding(
                "truncated", self.size, f"the tree ends here, and had at least {max(tiled, signed)} entries"
            )
        elif self._heads:
            size = min(self._heads)
            yield self._finding("rewritten", size, f"a head of {size} entries was signed, and no chunk ends there")

    def _unlike_tiles(self, first: int, hashes: list[bytes]) -> Iterator[int]:
        """Places of leaves that are not those of their tile, as far as there are tiles."""
        at = 0
        while at < len(hashes):
            number, inside = divmod(first + at, WIDTH)
            count = min(WIDTH - inside, len(hashes) - at)
            stored = self._stored(number)[inside * HASH_BYTES : (inside + count) * HASH_BYTES]
            own = b"".join(hashes[at : at + count])[: len(stored)]
            if own != stored:
                differ = next(
                    place
                    for place in range(0, len(stored), HASH_BYTES)
                    if own[place : place + HASH_BYTES] != stored[place : place + HASH_BYTES]
                )
                yield first + at + differ // HASH_BYTES
            at += count

    def _stored(self, number: int) -> bytes:
        if self._tile[0] != number:
            self._tile = number, self._read(0, number)
        return self._tile[1]

    def _is_as_stored(self, tile: Tile) -> bool:
        """One that is not stored yet, or not up to here, follows with the next checkpoint."""
        stored = self._read(tile.level, tile.number)
        if len(stored) > len(tile.hashes):
            return stored.startswith(tile.hashes) and self._end_now() > self.size
        return tile.hashes.startswith(stored)

    def _end_now(self) -> int:
        """A worker may have added leaves since this look began."""
        statement = select(func.max(ledger_leaves.c.next)).where(ledger_leaves.c.tree == self.tree)
        return self._connection.execute(statement).scalar() or 0

    def _read(self, level: int, number: int) -> bytes:
        place = (ledger_tiles.c.tree == self.tree, ledger_tiles.c.level == level, ledger_tiles.c.number == number)
        found: Any = self._connection.execute(select(ledger_tiles.c.hashes).where(*place)).scalar()
        return b"" if found is None else bytes(found)

    def _finding(self, kind: str, index: int | None, what: str) -> Finding:
        return Finding(kind, self.tree, index, what)


def _is_of(line: bytes, tree: str) -> bool:
    """Whether a leaf names an event of this partition."""
    words = line.split(b" ", 2)
    return len(words) == 3 and words[1].split(b"/")[1:2] == [tree.encode()]
