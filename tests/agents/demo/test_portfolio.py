"""The made-up portfolio is what the demo promises: ordinary people, ordinary mess, the same every time."""

import datetime as dt
from collections import Counter
from functools import cache
from typing import Any

import orjson
import pytest

from agents.demo import portfolio
from agents.demo.people import UNREGISTERED, WORKERS
from pipeline.errors import Poison
from pipeline.messages.intake import read_event
from schemas.claims import AccidentClaimed, DeathClaimed
from schemas.events import IntakeEvent
from schemas.membership import ContributionPaid, MemberRegistered
from schemas.values import source_kind


@cache
def readable() -> tuple[IntakeEvent, ...]:
    """Every event that can be read, once, in order."""
    found: dict[tuple[str, str], IntakeEvent] = {}
    for line in portfolio():
        try:
            event = read_event(line)
        except Poison:
            continue
        found.setdefault((event.source, event.id), event)
    return tuple(found.values())


def of_type(kind: type) -> list[Any]:
    return [event for event in readable() if isinstance(event, kind)]


def test_one_seed_makes_the_same_events_byte_for_byte() -> None:
    assert portfolio(7) == portfolio(7)


def test_another_seed_makes_other_events() -> None:
    assert portfolio(7) != portfolio(8)


def test_it_is_large_enough_to_show_something_and_small_enough_to_watch() -> None:
    assert 4_000 <= len(portfolio()) <= 9_500


def test_nearly_all_workers_are_enrolled_in_the_first_week_of_november_2019() -> None:
    first = [event for event in of_type(MemberRegistered) if event.data.registered_on < dt.date(2019, 12, 1)]
    assert len({event.data.nik for event in first}) == WORKERS - UNREGISTERED


def test_some_hold_two_programs_and_some_four() -> None:
    counts = Counter(len(event.data.programs) for event in of_type(MemberRegistered))
    assert counts[2] > 50 and counts[4] > 20


def test_only_the_employed_hold_a_pension() -> None:
    segments = {
        event.data.segment
        for event in of_type(MemberRegistered)
        if any(one.program == "JP" for one in event.data.programs)
    }
    assert segments == {"PU"}


def test_the_self_employed_join_by_a_cooperative_the_employed_by_an_employer() -> None:
    for event in of_type(MemberRegistered):
        if event.data.segment == "BPU":
            assert event.data.channel and event.data.declared_income
        else:
            assert event.data.employer.scale in ("micro", "small", "cooperative")


def test_contributions_reach_october_2026() -> None:
    months = {month for event in of_type(ContributionPaid) for month in event.data.months}
    assert min(months) == "2019-11" and max(months) == "2026-10"


def test_each_nik_is_built_as_the_registry_builds_it() -> None:
    for event in of_type(MemberRegistered):
        nik, born = event.data.nik, event.data.birth_date
        day = int(nik[6:8]) % 40
        assert nik[:4] in ("3671", "3603") and int(nik[12:]) > 9000
        if born != dt.date(1954, 3, 1):  # the one whose age was changed afterwards
            assert (day, int(nik[8:10]), int(nik[10:12])) == (born.day, born.month, born.year % 100)


def test_everybody_is_plainly_invented() -> None:
    assert all("Contoh" in event.data.name for event in of_type(MemberRegistered))


def test_claims_fall_under_every_rule_version() -> None:
    days = [event.data.accident.occurred_at.date() for event in of_type(AccidentClaimed)]
    days += [event.data.death.died_on for event in of_type(DeathClaimed)]
    starts = [dt.date(2019, 11, 1), dt.date(2019, 12, 2), dt.date(2021, 4, 1), dt.date(2025, 2, 24), dt.date.max]
    for start, end in zip(starts, starts[1:], strict=False):
        assert sum(start <= day < end for day in days) >= 10, f"too few between {start} and {end}"


def test_there_are_a_few_hundred_accidents_and_some_dozens_of_deaths() -> None:
    assert 250 <= len(of_type(AccidentClaimed)) <= 450
    assert 30 <= len(of_type(DeathClaimed)) <= 80


def test_a_handful_of_clinics_hospitals_and_desks_send_them() -> None:
    kinds = ("clinic", "hospital", "desk")
    senders = {event.source for event in readable() if source_kind(event.source) in kinds}
    assert 5 <= len(senders) <= 12


def test_only_the_office_concludes() -> None:
    writers = {source_kind(event.source) for event in readable() if getattr(event.data, "conclusion", None) is not None}
    assert writers == {"office"}


def test_events_are_in_the_order_of_their_time() -> None:
    times = [event.time for event in readable()]
    assert times == sorted(times)


def test_some_events_come_twice_with_the_same_bytes_and_one_with_other_bytes() -> None:
    seen: dict[Any, bytes] = {}
    again: Counter[bool] = Counter()
    for line in portfolio():
        try:
            event = read_event(line)
        except Poison:
            continue
        identity = (event.source, event.id)
        if identity in seen:
            again[seen[identity] == line] += 1
        seen.setdefault(identity, line)
    assert again[True] > 50 and again[False] == 1


def test_a_few_events_cannot_be_read_and_each_for_a_reason_of_its_own() -> None:
    reasons = []
    for line in portfolio():
        try:
            read_event(line)
        except Poison as poison:
            reasons.append(poison.reason)
    assert set(reasons) == {"INVALID", "UNKNOWN_TYPE", "NOT_JSON", "SECTION_NOT_ALLOWED"}
    assert len(reasons) < 10


@cache
def decided() -> tuple[list[Any], list[str]]:
    """All decisions of the portfolio, and why events were refused."""
    from pipeline.law.book import Book
    from pipeline.processing.offline import Offline

    offline, decisions, refusals = Offline(Book.load()), [], []
    for line in portfolio():
        try:
            decisions += offline.take(line)
        except Poison as poison:
            refusals.append(poison.reason)
    return decisions, refusals


def latest() -> dict[str, Any]:
    return {decision.claim_id: decision for decision in decided()[0]}


def test_every_outcome_is_seen() -> None:
    counts = Counter(decision.outcome for decision in latest().values())
    assert set(counts) == {"APPROVED", "REJECTED", "REFERRED", "PENDING"}
    assert counts["APPROVED"] > sum(counts.values()) / 2, "most accidents are ordinary"


@pytest.mark.parametrize(
    "code",
    [
        "OK",
        "OK_PARTIAL",
        "VAL_DATES_CONTRADICT",
        "CLM_DUPLICATE",
        "CLM_SAME_EVENT",
        "CLM_EXPIRED",
        "MEM_NOT_REGISTERED",
        "MEM_NOT_COVERED_YET",
        "MEM_SAME_DAY",
        "MEM_LAPSED",
        "MEM_PROGRAM_NOT_HELD",
        "MEM_MULTIPLE",
        "MEM_PU_ARREARS_LE3",
        "MEM_PU_ARREARS_GT3",
        "MEM_BPU_ARREARS_1_TO_3",
        "JKK_NOT_WORK_RELATED",
        "JKK_UNDER_CONCLUSION",
        "JKK_CONCLUSION_OVERDUE",
        "JKM_WORK_RELATED",
        "MEM_WORK_CHECK",
        "REP_LATE_EMPLOYER_LIABLE",
        "DOC_TRANSPORT_RECEIPT_MISSING",
        "DOC_DEATH_CERTIFICATE_MISSING",
        "DOC_IDENTITY_MISMATCH",
        "REF_MEDICAL_ADVISOR",
        "REF_SUDDEN_DEATH",
        "REF_PAK",
        "REF_VIOLENCE",
        "RULE_STRADDLE",
        "BEN_CAPPED",
        "BEN_CHILD_CHOICE",
        "COORD_JASA_RAHARJA",
        "HEIR_NONE_TO_FUND",
        "PAY_LATE_COMPENSATION",
        "REV_SECOND_OFFICER",
        "MEM_CHANGED_LATER",
    ],
)
def test_the_portfolio_reaches(code: str) -> None:
    assert any(code in decision.reason_codes for decision in decided()[0])


def test_nothing_is_refused_but_what_was_meant_to_be() -> None:
    meant = {"INVALID", "UNKNOWN_TYPE", "NOT_JSON", "SECTION_NOT_ALLOWED", "ID_REUSED", "REVIEW_STALE"}
    assert set(decided()[1]) == meant


def test_no_money_leaves_for_a_claim_that_is_not_approved() -> None:
    assert all(decision.total == 0 for decision in decided()[0] if decision.outcome != "APPROVED")


def test_a_worker_who_has_died_has_no_accident_afterwards() -> None:
    died = {}
    for line in portfolio():
        document = orjson.loads(line) if line.endswith(b"}") else {}
        data = document.get("data", {})
        death = data.get("death") or data.get("medical", {}).get("death")
        number = data.get("member", {}).get("member_number")
        if death and number:
            died[number] = death["died_on"]
    for event in of_type(AccidentClaimed):
        day = died.get(event.data.member.member_number)
        if day is not None:
            assert event.data.accident.occurred_at.date().isoformat() <= day
    assert died
