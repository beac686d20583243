"""Checks a receipt without store, network or any other file of this program: an outsider reads this and runs it.

    python verifier.py RECEIPT.json --key KEY.pub [--event EVENT.json]

A receipt proves that one event, or output, is in the ledger of which a checkpoint was signed. It holds a leaf and the
path from it to the root of its tree; a head, which names that root, and the path from it to the root of all heads; and
the signed checkpoint, which names the latter. Size and root are read from what is signed, never from other fields.
Formats: RFC 9162 (hashes and paths), C2SP signed-note and tlog-checkpoint. Imports the standard library, and
`cryptography` for Ed25519.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "santunan-receipt/1"
HASH_BYTES = 32
MOST_HASHES = 64  # of a path: 2^64 leaves
KINDS = ("applied", "duplicate", "refused", "output")  # three fates of an event, and what one led to
# Trees of several partitions: what was stored before there was a ledger, and the records of who did what.
SHARED_TREES = ("before", "audit")


@dataclass(frozen=True)
class Checkpoint:
    """What a signed checkpoint says. `root` is the RFC 9162 hash of the first `size` leaves."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Proved:
    """What a receipt proves. `is_of_event`: the event that was given is the one of the leaf; None: none was given."""

    leaf: str
    tree: str
    index: int
    size: int
    checkpoint: Checkpoint
    is_of_event: bool | None


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162 section 2.1.1: a leaf begins with 0, an inner node with 1, so that none can pose as the other."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """As `leaf_hash`, of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to (RFC 9162 section 2.1.3.2). Raises ValueError where it fits no tree of `size`."""
    if not 0 <= index < size:
        raise ValueError("the index is outside of the tree")
    node, number, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            raise ValueError("the path is too long")
        if number & 1 or number == last:
            node = node_hash(sibling, node)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return node


def key_id(name: str, public: bytes) -> bytes:
    """C2SP signed-note: the first four bytes of a hash over name, kind of key (1: Ed25519) and key."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def read_key(text: str) -> tuple[str, bytes]:
    """(name, public key) of NAME+ID+KEY. Raises ValueError."""
    name, identity, key = text.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    if raw[:1] != b"\x01" or len(raw) != 1 + HASH_BYTES or key_id(name, raw[1:]).hex() != identity:
        raise ValueError("the public key is damaged, or is no Ed25519 key")
    return name, raw[1:]


def opened(note: str, keys: Sequence[str]) -> Checkpoint:
    """The checkpoint, where one of these keys has signed it. Raises ValueError."""
    body, separator, signatures = note.rpartition("\n\n")
    body += "\n"
    if not separator or not note.endswith("\n"):
        raise ValueError("this is no signed note")
    known = [read_key(key) for key in keys]
    for line in signatures.splitlines():
        dash, name, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        for key_name, public in known:
            if (dash, name, raw[:4]) == ("\u2014", key_name, key_id(key_name, public)):
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], body.encode())
                except InvalidSignature:
                    raise ValueError("the signature of the checkpoint is wrong") from None
                return read_body(body, name)
    raise ValueError("none of these keys has signed the checkpoint")


def read_body(body: str, name: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises ValueError."""
    origin, size, root, *_ = body.split("\n")
    decoded = base64.b64decode(root, validate=True)
    if origin != name or not size.isascii() or not size.isdecimal() or str(int(size)) != size:
        raise ValueError("the note is no checkpoint of the log that its key is named after")
    if len(decoded) != HASH_BYTES:
        raise ValueError("the root of the checkpoint is no hash")
    return Checkpoint(origin, int(size), decoded)


def verify(receipt: dict[str, Any], keys: Sequence[str], event: bytes | None = None) -> Proved:
    """What the receipt proves. Raises ValueError, which says what does not hold."""
    if receipt.get("format") != FORMAT:
        raise ValueError(f"this is no receipt of the format {FORMAT}")
    checkpoint = opened(_text(receipt, "checkpoint"), keys)
    head = receipt.get("head")
    if not isinstance(head, dict):
        raise ValueError("the receipt has no head")
    if _root_of(head, checkpoint.size) != checkpoint.root:
        raise ValueError("the head is not among those that the checkpoint signs")
    kind, tree, written_size, written_root = _text(head, "leaf").split(" ")
    if kind != "head" or str(int(written_size)) != written_size:
        raise ValueError("the head is not that of a tree")
    size = int(written_size)
    if _root_of(receipt, size) != bytes.fromhex(written_root):
        raise ValueError("the leaf is not in the tree that the head names")
    leaf = _text(receipt, "leaf")
    kind, place, *_, salted = leaf.split(" ")
    if kind not in KINDS:
        raise ValueError("the leaf is not that of an event or an output")
    if tree not in SHARED_TREES and place.split("/")[1] != tree:
        raise ValueError("the leaf is one of another tree")
    key = _text(receipt, "key").partition("\0")[0].encode() + b"\0" if kind == "output" else b""
    if event is not None and hashlib.sha256(bytes.fromhex(_text(receipt, "salt")) + key + event).hexdigest() != salted:
        raise ValueError("the event is not the one that the leaf stands for: its bytes are others")
    return Proved(leaf, tree, receipt["index"], size, checkpoint, None if event is None else True)


def _root_of(one: dict[str, Any], size: int) -> bytes:
    """The root that leaf, index and path of a document lead to."""
    index, path = one.get("index"), one.get("path")
    if type(index) is not int or not isinstance(path, list) or len(path) > MOST_HASHES:
        raise ValueError("a leaf has an index and a path")
    hashes = [bytes.fromhex(step) for step in path]
    if any(len(step) != HASH_BYTES for step in hashes):
        raise ValueError("a step of a path is no hash")
    return root_from(leaf_hash(_text(one, "leaf").encode()), index, size, hashes)


def _text(one: dict[str, Any], name: str) -> str:
    found = one.get(name)
    if not isinstance(found, str):
        raise ValueError(f"the receipt has no {name}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what a receipt proves; 1 where it proves nothing."""
    parser = argparse.ArgumentParser(description="Check a receipt against the public key of its ledger.")
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="file with the public key, or keys, one a line")
    parser.add_argument("--event", type=Path, help="the event, byte for byte as it was sent")
    given = parser.parse_args(arguments)
    try:
        event = given.event.read_bytes() if given.event else None
        keys = [line for line in given.key.read_text().splitlines() if line]
        proved = verify(json.loads(given.receipt.read_text(encoding="utf-8")), keys, event)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        print(f"NOT PROVED: {error}")
        return 1
    print(f"PROVED: {proved.leaf}")
    print(
        f"entry {proved.index} of the first {proved.size} of tree {proved.tree}, signed by {proved.checkpoint.origin}"
    )
    print("the event is the one of this entry" if proved.is_of_event else "no event was given to compare with it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
