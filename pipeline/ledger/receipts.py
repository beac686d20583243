"""Receipts: the proof of one event, or of an output, as a document that needs neither store nor network. Pure.

`verifier.py` says what it holds, and checks it.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from pipeline.ledger.verifier import FORMAT, HASH_BYTES

_CODE: Final = "SANTUNAN:1"


@dataclass(frozen=True, slots=True)
class Path:
    """A leaf, its place in a tree, and the path from it to the root of that tree."""

    leaf: str
    index: int
    steps: list[bytes]

    def document(self) -> dict[str, object]:
        return {"leaf": self.leaf, "index": self.index, "path": [step.hex() for step in self.steps]}


def receipt(event: Path, salt: bytes, head: Path, checkpoint: str, key: str | None = None) -> dict[str, object]:
    """`head`: of the tree of the event, in the tree of heads that the checkpoint signs. `key`: of an output."""
    return {
        "format": FORMAT,
        **event.document(),
        "salt": salt.hex(),
        **({} if key is None else {"key": key}),
        "head": head.document(),
        "checkpoint": checkpoint,
    }


class Code(NamedTuple):
    """Where something is in the ledger, short enough for a QR code: the leaf's salted digest, its place, and size and
    root of a checkpoint that covers it. It holds no personal data."""

    tree: str
    place: int
    digest: str
    size: int
    root: str

    def written(self) -> str:
        """In capitals, which take half the room of small letters in a QR code."""
        return f"{_CODE}:{self.tree}:{self.place}:{self.digest}:{self.size}:{self.root}".upper()

    @classmethod
    def read(cls, text: str) -> "Code":
        """Raises ValueError."""
        _, _, tree, place, digest, size, root = text.strip().split(":")
        made = cls(tree.lower(), int(place), digest.lower(), int(size), root.lower())
        hashes = bytes.fromhex(made.digest), bytes.fromhex(made.root)
        if made.written() != text.strip().upper() or any(len(one) != HASH_BYTES for one in hashes):
            raise ValueError("this is no code of a letter")
        return made
