"""Admission: what an event must pass when it is taken in, for every type of event and every field it concerns."""

import copy
import json
import re
from typing import Any

import pytest

from pipeline.messages.admission import admit
from pipeline.messages.intake import Arrival, RefusedRecord, read
from pipeline.messages.records import Record
from schemas import topics
from schemas.contract import json_schemas
from schemas.events import Refused, parse
from tests.support import events as e

SCHEMAS = json_schemas()
DIGITS = "3174099912310077"
EVENTS = {
    one["type"]: one
    for one in (
        e.registered(),
        e.event(
            "member.programs-changed",
            {"member_number": e.NUMBER, "programs": [{"program": "JKK", "since": "2019-11-01"}]},
        ),
        e.wage("2024-01", 4_000_000),
        e.paid("2024-01", "2024-01", "2024-02-01"),
        e.event("member.ended", {"member_number": e.NUMBER, "ended_on": "2024-06-30"}),
        e.accident(),
        e.death(),
        e.evidence("K1", "2024-07-09T10:00:00", documents=["ktp"]),
        e.appeal("K1", "2024-08-05T10:00:00"),
        e.review("K1", 1, "approve", "2024-08-01T10:00:00"),
        e.settled("K1.r1.member", 4_000_000, "2024-08-20"),
        e.failed("K1.r1.member", "2024-08-03"),
        e.day_passed("2024-07-06"),
    )
}
OPENING = ("santunan.claim.accident.v1", "santunan.claim.death.v1")


def document(kind: str, **attributes: Any) -> dict[str, Any]:
    """An event of this type; what begins with `data_` goes into its data."""
    data = {name.removeprefix("data_"): value for name, value in attributes.items() if name.startswith("data_")}
    envelope = {name: value for name, value in attributes.items() if not name.startswith("data_")}
    return {**EVENTS[kind], **envelope, "data": {**EVENTS[kind]["data"], **data}}


def refused(raw: bytes) -> dict[str, str]:
    """Message by field, of an event that cannot be taken in."""
    with pytest.raises(Refused) as found:
        admit(raw)
    assert DIGITS not in str(found.value)
    return {one.field: one.message for one in found.value.errors}


def test_every_type_of_event_is_among_those_tried() -> None:
    from schemas.contract import event_types

    assert EVENTS.keys() == {one.type for one in event_types() if one.direction == "in"}


@pytest.mark.parametrize("kind", EVENTS)
def test_an_ordinary_event_is_taken_in(kind: str) -> None:
    assert admit(e.raw(EVENTS[kind])) == parse(e.raw(EVENTS[kind]))


class TestNames:
    """No name holds 16 digits in a row."""

    @pytest.mark.parametrize("kind", EVENTS)
    @pytest.mark.parametrize("field", ["id", "subject", "source"])
    @pytest.mark.parametrize(
        ("name", "is_refused"),
        [
            (DIGITS[:15], False),
            (DIGITS, True),
            (DIGITS + "5", True),
            (f"a-{DIGITS}-b", True),
            (f"{DIGITS[:15]}-{DIGITS[:15]}", False),
        ],
    )
    def test_no_id_subject_or_source_holds_16_digits(self, kind: str, field: str, name: str, is_refused: bool) -> None:
        written = f"{EVENTS[kind]['source'].rpartition(':')[0]}:{name}" if field == "source" else name
        raw = e.raw(document(kind, **{field: written}))
        assert parse(raw), "it can be read where it is stored"
        if is_refused:
            assert "16 digits" in refused(raw)[field]
        else:
            assert admit(raw)

    @pytest.mark.parametrize("kind", OPENING)
    @pytest.mark.parametrize("digits", [15, 16, 17])
    def test_no_claim_is_opened_under_16_digits(self, kind: str, digits: int) -> None:
        raw = e.raw(document(kind, data_claim_id=f"JKK-{DIGITS}5"[: 4 + digits]))
        if digits > 15:
            assert refused(raw).keys() == {"data.claim_id"}
        else:
            assert admit(raw)

    @pytest.mark.parametrize("kind", [kind for kind, one in EVENTS.items() if "claim_id" in one["data"]])
    def test_later_events_repeat_the_id_of_a_claim_that_was_accepted(self, kind: str) -> None:
        if kind not in OPENING:
            assert admit(e.raw(document(kind, data_claim_id=f"JKK-{DIGITS}")))

    @pytest.mark.parametrize("kind", ["santunan.claim.evidence.v1", *OPENING])
    def test_a_claim_id_is_never_the_nik_that_its_event_tells(self, kind: str) -> None:
        raw = e.raw(document(kind, data_claim_id=f"k-{DIGITS}", data_member={"nik": DIGITS}))
        assert refused(raw).keys() == {"data.claim_id"}

    def test_each_name_that_must_change_is_named(self) -> None:
        found = refused(e.raw(document(OPENING[0], id=DIGITS, subject=DIGITS, data_claim_id=DIGITS)))
        assert found.keys() == {"id", "subject", "data.claim_id"}


def doubled(raw: bytes, key: str, *, blank: str = "") -> bytes:
    """The same document, where the first value of this key stands twice in its object."""
    at = raw.index(f'"{key}":'.encode())
    return raw[:at] + f'"{key}"{blank}:null,'.encode() + raw[at:]


class TestKeysTwice:
    """Each key stands once in its object, however the document is written."""

    @pytest.mark.parametrize("kind", EVENTS)
    @pytest.mark.parametrize("blank", ["", " ", "\t", "\n"])
    def test_every_key_of_every_event_stands_once(self, kind: str, blank: str) -> None:
        event = EVENTS[kind]
        for raw in (e.raw(event), json.dumps(event).replace('": ', '":').encode()):
            for key in (*event, *event["data"]):
                assert refused(doubled(raw, key, blank=blank)) == {
                    key: "the key stands twice in one object; keep one of them"
                }

    @pytest.mark.parametrize("kind", EVENTS)
    @pytest.mark.parametrize("indent", [None, 2])
    def test_blanks_and_escapes_do_not_matter(self, kind: str, indent: int | None) -> None:
        spaced = json.dumps(EVENTS[kind], indent=indent).replace('"urn:', r'"\u0075rn:').encode()
        assert admit(spaced) == admit(e.raw(EVENTS[kind]))

    @pytest.mark.parametrize("text", ['"ktp":', '\\"ktp\\":1,\\"ktp\\":2', "{}", "\\u0022ktp\\u0022:"])
    def test_what_looks_like_a_key_inside_a_text_is_none(self, text: str) -> None:
        chronology = json.dumps(text).encode() if "\\" not in text else f'"{text}"'.encode()
        raw = e.raw(e.accident()).replace(b'"occurred_at":', b'"chronology":' + chronology + b',"occurred_at":')
        assert admit(raw)
        assert refused(doubled(raw, "claim_id"))

    def test_a_key_written_in_two_ways_is_one_key(self) -> None:
        raw = e.raw(e.accident()).replace(b'"claim_id":', rb'"\u0063laim_id":"K2","claim_id":')
        assert refused(raw).keys() == {"claim_id"}

    def test_a_second_key_is_no_way_into_the_worker(self) -> None:
        found = read(Record(0, 1_720_000_000_000, b"k", doubled(e.raw(e.accident()), "claim_id")), topics.ACCIDENTS, 0)
        assert isinstance(found, RefusedRecord) and found.poison.reason == "DUPLICATE_KEY"


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize(
    ("written", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/json;charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/json; charset=utf-8; x=y", False),
        ("application/jsonx", False),
        ("text/csv", False),
        ("", False),
    ],
)
def test_json_in_utf8_is_json_however_it_is_named(kind: str, written: str, is_json: bool) -> None:
    raw = e.raw(document(kind, datacontenttype=written))
    if is_json:
        assert admit(raw)
    else:
        assert refused(raw).keys() == {"datacontenttype"}


@pytest.mark.parametrize("name", [b"application/json; charset=utf-8", b"application/cloudevents+json", b"", b"\xff"])
def test_the_content_type_of_a_record_decides_nothing(name: bytes) -> None:
    record = Record(0, 1_720_500_000_000, b"k", e.raw(e.accident()), (("content-type", name),))
    assert isinstance(read(record, topics.ACCIDENTS, 0), Arrival)


TEXTS = [  # an event, and where it has a text
    (e.accident(), ("accident", "place")),
    (e.accident(), ("accident", "chronology")),
    (e.accident(), ("member", "name")),
    (e.accident(), ("medical", "diagnosis")),
    (e.review("K1", 1, "approve", "2024-08-01T10:00:00"), ("reason",)),
    (
        e.review("K1", 1, "change", "2024-08-01T10:00:00", changes=[{"line": "stmb", "amount": 1}]),
        ("changes", 0, "reason"),
    ),
    (e.appeal("K1", "2024-08-05T10:00:00"), ("ground",)),
    (e.settled("K1.r1.member", 4_000_000, "2024-08-20"), ("reference",)),
    (e.failed("K1.r1.member", "2024-08-03"), ("reason",)),
    (e.registered(), ("name",)),
    (e.registered(), ("channel",)),
]


def with_text(event: Any, place: tuple[str | int, ...], text: str) -> dict[str, Any]:
    copied: dict[str, Any] = copy.deepcopy(event)
    inner = copied["data"]
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = text
    return copied


@pytest.mark.parametrize(
    ("event", "place"), TEXTS, ids=lambda one: ".".join(map(str, one)) if isinstance(one, tuple) else ""
)
class TestTexts:
    """A text looks like itself, and like no other one."""

    @pytest.mark.parametrize(
        "character",
        "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2028\u2029\u2800\u3164\ufe00\ufe0f\uffa0\U00016fe4\U0001d159\U000e0100\U000e01ef",
        ids=lambda one: f"{ord(one):04X}",
    )
    @pytest.mark.parametrize("is_ascii", [False, True])
    def test_what_cannot_be_seen_is_refused(self, event: Any, place: Any, character: str, is_ascii: bool) -> None:
        written = with_text(event, place, f"Siti{character}")
        raw = json.dumps(written, ensure_ascii=is_ascii).encode()
        assert parse(raw), "it can be read where it is stored"
        assert refused(raw) == {
            ".".join(("data", *map(str, place))): f"the character U+{ord(character):04X} cannot be seen; remove it"
        }

    @pytest.mark.parametrize(("marks", "is_refused"), [(1, False), (4, False), (5, True), (60, True)])
    def test_a_letter_has_at_most_four_marks(self, event: Any, place: Any, marks: int, is_refused: bool) -> None:
        raw = e.raw(
            with_text(event, place, "q" + "\u0323\u0336\u20dd"[:2] * 30 if marks == 60 else "q" + "\u0323" * marks)
        )
        assert parse(raw)
        if is_refused:
            assert "more than 4 marks" in next(iter(refused(raw).values()))
        else:
            assert admit(raw)

    @pytest.mark.parametrize(
        "text",
        [
            "Nguy\u1ec5n Th\u1ecb H\u01b0\u01a1ng",
            "Nguye\u0302\u0303n",
            "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f\u064c",
            "\ua9b2\ua9a4\ua9c0\ua9a2\ua9ab\ua9b6",
            "\u1b29\u1b2e\u1b36",
            "\u738b\u5c0f\u660e \uae40\ubbfc\uc218",
            "caf\u00e9\u00a0Rp5 \u2013 \u201cjatuh\u201d\n\tlagi",
        ],
    )
    def test_names_of_many_scripts_are_taken(self, event: Any, place: Any, text: str) -> None:
        assert admit(e.raw(with_text(event, place, text)))


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("name", ["traceparent", "dataschema", "subject", "id"])
@pytest.mark.parametrize("text", ["caf\u00e9", "a\x7f", "a\u200b", "a\tb", "\x1b[2J", "a\nb"])
def test_attributes_of_the_envelope_are_printable_ascii(kind: str, name: str, text: str) -> None:
    assert "printable ASCII" in refused(e.raw(document(kind, **{name: text})))[name]
    assert admit(e.raw(document(kind, **{name: "urn:a b~1"})))


def test_the_name_of_an_attribute_is_repeated_only_where_it_is_a_word() -> None:
    assert refused(e.raw(document(OPENING[0], **{DIGITS: "é"}))).keys() == {"an attribute"}


def test_a_number_of_any_length_beside_a_text_is_read() -> None:
    raw = e.raw(with_text(document(OPENING[0], sequence=0), ("accident", "place"), "é"))
    assert admit(raw.replace(b'"sequence":0', b'"sequence":' + b"9" * 1000))


def test_an_attribute_may_be_a_number_or_a_truth_value() -> None:
    assert admit(e.raw(document(OPENING[0], sequence=5, sampled=True)))


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("name", [DIGITS[:15], DIGITS, DIGITS + "5", f"a-{DIGITS}-b", "a b~1", "é", "a\x7f", ""])
def test_the_published_schema_and_admission_agree_on_names(kind: str, name: str) -> None:
    schema = SCHEMAS[kind]
    places = {"id": schema["properties"]["id"], "subject": schema["properties"]["subject"]["anyOf"][0]}
    if kind in OPENING and name.replace("-", "").isalnum() and name.isascii():
        definition = schema["properties"]["data"]["$ref"].rsplit("/", 1)[1]
        places["data_claim_id"] = schema["$defs"][definition]["properties"]["claim_id"]
    for field, said in places.items():
        fits = re.search(said["pattern"], name) is not None and len(name) >= said.get("minLength", 0)
        try:
            admit(e.raw(document(kind, **{field: name})))
            is_admitted = True
        except Refused:
            is_admitted = False
        assert fits == is_admitted, field
