"""The letter to a family: short, plain, with the sum and the way to object; and as it was reviewed, for every code."""

import datetime as dt
import re
from dataclasses import replace
from itertools import chain
from typing import get_args

import pytest

from pipeline.explain import LANGUAGES, Language, explain, render_letter, render_text
from pipeline.explain.texts import room
from schemas.codes import APPEALED, CHECKS, EFFECTIVE, PAYMENT_FAILED, REASONS, Outcome, Payee
from schemas.decisions import Decision, Recovery
from tests.explain.examples import Example, decided, examples
from tests.explain.letters import LETTERS, path_of
from tests.explain.plain_words import double_negations, jargon, negations

MOST_LINES, MOST_LETTERS = 20 + 3, 80  # with the head: two lines, and an empty one
OBJECTION: dict[Language, str] = {"id": "berhak mengajukan keberatan", "en": "right to object"}
NO_SUM: dict[Language, tuple[str, ...]] = {
    "id": ("tidak ada uang yang dibayarkan", "Jumlah uangnya ditetapkan setelah", "Jumlah uangnya dihitung setelah"),
    "en": ("No money is paid", "The sum is set when", "The sum is worked out when"),
}
EXAMPLES = pytest.mark.parametrize("name", sorted(examples()))
BOTH = pytest.mark.parametrize("language", LANGUAGES)


def flat(text: str) -> str:
    return " ".join(text.split())


def letter(example: Example, language: Language) -> str:
    return render_letter(example.explained(language))


@BOTH
@EXAMPLES
def test_a_letter_reads_as_it_was_reviewed(name: str, language: Language) -> None:
    written = path_of(name, language)
    assert written.exists(), "`python -m tests.explain.letters` writes the letters; read them before you commit them"
    assert letter(examples()[name], language) == written.read_text(encoding="utf-8")


def test_every_code_has_a_letter_and_no_letter_is_left_over() -> None:
    codes = {*chain(*REASONS.values()), APPEALED, PAYMENT_FAILED}
    assert codes <= set(examples())
    assert set(LETTERS.rglob("*.txt")) == {path_of(name, language) for name in examples() for language in LANGUAGES}
    assert {one.decision.outcome for one in examples().values()} == set(get_args(Outcome))


@BOTH
@EXAMPLES
def test_a_letter_is_short_and_plain(name: str, language: Language) -> None:
    said = letter(examples()[name], language)
    assert len(said.splitlines()) <= MOST_LINES
    assert max(map(len, said.splitlines())) <= MOST_LETTERS
    assert jargon(said, language) == []
    assert double_negations(said, language) == []


@BOTH
@EXAMPLES
def test_a_letter_has_the_sum_and_the_way_to_object(name: str, language: Language) -> None:
    example = examples()[name]
    said = flat(letter(example, language))
    assert OBJECTION[language] in said and said.count(example.decision.claim_id) >= 2
    assert re.search(r"Rp\d", said) or any(words in said for words in NO_SUM[language])


@BOTH
def test_no_statement_of_a_check_holds_a_negation(language: Language) -> None:
    titles = {check: room(language, "checks")[check]["title"] for check in CHECKS}
    assert {check: found for check, title in titles.items() if (found := negations(title, language))} == {}


@BOTH
def test_nothing_the_table_decides_is_told_with_two_negations(language: Language) -> None:
    for name, decision in decided().items():
        assert double_negations(render_text(explain(decision, language)), language) == [], name


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Iuran tidak menunggak melewati batas: tidak terpenuhi.", "id"),
        ("Peserta tidak bukan pekerja.", "id"),
        ("Contributions are not in arrears beyond the limit: not met.", "en"),
        ("It is not without a reason.", "en"),
    ],
)
def test_the_check_for_two_negations_sees_them(text: str, language: Language) -> None:
    assert double_negations(text, language)


def test_the_list_of_jargon_sees_whole_words_only() -> None:
    assert jargon("Klaim kadaluwarsa.", "id") and jargon("Pending.", "id") and jargon("menurut PP 44", "id")
    assert jargon("Pendingin, jodoh, Appung", "id") == []


# --- whatever the table decides, also a second time, and with money asked back


def variants(decision: Decision) -> tuple[Decision, ...]:
    payees: tuple[Payee, ...] = ("heirs", "children", "funeral_arranger")
    back = tuple(Recovery("12345678901", payee, 123_456_789, dt.date(2024, 12, 27)) for payee in payees)
    again = replace(decision, revision=2, supersedes="K.r1")
    return decision, again, replace(again, recoveries=back if decision.outcome in EFFECTIVE else ())


@BOTH
def test_no_decision_makes_a_letter_too_long(language: Language) -> None:
    longest = {
        name: max(len(render_letter(explain(one, language)).splitlines()) for one in variants(decision))
        for name, decision in decided().items()
    }
    assert {name: lines for name, lines in longest.items() if lines > MOST_LINES} == {}


@BOTH
def test_money_asked_back_is_told_with_sum_person_ground_and_day(language: Language) -> None:
    said = flat(letter(examples()["asked_back_from_several"], language))
    words = {
        "id": (
            "Rp64.000.000",
            "dari ahli waris, pengurus pemakaman dan anak peserta",
            "1 Juli 2024",
            "karena menurut keputusan ini",
        ),
        "en": ("Rp64,000,000", "from the heirs", "1 July 2024", "because it was not due"),
    }
    assert all(one in said for one in words[language])
    assert "Rp42.000.000" in flat(render_text(examples()["asked_back_from_several"].explained("id")))


@BOTH
def test_an_officers_reason_is_told_short_above_and_whole_below(language: Language) -> None:
    example = examples()["officer_reason_long"]
    assert example.officer_reason is not None
    assert "Keterangan saksi" in letter(example, language) and " …”" in letter(example, language)
    assert flat(example.officer_reason) in flat(render_text(example.explained(language)))


def test_an_employer_who_owes_is_named_with_the_sum_and_whom_to_ask() -> None:
    said = flat(letter(examples()["owed_by_employer_sum"], "id"))
    assert "wajib ditanggung pemberi kerja" in said and "Rp192.000.000" in said and "Pengawas Ketenagakerjaan" in said
    assert "wajib ditanggung" not in letter(examples()["MEM_LAPSED"], "id")


@BOTH
def test_the_letter_says_who_gets_the_money(language: Language) -> None:
    decision = decided()["C01"]
    children = replace(decision.benefits[0], payee="children")
    one, two = decision, replace(decision, benefits=(*decision.benefits, children))
    words = {
        "id": ("untuk ahli waris.", "untuk ahli waris dan anak peserta."),
        "en": ("the heirs.", "the heirs and the"),
    }
    for paid, said in zip((one, two), words[language], strict=True):
        assert said in flat(render_letter(explain(paid, language)))


def test_a_family_with_a_scholarship_is_told_what_to_bring_each_year() -> None:
    told = "serahkan bukti masih bersekolah setiap tahun"
    assert told in flat(letter(examples()["scholarship"], "id"))
    assert told not in flat(letter(examples()["OK"], "id"))


def test_nobody_is_told_to_wait_for_money_that_was_paid() -> None:
    assert "cukup menunggu" not in letter(examples()["paid"], "id")
    assert "cukup menunggu" in letter(examples()["paid_in_part"], "id")


@BOTH
def test_a_town_stands_before_the_date_where_one_is_set(language: Language) -> None:
    decision = examples()["OK"].decision
    office, dated, number = explain(decision, language, place="Tangerang").head
    assert dated.startswith("Tangerang, ") and dated.endswith(str(decision.decided_at.year))
    assert decision.claim_id in number and "Tangerang" not in office
    assert not any("Tangerang" in one for one in explain(decision, language).head)
