"""No field of a record, whatever is in it, ends the worker: what cannot be read becomes a dead letter."""

from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.messages.records import RECEIVED_AT, Chunk, Record
from schemas import topics
from tests.support import events as e
from tests.support.site import NOW_MS, Site

LONG = 1 << 20
KEYS = (None, b"", b"\xff\xfe\x00", b"k" * LONG)
VALUES = (
    b"",
    b"\x00",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b"5",
    b"[" * 60_000,
    b"9" * 60_000,
    b'{"a":' * 9_000,
    b"x" * LONG,
)
STAMPS = (-(2**63), -1, 0, 253_402_300_800_000, 2**63 - 1)
HEADERS = (
    (RECEIVED_AT, b""),
    (RECEIVED_AT, b"-1"),
    (RECEIVED_AT, b"1.5"),
    (RECEIVED_AT, b"99999999999999"),
    (RECEIVED_AT, b"9" * 5_000),
    (RECEIVED_AT, b"\xff"),
    (RECEIVED_AT, "１".encode()),
)
FIELDS: dict[str, tuple[Any, ...]] = {
    "key": KEYS,
    "value": VALUES,
    "timestamp_ms": STAMPS,
    "headers": tuple((one,) for one in HEADERS),
}
CASES = [(field, value) for field, values in FIELDS.items() for value in values]
NAMES = [f"{field}-{number}" for field, values in FIELDS.items() for number in range(len(values))]


def put(site: Site, topic: str, *records: Record) -> None:
    """Over Kafka as the broker gives them; a file's log is written by our own clients, so it gets the bytes alone."""
    chunk = Chunk(topic, 0, records[0].offset, records[-1].offset + 1, records)
    if site.log is not None:
        for record in records:
            site.send(record.value, topic=topic)
    site.process(chunk)


@pytest.mark.parametrize("topic", [topics.HISTORY, topics.ACCIDENTS])
@pytest.mark.parametrize(("field", "value"), CASES, ids=NAMES)
def test_a_hostile_record_stops_nothing(site: Site, topic: str, field: str, value: Any) -> None:
    site.run(*e.member(), topic=topics.MEMBERS)
    fields = {"key": b"k", "value": e.raw(e.accident("K9", id="hostile")), "timestamp_ms": NOW_MS} | {field: value}
    bad = Record(0, **fields)
    good = Record(1, NOW_MS, b"k", e.raw(e.accident("K1", "2024-07-10", id="good")))
    put(site, topic, bad, good)
    assert "K1" in {claim for claim, *_ in site.decisions()}
    assert "BUG" not in {reason for _, reason in site.refusals()}, "a person would look for a bug that is none"
    assert check(site.store) == []


@pytest.mark.parametrize("header", HEADERS)
def test_a_time_of_receipt_that_is_none_is_refused(site: Site, header: tuple[str, bytes]) -> None:
    put(site, topics.HISTORY, Record(0, NOW_MS, b"k", e.raw(e.accident()), (header,)))
    assert site.refusals() == [(0, "INVALID")]
    (letter,) = site.data(topics.DEAD_LETTERS)
    assert letter["errors"][0]["field"] == f"header {RECEIVED_AT}"


@pytest.mark.parametrize("stamp", [-(2**63), -1, 4_133_980_800_000, 2**63 - 1])
def test_a_stamp_that_is_no_time_is_refused(site: Site, stamp: int) -> None:
    put(site, topics.ACCIDENTS, Record(0, stamp, b"k", e.raw(e.accident())))
    assert site.refusals() == [(0, "INVALID")]
