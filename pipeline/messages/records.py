"""Records and chunks that a transport hands to the pipeline, and the messages it gets back. Plain values.

Never changed once made, yet not `frozen`: fast, see docs/performance.md. Their `repr` leaves out what a sender wrote: a
library that logs one must not log a claim with it.
"""

from dataclasses import dataclass, field
from typing import Final

RECEIVED_AT: Final = "received-at"  # header of `history.events`: milliseconds since 1970, UTC


@dataclass(slots=True)
class Record:
    """One event as it was read. `timestamp_ms`: when the broker received it, milliseconds since 1970, UTC."""

    offset: int
    timestamp_ms: int
    key: bytes | None = field(repr=False)
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Chunk:
    """Contiguous records [start, end) of one partition; offsets may have holes (transaction markers)."""

    topic: str
    partition: int
    start: int
    end: int
    records: tuple[Record, ...]


@dataclass(slots=True)
class Message:
    """One event to be published. `value` is a CloudEvents document."""

    topic: str
    key: bytes = field(repr=False)
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
