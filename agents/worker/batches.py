"""Runs a batch: decides it in a thread, publishes its outputs, releases it; and the failure policy.

No error may leave an agent's body: Faust would count the event as done, and it would be lost. So every failure ends
the process: the next start publishes what was stored and not published, which is the only recovery path there is.
`pipeline/errors.py` lists the statuses.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from agents.worker.batch_source import Batch, BatchSource
from agents.worker.ending import leave
from pipeline.errors import EXIT_BUG, EXIT_TRANSIENT, SantunanError
from pipeline.messages.records import Chunk, Message

if TYPE_CHECKING:
    from agents.worker.metrics import Metrics

log = logging.getLogger("santunan.worker")

MOST_BATCHES: Final = 2  # in hand at a time: the database stores one while the next is parsed and decided
LEAVE_SECONDS: Final = 8.0  # of the ten a supervisor waits after SIGTERM
STUCK_SECONDS: Final = 90.0  # one batch in hand for this long: something hangs that no timeout covers


class BatchRunner:
    """`await runner(batch)` begins a batch and returns; the transport holds back chunks that must wait for it."""

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
        self.in_hand: dict[Batch, float] = {}  # since when, by `time.monotonic`
        self.source: BatchSource | None = None

    async def __call__(self, batch: Batch) -> None:
        task = asyncio.create_task(self._guarded(batch))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _guarded(self, batch: Batch) -> None:
        try:
            await self._carry_out(batch)
        except asyncio.CancelledError:
            leave(EXIT_TRANSIENT, f"cancelled while in hand: {batch}")
        except SantunanError as error:
            leave(error.exit_code, str(error))
        except BaseException as error:  # a bug: no state of this process can be trusted
            place = {"topic": batch.chunks[0].topic, "partition": batch.chunks[0].partition}
            log.critical("a bug ends the worker at %s", batch, exc_info=error, extra=place)
            # The text of an unknown error may hold a NIK: only its type is printed.
            leave(EXIT_BUG, f"{type(error).__name__} at {batch}; the log says more")

    async def _carry_out(self, batch: Batch) -> None:
        source = self.source
        assert source is not None, "a batch comes from a consumer"
        if self.is_leaving:
            return
        if source.is_void(batch):
            source.release(batch)  # a new assignment waits until no batch is in hand
            if self._metrics is not None:
                self._metrics.note_fenced()
            return
        self.in_hand[batch] = time.monotonic()
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        outputs = await loop.run_in_executor(self._pool, self._decide, batch.chunks)
        decided = time.perf_counter()
        await source.publish(batch.chunks, [message for of_chunk in outputs for message in of_chunk])
        published = time.perf_counter()
        if self._metrics is not None:
            self._metrics.note_step("publish", published - decided)
        log.debug(
            "%s: %d records, decided in %.1f ms, published in %.1f ms",
            batch,
            sum(len(chunk.records) for chunk in batch.chunks),
            (decided - started) * 1000,
            (published - decided) * 1000,
        )
        del self.in_hand[batch]
        source.release(batch)

    async def finish(self) -> bool:
        """Begin no further batch and wait for those in hand. False: one still ran after LEAVE_SECONDS."""
        self.is_leaving = True
        if not self._running:
            return True
        _, pending = await asyncio.wait(set(self._running), timeout=LEAVE_SECONDS)
        return not pending
