"""What a transport hands to the worker, and what it offers in return: deliveries, their lag, the source they come from.

Imports neither the transports nor the worker's other modules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.messages.records import Chunk, Message


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A turn as a transport hands it out: chunks of one or several partition numbers, those of each in their order.

    Good only while the assignment it was read under (`epoch`) stands.
    """

    chunks: tuple[Chunk, ...]
    epoch: int

    def __str__(self) -> str:
        first, more = self.chunks[0], len(self.chunks) - 1
        where = f"{first.topic} {first.partition}, offsets {first.start:,} to {first.end - 1:,}"
        return f"{where}, and {more} more chunks" if more else where


@dataclass(frozen=True, slots=True)
class Lag:
    """What was received and is not decided: records by (topic, partition), and when the oldest of them was received
    (milliseconds since 1970, UTC; None: nothing waits, as far as this worker has read)."""

    records: Mapping[tuple[str, int], int]
    oldest_ms: int | None

    @classmethod
    def of(
        cls,
        chunks: Sequence[Chunk],
        read: Mapping[tuple[str, int], int],
        ends: Mapping[tuple[str, int], int],
        *,
        own_time: str,
    ) -> "Lag":
        """From the chunks that wait or are in hand, the offsets after what was read, and where partitions end.

        `own_time`: the topic whose records keep the time at which they were written, which says nothing of waiting.
        """
        first = dict(read)
        for chunk in chunks:
            place = (chunk.topic, chunk.partition)
            first[place] = min(first.get(place, chunk.start), chunk.start)
        records = {
            (topic, number): max(0, ends[topic, number] - at)
            for (topic, number), at in first.items()
            if (topic, number) in ends
        }
        received = (chunk.records[0].timestamp_ms for chunk in chunks if chunk.topic != own_time)
        return cls(records, min(received, default=None))


class BatchSource(Protocol):
    """What the consumer of a transport offers. A partition number is in one delivery at a time.

    `looked_at`: when it last looked for events, by `time.monotonic`.
    """

    looked_at: float

    def missing(self) -> str | None:
        """What it waits for before it reads, as a sentence. None: it reads."""

    def lag(self) -> Lag:
        """What waits in the partitions that this worker holds."""

    def is_void(self, batch: Batch) -> bool:
        """Whether partitions were taken away, or are read again from elsewhere, since the chunks were fetched."""

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """Publish the outputs of a turn and the positions after its chunks, together or not at all. Whatever it raises
        ends the process."""

    def release(self, batch: Batch) -> None:
        """All of it is done: what comes next of its numbers may go."""
