"""Hostile input (reliability.md), row by row, and who may write what: refused with a reason, and never repeated."""

import datetime as dt
import json
from typing import Any

import pytest

from pipeline.messages.intake import Arrival, RefusedRecord, claimed_identity, read
from pipeline.messages.records import RECEIVED_AT, Record
from schemas import topics
from tests.support import events as e

RECEIVED = dt.datetime(2024, 7, 8, tzinfo=dt.UTC)
RECEIVED_MS = int(RECEIVED.timestamp() * 1000)
CANARY = "3174099912310077"


def arrive(
    document: Any, topic: str = topics.ACCIDENTS, *, received_ms: int = RECEIVED_MS, headers: Any = ()
) -> Arrival | RefusedRecord:
    value = document if isinstance(document, bytes) else e.raw(document)
    return read(Record(7, received_ms, b"k", value, headers), topic, 0)


def refused(document: Any, topic: str = topics.ACCIDENTS, **how: Any) -> tuple[str, str]:
    """(reason, fields and messages)"""
    found = arrive(document, topic, **how)
    assert isinstance(found, RefusedRecord), "it was accepted"
    return found.poison.reason, "; ".join(f"{one.field}: {one.message}" for one in found.poison.errors)


def accepted(document: Any, topic: str = topics.ACCIDENTS, **how: Any) -> Arrival:
    found = arrive(document, topic, **how)
    assert isinstance(found, Arrival), found
    return found


def with_amount(text: str) -> bytes:
    return e.raw(e.accident(costs={"treatment": 12345})).replace(b"12345", text.encode())


@pytest.mark.parametrize(
    "amount",
    ["NaN", "Infinity", "-Infinity", "1e3", "1.0", "1.5", '"5"', "true", "-1", "1000000000001", "null0", "9" * 5000],
)
def test_an_amount_is_a_whole_number_from_0_to_a_million_million(amount: str) -> None:
    reason, message = refused(with_amount(amount))
    assert reason in ("INVALID", "NOT_JSON")
    assert "9" * 20 not in message


@pytest.mark.parametrize("amount", ["0", "1", "1000000000000"])
def test_the_limits_of_an_amount_are_in_range(amount: str) -> None:
    assert accepted(with_amount(amount)).event.data.costs.treatment == int(amount)  # type: ignore[union-attr]


def test_an_unknown_field_is_refused_and_its_name_repeated_only_where_it_is_a_name() -> None:
    document = e.accident()
    document["data"][CANARY] = 1
    reason, message = refused(document)
    assert reason == "INVALID" and CANARY not in message


@pytest.mark.parametrize("depth", [100, 30_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    assert refused(b"[" * depth + b"]" * depth)[0] in ("NOT_JSON", "UNKNOWN_TYPE", "INVALID")


def test_a_hundred_thousand_brackets_are_too_large_to_be_parsed() -> None:
    assert refused(b"[" * 100_000)[0] == "TOO_LARGE"


def test_an_event_of_64_kib_is_read_and_one_byte_more_is_not() -> None:
    document = e.raw(e.accident())
    limit = 64 * 1024
    assert accepted(document + b" " * (limit - len(document)))
    assert refused(document + b" " * (limit - len(document) + 1))[0] == "TOO_LARGE"


@pytest.mark.parametrize("character", ["\x00", "\u202e", "\u200b", "\ud800", "\ue000", "\U000e0fff", "\x1b"])
def test_text_that_reads_otherwise_than_it_looks_is_refused(character: str) -> None:
    document = e.accident()
    document["data"]["accident"]["chronology"] = f"jatuh{character}dari"
    reason, _ = refused(json.dumps(document).encode())
    assert reason in ("INVALID", "NOT_JSON")


def test_text_is_kept_composed() -> None:
    document = e.accident()
    document["data"]["accident"]["chronology"] = "cafe\u0301\nbaris dua"
    assert accepted(document).event.data.accident.chronology == "caf\u00e9\nbaris dua"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "nik", ["３６７１０１０１０１８００００１", "367101010180000", "36710101018000011", "367101010180000a"]
)
def test_a_nik_is_16_ascii_digits(nik: str) -> None:
    document = e.accident(member={"nik": nik})
    reason, message = refused(document)
    assert reason == "INVALID" and nik not in message


@pytest.mark.parametrize("time", ["2024-07-07T20:00:00", "1720000000", "0001-01-01T00:00:00Z", "2101-01-01T00:00:00Z"])
def test_a_time_has_an_offset_and_lies_in_this_age(time: str) -> None:
    document = e.accident()
    document["time"] = time
    assert refused(document)[0] == "INVALID"


@pytest.mark.parametrize(("seconds", "is_refused"), [(299, False), (300, False), (301, True)])
def test_a_sender_whose_clock_runs_more_than_five_minutes_ahead_is_refused(seconds: int, is_refused: bool) -> None:
    time = (RECEIVED + dt.timedelta(seconds=seconds)).isoformat()
    found = arrive(e.accident(time=time))
    assert isinstance(found, RefusedRecord) == is_refused
    if isinstance(found, RefusedRecord):
        assert found.poison.reason == "TIME_IN_FUTURE"


@pytest.mark.parametrize(
    "value", [b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"{}", b'"text"', b"{" * 50, b'{"type": 1}', b"\xc3\x28"]
)
def test_bytes_that_are_no_event_are_refused(value: bytes) -> None:
    assert refused(value)[0] in ("NOT_JSON", "UNKNOWN_TYPE", "INVALID")


@pytest.mark.parametrize("type", ["santunan.claim.accident.v2", "santunan.decision.made.v1", "x", ""])
def test_an_unknown_type_or_version_is_refused(type: str) -> None:
    assert refused(e.accident() | {"type": type})[0] == "UNKNOWN_TYPE"


def test_an_event_belongs_in_its_topic() -> None:
    reason, message = refused(e.accident(), topics.MEMBERS)
    assert reason == "WRONG_TOPIC" and topics.ACCIDENTS in message
    assert accepted(e.accident(), topics.HISTORY)


@pytest.mark.parametrize(
    ("document", "topic", "source"),
    [
        (e.registered(), topics.MEMBERS, "clinic:plkk-1"),
        (e.review("K1", 1, "approve", "2024-07-07T20:00:00"), topics.REVIEWS, "office:tangerang"),
        (e.settled("K1.r1.member", 5, "2024-07-07"), topics.SETTLEMENTS, "officer:a"),
        (e.day_passed("2024-07-06"), topics.MEMBERS, "office:tangerang"),
        (e.accident(), topics.ACCIDENTS, "officer:a"),
        (e.accident(), topics.ACCIDENTS, "system:clock"),
    ],
)
def test_a_source_writes_only_what_its_kind_may(document: Any, topic: str, source: str) -> None:
    reason, message = refused(document | {"source": f"urn:santunan:{source}"}, topic)
    assert reason == "SOURCE_NOT_ALLOWED" and "it comes from" in message


@pytest.mark.parametrize("source", [e.CLINIC, e.DESK, "urn:santunan:employer:tng00001", "urn:santunan:hospital:rs-1"])
def test_only_the_office_concludes_and_approves(source: str) -> None:
    for section in ({"conclusion": {"work_related": True, "concluded_on": "2024-07-07"}}, {"approved": {}}):
        document = e.evidence("K1", "2024-07-07T20:00:00", source=source, **section)
        reason, message = refused(document)
        assert reason == "SECTION_NOT_ALLOWED" and f"data.{next(iter(section))}" in message and "office" in message


def test_a_clinic_may_not_say_that_there_are_no_children() -> None:
    document = e.evidence("K1", "2024-07-07T20:00:00", source=e.CLINIC, children=[])
    assert refused(document)[0] == "SECTION_NOT_ALLOWED"


def test_a_section_that_is_null_says_nothing() -> None:
    document = e.evidence("K1", "2024-07-07T20:00:00", source=e.CLINIC, conclusion=None, documents=["ktp"])
    assert accepted(document)


def test_the_clock_is_when_the_broker_received_it() -> None:
    found = accepted(e.accident())
    assert found.clock == RECEIVED and not found.is_own_time


def test_the_clock_of_history_is_the_events_own_time() -> None:
    found = accepted(e.accident(time="2024-07-07T20:00:00"), topics.HISTORY)
    assert found.clock == dt.datetime(2024, 7, 7, 13, tzinfo=dt.UTC) and found.is_own_time


def test_a_retry_keeps_the_time_at_which_it_was_received() -> None:
    headers = (("content-type", b"x"), (RECEIVED_AT, str(RECEIVED_MS - 86_400_000).encode()))
    found = accepted(e.accident(time="2024-07-06T20:00:00"), topics.HISTORY, headers=headers)
    assert found.clock == RECEIVED - dt.timedelta(days=1) and not found.is_own_time


@pytest.mark.parametrize("value", [b"", b"soon", b"-1", b"1e12", "１２３".encode(), b"9" * 15])
def test_a_retry_with_an_unreadable_time_is_refused(value: bytes) -> None:
    assert refused(e.accident(), topics.HISTORY, headers=((RECEIVED_AT, value),))[0] == "INVALID"


def test_the_time_of_a_retry_counts_in_history_alone() -> None:
    found = accepted(e.accident(), headers=((RECEIVED_AT, b"0"),))
    assert found.clock == RECEIVED


def test_the_daily_clock_is_an_event_of_its_own_in_each_partition() -> None:
    record = Record(0, RECEIVED_MS, None, e.raw(e.day_passed("2024-07-06")))
    first, second = (read(record, topics.MEMBERS, partition) for partition in (0, 1))
    assert isinstance(first, Arrival) and isinstance(second, Arrival)
    assert first.identity != second.identity and first.event == second.event


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("urn:santunan:clinic:plkk-0012", "e-1")),
        ({"source": CANARY}, (None, "e-1")),
        ({"source": f"urn:santunan:clinic:{CANARY}"}, (None, "e-1")),
        ({"source": "urn:santunan:clinic:x\n"}, (None, "e-1")),
        ({"id": 5}, ("urn:santunan:clinic:plkk-0012", None)),
        ({"id": "x" * 129}, ("urn:santunan:clinic:plkk-0012", None)),
        ({"id": "\u202e"}, ("urn:santunan:clinic:plkk-0012", None)),
    ],
)
def test_of_what_is_refused_source_and_id_are_kept_where_they_have_the_shape(change: Any, expected: Any) -> None:
    document = {"type": "x", "source": "urn:santunan:clinic:plkk-0012", "id": "e-1"} | change
    assert claimed_identity(json.dumps(document).encode()) == expected


@pytest.mark.parametrize("value", [b"\xff", b"[]", b"5", b"[" * 70_000])
def test_nothing_is_kept_of_what_is_no_document(value: bytes) -> None:
    assert claimed_identity(value) == (None, None)
