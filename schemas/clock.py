"""Time as the pipeline counts it: Indonesia's zones, the epoch, microseconds since, days as ISO text.

Law and deadlines go by the calendar of Jakarta (UTC+7, no summer time); the day of an event is that of its place.
Never imports anything of this project.
"""

import datetime as dt
from functools import lru_cache
from typing import Final

JAKARTA: Final = dt.timezone(dt.timedelta(hours=7), "WIB")
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_JAKARTA_EPOCH: Final = EPOCH.astimezone(JAKARTA)
_LOCAL_OFFSETS: Final = frozenset(dt.timedelta(hours=hours) for hours in (7, 8, 9))  # WIB, WITA, WIT
_REMEMBERED_DAYS: Final = 16_384  # four decades


def microseconds(clock: dt.datetime) -> int:
    """An aware time as microseconds since 1970 UTC, exactly."""
    since = clock - (_JAKARTA_EPOCH if clock.tzinfo is JAKARTA else EPOCH)  # one zone: its offset is not asked for
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def clock_of(microseconds_since_1970: int) -> dt.datetime:
    """The inverse of `microseconds`; UTC."""
    return EPOCH + dt.timedelta(microseconds=microseconds_since_1970)


def local(moment: dt.datetime) -> dt.datetime:
    """An aware time as written in a zone of Indonesia; with any other offset (`Z` too, as many programs write) in
    Jakarta's."""
    return moment if moment.utcoffset() in _LOCAL_OFFSETS else moment.astimezone(JAKARTA)


def local_day(moment: dt.datetime) -> dt.date:
    """The calendar day of an aware time, where it happened."""
    return local(moment).date()


@lru_cache(maxsize=_REMEMBERED_DAYS)
def iso(day: dt.date) -> str:
    """`day.isoformat()`, remembered: traces name the same days again and again."""
    return day.isoformat()
