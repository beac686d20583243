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
ZONES: Final = {
    "WIB": JAKARTA,
    "WITA": dt.timezone(dt.timedelta(hours=8), "WITA"),
    "WIT": dt.timezone(dt.timedelta(hours=9), "WIT"),
}
_LOCAL_OFFSETS: Final = frozenset(zone.utcoffset(None) for zone in ZONES.values())
_REMEMBERED_DAYS: Final = 16_384  # four decades


def microseconds(clock: dt.datetime) -> int:
    """An aware time as microseconds since 1970 UTC, exactly."""
    since = clock - (_JAKARTA_EPOCH if clock.tzinfo is JAKARTA else EPOCH)  # one zone: its offset is not asked for
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def clock_of(microseconds_since_1970: int) -> dt.datetime:
    """The inverse of `microseconds`; UTC."""
    return EPOCH + dt.timedelta(microseconds=microseconds_since_1970)


def moment_written(text: str) -> dt.datetime:
    """An aware time as people write it: `2026-11-20T14:00`, where no zone is written in Jakarta's; a day is meant to
    its end. Raises ValueError."""
    if len(text) == len("2026-11-20"):
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max, JAKARTA)
    found = dt.datetime.fromisoformat(text)
    found = found if found.tzinfo is not None else found.replace(tzinfo=JAKARTA)
    try:
        return found.astimezone(JAKARTA)
    except OverflowError:  # at the ends of the calendar
        raise ValueError(text) from None


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
