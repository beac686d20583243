"""Findings of a look at the ledger: where something was changed, and how. Plain values."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

# Of each tree the first ones are shown: after the first change all that follows may differ.
MOST_FINDINGS: Final = 20

UNPROVED: Final = (
    "What never came in, and what was committed and is in no signed head yet (at most a minute of a running worker), "
    "cannot be proved; nor can a writer be found out who holds the key and every copy of the checkpoints."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One change. `kind`: edited, deleted, inserted, doubled, swapped, foreign, truncated, rewritten, restored, forged.
    `index`: the first place in the tree that it concerns; None: it is no leaf. `what`: one sentence, never with
    personal data."""

    kind: str
    tree: str
    index: int | None
    what: str

    def __str__(self) -> str:
        place = "" if self.index is None else f", entry {self.index}"
        return f"{self.kind}: tree {self.tree}{place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness that has co-signed. `checkpoints`: how many; `newest`: heads of the newest of them, `at`: when."""

    name: str
    checkpoints: int
    newest: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at a ledger gave. `leaves`: looked at, of these `unsigned` are in no signed head yet. `checkpoints`:
    stored ones; `against`: those that were kept elsewhere. `signed_at`: of the newest checkpoint. `is_signature_known`:
    a public key was there to check them with."""

    leaves: int
    unsigned: int
    checkpoints: int
    against: int
    signed_at: dt.datetime | None
    is_signature_known: bool
    findings: tuple[Finding, ...]
    cosigned: tuple[Cosigned, ...] = ()
    unproved: str = UNPROVED
