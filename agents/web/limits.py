"""Limits of requests: token buckets by name, in memory, since each gateway counts its own."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

MOST_NAMES: Final = 10_000  # that are counted at once; the one that was silent longest is forgotten


class Buckets:
    """Lets `rate` a second through for each name, and twice as many at once. May be used by several threads."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = 2 * rate
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> float:
        """0: go on; else the seconds after which the next one may."""
        with self._lock:
            now = self._clock()
            left, since = self._left.pop(name, (self._most, now))
            left = min(self._most, left + (now - since) * self._rate)
            wait = 0.0 if left >= 1 else (1 - left) / self._rate
            self._left[name] = (left if wait else left - 1, now)
            if len(self._left) > MOST_NAMES:
                self._left.popitem(last=False)
            return wait


class Streaks:
    """Notices `most` refusals of one name within `seconds`. May be used by several threads."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def is_full(self, name: str) -> bool:
        """Counts one more; True: it completes a streak, and the next one begins."""
        with self._lock:
            now = self._clock()
            times = self._seen.pop(name, None) or deque(maxlen=self._most)
            times.append(now)
            if len(times) == self._most and now - times[0] < self._seconds:
                return True
            self._seen[name] = times
            if len(self._seen) > MOST_NAMES:
                self._seen.popitem(last=False)
            return False
