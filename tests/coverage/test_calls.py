"""What is to be paid next, looked for in the months that may still be paid in time alone, is what the account says."""

import datetime as dt
from typing import Any

from hypothesis import given, settings

from pipeline.coverage.calls import due_for
from pipeline.law.book import Book
from pipeline.membership.contributions import account
from pipeline.membership.coverage import period_on
from pipeline.queries.coverage import members_in
from tests.support import events as e
from tests.support.coverage import days, lives

BOOK = Book.load()
STEP_DAYS = 5


@settings(max_examples=150, deadline=None)
@given(lives("20000000011", "3671010101800001"), days)
def test_what_is_due_next_is_what_the_whole_account_says(life: list[Any], first: dt.date) -> None:
    for member in members_in([e.raw(event) for event in life]):
        for number in range(12):
            day = first + dt.timedelta(days=STEP_DAYS * number)
            coming = [one.owed for one in account(member, day, BOOK) if one.paid_on is None and not one.is_late]
            is_member = period_on(member, day, BOOK) is not None
            months = tuple(one.month for one in coming if one.due_on is not None and is_member)
            found = due_for(member, day, BOOK)
            assert (found.months if found is not None else ()) == months, day
