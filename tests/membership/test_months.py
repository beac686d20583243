"""Months in segments are the same months: whatever order they come in, and wherever a segment ends."""

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import pytest

from pipeline.law.book import Book
from pipeline.law.calendar import month_index
from pipeline.membership.columns import long_column, short_column
from pipeline.membership.coverage import standing, wage_on
from pipeline.membership.facts import CONFIRMED, UNCONFIRMED
from pipeline.membership.member import Member
from pipeline.membership.months import NO_MONTHS, SEGMENT_ROWS, Months, joined, read_months
from schemas.clock import microseconds
from schemas.events import parse
from tests.support import events as make
from tests.support.members import day, fold

START = dt.datetime(2019, 11, 1, 8, tzinfo=make.WIB)
MONTHS = make.months("2019-11", "2026-10")


def in_one(member: Member) -> Member:
    """The same member without segments."""
    return replace(member, recent=member.months, segments=())


def facts(seed: int, count: int) -> list[tuple[Any, int]]:
    """Documents, and the hours after START at which they became known: out of order, and several at once."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        month, hour = chance.choice(MONTHS), chance.randrange(24 * 30)
        source = chance.choice((make.OFFICE, "urn:santunan:employer:tng00001"))
        if chance.random() < 0.5:
            first = MONTHS.index(month)
            last = MONTHS[min(first + chance.choice((0, 0, 1, 5)), len(MONTHS) - 1)]
            document = make.paid(month, last, f"{month}-{chance.choice((10, 20))}")
        else:
            document = make.wage(month, chance.randrange(4_000_000, 5_000_000))
        found.append((document | {"source": source}, hour))
    return found


def folded(found: list[tuple[Any, int]]) -> Member:
    member = fold(make.registered())
    for document, hour in found:
        member = member.apply(parse(make.raw(document)), START + dt.timedelta(hours=hour))  # type: ignore[arg-type]
    return member


def listed(months: Months) -> tuple[list[Any], list[Any]]:
    """Rows of payments and of wages."""
    days, known = short_column(months.paid_days), long_column(months.paid_known)
    paid = zip(short_column(months.paid_months), days, known, months.paid_by, strict=True)
    reported, amounts = long_column(months.wage_known), long_column(months.wage_amounts)
    wages = zip(short_column(months.wage_months), reported, amounts, strict=True)
    return list(paid), list(wages)


def expected(found: list[tuple[Any, int]]) -> tuple[list[Any], list[Any]]:
    """The same rows, by plain sorting."""
    paid, wages = [], []
    for document, hour in found:
        data, known = document["data"], microseconds(START + dt.timedelta(hours=hour))
        if "wage" in data:
            wages.append((month_index(data["month"]), known, data["wage"]))
            continue
        by = CONFIRMED if document["source"] == make.OFFICE else UNCONFIRMED
        on = day(data["paid_on"]).toordinal()
        for place, month in enumerate(data["months"]):
            paid.append((month_index(month), on, known, by if place else by.upper()))
    return sorted(paid, key=lambda row: row[1]), sorted(wages, key=lambda row: row[:2])


@pytest.mark.parametrize("seed", range(30))
def test_segments_hold_the_months_that_one_list_would(seed: int) -> None:
    found = facts(seed, 10 + 8 * seed)
    member = folded(found)
    assert listed(member.months) == expected(found)
    assert len(member.segments) > 0 or seed < 5
    assert member.recent.rows < SEGMENT_ROWS


@pytest.mark.parametrize("seed", range(30))
def test_what_was_known_then_is_what_had_come_by_then(seed: int) -> None:
    found = facts(seed, 120)
    member, hour = folded(found), random.Random(seed).randrange(24 * 30)
    clock = START + dt.timedelta(hours=hour)
    then = [one for one in found if one[1] <= hour]
    cut = member.as_of(clock)
    assert (listed(cut.months), cut.version) == (expected(then), 1 + len(then))
    assert cut.latest_known == microseconds(START + dt.timedelta(hours=max((one[1] for one in then), default=0)))
    kept = member.confirmed_at(clock)
    assert kept.months == in_one(member).confirmed_at(clock).months
    office = [one for one in found if one[1] <= hour or one[0]["source"] == make.OFFICE or "wage" in one[0]["data"]]
    assert listed(kept.months) == expected(office)


@pytest.mark.parametrize("seed", range(12))
def test_cover_and_wage_do_not_depend_on_where_a_segment_ends(seed: int) -> None:
    book, member = Book.load(), folded(facts(seed, 150))
    whole = in_one(member)
    for month in MONTHS[::7]:
        on = day(f"{month}-15")
        assert standing(member, "JKM", on, book) == standing(whole, "JKM", on, book)
        assert wage_on(member, on, book) == wage_on(whole, on, book)


@pytest.mark.parametrize("count", [SEGMENT_ROWS - 1, SEGMENT_ROWS, SEGMENT_ROWS + 1])
def test_a_segment_ends_with_the_fact_that_fills_it(count: int) -> None:
    wages = [make.wage(month, 4_000_000) for month in MONTHS[:count]]
    member = fold(make.registered(), *wages)
    ended = [1 + SEGMENT_ROWS] if count >= SEGMENT_ROWS else []
    assert [one.version for one in member.segments] == ended
    assert member.recent.rows == count - SEGMENT_ROWS * len(ended)


def test_packed_months_are_read_back_as_they_were() -> None:
    member = folded(facts(1, 12))
    assert read_months(member.recent.packed()) == member.recent
    assert read_months(NO_MONTHS.packed()) == NO_MONTHS == joined([], NO_MONTHS)


def test_a_filled_segment_is_never_changed() -> None:
    member = fold(make.registered(), *[make.wage(month, 4_000_000) for month in MONTHS[:SEGMENT_ROWS]])
    late = member.apply(parse(make.raw(make.wage(MONTHS[0], 1))), START)  # type: ignore[arg-type]
    assert late.segments == member.segments and late.recent.rows == 1
    assert late.months.rows == SEGMENT_ROWS + 1
