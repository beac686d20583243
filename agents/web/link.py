"""The link to the log: one thread owns the submitter, and what waits for it goes in together.

A request is answered when the log has its events for good (embedded: committed and synced; Kafka: all in-sync brokers).
Nothing waits for a timer: while one commit is on its way, the next one gathers. Where much waits, more is refused.
No thread waits for a commit: the event loop does.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from agents.clients import Receipt, Submitter, outgoing
from pipeline.errors import SantunanError, Transient
from pipeline.operations.front_office import Answer, Placed

MOST_TOGETHER: Final = 1000  # events of one commit
MOST_WAITING: Final = 1000  # requests: a second of what a disk takes


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Documents of an operation that the log shall have, and what the operation answers then."""

    documents: Sequence[bytes]
    then: Callable[[Sequence[Placed]], Any]


class Later:
    """The `Intake` of operations that end where they hand in: they return what is to be awaited in place of their
    answer. `SubmitterLink.placed` awaits it."""

    def hand_in(self, documents: Sequence[bytes], then: Callable[[Sequence[Placed]], Answer]) -> Answer:
        return cast(Answer, HandedIn(documents, then))


_Waiting = tuple[Sequence[bytes], "asyncio.Future[list[Placed]]"]
_Settled = list[tuple["asyncio.Future[list[Placed]]", list[Placed] | Exception]]


class SubmitterLink:
    """`open_submitter`: called in the thread that owns what it opens. `placed` is for one event loop."""

    def __init__(self, open_submitter: Callable[[], Submitter]) -> None:
        self._open = open_submitter
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._submitter: Submitter | None = None
        self._thread = threading.Thread(target=self._run, name="submitter", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    async def placed(self, documents: Sequence[bytes]) -> list[Placed]:
        """Where they are, once the log has all of them for good. Raises Transient."""
        if not self.is_alive:
            raise Transient("the gateway is leaving: send it again")
        if self._waiting.qsize() >= MOST_WAITING:
            raise Transient("too much waits to be written: send it again in a second")
        settled: asyncio.Future[list[Placed]] = asyncio.get_running_loop().create_future()
        self._waiting.put((documents, settled))
        return await settled

    def close(self) -> None:
        """What was handed in is settled first."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(SantunanError):  # the first request tries again, and is answered with what is wrong
            self._opened().connect()
        leaves = False
        while not leaves:
            together, leaves = self._gathered()
            if together:
                self._submit(together)
        if self._submitter is not None:
            self._submitter.close()
        while not self._waiting.empty():
            if (left := self._waiting.get_nowait()) is not None:
                _settle([(left[1], Transient("the gateway is leaving: send it again"))])

    def _gathered(self) -> tuple[list[_Waiting], bool]:
        """What waits, at least one; and whether this thread is to end."""
        together: list[_Waiting] = []
        count = 0
        one = self._waiting.get()
        while one is not None:
            together.append(one)
            count += len(one[0])
            if count >= MOST_TOGETHER:
                return together, False
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                return together, False
        return together, True

    def _opened(self) -> Submitter:
        if self._submitter is None:
            self._submitter = self._open()
        return self._submitter

    def _submit(self, together: Sequence[_Waiting]) -> None:
        try:
            submitter = self._opened()
            partitions = submitter.partitions
            events = [one for documents, _ in together for raw in documents for one in outgoing(raw, partitions)]
            placed = [_placed(receipt) for receipt in submitter.send(events)]
        except Exception as error:  # of any kind: each request that waits for it must end
            _settle([(settled, error) for _, settled in together])
            return
        found: _Settled = []
        start = 0
        for documents, settled in together:
            found.append((settled, placed[start : start + len(documents)]))
            start += len(documents)
        _settle(found)


def _settle(found: _Settled) -> None:
    """All of one commit by one word to the event loop, unless that has ended: then nobody waits any more."""
    loop = found[0][0].get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(_set, found)


def _set(found: _Settled) -> None:
    for settled, result in found:
        if settled.done():
            continue  # who asked has left
        if isinstance(result, Exception):
            settled.set_exception(result)
        else:
            settled.set_result(result)


def _placed(receipt: Receipt) -> Placed:
    assert receipt.partition is not None and receipt.offset is not None, "nothing is spooled here"
    assert receipt.timestamp_ms is not None
    return Placed(receipt.topic, receipt.partition, receipt.offset, receipt.timestamp_ms)
