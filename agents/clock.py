"""The daily clock: an event that says that a day is over in Jakarta, to every partition, once a day."""

import datetime as dt
import threading
from typing import Final

from pipeline.claims.case import JAKARTA

_SOURCE: Final = "urn:santunan:system:clock"
_LOOK_EVERY_SECONDS: Final = 60.0


def yesterday() -> dt.date:
    """The last day that is over in Jakarta."""
    return dt.datetime.now(JAKARTA).date() - dt.timedelta(days=1)


def say_day_passed(day: dt.date) -> None:
    """Submit the event. Its id follows from the day, its time too: said twice, it is the same event."""
    import orjson

    from agents.clients import open_submitter
    from agents.settings import read_settings
    from pipeline.errors import NotReady

    if day > yesterday():
        raise NotReady(f"{day} is not over yet in Jakarta; the last day that is over is {yesterday()}")
    over_at = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), JAKARTA)
    document = {
        "specversion": "1.0",
        "id": f"day-{day}",
        "source": _SOURCE,
        "type": "santunan.clock.day-passed.v1",
        "time": over_at.isoformat(),
        "datacontenttype": "application/json",
        "data": {"day": day.isoformat()},
    }
    with open_submitter(read_settings()) as submitter:
        for _ in submitter.submit([orjson.dumps(document)]):
            pass


def start_clock() -> threading.Thread:
    """Says each day that passes while this process runs, beginning with yesterday. Ends with the process."""
    thread = threading.Thread(target=_tick_forever, name="clock", daemon=True)
    thread.start()
    return thread


def _tick_forever() -> None:
    from agents.cli.output import complain
    from pipeline.errors import SantunanError

    said: dt.date | None = None
    pause = threading.Event()
    while True:
        day = yesterday()
        if day != said:
            try:
                say_day_passed(day)
                said = day
            except (SantunanError, OSError) as error:  # a full disk, too: the clock goes on when there is room
                complain(f"The clock could not say that {day} has passed, and tries again: {error}")
        pause.wait(_LOOK_EVERY_SECONDS)
