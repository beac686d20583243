"""Receipts: the proof of one event as a document that needs neither store nor network. Pure.

`verifier.py` says what it holds, and checks it.
"""

from dataclasses import dataclass

from pipeline.ledger.verifier import FORMAT


@dataclass(frozen=True, slots=True)
class Path:
    """A leaf, its place in a tree, and the path from it to the root of that tree."""

    leaf: str
    index: int
    steps: list[bytes]

    def document(self) -> dict[str, object]:
        return {"leaf": self.leaf, "index": self.index, "path": [step.hex() for step in self.steps]}


def receipt(event: Path, salt: bytes, head: Path, checkpoint: str) -> dict[str, object]:
    """`head`: of the tree of the event, in the tree of heads that the checkpoint signs."""
    return {
        "format": FORMAT,
        **event.document(),
        "salt": salt.hex(),
        "head": head.document(),
        "checkpoint": checkpoint,
    }
