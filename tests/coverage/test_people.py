"""States of a person: the changes add up, on every day, to what the plain functions of membership say."""

import datetime as dt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.coverage.people import MEASURES, changes_of
from pipeline.law.book import Book
from pipeline.queries.coverage import members_in
from tests.support import events as e
from tests.support.coverage import FIRST, LAST, days, lives, plain_counts

BOOK = Book.load()
NIK = "3671010101800001"


@settings(max_examples=150, deadline=None)
@given(lives("20000000011", NIK), lives("20000000022", NIK), st.none() | days)
def test_counts_of_a_person_are_those_of_the_plain_functions(
    one: list[Any], other: list[Any], known: dt.date | None
) -> None:
    members = members_in([e.raw(event) for event in one + other])
    changes = changes_of(members, known, BOOK)
    counts = [0] * len(MEASURES)
    by_day = dict(changes)
    persons, listed = {NIK: members}, {NIK: known} if known is not None else {}
    for number in range(FIRST.toordinal() - 1, LAST.toordinal() + 200):
        counts = [one + more for one, more in zip(counts, by_day.get(number, [0] * len(MEASURES)), strict=True)]
        day = dt.date.fromordinal(number)
        if number % 11 == 0 or number in by_day or number + 1 in by_day:
            assert counts == plain_counts(persons, listed, day, BOOK), day
