"""Faust over Kafka in turns: `kafka+chunks://HOST:PORT`. One Faust message is one turn: what waits of every number.

Positions are ours. On every assignment, in this order: a new transactional producer (what the predecessors left open
ends, and they can publish no more), then read the committed positions, then publish what is stored beyond them, then
seek. Outputs of a turn and the positions after its chunks go out in one Kafka transaction; Faust commits nothing, since
its commit would win over ours.

A turn costs some ten milliseconds however little it holds, so one is in hand at a time, and what comes meanwhile makes
the next: they grow with the load by themselves. Only what fills a turn need not wait for the one before.

One gate a partition number: a number is in one turn at a time, so events of a key never overtake each other. Membership
comes first: a chunk of claims waits until membership of its number has been read up to the end that it had after the
claims were fetched.

Two traps. `subscribe` must return before the rebalance callbacks run, or it deadlocks. And every message carries
the app's `consumer_generation_id`, or recovery returns without a word.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from agents.kafka import topics as kafka_topics
from agents.transports.kafka.fetcher import MEMBERSHIP, Fetched, Thread
from agents.transports.kafka.publisher import Publisher
from agents.transports.silent import SilentProducer
from agents.worker.batch_source import Batch, Lag
from agents.worker.batches import MOST_BATCHES, STUCK_SECONDS
from agents.worker.ending import leave
from pipeline.errors import EXIT_TRANSIENT, NotReady, SantunanError, Transient
from pipeline.messages.records import Chunk, Message, Record
from schemas import topics

log = logging.getLogger("santunan.worker")

WAITING_CHUNKS: Final = 2  # fetched ahead of each partition, so that memory stays flat and nobody waits for the broker
FULL_FETCH_SECONDS: Final = 0.02  # while some partitions are not asked for, since they may be drained at any moment
NOTE_SECONDS: Final = 5.0  # a floor may lag; positions proper are in the broker
SEEK_SECONDS: Final = 60.0
RECORD_BYTES: Final = 4 * 1024  # a larger record counts as several, or a turn of the largest would not fit the memory


@dataclass(frozen=True, slots=True)
class Waiting:
    """`size`: what it counts of the records that a transaction may hold."""

    chunk: Chunk
    size: int
    ends: Mapping[TP, int]


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Hands out chunks. Is the `BatchSource` of `agents.worker.batches`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._epoch = 0
        self._next: dict[TP, int] = {}  # offset after the last chunk that was taken from the fetcher
        self._read: dict[TP, int] = {}  # of membership: the same, and past what holds no record
        self._asked_again: dict[TP, int] = {}  # holes that were asked for once more
        self._waiting: defaultdict[int, defaultdict[str, deque[Waiting]]] = defaultdict(lambda: defaultdict(deque))
        self._handed_out: list[Batch] = []  # not yet released
        self._changed = asyncio.Event()
        self._fetching: asyncio.Task[Fetched] | None = None
        self._fetch_epoch = 0
        self._published: dict[tuple[str, int], int] = {}  # not yet noted in the store
        self.looked_at = time.monotonic()
        self._missing: str | None = "the worker has not joined its group yet"
        self.app.on_partitions_revoked.connect(self._drop, weak=False)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    # What the way of a chunk needs

    def is_void(self, batch: Batch) -> bool:
        return batch.epoch != self._epoch

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        await self.transport.publisher.publish(chunks, messages)
        self._published.update({(chunk.topic, chunk.partition): chunk.end for chunk in chunks})

    def release(self, batch: Batch) -> None:
        if batch in self._handed_out:  # it is not where a new assignment has come in between
            self._handed_out.remove(batch)
        self._changed.set()

    async def leave_group(self) -> None:
        """Leave the group, so that others need not wait for the session to end; a static member keeps its place. And
        note what is published: whoever comes back may do so when the broker has forgotten the group."""
        goodbyes = [self._note_published()]
        if self.app.settings.instance_id is None:
            goodbyes.append(self._thread.leave_group())
        try:
            async with asyncio.timeout(2):
                await asyncio.gather(*goodbyes)
        except (TimeoutError, KafkaError) as error:
            log.info("the group was not left in time, or the floor not noted (%s)", type(error).__name__)

    def missing(self) -> str | None:
        return self._missing or (None if self.flow_active else "Faust has not begun to read yet")

    def lag(self) -> Lag:
        lines = [line for by_topic in self._waiting.values() for line in by_topic.values()]
        chunks = [waiting.chunk for line in lines for waiting in line]
        chunks += [chunk for batch in self.app.runner.in_hand for chunk in batch.chunks]
        return Lag.of(chunks, self._next, self._thread.stable_ends(), own_time=topics.HISTORY)

    # Assignments

    async def _drop(self, app: Any, revoked: set[TP], **options: Any) -> None:
        """Before the group forms anew: let the chunks in hand end; those that wait are void."""
        self._missing = "the group forms anew: partitions are being dealt out"
        await self._new_epoch()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:  # Faust does not ask for positions then
            self.app.runner.source = self
            self._missing = "no partition is assigned: the other workers of the group hold all of them"

    async def _new_epoch(self) -> None:
        """What waits is void, and what Faust has not handed on, too; what has begun is let end."""
        self._epoch += 1
        self._next = {}
        self._waiting.clear()
        while self.app.runner.in_hand:
            self._changed.clear()
            await self._changed.wait()
        self._handed_out.clear()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Fence, then read the positions, then publish what is stored beyond them, then seek. A failure ends the
        process: Faust would go on at wrong ones."""
        self.app.runner.source = self
        try:
            async with asyncio.timeout(SEEK_SECONDS):
                return await self._fence_and_seek()
        except SantunanError as error:
            leave(error.exit_code, str(error))
        except (TimeoutError, KafkaError, KafkaException) as error:
            leave(EXIT_TRANSIENT, f"the positions could not be read from the broker: {type(error).__name__}")

    async def _fence_and_seek(self) -> Mapping[TP, int]:
        self._missing = "partitions are assigned, but their last worker is not fenced yet, or their positions not read"
        self._asked_again.clear()
        await self._new_epoch()
        assignment = self._thread.assigned
        assigned = sorted(assignment.partitions)
        await self.transport.publisher.fence({tp.partition for tp in assigned}, assignment.member)
        committed = await self._thread.committed(assigned)
        # Kafka forgets positions of a group that was away for long; the store does not.
        published = await asyncio.to_thread(self.app.published_positions)
        await asyncio.to_thread(self.app.note_published, {(tp.topic, tp.partition): at for tp, at in committed.items()})
        earliest = await self._thread.earliest_offsets(*(TopicPartition(*tp) for tp in assigned))
        for tp, at in committed.items():
            if (tp.topic, tp.partition) not in published and at > earliest[TopicPartition(*tp)]:
                raise NotReady(
                    f"{tp.topic}/{tp.partition}: the broker says that this group has processed it up to offset {at}, "
                    "but the database holds nothing of it: point the worker at the database that belongs to this "
                    "broker, or give it a group of its own; nothing was stored"
                )
        start = {
            tp: max(committed.get(tp, earliest[TopicPartition(*tp)]), published.get((tp.topic, tp.partition), 0))
            for tp in assigned
        }
        left, outputs = await asyncio.to_thread(self.app.take_over, start)
        if left:
            await self.publish(left, outputs)
            start |= {TP(chunk.topic, chunk.partition): chunk.end for chunk in left}
        await self._thread.read_from(start)
        self._next = dict(start)
        self._read = {tp: offset for tp, offset in start.items() if tp.topic in MEMBERSHIP}
        self._missing = None
        log.info("partition numbers %s are ours", sorted({tp.partition for tp in assigned}))
        return start

    @Service.task  # type: ignore[untyped-decorator]
    async def _note(self) -> None:
        while not self.should_stop:
            await self.sleep(NOTE_SECONDS)
            await self._note_published()

    async def _note_published(self) -> None:
        done, self._published = self._published, {}
        try:
            await asyncio.to_thread(self.app.note_published, done)
        except Transient as error:
            self._published = done | self._published
            log.info("what is published was not noted (%s); later", error)

    # Chunks

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        self.looked_at = time.monotonic()
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        chunks = await self._next_turn(timeout)
        if not chunks:
            return
        batch, chunk = Batch(chunks, self._epoch), chunks[0]
        tp = TP(chunk.topic, chunk.partition)
        self._handed_out.append(batch)
        self._read_offset[tp] = None  # else Faust drops without a word what it takes for old
        yield (
            tp,
            ConsumerMessage(
                tp.topic,
                tp.partition,
                chunk.end - 1,
                chunk.records[-1].timestamp_ms / 1000,
                0,
                (),
                None,
                batch,
                None,
                0,
                0,
                tp,
                generation_id=self.app.consumer_generation_id,
            ),
        )

    async def _next_turn(self, timeout: float) -> tuple[Chunk, ...]:
        """Empty where nothing may go within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self.should_stop and self.flow_active and not self.app.runner.is_leaving:
            if self._fetching is not None and self._fetching.done():
                fetching, self._fetching = self._fetching, None
                await self._accept(fetching)
            if chunks := self._ready():
                return chunks
            left = deadline - time.monotonic()
            if left <= 0:
                return ()
            self._changed.clear()
            self._fetch_more(left)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()
        if self.app.runner.is_leaving:
            await asyncio.sleep(timeout)  # Faust asks again at once
        return ()

    async def _accept(self, fetching: "asyncio.Task[Fetched]") -> None:
        """The clients try again by themselves where that helps; an error that comes through ends the process."""
        try:
            await self._take(fetching.result())
        except (KafkaError, KafkaException) as error:
            if not self.app.runner.is_leaving:
                leave(EXIT_TRANSIENT, f"the broker cannot be read from: {type(error).__name__}")

    def _fetch_more(self, seconds: float) -> None:
        if self._fetching is not None:
            return
        asked = {tp for tp in self._next if len(self._waiting[tp.partition][tp.topic]) < WAITING_CHUNKS}
        is_enough = self._handed_out and self._count_waiting() >= WAITING_CHUNKS * self.app.settings.chunk_records
        if is_enough or not asked:
            return
        wait = seconds if len(asked) == len(self._next) else FULL_FETCH_SECONDS
        self._fetch_epoch = self._epoch
        self._fetching = asyncio.ensure_future(self._thread.fetch(asked, wait))
        self._fetching.add_done_callback(lambda _: self._changed.set())

    async def _take(self, fetched: Fetched) -> None:
        """Put the records into the line as chunks that continue exactly where the ones before ended."""
        if self._fetch_epoch != self._epoch:
            return  # fetched before partitions were dealt anew: thrown away, for they are read from their positions on
        again: dict[TP, int] = {}
        for tp, records in fetched.records.items():
            start = self._next[tp]
            fresh = [record for record in records if record.offset >= start]
            if not fresh:
                continue
            if fresh[0].offset > start and self._asked_again.get(tp) != start:
                self._asked_again[tp] = again[tp] = start  # a hole is believed when it is seen twice
                continue
            self._line_up(tp, start, fresh, fetched.ends)
        for tp, position in fetched.positions.items():
            if tp in self._read and tp not in again:
                self._read[tp] = max(self._read[tp], position)
        if again:
            await self._thread.seek_wait(again)

    def _line_up(self, tp: TP, start: int, fresh: Sequence[Record], ends: Mapping[TP, int]) -> None:
        end = fresh[-1].offset + 1
        records = tuple(fresh)
        size = max(len(records), sum(len(record.value) for record in records) // RECORD_BYTES)
        before = {other: offset for other, offset in ends.items() if other.partition == tp.partition}
        line = self._waiting[tp.partition][tp.topic]
        if line and line[-1].size + size <= self.app.settings.chunk_records:
            last = line.pop()
            start, records, size = last.chunk.start, last.chunk.records + records, last.size + size
        line.append(Waiting(Chunk(tp.topic, tp.partition, start, end, records), size, before))
        self._next[tp] = end
        if tp in self._read:
            self._read[tp] = max(self._read[tp], end)

    def _ready(self) -> tuple[Chunk, ...]:
        """The next turn, if it may go: of the numbers that are free, the oldest first, what may be decided now."""
        if len(self._handed_out) == MOST_BATCHES:
            return ()
        busy = {chunk.partition for batch in self._handed_out for chunk in batch.chunks}
        most = self.app.settings.chunk_records
        if busy and self._count_waiting(busy) < most // 2:
            return ()
        free = [lines for number, lines in self._waiting.items() if number not in busy]
        heads = sorted(((_age(head), at) for at, lines in enumerate(free) if (head := self._ready_of(lines))))
        batch: list[Chunk] = []
        for _, at in heads:
            while (found := self._ready_of(free[at])) is not None:
                if batch and most < found.size:
                    return tuple(batch)
                most -= found.size
                free[at][found.chunk.topic].popleft()
                batch.append(found.chunk)
        return tuple(batch)

    def _count_waiting(self, busy: Set[int] = frozenset()) -> int:
        """Of the numbers that are not busy, in records."""
        lines = (line for number, lines in self._waiting.items() if number not in busy for line in lines.values())
        return sum(waiting.size for line in lines for waiting in line)

    def _ready_of(self, lines: Mapping[str, deque[Waiting]]) -> Waiting | None:
        if members := lines.get(topics.MEMBERS):
            return members[0]
        if history := lines.get(topics.HISTORY):
            return history[0] if self._is_read(history[0], (topics.MEMBERS,)) else None
        heads = [line[0] for line in lines.values() if line]
        if not heads:
            return None
        head = min(heads, key=_age)
        return head if self._is_read(head, MEMBERSHIP) else None

    def _is_read(self, waiting: Waiting, names: Sequence[str]) -> bool:
        """Nothing of membership waits (the caller has looked), so what was read is stored, or before it in its turn."""
        return all(self._read.get(tp, 0) >= end for tp, end in waiting.ends.items() if tp.topic in names)

    # Off: Faust's acknowledgements, commits, gaps and alarms

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        log.error("Faust tried to commit %s: the topics must have acks=False", dict(offsets))
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps are the batch's to judge."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's alarms count its own commits."""

    def _watch(self) -> None:
        """A stuck rebalance, a stuck publisher, a blocked loop: end, and be started again."""
        while True:
            time.sleep(2)
            now = time.monotonic()
            since = min([*list(self.app.runner.in_hand.values()), self.looked_at])
            if now - since > STUCK_SECONDS:
                leave(EXIT_TRANSIENT, f"nothing moved for {STUCK_SECONDS:.0f} s; starting again")


def _age(waiting: Waiting) -> int:
    return waiting.chunk.records[0].timestamp_ms


class Transport(driver.Transport):  # type: ignore[misc]
    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = SilentProducer
    driver_version = f"aiokafka={aiokafka.__version__}, chunks"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._publisher: Publisher | None = None

    @property
    def publisher(self) -> Publisher:
        if self._publisher is None:
            self._publisher = Publisher(self.app.settings)
        return self._publisher

    async def prepare(self) -> None:
        """Raises NotReady or Transient with one sentence, where Faust would wait without a word."""
        await asyncio.to_thread(kafka_topics.require, self.app.settings)
