"""A worker stops where most of what arrives cannot be applied, and not before."""

from collections.abc import Collection, Set

import pytest

from pipeline.errors import BadDeployment, BugFlood, Poison
from pipeline.messages.floods import BUG, FLOOD_LIMIT, FLOOD_WINDOW, UNKNOWN_TYPE, Flood
from pipeline.messages.intake import Arrival, RefusedRecord, read
from pipeline.messages.records import Record
from schemas import topics
from tests.support import events as e

Arrived = list[Arrival | RefusedRecord]


def every(sources: Collection[str]) -> Set[str]:
    return set(sources)


def nobody(sources: Collection[str]) -> Set[str]:
    return set()


def arrive(document: object) -> Arrival | RefusedRecord:
    value = document if isinstance(document, bytes) else e.raw(document)
    return read(Record(0, 1_785_542_400_000, None, value), topics.ACCIDENTS, 0)


def strangers(*sources: str) -> Arrived:
    return [arrive(e.accident() | {"type": "x", "source": f"urn:santunan:clinic:{source}"}) for source in sources]


def bugs(*sources: str) -> Arrived:
    events = [e.accident(source=f"urn:santunan:clinic:{source}") for source in sources]
    return [RefusedRecord(Record(0, 0, None, e.raw(event)), Poison(BUG), 0) for event in events]


ORDINARY: Arrived = [arrive(e.accident())] * FLOOD_WINDOW


def test_a_flood_of_unknown_types_from_two_known_sources_stops_the_worker() -> None:
    window = Flood(UNKNOWN_TYPE)
    window.note(strangers(*["a"] * (FLOOD_LIMIT - 1), "b"), every)
    with pytest.raises(BadDeployment, match="unknown to this version.*--accept-unknown"):
        window.note(strangers("a"), every)


def test_one_sender_alone_never_stops_the_worker() -> None:
    window = Flood(UNKNOWN_TYPE)
    window.note(strangers(*["a"] * 300), every)
    with pytest.raises(BadDeployment):
        window.note(strangers("b"), every)


def test_invented_senders_never_stop_the_worker() -> None:
    window = Flood(UNKNOWN_TYPE)
    window.note(strangers(*[f"x{number}" for number in range(300)]), nobody)
    window.note(strangers(*["a", "x"] * 150), lambda sources: {"urn:santunan:clinic:a"})
    with pytest.raises(BadDeployment):
        window.note(strangers("a"), every)


def test_only_known_senders_are_counted() -> None:
    window = Flood(UNKNOWN_TYPE)
    known = {"urn:santunan:clinic:a", "urn:santunan:clinic:b"}
    window.note(strangers(*["x"] * 50, *["a"] * (FLOOD_LIMIT - 1), "b"), lambda sources: known)
    with pytest.raises(BadDeployment):
        window.note(strangers("b"), lambda sources: known)


def test_a_sender_that_cannot_be_read_counts_as_nobody() -> None:
    unreadable: Arrived = [arrive(b'{"type":"x","source":"NIK"}')] * 50
    window = Flood(UNKNOWN_TYPE)
    window.note([*unreadable, *strangers("a")], every)
    with pytest.raises(BadDeployment):
        window.note(strangers(*["a"] * FLOOD_LIMIT, "b"), every)


def test_known_senders_are_asked_for_only_where_a_flood_may_be() -> None:
    asked: list[Collection[str]] = []

    def ask(sources: Collection[str]) -> Set[str]:
        asked.append(sources)
        return set()

    window = Flood(UNKNOWN_TYPE)
    window.note([*strangers(*"ab" * (FLOOD_LIMIT // 2)), *ORDINARY], ask)
    assert asked == []
    window.note(strangers(*"a" * (FLOOD_LIMIT + 1)), ask)
    assert asked == [{"urn:santunan:clinic:a"}]


def test_what_lies_more_than_a_hundred_events_back_is_forgotten() -> None:
    window = Flood(UNKNOWN_TYPE)
    window.note(strangers(*"ab" * (FLOOD_LIMIT // 2)), every)
    window.note(ORDINARY, every)
    window.note(strangers(*"ab" * (FLOOD_LIMIT // 2)), every)
    copied = window.copy()
    with pytest.raises(BadDeployment):
        window.note(strangers("a"), every)
    with pytest.raises(BadDeployment):
        copied.note(strangers("b"), every)


def test_ordinary_poison_is_no_flood() -> None:
    bad = [arrive(b"no json"), arrive(e.member()[0])]
    assert {type(one) for one in bad} == {RefusedRecord}
    for reason in (UNKNOWN_TYPE, BUG):
        Flood(reason).note(bad * 100, every)


def test_bugs_in_events_of_two_known_sources_stop_the_worker() -> None:
    window = Flood(BUG)
    window.note(bugs(*["a"] * (FLOOD_LIMIT - 1), "b"), every)
    with pytest.raises(BugFlood, match="21 of the last 21"):
        window.note(bugs("a"), every)


def test_nothing_but_bugs_stops_the_worker_whoever_sent_them() -> None:
    window = Flood(BUG)
    window.note(bugs(*["a"] * (FLOOD_WINDOW - 1)), nobody)
    with pytest.raises(BugFlood):
        window.copy().note(bugs("a"), nobody)
    window.note([ORDINARY[0], *bugs(*["a"] * (FLOOD_WINDOW - 1))], nobody)
