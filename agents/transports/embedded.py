"""Faust over the log in one SQLite file: `sqlite:///FILE`. No server, no second process, nothing to install.

The log has one global order and is read in it. One Faust message is one batch: chunks that follow each other in that
order, each a run of events of one partition of one topic. The next batch is handed out when the one before is done, so
events are decided in the order of their arrival, between topics too. The processor writes outputs and positions in the
same transaction as everything else; Faust commits nothing.

Two traps. `subscribe` must return before the rebalance callbacks run: the conductor announces the subscription only
after it returned, and `App._on_partitions_assigned` waits for that. And every message carries the app's
`consumer_generation_id`, or recovery returns without a message.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Final

import faust.transport.base
from faust.transport.consumer import Consumer as FaustConsumer
from faust.types import TP, ConsumerMessage
from sqlalchemy.exc import DBAPIError

from agents.transports import SilentProducer
from agents.worker.batch_source import Batch, Lag
from agents.worker.ending import leave
from pipeline.errors import EXIT_CONFIGURATION
from pipeline.messages.records import Chunk, Message, Record
from pipeline.store.embedded_log import Log, LogEntry
from pipeline.store.engines import sqlite_transient
from pipeline.store.worker_lock import hold
from schemas import topics

log = logging.getLogger("santunan.worker")

GENERATION: Final = 1  # one worker a file: there is only ever one assignment
# Checkpoint before SQLite would, so that no commit pays for it (about 20 MB).
CHECKPOINT_RECORDS: Final = 4_000


class Consumer(FaustConsumer):  # type: ignore[misc]
    """Reads the log of one file in its one order. Is the `BatchSource` of `agents.worker.batches`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._assigned: frozenset[TP] = frozenset()
        self._position = 0  # in the global order
        self._read: list[LogEntry] = []
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._version: int | None = None
        self._stored = 0  # records since the last checkpoint
        self.looked_at = time.monotonic()

    @property
    def _log(self) -> Log:
        opened: Log = self.transport.log
        return opened

    # The batch source

    def is_void(self, batch: Batch) -> bool:
        return False  # no other worker may take a partition of this file away

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """The processor appended them to the log in its own transaction."""

    def release(self, batch: Batch) -> None:
        self._is_free.set()
        self._stored += sum(len(chunk.records) for chunk in batch.chunks)
        if self._stored >= CHECKPOINT_RECORDS:
            self._stored = 0
            self.loop.run_in_executor(None, self._log.checkpoint)

    async def leave_group(self) -> None:
        """No group to leave."""

    def missing(self) -> str | None:
        if not self._assigned:
            return "no partition is assigned yet"
        return None if self.flow_active else "Faust has not begun to read yet"

    def holds(self, topic: str, partition: int) -> bool:
        return TP(topic, partition) in self._assigned

    def lag(self) -> Lag:
        positions, ends = self._log.positions(self.app.settings.group), self._log.ends()
        records = {place: end - positions.get(place, 0) for place, end in ends.items() if place[0] in topics.INTAKE}
        if not any(records.values()):
            return Lag(records, None)
        oldest = self._log.read(self._log.place_of(positions, topics.INTAKE), topics.INTAKE, 1)
        return Lag(records, oldest[0].timestamp_ms if oldest else None)

    # Faust's consumer

    async def subscribe(self, names: Iterable[str]) -> None:
        counts = self._log.partitions()
        every = {TP(name, partition) for name in names for partition in range(counts[name])}
        self.add_future(self._assign(every))

    async def _assign(self, every: set[TP]) -> None:
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(set(self._assigned))
        self._assigned = frozenset(every)
        self.app.consumer_generation_id = GENERATION
        await self.on_partitions_assigned(set(every), GENERATION)

    def assignment(self) -> set[TP]:
        return set(self._assigned)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Continue where the positions table says. The log is processed in its order, so one place in it is enough."""
        positions = self._log.positions(self.app.settings.group)
        self._position = self._log.place_of(positions, topics.INTAKE)
        self._read.clear()
        self._version = None
        self.app.runner.source = self
        log.info("reading %s from place %d of its log", self.transport.file.name, self._position)
        return {tp: positions.get((tp.topic, tp.partition), 0) for tp in self._assigned}

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        self.looked_at = time.monotonic()
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        chunks = await self._next_batch(timeout)
        if not chunks or self.should_stop:
            return
        chunk = chunks[0]
        tp = TP(chunk.topic, chunk.partition)
        self._is_free.clear()
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
                Batch(chunks, GENERATION),
                None,
                0,
                0,
                tp,
                generation_id=self.app.consumer_generation_id,
            ),
        )

    async def _next_batch(self, timeout: float) -> tuple[Chunk, ...]:
        """Returns () if no batch may start within `timeout` seconds. Waits until the batch before is done."""
        deadline = self.loop.time() + timeout
        try:
            await asyncio.wait_for(self._is_free.wait(), timeout)
        except TimeoutError:
            return ()
        while not self._read:
            try:
                self._fill()
            except (sqlite3.Error, DBAPIError) as error:  # Faust would call it a bug, which is tried three times only
                if (transient := sqlite_transient(error)) is None:
                    raise
                leave(transient.exit_code, str(transient))
            if self._read or self.should_stop or self.loop.time() >= deadline:
                break
            await asyncio.sleep(self.app.settings.idle_poll_seconds)
        entries, self._read = self._read, []
        return tuple(_chunk(list(run)) for _, run in groupby(entries, key=attrgetter("topic", "partition")))

    def _fill(self) -> None:
        self.transport.require_same_file()
        self._read_on()

    def _read_on(self) -> None:
        """Read further, but only if another connection has written: asking for the version of the file is cheap."""
        version = self._log.data_version()
        if version == self._version:
            return
        end = self._log.end_place()
        entries = self._log.read(self._position, topics.INTAKE, self.app.settings.chunk_records)
        if entries:
            self._position = entries[-1].place + 1
            self._read = entries
        else:
            self._position = end  # the entries before it are outputs: not to be read through each time
            self._version = version

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        raise AssertionError("getmany reads by itself")

    def _to_message(self, tp: TP, record: Any) -> Any:
        raise AssertionError("getmany makes the messages")

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        log.error("Faust tried to commit %s: the topics must have acks=False", dict(offsets))
        return True

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Topics of a file appear with their first event."""

    async def _seek(self, partition: TP, offset: int) -> None:
        raise AssertionError("positions come from the positions table alone")

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        raise AssertionError("positions come from the positions table alone")

    async def position(self, tp: TP) -> int | None:
        return self._log.positions(self.app.settings.group).get((tp.topic, tp.partition), 0)

    def highwater(self, tp: TP) -> int:
        return self._log.end(tp.topic, tp.partition)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        return {tp: self.highwater(tp) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        return dict.fromkeys(partitions, 0)

    def topic_partitions(self, topic: str) -> int | None:
        return self._log.partitions().get(topic)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        return partition

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)


class Transport(faust.transport.base.Transport):  # type: ignore[misc]
    """One file, one worker; submitters and readers are welcome."""

    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = SilentProducer
    driver_version = "sqlite log"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.file: Path = self.app.settings.embedded_file
        self._log: Log | None = None
        self._lock: int | None = None
        self._identity: tuple[int, int] | None = None

    async def prepare(self) -> None:
        """Take the file for this worker. Raises NotReady where another one has it."""
        self._lock = hold(self.file)

    @property
    def log(self) -> Log:
        """The log, opened once, after the store made its tables."""
        if self._log is None:
            self._identity = _identity(self.file)
            self._log = Log(self.file)
        return self._log

    def require_same_file(self) -> None:
        """Ends the worker where its file was deleted or replaced: what it stored from now on, nobody would find."""
        if self._log is not None and _identity(self.file) != self._identity:
            leave(
                EXIT_CONFIGURATION,
                f"{self.file} was deleted or replaced while this worker had it open. Stop all programs before a file "
                "is put in its place; if it was deleted by mistake, restore a backup and submit what came after it",
            )


def _identity(file: Path) -> tuple[int, int] | None:
    """Device and number of the file behind the name; None: there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _chunk(run: Sequence[LogEntry]) -> Chunk:
    records = tuple(Record(one.offset, one.timestamp_ms, one.key, one.value, one.headers) for one in run)
    return Chunk(run[0].topic, run[0].partition, run[0].offset, run[-1].offset + 1, records)
