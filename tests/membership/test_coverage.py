"""Rows 5, 6 and 8: the clarifications on membership, sentence by sentence; arrears have a file of their own."""

import datetime as dt
from typing import Any

import pytest

from pipeline.law.book import Book
from pipeline.membership.coverage import contribution_months, is_in_force
from pipeline.membership.member import Member
from tests.support import events as make
from tests.support.members import bpu, changed_programs, day, ended, fold, held, on, start_of_cover

BOOK = Book.load()


@pytest.mark.parametrize(
    ("text", "answer"), [("2019-11-10", "not yet"), ("2019-11-11", "start day"), ("2019-11-12", "covered")]
)
def test_coverage_starts_on_the_day_of_the_first_payment_after_registration(text: str, answer: str) -> None:
    member = fold(make.registered(), make.paid("2019-11", "2026-12", "2019-11-11"))
    assert start_of_cover(on(member, text)) == answer


@pytest.mark.parametrize(
    ("text", "answer"), [("2019-10-31", "not yet"), ("2019-11-01", "start day"), ("2019-11-02", "covered")]
)
def test_coverage_starts_on_the_registration_if_it_was_paid_before(text: str, answer: str) -> None:
    member = fold(make.registered(), make.paid("2019-11", "2026-12", "2019-10-20"))
    assert start_of_cover(on(member, text)) == answer


def test_without_any_contribution_cover_never_starts() -> None:
    found = on(fold(make.registered()), "2024-01-01")
    assert found.is_registered and found.program_held and found.is_not_covered_yet
    assert found.cover_start is None and found.first_cover_start is None and found.age_at_first_cover is None


def test_a_first_contribution_paid_after_the_event_starts_no_cover_before_it() -> None:
    member = fold(make.registered(), make.paid("2019-11", "2019-11", "2019-12-02"))
    found = on(member, "2019-12-01")
    assert found.is_not_covered_yet and found.cover_start is None and found.first_cover_start == day("2019-12-02")


def test_an_unknown_number_is_not_registered() -> None:
    found = on(fold(make.paid("2019-11", "2019-11", "2019-11-02")), "2019-12-01")
    assert not found.is_registered and not found.program_held and not found.is_not_covered_yet
    assert found.segment is None


# Programs


@pytest.mark.parametrize(("text", "is_held"), [("2021-03-30", True), ("2021-03-31", True), ("2021-04-01", False)])
def test_the_last_day_of_an_enrolment_is_covered(text: str, is_held: bool) -> None:
    programs = [held("JKK", "2019-11-01", "2021-03-31"), held("JKM", "2019-11-01")]
    member = fold(make.registered(programs=programs), make.paid("2019-11", "2026-12", "2019-11-02"))
    found = on(member, text)
    assert found.program_held is is_held and not found.is_not_covered_yet
    assert (found.held_since, found.held_until) == (day("2019-11-01"), day("2021-03-31"))
    assert on(member, text, "JKM").program_held and on(member, text, "JKM").held_until is None


@pytest.mark.parametrize(("text", "is_held"), [("2021-06-30", True), ("2021-07-01", False), ("2021-07-02", False)])
def test_a_membership_that_ended_holds_no_program_after_its_last_day(text: str, is_held: bool) -> None:
    member = fold(make.registered(), make.paid("2019-11", "2026-12", "2019-11-02"), ended("2021-06-30"))
    assert on(member, text).program_held is is_held
    assert is_in_force(member, day(text), BOOK) is is_held


@pytest.mark.parametrize(("text", "is_held"), [("2020-05-31", False), ("2020-06-01", True), ("2020-06-02", True)])
def test_a_program_joined_later_is_not_held_before_its_first_day(text: str, is_held: bool) -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2026-12", "2019-11-02"),
        changed_programs(held("JKM", "2019-11-01"), held("JKK", "2020-06-01"), time="2020-06-01T08:00:00"),
    )
    found = on(member, text)
    assert found.program_held is is_held and not found.is_not_covered_yet
    assert found.cover_start == day("2019-11-02"), "the start of cover is the member's"
    assert not found.is_start_day, "joining a program later starts no cover anew"


def test_a_program_not_yet_begun_is_not_held_before_the_start_of_coverage() -> None:
    member = fold(
        make.registered(programs=[held("JKM", "2019-11-01"), held("JKK", "2020-06-01")]),
        make.paid("2019-11", "2026-12", "2019-12-05"),
    )
    assert not on(member, "2019-11-20").program_held
    assert on(member, "2019-11-20", "JKM").program_held and on(member, "2019-11-20", "JKM").is_not_covered_yet


def test_where_only_the_start_of_cover_is_missing_the_program_counts_as_held() -> None:
    member = fold(make.registered(), make.paid("2019-11", "2026-12", "2019-11-02"))
    before = on(member, "2019-10-01")
    assert before.program_held and before.is_not_covered_yet and before.held_since == day("2019-11-01")
    earlier = fold(make.registered(programs=[held("JKK", "2019-10-01")]), make.paid("2019-11", "2026-12", "2019-11-02"))
    assert on(earlier, "2019-10-15").is_not_covered_yet


def test_a_program_never_enrolled_in_is_not_held_on_any_day() -> None:
    member = fold(make.registered(programs=[held("JKM", "2019-11-01")]), make.paid("2019-11", "2026-12", "2019-11-02"))
    for text in ("2019-10-01", "2019-11-02", "2024-01-01"):
        found = on(member, text)
        assert not found.program_held and not found.is_not_covered_yet and found.held_since is None


def test_a_change_of_programs_counts_from_when_it_became_known() -> None:
    change = changed_programs(held("JKM", "2019-11-01"), time="2020-06-01T08:00:00")
    member = fold(make.registered(), make.paid("2019-11", "2026-12", "2019-11-02"), change)
    assert not on(member, "2020-01-01").program_held, "the whole list is replaced, past periods included"
    before = member.as_of(dt.datetime.fromisoformat("2020-06-01T07:59:59+07:00"))
    assert on(before, "2020-01-01").program_held


def test_a_change_of_programs_that_came_before_the_registration_speaks_of_it() -> None:
    member = fold(
        changed_programs(held("JKM", "2019-11-01"), time="2019-10-30T08:00:00"),
        make.registered(),
        make.paid("2019-11", "2026-12", "2019-11-02"),
    )
    assert not on(member, "2020-01-01").program_held and on(member, "2020-01-01", "JKM").program_held


# Occupational disease


@pytest.mark.parametrize(("text", "is_held"), [("2024-06-29", True), ("2024-06-30", True), ("2024-07-01", False)])
def test_cover_of_an_occupational_disease_reaches_three_years_past_the_end(text: str, is_held: bool) -> None:
    member = fold(make.registered(), make.paid("2019-11", "2021-06", "2019-11-02"), ended("2021-06-30"))
    found = on(member, text, is_disease=True)
    assert found.program_held is is_held
    assert not on(member, text).program_held, "an accident is not covered past the end"


def test_nothing_is_owed_after_the_month_in_which_an_enrolment_ended() -> None:
    member = fold(make.registered(), make.paid("2019-11", "2021-04", "2019-11-02"), ended("2021-06-30"))
    found = on(member, "2023-06-30", is_disease=True)
    assert found.unpaid_months == 2, "2021-05 and 06"
    member = bpu(make.paid("2023-01", "2023-06", "2023-01-05"), ended("2023-06-10"))
    found = on(member, "2025-06-10", is_disease=True)
    assert (found.program_held, found.is_lapsed, found.unpaid_months) == (True, False, 0)


def test_a_disease_before_coverage_of_a_new_registration_uses_the_old_one() -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2021-06", "2019-11-02"),
        ended("2021-06-30"),
        make.registered(registered_on="2022-03-01", programs=[held("JKK", "2022-03-01")], time="2022-03-01T08:00:00"),
    )
    assert on(member, "2022-03-05", is_disease=True).cover_start == day("2019-11-02")
    assert on(member, "2022-03-05").is_not_covered_yet


# Re-registration


def again(*more: Any) -> Member:
    """A wage earner until 2021-06-30, self-employed from 2022-03-01 on."""
    return fold(
        make.registered(),
        make.paid("2019-11", "2021-06", "2019-11-02"),
        ended("2021-06-30"),
        make.registered(
            registered_on="2022-03-01",
            segment="BPU",
            declared_income=1_000_000,
            birth_date="1957-03-02",
            programs=[held("JKK", "2022-03-01"), held("JKM", "2022-03-01")],
            time="2022-03-01T08:00:00",
        ),
        *more,
    )


@pytest.mark.parametrize(
    ("text", "answer"), [("2022-03-03", "not yet"), ("2022-03-04", "start day"), ("2022-03-05", "covered")]
)
def test_after_a_new_registration_the_start_of_cover_is_the_newest(text: str, answer: str) -> None:
    found = on(again(make.paid("2022-03", "2022-12", "2022-03-04")), text)
    assert start_of_cover(found) == answer and found.segment == "BPU"
    assert found.first_cover_start == day("2022-03-04")


def test_what_was_paid_for_the_old_registration_starts_no_cover_of_the_new_one() -> None:
    assert on(again(make.paid("2021-05", "2021-06", "2022-03-10")), "2022-03-20").is_not_covered_yet


def test_the_old_registration_still_answers_for_its_own_days() -> None:
    member = again(make.paid("2022-03", "2022-12", "2022-03-04"))
    found = on(member, "2020-05-05")
    assert (found.segment, found.program_held, found.cover_start) == ("PU", True, day("2019-11-02"))
    assert found.held_until == day("2021-06-30")


def test_between_two_registrations_no_program_is_held() -> None:
    member = again(make.paid("2022-03", "2022-12", "2022-03-04"))
    found = on(member, "2021-12-01")
    assert not found.program_held and not found.is_not_covered_yet and not is_in_force(member, day("2021-12-01"))


def test_the_same_registration_day_again_is_a_correction() -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2026-12", "2019-11-02"),
        make.registered(segment="JAKON", time="2020-01-01T08:00:00"),
    )
    assert on(member, "2019-12-01").segment == "JAKON"
    assert on(member.as_of(dt.datetime.fromisoformat("2019-12-31T00:00:00+07:00")), "2019-12-01").segment == "PU"


def test_an_end_reported_before_a_new_registration_ends_only_the_old_one() -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2026-12", "2019-11-02"),
        ended("2022-03-31", time="2022-02-20T08:00:00"),
        make.registered(registered_on="2022-03-01", programs=[held("JKK", "2022-03-01")], time="2022-03-01T08:00:00"),
    )
    assert on(member, "2023-01-01").program_held


def test_tenure_counts_earlier_periods_of_the_same_number() -> None:
    member = again(make.paid("2022-03", "2022-12", "2022-03-04"))
    assert contribution_months(member, day("2022-05-05")) == 20 + 3


# Tenure and age


@pytest.mark.parametrize(
    ("text", "months"), [("2020-01-09", 2), ("2020-01-10", 3), ("2020-01-31", 3), ("2020-02-01", 4)]
)
def test_tenure_counts_months_up_to_the_event_month_that_were_paid_by_the_event_day(text: str, months: int) -> None:
    member = fold(
        make.registered(),
        make.paid("2019-11", "2019-12", "2019-11-02"),
        make.paid("2020-01", "2020-03", "2020-01-10"),
        make.paid("2019-11", "2019-11", "2020-01-05"),
    )
    assert contribution_months(member, day(text)) == months


@pytest.mark.parametrize(("registered_on", "age"), [("2023-01-04", 64), ("2023-01-05", 65), ("2023-01-06", 65)])
def test_age_at_registration_is_that_at_the_first_start_of_cover(registered_on: str, age: int) -> None:
    member = bpu(make.paid("2023-01", "2025-12", registered_on), registered_on=registered_on, birth_date="1958-01-05")
    found = on(member, "2025-06-01")
    assert (found.age, found.age_at_first_cover) == (67, age)


def test_a_lapse_does_not_make_the_member_older_at_registration() -> None:
    member = bpu(
        make.paid("2023-01", "2023-01", "2023-01-05"),
        make.paid("2024-06", "2024-12", "2024-06-01"),
        birth_date="1958-06-01",
    )
    assert on(member, "2024-06-02").age_at_first_cover == 64


# In force


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("2023-01-04", False), ("2023-01-05", True), ("2024-04-30", True), ("2024-05-01", False), ("2024-07-02", True)],
)
def test_a_membership_is_in_force_while_there_is_cover(text: str, is_so: bool) -> None:
    member = bpu(make.paid("2023-01", "2024-01", "2023-01-05"), make.paid("2024-07", "2024-12", "2024-07-02"))
    assert is_in_force(member, day(text)) is is_so


def test_a_wage_earner_in_arrears_is_still_in_force() -> None:
    assert is_in_force(fold(make.registered(), make.paid("2019-11", "2019-11", "2019-11-02")), day("2024-01-01"))
    assert not is_in_force(Member.new(make.NUMBER), day("2024-01-01"))
