"""A decision as people read it: three renderings read line by line, and what must hold for every other one.

The renderings are in `explanations/`, beside the decisions they explain, as `<decision>.<language>.txt`.
"""

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from pipeline.explain import (
    LANGUAGES,
    Explanation,
    Language,
    NoText,
    Payment,
    day,
    explain,
    render_letter,
    render_text,
    rupiah,
)
from pipeline.explain.arithmetic import exact
from pipeline.explain.facts import CHECK_FACTS, FORMULA_NUMBERS
from schemas.decisions import Benefit, Check, Decision
from tests.explain.test_explain_texts import CODE_NAME
from tests.explain.test_letters import MOST_LINES

HERE = Path(__file__).parent / "explanations"
DECISIONS = ("approved_jkk_death", "pending_jkm_death", "rejected_lapsed_bpu")


def decision(name: str) -> Decision:
    return TypeAdapter(Decision).validate_json((HERE / f"{name}.json").read_bytes())


def section(explained: Explanation, key: str) -> str:
    """All that one section of letter and record says, as one text; empty where there is no such section."""
    lines = [line for one in (*explained.letter, *explained.record) if one.key == key for line in one.lines]
    return " ".join(text for line in lines for text in (line.text, *line.details, line.law))


# --- three renderings


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_reads_as_it_was_reviewed(name: str, language: Language) -> None:
    expected = (HERE / f"{name}.{language}.txt").read_text(encoding="utf-8")
    assert render_text(explain(decision(name), language)) == expected


@pytest.mark.parametrize("width", (40, 80, 120))
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DECISIONS)
def test_no_line_is_wider_than_asked(name: str, language: Language, width: int) -> None:
    lines = render_text(explain(decision(name), language), width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_a_width_that_no_sum_fits_is_refused() -> None:
    explained = explain(decision("approved_jkk_death"), "id")
    assert render_text(explained, 40)
    with pytest.raises(ValueError, match="39"):
        render_text(explained, 39)


# --- figures


@pytest.mark.parametrize(
    ("amount", "indonesian", "english"),
    [
        (0, "Rp0", "Rp0"),
        (999, "Rp999", "Rp999"),
        (1_000, "Rp1.000", "Rp1,000"),
        (42_000_000, "Rp42.000.000", "Rp42,000,000"),
        (-2_500_000, "-Rp2.500.000", "-Rp2,500,000"),
        ("3333333 1/3", "Rp3.333.333 1/3", "Rp3,333,333 1/3"),
    ],
)
def test_rupiah_is_written_as_each_language_writes_it(amount: int | str, indonesian: str, english: str) -> None:
    assert (rupiah(amount, "id"), rupiah(amount, "en")) == (indonesian, english)


def test_a_date_is_written_as_each_language_writes_it() -> None:
    date = dt.date(2025, 2, 24)
    assert (day(date, "id"), day(date, "en")) == ("24 Februari 2025", "24 February 2025")
    assert day("2020-05-01", "id") == "1 Mei 2020"
    assert [day(dt.date(2024, month, 1), "id").split()[1][:3] for month in range(1, 13)] == [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Mei",
        "Jun",
        "Jul",
        "Agu",
        "Sep",
        "Okt",
        "Nov",
        "Des",
    ]


# --- what a family must be told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DECISIONS)
def test_every_decision_says_how_to_appeal_and_by_which_law(name: str, language: Language) -> None:
    explained = explain(decision(name), language)
    assert decision(name).claim_id in section(explained, "objection")
    assert "UU 27/2022" in section(explained, "appeal")


def test_an_officers_decision_is_not_called_automatic() -> None:
    automatic = decision("rejected_lapsed_bpu")
    ruled = replace(automatic, reason_codes=("REV_REJECTED",))
    assert "otomatis" in section(explain(automatic, "id"), "appeal")
    assert "otomatis" not in section(explain(ruled, "id"), "appeal")


def test_a_check_that_an_officer_settled_says_so() -> None:
    facts = {"cover_start": "2024-01-02", "event_date": "2024-01-02"}
    check = Check("cover_started", "met", {**facts, "settled": True}, "decision table, row 6", "DESIGN")
    settled = replace(decision("rejected_lapsed_bpu"), trace=(check,))
    explained = section(explain(settled, "en"), "checks")
    assert "an officer decided that cover was in force" in explained and "before the event" not in explained


def test_a_pending_claim_says_what_to_bring_and_where_it_comes_from() -> None:
    explained = section(explain(decision("pending_jkm_death"), "id"), "todo")
    assert "akta kematian, dari Dukcapil" in explained and "JKM-2024-0031" in explained


def test_a_referral_shows_its_estimate_as_no_promise_and_the_employer_who_pays_first() -> None:
    late = replace(
        decision("rejected_lapsed_bpu"),
        outcome="REFERRED",
        program="JKK",
        indicative_total=4_000_000,
        reason_codes=("REP_LATE_EMPLOYER_LIABLE",),
        liable="EMPLOYER",
    )
    explained = explain(late, "en")
    for key in ("outcome", "amounts"):
        assert "Rp4,000,000" in section(explained, key) and "not yet a promise" in section(explained, key)
    assert "employer has to pay first" in section(explained, "payment")
    assert "not a rejection" in section(explained, "outcome")


def test_a_later_decision_says_what_becomes_of_the_money_before_it() -> None:
    first = decision("pending_jkm_death")
    later = replace(first, revision=2, supersedes=first.decision_id)
    assert "stays as it is" not in section(explain(first, "en"), "outcome")
    assert "stays as it is" in section(explain(later, "en"), "outcome")


def test_an_appeal_that_is_open_and_a_payment_that_was_made_are_told() -> None:
    paid = Payment(223_683_333, dt.date(2023, 6, 5), "heirs")
    explained = explain(
        decision("approved_jkk_death"), "en", payments=(paid,), open_codes=("CLM_APPEALED", "PAY_FAILED")
    )
    assert "Rp223,683,333 was paid to the heirs on 5 June 2023." in section(explained, "payment")
    assert "Your objection has been received" in section(explained, "reason")
    assert "The payment did not reach" in section(explained, "more")


def test_what_goes_to_the_fund_is_told_where_there_is_no_heir() -> None:
    alone = replace(
        decision("approved_jkk_death"), reason_codes=("OK_PARTIAL", "HEIR_NONE_TO_FUND"), fund_amount=32_000_000
    )
    explained = explain(alone, "id")
    assert "Dana Jaminan Sosial" in section(explained, "amounts") and "Rp32.000.000" in section(explained, "amounts")
    assert "disetujui sebagian" in explained.title


def test_an_approval_without_money_says_so() -> None:
    care = replace(decision("approved_jkk_death"), benefits=(), total=0, reason_codes=("OK",))
    explained = explain(care, "en")
    assert (
        "no cash payment" in section(explained, "amounts")
        and "Rp0" in section(explained, "outcome")
        and section(explained, "payment") == ""
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_marker_that_is_used_is_explained_and_no_other(language: Language) -> None:
    only = decision("rejected_lapsed_bpu")
    explained = section(explain(only, language), "markers")
    assert "RECALLED" in explained and "DESIGN" in explained and "(VERIFIED)" not in explained


def test_a_benefit_without_words_is_an_error_and_not_a_code() -> None:
    approved = decision("approved_jkk_death")
    unknown = Benefit("funeral", 1, "heirs", "no_such_formula", {}, "PP 44/2015", "DESIGN")
    with pytest.raises(NoText, match="'en'.*no_such_formula"):
        explain(replace(approved, benefits=(unknown,)), "en")


# --- what must hold for whatever the rules really say


@pytest.fixture(scope="module")
def made() -> tuple[Decision, ...]:
    """One decision of each kind that the made-up portfolio leads to."""
    from agents.demo import portfolio
    from pipeline.errors import Poison
    from pipeline.law.book import Book
    from pipeline.processing.offline import Offline

    offline = Offline(Book.load())
    kinds: dict[object, Decision] = {}
    for document in portfolio():
        try:
            found = offline.take(document)
        except Poison:
            continue  # the portfolio holds what must be refused, too
        for one in found:
            checks = tuple((check.check, check.result, "settled" in check.facts) for check in one.trace)
            kinds.setdefault((one.reason_codes, checks, tuple(line.formula for line in one.benefits)), one)
    assert len(kinds) > 100
    return tuple(kinds.values())


def prose(explained: Explanation) -> Iterator[str]:
    yield explained.title
    sections = (*explained.letter, *explained.record)
    yield from (section(explained, one.key) for one in sections if one.key not in ("markers", "technical"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_rules_decide_can_be_told_without_a_code(made: tuple[Decision, ...], language: Language) -> None:
    for one in made:
        explained = explain(one, language)
        for text in prose(explained):
            assert not CODE_NAME.search(text.replace(one.claim_id, "")), (one.decision_id, text)
            assert "{" not in text and not re.search(r"\d{12}", text)
        assert max(map(len, render_text(explained).splitlines())) <= 80
        assert len(render_letter(explained).splitlines()) <= MOST_LINES


def test_every_fact_and_number_that_the_rules_give_is_known_here(made: tuple[Decision, ...]) -> None:
    for one in made:
        for check in one.trace:
            assert set(check.facts) <= {*CHECK_FACTS[check.check], "settled"}
        for line in one.benefits:
            assert set(line.numbers) <= set(FORMULA_NUMBERS[line.formula])


def test_every_line_is_what_its_own_numbers_come_to(made: tuple[Decision, ...]) -> None:
    lines = [line for one in made for line in one.benefits]
    assert len({line.formula for line in lines}) > 9
    for line in lines:
        assert abs(exact(line.formula, line.numbers) - line.amount) <= Fraction(1, 2), line


def test_importing_the_explanations_loads_neither_pydantic_nor_yaml() -> None:
    asked = "import sys, pipeline.explain; print({'pydantic', 'yaml'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.strip() == "set()"
