"""Attestations: what a door let in is known by its header, and nothing else is."""

import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.messages.attestation import HEADER, Attester
from pipeline.messages.intake import Arrival, RefusedRecord, read
from pipeline.messages.records import RECEIVED_AT, Record
from schemas import topics
from tests.support import events as e

OLD, NEW = b"a" * 64, b"b" * 64
TIME = (RECEIVED_AT, b"1720000000000")
VALUE = e.raw(e.accident())


def record(attester: Attester, topic: str = topics.ACCIDENTS, *others: tuple[str, bytes], **change: Any) -> Record:
    made = Record(0, 1_790_000_000_000, b"19110000083", VALUE, others)
    found = dataclasses.replace(made, headers=(*others, attester.header(topic, made.key, made.value, others)))
    return dataclasses.replace(found, **change)


def test_what_a_door_attests_is_known_by_each_key_in_the_file() -> None:
    before, both, after = Attester([OLD]), Attester([NEW, OLD]), Attester([NEW])
    for signer, reader, is_known in (
        (before, before, True), (before, both, True), (both, both, True), (both, after, True),
        (both, before, False), (before, after, False),
    ):  # fmt: skip
        assert reader.is_attested(record(signer), topics.ACCIDENTS) == is_known
    assert "a" * 8 not in repr(before)


def test_no_part_of_a_record_can_be_changed() -> None:
    attester = Attester([OLD])
    good = record(attester, topics.HISTORY, TIME)
    assert attester.is_attested(good, topics.HISTORY)
    assert not attester.is_attested(good, topics.ACCIDENTS), "of another topic"
    header = good.headers[-1]
    forged = {
        "key": {"key": b"19110000084"},
        "value": {"value": VALUE + b" "},
        "later": {"headers": ((RECEIVED_AT, b"1720000000001"), header)},
        "no time": {"headers": (header,)},
        "two times": {"headers": (TIME, TIME, header)},
        "no header": {"headers": (TIME,)},
        "two headers": {"headers": (TIME, header, header)},
        "empty": {"headers": (TIME, (HEADER, b""))},
        "no value": {"headers": (TIME, (HEADER, None))},
        "one letter": {"headers": (TIME, (HEADER, bytes([header[1][0] ^ 1]) + header[1][1:]))},
    }
    for name, change in forged.items():
        assert not attester.is_attested(dataclasses.replace(good, **change), topics.HISTORY), name


@given(st.tuples(st.binary(max_size=6), st.binary(max_size=6)), st.tuples(st.binary(max_size=6), st.binary(max_size=6)))
def test_no_two_records_are_one_text(first: tuple[bytes, bytes], second: tuple[bytes, bytes]) -> None:
    attester = Attester([OLD])
    codes = [attester.header("claims.accidents", *one) for one in (first, second)]
    assert (codes[0] == codes[1]) == (first == second)


def test_a_boundary_between_two_parts_cannot_be_moved() -> None:
    attester = Attester([OLD])
    splits = [(b"abcdef"[:at], b"abcdef"[at:]) for at in range(7)]
    assert len({attester.header("t", *one)[1] for one in splits}) == len(splits)
    for one, other in itertools.combinations(("t", "ta"), 2):
        assert attester.header(one, b"ab", b"c") != attester.header(other, b"b", b"c")


@pytest.mark.parametrize("topic", [topics.ACCIDENTS, topics.HISTORY])
def test_what_came_past_the_door_is_refused_whatever_it_says(topic: str) -> None:
    attester = Attester([OLD])

    def attests(one: Record, name: str, partition: int) -> bool:
        return attester.is_attested(one, name)

    assert isinstance(read(record(attester, topic), topic, 0, attests), Arrival)
    for value in (VALUE, b"{}", b"\xff", b""):
        found = read(Record(0, 1_790_000_000_000, b"k", value), topic, 0, attests)
        assert isinstance(found, RefusedRecord) and found.poison.reason == "NOT_ATTESTED"
    assert isinstance(read(Record(0, 1_790_000_000_000, b"k", VALUE), topic, 0), Arrival), "without a key nobody asks"
