"""One turn of chunks: decide it in a thread, publish what came out, tell the transport. And what if that fails.

Nothing may leave an agent's body: Faust would count the event as done, and it would be lost. So every failure ends
here, and ends the process: what was not published is read back and published by the next start, which is the only
recovery path there is. Which status says what stands in `pipeline/errors.py`.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from agents.worker.supervisor import REASON_VARIABLE
from pipeline.errors import EXIT_BUG, EXIT_TRANSIENT, SantunanError
from pipeline.messages.records import Chunk, Message

if TYPE_CHECKING:
    from agents.worker.metrics import Metrics

log = logging.getLogger("santunan.worker")

TURNS: Final = 2  # most in hand at a time: the database stores one while the next is parsed and decided
LEAVE_SECONDS: Final = 8.0  # of the ten a supervisor waits after SIGTERM
STUCK_SECONDS: Final = 90.0  # one turn in hand for this long: something hangs that no timeout covers


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
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


class Source(Protocol):
    """What the consumer of a transport offers. A partition number is in one delivery at a time.

    `looked_at`: when it last looked for events, by `time.monotonic`.
    """

    looked_at: float

    def missing(self) -> str | None:
        """What it waits for before it reads, as a sentence. None: it reads."""

    def lag(self) -> Lag:
        """What waits in the partitions that this worker holds."""

    def is_void(self, delivery: Delivery) -> bool:
        """Whether partitions were taken away, or are read again from elsewhere, since the chunks were fetched."""

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        """Publish the outputs of a turn and the positions after its chunks, together or not at all. Whatever it raises
        ends the process."""

    def release(self, delivery: Delivery) -> None:
        """All of it is done: what comes next of its numbers may go."""


class Process:
    """`await process(delivery)` takes a turn in hand and returns; the transport holds back what must wait for it."""

    def __init__(
        self,
        decide: Callable[[Sequence[Chunk]], list[list[Message]]],
        *,
        threads: int,
        metrics: "Metrics | None" = None,
    ) -> None:
        self._decide = decide
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="batch")
        self._running: set[asyncio.Task[None]] = set()
        self.is_leaving = False
        self.in_hand: dict[Delivery, float] = {}  # since when, by `time.monotonic`
        self.source: Source | None = None

    async def __call__(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._guarded(delivery))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _guarded(self, delivery: Delivery) -> None:
        try:
            await self._carry_out(delivery)
        except asyncio.CancelledError:
            leave(EXIT_TRANSIENT, f"cancelled while in hand: {delivery}")
        except SantunanError as error:
            leave(error.exit_code, str(error))
        except BaseException as error:  # a bug; after it nothing in this process can be trusted
            place = {"topic": delivery.chunks[0].topic, "partition": delivery.chunks[0].partition}
            log.critical("a bug ends the worker at %s", delivery, exc_info=error, extra=place)
            # The text of an unknown error may hold anything, a NIK too: only its kind goes on the screen.
            leave(EXIT_BUG, f"{type(error).__name__} at {delivery}; the log says more")

    async def _carry_out(self, delivery: Delivery) -> None:
        source = self.source
        assert source is not None, "no chunk comes before the consumer that hands it out"
        if self.is_leaving:
            return
        if source.is_void(delivery):
            source.release(delivery)  # a new assignment waits until nothing is in hand
            if self._metrics is not None:
                self._metrics.note_fenced()
            return
        self.in_hand[delivery] = time.monotonic()
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        outputs = await loop.run_in_executor(self._pool, self._decide, delivery.chunks)
        decided = time.perf_counter()
        await source.publish(delivery.chunks, [message for of_chunk in outputs for message in of_chunk])
        published = time.perf_counter()
        if self._metrics is not None:
            self._metrics.note_step("publish", published - decided)
        log.debug(
            "%s: %d records, decided in %.1f ms, published in %.1f ms",
            delivery,
            sum(len(chunk.records) for chunk in delivery.chunks),
            (decided - started) * 1000,
            (published - decided) * 1000,
        )
        del self.in_hand[delivery]
        source.release(delivery)

    async def finish(self) -> bool:
        """No further chunk is begun; wait for those in hand. False: one still ran after LEAVE_SECONDS."""
        self.is_leaving = True
        if not self._running:
            return True
        _, pending = await asyncio.wait(set(self._running), timeout=LEAVE_SECONDS)
        return not pending


def leave(status: int, reason: str) -> NoReturn:
    """End the process at once with one sentence. `sys.exit` in an agent would hang in Faust's stopping."""
    try:
        if status:
            log.critical("worker ends with status %d: %s", status, reason)
        else:
            log.info("worker ends: %s", reason)
        pipe = os.environ.get(REASON_VARIABLE)
        if pipe:
            os.write(int(pipe), reason.encode()[:4000])
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:  # nobody may be left to tell: the supervisor was killed, the terminal closed
        os._exit(status)
