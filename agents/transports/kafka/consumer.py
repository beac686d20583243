"""Faust over Kafka in batches: `kafka+chunks://HOST:PORT`. One Faust message is one batch: the waiting chunks of all
partitions.

Positions are ours: `takeover.py` finds them on every assignment. Outputs of a batch and the positions after its chunks
go out in one Kafka transaction; Faust commits nothing, since its commit would win over ours.

A batch costs some ten milliseconds however little it holds, so one is in hand at a time, and what arrives meanwhile
forms the next: batches grow with the load by themselves. Only a full batch need not wait for the one before.

A partition is in one batch at a time, so events of a key never overtake each other; `queue.py` says which
chunks go first.

Two traps. `subscribe` must return before the rebalance callbacks run, or it deadlocks. And every message carries
the app's `consumer_generation_id`, or recovery returns without a message.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import aiokafka
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from agents.kafka import topics as kafka_topics
from agents.kafka.inspector import Inspector
from agents.transports import SilentProducer
from agents.transports.kafka.fetcher import Fetched, Thread
from agents.transports.kafka.publisher import Publisher
from agents.transports.kafka.queue import ChunkQueue
from agents.transports.kafka.takeover import take_over
from agents.worker.batch_source import Batch, Lag
from agents.worker.batches import MOST_BATCHES, STUCK_SECONDS
from agents.worker.ending import leave
from pipeline.errors import EXIT_TRANSIENT, NotReady, SantunanError, Transient
from pipeline.messages.records import Chunk, Message
from pipeline.store.origins import missing
from schemas import topics

log = logging.getLogger("santunan.worker")

FULL_FETCH_SECONDS: Final = 0.02  # while some partitions are not fetched, since they may have room at any moment
NOTE_SECONDS: Final = 5.0  # positions noted in the store may lag; those that count are in the broker
SEEK_SECONDS: Final = 60.0
HELD_SECONDS: Final = 30.0  # an open transaction of a sender; the broker's own limit for one is a quarter of an hour


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Hands out chunks. Is the `BatchSource` of `agents.worker.batches`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._epoch = 0
        self._queue = ChunkQueue(self.app.settings.chunk_records)
        self._handed_out: list[Batch] = []  # not yet released
        self._changed = asyncio.Event()
        self._fetching: asyncio.Task[Fetched] | None = None
        self._fetch_epoch = 0
        self._published: dict[tuple[str, int], int] = {}  # not noted in the store yet
        self._held: dict[
            tuple[str, int], tuple[int, float]
        ] = {}  # the end of what can be read, and since when it does not move
        self.looked_at = time.monotonic()
        self._missing: str | None = "the worker has not joined its group yet"
        self.app.on_partitions_revoked.connect(self._drop, weak=False)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    # The batch source

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
        """Leave the group, so that others need not wait for the session to end; a static member keeps its place.

        Published positions are noted as well: the broker may have forgotten the group when a worker starts again.
        """
        farewells = [self._note_published()]
        if self.app.settings.instance_id is None:
            farewells.append(self._thread.leave_group())
        try:
            async with asyncio.timeout(2):
                await asyncio.gather(*farewells)
        except (TimeoutError, KafkaError) as error:
            log.info("the group was not left in time, or positions not noted (%s)", type(error).__name__)

    def missing(self) -> str | None:
        return self._missing or self._held_back() or (None if self.flow_active else "Faust has not begun to read yet")

    def _held_back(self) -> str | None:
        held = [(seconds, place) for place, seconds in self._held_seconds().items() if seconds > HELD_SECONDS]
        if not held:
            return None
        seconds, (topic, partition) = max(held)
        return (
            f"{topic}/{partition}: a transaction of a sender has been open for {seconds:.0f} s, and nothing after it "
            "can be read; the broker ends it at the sender's timeout, kafka-transactions.sh at once"
        )

    def _held_seconds(self) -> dict[tuple[str, int], float]:
        now = time.monotonic()
        return {place: now - since for place, (_, since) in self._held.items()}

    def holds(self, topic: str, partition: int) -> bool:
        return self._missing is None and TP(topic, partition) in self._queue.positions

    def lag(self) -> Lag:
        chunks = [*self._queue.chunks(), *(chunk for batch in self.app.runner.in_hand for chunk in batch.chunks)]
        lag = Lag.of(chunks, self._queue.positions, self._thread.stable_ends(), own_time=topics.HISTORY)
        return replace(lag, held_seconds=self._held_seconds())

    # Assignments

    async def _drop(self, app: Any, revoked: set[TP], **options: Any) -> None:
        """Before the group forms anew: the batches in hand end, and the waiting chunks are void."""
        self._missing = "the group forms anew: partitions are being dealt out"
        await self._new_epoch()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:  # Faust does not ask for positions then
            self.app.runner.source = self
            self._missing = "no partition is assigned: the other workers of the group hold all of them"

    async def _new_epoch(self) -> None:
        """Waiting chunks are void, and batches that Faust has not handed on yet; batches in hand end first."""
        self._epoch += 1
        self._queue.clear()
        while self.app.runner.in_hand:
            self._changed.clear()
            await self._changed.wait()
        self._handed_out.clear()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Faust's question where to read. A failure ends the process: Faust would go on at wrong offsets."""
        self.app.runner.source = self
        try:
            async with asyncio.timeout(SEEK_SECONDS):
                return await self._take_over()
        except SantunanError as error:
            leave(error.exit_code, str(error))
        except (TimeoutError, KafkaError, KafkaException) as error:
            leave(EXIT_TRANSIENT, f"the positions could not be read from the broker: {type(error).__name__}")

    async def _take_over(self) -> Mapping[TP, int]:
        self._missing = "partitions are assigned, but their last worker is not fenced yet, or their positions not read"
        await self._new_epoch()
        transport = self.transport
        start = await take_over(self.app, self._thread, transport.publisher, self.publish, transport.inspector)
        self._queue.start(start)
        self._missing = None
        log.info("partitions %s are ours", sorted({tp.partition for tp in start}))
        return start

    @Service.task  # type: ignore[untyped-decorator]
    async def _note(self) -> None:
        while not self.should_stop:
            await self.sleep(NOTE_SECONDS)
            await self._note_published()
            with contextlib.suppress(Transient):  # nobody can say while the broker is away
                await self._note_held()
                await self._require_partitions()

    async def _require_partitions(self) -> None:
        """A worker that goes on would leave what lies in added partitions unread until the group forms anew."""
        try:
            await asyncio.to_thread(self.transport.inspector.require_partitions)
        except NotReady as error:
            leave(error.exit_code, str(error))

    async def _note_held(self) -> None:
        """Note places whose log goes on beyond what can be read, while that end does not move."""
        held = await asyncio.to_thread(self.transport.inspector.held_back, list(self._queue.positions))
        now, before = time.monotonic(), self._held
        self._held = {}
        for place, end in held.items():
            known = before.get(place)
            self._held[place] = known if known is not None and known[0] == end else (end, now)

    async def _note_published(self) -> None:
        done, self._published = self._published, {}
        try:
            await asyncio.to_thread(self.app.note_published, done)
        except Transient as error:
            self._published = done | self._published
            log.info("published positions were not noted (%s); tried again later", error)

    # Chunks

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        self.looked_at = time.monotonic()
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        chunks = await self._next_batch(timeout)
        if not chunks:
            return
        batch, chunk = Batch(chunks, self._epoch), chunks[0]
        tp = TP(chunk.topic, chunk.partition)
        self._handed_out.append(batch)
        self._read_offset[tp] = None  # else Faust drops silently what it takes for old
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

    async def _next_batch(self, timeout: float) -> tuple[Chunk, ...]:
        """Returns () if no batch may start within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self.should_stop and self.flow_active and not self.app.runner.is_leaving:
            if self._fetching is not None and self._fetching.done():
                fetching, self._fetching = self._fetching, None
                await self._accept(fetching)
            if chunks := self._ready_batch():
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
        except SantunanError as error:
            leave(error.exit_code, str(error))
        except (KafkaError, KafkaException) as error:
            if not self.app.runner.is_leaving:
                leave(EXIT_TRANSIENT, f"the broker cannot be read from: {type(error).__name__}")

    def _fetch_more(self, seconds: float) -> None:
        if self._fetching is not None:
            return
        asked = self._queue.with_room()
        is_enough = self._handed_out and self._queue.is_full
        if is_enough or not asked:
            return
        wait = seconds if len(asked) == len(self._queue.positions) else FULL_FETCH_SECONDS
        self._fetch_epoch = self._epoch
        self._fetching = asyncio.ensure_future(self._thread.fetch(asked, wait))
        self._fetching.add_done_callback(lambda _: self._changed.set())

    async def _take(self, fetched: Fetched) -> None:
        """Put the records into the queue. The broker is asked what lies in a hole, and the hole is read again.

        Raises NotReady where the broker no longer has it; all records before it are processed first.
        """
        if self._fetch_epoch != self._epoch:
            return  # of an earlier assignment: these partitions are read again from their positions on
        again = self._queue.add(fetched.records, fetched.ends, fetched.positions)
        for place, (start, end) in again.items():
            hole = await self._thread.hole(TP(*place), start, end)
            if hole is None:
                self._queue.believe(place, start, end)
            elif hole[0] > start:
                self._queue.believe(place, start, hole[0])
            elif not self._is_busy(place):
                raise missing(place, *(self._thread.offsets.at_broker(place, offset) for offset in hole))
        if again and self._fetch_epoch == self._epoch:
            await self._thread.seek_wait({TP(*place): start for place, (start, _) in again.items()})

    def _is_busy(self, place: tuple[str, int]) -> bool:
        chunks = [*self._queue.chunks(), *(chunk for batch in self._handed_out for chunk in batch.chunks)]
        return any((chunk.topic, chunk.partition) == place for chunk in chunks)

    def _ready_batch(self) -> tuple[Chunk, ...]:
        """The chunks of the next batch, taken out of the queue; () if none may start now."""
        if len(self._handed_out) == MOST_BATCHES:
            return ()
        return self._queue.next_batch({chunk.partition for batch in self._handed_out for chunk in batch.chunks})

    # Switched off: Faust's acknowledgements, commits, gaps and alarms

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        log.error("Faust tried to commit %s: the topics must have acks=False", dict(offsets))
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """The processor judges gaps."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's alarms count its own commits."""

    def _watch(self) -> None:
        """Ends the process after a stuck rebalance, publisher or loop; the supervisor starts it again."""
        while True:
            time.sleep(2)
            now = time.monotonic()
            since = min([*list(self.app.runner.in_hand.values()), self.looked_at])
            if now - since > STUCK_SECONDS:
                leave(EXIT_TRANSIENT, f"nothing moved for {STUCK_SECONDS:.0f} s; starting again")


class Transport(driver.Transport):  # type: ignore[misc]
    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = SilentProducer
    driver_version = f"aiokafka={aiokafka.__version__}, chunks"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._publisher: Publisher | None = None
        self._inspector: Inspector | None = None

    @property
    def inspector(self) -> Inspector:
        if self._inspector is None:
            self._inspector = Inspector(self.app.settings)
        return self._inspector

    @property
    def publisher(self) -> Publisher:
        if self._publisher is None:
            self._publisher = Publisher(self.app.settings)
        return self._publisher

    async def prepare(self) -> None:
        """Raises NotReady or Transient with one sentence, where Faust would wait without a message."""
        await asyncio.to_thread(kafka_topics.require, self.app.settings)
