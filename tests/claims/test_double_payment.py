"""Which lines are paid for a person and an event: every process refuses a second payment in the same words."""

import datetime as dt
from typing import Any, get_args

import pytest

from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.double_payment import EACH_CLAIM_ITS_OWN, PaidLines
from pipeline.errors import Poison
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


def test_of_many_conflicts_every_run_reports_the_same() -> None:
    """Sets have another order in each process, and a dead letter must have the same bytes in all of them."""
    niks = [f"36710101018000{at:02}" for at in range(20)]
    stored = [(nik, "JKK", DAY.isoformat(), line, f"paid-under-{nik}") for nik in niks for line in LINES]
    summary = ClaimSummary("K2", 2, "N", "right", 1, "JKK", DAY, frozenset(), "APPROVED", frozenset())
    with pytest.raises(Poison) as caught:
        PaidLines(stored).note(decision(LINES[::-1]), summary, set(niks))
    (error,) = caught.value.errors
    assert error.message.startswith(f"claim paid-under-{niks[0]} pays {LINES[0]} for the same person")


def test_lines_noted_for_an_event_that_is_refused_after_all_are_as_they_were() -> None:
    """Of two decisions of one event the second may conflict; the first, which took a line over, must not count."""
    day = DAY.isoformat()
    paid = PaidLines([("right", "JKK", day, "stmb", "K2"), ("right", "JKK", day, "transport", "K3")])
    summary = ClaimSummary("K2", 2, "N", "right", 1, "JKK", DAY, frozenset(), "APPROVED", frozenset())
    paid.note(decision(["denture", "glasses"]), summary)
    assert paid.removed() == [("right", "JKK", day, "stmb", "K2")]
    with pytest.raises(Poison):
        paid.note(decision(["transport"]), summary)
    paid.roll_back()
    assert (paid.removed(), paid.added()) == ([], [])
    paid.note(decision(["denture"]), summary)
    paid.keep()
    assert paid.added() == [("right", "JKK", day, "denture", "K2")]
