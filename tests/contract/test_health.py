"""Two workers over Kafka say what each of them holds, and that they are ready only once they read."""

from pathlib import Path

from agents.clients import open_submitter
from agents.services.servers import free_ports
from agents.settings import Settings
from schemas import topics
from tests.faults.running import running, wait_for
from tests.faults.stream import documents
from tests.support.http import asked, metrics_of
from tests.support.kafka_server import PARTITIONS, environment_of

CLAIMS = 100


def numbers_of(port: int) -> set[str]:
    """Partitions whose lag this worker reports."""
    return {labels[0] for name, *labels in metrics_of(port) if name == "santunan_lag_records"}


def decided(port: int) -> float:
    return sum(value for (name, *_), value in metrics_of(port).items() if name == "santunan_claims_decided_total")


def lag(port: int) -> float:
    return sum(value for (name, *_), value in metrics_of(port).items() if name == "santunan_lag_records")


def test_each_worker_tells_the_lag_of_the_partitions_that_it_holds(kafka_settings: Settings, tmp_path: Path) -> None:
    with open_submitter(kafka_settings) as submitter:
        list(submitter.submit(documents(CLAIMS, member_count=25)))
    one, other = free_ports(2)
    every = {str(number) for number in range(PARTITIONS)}
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    environment = environment_of(kafka_settings)
    with running(folders[0], environment | {"SANTUNAN_HEALTH_ADDRESS": f"127.0.0.1:{one}"}) as first:
        wait_for(lambda: asked(one, "/ready")[0] == 200, first)
        wait_for(lambda: decided(one) >= CLAIMS and numbers_of(one) == every and lag(one) == 0, first)
        metrics = metrics_of(one)
        assert metrics["santunan_events_total", "accepted", topics.MEMBERS] > 0
        assert metrics["santunan_step_seconds_count", "publish"] > 0 and metrics["santunan_redelivered_total",] == 0
        with running(folders[1], environment | {"SANTUNAN_HEALTH_ADDRESS": f"127.0.0.1:{other}"}) as second:
            wait_for(lambda: asked(other, "/ready")[0] == 200, second)
            wait_for(lambda: asked(one, "/ready")[0] == 200, first)
            wait_for(lambda: numbers_of(one) | numbers_of(other) == every, second)
            assert not numbers_of(one) & numbers_of(other)
            assert asked(one, "/health")[0] == asked(other, "/health")[0] == 200
