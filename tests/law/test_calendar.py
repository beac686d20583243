import datetime as dt
from pathlib import Path

import pytest

from pipeline.law.book import PARAMETERS, Book
from pipeline.law.calendar import (
    WARN_DAYS,
    add_months,
    add_years,
    age_on,
    days_of_known_holidays,
    due_date,
    due_days,
    first_uncertain_year,
    holidays_marker,
    is_public_holiday,
    is_working_day,
    month_index,
    month_of,
    month_start,
    month_text,
    working_days_after,
)

BOOK = Book.load()
day = dt.date.fromisoformat


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2025-01-15", 1, "2025-02-15"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-01-30", 1, "2024-02-29"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2025-12-31", 1, "2026-01-31"),
        ("2025-03-31", -1, "2025-02-28"),
        ("2025-01-15", -1, "2024-12-15"),
    ],
)
def test_adding_months_keeps_the_day_or_clamps_it_to_the_end_of_the_month(start: str, months: int, end: str) -> None:
    assert add_months(day(start), months) == day(end)


def test_five_years_after_a_leap_day_is_the_last_of_february() -> None:
    assert add_years(day("2020-02-29"), 5) == day("2025-02-28")
    assert add_years(day("2020-02-29"), 4) == day("2024-02-29")


@pytest.mark.parametrize(
    ("birth", "on", "age"),
    [
        ("1959-05-05", "2024-05-04", 64),
        ("1959-05-05", "2024-05-05", 65),
        ("1959-05-05", "2024-05-06", 65),
        ("2008-02-29", "2023-02-27", 14),
        ("2008-02-29", "2023-02-28", 15),
        ("2008-02-29", "2023-03-01", 15),
        ("2024-01-02", "2024-01-01", -1),
    ],
)
def test_the_birthday_itself_counts_as_the_new_year_of_age(birth: str, on: str, age: int) -> None:
    assert age_on(day(birth), day(on)) == age


def test_a_month_is_a_number_that_can_be_counted_and_read_back() -> None:
    assert month_index("2019-12") + 1 == month_index("2020-01")
    assert month_text(month_index("2019-11")) == "2019-11"
    assert month_of(day("2019-11-30")) == month_index("2019-11")
    assert month_start(month_index("2020-02")) == day("2020-02-01")


@pytest.mark.parametrize(
    ("segment", "month", "due"),
    [
        ("PU", "2019-12", "2020-01-15"),
        ("BPU", "2020-01", "2020-01-15"),
        ("PU", "2020-08", "2020-09-30"),
        ("PU", "2020-11", "2020-12-30"),
        ("PU", "2021-02", "2021-03-15"),
        ("BPU", "2020-09", "2020-09-15"),
        ("PU", "2014-03", "2014-04-15"),
    ],
)
def test_contributions_fall_due_on_the_15th_and_in_the_pandemic_on_the_30th(segment: str, month: str, due: str) -> None:
    assert due_date(segment, month_index(month), BOOK) == day(due)


@pytest.mark.parametrize(
    ("segment", "month", "due"),
    [
        ("BPU", "2024-11", "2024-11-15"),  # a Friday
        ("BPU", "2024-06", "2024-06-18"),  # a Saturday, before Idul Adha on Monday; Tuesday is joint leave, no holiday
        ("BPU", "2019-12", "2019-12-16"),  # a Sunday
        ("PU", "2024-05", "2024-06-18"),
        ("PU", "2020-07", "2020-08-18"),  # a Saturday, before Sunday and Independence Day
        ("BPU", "2021-08", "2021-08-16"),  # a Sunday; Independence Day is the 17th
        ("BPU", "2025-06", "2025-06-16"),  # a Sunday; the case of field/f37
        ("PU", "2020-12", "2021-01-29"),  # relief: the 30th, a Saturday
        ("PU", "2021-01", "2021-02-26"),  # relief: the 28th, a Sunday
        ("BPU", "2021-01", "2021-01-15"),
        ("PU", "2021-04", "2021-05-17"),  # a Saturday
        ("PU", "2014-05", "2014-06-15"),  # a Sunday before the law
        ("PU", "2015-07", "2015-08-18"),  # a Saturday, before Sunday and Independence Day
    ],
)
def test_a_due_day_that_is_no_working_day_moves(segment: str, month: str, due: str) -> None:
    assert due_date(segment, month_index(month), BOOK) == day(due)


RELIEF = {"2020-08", "2020-09", "2020-10", "2020-11", "2020-12", "2021-01"}


@pytest.mark.parametrize("segment", ["PU", "BPU"])
def test_every_due_day_is_the_nearest_working_day_on_the_side_the_law_says(segment: str) -> None:
    moved_by = set()
    for month in range(month_index("2015-07"), month_index("2026-11")):
        is_relief = segment == "PU" and month_text(month) in RELIEF
        after = month_start(month + 1) if segment == "PU" else month_start(month)
        last_of_month = month_start(month_of(after) + 1) - dt.timedelta(days=1)
        named = after.replace(day=min(30, last_of_month.day) if is_relief else 15)
        due = due_date(segment, month, BOOK)
        assert due is not None
        first, last = sorted((due, named))
        assert due == (first if is_relief else last)
        between = [first + dt.timedelta(days=count) for count in range((last - first).days + 1)]
        assert [one for one in between if is_working_day(one, BOOK)] == [due], month_text(month)
        moved_by.add((named.weekday(), is_public_holiday(named, BOOK)))
    assert {(weekday, False) for weekday in range(7)} < moved_by
    assert any(is_holiday for _, is_holiday in moved_by), "a holiday moves it, too"


@pytest.mark.parametrize("holidays", [(), (15,), (15, 16), (16, 17), (15, 16, 17, 18)], ids=str)
@pytest.mark.parametrize("weekday", range(7))
def test_weekends_and_chains_of_holidays_move_a_due_day(
    weekday: int, holidays: tuple[int, ...], tmp_path: Path
) -> None:
    months = range(month_index("2016-01"), month_index("2020-07"))
    month = next(one for one in months if month_start(one).replace(day=15).weekday() == weekday)
    off = [month_start(month).replace(day=one) for one in holidays]
    text = "description: d\nunit: dates\nvalues:\n"
    for year in range(2015, 2028):
        listed = ", ".join(str(one) for one in off if one.year == year)
        text += f"  {max(dt.date(year, 1, 1), BOOK.first_day)}:\n    value: [{listed}]\n"
        text += "    reference: of the test\n    marker: DESIGN\n"
    changed = tmp_path / "public_holidays.yaml"
    changed.write_text(text + "checked_on: 2026-11-22\n")
    expected = month_start(month).replace(day=15)
    while expected.weekday() > 4 or expected in off:
        expected += dt.timedelta(days=1)
    assert due_date("BPU", month, Book.load(instead=changed)) == expected


def test_contributions_of_projects_and_migrant_workers_fall_due_with_no_month() -> None:
    assert due_date("JAKON", month_index("2024-05"), BOOK) is None
    assert due_date("PMI", month_index("2024-05"), BOOK) is None


def test_the_table_of_due_dates_agrees_with_each_due_date_and_rises() -> None:
    for segment in ("PU", "BPU"):
        table = due_days(segment, BOOK)
        for month in range(month_index("2014-01"), month_index("2028-01")):
            due = due_date(segment, month, BOOK)
            assert due is not None and table.of(month) == due.toordinal() < table.of(month + 1)


@pytest.mark.parametrize(
    ("on", "newest"),
    [
        ("2024-11-14", "2024-09"),
        ("2024-11-15", "2024-09"),
        ("2024-11-16", "2024-10"),
        ("2024-06-18", "2024-04"),
        ("2024-06-19", "2024-05"),
    ],
)
def test_a_month_counts_as_due_only_after_its_due_date(on: str, newest: str) -> None:
    assert due_days("PU", BOOK).last_due_before(day(on).toordinal()) == month_index(newest)


def test_the_first_working_day_is_the_day_after_and_weekends_do_not_count() -> None:
    friday = day("2023-01-20")
    assert working_days_after(friday, 0, BOOK) == friday
    assert working_days_after(day("2023-01-18"), 1, BOOK) == day("2023-01-19")
    # 2023-01-22 is Chinese New Year, a Sunday; the joint leave of Monday 23 January is a working day here.
    assert working_days_after(friday, 1, BOOK) == day("2023-01-23")
    assert working_days_after(friday, 3, BOOK) == day("2023-01-25")


@pytest.mark.parametrize(
    ("start", "end"), [("2024-04-08", "2024-04-09"), ("2024-04-09", "2024-04-12"), ("2024-04-12", "2024-04-15")]
)
def test_public_holidays_do_not_count_as_working_days(start: str, end: str) -> None:
    assert is_public_holiday(day("2024-04-10"), BOOK) and is_public_holiday(day("2024-04-11"), BOOK)
    assert working_days_after(day(start), 1, BOOK) == day(end)


def test_of_a_year_with_unknown_holidays_weekends_alone_do_not_count() -> None:
    assert working_days_after(day("2028-12-29"), 1, BOOK) == day("2029-01-01")
    assert working_days_after(day("1970-01-01"), 1, BOOK) == day("1970-01-02")


@pytest.mark.parametrize(
    ("first", "last", "marker"),
    [
        (2026, 2027, "VERIFIED-2"),
        (2027, 2028, "RECALLED"),
        (2028, 2028, "RECALLED"),
        (2028, 2029, "DESIGN"),
        (2014, 2015, "DESIGN"),
    ],
)
def test_a_deadline_is_no_surer_than_the_least_sure_of_its_years(first: int, last: int, marker: str) -> None:
    assert holidays_marker(first, last, BOOK) == marker


def test_an_estimated_year_is_not_sure(tmp_path: Path) -> None:
    text = (PARAMETERS / "public_holidays.yaml").read_text()
    at = text.index("  2027-01-01:")
    changed = tmp_path / "public_holidays.yaml"
    changed.write_text(text[:at] + text[at:].replace("VERIFIED-2", "RECALLED"))
    book = Book.load(instead=changed)
    assert holidays_marker(2026, 2027, book) == "RECALLED"
    assert first_uncertain_year(book, 2020) == 2027 and first_uncertain_year(BOOK, 2020) == 2028


@pytest.mark.parametrize(
    ("today", "days", "warns"), [("2027-07-05", 180, False), ("2027-07-06", 179, True), ("2028-02-01", 0, True)]
)
def test_half_a_year_before_holidays_are_missing_somebody_is_told(today: str, days: int, warns: bool) -> None:
    assert days_of_known_holidays(BOOK, day(today)) == days
    assert (days < WARN_DAYS) == warns


def test_holidays_before_the_book_begins_in_2015_are_those_of_that_year() -> None:
    assert is_public_holiday(day("2015-08-17"), BOOK)
    assert is_public_holiday(day("2015-01-01"), BOOK)
    assert not is_public_holiday(day("2015-07-01"), BOOK)
