"""Decides again what an older database lacks and the topics hold, in an order that leads to the same outputs.

Events of one place keep their order. Across places the order of the first time is not written down anywhere: the oldest
goes first, and where its outputs are not those that were published, the next event of another place does. So a
membership that was read before an older claim is found. Pure but for the processor. Never imports Kafka.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final

from pipeline.errors import NotReady
from pipeline.messages.published import PublishedOutput, published_output
from pipeline.messages.records import Chunk, Record
from pipeline.processing.ports import Effects, Place
from pipeline.processing.processor import Processor
from schemas import topics

TOGETHER: Final = 200  # events in one transaction while all goes well


class Mismatch(NotReady):
    """Outputs that are not those that were published."""


class Expectation:
    """What was published and is not in the database. `complete`: places of which all outputs are published."""

    def __init__(self, outputs: Iterator[PublishedOutput], complete: frozenset[Place]) -> None:
        self._digests = {(one.topic, one.identity): one.digest for one in outputs}
        self._complete = complete

    def verify(self, effects: Effects) -> None:
        """Raises Mismatch where these effects are not those of the first time."""
        for _, message in effects.outputs:
            made = published_output(message.topic, message.value)
            assert made is not None, "our own output"
            was = self._digests.get((made.topic, made.identity))
            if was is None and (effects.topic, effects.partition) in self._complete:
                raise Mismatch(f"{made.identity} would be published in {made.topic} for the first time")
            if was is not None and was != made.digest:
                raise Mismatch(f"{made.identity} in {made.topic} was published with another content")


class Line:
    """The events of one place that are left."""

    def __init__(self, place: Place, start: int, records: Iterator[Record]) -> None:
        self.place = place
        self._next = start
        self._records = records
        self._waiting: deque[Record] = deque()

    def at(self, number: int) -> Record | None:
        """The record so many after the first; None: there are not so many."""
        self._waiting.extend(islice(self._records, max(0, number + 1 - len(self._waiting))))
        return self._waiting[number] if number < len(self._waiting) else None

    def chunk(self, count: int, skipped: int = 0) -> Chunk:
        """Of the next `count` records after those skipped."""
        start = self._waiting[skipped - 1].offset + 1 if skipped else self._next
        records = tuple(islice(self._waiting, skipped, skipped + count))
        return Chunk(*self.place, start, records[-1].offset + 1, records)

    def drop(self, position: int) -> None:
        """Everything below this offset is stored."""
        while self._waiting and self._waiting[0].offset < position:
            self._next = self._waiting.popleft().offset + 1


def catch_up(processor: Processor, lines: Mapping[Place, Line], note: Callable[[int], None]) -> None:
    """Process all lines to their ends. `note`: is told how many events were stored.

    Raises NotReady where no order leads to what was published; what was stored until then stays. Raises Transient.
    """
    while order := _order(lines):
        chunks = _chunks(lines, order)
        try:
            processor.process(*chunks)
            note(len(order))
        except Mismatch as mismatch:
            _forget_stored(processor, lines)
            _one_step(processor, lines, mismatch)
            note(1)
        _forget_stored(processor, lines)


def _order(lines: Mapping[Place, Line]) -> list[Place]:
    """Whose record is next, and next after it: the oldest first, membership before others of its time."""
    taken = dict.fromkeys(lines, 0)
    order: list[Place] = []
    while len(order) < TOGETHER:
        heads = [(_key(place, record), place) for place, count in taken.items() if (record := lines[place].at(count))]
        if not heads:
            break
        _, place = min(heads)
        taken[place] += 1
        order.append(place)
    return order


def _key(place: Place, record: Record) -> tuple[int, bool]:
    return record.timestamp_ms, place[0] != topics.MEMBERS


def _chunks(lines: Mapping[Place, Line], order: list[Place]) -> list[Chunk]:
    """Neighbours of one place are one chunk."""
    taken = dict.fromkeys(order, 0)
    chunks = []
    first = 0
    for at, place in enumerate(order, 1):
        if at == len(order) or order[at] != place:
            chunks.append(lines[place].chunk(at - first, taken[place]))
            taken[place] += at - first
            first = at
    return chunks


def _forget_stored(processor: Processor, lines: Mapping[Place, Line]) -> None:
    for place, line in lines.items():
        line.drop(processor.positions.get(place, 0))


def _one_step(processor: Processor, lines: Mapping[Place, Line], mismatch: Mismatch) -> None:
    """The first event in order that leads to what was published."""
    heads = sorted((_key(place, record), place) for place, line in lines.items() if (record := line.at(0)))
    for _, place in heads:
        try:
            processor.process(lines[place].chunk(1))
            return
        except Mismatch:
            continue
    raise NotReady(
        f"no order of the events that are left leads to what was published: {mismatch}. Nothing was published. Put a "
        "newer database back (a standby, or the archived log up to the last commit)"
    )
