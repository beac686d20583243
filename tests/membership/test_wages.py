"""The wage that counts for an event: the clarifications on `WAGE_UNKNOWN`, sentence by sentence."""

from fractions import Fraction
from typing import Any

import pytest

from pipeline.law.book import Book
from pipeline.membership.coverage import wage_on
from pipeline.membership.member import Member
from pipeline.membership.wages import Wage, base_income
from tests.support import events as make
from tests.support.members import bpu, day, ended, fold, held

BOOK = Book.load()


def wage(member: Member, text: str) -> Wage | None:
    return wage_on(member, day(text), BOOK)


def amount(member: Member, text: str) -> Fraction | None:
    found = wage(member, text)
    return found.amount if found is not None else None


def test_the_last_wage_reported_before_the_event_counts() -> None:
    member = fold(make.registered(), make.wage("2023-01", 4_000_000), make.wage("2024-05", 5_000_000))
    assert wage(member, "2024-07-07") == Wage(Fraction(5_000_000), "monthly", "2024-05")
    assert amount(member, "2024-04-30") == 4_000_000


def test_a_report_for_the_event_month_counts_and_one_for_a_later_month_does_not() -> None:
    member = fold(
        make.registered(),
        make.wage("2024-07", 5_000_000, time="2024-07-01T08:00:00"),
        make.wage("2024-08", 6_000_000, time="2024-07-01T08:00:00"),
    )
    assert amount(member, "2024-07-07") == 5_000_000
    assert amount(member, "2024-06-30") is None


@pytest.mark.parametrize(
    ("time", "counts"),
    [
        ("2024-07-06T23:59:59.999999+07:00", True),
        ("2024-07-07T00:00:00+07:00", False),
        ("2024-07-06T17:00:00+00:00", False),
        ("2024-07-08T08:00:00+07:00", False),
    ],
)
def test_a_wage_raised_after_the_accident_does_not_count(time: str, counts: bool) -> None:
    member = fold(make.registered(), make.wage("2024-05", 4_000_000), make.wage("2024-06", 9_000_000, time=time))
    assert amount(member, "2024-07-07") == (9_000_000 if counts else 4_000_000)


def test_of_two_reports_for_a_month_the_one_known_last_counts() -> None:
    member = fold(
        make.registered(),
        make.wage("2024-05", 4_200_000, time="2024-06-02T08:00:00"),
        make.wage("2024-05", 4_000_000, time="2024-06-01T08:00:00"),
    )
    assert amount(member, "2024-07-07") == 4_200_000


def test_without_a_report_the_wage_is_unknown() -> None:
    assert wage(fold(make.registered()), "2024-07-07") is None
    assert wage(Member.new(make.NUMBER), "2024-07-07") is None


def test_a_wage_of_zero_is_unknown() -> None:
    assert wage(fold(make.registered(), make.wage("2024-05", 0)), "2024-07-07") is None
    assert amount(fold(make.registered(), make.wage("2024-05", 1)), "2024-07-07") == 1


def test_a_daily_wage_counts_twenty_five_days() -> None:
    assert wage(fold(make.registered(), make.wage("2024-05", 150_000, basis="daily")), "2024-07-07") == Wage(
        Fraction(3_750_000), "daily", "2024-05"
    )


def test_a_report_that_names_no_basis_has_that_of_the_registration() -> None:
    member = fold(make.registered(wage_basis="daily"), make.wage("2024-05", 150_000))
    assert amount(member, "2024-07-07") == 3_750_000
    member = fold(make.registered(wage_basis="daily"), make.wage("2024-05", 4_000_000, basis="monthly"))
    assert amount(member, "2024-07-07") == 4_000_000


def piece(*months: str, basis: str = "piece", **more: Any) -> Member:
    reports = [make.wage(month, 1_000_000 * number, basis=basis, **more) for number, month in enumerate(months, 1)]
    return fold(make.registered(), *reports)


def test_piece_work_is_the_mean_of_the_three_months_before_that_of_the_event() -> None:
    member = piece("2024-02", "2024-03", "2024-04", "2024-05", "2024-06", "2024-07", time="2024-07-01T08:00:00")
    assert wage(member, "2024-07-07") == Wage(Fraction(4_000_000), "piece", "2024-06")


def test_of_the_months_of_the_mean_those_present_count_and_it_stays_exact() -> None:
    member = fold(
        make.registered(),
        make.wage("2024-04", 1_000_000, basis="piece"),
        make.wage("2024-06", 1_000_001, basis="piece"),
    )
    assert amount(member, "2024-07-07") == Fraction(2_000_001, 2)
    member = fold(
        make.registered(), make.wage("2024-04", 0, basis="piece"), make.wage("2024-06", 1_000_001, basis="piece")
    )
    assert amount(member, "2024-07-07") == 1_000_001, "a month of 0 is unknown, not a month without pay"


def test_piece_work_without_a_report_in_the_three_months_is_unknown() -> None:
    assert wage(piece("2024-01", "2024-02", "2024-03"), "2024-07-07") is None
    assert amount(piece("2024-01", "2024-02", "2024-03"), "2024-06-30") == 3_000_000


def test_weather_dependent_work_is_the_mean_of_twelve_months() -> None:
    member = piece("2023-06", "2023-07", "2024-06", basis="weather")
    assert wage(member, "2024-07-07") == Wage(Fraction(5_000_000, 2), "weather", "2024-06")


def test_the_self_employed_have_the_base_income_of_what_they_declared() -> None:
    member = bpu(declared_income=2_800_000)
    assert wage(member, "2024-07-07") == Wage(Fraction(2_950_000), "base_income", "2023-01")
    assert amount(bpu(make.wage("2024-01", 1_500_000), declared_income=2_800_000), "2024-07-07") == 1_600_000


def test_an_income_of_zero_is_the_first_row_and_none_declared_is_unknown() -> None:
    assert amount(bpu(declared_income=0), "2024-07-07") == 1_000_000
    assert wage(bpu(declared_income=None), "2024-07-07") is None


def test_an_income_declared_after_the_accident_does_not_count() -> None:
    raised = make.registered(
        segment="BPU",
        registered_on="2023-01-05",
        declared_income=20_000_000,
        programs=[held("JKK", "2023-01-05")],
        time="2024-07-07T12:00:00",
    )
    assert amount(bpu(raised), "2024-07-07") == 1_000_000
    assert amount(bpu(raised), "2024-07-08") == 19_700_000
    assert amount(bpu(make.wage("2024-06", 20_000_000, time="2024-07-07T12:00:00")), "2024-07-07") == 1_000_000


@pytest.mark.parametrize(
    ("declared", "base"),
    [
        (0, 1_000_000),
        (1_099_000, 1_000_000),
        (1_099_500, 1_000_000),
        (1_099_999, 1_000_000),
        (1_100_000, 1_200_000),
        (2_699_999, 2_600_000),
        (2_700_000, 2_950_000),
        (20_199_999, 19_700_000),
        (20_200_000, 20_700_000),
        (10**12, 20_700_000),
    ],
)
def test_the_row_is_the_last_whose_bound_is_not_above_the_declared_income(declared: int, base: int) -> None:
    assert base_income(declared, BOOK.on(day("2024-01-01"))) == base


def test_a_wage_of_the_old_registration_counts_until_the_new_one_has_one() -> None:
    member = fold(
        make.registered(),
        make.wage("2021-05", 9_000_000),
        ended("2021-06-30"),
        make.registered(registered_on="2022-03-01", programs=[held("JKK", "2022-03-01")], time="2022-03-01T08:00:00"),
    )
    assert amount(member, "2022-05-05") == 9_000_000
    assert amount(member, "2021-06-30") == 9_000_000
    assert amount(member, "2021-12-31") == 9_000_000, "a disease after the end follows the wage of that time"


# After a registration anew


@pytest.mark.parametrize("registered_on", ["2024-07-06", "2024-07-07", "2024-07-08"])
def test_older_reports_count_where_the_newest_registration_has_none(registered_on: str) -> None:
    again = make.registered(registered_on=registered_on, time=f"{registered_on}T08:00:00")
    member = fold(make.registered(), make.wage("2024-03", 4_000_000), again)
    assert wage(member, "2024-07-07") == Wage(Fraction(4_000_000), "monthly", "2024-03")


@pytest.mark.parametrize("report", [make.wage("2024-06", 5_000_000), make.wage("2024-07", 0), make.wage("2024-08", 1)])
def test_a_report_of_the_newest_registration_keeps_older_ones_out(report: Any) -> None:
    again = make.registered(registered_on="2024-06-01", time="2024-06-01T08:00:00")
    found = wage(fold(make.registered(), make.wage("2024-03", 4_000_000), again, report), "2024-07-07")
    assert found is None or found.amount == 5_000_000


def test_older_reports_of_another_segment_never_count() -> None:
    again = make.registered(segment="JAKON", registered_on="2024-06-01", time="2024-06-01T08:00:00")
    assert wage(fold(make.registered(), make.wage("2024-03", 4_000_000), again), "2024-07-07") is None
