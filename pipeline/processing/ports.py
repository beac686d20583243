"""The store as the processor sees it: two abstract classes, which SQLite and PostgreSQL implement, and plain values.

One transaction holds a batch: chunks of several partitions, each with effects of its own.

The processor imports this and no store; the stores import this. Never imports SQLAlchemy or a driver.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Final, Self

from pipeline.claims.desk import Desk
from pipeline.claims.requirements import Requirements
from pipeline.messages.intake import Identity
from pipeline.messages.records import Chunk, Message
from schemas.decisions import Decision, FieldError

Place = tuple[str, int]  # topic and partition

CHUNK_STRIDE: Final = 1 << 24  # most events, and most outputs, of one chunk; leaves 2^39 chunks


@dataclass(slots=True)  # fast: see docs/performance.md
class LedgerEntry:
    """One event that was applied, as the ledger keeps it. `seq`: its place in the order of processing."""

    seq: int
    identity: Identity
    digest: bytes
    offset: int
    clock: dt.datetime
    is_own_time: bool
    claim_id: str | None
    member_number: str | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that was refused. `received_ms`: the clock that a retry keeps; None: the event's own time."""

    offset: int
    timestamp_ms: int
    received_ms: int | None
    reason: str
    errors: tuple[FieldError, ...]
    source: str | None
    event_id: str | None
    original: bytes


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One record that was known already, byte for byte: it has no effect."""

    offset: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class ChunkAccount:
    """What became of every offset from `first` to below `next`."""

    first: int
    next: int
    accepted: int
    duplicates: int
    refused: int

    @property
    def holes(self) -> int:
        """Offsets without a record: transaction markers, compaction."""
        return self.next - self.first - self.accepted - self.duplicates - self.refused


@dataclass(slots=True)
class LoadedDesk:
    """A desk with all that a batch reads, and the version of each row when it was read."""

    desk: Desk
    member_versions: dict[str, int] = field(default_factory=dict)
    case_versions: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Effects:
    """Everything one chunk leaves behind, but what it changed on the desk, which it shares with its batch.

    `outputs`: (offset of the input, what to publish).
    """

    chunk_id: int
    topic: str
    partition: int
    account: ChunkAccount
    decisions: Sequence[Decision]
    entries: list[LedgerEntry]
    dead_letters: list[DeadLetter]
    outputs: list[tuple[int, Message]]
    duplicates: list[Duplicate] = field(default_factory=list)


class UnitOfWork(ABC):
    """One transaction. Leaving the `with` block without `commit` rolls back.

    Every method may raise Transient; then nothing of the transaction is stored, and the whole of it may be tried again.
    """

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def begin(
        self, group: str, partitions: Collection[int], identities: Sequence[Identity]
    ) -> tuple[dict[Place, int], dict[Identity, bytes]]:
        """The next offset to read, by (topic, partition): a place that is missing was never read. And of these
        identities those that the ledger holds, with the SHA-256 of their bytes.

        Locks these partitions of all topics until the transaction ends: it is their gate, and the fence against a
        worker that was taken for dead.
        """

    @abstractmethod
    def known_sources(self, sources: Collection[str]) -> set[str]:
        """Those of which the ledger holds an event."""

    @abstractmethod
    def newest_clock(self) -> dt.datetime | None:
        """Of the event that the ledger took last."""

    @abstractmethod
    def stored_outputs(self, *asked: Chunk, notes_order: bool = False) -> list[Message]:
        """What the inputs at these places led to, in the order in which it was stored, to be published. Embedded:
        nothing, the log has it. `notes_order`: the first of a chunk says when that was processed."""

    @abstractmethod
    def load(self, desk: Desk, wanted: Iterable[tuple[int, Requirements]]) -> LoadedDesk:
        """Lock the persons concerned and load what the desk will read; `wanted` by partition, which must be locked."""

    @abstractmethod
    def next_chunk_ids(self, count: int) -> Sequence[int]:
        """Growing with the order of processing; taken after all locks, so that it is the order others saw, too.

        Events of chunk n are numbered from n × CHUNK_STRIDE on.
        """

    @abstractmethod
    def write(self, group: str, loaded: LoadedDesk, batch: Sequence[Effects]) -> None:
        """Store everything and move each position to the `account.next` of its last chunk."""

    @abstractmethod
    def commit(self) -> None: ...


class Store(ABC):
    """Where state lives. `is_embedded`: the log is in it, so that what is stored is published, too."""

    is_embedded: ClassVar[bool]

    @abstractmethod
    def unit_of_work(self) -> UnitOfWork: ...
