"""The submitter over a real broker: what becomes of a producer that could not deliver."""

import pytest

from agents.clients import Outgoing, open_history
from agents.clients.submitter import KafkaSubmitter
from agents.settings import Settings
from pipeline.errors import NotReady
from schemas import topics


def event(value: bytes) -> Outgoing:
    return Outgoing(topics.ACCIDENTS, b"k", 0, value, "urn:santunan:clinic:a", value.decode(), None)


def test_a_producer_that_is_given_up_is_gone_and_delivers_nothing_more(kafka_settings: Settings) -> None:
    """What it still held is in the spool, and goes out from there alone."""
    submitter = KafkaSubmitter(kafka_settings)
    submitter._sent(event(b"1")).get(timeout=20)
    producer = submitter._producer
    producer._accumulator.config["linger_ms"] = 60_000  # holds back what comes now, as if the broker were away
    waiting = submitter._sent(event(b"2"))
    submitter._drop_producer()
    assert waiting.failed()
    assert producer._closed and not producer._sender.is_alive()
    submitter.close()
    with open_history(kafka_settings) as history:
        assert [one.value for one in history.read([topics.ACCIDENTS])] == [b"1"]


def test_a_topic_that_does_not_exist_is_not_a_broker_that_is_away(
    kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.clients.submitter.DELIVERY_SECONDS", 2.0)
    missing = Outgoing("claims.nothing", b"k", 0, b"1", "urn:santunan:clinic:a", "1", None)
    with KafkaSubmitter(kafka_settings) as clinic, pytest.raises(NotReady, match="santunan topics create"):
        list(clinic.send([missing]))
