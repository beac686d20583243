"""Both languages have every text, and every text is used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from agents.web.pages.frame import MENU, ROOM, texts
from agents.web.pages.report_steps import STEPS
from pipeline.explain import LANGUAGES, Language
from pipeline.explain.figures import filled
from pipeline.explain.texts import room
from pipeline.operations.sign_in import Refusal
from pipeline.operations.state import BACKUP

BY_CODE = (
    "questions",
    "kinds",
    "areas",
    "events",
    "actions",
    "reasons",
    "approving",
    "zones",
)  # looked up by a code of the pipeline
BUILT = re.compile(r'\["(\w+_)" ~')  # t.work["verdict_" ~ one]


def leaves(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in found.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_a_text_in_both_languages_with_the_same_places_to_fill(language: str) -> None:
    found, other = (dict(leaves(texts(one))) for one in (language, "en" if language == "id" else "id"))  # type: ignore[arg-type]
    assert found.keys() == other.keys()
    for path, said in found.items():
        assert isinstance(said, str) and all(isinstance(step, str) for step in path), path
        for form in said.split(" | "):
            places = sorted(re.findall(r"\{\w+\}", other[path].partition(" | ")[0]))
            assert sorted(re.findall(r"\{\w+\}", form)) == places, path


def test_each_text_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (*ROOM.rglob("*.html"), *ROOM.glob("*.py")))
    built = tuple(BUILT.findall(sources))
    names = {entry.name for entry in MENU} | {step.name for steps in STEPS.values() for step in steps}
    names |= {one.path for steps in STEPS.values() for step in steps for one in step.questions}
    names |= {reason.lower() for reason in get_args(Refusal)}
    for path, _ in leaves(texts("id")):
        name = path[-1]
        is_used = path[0] in BY_CODE or name.startswith(built) or name in names
        assert is_used or re.search(rf"\b{name}\b", sources), path


# --- counts

# A number before these needs no second form: they are no nouns, or the number is never 1.
NO_NOUNS = {"of", "in", "would", "registered", "earlier"}
COUNTED = re.compile(
    r"\{(?:count|claims|rows|hours|groups|taken|persons|people|good|faults|new|registered|size)\} ([a-z]+)"
)


def english() -> Iterator[tuple[tuple[str, ...], str]]:
    yield from leaves(texts("en"))
    for name in ("calls", "coverage", "sheets"):
        for path, said in leaves(room("en", name)):
            if isinstance(said, str):
                yield (name, *path), said


def test_each_text_with_a_count_has_a_form_for_one() -> None:
    for path, said in english():
        one, _, many = said.partition(" | ")
        wanted = [word for word in COUNTED.findall(said) if word not in NO_NOUNS]
        assert bool(many) == bool(wanted), path
        for word in COUNTED.findall(one) if many else ():
            assert not word.endswith("s") or word in ("access", "follows", "waits"), (path, word)
    for path, said in leaves(texts("id")):
        assert " | " not in said, (path, "Indonesian has one form")


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 claim waits"), (0, "0 claims wait"), (2, "2 claims wait"), ("100+", "100+ claims wait")]
)
def test_the_number_chooses_the_form(count: int | str, said: str) -> None:
    assert filled("{count} claim waits | {count} claims wait", "en", count=count) == said
    assert filled("{first_year}, {row}, {rows}", "id", first_year=1900, row=1234, rows=1234) == "1900, 1234, 1.234"
    assert filled("{file}: {rows} row | {file}: {rows} rows", "en", file="a.csv", rows=1) == "a.csv: 1 row"


def test_no_page_fills_a_count_in_by_itself() -> None:
    for path in ROOM.rglob("*.html"):
        assert 'replace("{' not in path.read_text(encoding="utf-8"), path.name


# --- codes of audit records

CODE = re.compile(r"(?:access|case|claim|dead-letter|factor|key|link|paper|person|session|webhook|work)\.[a-z_]+")


def codes_of_audit_records() -> set[str]:
    """Of each module that makes audit records: the actions, which are literals."""
    found = set()
    for path in (*Path("pipeline").rglob("*.py"), *Path("agents").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "AuditRecord(" not in source and "_recorded(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.add(node.value)
            is_record = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "AuditRecord"
            if is_record and len(node.args) > 2 and isinstance(node.args[2], ast.Constant):
                found.add(node.args[2].value)
    return found | {BACKUP}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_code_of_an_audit_record_has_a_sentence(language: Language) -> None:
    assert texts(language)["actions"].keys() == codes_of_audit_records()


def test_no_browser_ticks_another_choice_in_the_place_of_one_that_is_gone() -> None:
    for path in ROOM.rglob("*.html"):
        for found in re.findall(r'<input type="(?:radio|checkbox)"[^>]*', path.read_text(encoding="utf-8")):
            assert 'autocomplete="off"' in found, (path.name, found)


def test_no_form_that_goes_into_an_address_asks_for_a_person() -> None:
    """Days, codes and names of groups may be there; a number that somebody types may be a NIK."""
    asked = set()
    for path in ROOM.rglob("*.html"):
        for form in re.findall(r'<form method="get".*?</form>', path.read_text(encoding="utf-8"), re.DOTALL):
            asked |= set(re.findall(r'(?:f\.line\(|<(?:input|textarea)[^>]* name=)"(\w+)"', form))
    days = {"day", "first", "second", "since", "until", "moment"}
    assert asked <= days | {"cooperative", "name", "q", "overdue", "back"}, asked
