"""Records that any Kafka client can write into an intake topic: a real worker reads on behind each of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from kafka import KafkaProducer

from agents.kafka.connection import connection_options
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from pipeline.audit.invariants import check
from pipeline.messages.records import RECEIVED_AT
from pipeline.store import open_store
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.kafka_server import environment_of


class NotUtf8(str):
    """The name of a header as a client in another language may write it."""

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"\xff\xfe"


def hostile() -> list[dict[str, Any]]:
    event = e.raw(e.accident("K9", id="hostile"))
    headers: list[list[tuple[str, Any]]] = [
        [(RECEIVED_AT, None)],
        [(RECEIVED_AT, b"")],
        [(RECEIVED_AT, b"-1")],
        [(RECEIVED_AT, b"99999999999999")],
        [(RECEIVED_AT, b"\xff")],
        [("", b"")],
        [(f"h{number}", b"v") for number in range(500)],
    ]
    return [
        {"value": None, "key": b"k"},
        {"value": b"", "key": b"k"},
        {"value": b"\xff\xfe\x00", "key": None},
        {"value": b"[]", "key": b"\xff"},
        {"value": event, "key": b"k" * 100_000},
        *[{"value": event, "key": b"k", "headers": one} for one in headers],
        {"value": event, "key": b"k", "timestamp": 1},
    ]


def test_a_worker_reads_on_behind_every_hostile_record(
    kafka_settings: Settings, tmp_path: Path, new_database: Callable[..., str]
) -> None:
    store = open_store(kafka_settings.database_url, partitions=kafka_settings.partitions)
    producer = Producer(librdkafka_options(kafka_settings))
    named: Any = KafkaProducer(**connection_options(kafka_settings), acks="all")  # the one that can write such a name
    for topic in (topics.HISTORY, topics.ACCIDENTS):
        for record in hostile():
            if topic == topics.HISTORY or "timestamp" not in record:  # elsewhere the broker stamps
                producer.produce(topic, partition=0, **record)
        producer.flush(20)
        unnamed = [(NotUtf8("x"), b"1")]
        named.send(topic, e.raw(e.accident(f"U-{topic}")), b"k", headers=unnamed, partition=0).get(20)
    for one in e.member():
        producer.produce(topics.HISTORY, e.raw(one), b"k", partition=0)
    for topic in (topics.HISTORY, topics.ACCIDENTS):
        producer.produce(topic, e.raw(e.accident(f"K-{topic}")), b"k", partition=0)
    producer.flush(20)
    named.close()

    def decided() -> set[str]:
        with store.reader() as connection:
            return {row[0] for row in connection.exec_driver_sql("SELECT claim_id FROM decisions")}

    with running(tmp_path, environment_of(kafka_settings)) as worker:
        wait_for(lambda: {"K-history.events", "K-claims.accidents"} <= decided(), worker)
        assert worker.stop() == 0
    with store.reader() as connection:
        letters = connection.exec_driver_sql("SELECT reason, errors FROM dead_letters").all()
    assert "BUG" not in {row[0] for row in letters}
    about = [row for row in letters if RECEIVED_AT in json.dumps(row[1])]
    assert len(about) == 6
    assert check(store) == []
    store.close()
