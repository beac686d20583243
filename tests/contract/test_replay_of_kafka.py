"""Replay from the topics of a real Kafka: with checkpoints and without, and what it says when records are gone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka.admin import KafkaAdminClient

from agents.checkpoints import send_checkpoints
from agents.kafka.connection import connection_options
from agents.kafka.inspector import Inspector
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from agents.topic_history import read
from pipeline.audit.replay import Replayed, replay
from schemas import topics
from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.kafka_server import environment_of
from tests.support.ledgers import sign
from tests.support.site import Site


@pytest.fixture
def filled(kafka_settings: Settings) -> Iterator[tuple[Settings, Site, str]]:
    """What came in by a broker and was published there, with positions and a signed checkpoint."""
    site = Site(kafka_settings.database_url, partitions=kafka_settings.partitions)
    site.processor.notes_order = True
    producer = Producer(librdkafka_options(kafka_settings))
    sent = {
        topics.MEMBERS: e.member(),
        topics.ACCIDENTS: [e.accident("K1"), e.accident("K2", "2024-03-03"), b"no event"],
    }
    for topic, documents in sent.items():
        for one in documents:
            producer.produce(topic, one if isinstance(one, bytes) else e.raw(one), b"key", 0)
    assert producer.flush(30) == 0
    ends = {(topic, 0): len(documents) for topic, documents in sent.items()}
    for (topic, _), records in Inspector(kafka_settings).records(dict.fromkeys(ends, 0), ends):
        site.sent.setdefault((topic, 0), []).extend(records)  # with the time at which the broker took them
    for (topic, _), end in ends.items():
        site.process(site.chunk(0, end, topic))
    for message in site.published:
        producer.produce(message.topic, message.value, message.key, 0, headers=list(message.headers))
    assert producer.flush(30) == 0
    commit(kafka_settings, ends)
    signed = sign(site)
    assert signed is not None
    send_checkpoints(kafka_settings, signed.messages())
    yield kafka_settings, site, signed.note
    site.close()


def commit(settings: Settings, ends: dict[tuple[str, int], int]) -> None:
    consumer = Consumer({**librdkafka_options(settings), "group.id": settings.group})
    consumer.commit(offsets=[TopicPartition(*place, end) for place, end in ends.items()], asynchronous=False)
    consumer.close()


def administer(settings: Settings, action: str, what: Any) -> None:
    admin: Any = KafkaAdminClient(**connection_options(settings))
    try:
        getattr(admin, action)(what)
    finally:
        admin.close()


def again(settings: Settings) -> Replayed:
    with read(settings) as history:
        return replay(history)


def test_the_topics_of_a_broker_lead_to_what_was_decided(filled: tuple[Settings, Site, str]) -> None:
    settings, site, note = filled
    with read(settings) as history:
        assert list(history.checkpoints()) == [note]
        assert (history.refused, history.unread, history.holes) == (1, 0, 0)
        found = replay(history)
    assert (found.altered, found.differences) == ((), ())
    assert found.decisions == len(site.decisions()) == 2


def test_a_cluster_without_the_topic_of_checkpoints_is_read(filled: tuple[Settings, Site, str]) -> None:
    settings, _, _ = filled
    assert Inspector(settings).has_topic(topics.CHECKPOINTS)
    administer(settings, "delete_topics", [topics.CHECKPOINTS])
    assert not Inspector(settings).has_topic(topics.CHECKPOINTS)
    with read(settings) as history:
        assert list(history.checkpoints()) == []
        assert replay(history).differences == ()


@pytest.mark.parametrize("topic", [topics.MEMBERS, topics.ACCIDENTS, topics.DECISIONS])
def test_a_topic_whose_beginning_is_gone_is_named_and_nothing_is_decided(
    filled: tuple[Settings, Site, str], topic: str, tmp_path: Path
) -> None:
    """As retention leaves it: what comes after would be decided without the members or claims of before."""
    settings, _, _ = filled
    administer(settings, "delete_records", {_place(topic): 1})
    found = again(settings)
    assert (found.altered, found.events) == ((f"{topic}/0/0 to 0",), 0)
    shown = santunan("replay", "--from-topics", cwd=tmp_path, **environment_of(settings))
    assert shown.status == 1 and f"{topic}/0/0 to 0" in shown.out and "topics check" in shown.out


def test_a_topic_that_ends_before_what_was_read_is_named(filled: tuple[Settings, Site, str]) -> None:
    """As after a broker lost its disk, or somebody made the topic anew."""
    settings, site, _ = filled
    end = len(site.sent[topics.ACCIDENTS, 0])
    commit(settings, {(topics.ACCIDENTS, 0): end + 2})
    assert again(settings).altered == (f"{topics.ACCIDENTS}/0/{end} to {end + 1}",)


def _place(topic: str) -> Any:
    from kafka import TopicPartition as Place

    return Place(topic, 0)
