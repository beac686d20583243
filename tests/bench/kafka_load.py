"""Claims at a steady rate, and when a reader sees what was decided on them."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas import topics
from tests.bench.kafka_site import Site, is_event
from tests.bench.workload import Sent

READY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A decision as a read_committed reader got it. `made_ms`: when the worker sent it, milliseconds since 1970."""

    claim_id: str
    seconds: float
    made_ms: int


class Load:
    """Sends claims `rate` times a second while the block lasts, and reads the decisions beside it.

    `sent`: when each claim was handed to the producer, by its id; seconds by `time.perf_counter`.
    """

    def __init__(self, site: Site, claims: Iterator[Sent], rate: float) -> None:
        self.sent: dict[str, float] = {}
        self.seen: list[Seen] = []
        self._site = site
        self._claims = claims
        self._rate = rate
        self._ended = threading.Event()
        self._failures: list[BaseException] = []
        self._reader = site.reader(site.ends([topics.DECISIONS]))
        self._threads = [threading.Thread(target=self._guard, args=(one,)) for one in (self._send, self._read)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._reader.close()

    def wait(self, seconds: float) -> None:
        """Let it go on. Raises what went wrong in sending or reading."""
        self._ended.wait(seconds)
        self._complain()

    def first_seen_after(self, made_ms: int, seconds: float) -> Seen:
        """The first decision made later than this. Raises where none comes within `seconds`."""
        deadline = time.monotonic() + seconds
        looked = 0
        while True:
            self._complain()
            for one in self.seen[looked:]:
                looked += 1
                if one.made_ms > made_ms:
                    return one
            if time.monotonic() > deadline:
                raise AssertionError(f"no decision within {seconds:.0f} s")
            time.sleep(0.002)

    def until_drained(self, seconds: float) -> None:
        """Everything sent so far was answered. Raises where it was not within `seconds`."""
        wanted = set(self.sent)
        deadline = time.monotonic() + seconds
        while missing := wanted - {one.claim_id for one in self.seen}:
            self._complain()
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(missing)} of {len(wanted)} claims were not answered within {seconds:.0f} s")
            time.sleep(0.1)

    def _guard(self, work: Any) -> None:
        try:
            work()
        except BaseException as error:  # raised by `wait` in the main thread
            self._failures.append(error)
            self._ended.set()

    def _complain(self) -> None:
        if self._failures:
            raise self._failures[0]

    def _send(self) -> None:
        began = time.perf_counter()
        for place, claim in enumerate(self._claims):
            pause = began + place / self._rate - time.perf_counter()
            if pause > 0 and self._ended.wait(pause):
                return
            if self._ended.is_set():
                return
            claim_id = orjson.loads(claim.value)["data"]["claim_id"]
            self.sent[claim_id] = time.perf_counter()
            self._site.send_one(claim)

    def _read(self) -> None:
        while not self._ended.is_set():
            message = self._reader.poll(0.05)
            if message is None or not is_event(message):
                continue
            now = time.perf_counter()
            claim_id = orjson.loads(message.value())["data"]["claim_id"]
            self.seen.append(Seen(claim_id, now, message.timestamp()[1]))


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
