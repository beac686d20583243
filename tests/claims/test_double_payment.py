"""Which lines are paid for a person and an event: what is refused is told in the same words by every process."""

import datetime as dt
from typing import Any, get_args

import pytest

from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.double_payment import EACH_CLAIM_ITS_OWN, PaidLines, PaidTwice
from schemas.codes import LineCode
from schemas.decisions import Benefit, Cause, Decision, ReadSet

DAY = dt.date(2024, 7, 7)
LINES = sorted(set(get_args(LineCode)) - EACH_CLAIM_ITS_OWN)


def decision(lines: list[str]) -> Decision:
    benefits: Any = tuple(Benefit(line, 1, "member", "x", {}, "x", "DESIGN") for line in lines)  # type: ignore[arg-type]
    return Decision(
        "K2.r1",
        "K2",
        "N",
        "N",
        "JKK",
        DAY,
        1,
        None,
        "APPROVED",
        ("OK",),
        benefits,
        len(lines),
        None,
        (),
        (),
        "BPJS",
        None,
        0,
        None,
        "B2",
        dt.datetime(2024, 7, 8, tzinfo=dt.UTC),
        Cause("x", "1"),
        ReadSet((), ()),
        (),
    )


def test_of_many_lines_and_names_under_which_they_are_paid_always_the_same_is_told() -> None:
    """Sets stand in another order in each process, and a dead letter must have the same bytes in all of them."""
    niks = [f"36710101018000{at:02}" for at in range(20)]
    stored = [(nik, "JKK", DAY.isoformat(), line, f"paid-under-{nik}") for nik in niks for line in LINES]
    summary = ClaimSummary("K2", 2, "N", "right", 1, "JKK", DAY, frozenset(), "APPROVED", frozenset())
    with pytest.raises(PaidTwice) as caught:
        PaidLines(stored).note(decision(LINES[::-1]), summary, set(niks))
    assert (caught.value.other, caught.value.line) == (f"paid-under-{niks[0]}", LINES[0])
