"""Over Kafka the topics say in which order their events were processed: a replay of them leads to the same outputs."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pipeline.audit.replay import replay
from pipeline.audit.topic_history import TopicHistory, TopicRecord
from pipeline.messages.order import HEADER, Processed, processed
from pipeline.messages.records import Message, Record
from schemas import topics
from tests.support import events as e
from tests.support.site import NOW_MS, Site

SECOND, THIRD = ("20000000022", "3671010101800002"), ("20000000033", e.NIK)


@pytest.fixture
def site(new_database: Callable[[], str]) -> Iterator[Site]:
    """A broker in memory: registrations that come before, between and after claims, in two partitions."""
    made = Site(new_database())
    made.processor.notes_order = True
    made.run(*e.member(), topic=topics.MEMBERS)
    made.run(e.accident("K1"), e.accident("K2", number=SECOND[0]), topic=topics.ACCIDENTS, size=1)
    made.run(*e.member(*SECOND), topic=topics.MEMBERS, size=2)
    made.run(*e.member(*THIRD), topic=topics.MEMBERS, partition=1)
    made.run(e.accident("K3", number=SECOND[0]), e.accident("K4", number=THIRD[0]), topic=topics.ACCIDENTS, partition=1)
    made.run(e.evidence("K5", "2024-07-20T10:00:00", number=SECOND[0], documents=["ktp"]), topic=topics.DEATHS)
    made.run(e.death("K5", "2024-10-10", SECOND[0]), e.day_passed("2026-08-03"), topic=topics.HISTORY, together=2)
    made.run(e.wage("2024-06", 9_000_000), topic=topics.MEMBERS)
    made.run(e.accident("K6", "2024-03-03"), topic=topics.ACCIDENTS)
    yield made
    made.close()


def records_of(site: Site, outputs: list[Message]) -> Iterator[TopicRecord]:
    for (topic, partition), records in site.sent.items():
        yield from (TopicRecord(topic, partition, record) for record in records)
    for offset, one in enumerate(outputs):
        yield TopicRecord(one.topic, 0, Record(offset, NOW_MS + offset, one.key, one.value, one.headers))


def history_of(site: Site, outputs: list[Message]) -> TopicHistory:
    found = TopicHistory()
    found.fill(records_of(site, outputs))
    found.arrange({}, is_in_order=False)
    return found


def test_topics_with_notes_of_their_order_lead_to_the_same(site: Site) -> None:
    with history_of(site, site.published) as history:
        found = replay(history)
    assert found.differences == () and found.decisions == len(site.decisions()) >= 7
    assert replay(site.store).differences == ()


def test_without_notes_the_order_is_a_guess_and_it_is_said(site: Site) -> None:
    with history_of(site, [replace(one, headers=()) for one in site.published]) as history:
        assert history.guessed == sum(map(len, site.sent.values()))
        assert {one.claim_id for one in replay(history).differences} >= {"K2"}, "its member was registered later"


def test_a_successor_publishes_the_same_notes(site: Site) -> None:
    successor = site.worker()
    successor.notes_order = True
    _, left = successor.take_over(dict.fromkeys(site.sent, 0))
    assert left == site.published
    assert sum(HEADER in dict(one.headers) for one in left) > 5


def test_a_header_says_what_was_written() -> None:
    note = Processed(7, topics.DEATHS, 1, 3, 9, {topics.MEMBERS: 5})
    (header,) = note.on(Message(topics.DECISIONS, b"k", b"v")).headers
    assert header[0] == HEADER and processed(header[1]) == note
    for foreign in (b"", b"{}", b"[1]", b'[1,"t",0,"x",2,{}]', "café"):
        assert processed(foreign) is None
