"""Deadlines of the law's own data: holidays that are missing or estimated, and numbers that will change. Pure."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pipeline.law.book import Book
from pipeline.law.calendar import SURE, WARN_DAYS, days_of_known_holidays, holidays_marker

AHEAD: Final = dt.timedelta(days=365)  # in which changes of the law are announced
YEARS_AHEAD: Final = 2


@dataclass(frozen=True, slots=True)
class Holidays:
    """Of one year: `estimated`, or not there at all."""

    year: int
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class LawDue:
    """`known_days`: until holidays are estimated or not known. `holidays`: such years. `through`: the last day up to
    which the law was read. `coming`: (number, day) of changes within a year that are in the book already."""

    known_days: int
    is_urgent: bool
    holidays: tuple[Holidays, ...]
    through: dt.date
    coming: tuple[tuple[str, dt.date], ...]


def law_due(book: Book, today: dt.date) -> LawDue:
    """What the law's own data lack, or change, from `today` on."""
    known = days_of_known_holidays(book, today)
    years = range(today.year, today.year + YEARS_AHEAD)
    markers = {year: holidays_marker(year, year, book) for year in years}
    coming = sorted(
        (value.since, name)
        for name, parameter in book.parameters.items()
        for value in parameter.values
        if today < value.since <= today + AHEAD and name != "public_holidays"
    )
    return LawDue(
        known,
        known < WARN_DAYS,
        tuple(Holidays(year, marker == "RECALLED") for year, marker in markers.items() if marker not in SURE),
        book.through,
        tuple((name, since) for since, name in coming),
    )
