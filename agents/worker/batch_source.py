"""The interface between transport and worker: a batch, the source it comes from, and the lag of the source.

Imports neither the transports nor the worker's other modules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.messages.records import Chunk, Message


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Chunks of one or several partitions, those of each in their order, for one transaction.

    Void after a new assignment: `epoch` is the one it was read under.
    """

    chunks: tuple[Chunk, ...]
    epoch: int

    def __str__(self) -> str:
        first, more = self.chunks[0], len(self.chunks) - 1
        where = f"{first.topic} {first.partition}, offsets {first.start:,} to {first.end - 1:,}"
        return f"{where}, and {more} more chunks" if more else where


@dataclass(frozen=True, slots=True)
class Lag:
    """Records received and not decided, by (topic, partition), and when the oldest of them was received (milliseconds
    since 1970, UTC; None: no record waits, as far as this worker has read). `held_seconds`: for how long an open
    transaction of a sender has held back what came after it, of places where one does."""

    records: Mapping[tuple[str, int], int]
    oldest_ms: int | None
    held_seconds: Mapping[tuple[str, int], float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        chunks: Sequence[Chunk],
        read: Mapping[tuple[str, int], int],
        ends: Mapping[tuple[str, int], int],
        *,
        own_time: str,
    ) -> "Lag":
        """From the chunks that wait or are in hand, the offsets after the last records read, and the end offsets.

        `own_time`: the topic whose records keep the time of their event, which says nothing about waiting.
        """
        first = dict(read)
        for chunk in chunks:
            place = (chunk.topic, chunk.partition)
            first[place] = min(first.get(place, chunk.start), chunk.start)
        records = {place: max(0, ends[place] - at) for place, at in first.items() if place in ends}
        received = (chunk.records[0].timestamp_ms for chunk in chunks if chunk.topic != own_time)
        return cls(records, min(received, default=None))


class BatchSource(Protocol):
    """The consumer of a transport, as the worker sees it. A partition is in one batch at a time.

    `looked_at`: when it last looked for events, by `time.monotonic`.
    """

    looked_at: float

    def missing(self) -> str | None:
        """The reason why it does not read yet, as a sentence. None: it reads."""

    def holds(self, topic: str, partition: int) -> bool:
        """Whether this worker reads this partition now."""

    def lag(self) -> Lag:
        """The waiting records of the partitions that this worker holds."""

    def is_void(self, batch: Batch) -> bool:
        """Whether partitions were assigned anew since the chunks were fetched."""

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """Publish the outputs of a batch and the positions after its chunks, together or not at all. Any error ends
        the process."""

    def release(self, batch: Batch) -> None:
        """The batch is done: the next chunks of its partitions may go."""
