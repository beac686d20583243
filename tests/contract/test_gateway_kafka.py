"""The gateway over Kafka and PostgreSQL: a receipt names the place at which the broker has the event."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

from agents.clients import open_history
from agents.settings import Settings
from pipeline.access.principals import new_principal
from schemas import topics
from tests.support import events as e
from tests.support.gateway import Client, running_gateway
from tests.support.kafka_server import kafka_bootstrap, kafka_settings
from tests.support.postgresql import new_database, postgresql_server

__all__ = ["kafka_bootstrap", "kafka_settings", "new_database", "postgresql_server"]
NOW = dt.datetime.now(dt.UTC)
CLINIC = new_principal("clinic", "plkk-0012")
DATA = {"member": {"member_number": e.NUMBER}, "accident": {"occurred_at": "2024-07-07T10:00:00+07:00"}}


def test_what_is_answered_202_is_at_the_broker_at_the_place_of_its_receipt(kafka_settings: Settings) -> None:
    with running_gateway(kafka_settings) as (gateway, port):
        gateway.access.add(CLINIC, "test", NOW)
        key = gateway.access.make_key(CLINIC.name, "", NOW + dt.timedelta(days=1), "test", NOW)[1]
        client = Client(port, key)
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda n: client.report("/v1/accidents", f"r-{n}", DATA), range(30)))
        again = client.report("/v1/accidents", "r-0", DATA)
        assert client.get("/ready").status == 200 and client.get("/v1/claims/NONE").status == 404
    assert {one.status for one in answers} == {202} and (again.status, again.json) == (200, answers[0].json)
    with open_history(kafka_settings) as history:
        found = {(one.topic, one.partition, one.offset): one for one in history.read([topics.ACCIDENTS])}
    assert len(found) == 30
    for receipt in (one.json for one in answers):
        event = found[receipt["topic"], receipt["partition"], receipt["offset"]]
        document = json.loads(event.value)
        assert (document["id"], document["source"], event.key) == (receipt["id"], CLINIC.name, e.NUMBER.encode())
        assert dt.datetime.fromisoformat(receipt["received_at"]).timestamp() * 1000 == event.timestamp_ms
