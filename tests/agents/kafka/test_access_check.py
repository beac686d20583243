"""A broker that refuses us, where librdkafka is not installed. With it, on a real broker: test_secured_broker.py."""

import importlib.util
import socket
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from agents.kafka import access_check
from agents.kafka.access_check import require_entrance, socket_address
from agents.kafka.connection import translate_errors
from agents.settings import Settings, read_settings
from pipeline.errors import Transient


def secured(place: str, protocol: str = "SASL_PLAINTEXT") -> Settings:
    return read_settings(
        broker_url=f"kafka+chunks://{place}",
        database_url="postgresql://u@127.0.0.1:1/x",
        kafka_security_protocol=protocol,
        kafka_user="worker",
        kafka_password="wrong",  # noqa: S106 - of no broker
    )


@pytest.fixture
def no_librdkafka(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "confluent_kafka" else found(name))


@pytest.mark.usefixtures("no_librdkafka")
def test_without_librdkafka_a_timeout_names_the_password_and_what_to_install() -> None:
    settings = secured("127.0.0.1:1")
    with pytest.raises(Transient, match=r"may also refuse kafka_user.*santunan\[kafka\]"), translate_errors(settings):
        raise KafkaTimeoutError
    settings = secured("127.0.0.1:1", "SSL")
    with pytest.raises(Transient, match="there.$"), translate_errors(settings):
        raise KafkaTimeoutError


@pytest.mark.usefixtures("no_librdkafka")
def test_without_librdkafka_a_broker_that_answers_is_left_to_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any) -> None:
        pytest.fail("librdkafka was asked")

    monkeypatch.setattr(access_check, "_check_user", never)
    with socket.create_server(("127.0.0.1", 0)) as server:
        require_entrance(secured(f"127.0.0.1:{server.getsockname()[1]}"))


def test_with_librdkafka_a_timeout_is_a_broker_that_is_away() -> None:
    with pytest.raises(Transient, match="there.$"), translate_errors(secured("127.0.0.1:1")):
        raise KafkaTimeoutError


def test_a_broker_that_is_away_is_left_to_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(access_check, "_check_user", lambda place, settings: asked.append(place))
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = f"127.0.0.1:{server.getsockname()[1]}"
        require_entrance(secured(f"127.0.0.1:1,{here}"))
        assert asked == [here], "of several the first that answers is asked"
    require_entrance(secured("127.0.0.1:1"))
    assert asked == [here]


@pytest.mark.parametrize(
    ("place", "address"),
    [("k", ("k", 9092)), ("k:1", ("k", 1)), ("[::1]:1", ("::1", 1)), ("[::1]", ("::1", 9092))],
)
def test_an_address_may_have_a_port_and_brackets(place: str, address: tuple[str, int]) -> None:
    assert socket_address(place) == address
