"""Attestations over a real broker: a worker applies what gateway and operator hand in, and nothing that is written past
them, also by a principal whom the broker lets write."""

import json
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from kafka import KafkaProducer

from agents.clients import open_history, open_submitter
from agents.kafka.connection import connection_options
from agents.kafka.security import librdkafka_options
from schemas import topics
from tests.contract.test_hostile_kafka import NotUtf8
from tests.contract.test_secured_services import Place, collected, place
from tests.faults.running import running, wait_for
from tests.support import events as e

__all__ = ["collected", "place"]
NUMBER = e.NUMBER.encode()
ENDED = {"member_number": e.NUMBER, "ended_on": "2024-01-01"}


def test_a_worker_refuses_what_is_written_past_the_gateway(place: Place, tmp_path: Path) -> None:
    with open_submitter(place.settings("operator")) as operator:
        list(operator.submit(map(e.raw, e.member()), is_history=True))
    thief = place.settings("worker").model_copy(update={"attestation_key_file": None})  # its password, and no key
    forged = [e.raw(e.event("member.ended", ENDED, source="urn:santunan:office:x", id=f"f{one}")) for one in range(3)]
    with open_submitter(thief) as submitter:
        list(submitter.submit(forged[:1]))
    raw = Producer(librdkafka_options(thief))
    raw.produce(topics.MEMBERS, forged[1], NUMBER, headers=[("attestation", b"x"), ("attestation", None)])
    assert raw.flush(15) == 0
    named: Any = KafkaProducer(**connection_options(thief), acks="all")  # a name of a header that is no text
    named.send(topics.MEMBERS, forged[2], NUMBER, headers=[(NotUtf8("x"), b"v")]).get(15)
    named.close()
    with open_submitter(place.settings("gateway")) as gateway:
        list(gateway.submit([e.raw(e.accident("K1", "2024-08-08"))]))

    def published(topic: str) -> list[Any]:
        with open_history(place.settings("worker")) as history:
            return [json.loads(one.value)["data"] for one in history.read([topic]) if len(one.value) > 2]

    with running(tmp_path, place.variables("worker")) as worker:
        wait_for(lambda: any(one["claim_id"] == "K1" for one in published(topics.DECISIONS)), worker, every=0.5)
        wait_for(lambda: len(published(topics.DEAD_LETTERS)) >= 3, worker, every=0.5)
        assert worker.stop() == 0
    assert [one["reason"] for one in published(topics.DEAD_LETTERS)] == ["NOT_ATTESTED"] * 3
    assert "came past the gateway" in worker.log.read_text()
    assert place.command("worker", "replay").status == 0
    letter = published(topics.DEAD_LETTERS)[0]
    where = "/".join(str(letter[part]) for part in ("topic", "partition", "offset"))
    assert place.command("worker", "doctor").status == 0, where
