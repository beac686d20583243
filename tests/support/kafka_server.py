"""A real Kafka for the tests: the one of SANTUNAN_KAFKA (host:port) where it is set, else one started from packages.

One broker a test session. Topics have fixed names, so a test that wants them empty asks for `fresh_topics`.
"""

import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from agents.clients.feed import consumer_of
from agents.kafka import topics as kafka_topics
from agents.kafka.connection import connection_options
from agents.services import servers
from agents.settings import Settings, read_settings
from schemas import topics
from tests.support.java_start import keep_a_start

PARTITIONS = 4
_groups = itertools.count(1)


def _quietly(sentence: str) -> None:
    """Tests say what they find, not what they start."""


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    given = os.environ.get("SANTUNAN_KAFKA")
    if given:
        yield given
        return
    keep_a_start()
    directory = Path(tempfile.mkdtemp(prefix="santunan-kafka-"))
    try:
        yield servers.up(directory, _quietly, only="kafka").kafka_bootstrap
    finally:
        servers.down(directory, _quietly)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def kafka_settings(kafka_bootstrap: str, new_database: Callable[..., str]) -> Settings:
    """Settings of an empty database and a group of its own, on a broker whose topics are there and empty."""
    settings = read_settings(
        broker_url=f"kafka+chunks://{kafka_bootstrap}",
        database_url=new_database(),
        group=f"test-{os.getpid()}-{next(_groups)}",
        partitions=PARTITIONS,
    )
    empty_topics(settings)
    return settings


def empty_topics(settings: Settings) -> None:
    """Delete and create them: the only way to empty a topic that is kept for ever."""
    admin: Any = KafkaAdminClient(**connection_options(settings))
    try:
        old = sorted(set(admin.list_topics()) & set(topics.ALL))
        if old:
            admin.delete_topics(old)
            deadline = time.monotonic() + 30
            while set(admin.list_topics()) & set(old):
                assert time.monotonic() < deadline, "topics were not deleted within half a minute"
                time.sleep(0.05)
    finally:
        admin.close()
    kafka_topics.create(settings)


def ends_of(settings: Settings) -> dict[tuple[str, int], int]:
    """Where the intake topics end, by topic and partition."""
    consumer, assigned = consumer_of(settings, topics.INTAKE)
    try:
        return {(one.topic, one.partition): end for one, end in consumer.end_offsets(assigned).items()}
    finally:
        consumer.close()


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which a worker process reads the same settings."""
    return {
        f"SANTUNAN_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude_defaults=True, exclude_none=True).items()
    }
