import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.law.book import Book
from pipeline.law.calendar import month_index
from pipeline.membership.columns import long_column, short_column
from pipeline.membership.coverage import standing
from pipeline.membership.member import Member
from schemas.events import parse
from tests.support import events as make
from tests.support.members import changed_programs, day, ended, fold, held

BOOK = Book.load()
DOCUMENTS = [
    make.registered(time="2019-11-01T08:00:00"),
    make.paid("2019-11", "2019-11", "2019-11-02", time="2019-11-02T08:00:00"),
    make.wage("2019-11", 4_000_000, time="2019-11-25T08:00:00"),
    make.wage("2019-11", 4_100_000, time="2019-11-26T08:00:00"),
    make.paid("2019-12", "2020-02", "2019-12-10", time="2019-12-10T08:00:00"),
    changed_programs(held("JKM", "2019-11-01"), time="2020-01-05T08:00:00"),
    ended("2020-02-29", time="2020-03-01T08:00:00"),
    make.registered(registered_on="2021-05-03", segment="BPU", declared_income=1_500_000, time="2021-05-03T08:00:00"),
]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def stored(member: Member) -> Member:
    return Member.restored(
        member.number, member.version, member.document(), member.recent.packed(), list(member.segments)
    )


def test_a_number_of_which_nothing_is_known_is_not_registered() -> None:
    member = Member.new(make.NUMBER)
    assert not member.is_registered and member.nik is None and member.version == 0


def test_each_fact_makes_a_new_member_with_the_next_version() -> None:
    before = fold(*DOCUMENTS[:2])
    after = before.apply(parse(make.raw(DOCUMENTS[4])), at("2019-12-10T08:00:00+07:00"))  # type: ignore[arg-type]
    assert (before.version, after.version) == (2, 3)
    assert len(short_column(before.paid_months)) == 1 and len(short_column(after.paid_months)) == 4


def test_a_contribution_before_the_registration_is_kept() -> None:
    member = fold(DOCUMENTS[1])
    assert not member.is_registered
    assert standing(member, "JKK", day("2019-12-01"), BOOK).is_registered is False
    member = member.apply(parse(make.raw(DOCUMENTS[0])), at("2019-11-05T08:00:00+07:00"))  # type: ignore[arg-type]
    assert standing(member, "JKK", day("2019-12-01"), BOOK).cover_start == day("2019-11-02")


@settings(max_examples=40, deadline=None)
@given(st.permutations(DOCUMENTS))
def test_facts_may_come_in_any_order(shuffled: list[object]) -> None:
    assert fold(*shuffled) == fold(*DOCUMENTS)


@settings(max_examples=40, deadline=None)
@given(st.permutations(DOCUMENTS), st.integers(0, len(DOCUMENTS)))
def test_what_was_known_then_is_the_fold_of_what_had_come_by_then(shuffled: list[object], count: int) -> None:
    clock = at(DOCUMENTS[count - 1]["time"]) if count else at("2019-10-31T00:00:00+07:00")
    cut = fold(*shuffled).as_of(clock)
    then = fold(*DOCUMENTS[:count])
    assert cut == then


@pytest.mark.parametrize("count", [1, 2, 3])
def test_payments_of_one_day_that_were_received_together_are_facts_of_their_own(count: int) -> None:
    """A decision names the version of its time; how far ahead the store had read must not show in it."""
    months = [f"2020-{month:02}" for month in range(1, count + 1)]
    payments = [make.paid(month, month, "2020-02-10", time="2020-02-10T09:00:00") for month in months]
    member = stored(fold(*DOCUMENTS[:3], *payments))
    assert (member.version, member.as_of(at("2020-02-10T08:59:59+07:00"))) == (3 + count, fold(*DOCUMENTS[:3]))
    assert member.as_of(at("2020-02-10T09:00:00+07:00")) is member


@pytest.mark.parametrize(
    ("clock", "is_known"),
    [
        ("2019-11-01T00:59:59.999999+00:00", False),
        ("2019-11-01T01:00:00+00:00", True),
        ("2019-11-01T01:00:00.000001+00:00", True),
    ],
)
def test_a_fact_is_known_from_the_very_moment_it_was_received(clock: str, is_known: bool) -> None:
    assert fold(DOCUMENTS[0], DOCUMENTS[-1]).as_of(at(clock)).is_registered is is_known


def test_a_member_of_which_all_is_known_is_not_copied() -> None:
    member = fold(*DOCUMENTS)
    assert member.as_of(at("2021-05-03T08:00:00+07:00")) is member
    assert member.as_of(at("2021-05-03T07:59:59+07:00")) is not member


@pytest.mark.parametrize("count", range(len(DOCUMENTS) + 1))
def test_what_is_stored_gives_the_same_member_back(count: int) -> None:
    member = fold(*DOCUMENTS[:count])
    standing(member, "JKK", day("2020-01-01"), BOOK)
    again = stored(member)
    assert again == member and again.document() == member.document()
    assert again.derived == {}


def test_what_was_worked_out_is_dropped_with_the_next_fact_and_with_another_book() -> None:
    member = fold(*DOCUMENTS[:2])
    standing(member, "JKK", day("2020-01-01"), BOOK)
    assert member.derived
    assert member.apply(parse(make.raw(DOCUMENTS[2])), at("2020-01-01T00:00:00+07:00")).derived == {}  # type: ignore[arg-type]
    other = Book(BOOK.parameters, "another")
    assert member.cache_for(other) == {}


def test_of_two_reports_for_a_month_the_one_known_last_stands_last() -> None:
    for order in itertools.permutations(DOCUMENTS[2:4]):
        member = fold(*order)
        assert short_column(member.wage_months) == (month_index("2019-11"),) * 2
        assert long_column(member.wage_amounts) == (4_000_000, 4_100_000)


def test_the_nik_stands_in_no_text_of_the_object() -> None:
    member = fold(*DOCUMENTS)
    assert member.nik == make.NIK
    assert make.NIK not in repr(member) and make.NIK not in str(member)


def test_the_newest_registration_day_is_told() -> None:
    assert fold(*DOCUMENTS).registered_on == day("2021-05-03")


@pytest.mark.parametrize("left_on", [None, "2023-12-01"])
@pytest.mark.parametrize("payer", [None, {"kind": "village", "name": "Desa Contoh"}])
def test_who_pays_and_when_employment_ended_are_stored_and_read(
    left_on: str | None, payer: dict[str, str] | None
) -> None:
    ended = {"member_number": make.NUMBER, "ended_on": "2024-01-01", "employment_ended_on": left_on}
    member = Member.new(make.NUMBER)
    for document in (make.registered(payer=payer, phase="after"), make.event("member.ended", ended)):
        member = member.apply(parse(make.raw(document)), dt.datetime(2024, 1, 2, tzinfo=dt.UTC))  # type: ignore[arg-type]
    assert stored(member) == member
    assert member.ends[0].employment_ended_on == (None if left_on is None else dt.date(2023, 12, 1))
    assert member.enrolments[0].phase == "after"
    assert member.enrolments[0].payer_name == (None if payer is None else "Desa Contoh")
