"""Submits the events of the daily clock: once a day one to every partition, that a day is over in Jakarta."""

import datetime as dt
from collections.abc import Iterable, Iterator

import orjson

from agents.clients import open_submitter
from agents.settings import Settings
from pipeline.errors import NotReady
from schemas.clock import JAKARTA
from schemas.days import CLOCK_SOURCE, DayPassed
from schemas.envelope import document


def yesterday() -> dt.date:
    """The last day that is over in Jakarta."""
    return dt.datetime.now(JAKARTA).date() - dt.timedelta(days=1)


def say_days_passed(settings: Settings, days: Iterable[dt.date]) -> None:
    """Submit these days in their order. Id and time of an event follow from the day: submitted twice, it is the same
    event. Raises NotReady, Transient."""
    with open_submitter(settings) as submitter:
        for _ in submitter.submit(_documents(days)):
            pass


def _documents(days: Iterable[dt.date]) -> Iterator[bytes]:
    for day in days:
        if day > yesterday():
            raise NotReady(f"{day} is not over yet in Jakarta; the last day that is over is {yesterday()}")
        over_at = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), JAKARTA)
        data = {"day": day.isoformat()}
        yield orjson.dumps(document(DayPassed, event_id=f"day-{day}", source=CLOCK_SOURCE, time=over_at, data=data))
