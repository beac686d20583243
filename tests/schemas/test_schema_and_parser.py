"""A document fits the published schema of its type exactly where the parser takes it in, but for what is listed."""

import json
from collections import Counter
from random import Random
from typing import Any, Final

import jsonschema_rs
import pytest

from pipeline.messages.admission import admit
from schemas.contract import incompatibilities, json_schemas
from schemas.envelope import type_of
from schemas.events import EVENT_WRITERS, Refused
from schemas.field_rules import UNSAYABLE
from tests.support import events as e
from tests.support.drawn import Drawn

TAKEN_IN: Final = sorted(type_of(model) for model in EVENT_WRITERS)
DRAWN: Final = 600
SCHEMAS: Final = json_schemas()


def validator(kind: str) -> Any:
    return jsonschema_rs.Draft202012Validator(SCHEMAS[kind], validate_formats=True)


def refused(raw: bytes) -> list[str] | None:
    """What the parser says; None: it takes the event in."""
    try:
        admit(raw)
    except Refused as found:
        return [one.message for one in found.errors] or [found.reason]
    return None


def is_unsayable(said: list[str]) -> bool:
    """One such fault may lead to others: a list of which an item is refused is empty."""
    return any(one.startswith(words) for words in UNSAYABLE.values() for one in said)


@pytest.mark.parametrize("kind", TAKEN_IN)
def test_a_drawn_document_fits_the_schema_where_the_parser_takes_it_in(kind: str) -> None:
    fits, drawn = validator(kind), Drawn(SCHEMAS[kind], Random(kind))
    counted: Counter[tuple[bool, bool]] = Counter()
    for _ in range(DRAWN):
        document = drawn.document()
        raw = json.dumps(document).encode()
        said, is_valid = refused(raw), fits.is_valid(document)
        counted[is_valid, said is None] += 1
        if is_valid and said is not None:
            assert is_unsayable(said), (said, document)
        elif said is None:
            assert is_valid, ([one.message for one in fits.iter_errors(document)], document)
    assert counted[True, True] > DRAWN / 10 and counted[False, False] > DRAWN / 10, counted


def claim(**sections: Any) -> Any:
    found = e.accident("K-1")
    return found | {"data": found["data"] | sections}


RULE_BROKEN: Final = {
    "nobody named": claim(member={"name": "Sri"}),
    "null for a number": claim(member={"member_number": None, "nik": None}),
    "a disease without its day": claim(
        accident={"occurred_at": "2024-07-07T10:00:00+07:00", "kind": "occupational_disease"}
    ),
    "nothing determined": claim(determination={"by": "minister", "decided_on": "2024-07-07"}),
    "a change of nothing": e.review("K-1", 1, "change", "2024-07-09T10:00:00"),
    "a request for nothing": e.review("K-1", 1, "request_documents", "2024-07-09T10:00:00"),
    "a year before 1900": claim(claimed={"claimed_on": "1899-12-31"}),
    "a letter that cannot be seen": claim(member={"member_number": e.NUMBER, "name": "Sri\u200b"}),
    "an attribute with a dash": claim() | {"trace-id": "1"},
    "an object for an attribute": claim() | {"trace": {}},
}


@pytest.mark.parametrize("what", sorted(RULE_BROKEN))
def test_each_rule_across_fields_is_said_and_enforced(what: str) -> None:
    document = RULE_BROKEN[what]
    assert not validator(document["type"]).is_valid(document)
    assert refused(e.raw(document)) is not None


UNSAID: Final = {
    "a period ends before it begins": e.registered(
        programs=[{"program": "JKK", "since": "2024-02-01", "until": "2024-01-01"}]
    ),
    "a day that the calendar does not have at this hour, as 23:59:60": claim(
        accident={"occurred_at": "2016-12-31T23:59:60Z"}
    ),
    "more than 16 attributes of one's own": claim() | {f"x{number}": 1 for number in range(17)},
    "a whole number of more than 1,024 digits in an attribute": claim() | {"x": 10**1024},
    "a whole number written with a decimal point": claim(costs={"treatment": 1.0}),
    "a character that Unicode has not assigned, or keeps for private use": claim(
        member={"member_number": e.NUMBER, "name": "\U000e0001\ue000"}
    ),
    "more than four marks on one letter": claim(member={"member_number": e.NUMBER, "name": "a" + "\u0323" * 6}),
    "more than 64 KiB": claim(
        accident={"occurred_at": "2024-07-07T10:00:00+07:00", "chronology": "é" * 4000},
        medical={"diagnosis": "é" * 4000},
        children=[{"birth_date": "2015-01-01"}] * 20,
    )
    | {f"x{number}": "y" * 1024 for number in range(16)},
    "a claim id with the NIK of its own event": e.evidence(
        "K3671010101800001", "2024-07-08T08:00:00", member={"nik": "3671010101800001"}
    ),
}


def test_what_no_schema_says_is_listed_and_refused() -> None:
    for name, document in UNSAID.items():
        assert validator(document["type"]).is_valid(document), name
        said = refused(json.dumps(document).encode())
        assert said and any(one.startswith(UNSAYABLE[name]) for one in said), (name, said)
    raw = e.raw(claim())
    twice = refused(raw[:-1] + b',"id":"e2"}')
    assert twice and twice[0].startswith(UNSAYABLE["one key twice in an object"])
    assert UNSAID.keys() | {"one key twice in an object"} == UNSAYABLE.keys()


@pytest.mark.parametrize("occurred_at", ["2024-07-07 10:00+07:00", "2024-07-07T10:00+07:00"])
def test_times_of_other_programs_are_read_besides(occurred_at: str) -> None:
    """JSON Schema knows one way to write a time, RFC 3339; the parser reads more."""
    document = claim(accident={"occurred_at": occurred_at}, claimed={"claimed_on": "2024-07-07T00:00:00"})
    assert refused(e.raw(document)) is None and not validator(document["type"]).is_valid(document)


def test_a_rule_across_fields_that_is_new_makes_a_schema_narrower() -> None:
    before, now = json_schemas()["santunan.claim.accident.v1"], json_schemas()["santunan.claim.accident.v1"]
    now["$defs"]["Costs"]["allOf"] = [{"required": ["treatment"]}]
    assert incompatibilities(before, now) == ["data.costs: a rule across fields is new"]
    assert incompatibilities(now, before) == []
    del before["$defs"]["MemberReference"]["allOf"]
    assert "data.member" not in "".join(incompatibilities(before, now)), "enforced from the start"
