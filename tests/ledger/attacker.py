# ruff: noqa: S608 - statements are made of our own names; values are parameters
"""Somebody who may write the whole store, but has no key: works inside a transaction that is rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pipeline.ledger.leaves import Bundle, leaf_hashes
from pipeline.ledger.tree import Frontier, TileWriter


class Place(NamedTuple):
    """Where a tampering is: the tree, and the first entry that it concerns; None: of no entry."""

    tree: str
    index: int | None


class Copy:
    """The store inside a transaction of somebody who may write everything. Looks like a store to the verifier."""

    is_embedded = True

    def __init__(self, connection: Connection, random: Random, notes: list[str]) -> None:
        self.connection, self.random, self.notes = connection, random, notes

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        yield self.connection

    def ask(self, statement: str, **values: Any) -> list[Any]:
        return list(self.connection.execute(text(statement), values))

    def do(self, statement: str, **values: Any) -> None:
        done = self.connection.execute(text(statement), values)
        assert done.rowcount == 1, (statement, done.rowcount)

    def bundles(self, tree: str) -> list[Bundle]:
        rows = self.ask("SELECT * FROM ledger_leaves WHERE tree = :tree ORDER BY first", tree=tree)
        return [Bundle(*row) for row in rows]

    def any_bundle(self, *trees: str) -> Bundle:
        return self.random.choice(self.bundles(self.random.choice(trees or ("0", "1", "audit"))))

    def any_entry(self, kind: str) -> tuple[Place, list[str]]:
        """A leaf of this kind, and its words."""
        every = [
            (Place(one.tree, one.first + at), line.decode().split(" "))
            for tree in ("0", "1", "audit")
            for one in self.bundles(tree)
            for at, line in enumerate(one.lines())
            if line.startswith(kind.encode() + b" ")
        ]
        return self.random.choice(every)

    def write(self, tree: str, bundles: list[Bundle]) -> None:
        """Replace a tree by another, all of it sound in itself: frontiers and tiles too."""
        self.connection.execute(text("DELETE FROM ledger_leaves WHERE tree = :tree"), {"tree": tree})
        self.connection.execute(text("DELETE FROM ledger_tiles WHERE tree = :tree"), {"tree": tree})
        frontier, writer, tiles = Frontier(), TileWriter(), {}
        for one in bundles:
            hashes = leaf_hashes(one.lines())
            first, frontier = frontier.size, frontier.grown(hashes)
            values = one._replace(first=first, next=frontier.size, frontier=frontier.packed())._asdict()
            self.do(
                "INSERT INTO ledger_leaves VALUES (:tree, :first, :next, :chunk, :salts, :entries, :frontier)", **values
            )
            tiles |= {(tile.level, tile.number): tile.hashes for tile in writer.append(hashes)}
        for (level, number), hashes in tiles.items():
            row = {"tree": tree, "level": level, "number": number, "hashes": hashes}
            self.do("INSERT INTO ledger_tiles VALUES (:tree, :level, :number, :hashes)", **row)

    def rewrite_heads(self, tree: str) -> None:
        """The heads of a tree as they follow from it now: all an attacker can do without the key."""
        frontier, roots = Frontier(), {0: Frontier().root()}
        for one in self.bundles(tree):
            frontier = one.grown_from(frontier)
            roots[frontier.size] = frontier.root()
        heads = []
        for one in self.bundles("heads"):
            lines = [line.decode().split(" ") for line in one.lines()]
            for words in lines:
                if words[1] == tree:
                    size = max(known for known in roots if known <= int(words[2]))
                    words[2:] = [str(size), roots[size].hex()]
            heads.append(one._replace(entries="\n".join(map(" ".join, lines)).encode()))
        self.write("heads", heads)


def flipped(random: Random, value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bytes):
        if not value:
            return b"x"
        at = random.randrange(len(value))
        return value[:at] + bytes([value[at] ^ (1 << random.randrange(8))]) + value[at + 1 :]
    if isinstance(value, int):
        return value + random.choice([-1, 1, 1000])
    return "X" if value is None else f"{value[:-1]}{'x' if value[-1:] != 'x' else 'y'}"
