"""Every field and every choice that a claim can have has words in both languages."""

import dataclasses
import datetime as dt
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from pipeline.explain import LANGUAGES
from pipeline.explain.sections import choices, field_label, section_facts, section_title
from pipeline.explain.texts import room
from schemas.claims import SECTIONS, Accident, Child, Costs, Medical, Sections, Transport

KEEPS_ITS_OWN_WORDS = {"documents"}  # those of the papers


def shapes(path: str, kind: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(path, choices) of each field below; without choices where any value may be written."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from shapes(path, get_args(kind)[0])
    elif origin in (Union, types.UnionType):
        for one in get_args(kind):
            if one is not type(None):
                yield from shapes(path, one)
    elif origin is tuple:
        yield from shapes(path, get_args(kind)[0])
    elif origin is Literal:
        yield path, get_args(kind)
    elif dataclasses.is_dataclass(kind):
        for field in dataclasses.fields(kind):
            yield from shapes(f"{path}.{field.name}", field.type)
    else:
        yield path, ()


FIELDS = {path: chosen for name in SECTIONS for path, chosen in shapes(name, Sections.model_fields[name].annotation)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_field_and_choice_has_words_and_each_word_a_field(language: str) -> None:
    assert len(FIELDS) > 70
    assert set(room(language, "sections")["fields"]) == set(FIELDS)
    chosen = {path: set(names) for path, names in FIELDS.items() if names and path not in KEEPS_ITS_OWN_WORDS}
    assert {path: set(names) for path, names in room(language, "sections")["values"].items()} == chosen
    for section in SECTIONS:
        assert section_title(section, language)


def test_facts_are_shown_as_each_language_writes_them() -> None:
    accident = Accident(dt.datetime(2024, 7, 7, 3, tzinfo=dt.UTC), "violence", "commuting", conduct=("fight",))
    assert section_facts("accident", accident, "id") == [
        ("Kapan terjadi", "7 Juli 2024 10:00 WIB"),
        ("Jenis kejadian", "kekerasan"),
        ("Keadaan saat terjadi", "berangkat atau pulang kerja"),
        ("Dugaan perbuatan peserta", "perkelahian"),
    ]
    costs = Costs(treatment=1_500_000, transport=Transport(land=20_000))
    assert ("Treatment", "Rp1,500,000") in section_facts("costs", costs, "en")
    assert ("Pengangkutan darat, sungai, danau", "Rp20.000") in section_facts("costs", costs, "id")


def test_lists_are_numbered_and_papers_named() -> None:
    children = (Child(dt.date(2015, 3, 1), "SD"), Child(dt.date(2018, 3, 1)))
    (first, said), (second, _) = section_facts("children", children, "en")
    assert (first, second) == ("1", "2") and said.startswith("Born on: 1 March 2015; School: primary school (SD)")
    assert section_facts("documents", frozenset({"ktp", "visum"}), "id") == [
        ("Dokumen", "KTP atau bukti identitas lain, hasil visum")
    ]
    assert section_facts("documents", frozenset(), "id") == []
    assert section_facts("medical", Medical(diagnosis="x"), "en")[-1] == ("Diagnosis", "x")
    assert (
        field_label("medical.diagnosis", "id") == "Diagnosis" and choices("death.cause", "en")["illness"] == "illness"
    )
