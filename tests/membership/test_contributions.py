"""Contributions owed and paid, and the answer a clinic gets; with the checks at the end of the domain's section 9."""

import datetime as dt
from typing import Any

import pytest

from pipeline.law.book import Book
from pipeline.law.calendar import due_date, month_index
from pipeline.membership.contributions import (
    Owed,
    account,
    arrears,
    construction_contribution,
    late_fine,
    owed_for,
    savings_for,
)
from pipeline.membership.eligibility import CoverageAnswer, coverage_answer
from pipeline.membership.member import Member
from tests.support import events as make
from tests.support.members import bpu, day, ended, fold, held, paid_monthly

BOOK = Book.load()


def owed(member: Member, month: str) -> Owed:
    found = owed_for(member, month_index(month), BOOK)
    assert found is not None
    return found


def earner(amount: int = 4_000_000, *documents: Any, **change: Any) -> Member:
    return fold(make.registered(**change), make.wage("2019-11", amount), *documents)


@pytest.mark.parametrize(
    ("month", "jp"), [("2026-02", 316_422), ("2026-03", 332_589), ("2026-04", 332_589)]
)  # fmt: skip
def test_the_limit_of_jp_is_that_of_the_month(month: str, jp: int) -> None:
    programs = [{"program": one, "since": "2019-11-02"} for one in ("JKK", "JKM", "JHT", "JP")]
    found = savings_for(earner(20_000_000, programs=programs), month_index(month), BOOK)
    assert found is not None and [(one.program, one.amount) for one in found] == [("JHT", 1_140_000), ("JP", jp)]


@pytest.mark.parametrize(
    ("declared", "sector", "funded_by", "month", "amount"),
    [
        (2_800_000, "other", "member", "2025-12", 36_300),
        (2_800_000, "transport", "member", "2025-12", 36_300),
        (2_800_000, "transport", "member", "2026-01", 18_150),
        (2_800_000, "transport", "member", "2026-02", 18_150),
        (2_800_000, "other", "member", "2026-02", 36_300),
        (2_800_000, "other", "member", "2026-03", 36_300),
        (2_800_000, "other", "member", "2026-04", 18_150),
        (1_000_000, "other", "member", "2026-04", 8_400),
        (1_000_000, "other", "member", "2025-04", 16_800),
        (2_800_000, "other", "member", "2026-12", 18_150),
        (2_800_000, "other", "member", "2027-01", 36_300),
        (2_800_000, "transport", "member", "2027-03", 18_150),
        (2_800_000, "transport", "member", "2027-04", 36_300),
        (2_800_000, "transport", "state_budget", "2026-02", 36_300),
        (2_800_000, "other", "state_budget", "2026-04", 36_300),
    ],
)
def test_the_self_employed_owe_by_the_table_and_the_relief_of_their_sector(
    declared: int, sector: str, funded_by: str, month: str, amount: int
) -> None:
    found = owed(bpu(declared_income=declared, sector=sector, funded_by=funded_by), month)
    assert found.amount == amount == sum(share.amount for share in found.shares)
    assert bool(found.reliefs) == (sum(share.full for share in found.shares) != amount)


def test_every_row_of_the_table_comes_to_one_percent_and_6800() -> None:
    for row in BOOK.on(day("2024-01-01")).bpu_income_table.value:
        assert owed(bpu(declared_income=row["from"]), "2024-01").amount == row["base"] // 100 + 6_800


@pytest.mark.parametrize(
    ("risk_class", "jkk"),
    [("very_low", 9_600), ("low", 21_600), ("medium", 35_600), ("high", 50_800), ("very_high", 69_600)],
)
def test_an_employer_owes_by_risk_class_and_three_per_mille_for_jkm(risk_class: str, jkk: int) -> None:
    found = owed(earner(employer={"risk_class": risk_class}), "2024-01")
    assert [(share.program, share.amount) for share in found.shares] == [("JKK", jkk), ("JKM", 12_000)]
    assert found.due_on == day("2024-02-15") and found.reliefs == ()
    assert found.shares[0].reference == "PP 44/2015 art 16, Lampiran I" and found.shares[0].marker == "VERIFIED-2"


@pytest.mark.parametrize(
    ("month", "amount"), [("2020-07", 33_600), ("2020-08", 336), ("2021-01", 336), ("2021-02", 33_600)]
)
def test_in_the_pandemic_one_percent_of_the_contribution_was_owed(month: str, amount: int) -> None:
    found = owed(earner(), month)
    assert found.amount == amount and found.reliefs == (("PP 49/2020",) if amount == 336 else ())


def test_each_share_is_rounded_half_up_once() -> None:
    found = owed(earner(4_000_250, employer={"risk_class": "low"}), "2024-01")  # 21,601.35 and 12,000.75
    assert [share.amount for share in found.shares] == [21_601, 12_001]
    assert [share.amount for share in owed(earner(2_500, employer={"risk_class": "low"}), "2024-01").shares] == [14, 8]


@pytest.mark.parametrize(
    ("month", "possible"), [("2025-01", ()), ("2025-02", ("PP 7/2025",)), ("2026-01", ("PP 7/2025",)), ("2026-02", ())]
)
def test_a_relief_only_the_employer_can_prove_is_named_and_not_applied(month: str, possible: tuple[str, ...]) -> None:
    found = owed(earner(), month)
    assert found.possible_reliefs == possible and found.amount == 33_600


def test_a_project_with_known_wages_owes_by_wages_and_one_without_by_its_contract() -> None:
    found = owed(earner(4_000_000, segment="JAKON"), "2024-01")
    assert [share.amount for share in found.shares] == [69_600, 12_000] and found.due_on is None
    assert owed(fold(make.registered(segment="JAKON")), "2024-01").missing == "contract_value"


@pytest.mark.parametrize(
    ("value", "jkk", "jkm"),
    [
        (0, 0, 0),
        (100_000_000, 210_000, 30_000),
        (500_000_000, 890_000, 110_000),
        (1_000_000_000, 1_540_000, 210_000),
        (5_000_000_000, 5_940_000, 610_000),
        (6_000_000_000, 6_840_000, 710_000),
        (100_000_001, 210_000, 30_000),
    ],
)
def test_a_construction_contract_owes_band_by_band(value: int, jkk: int, jkm: int) -> None:
    shares = construction_contribution(value, day("2024-01-01"), BOOK)
    assert [(share.program, share.amount) for share in shares] == [("JKK", jkk), ("JKM", jkm)]


def test_what_is_missing_to_say_what_is_owed_is_named() -> None:
    assert owed(fold(make.registered()), "2024-01").missing == "wage"
    assert owed(earner(employer=None), "2024-01").missing == "risk_class"
    found = owed(earner(segment="PMI"), "2024-01")
    assert (found.missing, found.amount, found.shares) == ("contract", None, ())


def test_only_the_programs_held_in_the_month_are_owed() -> None:
    member = earner(
        programs=[held("JKM", "2019-11-01"), held("JKK", "2020-06-30", "2020-08-01"), held("JHT", "2019-11-01")]
    )
    by_month = {
        month: [share.program for share in owed(member, month).shares]
        for month in ("2020-05", "2020-06", "2020-08", "2020-09")
    }
    assert by_month == {"2020-05": ["JKM"], "2020-06": ["JKK", "JKM"], "2020-08": ["JKK", "JKM"], "2020-09": ["JKM"]}


@pytest.mark.parametrize(
    ("month", "is_owed"), [("2019-10", False), ("2019-11", True), ("2021-06", True), ("2021-07", False)]
)
def test_nothing_is_owed_before_the_registration_nor_after_the_month_of_the_end(month: str, is_owed: bool) -> None:
    member = earner(4_000_000, ended("2021-06-01"))
    assert (owed_for(member, month_index(month), BOOK) is not None) is is_owed


def test_the_account_lists_what_was_owed_and_paid_for_each_month() -> None:
    member = earner(
        4_000_000, make.paid("2019-11", "2019-11", "2019-11-02"), make.paid("2019-12", "2019-12", "2020-01-16")
    )
    rows = account(member, day("2020-03-17"), BOOK)
    assert [(row.owed.month, str(row.paid_on), row.is_late) for row in rows] == [
        ("2019-11", "2019-11-02", False),
        ("2019-12", "2020-01-16", True),
        ("2020-01", "None", True),
        ("2020-02", "None", True),
        ("2020-03", "None", False),
    ]
    assert account(member, day("2020-01-15"), BOOK)[1].paid_on is None, "it is paid on the sixteenth"
    assert account(member, day("2019-10-31"), BOOK) == ()


def test_arrears_are_the_months_that_a_decision_counts() -> None:
    member = earner(
        4_000_000, make.paid("2019-11", "2019-11", "2019-11-02"), make.paid("2020-02", "2020-02", "2020-03-01")
    )
    assert [row.owed.month for row in arrears(member, day("2020-05-16"), BOOK)] == ["2020-03", "2020-04"]
    assert arrears(member, day("2020-04-15"), BOOK) == ()
    assert arrears(fold(make.registered()), day("2020-04-15"), BOOK) == (), "cover has not started"
    assert arrears(earner(segment="JAKON"), day("2024-01-01"), BOOK) == ()


def fined(month: str, paid_on: str, segment: str = "PU", amount: int | None = 33_600) -> int:
    due_on = due_date(segment, month_index(month), BOOK)
    return late_fine(Owed(month, segment, due_on, (), amount, None, (), ()), day(paid_on), BOOK)


@pytest.mark.parametrize(
    ("paid_on", "fine"), [("2024-02-15", 0), ("2024-02-16", 672), ("2024-03-15", 672), ("2024-03-16", 1_344)]
)
def test_an_employer_pays_two_percent_for_each_month_begun(paid_on: str, fine: int) -> None:
    assert fined("2024-01", paid_on) == fine
    assert fined("2024-01", paid_on, "BPU") == 0
    assert fined("2024-01", paid_on, "JAKON") == 0, "it falls due with a contract"
    assert fined("2024-01", paid_on, amount=None) == 0


@pytest.mark.parametrize(
    ("month", "due", "fine"),
    [
        ("2020-07", "2020-08-18", 672),
        ("2020-08", "2020-09-30", 168),
        ("2020-09", "2020-10-30", 168),
        ("2020-10", "2020-11-30", 168),
        ("2020-11", "2020-12-30", 168),
        ("2020-12", "2021-01-29", 168),
        ("2021-01", "2021-02-26", 168),
        ("2021-02", "2021-03-15", 672),
    ],
)
def test_the_fine_of_a_relief_month_is_half_a_percent(month: str, due: str, fine: int) -> None:
    assert due_date("PU", month_index(month), BOOK) == day(due)
    after = day(due) + dt.timedelta(days=1)
    assert (fined(month, due), fined(month, str(after))) == (0, fine)
    assert fined(month, str(after), "BPU") == 0


def asked(member: Member | None, text: str, program: str = "JKK") -> CoverageAnswer:
    return coverage_answer(member, program, day(text), BOOK)


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("2023-01-04", "no", "MEM_NOT_COVERED_YET"),
        ("2023-01-05", "officer", "MEM_SAME_DAY"),
        ("2023-01-06", "yes", "OK"),
        ("2024-02-15", "yes", "OK"),
        ("2024-02-16", "officer", "MEM_BPU_ARREARS_1_TO_3"),
        ("2024-04-30", "officer", "MEM_BPU_ARREARS_1_TO_3"),
        ("2024-05-01", "no", "MEM_LAPSED"),
        ("2024-05-02", "no", "MEM_LAPSED"),
    ],
)
def test_a_clinic_hears_whether_the_self_employed_are_covered_and_why(text: str, answer: str, reason: str) -> None:
    found = asked(bpu(make.paid("2023-01", "2024-01", "2023-01-05")), text)
    assert (found.answer, found.reason) == (answer, reason)
    assert found.since == day("2023-01-05")
    assert found.paid_through == (None if text == "2023-01-04" else "2024-01")


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("2024-02-15", "yes", "OK"),
        ("2024-02-16", "yes", "MEM_PU_ARREARS_LE3"),
        ("2024-05-15", "yes", "MEM_PU_ARREARS_LE3"),
        ("2024-05-16", "officer", "MEM_PU_ARREARS_GT3"),
    ],
)
def test_a_wage_earner_is_covered_while_the_employer_is_in_arrears(text: str, answer: str, reason: str) -> None:
    found = asked(earner(4_000_000, make.paid("2019-11", "2023-12", "2019-11-02")), text)
    assert (found.answer, found.reason) == (answer, reason)


def test_unknown_numbers_missing_programs_and_migrant_workers_have_answers() -> None:
    assert (asked(None, "2024-01-01").answer, asked(None, "2024-01-01").reason) == ("no", "MEM_NOT_REGISTERED")
    assert asked(Member.new(make.NUMBER), "2024-01-01").reason == "MEM_NOT_REGISTERED"
    only_jkm = earner(4_000_000, make.paid("2019-11", "2026-12", "2019-11-02"), programs=[held("JKM", "2019-11-01")])
    assert asked(only_jkm, "2024-01-01").reason == "MEM_PROGRAM_NOT_HELD"
    assert asked(only_jkm, "2024-01-01", "JKM").reason == "OK"
    assert asked(earner(segment="PMI"), "2024-01-01").reason == "SEG_PMI_OUT_OF_SCOPE"


def test_the_answer_is_what_was_known_when_the_clinic_asked() -> None:
    member = earner(4_000_000, *paid_monthly("2019-11", "2019-12"))
    before = member.as_of(dt.datetime.fromisoformat("2019-11-05T00:00:00+07:00"))
    assert asked(before, "2019-11-20").reason == "MEM_NOT_COVERED_YET"
    assert asked(member, "2019-11-20").reason == "OK"
