"""Nothing is lost: whatever is changed in a resource changes the event, is refused, or is known to change nothing."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from agents.fhir.claims import read_claim_resource
from agents.fhir.eligibility import read_eligibility_request
from schemas.sample_documents import sample_text

NAMES = ("accident-injury.fhir", "death.fhir", "cover.fhir")
JUNK = (None, "", "x", True, 1.5, 10**400, [], {"x": 1}, "2024-08-09T10:00:00")
# Below these paths nothing is said that is not said elsewhere, or that could change the meaning.
SILENT = ("text", "priority", "accident.type", "total", "insurer", "item.sequence", "supportingInfo.sequence",
          "diagnosis.sequence", "insurance.sequence")  # fmt: skip
EXTENSION = [{"url": "urn:x:not", "valueBoolean": True}]


def meaning(document: Any) -> tuple[Any, ...] | None:
    """What the operation would get; None: refused."""
    if document["resourceType"] == "CoverageEligibilityRequest":
        question = read_eligibility_request(document)
        said = (question.member, question.program, question.day, question.provider, question.identifier)
        return None if question.faults else said
    report = read_claim_resource(document)
    return None if report.faults else (report.program, report.provider, report.key, report.data)


def places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*above, name)
        yield from places(inner, (*above, name))


def at(document: Any, place: tuple[str | int, ...]) -> Any:
    for part in place:
        document = document[part]
    return document


@pytest.mark.parametrize("name", NAMES)
def test_junk_anywhere_is_refused_or_changes_the_event(name: str) -> None:
    original = json.loads(sample_text(name))
    before = meaning(original)
    assert before is not None
    dropped = []
    for place in places(original):
        path = ".".join(str(part) for part in place if isinstance(part, str))
        for junk in JUNK:
            if place == ("resourceType",):
                continue  # the route looks at it before
            changed = copy.deepcopy(original)
            at(changed, place[:-1])[place[-1]] = junk
            if meaning(changed) == before and at(original, place) != junk and not path.startswith(SILENT):
                dropped.append((path, junk))
    assert dropped == []


@pytest.mark.parametrize("name", NAMES)
def test_a_modifier_or_an_unknown_name_anywhere_is_refused(name: str) -> None:
    original = json.loads(sample_text(name))
    read = []
    for place in [(), *places(original)]:
        if not isinstance(at(original, place), dict) or place == ("text",):
            continue
        for added in ("modifierExtension", "extension", "unknown", "_extra", "contained", "implicitRules"):
            changed = copy.deepcopy(original)
            found = at(changed, place)
            found[added] = [*found.get(added, ()), *EXTENSION]
            if meaning(changed) is not None:
                read.append((place, added))
    assert read == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_out_is_missed_or_changes_the_event(name: str) -> None:
    original = json.loads(sample_text(name))
    before = meaning(original)
    silent = []
    for place in places(original):
        path = ".".join(str(part) for part in place if isinstance(part, str))
        if place == ("resourceType",):
            continue
        changed = copy.deepcopy(original)
        del at(changed, place[:-1])[place[-1]]
        if meaning(changed) == before:
            silent.append(path)
    may_be_absent = {"text", "text.status", "text.div", "insurer", "total", "accident.type", "accident", "provider"}
    assert {one for one in silent if not one.startswith(SILENT)} <= may_be_absent | {"diagnosis.sequence"}


def test_the_day_of_an_accident_without_its_moment_is_not_lost() -> None:
    document = json.loads(sample_text("death.fhir"))
    assert meaning(document) is not None
    assert meaning(document | {"accident": {"date": "2024-08-07"}}) is None


def test_contained_resources_load_no_models() -> None:
    import sys

    contained = [{"resourceType": "Immunization", "status": "completed"}]
    assert meaning(json.loads(sample_text("death.fhir")) | {"contained": contained}) is None
    assert "fhir.resources.R4B.immunization" not in sys.modules
