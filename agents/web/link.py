"""The link to the log: one thread owns the submitter, and what waits for it goes in together.

A request is answered when the log has its events for good (embedded: committed and synced; Kafka: all in-sync brokers).
Nothing waits for a timer: while one commit is on its way, the next one gathers. Where much waits, more is refused.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from agents.clients import Receipt, Submitter, outgoing
from pipeline.errors import Transient
from pipeline.operations.front_office import Placed

MOST_TOGETHER: Final = 1000  # events of one commit
MOST_WAITING: Final = 1000  # requests: a second of what a disk takes

_Waiting = tuple[Sequence[bytes], "Future[list[Placed]]"]


class SubmitterLink:
    """The `Intake` of operations. `open_submitter`: called in the thread that owns what it opens."""

    def __init__(self, open_submitter: Callable[[], Submitter]) -> None:
        self._open = open_submitter
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(MOST_WAITING)
        self._submitter: Submitter | None = None
        self._thread = threading.Thread(target=self._run, name="submitter", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def hand_in(self, documents: Sequence[bytes]) -> list[Placed]:
        settled: Future[list[Placed]] = Future()
        if not self.is_alive:
            raise Transient("the gateway is leaving: send it again")
        try:
            self._waiting.put_nowait((documents, settled))
        except queue.Full:
            raise Transient("too much waits to be written: send it again in a second") from None
        return settled.result()

    def close(self) -> None:
        """What was handed in is settled first."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        leaves = False
        while not leaves:
            together, leaves = self._gathered()
            if together:
                self._submit(together)
        if self._submitter is not None:
            self._submitter.close()
        while not self._waiting.empty():
            if (left := self._waiting.get_nowait()) is not None:
                left[1].set_exception(Transient("the gateway is leaving: send it again"))

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

    def _submit(self, together: Sequence[_Waiting]) -> None:
        try:
            if self._submitter is None:
                self._submitter = self._open()
            partitions = self._submitter.partitions
            events = [one for documents, _ in together for raw in documents for one in outgoing(raw, partitions)]
            placed = [_placed(receipt) for receipt in self._submitter.send(events)]
        except Exception as error:  # of any kind: each request that waits for it must end
            for _, settled in together:
                settled.set_exception(error)
            return
        start = 0
        for documents, settled in together:
            settled.set_result(placed[start : start + len(documents)])
            start += len(documents)


def _placed(receipt: Receipt) -> Placed:
    assert receipt.partition is not None and receipt.offset is not None, "nothing is spooled here"
    assert receipt.timestamp_ms is not None
    return Placed(receipt.topic, receipt.partition, receipt.offset, receipt.timestamp_ms)
