"""For every field of every event and every part of a record a hostile value: it is read, or refused with the name of a
field that says nothing of the value; what is read, the desk takes or refuses. Never a bug, never an exception.

The table is made from the models, so a new field is in it from its first day.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, get_args

import pytest
from pydantic import BaseModel

from pipeline.errors import Poison
from pipeline.messages.intake import Arrival, RefusedRecord, read
from pipeline.messages.records import Record
from schemas import topics
from schemas.events import IntakeEvent, partition_key
from tests.messages.test_intake import CANARY, RECEIVED_MS
from tests.support import events as e
from tests.support.scene import Scene

EVENTS: Final = {
    "santunan.member.registered.v1": e.registered(declared_income=1, name="Siti"),
    "santunan.member.programs-changed.v1": e.event(
        "member.programs-changed", {"member_number": e.NUMBER, "programs": [{"program": "JKK", "since": "2020-01-01"}]}
    ),
    "santunan.member.wage-reported.v1": e.wage("2024-06", 4_000_000),
    "santunan.member.contribution-paid.v1": e.paid("2024-05", "2024-06", "2024-06-10"),
    "santunan.member.ended.v1": e.event("member.ended", {"member_number": e.NUMBER, "ended_on": "2024-06-30"}),
    "santunan.claim.accident.v1": e.accident(),
    "santunan.claim.death.v1": e.death(),
    "santunan.claim.evidence.v1": e.evidence("K1", "2024-07-07T20:00:00", member_number=e.NUMBER),
    "santunan.claim.appealed.v1": e.appeal("K1", "2024-07-07T20:00:00"),
    "santunan.claim.reviewed.v1": e.review("K1", 1, "reassess", "2024-07-07T20:00:00"),
    "santunan.payout.settled.v1": e.settled("K1.r1.member", 5, "2024-07-07"),
    "santunan.payout.failed.v1": e.failed("K1.r1.member", "2024-07-07"),
    "santunan.clock.day-passed.v1": e.day_passed("2024-07-06"),
}
HOSTILE: Final = (
    None,
    True,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    CANARY,
    f"{CANARY}\u202e\x00",
    "x" * 5_000,
    "1720000000",
    "0000-00-00",
    "9999-12-31T24:00:00Z",
    "2024-02-30",
    "\ud800",
    [],
    [[]],
    [None] * 200,
    {},
    {CANARY: CANARY},
    {"\u0000": [{}]},
    # What is allowed, and as far away as it can be.
    0,
    1,
    100,
    36_525,
    10**12,
    "1900-01-01",
    "2100-12-31",
    "1900-01-01T00:00:00+14:00",
    "2100-12-31T23:59:59-12:00",
    ["1900-01", "2099-12"],
    "1900-01",
    "2099-12",
    "Z" * 11,
)


def fields_of(model: Any) -> dict[str, Any]:
    """Name -> annotation, of a model or of a dataclass."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    return {field.name: field.type for field in dataclasses.fields(model)} if dataclasses.is_dataclass(model) else {}


def models_in(annotation: Any) -> Iterator[Any]:
    """The models that an annotation speaks of, through unions and lists."""
    if fields_of(annotation):
        yield annotation
    for one in get_args(annotation):
        yield from models_in(one)


def paths(model: Any, depth: int = 5) -> Iterator[tuple[str, ...]]:
    """Every field of a model and of the models below it."""
    for name, annotation in fields_of(model).items():
        yield (name,)
        if depth:
            for below in models_in(annotation):
                yield from ((name, *path) for path in paths(below, depth - 1))


def with_value(document: Any, path: tuple[str, ...], value: Any) -> Any:
    """The document with this value at the path; what is on the way there is made, in a list where one stands."""
    if not path:
        return value
    if isinstance(document, list):
        return [with_value(document[0] if document else {}, path, value)]
    held = dict(document) if isinstance(document, dict) else {}
    return held | {path[0]: with_value(held.get(path[0]), path[1:], value)}


def event_models() -> dict[str, Any]:
    return {model.model_fields["type"].annotation.__args__[0]: model for model in get_args(IntakeEvent)}


CASES: Final = [(kind, path) for kind, model in sorted(event_models().items()) for path in dict.fromkeys(paths(model))]


def judged(raw: bytes, **record: Any) -> Arrival | RefusedRecord:
    """What is read from it, in history, where every type belongs. A refusal names a field and no value."""
    fields = {"offset": 7, "timestamp_ms": RECEIVED_MS, "key": b"k", "value": raw, "headers": ()} | record
    found = read(Record(**fields), topics.HISTORY, 0)
    if isinstance(found, RefusedRecord):
        assert found.poison.reason != "BUG"
        assert found.poison.errors and all(one.field and one.message for one in found.poison.errors)
        assert CANARY not in f"{found.poison.reason} {found.poison.errors}"
    else:
        partition_key(found.event)
    return found


def test_every_type_of_event_is_in_the_table() -> None:
    assert EVENTS.keys() == event_models().keys()
    assert all(isinstance(judged(e.raw(document)), Arrival) for document in EVENTS.values())
    assert len(CASES) > 500


@pytest.mark.parametrize(("kind", "path"), CASES, ids=[f"{kind}:{'.'.join(path)}" for kind, path in CASES])
def test_a_hostile_value_in_a_field_is_read_or_refused_by_name(kind: str, path: tuple[str, ...]) -> None:
    scene = Scene(*e.member(), e.accident("K0"), e.accident("K1", "2024-07-05"))
    for place, value in enumerate(HOSTILE):
        found = judged(json.dumps(with_value(EVENTS[kind], path, value)).encode())
        if isinstance(found, Arrival):
            with suppress(Poison):
                scene.desk.take(found.event, found.clock, order=100 + place)


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_a_field_that_is_missing_or_unknown_is_refused_by_name(kind: str) -> None:
    document = EVENTS[kind]
    for name in document["data"]:
        judged(e.raw(document | {"data": {key: one for key, one in document["data"].items() if key != name}}))
    for name in ("specversion", "id", "source", "type", "time", "data"):
        found = judged(e.raw({key: one for key, one in document.items() if key != name}))
        assert isinstance(found, RefusedRecord)
    assert isinstance(judged(e.raw(document | {"data": document["data"] | {CANARY: 1}})), RefusedRecord)


RECORD: Final[dict[str, tuple[Any, ...]]] = {
    "key": (None, b"", b"\xff", CANARY.encode(), b"k" * 100_000),
    "timestamp_ms": (-(2**63), -1, 0, 2**63 - 1),
    "headers": tuple(
        ((name, value),)
        for name, value in itertools.product(
            ("received-at", "", "content-type", CANARY, "x" * 10_000),
            (b"", b"\xff", b"-1", b"1e9", b"9" * 5_000, CANARY.encode(), b"0x10", b" 1", b"1\n"),
        )
    ),
}
RECORD_CASES: Final = [(part, value) for part, values in RECORD.items() for value in values]


@pytest.mark.parametrize("topic", topics.INTAKE)
@pytest.mark.parametrize(("part", "value"), RECORD_CASES)
def test_a_hostile_part_of_a_record_is_read_or_refused(part: str, value: Any, topic: str) -> None:
    for document in EVENTS.values():
        fields = {"offset": 7, "timestamp_ms": RECEIVED_MS, "key": b"k", "value": e.raw(document), "headers": ()}
        found = read(Record(**(fields | {part: value})), topic, 0)
        if isinstance(found, RefusedRecord):
            assert found.poison.reason != "BUG" and found.poison.errors
            assert CANARY not in f"{found.poison.reason} {found.poison.errors}"
