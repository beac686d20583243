"""The calendar of the law: time limits, ages, contribution months, due dates, working days.

Dates are calendar dates of the event's own place; nothing here knows the time of day or today's date.
A contribution month is an int, `year * 12 + month - 1`, so that months can be counted and compared.
Never imports anything that does IO; the numbers of the law come from the book given as an argument.
"""

import calendar as gregorian
import datetime as dt
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pipeline.law.declarations import WORKING_DAY_BEFORE
from schemas.codes import MARKERS, Marker

if TYPE_CHECKING:
    from pipeline.law.book import Book
    from pipeline.law.declarations import Value

SURE: Final[tuple[Marker, ...]] = ("VERIFIED", "VERIFIED-2")  # holidays that a decree has set
WARN_DAYS: Final = 180  # the decree comes in about September; enough time to add it, and to install it everywhere
_SATURDAY: Final = 5
_ONE_DAY: Final = dt.timedelta(days=1)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month, `months` later (or earlier), clamped to the end of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day > 28:
        return dt.date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))
    return dt.date(year, month + 1, day.day)


@lru_cache(maxsize=16_384)
def add_years(day: dt.date, years: int) -> dt.date:
    """2020-02-29 + 5 years = 2025-02-28."""
    return add_months(day, years * 12)


def age_on(birth: dt.date, day: dt.date) -> int:
    """Whole years, the birthday included; who was born on 29 February turns a year older on 28 February.

    Negative where `day` lies before the birth.
    """
    years = day.year - birth.year
    if birth.day == 29 and birth.month == 2:
        return years - 1 if add_years(birth, years) > day else years
    return years if (day.month, day.day) >= (birth.month, birth.day) else years - 1


def month_index(text: str) -> int:
    """`"2019-11"` -> 24238. The text is a `schemas.values.Month`."""
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def month_of(day: dt.date) -> int:
    """The contribution month in which `day` lies."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=4_096)
def month_text(month: int) -> str:
    """24238 -> `"2019-11"`."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_start(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)


def due_date(segment: str, month: int, book: "Book") -> dt.date | None:
    """The last day on which the contribution of `month` is paid in time.

    It moves where it is no working day. Of a year whose holidays are not known only weekends move it.

    None for the segments whose contributions fall due with a contract and not with a month (JAKON, PMI).
    Source: parameter `contribution_due_day`, chosen by the contribution month. Months before 2015-07 fall due as
    the first rule says: the law before it had the same day.
    """
    rule = book.on(max(month_start(month), book.first_day)).contribution_due_day.value.get(segment)
    if rule is None:
        return None
    first = month_start(month + rule["months_after"])
    day = first.replace(day=min(rule["day"], gregorian.monthrange(first.year, first.month)[1]))
    step = -_ONE_DAY if rule["moves"] == WORKING_DAY_BEFORE else _ONE_DAY
    while day >= book.first_day and not is_working_day(day, book):
        day += step
    return day


def due_days(segment: str, book: "Book") -> "DueDays":
    """The due dates of a segment as a table, made once a book; only for segments that have due dates."""
    tables = book.derived
    found: DueDays | None = tables.get(("due_days", segment))
    if found is None:
        found = tables[("due_days", segment)] = DueDays(segment, book)
    return found


class DueDays:
    """Due dates as day numbers (`date.toordinal`), by contribution month. Due dates rise with the month."""

    __slots__ = ("first", "last", "days")

    def __init__(self, segment: str, book: "Book") -> None:
        # A little wider than the months and days that the schemas let in (1900 to 2100).
        self.first = 1899 * 12
        self.last = 2103 * 12
        found = (due_date(segment, month, book) for month in range(self.first, self.last + 1))
        self.days = tuple(day.toordinal() for day in found if day is not None)
        assert len(self.days) == self.last - self.first + 1, f"{segment} has no due dates"

    def of(self, month: int) -> int:
        return self.days[month - self.first]

    def last_due_before(self, day: int) -> int:
        """The newest month whose due date lies before the day number `day`."""
        return self.first + bisect_left(self.days, day) - 1


def working_days_after(day: dt.date, count: int, book: "Book") -> dt.date:
    """The `count`-th working day after `day`; the first is the day after.

    Monday to Friday without the public holidays of the parameter `public_holidays` (joint leave is not among
    them). Of a year that is not in the parameter no holidays are known: the day is an estimate, and may be too early.
    """
    while count > 0:
        day += _ONE_DAY
        if is_working_day(day, book):
            count -= 1
    return day


def is_working_day(day: dt.date, book: "Book") -> bool:
    return day.weekday() < _SATURDAY and not is_public_holiday(day, book)


def is_public_holiday(day: dt.date, book: "Book") -> bool:
    tables = book.derived
    known: frozenset[dt.date] | None = tables.get(("public_holidays", day.year))
    if known is None:
        entry = _holidays_of(day.year, book)
        known = tables[("public_holidays", day.year)] = frozenset(entry.value if entry is not None else ())
    return day in known


def holidays_marker(first: int, last: int, book: "Book") -> Marker:
    """The least sure marker of the holidays of these years; DESIGN for a year that is not in the parameter."""
    entries = [_holidays_of(year, book) for year in range(first, last + 1)]
    markers: list[Marker] = ["DESIGN" if entry is None else entry.marker for entry in entries]
    return max(markers, key=MARKERS.index)


def first_uncertain_year(book: "Book", year: int) -> int:
    """The first year from `year` on whose holidays are estimated or not known."""
    while holidays_marker(year, year, book) in SURE:
        year += 1
    return year


def days_of_known_holidays(book: "Book", today: dt.date) -> int:
    """Days from `today` until a year begins whose holidays are estimated or not known; fewer than WARN_DAYS: the decree
    must be added."""
    return max((dt.date(first_uncertain_year(book, today.year), 1, 1) - today).days, 0)


def _holidays_of(year: int, book: "Book") -> "Value[Any] | None":
    """A year's list says nothing about the next year."""
    entry = book.on(max(dt.date(year, 1, 1), book.first_day)).public_holidays
    return entry if entry.since.year == year else None
