"""The daily clock: once a day an event to every partition, that a day is over in Jakarta."""

import datetime as dt
import threading
from typing import Final

from schemas.clock import JAKARTA

_SOURCE: Final = "urn:santunan:system:clock"
_LOOK_EVERY_SECONDS: Final = 60.0


def yesterday() -> dt.date:
    """The last day that is over in Jakarta."""
    return dt.datetime.now(JAKARTA).date() - dt.timedelta(days=1)


def say_day_passed(day: dt.date) -> None:
    """Submit the event. Its id and time follow from the day: submitted twice, it is the same event."""
    import orjson

    from agents.clients import open_submitter
    from agents.settings import read_settings
    from pipeline.errors import NotReady
    from schemas.days import DayPassed
    from schemas.envelope import document

    if day > yesterday():
        raise NotReady(f"{day} is not over yet in Jakarta; the last day that is over is {yesterday()}")
    over_at = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), JAKARTA)
    event = document(DayPassed, event_id=f"day-{day}", source=_SOURCE, time=over_at, data={"day": day.isoformat()})
    with open_submitter(read_settings()) as submitter:
        for _ in submitter.submit([orjson.dumps(event)]):
            pass


def start_clock() -> threading.Thread:
    """Submits each day that passes while this process runs, beginning with yesterday. Ends with the process."""
    thread = threading.Thread(target=_tick_forever, name="clock", daemon=True)
    thread.start()
    return thread


def _tick_forever() -> None:
    from agents.terminal import complain
    from pipeline.errors import SantunanError

    submitted: dt.date | None = None
    pause = threading.Event()
    while True:
        day = yesterday()
        if day != submitted:
            try:
                say_day_passed(day)
                submitted = day
            except (SantunanError, OSError) as error:  # a full disk, too: the clock goes on when there is room
                complain(f"The clock could not say that {day} has passed, and tries again: {error}")
        pause.wait(_LOOK_EVERY_SECONDS)
