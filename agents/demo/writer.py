"""Writes the events of the made-up portfolio as CloudEvents documents, in order of time.

Never imports the pipeline: it writes only what a stranger could send.
"""

import datetime as dt
from collections import defaultdict
from heapq import heappop, heappush
from typing import Any, Final

import orjson

from schemas.clock import JAKARTA
from schemas.envelope import document

BEGIN: Final = dt.date(2019, 11, 1)
END: Final = dt.datetime(2026, 11, 20, 18, 0, tzinfo=JAKARTA)  # "today" of the portfolio: nothing later is written

OFFICE: Final = "urn:santunan:office:tangerang"
BANK: Final = "urn:santunan:payments:bank-contoh"  # pays out, and collects contributions

Sections = dict[str, Any]


def at(day: dt.date, hour: int = 9, minute: int = 0) -> dt.datetime:
    """That day in Tangerang at that time."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAKARTA)


class Writer:
    """Gathers events and returns them by time. Events after `END` have not happened yet and are left out.

    Ids count from 1 for each source, since clinics do not know each other's.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[dt.datetime, int, bytes]] = []
        self._count = 0
        self._last_id: defaultdict[str, int] = defaultdict(int)

    def write(
        self, time: dt.datetime, source: str, event_type: type, data: Sections, *, as_type: str | None = None
    ) -> bytes:
        """One event; the answer is its bytes, so that it can be sent a second time.

        `as_type`: a wrong type, as a sender may write it.
        """
        self._last_id[source] += 1
        event_id = f"{source.rsplit(':', 1)[1]}-{self._last_id[source]:06}"
        written = document(event_type, event_id=event_id, source=source, time=time, data=data)
        if as_type is not None:
            written["type"] = as_type
        line = orjson.dumps(written)
        self.write_bytes(time, line)
        return line

    def write_bytes(self, time: dt.datetime, line: bytes) -> None:
        """Bytes as they are: a second copy, or an event that is none."""
        self._count += 1
        if time <= END:
            heappush(self._heap, (time, self._count, line))

    def next_time(self) -> dt.datetime | None:
        """When the earliest event that was not taken yet happened; None: there is none."""
        return self._heap[0][0] if self._heap else None

    def take(self) -> tuple[dt.datetime, bytes]:
        """The earliest event that was not taken yet."""
        time, _, line = heappop(self._heap)
        return time, line

    def written(self) -> list[tuple[dt.datetime, bytes]]:
        """The events written so far, by time."""
        return [(time, line) for time, _, line in sorted(self._heap)]
