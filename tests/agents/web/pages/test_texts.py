"""Both languages have every text, and every text is used."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from agents.web.pages.frame import MENU, ROOM, texts
from agents.web.pages.report_steps import STEPS
from pipeline.explain import LANGUAGES
from pipeline.operations.sign_in import Refusal

BY_CODE = ("questions", "kinds", "areas", "events")  # looked up by a code of the pipeline
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
        assert sorted(re.findall(r"\{\w+\}", said)) == sorted(re.findall(r"\{\w+\}", other[path])), path


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
