"""Which lines are paid for a person and an event: every process refuses a second payment in the same words."""

import datetime as dt
from dataclasses import replace
from typing import Any, Literal, get_args

import pytest

from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.double_payment import EACH_CLAIM_ITS_OWN, PaidLines
from pipeline.claims.reviews import _JKM_LINES
from pipeline.errors import Poison
from schemas.codes import LineCode
from schemas.decisions import Benefit, Cause, Decision, ReadSet

DAY = dt.date(2024, 7, 7)
LINES = sorted(set(get_args(LineCode)) - EACH_CLAIM_ITS_OWN)


JKM_LINES = sorted(_JKM_LINES - EACH_CLAIM_ITS_OWN)


def decision(lines: list[str], program: Literal["JKK", "JKM"] = "JKK") -> Decision:
    benefits: Any = tuple(Benefit(line, 1, "member", "x", {}, "x", "DESIGN") for line in lines)  # type: ignore[arg-type]
    return Decision(
        "K2.r1",
        "K2",
        "N",
        "N",
        program,
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
        PaidLines(stored).note(decision(LINES[::-1]), summary, (), set(niks))
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


def _jkm_claim(claim_id: str, number: str) -> ClaimSummary:
    return ClaimSummary(claim_id, 2, number, "right", 1, "JKM", DAY, frozenset(), "APPROVED", frozenset())


@pytest.mark.parametrize("line", JKM_LINES)
@pytest.mark.parametrize("is_once", [False, True])
@pytest.mark.parametrize("is_stored", [False, True])
def test_a_jkm_line_is_paid_once_a_membership_or_once_a_person(line: str, is_once: bool, is_stored: bool) -> None:
    once = [line] if is_once else []
    paid = PaidLines()
    paid.note(_of("K1", line), _jkm_claim("K1", "A"), once)
    paid.keep()
    if is_stored:
        paid = PaidLines(paid.added())
    same, other = _jkm_claim("K2", "A"), _jkm_claim("K2", "B")
    with pytest.raises(Poison) as caught:
        paid.note(_of("K2", line), same, once)
    assert caught.value.errors[0].message.startswith(f"claim K1 pays {line} for the same person")
    paid.roll_back()
    if is_once:
        with pytest.raises(Poison):
            paid.note(_of("K2", line), other, once)
    else:
        paid.note(_of("K2", line), other, once)
        assert (*("right", "JKM", DAY.isoformat()), f"{line}:B", "K2") in paid.added()


@pytest.mark.parametrize("line", JKM_LINES)
def test_a_jkm_line_stored_before_it_named_its_membership_is_paid_once(line: str) -> None:
    stored = [("right", "JKM", DAY.isoformat(), line, "K1")]
    summaries = {"K1": _jkm_claim("K1", "A")}
    with pytest.raises(Poison):
        PaidLines(stored).note(_of("K2", line), _jkm_claim("K2", "A"), (), (), summaries)
    with pytest.raises(Poison):  # whose line it is, is not known
        PaidLines(stored).note(_of("K2", line), _jkm_claim("K2", "B"), (), (), {})
    PaidLines(stored).note(_of("K2", line), _jkm_claim("K2", "B"), (), (), summaries)
    paid = PaidLines(stored)
    paid.note(_of("K1", line), summaries["K1"])
    assert paid.removed() == stored
    assert paid.added() == [(*stored[0][:3], f"{line}:A", "K1")]


def _of(claim_id: str, line: str) -> Decision:
    return replace(decision([line], "JKM"), claim_id=claim_id)
