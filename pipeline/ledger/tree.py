"""An append-only Merkle tree (RFC 9162, which keeps the hashes of RFC 6962), and its tiles (C2SP tlog-tiles).

A `Frontier` is all that a writer must know to append: one hash for each bit of the size. Tiles of 256 hashes are all
that a reader must know to prove. Pure: who keeps them hands them in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from pipeline.ledger.verifier import HASH_BYTES, leaf_hash, node_hash, root_from

__all__ = ["leaf_hash", "node_hash", "root_from"]

WIDTH: Final = 256  # hashes in a tile: eight levels of the tree
EMPTY_ROOT: Final = sha256().digest()


class Frontier(NamedTuple):
    """A tree of `size` leaves as its appender knows it. `nodes`: the roots of its full subtrees, the largest first."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def grown(self, leaves: Sequence[bytes]) -> "Frontier":
        """With these leaf hashes appended. Each inner node is hashed once."""
        pending = list(self.nodes)
        rest, size, kept = list(leaves), self.size, []
        while rest:
            if size & 1:
                rest.insert(0, pending.pop())
            if len(rest) & 1:
                kept.append(rest.pop())
            pairs = zip(rest[::2], rest[1::2], strict=True)
            rest = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            size >>= 1
        return Frontier(self.size + len(leaves), (*pending, *reversed(kept)))

    def root(self) -> bytes:
        """RFC 9162 section 2.1.1."""
        if not self.nodes:
            return EMPTY_ROOT
        *others, root = self.nodes
        for node in reversed(others):
            root = node_hash(node, root)
        return root

    def packed(self) -> bytes:
        """The nodes, to be kept beside the size."""
        return b"".join(self.nodes)

    @classmethod
    def restored(cls, size: int, packed: bytes) -> "Frontier":
        """Raises ValueError where the nodes are not those of a tree of this size."""
        if len(packed) != HASH_BYTES * size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} nodes")
        return cls(size, tuple(split(packed)))


class Tile(NamedTuple):
    """`hashes`: up to WIDTH of them, `WIDTH ** level` leaves each; full: it never changes again."""

    level: int
    number: int
    hashes: bytes


@dataclass(slots=True)
class TileWriter:
    """Cuts a growing tree into tiles. `partial`: of each level the hashes after its last full tile; `full`: how many
    full tiles it has."""

    partial: list[list[bytes]] = field(default_factory=list)
    full: list[int] = field(default_factory=list)

    @classmethod
    def restored(cls, last: Sequence[Tile]) -> "TileWriter":
        """From the last tile of each level, from level 0 on."""
        made = cls()
        for tile in last:
            hashes = split(tile.hashes)
            is_full = len(hashes) == WIDTH
            made.partial.append([] if is_full else hashes)
            made.full.append(tile.number + 1 if is_full else tile.number)
        return made

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self.full[0] * WIDTH + len(self.partial[0]) if self.full else 0

    def append(self, leaves: Sequence[bytes]) -> list[Tile]:
        """The tiles that are new or longer with these leaf hashes."""
        tiles, new, level = [], list(leaves), 0
        while new:
            if level == len(self.full):
                self.full.append(0)
                self.partial.append([])
            hashes, new = self.partial[level] + new, []
            while len(hashes) >= WIDTH:
                whole, hashes = hashes[:WIDTH], hashes[WIDTH:]
                tiles.append(Tile(level, self.full[level], b"".join(whole)))
                self.full[level] += 1
                new.append(subtree_root(whole))
            if hashes:
                tiles.append(Tile(level, self.full[level], b"".join(hashes)))
            self.partial[level] = hashes
            level += 1
        return tiles


class Prover:
    """Roots and proofs at any size that a tree had, from its tiles. `read`: the hashes of a tile, which may be longer
    than they were at that size."""

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int) -> bytes:
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """RFC 9162 section 2.1.3.1: the path of a leaf; 0 <= index < size."""
        start, path = 0, []
        while size - start > 1:
            half = start + _split_point(size - start)
            if index < half:
                path.append(self._range(half, size))
                size = half
            else:
                path.append(self._range(start, half))
                start = half
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """RFC 9162 section 2.1.4.1: that the tree of `new` leaves begins with that of `old`; 0 < old <= new."""
        start, path, is_whole = 0, [], True
        while old != new:
            half = start + _split_point(new - start)
            if old <= half:
                path.append(self._range(half, new))
                new = half
            else:
                path.append(self._range(start, half))
                start, is_whole = half, False
        return path[::-1] if is_whole else [self._range(start, new), *path[::-1]]

    def _range(self, start: int, end: int) -> bytes:
        """The node over the leaves from `start` to before `end`."""
        if not _is_power_of_two(end - start):
            half = start + _split_point(end - start)
            return node_hash(self._range(start, half), self._range(half, end))
        level, inside = divmod((end - start).bit_length() - 1, 8)
        number, first = divmod(start >> (8 * level), WIDTH)
        return subtree_root(self._tile(level, number)[first : first + (1 << inside)])

    def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self._tiles:
            self._tiles[level, number] = split(self._read(level, number))
        return self._tiles[level, number]


def consistent_roots(old: int, new: int, path: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to (RFC 9162 section 2.1.4.2); compare both. 0 < old < new.

    Raises ValueError where the proof fits no such trees.
    """
    if not 0 < old < new:
        raise ValueError("a consistency proof is of a smaller and a larger tree")
    steps = [old_root, *path] if _is_power_of_two(old) else list(path)
    if not steps:
        raise ValueError("the proof is empty")
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            raise ValueError("the proof is too long")
        if number & 1 or number == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return first, second


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """RFC 9162 section 2.1.1 over hashes of subtrees that are all of one size. Not for none."""
    while len(hashes) > 1:
        last = [hashes[-1]] if len(hashes) % 2 else []
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + last
    return hashes[0]


def split(packed: bytes) -> list[bytes]:
    """Hashes that were joined. Raises ValueError where one is cut."""
    if len(packed) % HASH_BYTES:
        raise ValueError("a hash is cut")
    return [packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)]


def tile_path(tile: Tile) -> str:
    """Where C2SP tlog-tiles keeps a tile: `tile/0/x001/067`, with `.p/N` where it holds N hashes and is not full."""
    groups, number, width = f"{tile.number % 1000:03}", tile.number, len(tile.hashes) // HASH_BYTES
    while number := number // 1000:
        groups = f"x{number % 1000:03}/{groups}"
    return f"tile/{tile.level}/{groups}" + ("" if width == WIDTH else f".p/{width}")


def _split_point(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
