"""Decides again what an older database lacks and the topics hold, in an order that leads to the same outputs.

Events of one place keep their order. Across places the first order is not written down, but nearly known: an event that
led to outputs was processed just before they were published, and membership when it came. Where that leads to other
outputs than those that were published, neighbours change places. Never imports Kafka.
"""

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pipeline.errors import NotReady
from pipeline.messages.attestation import Attests
from pipeline.messages.intake import Arrival, read
from pipeline.messages.published import PublishedOutput, published_output
from pipeline.messages.records import Chunk, Record
from pipeline.processing.ports import Effects, Place
from pipeline.processing.processor import Processor
from schemas import topics

TOGETHER: Final = 200  # events in one transaction, within which the order may change
CHANGES: Final = 400  # of the order of one transaction


class Mismatch(NotReady):
    """The event at `place` and `offset` leads to an output of a claim that is not the one that was published."""

    def __init__(self, effects: Effects, claim_id: str | None, what: str) -> None:
        super().__init__(what)
        self.place = (effects.topic, effects.partition)
        self.offset = effects.account.first
        self.claim_id = claim_id


@dataclass(frozen=True, slots=True)
class Step:
    """One event that is left. `start`: the end of the one before it at its place; `when`: about when it was processed,
    milliseconds since 1970."""

    place: Place
    start: int
    record: Record
    claim_id: str | None
    when: int

    @property
    def chunk(self) -> Chunk:
        return Chunk(*self.place, self.start, self.record.offset + 1, (self.record,))


class Expectation:
    """What was published and is not in the database. `complete`: places of which all outputs are published."""

    def __init__(self, outputs: Iterable[PublishedOutput], complete: frozenset[Place]) -> None:
        self._digests: dict[tuple[str, str], int] = {}
        self._published: dict[Any, int] = {}
        self._complete = complete
        self._not_attested: set[tuple[str, int, int]] = set()
        for one in outputs:
            if one.place is not None and one.reason == "NOT_ATTESTED":
                self._not_attested.add(one.place)
            self._digests[one.topic, one.identity] = one.digest
            names: tuple[Any, ...] = (one.place,)
            if one.claim_id is not None:
                clock = dt.datetime.fromisoformat(one.clock)
                names = (one.claim_id, clock), (None, clock)
            for name in names:
                self._published[name] = min(one.published_ms, self._published.get(name, one.published_ms))

    def verify(self, effects: Effects) -> None:
        """Raises Mismatch where these effects are not those of the first time."""
        for _, message in effects.outputs:
            made = published_output(message.topic, message.value)
            assert made is not None, "our own output"
            was = self._digests.get((made.topic, made.identity))
            if was is None and (effects.topic, effects.partition) in self._complete:
                what = f"{made.identity} would be published in {made.topic} for the first time"
                raise Mismatch(effects, made.claim_id, what)
            if was is not None and was != made.digest:
                what = f"{made.identity} in {made.topic} was published with another content"
                raise Mismatch(effects, made.claim_id, what)

    def as_it_was_decided(self, attests: Attests | None) -> Attests | None:
        """What came without an attestation was taken in before there was a key, or refused: its dead letter says it,
        where all outputs of its place are published. Elsewhere nobody has decided yet, and it is asked for as a worker
        does."""
        if attests is None:
            return None
        asks = attests

        def attested(record: Record, topic: str, partition: int) -> bool:
            if (topic, partition, record.offset) in self._not_attested:
                return False
            return (topic, partition) in self._complete or asks(record, topic, partition)

        return attested

    def steps(self, place: Place, start: int, records: Iterable[Record]) -> Iterator[Step]:
        for record in records:
            arrival = read(record, *place)
            claim_id, name = None, (*place, record.offset)
            if isinstance(arrival, Arrival):
                claim_id = getattr(arrival.event.data, "claim_id", None)
                name = claim_id, arrival.clock  # type: ignore[assignment]
            yield Step(place, start, record, claim_id, self._published.get(name, record.timestamp_ms))
            start = record.offset + 1


class Line:
    """The events of one place that are left."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self._waiting: deque[Step] = deque()

    def at(self, number: int) -> Step | None:
        """The event so many after the first; None: there are not so many."""
        self._waiting.extend(islice(self._steps, max(0, number + 1 - len(self._waiting))))
        return self._waiting[number] if number < len(self._waiting) else None

    def drop(self) -> None:
        """The first one is stored."""
        self._waiting.popleft()


def catch_up(processor: Processor, lines: Mapping[Place, Line], note: Callable[[int], None]) -> None:
    """Process all lines to their ends. `note`: is told how many events were stored.

    Raises NotReady where no order leads to what was published; what was stored until then stays. Raises Transient.
    """
    while steps := _next_steps(lines):
        _store(processor, steps)
        for step in steps:
            lines[step.place].drop()
        note(len(steps))


def _next_steps(lines: Mapping[Place, Line]) -> list[Step]:
    """Those that were processed first; membership before others of its time."""
    taken = dict.fromkeys(lines, 0)
    steps: list[Step] = []
    while len(steps) < TOGETHER:
        heads = [step for place, count in taken.items() if (step := lines[place].at(count)) is not None]
        if not heads:
            break
        first = min(heads, key=lambda step: (step.when, step.place[0] != topics.MEMBERS, step.place))
        taken[first.place] += 1
        steps.append(first)
    return steps


def _store(processor: Processor, steps: list[Step]) -> None:
    """In one transaction, in the first order that leads to what was published."""
    tried = set()
    mismatch: Mismatch | None = None
    for _ in range(CHANGES):
        try:
            processor.process_together(*(step.chunk for step in steps))
            return
        except Mismatch as error:
            mismatch = error
        tried.add(_shown(steps))
        if not _change(steps, mismatch) or _shown(steps) in tried:
            break
    raise NotReady(
        f"no order of the events that are left leads to what was published: {mismatch}. Nothing was published. Put a "
        "newer database back (a standby, or the archived log up to the last commit)"
    )


def _shown(steps: list[Step]) -> tuple[tuple[Place, int], ...]:
    return tuple((step.place, step.start) for step in steps)


def _change(steps: list[Step], mismatch: Mismatch) -> bool:
    """The event that does not fit goes before the claim that it changes; where it is the claim's own, the next event of
    another place goes before it. Those of one place keep their order. False: nothing is left to change."""
    at = next(at for at, step in enumerate(steps) if (step.place, step.start) == (mismatch.place, mismatch.offset))
    own = [number for number, step in enumerate(steps[:at]) if step.claim_id == mismatch.claim_id]
    own = [number for number in own if steps[number].place != mismatch.place]
    if own and mismatch.claim_id is not None:
        target, place, last = own[0], mismatch.place, at
    else:
        others = [number for number, step in enumerate(steps[at:], at) if step.place != mismatch.place]
        if not others:
            return False
        target, place, last = at, steps[others[0]].place, others[0]
    moved = [step for step in steps[target : last + 1] if step.place == place]
    rest = [step for step in steps[target : last + 1] if step.place != place]
    steps[target : last + 1] = moved + rest
    return True
