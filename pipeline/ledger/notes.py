"""Signed checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519. Pure: keys and bytes are handed in.

The name of a key is the origin of its log, unique for ever. A rotated key keeps the name: its id differs.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.ledger.verifier import HASH_BYTES, Checkpoint, key_id, opened, read_body, read_key

_PREFIX = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_COSIGNATURE = b"\x04"  # C2SP tlog-cosignature, version 1
_TIME_BYTES = 8


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

    def of_tree(self, tree: str) -> "SigningKey":
        """The same key under the name of one tree, so that the note of the tree has an origin of its own."""
        return SigningKey(f"{self.name.rpartition('/')[0]}/{tree}", self.seed)

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


def signed_note(text: str, keys: Sequence[SigningKey]) -> str:
    """Any text as a signed note; it ends with a line feed. Its first line must be the name of no log."""
    return f"{text}\n{''.join([key.signature(text) for key in keys])}"


def opened_text(note: str, keys: Sequence[str]) -> str:
    """The text of a note that one of these keys has signed. Raises ValueError."""
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not note.endswith("\n"):
        raise ValueError("this is no signed note")
    text += "\n"
    for line in lines.splitlines():
        _, name, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        for key_name, public in map(read_key, keys):
            if (name, raw[:4]) == (key_name, key_id(key_name, public)):
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
                except InvalidSignature:
                    raise ValueError("the signature of the note is wrong") from None
                return text
    raise ValueError("none of these keys has signed the note")


@dataclass(frozen=True, slots=True)
class Witness:
    """Who co-signs checkpoints, by its public key. `key`: the id of the key, in hex."""

    name: str
    public: bytes
    key: str

    @classmethod
    def read(cls, text: str) -> "Witness":
        """From NAME+ID+KEY. Raises ValueError."""
        name, identity, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
        own = hashlib.sha256(name.encode() + b"\n" + _COSIGNATURE + raw[1:]).digest()[:4].hex()
        if raw[:1] != _COSIGNATURE or len(raw) != 1 + HASH_BYTES or own != identity:
            raise ValueError("this is no public key of a witness (C2SP tlog-cosignature), or it is damaged")
        return cls(name, raw[1:], identity)

    def signed_at(self, note: str) -> dt.datetime | None:
        """When this witness has signed the note. None: it has not. Raises ValueError where its signature is wrong."""
        body, _, lines = note.rpartition("\n\n")
        for line in lines.splitlines():
            _, name, signature = line.split(" ")
            raw = base64.b64decode(signature, validate=True)
            if (name, raw[:4].hex()) != (self.name, self.key):
                continue
            at, signed = int.from_bytes(raw[4 : 4 + _TIME_BYTES], "big"), raw[4 + _TIME_BYTES :]
            message = f"cosignature/v1\ntime {at}\n{body}\n".encode()
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signed, message)
                return dt.datetime.fromtimestamp(at, dt.UTC)
            except (InvalidSignature, OverflowError):
                raise ValueError(f"the signature of the witness {self.name} is wrong") from None
        return None


def claimed(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises ValueError."""
    body, separator, _ = note.rpartition("\n\n")
    if not separator:
        raise ValueError("this is no signed note")
    return read_body(f"{body}\n", body.split("\n")[0])


def bare(note: str) -> str:
    """A note without its signatures."""
    return note.rpartition("\n\n")[0] + "\n\n"


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
