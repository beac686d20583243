"""Properties of every verdict: whole rupiah, caps, sums, references, and one answer in any order of evidence."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.claims.case import Case
from pipeline.claims.case_file import CaseFile, Verdict
from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from pipeline.law.declarations import Value
from schemas.claims import EvidenceAdded
from schemas.codes import REASONS
from schemas.events import parse
from tests.rules.builder import CLAIM, case_file_of, document, moment

BOOK = Book.load()
PARTS = sorted(BOOK.on(date(2024, 1, 1)).disability_table.value)
KINDS = [
    "temporary_disability",
    "death_at_work",
    "commuting_traffic",
    "permanent_total",
    "violence",
    "occupational_disease",
    "sudden_death_at_work",
]
WAGES = st.integers(1, 90_000_000)
COSTS = st.integers(0, 60_000_000)
DAYS = st.dates(date(2015, 7, 1), date(2026, 6, 30)).map(date.isoformat)
LEVELS = st.sampled_from(["TK", "SD", "SMP", "SMA", "PT", "TRAINING", None])


@st.composite
def children(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for _ in range(draw(st.integers(0, 4))):
        child: dict[str, Any] = {"age": draw(st.integers(0, 30)), "married": draw(st.booleans())}
        if (level := draw(LEVELS)) is not None:
            child["level"] = level
        found.append(child)
    return found


@st.composite
def accidents(draw: st.DrawFn) -> dict[str, Any]:
    """A JKK claim of any kind, with any findings and costs."""
    facts: dict[str, Any] = {
        "program": "JKK",
        "event": draw(DAYS),
        "kind": draw(st.sampled_from(KINDS)),
        "segment": draw(st.sampled_from(["PU", "BPU", "JAKON"])),
        "wage": draw(WAGES),
        "declared_income": draw(COSTS),
        "stmb_days": draw(st.integers(0, 900)),
        "transport": {mode: draw(COSTS) for mode in ("land", "sea", "air")},
        "children": draw(children()),
        "medical_certificate": draw(st.booleans()),
        "heirs": draw(st.sampled_from(["none", "unknown", ["widow"], ["other"]])),
        "unpaid_months": draw(st.integers(0, 5)),
    }
    facts["disability"] = [
        {
            "part": draw(st.sampled_from(PARTS)),
            "loss_percent": draw(st.integers(0, 100)),
            "measured": draw(st.integers(0, 200)),
            "table_percent": draw(st.integers(0, 40)),
        }
        for _ in range(draw(st.integers(0, 4)))
    ]
    for cost in ("denture", "hearing_aid", "glasses", "homecare_cost", "medical_bill", "jasa_raharja_paid"):
        if draw(st.booleans()):
            facts[cost] = draw(COSTS)
    if "homecare_cost" in facts:
        facts["homecare_months"] = draw(st.integers(1, 40))
    if draw(st.booleans()):
        facts["without"] = ["ktp"]
    if draw(st.booleans()):
        facts["settled"] = sorted({code for row in (6, 7, 8, 15, 16) for code in REASONS[row]})
    return {word: value for word, value in facts.items() if not _is_for_others(word, facts)}


def _is_for_others(word: str, facts: dict[str, Any]) -> bool:
    return (word == "declared_income" and facts["segment"] != "BPU") or (word == "wage" and facts["segment"] == "BPU")


@st.composite
def deaths(draw: st.DrawFn) -> dict[str, Any]:
    """A JKM claim."""
    return {
        "program": "JKM",
        "event": draw(DAYS),
        "kind": draw(st.sampled_from(["death_illness", "death_suicide", "sudden_death_at_work"])),
        "segment": draw(st.sampled_from(["PU", "BPU", "JAKON"])),
        "contribution_months": draw(st.integers(1, 80)),
        "children": draw(children()),
        "heirs": draw(st.sampled_from(["none", "unknown", ["child"], ["other"]])),
        "funeral_arranged": draw(st.booleans()),
    }


def decided(facts: dict[str, Any]) -> Verdict:
    return assess(case_file_of(facts), BOOK)


def cap_of(line: str, verdict: Verdict, facts: dict[str, Any]) -> int | None:
    """The most that the law of the day pays for a line, where it names a sum; None where it depends on the wage."""
    law = BOOK.on(date.fromisoformat(facts["event"][:10]))
    named: dict[str, Value[Any]] = {
        "denture": law.denture_cap,
        "hearing_aid": law.hearing_aid_cap,
        "glasses": law.glasses_cap,
        "homecare": law.homecare_cap,
        "funeral": law.funeral,
        "jkm_death": law.jkm_death,
        "scholarship": law.scholarship_flat,
        "scholarship_year_1": law.scholarship_cap_total,
    }
    if line == "transport":
        return law.transport_cap_land.value + law.transport_cap_sea.value + law.transport_cap_air.value
    if line == "periodic":
        return law.periodic_months.value * law.periodic_monthly.value
    return named[line].value if line in named else None


@settings(max_examples=150, deadline=None)
@given(st.one_of(accidents(), deaths()))
def test_every_verdict_keeps_its_promises(facts: dict[str, Any]) -> None:
    verdict = decided(facts)
    assert verdict.total == sum(one.amount for one in verdict.benefits)
    assert len({one.line for one in verdict.benefits}) == len(verdict.benefits)
    for one in verdict.benefits:
        assert type(one.amount) is int and one.amount > 0
        assert one.reference and one.marker in ("VERIFIED", "VERIFIED-2", "RECALLED", "DESIGN")
        cap = cap_of(one.line, verdict, facts)
        assert cap is None or one.amount <= cap, one.line
    assert all(check.reference for check in verdict.trace)
    if verdict.outcome == "APPROVED":
        assert all(check.result != "undetermined" for check in verdict.trace)
        assert verdict.missing == () and verdict.indicative_total is None
    else:
        assert verdict.benefits == () and verdict.pay_by is None
    waits_for_no_paper = {"JKK_UNDER_CONCLUSION", "MEM_BPU_ARREARS_1_TO_3"}.intersection(verdict.reason_codes)
    assert (verdict.outcome == "PENDING") == bool(verdict.missing) or waits_for_no_paper


@settings(max_examples=100, deadline=None)
@given(accidents(), st.integers(1, 5_000_000))
def test_a_higher_wage_never_pays_less(facts: dict[str, Any], more: int) -> None:
    facts.pop("unpaid_months")
    word = "declared_income" if facts["segment"] == "BPU" else "wage"
    lower = decided(facts)
    higher = decided({**facts, word: facts[word] + more})
    if lower.outcome == higher.outcome == "APPROVED":
        assert higher.total >= lower.total
    if lower.indicative_total is not None and higher.indicative_total is not None:
        assert higher.indicative_total >= lower.indicative_total


@settings(max_examples=60, deadline=None)
@given(st.one_of(accidents(), deaths()))
def test_the_same_case_file_has_the_same_verdict(facts: dict[str, Any]) -> None:
    assert decided(facts) == decided(facts)


EVIDENCE: list[dict[str, Any]] = [
    {"report": {"reported_at": "2025-03-11T08:00:00+07:00"}},
    {"conclusion": {"work_related": True, "concluded_on": "2025-03-14"}},
    {"medical": {"unable_to_work_days": 45}, "documents": ["membership_card", "ktp"]},
    {"documents": ["doctor_letter", "transport_receipt"], "costs": {"transport": {"land": 6_000_000}}},
    {"advice": {"settles": ["REF_VIOLENCE"], "advisor": "officer", "decided_on": "2025-03-14"}},
]


@pytest.mark.parametrize("order", list(permutations(range(len(EVIDENCE)))))
def test_independent_evidence_gives_one_result_in_any_order(order: tuple[int, ...]) -> None:
    case_file = case_file_of(
        {
            "event": "2025-03-10T08:00",
            "kind": "violence",
            "wage": 4_000_000,
            "documents": ["police_letter", "visum"],
            "stage1_report": "none",
            "conclusion": "none",
            "received_on": "2025-03-15",
        }
    )
    for place, number in enumerate(order):
        clock = moment("2025-03-15", 13) + timedelta(minutes=place)
        _add(case_file.case, EVIDENCE[number], clock)
    verdict = assess(case_file, BOOK)
    assert verdict.outcome == "APPROVED"
    assert {one.line: one.amount for one in verdict.benefits} == {"stmb": 6_000_000, "transport": 5_000_000}


def _add(case: Case, sections: dict[str, Any], clock: Any) -> None:
    event = parse(document("santunan.claim.evidence.v1", {"claim_id": CLAIM, **sections}, clock))
    assert isinstance(event, EvidenceAdded)
    case.apply(event, clock)


def test_an_assessment_does_not_change_the_case_file() -> None:
    case_file: CaseFile = case_file_of({"event": "2024-05-10", "kind": "death_at_work", "settled": ["REF_PAK"]})
    before = repr(case_file)
    assess(case_file, BOOK)
    assert repr(case_file) == before
