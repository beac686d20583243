"""The daily clock: the event that says that a day is over in Jakarta."""

from typing import Final, Literal

from schemas.envelope import Envelope
from schemas.values import Date, Strict

CLOCK_SOURCE: Final = "urn:santunan:system:clock"


class Day(Strict):
    """`day` is over in Jakarta; sent to every partition once a day."""

    day: Date


class DayPassed(Envelope):
    type: Literal["santunan.clock.day-passed.v1"]
    data: Day
