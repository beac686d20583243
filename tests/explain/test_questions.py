"""Each referral asks an officer one question, in both languages, with the figures of its check."""

import itertools
from dataclasses import replace
from typing import Final

import pytest

from pipeline.explain.facts import CHECK_FACTS, placeholders
from pipeline.explain.questions import ASKED, question
from pipeline.explain.texts import LANGUAGES, NoText, room
from schemas.claims import SECTIONS
from schemas.codes import APPEALED, FORMER_REASONS, PAYMENT_FAILED, REASONS, PaperName
from schemas.decisions import Check, Decision
from tests.explain.examples import decided

# They approve, reject, or wait for a paper: none asks an officer anything. A code that is new must be on one side.
NEVER_ASKED: Final = {
    *REASONS[17],
    *REASONS[18],
    *(set(REASONS[19]) - {"MEM_BACKDATED_PAYMENT"}),
    *(one for one in REASONS[14] if one != "DOC_IDENTITY_MISMATCH"),
    *("REV_REJECTED", "DOC_REQUESTED", "VAL_DATES_CONTRADICT", "CLM_DUPLICATE", "MEM_NOT_REGISTERED"),
    *("MEM_PROGRAM_NOT_HELD", "MEM_NOT_COVERED_YET", "MEM_LAPSED", "MEM_AGE", "MEM_NOT_WORKING", "CLM_EXPIRED"),
    *("JKM_WORK_RELATED", "JKK_NOT_WORK_RELATED", "JKK_UNDER_CONCLUSION"),
    *(set(FORMER_REASONS) - {"CLM_JKM_OLD"}),
}


def test_each_code_asks_a_question_or_is_known_to_ask_none() -> None:
    every = {*itertools.chain(*REASONS.values()), APPEALED, PAYMENT_FAILED, *FORMER_REASONS}
    assert ASKED.keys() | NEVER_ASKED == every
    assert not ASKED.keys() & NEVER_ASKED


@pytest.mark.parametrize("code", sorted(ASKED))
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_referral_asks_one_question_with_and_without_figures(language: str, code: str) -> None:
    texts = room(language, "questions")
    assert texts.keys() == ASKED.keys()
    bare = question(code, language)
    assert bare.endswith("?") and "{" not in bare and bare[0].isupper() and bare.count("?") == 1 and len(bare) <= 120
    items = [texts[code]] if isinstance(texts[code], str) else texts[code]
    said = [one["say"] if isinstance(one, dict) else one for one in items]
    kinds = CHECK_FACTS.get(ASKED[code].check, {})
    assert {name for one in said for name in placeholders(one)} <= kinds.keys()
    assert not placeholders(said[-1]), "the last one needs no figure"


@pytest.mark.parametrize("code", sorted(ASKED))
def test_what_answers_it_is_a_section_and_a_paper_that_exist(code: str) -> None:
    asked = ASKED[code]
    assert set(asked.sections.split()) <= {*SECTIONS, "*"}
    assert set(asked.papers.split()) <= {*PaperName.__args__, "*"}
    assert not asked.check or asked.check in CHECK_FACTS


def asked(code: str, check: str, language: str, **facts: str | int | bool) -> str:
    some: Decision = next(iter(decided().values()))
    return question(code, language, replace(some, trace=(Check(check, "undetermined", dict(facts), "x", "DESIGN"),)))


@pytest.mark.parametrize(
    ("code", "check", "facts", "english", "indonesian"),
    [
        (
            "REP_LATE_EMPLOYER_LIABLE",
            "reported_in_time",
            {"hours": 61, "limit_hours": 48, "reported": True},
            "The employer reported after 61 hours (the limit is 48 hours): is the employer liable?",
            "Pemberi kerja melapor setelah 61 jam (batasnya 48 jam): apakah ia yang harus menanggung?",
        ),
        (
            "REP_LATE_EMPLOYER_LIABLE",
            "reported_in_time",
            {"hours": 61, "limit_hours": 48, "reported": False},
            "After 61 hours the employer has not reported: is the employer liable?",
            "Setelah 61 jam pemberi kerja belum melapor: apakah ia yang harus menanggung?",
        ),
        (
            "BEN_CHILD_CHOICE",
            "child_choice",
            {"children": 3, "limit": 2},
            "Of 3 children who are entitled, choose at most 2 children for the scholarship: which?",
            "Dari 3 anak yang berhak, pilih paling banyak 2 anak untuk beasiswa: anak mana?",
        ),
        (
            "REV_SECOND_OFFICER",
            "second_hand",
            {"officer": "x", "moves": 60_000_000, "limit": 50_000_000},
            "The first officer's ruling moves Rp60,000,000, above his limit of Rp50,000,000: do you decide the same?",
            "Yang diputuskan petugas pertama menggerakkan Rp60.000.000, di atas wewenangnya sebesar Rp50.000.000: "
            "apakah Anda memutuskan sama?",
        ),
    ],
)
def test_a_question_has_the_figures_of_its_check(
    code: str, check: str, facts: dict[str, str | int | bool], english: str, indonesian: str
) -> None:
    assert asked(code, check, "en", **facts) == english
    assert asked(code, check, "id", **facts) == indonesian


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_referral_of_the_rules_is_asked_with_its_own_figures(language: str) -> None:
    referred = [one for one in decided().values() if one.outcome == "REFERRED"]
    assert len(referred) > 30
    said = {question(code, language, one) for one in referred for code in one.reason_codes}
    assert all(one.endswith("?") and "{" not in one for one in said)
    assert sum(any(letter.isdigit() for letter in one) for one in said) > 5


def test_what_asks_nothing_has_no_question() -> None:
    with pytest.raises(NoText):
        question("OK", "id")
