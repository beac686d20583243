"""Kafka brokers whose settings a test chooses: secured ones, several of one cluster. Only on this machine."""

import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.services import servers
from agents.services.kafka import format_storage, kafka_command, write_properties
from agents.services.secured import make_authority
from tests.support.java_start import keep_a_start

HEAP_MEGABYTES = 192
STORE_PASSWORD = "not-a-secret"  # noqa: S105 - of a key that lives as long as the test


@dataclass(frozen=True, slots=True)
class Broker:
    """One of a cluster. `directory`: the cluster's."""

    directory: Path
    number: int
    port: int
    controller_port: int

    @property
    def name(self) -> str:
        return f"kafka-{self.number}"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def prepare(self, settings: Mapping[str, str], cluster_id: str, *more: str) -> None:
        """`settings`: above those that every broker of ours has. `more`: for Kafka's storage tool."""
        properties = write_properties(self.directory / self.name, self.port, self.controller_port)
        lines = [f"{name}={value}" for name, value in settings.items()]
        properties.write_text(properties.read_text() + "\n".join(lines) + "\n")  # of two the last one counts
        format_storage(properties.parent, properties, cluster_id, _quietly, *more)

    def start(self) -> None:
        """Returns at once; `wait` says when it answers."""
        properties = self.directory / self.name / "server.properties"
        command, environment = kafka_command(properties.parent, properties, HEAP_MEGABYTES, is_brief=True)
        servers.launch(self.directory, self.name, command, environment)

    def wait(self) -> None:
        servers.wait_until_it_answers(self.directory, self.name, self.port)

    def stop(self, signum: int = signal.SIGTERM) -> None:
        servers.stop(self.directory, self.name, _quietly, signum=signum)


def places(directory: Path, count: int) -> list[Broker]:
    """Brokers that are not there yet, on free ports."""
    ports = servers.free_ports(2 * count)
    return [Broker(directory, number, *ports[2 * number - 2 : 2 * number]) for number in range(1, count + 1)]


@contextmanager
def running(brokers: Sequence[Broker], settings: Sequence[Mapping[str, str]], *more: str) -> Iterator[None]:
    """A cluster that answers, and is gone when the block is left. `settings`: of each broker."""
    keep_a_start()
    cluster_id = "S" + secrets.token_urlsafe(16)[1:]
    try:
        with ThreadPoolExecutor() as pool:
            made = [
                pool.submit(broker.prepare, own, cluster_id, *more)
                for broker, own in zip(brokers, settings, strict=True)
            ]
        for one in made:
            one.result()
        for broker in brokers:
            broker.start()
        for broker in brokers:
            broker.wait()
        yield
    finally:
        for broker in brokers:
            broker.stop(signal.SIGKILL)


def authority(folder: Path) -> tuple[Path, Path]:
    """(certificate of a new authority as PEM, key store of a server of this machine that it has signed)."""
    return make_authority(folder, STORE_PASSWORD)


def _quietly(sentence: str) -> None:
    """Tests say what they find, not what they start."""
