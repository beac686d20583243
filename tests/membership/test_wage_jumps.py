"""A wage that jumps with a new registration is compared with the wage of the one before."""

import datetime as dt

import pytest

from pipeline.law.book import Book
from pipeline.membership.coverage import wage_jump_on
from pipeline.membership.member import Member
from schemas.events import parse
from tests.support import events as e

DAY = dt.date(2024, 6, 10)


@pytest.mark.parametrize(("amount", "is_jump"), [(5_999_999, False), (6_000_000, False), (6_000_001, True)])
@pytest.mark.parametrize("segment", ["PU", "JAKON"])
def test_a_new_registration_does_not_hide_a_jump(segment: str, amount: int, is_jump: bool) -> None:
    again = e.registered(registered_on="2024-02-01", time="2024-02-01T08:00:00", segment=segment)
    member = Member.new(e.NUMBER)
    for document in (*e.member(), again, e.wage("2024-03", amount)):
        event = parse(e.raw(document))
        member = member.apply(event, event.time)  # type: ignore[arg-type]
    jump = wage_jump_on(member, DAY, Book.load())
    assert (jump is not None) == (is_jump and segment == "PU")
    if jump is not None:
        assert (jump.reported_on, jump.before.amount, jump.wage.amount) == (dt.date(2024, 3, 25), 4_000_000, amount)
