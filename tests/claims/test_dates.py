"""Dates of a claim: those that contradict one another, and the day that a clock time with an offset lies on."""

import datetime as dt
from typing import Any

import pytest

from pipeline.claims.case_file import Verdict
from pipeline.claims.desk import Desk
from pipeline.claims.rules.table import assess
from pipeline.errors import Poison
from pipeline.law.book import Book
from schemas.clock import local_day
from schemas.events import parse
from tests.rules.builder import OFFICE, case_file_of
from tests.support import events as e
from tests.support.scene import Scene

EVENT = dt.date(2024, 5, 10)
RECEIVED = dt.date(2024, 5, 20)
FACTS: dict[str, Any] = {"event": "2024-05-10T08:00", "received_on": "2024-05-20T10:00", "kind": "transport_only"}
DISEASE = {"kind": "occupational_disease", "occurred_at": "2024-01-01T08:00:00+07:00", "settled": ["REF_PAK"]}

# field -> the word of a case that dates it, for what may not lie before the event
BEFORE_EVENT = {
    "claimed.claimed_on": "claim_date",
    "death.died_on": "died_on",
    "report.reported_at": "stage1_report",
    "conclusion.concluded_on": "concluded_on",
}
# the same for what may not lie after the day of receipt; one more has a list around its word
AFTER_RECEIPT = BEFORE_EVENT | {
    "accident.occurred_at": "event",
    "accident.diagnosed_on": "diagnosed_on",
    "advice.decided_on": "advice_on",
    "medical.healed_on": "healed_on",
    "children.birth_date": "born_on",
    "contribution.paid_on": "contribution_on",
    "member.birth_date": "birth_date",
}


def facts_with(word: str, day: dt.date) -> dict[str, Any]:
    """A case that has this day at this word, and around it what the day needs."""
    written = day.isoformat()
    if word == "born_on":
        return FACTS | {"children": [{"birth_date": written}]}
    if word == "contribution_on":
        return FACTS | {"payments": [{"months": ["2024-05"], "paid_on": written, "known_on": "2024-05-18"}]}
    if word == "stage1_report":
        written += "T08:00"
    if word == "event":
        return FACTS | {"event": f"{written}T08:00", "stage1_report": "none", "conclusion": "none"}
    if word == "diagnosed_on":
        return FACTS | DISEASE | {word: written, "stage1_report": "none", "conclusion": "none"}
    if word == "advice_on":
        return FACTS | {"advice": ["REF_PAK"], word: written}
    return FACTS | {word: written}


def named(verdict: Verdict) -> list[tuple[object, object]]:
    """The pairs of fields that contradict each other."""
    checks = [one for one in verdict.trace if one.check == "input_consistent" and one.result == "not_met"]
    for check in checks:
        assert check.facts["date"] != check.facts["other_date"]
        assert str(check.facts["mended_by"]).endswith("office")
        if check.facts["field"] != "contribution.paid_on":
            assert check.facts["writer"] == OFFICE or check.facts["field"] == "member.birth_date"
    return [(one.facts["field"], one.facts["other"]) for one in checks]


def is_waiting_for(verdict: Verdict, field: str, other: str) -> bool:
    if (field, other) not in named(verdict):
        return False
    assert (verdict.outcome, verdict.reason_codes) == ("PENDING", ("VAL_DATES_CONTRADICT",))
    assert field in verdict.fields and not verdict.benefits
    return True


@pytest.mark.parametrize("field", BEFORE_EVENT)
@pytest.mark.parametrize("days", [-400, -1, 0, 1])
def test_nothing_of_an_accident_lies_before_it(field: str, days: int) -> None:
    facts = facts_with(BEFORE_EVENT[field], EVENT + dt.timedelta(days=days))
    verdict = assess(case_file_of(facts), Book.load())
    assert is_waiting_for(verdict, field, "accident.occurred_at") == (days < 0)


@pytest.mark.parametrize("field", AFTER_RECEIPT)
@pytest.mark.parametrize("days", [-1, 0, 1, 400])
def test_nothing_lies_after_the_day_it_was_received(field: str, days: int) -> None:
    facts = facts_with(AFTER_RECEIPT[field], RECEIVED + dt.timedelta(days=days))
    verdict = assess(case_file_of(facts), Book.load())
    assert is_waiting_for(verdict, field, "receipt") == (days > 0)


@pytest.mark.parametrize("days", [-1, 0, 1])
@pytest.mark.parametrize(
    ("program", "other"), [("JKK", "accident.occurred_at"), ("JKM", "death.died_on"), ("PAK", "accident.diagnosed_on")]
)
def test_a_member_is_not_born_after_the_event(program: str, other: str, days: int) -> None:
    kinds = {"JKK": FACTS, "JKM": FACTS | {"program": "JKM", "kind": "death_illness"}, "PAK": FACTS | DISEASE}
    facts = kinds[program] | {"birth_date": (EVENT + dt.timedelta(days=days)).isoformat()}
    verdict = assess(case_file_of(facts), Book.load())
    assert is_waiting_for(verdict, "member.birth_date", other) == (days > 0)


@pytest.mark.parametrize("word", ["stage1_report", "concluded_on", "died_on"])
def test_what_comes_before_the_diagnosis_of_a_disease_is_no_contradiction(word: str) -> None:
    verdict = assess(case_file_of(facts_with(word, EVENT - dt.timedelta(days=1)) | DISEASE), Book.load())
    assert named(verdict) == []


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-05-10T23:59:59+07:00", "2024-05-10"),
        ("2024-05-11T00:00:00+07:00", "2024-05-11"),
        ("2024-05-11T00:00:00+08:00", "2024-05-11"),
        ("2024-05-11T00:10:00+09:00", "2024-05-11"),
        ("2024-05-10T16:59:59Z", "2024-05-10"),
        ("2024-05-10T17:00:00Z", "2024-05-11"),
        ("2024-05-10T17:00:00+00:00", "2024-05-11"),
        ("2024-05-11T00:59:59+08:30", "2024-05-10"),
        ("2024-05-11T03:00:00+10:00", "2024-05-11"),
        ("2024-05-11T02:59:59+10:00", "2024-05-10"),
        ("2024-05-10T12:00:00-05:00", "2024-05-11"),
    ],
)
def test_the_day_is_the_one_written_in_indonesia_and_else_jakartas(written: str, day: str) -> None:
    assert local_day(dt.datetime.fromisoformat(written)).isoformat() == day
    scene = Scene(*e.member(), e.accident(accident={"occurred_at": written}, time="2024-06-01T08:00:00"))
    assert scene.last["event_date"] == day


def test_the_clock_of_a_disease_reported_in_utc_is_jakartas() -> None:
    facts = FACTS | DISEASE | {"occurred_at": "2024-01-01T01:00:00Z", "event": "2026-05-10T08:00"}
    facts |= {"received_on": "2026-05-20T10:00", "diagnosed_on": "2026-05-10"}
    in_time, late = ("2026-05-12T17:00:00+00:00", "2026-05-12T17:00:01+00:00")
    assert assess(case_file_of(facts | {"stage1_report": in_time}), Book.load()).outcome == "APPROVED"
    verdict = assess(case_file_of(facts | {"stage1_report": late}), Book.load())
    assert verdict.reason_codes == ("REP_LATE_EMPLOYER_LIABLE",)


def test_a_slip_after_the_payment_asks_no_money_back_and_its_correction_moves_none() -> None:
    scene = Scene(*e.member(), e.accident())
    slip = e.evidence("K1", "2024-07-09T08:00:00", conclusion={"work_related": True, "concluded_on": "2024-07-06"})
    scene.take(slip)
    assert (scene.last["outcome"], scene.last["fields"]) == ("PENDING", ["conclusion.concluded_on"])
    right = e.evidence("K1", "2024-07-10T08:00:00", conclusion={"work_related": True, "concluded_on": "2024-07-09"})
    scene.take(right)
    assert (scene.last["outcome"], scene.last["total"], scene.moved()) == ("APPROVED", 4_000_000, 4_000_000)
    assert len(scene.of("payout")) == 1


@pytest.mark.parametrize(("paid_on", "is_taken"), [("2024-07-09", True), ("2024-07-10", True), ("2024-07-11", False)])
def test_a_settlement_of_a_day_to_come_is_refused(paid_on: str, is_taken: bool) -> None:
    scene = Scene(*e.member(), e.accident())
    payout = scene.of("payout")[0]["payout_id"]
    settlement = e.settled(payout, 4_000_000, paid_on, time="2024-07-10T23:00:00")
    if is_taken:
        scene.take(settlement)
        assert payout in scene.desk.cases["K1"].progress.settlements
        return
    with pytest.raises(Poison, match="SETTLEMENT_IN_FUTURE"):
        scene.take(settlement)
    assert scene.last["revision"] == 1 and not scene.desk.cases["K1"].progress.settlements


def test_a_settlement_that_was_accepted_once_is_taken_again_and_changes_nothing() -> None:
    settlement = e.settled("K1.r1.member", 4_000_000, "2024-12-24", time="2024-07-10T23:00:00")
    desk = Desk(Book.load(), is_rerun=True)
    for order, document in enumerate([*e.member(), e.accident(), settlement]):
        event = parse(e.raw(document))
        desk.take(event, event.time, order=order)
    last = desk.made_decisions[-1]
    assert (last.revision, last.outcome, last.reason_codes, last.total) == (2, "APPROVED", ("OK",), 4_000_000)


# 22:30 in Jakarta, on the day before that of Papua
FIRST = dt.datetime.fromisoformat("2024-07-06T22:30:00+07:00")
DAY = dt.timedelta(days=1)


def told_twice(seconds: float, offset: int, **change: Any) -> Scene:
    """One accident told by one clinic, and `seconds` after it in the time of `offset` hours by another."""
    zone = dt.timezone(dt.timedelta(hours=offset))
    later = (FIRST + dt.timedelta(seconds=seconds)).astimezone(zone).isoformat()
    early = {"occurred_at": FIRST.isoformat()}
    envelope = {"report": None, "conclusion": {"work_related": True, "concluded_on": "2024-07-10"}}
    first = e.accident("K1", accident=early, time="2024-07-10T08:00:00", **envelope)
    second = e.accident("K2", accident={"occurred_at": later}, time="2024-07-10T09:00:00", **(envelope | change))
    return Scene(*e.member(), first, second)


@pytest.mark.parametrize(("seconds", "is_near"), [(86_399, True), (86_400, True), (86_401, False)])
@pytest.mark.parametrize(("sign", "offset"), [(1, 7), (1, 8), (1, 9), (1, 0), (-1, 7), (-1, 8), (-1, 0)])
def test_an_accident_told_twice_within_a_day_on_two_days_waits(
    sign: int, seconds: int, is_near: bool, offset: int
) -> None:
    scene = told_twice(sign * seconds, offset)
    assert scene.latest("K1")["event_date"] != scene.latest("K2")["event_date"]
    if is_near:
        assert scene.result("K2") == ("REFERRED", ["CLM_SAME_EVENT"], 0)
        assert (scene.latest("K2")["first_claim_id"], scene.latest("K2")["indicative_total"]) == ("K1", 4_000_000)
    else:
        assert scene.result("K2") == ("APPROVED", ["OK"], 4_000_000)


def test_an_accident_told_twice_on_one_day_is_a_duplicate_whatever_the_zone() -> None:
    at_once = told_twice(0, 0)
    assert at_once.result("K2") == ("REJECTED", ["CLM_DUPLICATE"], 0)
    in_papua = told_twice(0, 9)
    assert in_papua.latest("K2")["event_date"] == "2024-07-07"
    assert in_papua.result("K2") == ("REFERRED", ["CLM_SAME_EVENT"], 0)


def test_an_officer_says_that_it_was_another_accident() -> None:
    scene = told_twice(3_600 * 3, 7)
    scene.take(e.review("K2", 1, "approve", "2024-07-11T08:00:00"))
    assert scene.result("K2") == ("APPROVED", ["OK"], 4_000_000)
    assert scene.moved() == 8_000_000


def test_a_claim_whose_neighbour_was_paid_meanwhile_waits_too() -> None:
    early = {"occurred_at": FIRST.isoformat()}
    scene = Scene(*e.member(), e.accident("K1", accident=early, time="2024-07-10T08:00:00", documents=None))
    scene.take(e.accident("K2", "2024-07-07", time="2024-07-10T09:00:00"))
    scene.take(e.review("K2", 1, "approve", "2024-07-11T08:00:00"))
    assert scene.result("K2")[0] == "APPROVED"
    scene.take(e.evidence("K1", "2024-07-12T08:00:00", documents=e.JKK_PAPERS))
    assert scene.result("K1") == ("REFERRED", ["CLM_SAME_EVENT"], 0)
    assert scene.moved() == 4_000_000


def test_a_disease_has_no_hour_and_a_refused_claim_stands_in_nobodys_way() -> None:
    disease = {"occurred_at": FIRST.isoformat(), "kind": "occupational_disease", "diagnosed_on": "2024-07-07"}
    scene = Scene(*e.member(), e.accident("K1", "2024-07-06"))
    scene.take(e.accident("K2", accident=disease, time="2024-07-10T09:00:00"))
    assert scene.result("K2")[1] == ["REF_PAK"]
    refused = Scene(
        *e.member(), e.accident("K1", "2024-07-06", conclusion={"work_related": False, "concluded_on": "2024-07-06"})
    )
    refused.take(e.accident("K2", "2024-07-07"))
    assert refused.result("K2")[0] == "APPROVED"
