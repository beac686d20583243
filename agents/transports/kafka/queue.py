"""The queue of fetched chunks: lines records up behind each other and forms the next batch of them.

Pure: knows neither the broker nor Faust nor the time. The chunks of one partition of all topics form a line, since
they may not overtake each other.

Membership goes first: a chunk of claims waits until membership of its partition was read up to the end that it had
after the claims were fetched.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from pipeline.messages.records import Chunk, Record
from schemas import topics

MEMBERSHIP: Final = (topics.MEMBERS, topics.HISTORY)  # read in this order, before any claim
WAITING_CHUNKS: Final = 2  # of each partition: memory stays flat, and no batch waits for the broker
RECORD_BYTES: Final = 4 * 1024  # a larger record counts as several: a batch of the largest would not fit the memory

Place = tuple[str, int]  # topic and partition


@dataclass(frozen=True, slots=True)
class Waiting:
    """`size`: records of the transaction's limit that the chunk uses up; `ends`: where membership must be read to."""

    chunk: Chunk
    size: int
    ends: Mapping[Place, int]

    @property
    def age(self) -> int:
        return self.chunk.records[0].timestamp_ms


class _Line:
    """The waiting chunks of one partition, by topic. `claims`: a heap of the first chunk's age and topic, membership
    apart."""

    __slots__ = ("by_topic", "claims", "size")

    def __init__(self) -> None:
        self.by_topic: defaultdict[str, deque[Waiting]] = defaultdict(deque)
        self.claims: list[tuple[int, str]] = []
        self.size = 0

    def append(self, waiting: Waiting) -> None:
        line = self.by_topic[waiting.chunk.topic]
        line.append(waiting)
        self.size += waiting.size
        if len(line) == 1:
            self._index(waiting)

    def replace_last(self, waiting: Waiting) -> None:
        """By one that begins with the same record, so that the heap holds."""
        line = self.by_topic[waiting.chunk.topic]
        self.size += waiting.size - line[-1].size
        line[-1] = waiting

    def first(self) -> Waiting | None:
        """The chunk that goes before all others of this partition."""
        for topic in MEMBERSHIP:
            if line := self.by_topic.get(topic):
                return line[0]
        return self.by_topic[self.claims[0][1]][0] if self.claims else None

    def pop(self, first: Waiting) -> None:
        topic = first.chunk.topic
        line = self.by_topic[topic]
        line.popleft()
        self.size -= first.size
        if topic not in MEMBERSHIP:
            heappop(self.claims)
        if line:
            self._index(line[0])

    def _index(self, first: Waiting) -> None:
        if first.chunk.topic not in MEMBERSHIP:
            heappush(self.claims, (first.age, first.chunk.topic))


class ChunkQueue:
    """The chunks that wait on this worker. `limit`: records that one transaction may hold."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._next: dict[Place, int] = {}  # offset after the last record that was lined up
        self._read: dict[Place, int] = {}  # of membership: the same, and past what holds no record
        self._believed: dict[
            Place, tuple[int, int]
        ] = {}  # offsets between which the broker says that nothing is missing
        self._lines: dict[int, _Line] = {}  # by partition; only where something waits
        self.size = 0

    def start(self, offsets: Mapping[Place, int]) -> None:
        """Expect the records of these places, and of no others, from these offsets on."""
        self.clear()
        self._believed.clear()
        self._next = dict(offsets)
        self._read = {place: offset for place, offset in offsets.items() if place[0] in MEMBERSHIP}

    def clear(self) -> None:
        """Nothing waits, and nothing is expected."""
        self._next = {}
        self._lines.clear()
        self.size = 0

    @property
    def positions(self) -> Mapping[Place, int]:
        """Offset after the last record that was lined up, by place."""
        return self._next

    def chunks(self) -> Iterator[Chunk]:
        for line in self._lines.values():
            for waiting in line.by_topic.values():
                yield from (one.chunk for one in waiting)

    def with_room(self) -> set[Place]:
        """Places of which more should be fetched."""
        return {place for place in self._next if self._length(place) < WAITING_CHUNKS}

    @property
    def is_full(self) -> bool:
        return self.size >= WAITING_CHUNKS * self._limit

    def _length(self, place: Place) -> int:
        line = self._lines.get(place[1])
        return len(line.by_topic.get(place[0], ())) if line is not None else 0

    # Records in

    def add(
        self,
        records: Mapping[Place, Sequence[Record]],
        ends: Mapping[Place, int],
        positions: Mapping[Place, int],
    ) -> dict[Place, tuple[int, int]]:
        """Line up what was fetched, so that each chunk begins where the one before ended.

        `ends`: where membership ended afterwards; `positions`: how far places were read to their end. Returns places
        with a hole: its first offset, and the end of what was fetched. They must be read again from the hole on, after
        the broker said that it has all of these offsets (`believe`).
        """
        again: dict[Place, tuple[int, int]] = {}
        for place, fetched in records.items():
            start = self._next[place]
            fresh = [record for record in fetched if record.offset >= start]
            if not fresh:
                continue
            end = fresh[-1].offset + 1
            if end - start > len(fresh) and (hole := self._hole(place, start, fresh)) is not None:
                again[place] = hole, end
                fresh = [record for record in fresh if record.offset < hole]
            if fresh:
                self._line_up(place, start, fresh, ends)
        for place, position in positions.items():
            if place in self._read and place not in again:
                self._read[place] = max(self._read[place], position)
        return again

    def believe(self, place: Place, start: int, end: int) -> None:
        """The broker has all offsets from `start` to below `end`: those without a record hold none."""
        self._believed[place] = start, end

    def _hole(self, place: Place, start: int, fresh: Sequence[Record]) -> int | None:
        """The first offset without a record for which the broker has not answered."""
        low, high = self._believed.get(place, (0, 0))
        for record in fresh:
            if record.offset > start and not low <= start <= record.offset <= high:
                return start
            start = record.offset + 1
        return None

    def _line_up(self, place: Place, start: int, fresh: Sequence[Record], ends: Mapping[Place, int]) -> None:
        topic, partition = place
        end, records = fresh[-1].offset + 1, tuple(fresh)
        size = max(len(records), sum(len(record.value) for record in records) // RECORD_BYTES)
        before = {other: offset for other, offset in ends.items() if other[1] == partition}
        line = self._lines.setdefault(partition, _Line())
        self.size += size
        last = line.by_topic[topic][-1] if line.by_topic[topic] else None
        if last is not None and last.size + size <= self._limit:
            chunk = Chunk(topic, partition, last.chunk.start, end, last.chunk.records + records)
            line.replace_last(Waiting(chunk, last.size + size, before))
        else:
            line.append(Waiting(Chunk(topic, partition, start, end, records), size, before))
        self._next[place] = end
        if place in self._read:
            self._read[place] = max(self._read[place], end)

    # Batches out

    def next_batch(self, busy: Set[int] = frozenset()) -> tuple[Chunk, ...]:
        """Takes the chunks of the next batch, the partition with the oldest record first; () if none may go.

        `busy`: partitions with a batch in hand. Beside one in hand only a batch that is at least half full may go.
        """
        free = {partition: line for partition, line in self._lines.items() if partition not in busy}
        if busy and sum(line.size for line in free.values()) < self._limit // 2:
            return ()
        heads = sorted((head.age, partition) for partition, line in free.items() if (head := self._ready(line)))
        batch: list[Chunk] = []
        room = self._limit
        for _, partition in heads:
            line = free[partition]
            while (first := self._ready(line)) is not None:
                if batch and room < first.size:
                    return tuple(batch)
                room -= first.size
                self._pop(partition, line, first)
                batch.append(first.chunk)
        return tuple(batch)

    def _pop(self, partition: int, line: _Line, first: Waiting) -> None:
        line.pop(first)
        self.size -= first.size
        if line.first() is None:
            del self._lines[partition]

    def _ready(self, line: _Line) -> Waiting | None:
        """The first chunk of a line, if all membership that goes before it was read."""
        first = line.first()
        if first is None or first.chunk.topic == topics.MEMBERS:
            return first
        needed = (topics.MEMBERS,) if first.chunk.topic == topics.HISTORY else MEMBERSHIP
        # No membership waits in this line: what was read of it is stored, or in this batch before the chunk.
        is_read = all(self._read.get(place, 0) >= end for place, end in first.ends.items() if place[0] in needed)
        return first if is_read else None
