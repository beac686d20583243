"""Leaves of the ledger: one line of text for each event, output and record, with a salted digest of its bytes.

    applied    TOPIC/PARTITION/OFFSET SEQ CLOCK OWN DIGEST       OWN: 1 where the clock is the event's own time
    duplicate  TOPIC/PARTITION/OFFSET DIGEST
    refused    TOPIC/PARTITION/OFFSET REASON TIMESTAMP RECEIVED DIGEST
    output     TOPIC/PARTITION/OFFSET OUT_TOPIC NUMBER DIGEST    of which input; the number by which it is kept
    uncounted  TOPIC/PARTITION/OFFSET COUNT                      duplicates from this offset on, of before the ledger
    audit      NUMBER CLOCK DIGEST
    before     CHUNK NUMBER PLACE                                up to which chunk, record and place of the log history
                                                                 is older than the ledger
    head       TREE SIZE ROOT

DIGEST is SHA-256(salt, bytes) in hex: the salt is kept beside it, so that who erases both the bytes and the salt leaves
nothing to be guessed at, and every proof valid. Of an output the key goes before the bytes, with a zero byte between.
No personal data is in a line. Pure.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from pipeline.ledger.tree import Frontier

SALT_BYTES: Final = 16
BEFORE: Final = "before"  # what was stored before there was a ledger
AUDIT: Final = "audit"
HEADS: Final = "heads"
SHARED: Final = (BEFORE, AUDIT, HEADS)  # all others are those of partitions


class Bundle(NamedTuple):
    """Leaves that were appended together, as they are kept. `first`, `next`: their places in the tree; `chunk`: the
    chunk they are of; None: of none. `frontier`: of the tree of `next` leaves."""

    tree: str
    first: int
    next: int
    chunk: int | None
    salts: bytes
    entries: bytes
    frontier: bytes

    def lines(self) -> list[bytes]:
        """The leaves."""
        return self.entries.split(b"\n") if self.entries else []

    def salt(self, place: int) -> bytes:
        """Of the leaf at this place of the bundle."""
        return self.salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]

    def grown_from(self, frontier: Frontier) -> Frontier:
        """The tree with the leaves of this bundle."""
        return frontier.grown(leaf_hashes(self.lines()))


def leaf_hashes(lines: Iterable[bytes]) -> list[bytes]:
    """Of each leaf its RFC 9162 hash."""
    return [sha256(b"\x00" + line).digest() for line in lines]


def bundle(tree: str, frontier: Frontier, chunk: int | None, salts: bytes, lines: Sequence[str]) -> Bundle:
    """The next bundle of a tree. `salts`: one for each line."""
    entries = "\n".join(lines).encode()
    grown = frontier.grown(leaf_hashes(entries.split(b"\n")))
    return Bundle(tree, frontier.size, grown.size, chunk, salts, entries, grown.packed())


def grown_by(made: Bundle) -> Frontier:
    """The tree after a bundle."""
    return Frontier.restored(made.next, made.frontier)


def digest(salt: bytes, raw: bytes) -> str:
    return sha256(salt + raw).hexdigest()


def digest_of_output(salt: bytes, key: bytes, value: bytes) -> str:
    return sha256(b"".join((salt, key, b"\x00", value))).hexdigest()


def head(tree: str, size: int, root: bytes) -> str:
    return f"head {tree} {size} {root.hex()}"
