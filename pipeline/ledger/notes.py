"""Signed checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519. Pure: keys and bytes are handed in.

The name of a key is the origin of its log, unique for ever. A rotated key keeps the name: its id differs.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.ledger.verifier import HASH_BYTES, Checkpoint, key_id, opened, read_body

_PREFIX = "PRIVATE+KEY+"
_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`name`: the origin of the log. `seed`: the 32 bytes of the private key, never shown."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.name})"

    @classmethod
    def read(cls, text: str) -> "SigningKey":
        """From `written`. Raises ValueError."""
        if not text.startswith(_PREFIX):
            raise ValueError("this is no private key of a log")
        name, _, key = text.strip().removeprefix(_PREFIX).split("+", 2)
        raw = base64.b64decode(key, validate=True)
        made = cls(name, raw[1:])
        if raw[:1] != _ED25519 or len(made.seed) != HASH_BYTES or text.strip() != made.written():
            raise ValueError("the private key is damaged")
        return made

    def written(self) -> str:
        """As Go's sumdb/note keeps it: PRIVATE+KEY+NAME+ID+SEED."""
        identity = key_id(self.name, self._public()).hex()
        return f"{_PREFIX}{self.name}+{identity}+{_base64(_ED25519 + self.seed)}"

    def public(self) -> str:
        """What an auditor keeps: NAME+ID+KEY."""
        public = self._public()
        return f"{self.name}+{key_id(self.name, public).hex()}+{_base64(_ED25519 + public)}"

    def signature(self, body: str) -> str:
        """The line of a note that says who signed it."""
        signed = Ed25519PrivateKey.from_private_bytes(self.seed).sign(body.encode())
        return f"\u2014 {self.name} {_base64(key_id(self.name, self._public()) + signed)}\n"

    def _public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class Signature:
    """A line of a note: the log's own, or a witness's (C2SP tlog-cosignature). `key`: the id of the key, in hex."""

    name: str
    key: str


def signed_checkpoint(size: int, root: bytes, keys: Sequence[SigningKey]) -> str:
    """A note of these keys, which have one name."""
    body = f"{keys[0].name}\n{size}\n{_base64(root)}\n"
    return f"{body}\n{''.join([key.signature(body) for key in keys])}"


def claimed(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises ValueError."""
    body, separator, _ = note.rpartition("\n\n")
    if not separator:
        raise ValueError("this is no signed note")
    return read_body(f"{body}\n", body.split("\n")[0])


def signatures(note: str) -> list[Signature]:
    """All that signed a note, unchecked. Raises ValueError."""
    _, separator, lines = note.rpartition("\n\n")
    if not separator:
        raise ValueError("this is no signed note")
    found = []
    for line in lines.splitlines():
        _, name, signature = line.split(" ")
        found.append(Signature(name, base64.b64decode(signature, validate=True)[:4].hex()))
    return found


def with_cosignature(note: str, line: str, keys: Sequence[str]) -> str:
    """The note with the line that a witness answered. Raises ValueError where it is no such line, or repeats one."""
    opened(note, keys)
    line = line.strip("\n")
    dash, name, signature = line.split(" ")
    raw = base64.b64decode(signature, validate=True)
    if dash != "\u2014" or len(raw) <= 4:
        raise ValueError("this is no line of a signature")
    if Signature(name, raw[:4].hex()) in signatures(note):
        raise ValueError(f"{name} has signed this note already")
    return f"{note}{line}\n"


def split_notes(text: str) -> list[str]:
    """The notes of a file that holds several, each with its signatures, an empty line between them."""
    notes: list[list[str]] = []
    for part in text.strip("\n").split("\n\n"):
        if part.startswith("\u2014") and notes and len(notes[-1]) == 1:
            notes[-1].append(part)
        else:
            notes.append([part])
    return ["\n\n".join(parts) + "\n" for parts in notes]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
