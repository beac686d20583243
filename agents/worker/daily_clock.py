"""The daily clock of a worker: says each day that has passed, missed ones in order, and reports a missing one.

Every worker looks at the days that have passed. The worker that holds the first partition of members says those that
are missing. Two that do so at once do no harm: the id of the event follows from the day. Never imports the clients or
Kafka: it is given what it needs.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from pipeline.errors import NotReady, SantunanError
from schemas.clock import JAKARTA

LOOK_SECONDS: Final = 5.0
GRACE: Final = dt.timedelta(minutes=15)  # after midnight, in which a day is said and read before it counts as missing
# A machine whose clock runs years ahead must not say years of days: what has passed cannot be taken back.
MOST_DAYS: Final = 400

log = logging.getLogger("santunan.worker")


def now_in_jakarta() -> dt.datetime:
    return dt.datetime.now(JAKARTA)


class DailyClock:
    """`last_day`: the last day that has passed in every partition, as the store knows it; None: none yet. `say`:
    submits these days, in this order. `is_ours`: whether this worker is the one that says them. `now`: in Jakarta.
    """

    def __init__(
        self,
        *,
        last_day: Callable[[], dt.date | None],
        say: Callable[[Sequence[dt.date]], None],
        is_ours: Callable[[], bool],
        now: Callable[[], dt.datetime] = now_in_jakarta,
    ) -> None:
        self._last_day = last_day
        self._say = say
        self._is_ours = is_ours
        self._now = now
        self._began = now()
        self._has_looked = False
        self._last: dt.date | None = None
        self._said: dt.date | None = None  # submitted, though the worker may not have read it yet
        self._reported = ""

    def start(self) -> None:
        """Look until the process ends."""
        threading.Thread(target=self._run, name="daily clock", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self.look_safely()
            pause.wait(LOOK_SECONDS)

    def look_safely(self) -> None:
        """As `look`; a failure is logged, once as long as it stays the same, and the next look tries again."""
        try:
            self.look()
            self._reported = ""
        except Exception as error:  # of the store, a client or the file system: /ready says what it leads to
            # The text of an unknown error may hold values: only its type is logged.
            known = isinstance(error, SantunanError | OSError)
            reason = str(error) if known else type(error).__name__
            if reason != self._reported:
                log.warning("the daily clock could not look at the days that have passed, and tries again: %s", reason)
            self._reported = reason

    def look(self) -> None:
        """Look once at the days that have passed, and say those that are missing where this worker is to say them."""
        self._last = self._last_day()
        self._has_looked = True
        if self._is_ours() and (days := self._missing_days()):
            self._say(days)
            self._said = days[-1]
            log.info("said that %s has passed, %d days in all", days[-1], len(days))

    def _missing_days(self) -> list[dt.date]:
        """In order; the last one is yesterday. Raises NotReady where there are too many to be believed."""
        yesterday = self._now().date() - dt.timedelta(days=1)
        known = max((day for day in (self._last, self._said) if day is not None), default=None)
        if known is None:
            return [yesterday]  # claims that became due before are looked at as well
        count = (yesterday - known).days
        if count > MOST_DAYS:
            raise NotReady(
                f"{count:,} days are missing after {known}, and it says at most {MOST_DAYS} by itself: correct the "
                "date of this machine, or, if it is right, run `santunan tick` once, and it goes on from there"
            )
        return [known + dt.timedelta(days=day) for day in range(1, count + 1)]

    def missing(self) -> str | None:
        """The days that are over and have not passed, as a sentence. None: no day is missing, as far as is known."""
        now = self._now()
        if not self._has_looked:
            return None
        if self._last is None:
            is_late = now - self._began > GRACE
            return f"no day has passed yet, so no deadline is noticed: {_REMEDY}" if is_late else None
        last_over = (now - GRACE).date() - dt.timedelta(days=1)
        count = (last_over - self._last).days
        if count <= 0:
            return None
        days = "1 day is" if count == 1 else f"{count:,} days are"
        return f"{days} missing after {self._last}, so deadlines are not noticed: {_REMEDY}"

    def age_days(self) -> float:
        """Days since the last day that has passed: 1 where none is missing. NaN: not known yet; infinite: none ever."""
        if not self._has_looked:
            return float("nan")
        return float("inf") if self._last is None else float((self._now().date() - self._last).days)


_REMEDY: Final = "see the log of the worker that holds partition 0 of members, or run `santunan tick`"
