"""Dates that cannot be yet: what happened, was found, was paid or was born lies in no future (clarification 18).

The desk judges every date against the day of receipt, and a claim with such a date waits (VAL_DATES_CONTRADICT). A
sender at the door is told at once, since it is there to correct a slip of the keyboard. Days on which something begins
or ends (registration, programs, end of membership) and months of contributions may lie ahead.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from pipeline.errors import Poison
from schemas.clock import JAKARTA
from schemas.decisions import FieldError
from schemas.events import IntakeEvent

CLOCKS: Final = dt.timedelta(days=1)  # by which clocks and time zones may differ; what is within, the desk judges
_LATE: Final = "lies after today; write a day that has come"
_MOMENTS: Final = ("accident.occurred_at", "report.reported_at")
_DAYS: Final = (
    "accident.diagnosed_on",
    "advice.decided_on",
    "birth_date",
    "claimed.claimed_on",
    "conclusion.concluded_on",
    "court_decision.decided_on",
    "death.died_on",
    "determination.decided_on",
    "failed_on",
    "medical.death.died_on",
    "medical.healed_on",
    "paid_on",
    "project_dues.paid_on",
    "working_found.found_on",
)


_WAYS: Final = {path: tuple(path.split(".")) for path in (*_MOMENTS, *_DAYS)}


def require_past(event: IntakeEvent, now: dt.datetime) -> None:
    """`now`: aware. Raises Poison (INVALID), which names each date that lies more than a day after it."""
    faults = late_dates(event.data, now)
    if faults:
        raise Poison("INVALID", *faults)


def late_dates(data: Any, now: dt.datetime) -> tuple[FieldError, ...]:
    """A fault for each date that lies more than a day after `now` (aware). `data`: of an event, or what somebody wrote
    as JSON in its place; what is no date in that is left to the parser."""
    return tuple(FieldError(f"data.{path}", _LATE) for path in _late(data, now + CLOCKS))


def _late(data: Any, latest: dt.datetime) -> Iterator[str]:
    last_day = latest.astimezone(JAKARTA).date()
    for path in _MOMENTS:
        moment = _date(_value(data, path), dt.datetime)
        if moment is not None and moment.tzinfo is not None and moment > latest:
            yield path
    for path in _DAYS:
        day = _date(_value(data, path), dt.date)
        if day is not None and day > last_day:
            yield path
    children = _member(data, "children")
    for number, child in enumerate(children if isinstance(children, list | tuple) else ()):
        born = _date(_member(child, "birth_date"), dt.date)
        if born is not None and born > last_day:
            yield f"children.{number}.birth_date"


def _value(data: Any, path: str) -> Any:
    """None: the event does not say it."""
    for name in _WAYS[path]:
        if data is None:
            return None
        data = _member(data, name)
    return data


def _member(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else getattr(data, name, None)


def _date(value: Any, kind: type[dt.date] | type[dt.datetime]) -> Any:
    """What is written as a text, read. None: there is no date."""
    if isinstance(value, str):
        with suppress(ValueError):
            return kind.fromisoformat(value)
        return None
    return value if isinstance(value, kind) else None
