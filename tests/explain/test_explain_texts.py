"""Every code a decision can hold has its words in both languages, and the two languages say the same things."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from pipeline.explain import LANGUAGES, NoText, short
from pipeline.explain.facts import CHECK_FACTS, DERIVED_NUMBERS, FORMULA_NUMBERS, KINDS, in_words, placeholders
from pipeline.explain.reasons import is_missing_paper, reason_next, reason_text
from pipeline.explain.texts import ROOMS, room, text
from pipeline.explain.words import check_title, fact_lines, formula_text, reference_text, refusal_text
from pipeline.law import references
from pipeline.law.book import Book
from schemas.claims import Accident, Child, Medical, Relative
from schemas.codes import (
    APPEALED,
    CHECKS,
    FORMER_REASONS,
    PAYMENT_FAILED,
    REASONS,
    CheckResult,
    LineCode,
    Marker,
    Outcome,
    PaperName,
    Payee,
    Program,
    Segment,
)
from schemas.membership import WageBasis
from schemas.values import SOURCE_KINDS
from tests.explain.examples import PREPARED

ROOT = Path(__file__).parents[2]
REASON_CODES = (*dict.fromkeys(itertools.chain(*REASONS.values(), FORMER_REASONS)), APPEALED, PAYMENT_FAILED)
MOST_LETTERS_OF_A_PHRASE = 60
MOST_LETTERS_OF_A_REASON = 200
CODE_NAME = re.compile(r"\b[A-Z]{2,}_[A-Z0-9_]+\b|\b[a-z]+_[a-z_]+\b")

# one value of each kind of fact; a word of a vocabulary is taken from the vocabulary itself
SAMPLES = {
    "flag": True,
    "name": "C-2024-0001",
    "count": 48,
    "day": "2024-02-29",
    "moment": "2024-03-04T15:10:00Z",
    "month": "2024-02",
    "month_names": "2024-02,2024-03",
    "rupiah": 1_500_000,
    "percent": "4.5",
    "fields": "death.died_on,claimed.claimed_on",
    "layers": "B2_PP82+P3_PMK1_2025",
    "paper_names": "ktp,visum",
    "months": 3,
    "days": 45,
    "hours": 20,
    "years": 40,
    "children": 2,
    "papers": 7,
    "memberships": 2,
}


def sample(kind: str) -> Any:
    if kind.startswith("word"):
        return next(iter(room("id", "words")[kind.partition(":")[2]]))
    return SAMPLES[kind]


def leaves(content: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a room with its place; the place of a listed sentence is its number."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from leaves(value, (*path, str(key)))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from leaves(value, (*path, str(number)))
    else:
        yield path, str(content)


def sentences_of(check: str, language: str) -> Iterator[Any]:
    for variant, items in room(language, "checks")[check].items():
        if variant != "title":
            yield from items


# --- each code has its texts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", (*REASON_CODES, *PREPARED))
def test_a_reason_has_a_phrase_and_a_sentence(code: str, language: str) -> None:
    assert 0 < len(short(code, language)) <= MOST_LETTERS_OF_A_PHRASE
    if is_missing_paper(code):
        return  # the letter counts the papers and lists them
    for facts in facts_of_reason(code, language):
        for said in (reason_text(code, language, facts), reason_next(code, language, facts) or "."):
            assert said.endswith(".") and "{" not in said and len(said) <= MOST_LETTERS_OF_A_REASON


def facts_of_reason(code: str, language: str) -> Iterator[dict[str, Any]]:
    """Nothing known, everything known, everything but one fact."""
    check = room(language, "reasons")[code].get("check")
    kinds = CHECK_FACTS[check] if check else {}
    full = {name: sample(kind) for name, kind in kinds.items()}
    yield {}
    yield full
    yield from ({**full, name: None} for name in kinds)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reason_is_explained_that_no_decision_can_hold(language: str) -> None:
    papers = {f"DOC_{name.upper()}_MISSING" for name in get_args(PaperName)}
    assert set(room(language, "reasons")) == ({*REASON_CODES, *PREPARED} - papers) | {"_missing_paper"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_names_only_facts_of_its_check(language: str) -> None:
    for code, entry in room(language, "reasons").items():
        if code == "_missing_paper":
            continue
        assert set(entry) <= {"short", "long", "next", "check"}, code
        for which in ("long", "next"):
            items = entry.get(which, [])
            for item in [items] if isinstance(items, str) else items:
                named = set(placeholders(item if isinstance(item, str) else item["say"]))
                if isinstance(item, dict):
                    assert set(item) <= {"if", "unless", "say"}, code
                    named |= {item[word] for word in ("if", "unless") if word in item}
                assert named <= {*CHECK_FACTS.get(entry.get("check", ""), ())}, code


VOCABULARIES = {
    "outcome": get_args(Outcome),
    "program": get_args(Program),
    "segment": get_args(Segment),
    "payee": get_args(Payee),
    "line": get_args(LineCode),
    "paper": get_args(PaperName),
    "paper_source": get_args(PaperName),
    "marker": get_args(Marker),
    "marker_meaning": get_args(Marker),
    "result": get_args(CheckResult),
    "sender": SOURCE_KINDS,
    "level": get_args(get_args(get_type_hints(Child)["level"])[0]),
    "certified_by": get_args(get_args(get_type_hints(Medical)["certified_by"])[0]),
    "conduct": get_args(get_args(get_type_hints(Accident)["conduct"])[0]),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_vocabulary_names_exactly_what_the_schemas_allow(vocabulary: str, language: str) -> None:
    assert set(room(language, "words")[vocabulary]) == set(VOCABULARIES[vocabulary])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_heir_and_a_wage_are_named_whatever_they_are(language: str) -> None:
    heirs, bases = room(language, "words")["heir"], room(language, "words")["basis"]
    assert set(get_args(get_type_hints(Relative)["relation"])) - {"other"} <= set(heirs)
    assert {"will", "heir_letter"} <= set(heirs) and set(get_args(WageBasis)) <= set(bases)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("check", CHECKS)
def test_a_check_says_each_result_with_all_its_facts_and_with_none(check: str, language: str) -> None:
    assert check_title(check, language)
    facts = {name: sample(kind) for name, kind in CHECK_FACTS[check].items()}
    for result in get_args(CheckResult):
        full = fact_lines(check, result, facts, language)
        assert all(line.endswith(".") and "{" not in line for line in full)
        for extra in ({}, {"settled": True}):
            assert fact_lines(check, result, {**facts, **extra}, language)


# facts without which a result of a check cannot come about; all other facts may be unknown
NEEDED = {
    "law_known": {"event_date": "2020-01-01", "rule_version": "B2_PP82"},
    "segment_in_scope": {"segment": "BPU"},
    "program_held": {"program": "JKK", "event_date": "2020-01-01"},
    "cover_started": {"event_date": "2020-01-01", "cover_start": "2020-01-01"},
    "age_in_range": {"age": 40, "minimum": 15},
    "one_membership": {"memberships": 2},
    "claimed_in_time": {"claim_date": "2020-01-01", "last_day": "2020-01-01"},
    "reported_in_time": {"hours": 50, "limit_hours": 48},
    "papers_complete": {"required": 4, "missing": "ktp"},
    "waiting_transition": {"cover_start": "2020-01-01", "died_on": "2020-02-01"},
    "one_law": {"accident_on": "2020-01-01", "died_on": "2020-02-01"},
    "waiting_period_over": {"cover_start": "2020-01-01", "full_from": "2020-04-01", "died_on": "2020-02-01"},
    "payment_deadline": {"pay_by": "2028-01-03"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("check", CHECKS)
def test_a_check_says_something_where_facts_are_unknown(check: str, language: str) -> None:
    facts = dict.fromkeys(CHECK_FACTS[check]) | NEEDED.get(check, {})
    for result in get_args(CheckResult):
        assert fact_lines(check, result, facts, language)


def test_every_check_and_formula_stands_in_the_tables_and_nothing_else_does() -> None:
    assert tuple(CHECK_FACTS) == CHECKS
    for language in LANGUAGES:
        assert tuple(room(language, "checks")) == CHECKS
        assert tuple(room(language, "formulas")) == tuple(FORMULA_NUMBERS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("formula", FORMULA_NUMBERS)
def test_a_formula_is_written_out_with_its_numbers(formula: str, language: str) -> None:
    numbers = {name: sample(kind) for name, kind in FORMULA_NUMBERS[formula].items()}
    written = formula_text(formula, numbers, 1_500_000, language)
    assert written.endswith(".") and "{" not in written
    assert in_words(1_500_000, "rupiah", language) in written


# --- the texts and the tables agree


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("check", CHECKS)
def test_every_fact_of_a_check_is_said_or_chooses_a_sentence(check: str, language: str) -> None:
    named, conditions = set(), set()
    for item in sentences_of(check, language):
        if isinstance(item, dict):
            assert set(item) <= {"if", "unless", "say"}
            conditions |= {item[word] for word in ("if", "unless") if word in item}
            item = item["say"]
        named |= set(placeholders(item))
    kinds = CHECK_FACTS[check]
    assert named | conditions <= set(kinds)
    assert {name for name, kind in kinds.items() if kind not in ("flag", "unused")} <= named
    assert {name for name, kind in kinds.items() if kind == "flag"} <= conditions - named


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("formula", FORMULA_NUMBERS)
def test_every_number_of_a_formula_is_said(formula: str, language: str) -> None:
    template = room(language, "formulas")[formula]
    items = [item if isinstance(item, str) else item["say"] for item in (*template.get("terms", ()), *template["say"])]
    named = set(itertools.chain(*map(placeholders, items))) - {"result", "terms"}
    kinds = FORMULA_NUMBERS[formula] | DERIVED_NUMBERS.get(formula, {})
    assert named == {name for name, kind in kinds.items() if kind != "flag"}


def test_every_kind_of_fact_is_known() -> None:
    kinds = {kind for table in (CHECK_FACTS, FORMULA_NUMBERS) for one in table.values() for kind in one.values()}
    assert {kind for kind in kinds if not kind.startswith("word")} <= KINDS
    assert {kind.partition(":")[2] for kind in kinds if kind.startswith("word")} <= set(room("id", "words"))


@pytest.mark.parametrize("name", ROOMS)
def test_both_languages_have_the_same_texts_with_the_same_placeholders(name: str) -> None:
    indonesian, english = (dict(leaves(room(language, name))) for language in ("id", "en"))
    assert set(indonesian) == set(english)
    free = ("citation",)  # how an article is cited differs: an Indonesian citation names paragraph and letter
    for path, said in indonesian.items():
        if path[0] not in free:
            assert sorted(set(placeholders(said))) == sorted(set(placeholders(english[path]))), path


def test_no_code_name_and_no_long_number_stands_in_a_text() -> None:
    for language, name in itertools.product(LANGUAGES, ROOMS):
        for path, said in leaves(room(language, name)):
            if path[-1] in ("if", "unless", "check"):
                continue  # a condition names a fact, and `check` where it comes from; neither is shown
            bare = re.sub(r"\{\w+\}", "", said)
            assert not CODE_NAME.search(bare), (language, name, path)
            assert not re.search(r"\d{5}", bare.replace(".", "").replace(",", "")), (language, name, path)


def test_no_key_stands_twice_in_a_file_of_texts() -> None:
    def keys_once(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
            for _, value in node.value:
                keys_once(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                keys_once(value)

    files = sorted((ROOT / "pipeline" / "explain" / "languages").rglob("*.yaml"))
    assert len(files) == len(LANGUAGES) * len(ROOMS)
    for path in files:
        keys_once(yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))


# --- the code and the texts agree


def called_with_a_code(*names: str) -> Iterator[str]:
    for top in ("schemas", "pipeline", "agents"):
        for path in (ROOT / top).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for call in (node for node in nodes if isinstance(node, ast.Call)):
                if getattr(call.func, "id", "") in names and call.args and isinstance(call.args[0], ast.Constant):
                    yield str(call.args[0].value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_refusing_an_event_is_explained(language: str) -> None:
    reasons = set(called_with_a_code("Poison", "Refused"))
    assert {"INVALID", "REVIEW_STALE"} <= reasons
    for reason in reasons:
        assert refusal_text(reason, language) and len(short(reason, language)) <= MOST_LETTERS_OF_A_PHRASE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_that_can_contradict_has_a_name(language: str) -> None:
    source = (ROOT / "pipeline/claims/rules/consistency.py").read_text(encoding="utf-8")
    for field in {"death.died_on", *re.findall(r'"([a-z]+\.[a-z_]+)"', source)}:
        assert text(language, "words", "field", field)


def cited_references() -> set[str]:
    """What the parameters and the rules cite; holidays move deadlines and are never cited themselves."""
    cited = [*vars(references).values()]
    cited += [one for value in cited if isinstance(value, references.Dated) for _, one in value.since]
    found = {one.reference for one in cited if isinstance(one, references.Reference)}
    for name, parameter in Book.load().parameters.items():
        if name != "public_holidays":
            found |= {value.reference for value in parameter.values}
    return found


CITATION = re.compile(
    r"\b(?:PP|UU|Perpres|Permenaker|LN) \d+/\d{4}|\b\d+/\d{4}|Lampiran [IVX]+(?: [A-Z](?:\.\d+)?(?:\.[a-z])?)?"
    r"|\bart (?:\d+[A-Z]?|[IVX]+)(?:\(\w+\)-?)*(?:[a-z]\b)?|Jasa Raharja|BPJS Ketenagakerjaan|[\d\s/;,.()-]+"
)


def test_every_word_in_a_legal_reference_is_translated() -> None:
    phrases = sorted(room("id", "references"), key=len, reverse=True)
    for reference in sorted(cited_references()):
        left = reference
        for phrase in phrases:
            left = left.replace(phrase, "") if phrase != "Lampiran" else left
        assert CITATION.sub("", left) == "", f"add to references.yaml of each language: {reference!r}"


@pytest.mark.parametrize(
    ("reference", "indonesian", "english"),
    [
        ("PP 44/2015 art 37(3)", "PP 44/2015 pasal 37 ayat (3)", "PP 44/2015 article 37(3)"),
        ("PP 44/2015 art 1(6)", "PP 44/2015 pasal 1 angka 6", "PP 44/2015 article 1(6)"),
        ("PP 82/2019 art 25, 34", "PP 82/2019 pasal 25, 34", "PP 82/2019 articles 25, 34"),
        ("PP 44/2015 art 48-50", "PP 44/2015 pasal 48-50", "PP 44/2015 articles 48-50"),
        (
            "Permenaker 1/2025 art 19(3)c",
            "Permenaker 1/2025 pasal 19 ayat (3) huruf c",
            "Permenaker 1/2025 article 19(3)c",
        ),
        (
            "Permenaker 1/2025 art 8(2a)-(2c)",
            "Permenaker 1/2025 pasal 8 ayat (2a)-(2c)",
            "Permenaker 1/2025 article 8(2a)-(2c)",
        ),
        (
            "PP 44/2015 art 39; Permenaker 44/2015 art 19",
            "PP 44/2015 pasal 39; Permenaker 44/2015 pasal 19",
            "PP 44/2015 article 39; Permenaker 44/2015 article 19",
        ),
    ],
)
def test_an_article_is_cited_as_its_language_cites_it(reference: str, indonesian: str, english: str) -> None:
    assert (reference_text(reference, "id"), reference_text(reference, "en")) == (indonesian, english)


# --- nothing is shown as its code


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_code_is_an_error_that_names_code_and_language(language: str) -> None:
    for ask in (
        lambda: short("NO_SUCH_CODE", language),
        lambda: reason_text("NO_SUCH_CODE", language),
        lambda: short("DOC_NO_SUCH_CODE_MISSING", language),
        lambda: check_title("NO_SUCH_CODE", language),
        lambda: fact_lines("registered", "met", {"NO_SUCH_CODE": 1}, language),
        lambda: fact_lines("segment_in_scope", "met", {"segment": "NO_SUCH_CODE"}, language),
        lambda: formula_text("NO_SUCH_CODE", {}, 1, language),
        lambda: formula_text("fixed_amount", {"amount": 1, "NO_SUCH_CODE": 1}, 1, language),
    ):
        with pytest.raises(NoText, match="(?i)no_such_code") as error:
            ask()
        assert language in str(error.value)


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(NoText, match="'jv'"):
        short("OK", "jv")
