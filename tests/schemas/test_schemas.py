"""What is published about the events: the committed files, what may change in them, and what others can read."""

import copy
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from agents.demo import portfolio
from pipeline.claims.desk import Desk
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.messages.intake import event_clock, read_event
from pipeline.messages.outputs import OUTPUT_TYPES, SOURCE, refusal_message, waiting_message
from pipeline.messages.records import Message
from schemas.claims import SECTIONS
from schemas.contract import ContractBroken, event_types, incompatibilities, json_schemas, write_schemas
from schemas.decisions import FieldError, Refusal, WaitingEvidence
from schemas.events import Refused, parse

PUBLISHED = Path(__file__).parents[2] / "schemas" / "json"
ACCIDENT = "santunan.claim.accident.v1"


def published() -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in PUBLISHED.glob("*.json")}


def test_the_committed_files_say_what_the_code_says() -> None:
    assert published() == json.loads(json.dumps(json_schemas())), "run: santunan schemas --write schemas/json"


def test_each_type_has_a_file_and_each_file_a_type() -> None:
    assert {kind.type for kind in event_types()} == {file.stem for file in PUBLISHED.glob("*.json")}


@pytest.mark.parametrize(("kind", "schema"), sorted(json_schemas().items()), ids=sorted(json_schemas()))
def test_no_published_type_has_become_narrower(kind: str, schema: Any) -> None:
    assert incompatibilities(published()[kind], schema, is_output=kind in OUTPUT_TYPES) == []


def accident() -> dict[str, Any]:
    return copy.deepcopy(published()[ACCIDENT])


def _remove_a_field(schema: dict[str, Any]) -> None:
    del schema["$defs"]["Costs"]["properties"]["glasses"]


def _require_a_field(schema: dict[str, Any]) -> None:
    schema["$defs"]["AccidentClaim"]["required"].append("claimed")


def _take_a_value_away(schema: dict[str, Any]) -> None:
    schema["$defs"]["Accident"]["properties"]["kind"]["enum"].remove("violence")


def _lower_a_limit(schema: dict[str, Any]) -> None:
    schema["$defs"]["Costs"]["properties"]["treatment"]["anyOf"][0]["maximum"] = 1_000


def _raise_a_floor(schema: dict[str, Any]) -> None:
    schema["$defs"]["HomeCare"]["properties"]["months"]["minimum"] = 2


def _forbid_null(schema: dict[str, Any]) -> None:
    schema["$defs"]["Costs"]["properties"]["treatment"] = {"type": "integer", "minimum": 0, "maximum": 10**12}


def _change_a_type(schema: dict[str, Any]) -> None:
    schema["$defs"]["Conclusion"]["properties"]["work_related"]["type"] = "string"


def _shorten_a_list(schema: dict[str, Any]) -> None:
    schema["$defs"]["AccidentClaim"]["properties"]["documents"]["maxItems"] = 3


def _tighten_a_pattern(schema: dict[str, Any]) -> None:
    schema["$defs"]["AccidentClaim"]["properties"]["claim_id"]["pattern"] = "^[a-z]+$"


def _close_the_envelope(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = False


NARROWER = (
    _remove_a_field,
    _require_a_field,
    _take_a_value_away,
    _lower_a_limit,
    _raise_a_floor,
    _forbid_null,
    _change_a_type,
    _shorten_a_list,
    _tighten_a_pattern,
    _close_the_envelope,
)


@pytest.mark.parametrize("change", NARROWER, ids=lambda change: change.__name__.strip("_"))
def test_a_narrower_schema_is_noticed(change: Any) -> None:
    now = accident()
    change(now)
    assert len(incompatibilities(accident(), now)) == 1


# One pattern cannot be said to hold another, and two types share nothing: those count in both directions.
ONE_WAY = [change for change in NARROWER if change not in (_tighten_a_pattern, _change_a_type)]


@pytest.mark.parametrize("change", ONE_WAY, ids=lambda change: change.__name__.strip("_"))
def test_the_same_change_the_other_way_only_widens(change: Any) -> None:
    before = accident()
    change(before)
    assert incompatibilities(before, accident()) == []


def test_readers_of_decisions_may_rely_on_what_was_always_there() -> None:
    now = copy.deepcopy(published()["santunan.decision.made.v1"])
    now["properties"]["data"]["required"].remove("total")
    before = published()["santunan.decision.made.v1"]
    assert incompatibilities(before, now) == []
    assert incompatibilities(before, now, is_output=True) == ["data.total may be missing now"]


def test_a_check_of_the_trace_keeps_its_five_places() -> None:
    now = copy.deepcopy(published()["santunan.decision.made.v1"])
    now["$defs"]["Check"]["prefixItems"][1]["enum"].remove("undetermined")
    found = incompatibilities(published()["santunan.decision.made.v1"], now)
    assert found and all("no longer allows undetermined" in reason for reason in found)


def test_an_optional_field_may_be_added() -> None:
    now = accident()
    now["$defs"]["Costs"]["properties"]["crutches"] = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert incompatibilities(accident(), now) == []


@pytest.mark.parametrize(("pattern", "is_narrower"), [("^(fall|violence)", True), ("^[a-z_]+$", False)])
def test_a_pattern_that_all_values_fit_is_no_narrower(pattern: str, is_narrower: bool) -> None:
    now = accident()
    now["$defs"]["Accident"]["properties"]["kind"] |= {"pattern": pattern}
    now["$defs"]["Accident"]["properties"]["kind"].pop("enum")
    assert bool(incompatibilities(accident(), now)) == is_narrower


def test_a_published_file_is_never_overwritten_by_a_narrower_schema(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    file = tmp_path / f"{ACCIDENT}.json"
    wider = json.loads(file.read_text())
    wider["$defs"]["Accident"]["properties"]["kind"]["enum"].append("earthquake")
    file.write_text(json.dumps(wider))
    with pytest.raises(ContractBroken, match="no longer allows earthquake"):
        write_schemas(tmp_path)
    assert "earthquake" in file.read_text()


def claimed(**sections: Any) -> bytes:
    claim = {"claim_id": "K1", "member": {"member_number": "30000000001"}, "death": {"died_on": "2024-07-07"}}
    envelope = {
        "specversion": "1.0",
        "id": "e1",
        "source": "urn:santunan:office:tangerang",
        "type": "santunan.claim.death.v1",
        "time": "2024-07-08T20:00:00+07:00",
    }
    return json.dumps({**envelope, "data": {**claim, **sections}}).encode()


@pytest.mark.parametrize("section", sorted(set(SECTIONS) - {"documents", "children"}))
def test_a_section_is_refused_in_the_words_that_refuse_an_event(section: str) -> None:
    unknown = "unknown field; remove it, or correct its name"
    with pytest.raises(Refused) as refused:
        parse(claimed(colour=1))
    assert refused.value.errors == (FieldError("data.colour", unknown),)
    with pytest.raises(Refused) as refused:
        parse(claimed(**{section: {"colour": 1}}))
    assert FieldError(f"data.{section}.colour", unknown) in refused.value.errors
    with pytest.raises(Refused) as refused:
        parse(claimed(**{section: "3173012345678901"}))
    assert refused.value.errors == (FieldError(f"data.{section}", "write an object in braces"),)


def test_costs_are_refused_in_the_order_in_which_they_are_published() -> None:
    with pytest.raises(Refused) as refused:
        parse(claimed(costs={"glasses": "1", "return_to_work": "1", "prosthesis": "1", "treatment": "1"}))
    names = ("treatment", "glasses", "prosthesis", "return_to_work")
    assert [one.field for one in refused.value.errors] == [f"data.costs.{name}" for name in names]


def test_nothing_that_was_read_can_be_changed() -> None:
    event: Any = parse(claimed(heirs={"relatives": [{"relation": "widow"}]}))
    for read in (event, event.data, event.data.member, event.data.death, event.data.heirs.relatives[0]):
        for name in vars(read):
            with pytest.raises((FrozenInstanceError, ValidationError)):
                setattr(read, name, None)


def leaving() -> Iterator[Message]:
    """What the portfolio leads to, a dead letter, and evidence whose claim did not come."""
    clock = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    yield waiting_message(
        WaitingEvidence("K1", "K1", 0, ("urn:santunan:clinic:a",), "CLAIM_UNKNOWN", "send it"), 1, clock
    )
    desk, known = Desk(Book.load()), set()
    for order, line in enumerate(portfolio()):
        try:
            event = read_event(line)
            if (event.source, event.id) not in known:
                yield from desk.take(event, event_clock(event, None), order=order)
                known.add((event.source, event.id))
        except Poison as poison:
            refusal = Refusal("history.events", 0, order, poison.reason, poison.errors, None, None, "")
            yield refusal_message(refusal, clock)


class TestCloudEventsOfOthers:
    """The reference library reads what leaves, and what it writes is accepted."""

    def test_it_reads_every_event_and_writes_it_again_acceptably(self) -> None:
        from cloudevents.core.formats.json import JSONFormat
        from cloudevents.core.v1.event import CloudEvent

        form = JSONFormat()
        seen, lines = set(), portfolio()
        for line in lines[:400] + lines[-400:]:
            try:
                event = parse(line)
            except Refused:
                continue
            theirs = form.read(CloudEvent, line)
            again = parse(form.write(theirs))
            assert again == event
            seen.add(event.type)
        assert len(seen) >= 6

    def test_it_reads_every_kind_of_event_that_leaves(self) -> None:
        from cloudevents.core.formats.json import JSONFormat
        from cloudevents.core.v1.event import CloudEvent

        form, seen = JSONFormat(), set()
        readers = {kind: TypeAdapter(data) for kind, (_, data) in OUTPUT_TYPES.items()}
        for message in leaving():
            theirs = form.read(CloudEvent, message.value)
            kind = theirs.get_type()
            assert message.topic == OUTPUT_TYPES[kind][0] and theirs.get_source() == SOURCE and theirs.get_id()
            assert readers[kind].validate_json(json.dumps(theirs.get_data()))
            seen.add(kind)
        assert seen == OUTPUT_TYPES.keys()
