"""What any sender may write into an intake topic of a real broker: compressed batches, a transaction left open."""

import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from agents.kafka.security import librdkafka_options
from agents.services import servers
from agents.settings import Settings
from agents.transports.kafka.consumer import HELD_SECONDS
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.kafka_server import environment_of

LIMIT = 1_048_588  # max.message.bytes


def sent(settings: Settings, codec: str, size: int) -> str:
    """The broker's answer to one record of zeros."""
    told: list[str] = []
    producer = Producer(
        {
            **librdkafka_options(settings),
            "message.max.bytes": 100_000_000,
            "batch.size": 100_000_000,
            "compression.type": codec,
        }
    )
    answer: Any = lambda error, _: told.append("taken" if error is None else error.name())  # noqa: E731
    producer.produce(topics.ACCIDENTS, b"0" * size, b"k", 0, on_delivery=answer)
    producer.flush(30)
    return told[0]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_batch_that_unfolds_beyond_the_limit_does_not_come_in(kafka_settings: Settings, codec: str) -> None:
    """Kilobytes on the wire, below the limit as long as they are compressed."""
    assert sent(kafka_settings, codec, LIMIT - 1_000) == "taken"
    for size in (LIMIT, 20_000_000):
        assert sent(kafka_settings, codec, size) == "MSG_SIZE_TOO_LARGE"


def test_an_open_transaction_shows_in_metrics_and_readiness(kafka_settings: Settings, tmp_path: Path) -> None:
    [port] = servers.free_ports(1)
    address = f"127.0.0.1:{port}"
    environment = environment_of(kafka_settings.model_copy(update={"health_address": address}))
    producer = Producer({**librdkafka_options(kafka_settings), "transactional.id": "left-open"})
    producer.init_transactions(20)

    def metric() -> float:
        lines = _got(address, "metrics").splitlines()
        found = [line for line in lines if line.startswith("santunan_held_back_seconds{")]
        assert all(f'topic="{topics.ACCIDENTS}"' in line and 'partition="0"' in line for line in found)
        return float(found[0].split()[-1]) if found else 0.0

    with running(tmp_path, environment) as worker:
        wait_for(lambda: worker.is_reading and '"ok"' in _got(address, "ready"), worker, every=0.5)
        producer.begin_transaction()
        producer.produce(topics.ACCIDENTS, e.raw(e.accident()), b"k", 0)
        producer.flush(20)
        began = time.monotonic()
        wait_for(lambda: "has been open for" in _got(address, "ready"), worker, every=0.5)
        assert time.monotonic() - began >= HELD_SECONDS and metric() > HELD_SECONDS
        assert f"{topics.ACCIDENTS}/0" in _got(address, "ready")
        producer.commit_transaction(20)
        wait_for(lambda: '"ok"' in _got(address, "ready"), worker, every=0.5)
        assert metric() == 0.0
        assert worker.stop() == 0


def _got(address: str, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/{path}", timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""
