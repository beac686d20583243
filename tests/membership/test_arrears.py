"""Unpaid months, lapse and reactivation: the clarifications on arrears, sentence by sentence."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.law.book import Book
from pipeline.law.calendar import due_days, month_of, month_text
from pipeline.membership.arrears import spells_of
from pipeline.membership.columns import short_column
from pipeline.membership.coverage import standing
from pipeline.membership.periods import NEVER, periods_of
from tests.support import events as make
from tests.support.members import bpu, day, fold, held, on, paid_monthly, start_of_cover

BOOK = Book.load()


# Arrears of wage earners: the fifteenth of the next month.


@pytest.mark.parametrize(
    ("text", "unpaid"),
    [
        ("2024-02-14", 0),
        ("2024-02-15", 0),
        ("2024-02-16", 1),
        ("2024-03-15", 1),
        ("2024-03-16", 2),
        ("2024-04-15", 2),
        ("2024-04-16", 3),
        ("2024-05-15", 3),
        ("2024-05-16", 4),
        ("2024-07-07", 5),
    ],
)
def test_a_month_is_late_only_when_its_due_date_lies_before_the_event_day(text: str, unpaid: int) -> None:
    member = fold(make.registered(), make.paid("2019-11", "2023-12", "2019-11-02"))
    found = on(member, text)
    assert found.unpaid_months == unpaid and not found.is_lapsed and not found.has_backdated_payment


@pytest.mark.parametrize(
    ("text", "unpaid"),
    [
        ("2020-09-29", 0),
        ("2020-09-30", 0),
        ("2020-10-01", 1),
        ("2020-10-30", 1),
        ("2020-10-31", 2),
        ("2021-01-29", 4),
        ("2021-01-30", 5),
        ("2021-02-26", 5),
        ("2021-02-27", 6),
        ("2021-02-28", 6),
        ("2021-03-01", 6),
        ("2021-03-15", 6),
        ("2021-03-16", 7),
    ],
)
def test_in_the_pandemic_wage_earners_months_fall_due_on_the_thirtieth(text: str, unpaid: int) -> None:
    member = fold(make.registered(), make.paid("2019-11", "2020-07", "2019-11-02"))
    assert on(member, text).unpaid_months == unpaid


def test_months_missed_long_ago_with_later_ones_paid_are_not_arrears() -> None:
    member = fold(
        make.registered(), make.paid("2019-11", "2020-01", "2019-11-02"), make.paid("2021-01", "2023-12", "2021-01-10")
    )
    assert on(member, "2023-06-20").unpaid_months == 0
    assert on(member, "2024-03-16").unpaid_months == 2, "only the run that ends with the last month due"


def test_an_employer_owes_from_the_month_of_registration_on() -> None:
    member = fold(make.registered(), make.paid("2020-05", "2020-05", "2020-06-10"))
    assert on(member, "2020-06-15").unpaid_months == 6, "2019-11 to 2020-04"
    assert on(member, "2020-06-16").unpaid_months == 0


@pytest.mark.parametrize(
    ("paid_on", "unpaid", "backdated"), [("2024-05-09", 0, False), ("2024-05-10", 0, False), ("2024-05-11", 3, True)]
)
def test_a_month_paid_after_the_event_day_counts_as_unpaid(paid_on: str, unpaid: int, backdated: bool) -> None:
    member = fold(
        make.registered(), make.paid("2019-11", "2023-12", "2019-11-02"), make.paid("2024-01", "2024-03", paid_on)
    )
    found = on(member, "2024-05-10")
    assert found.unpaid_months == unpaid, "2024-01, 02 and 03: 04 falls due on 15 May"
    assert found.has_backdated_payment is backdated


def test_a_payment_is_backdated_only_for_a_month_of_the_run() -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2020-01", "2019-11-02"),
        make.paid("2020-03", "2023-12", "2020-03-10"),
        make.paid("2020-02", "2020-02", "2024-06-01"),
        make.paid("2024-05", "2024-06", "2024-06-01"),
    )
    found = on(member, "2024-03-20")
    assert (found.unpaid_months, found.has_backdated_payment) == (2, False)


# Arrears of the self-employed: the fifteenth of the month itself; three whole months in a row end the cover.


@pytest.mark.parametrize(
    ("text", "unpaid", "lapsed"),
    [
        ("2024-02-15", 0, False),
        ("2024-02-16", 1, False),
        ("2024-04-16", 3, False),
        ("2024-04-30", 3, False),
        ("2024-05-01", 3, True),
        ("2024-05-02", 3, True),
        ("2024-05-15", 3, True),
        ("2024-05-16", 4, True),
        ("2024-06-20", 5, True),
    ],
)
def test_three_whole_unpaid_months_lapse_from_the_first_day_on_which_it_is_so(
    text: str, unpaid: int, lapsed: bool
) -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"))
    found = on(member, text)
    assert (found.unpaid_months, found.is_lapsed) == (unpaid, lapsed)
    assert found.cover_start == day("2023-01-05") and found.program_held and not found.is_not_covered_yet


@pytest.mark.parametrize(
    ("text", "lapsed", "answer"),
    [("2024-07-01", True, "covered"), ("2024-07-02", False, "start day"), ("2024-07-03", False, "covered")],
)
def test_after_a_lapse_cover_starts_anew_on_the_day_of_the_next_payment(text: str, lapsed: bool, answer: str) -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-07", "2024-12", "2024-07-02"))
    found = on(member, text)
    assert (found.is_lapsed, start_of_cover(found)) == (lapsed, answer)
    assert found.first_cover_start == day("2023-01-05")
    if not lapsed:
        assert found.cover_start == day("2024-07-02") and found.unpaid_months == 0


@pytest.mark.parametrize("paid_for", ["2024-02", "2024-06", "2024-08"])
def test_any_later_payment_starts_cover_anew_and_old_arrears_are_not_counted(paid_for: str) -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid(paid_for, paid_for, "2024-07-20"))
    found = on(member, "2024-08-15")
    assert (found.is_lapsed, found.unpaid_months, found.cover_start) == (False, 0, day("2024-07-20"))
    assert on(member, "2024-08-16").unpaid_months == (0 if paid_for == "2024-08" else 1)


@pytest.mark.parametrize("months", [("2024-02", "2024-04"), ("2024-02", "2024-02"), ("2024-04", "2024-04")])
@pytest.mark.parametrize(
    ("paid_on", "cover_start"),
    [("2024-04-30", "2023-01-05"), ("2024-05-01", "2024-05-01"), ("2024-05-02", "2024-05-02")],
)
def test_paid_before_the_fourth_month_keeps_the_cover(months: tuple[str, str], paid_on: str, cover_start: str) -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid(*months, paid_on))
    found = on(member, paid_on)
    assert (found.is_lapsed, found.is_start_day) == (False, paid_on == cover_start)
    assert found.cover_start == day(cover_start)
    before = on(member, "2024-04-29")
    assert (before.is_lapsed, before.unpaid_months, before.cover_start) == (False, 3, day("2023-01-05"))


@pytest.mark.parametrize("late", ["2024-02-16", "2024-02-29"])
def test_a_month_paid_late_in_its_own_month_is_paid(late: str) -> None:
    member = bpu(make.paid("2023-01", "2023-11", "2023-01-05"), make.paid("2024-02", "2024-02", late))
    assert not on(member, "2024-03-01").is_lapsed and on(member, late).unpaid_months == 0
    assert on(bpu(make.paid("2023-01", "2023-11", "2023-01-05")), "2024-03-01").is_lapsed


def test_a_payment_counts_for_the_months_written_on_it_only() -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-06", "2024-06", "2024-02-10"))
    assert on(member, "2024-04-30").unpaid_months == 3 and on(member, "2024-05-01").is_lapsed


@pytest.mark.parametrize(("died", "lapsed"), [("2024-05-01", True), ("2024-05-02", False)])
def test_a_payment_after_a_death_starts_no_cover(died: str, lapsed: bool) -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-05", "2024-05", "2024-05-02"))
    assert on(member, died).is_lapsed is lapsed


def test_a_payment_for_another_month_on_the_day_of_the_lapse_starts_cover_anew() -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-07", "2024-07", "2024-05-01"))
    found = on(member, "2024-05-01")
    assert (found.is_lapsed, found.is_start_day, found.unpaid_months) == (False, True, 0)


def test_a_month_prepaid_during_a_lapse_does_not_end_it() -> None:
    prepaid = [make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-06", "2024-08", "2024-01-20")]
    member = bpu(*prepaid)
    for text, unpaid in (("2024-05-01", 3), ("2024-05-16", 4), ("2024-06-19", 3), ("2024-08-20", 3)):
        found = on(member, text)
        assert found.is_lapsed and found.unpaid_months == unpaid, text
    member = bpu(*prepaid, make.paid("2024-09", "2024-09", "2024-08-19"))
    assert on(member, "2024-08-18").is_lapsed
    found = on(member, "2024-08-20")
    assert (found.is_lapsed, found.cover_start, found.unpaid_months) == (False, day("2024-08-19"), 0)


def test_a_month_prepaid_within_the_run_breaks_it() -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-04", "2024-04", "2024-01-20"))
    assert not on(member, "2024-05-16").is_lapsed
    assert on(member, "2024-05-16").unpaid_months == 1


def test_a_lapse_paid_off_after_the_event_is_backdated() -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-02", "2024-06", "2024-06-21"))
    found = on(member, "2024-06-20")
    assert (found.is_lapsed, found.unpaid_months, found.has_backdated_payment) == (True, 5, True)
    hidden = bpu(
        make.paid("2023-01", "2024-01", "2023-01-05"),
        make.paid("2024-06", "2024-06", "2024-01-20"),
        make.paid("2024-03", "2024-03", "2024-06-21"),
    )
    found = on(hidden, "2024-06-20")
    assert (found.is_lapsed, found.unpaid_months, found.has_backdated_payment) == (True, 3, True)


def test_the_self_employed_owe_nothing_for_the_time_before_cover() -> None:
    member = bpu(make.paid("2023-04", "2023-04", "2023-04-10"))
    for text in ("2023-04-11", "2023-04-20", "2023-05-15"):
        assert on(member, text).unpaid_months == 0, text
    assert on(member, "2023-05-16").unpaid_months == 1


def test_a_first_contribution_for_the_coming_month_leaves_no_arrears() -> None:
    member = bpu(make.paid("2023-02", "2023-02", "2023-01-20"), registered_on="2023-01-20")
    assert on(member, "2023-02-01").unpaid_months == 0


@pytest.mark.parametrize(("paid_on", "unpaid"), [("2023-03-14", 1), ("2023-03-15", 1), ("2023-03-16", 0)])
def test_a_month_is_owed_from_the_due_day_on_or_after_the_start_of_cover(paid_on: str, unpaid: int) -> None:
    member = bpu(make.paid("2023-01", "2023-01", paid_on))
    assert on(member, "2023-03-31").unpaid_months == unpaid, "March alone, never the months before cover"
    assert on(member, "2023-06-01").is_lapsed is bool(unpaid) and on(member, "2023-07-01").is_lapsed


def test_a_due_day_that_moved_counts_for_the_start_of_cover() -> None:
    member = bpu(make.paid("2025-06", "2025-06", "2025-06-16"), registered_on="2025-06-16")
    assert spells_of(periods_of(member)[0], BOOK)[0].first_owed == month_of(day("2025-06-01"))


def test_cover_never_starts_lapsed() -> None:
    member = bpu(make.paid("2023-01", "2023-01", "2023-07-10"))
    found = on(member, "2023-07-11")
    assert (found.is_lapsed, found.unpaid_months, found.cover_start) == (False, 0, day("2023-07-10"))
    assert on(member, "2023-07-18").unpaid_months == 1, "Monday the 17th was the due day"


@pytest.mark.parametrize("segment", ["JAKON", "PMI"])
def test_projects_and_migrant_workers_know_no_arrears(segment: str) -> None:
    member = fold(make.registered(segment=segment), make.paid("2019-11", "2019-11", "2019-11-02"))
    found = on(member, "2024-07-07")
    assert (found.unpaid_months, found.is_lapsed, found.segment) == (0, False, segment)
    assert on(member, "2019-11-02").is_start_day


def test_a_month_paid_twice_counts_as_paid_from_the_first_time_on() -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2023-12", "2019-11-02"),
        make.paid("2024-01", "2024-01", "2024-02-10"),
        make.paid("2024-01", "2024-01", "2024-03-01"),
    )
    found = on(member, "2024-02-16")
    assert (found.unpaid_months, found.has_backdated_payment) == (0, False)


def test_months_between_two_enrolments_are_not_owed() -> None:
    programs = [held("JKK", "2019-11-01", "2020-02-10"), held("JKK", "2021-05-20")]
    member = fold(make.registered(programs=programs), make.paid("2019-11", "2020-01", "2019-11-02"))
    assert on(member, "2021-06-15").unpaid_months == 0, "2020-03 to 2021-04 were free of any program"
    assert on(member, "2021-06-16").unpaid_months == 1
    held_otherwise = fold(
        make.registered(programs=[*programs, held("JKM", "2019-11-01")]), make.paid("2019-11", "2020-01", "2019-11-02")
    )
    assert on(held_otherwise, "2021-06-16").unpaid_months == 16


LIMITS = (("2015-07-01", 3), ("2024-03-01", 1))


@pytest.mark.parametrize(
    ("text", "lapsed"),
    [
        ("2024-02-29", False),
        ("2024-03-01", True),
        ("2024-03-02", True),
        ("2023-09-15", False),
        ("2023-09-16", False),
        ("2024-01-16", False),
    ],
)
def test_the_limit_is_that_of_the_day(tmp_path: Path, text: str, lapsed: bool) -> None:
    file = tmp_path / "bpu_arrears_limit_months.yaml"
    values = [f'  {since}: {{value: {limit}, reference: "a made-up law", marker: DESIGN}}' for since, limit in LIMITS]
    file.write_text("\n".join(["description: A limit\nunit: months\nvalues:", *values, "checked_on: 2026-11-22\n"]))
    paid = [make.paid(month, month, f"{month}-10") for month in ("2023-04", "2023-08", "2023-12", "2024-01")]
    member = bpu(make.paid("2023-01", "2023-03", "2023-01-05"), *paid)
    assert standing(member, "JKK", day(text), Book.load(instead=file)).is_lapsed is lapsed
    assert not standing(member, "JKK", day(text), BOOK).is_lapsed


# The lapse rule, once more, day by day


def month_start_of(month: int) -> int:
    return dt.date(month // 12, month % 12 + 1, 1).toordinal()


def day_by_day(paid: dict[int, int], payments: list[int], first_owed: int, start: int, last: int) -> list[list[int]]:
    """Coverage by the clarifications, day by day: [start, first day without coverage]."""
    due = due_days("BPU", BOOK)
    found = [[start, NEVER]]
    for today in range(start, last + 1):
        if found[-1][1] == NEVER:
            this_month = month_of(dt.date.fromordinal(today))
            ended = range(this_month - 3, this_month)
            if ended[0] >= first_owed and all(paid.get(month, NEVER) >= month_start_of(this_month) for month in ended):
                found[-1][1] = today
        if found[-1][1] <= today and today in payments:
            found.append([today, NEVER])
            first_owed = due.last_due_before(today) + 1
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3), st.integers(-40, 160)), min_size=1, max_size=14))
def test_cover_by_spells_is_cover_walked_day_by_day(payments: list[tuple[int, int, int]]) -> None:
    first = month_of(day("2021-03-01"))
    documents = []
    for offset, count, delay in payments:
        month = first + offset
        paid_on = max(day("2021-03-01"), dt.date(month // 12, month % 12 + 1, 1) + dt.timedelta(days=delay))
        documents.append(make.paid(month_text(month), month_text(month + count - 1), paid_on.isoformat()))
    (period,) = periods_of(bpu(*documents, registered_on="2021-03-01"))
    spells = spells_of(period, BOOK)
    days = short_column(period.payments.days)
    paid: dict[int, int] = {}
    for month, paid_on in zip(short_column(period.payments.months), days, strict=True):
        paid.setdefault(month, paid_on)
    walked = day_by_day(paid, list(days), spells[0].first_owed, spells[0].start, day("2025-12-31").toordinal())
    assert [[spell.start, spell.lapsed] for spell in spells] == walked


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=25), st.integers(0, 1200))
def test_a_wage_earners_run_is_what_counting_backwards_gives(months: list[int], offset: int) -> None:
    first = month_of(day("2019-11-01"))
    documents = [make.paid(month_text(first + month), month_text(first + month), "2019-11-02") for month in months]
    member = fold(make.registered(), make.paid("2019-11", "2019-11", "2019-11-02"), *documents)
    event = day("2019-11-03") + dt.timedelta(days=offset)
    due = due_days("PU", BOOK)
    late = [first + month for month in range(60) if due.of(first + month) < event.toordinal()]
    run = 0
    for month in reversed(late):
        if month - first in months or month == first:
            break
        run += 1
    assert standing(member, "JKK", event, BOOK).unpaid_months == run


def test_regular_payers_never_lapse() -> None:
    member = bpu(*paid_monthly("2023-01", "2025-10", "16"), registered_on="2023-01-16")
    assert [spell.lapsed for spell in spells_of(periods_of(member)[0], BOOK)] == [day("2026-02-01").toordinal()]
