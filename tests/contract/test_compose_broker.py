"""A broker with the settings of docker-compose.yml and the files of secrets.sh, from packages: it starts, it lets the
principals in, and nobody else."""

import gc
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.kafka import topics as kafka_topics
from agents.services import servers
from agents.services.kafka import format_storage, kafka_command, write_properties
from agents.settings import Settings, read_settings
from pipeline.errors import NotReady
from schemas import topics
from tests.faults.running import wait_for
from tests.support.java_start import keep_a_start
from tests.test_compose import ROOT, properties_of

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="secrets.sh needs openssl")
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"


def quietly(_sentence: str) -> None:
    """Tests say what they find, not what they start."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="santunan-compose-"))
    subprocess.run(["sh", str(ROOT / "secrets.sh")], cwd=made, check=True)  # noqa: S603, S607
    yield made
    servers.stop(made, "kafka", quietly)
    shutil.rmtree(made, ignore_errors=True)
    gc.collect()


@pytest.fixture(scope="module")
def port(folder: Path) -> int:
    """Of the first broker, alone: with its places, and what needs three brokers, changed."""
    port, controller = servers.free_ports(2)
    alone = {
        "listeners": f"CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"CLIENTS://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "log.dirs": str(folder / "kafka" / "log"),
    }
    own = {
        name: value.replace("/run/secrets", str(folder / "secrets"))
        for name, value in properties_of("kafka-1").items()
        if "replication" not in name and not name.endswith("min.isr") and name not in ("cluster.id", *alone)
    }
    keep_a_start()
    properties = write_properties(folder / "kafka", port, controller)
    lines = [f"{name}={value}" for name, value in (own | alone).items()]
    properties.write_text(properties.read_text() + "\n".join(lines) + "\n")
    format_storage(properties.parent, properties, CLUSTER, quietly)
    command, environment = kafka_command(properties.parent, properties, 192, users=folder / "secrets" / "kafka_users")
    servers.launch(folder, "kafka", command, environment)
    servers.wait_until_it_answers(folder, "kafka", port)
    return port


def settings(principal: str, port: int, folder: Path) -> Settings:
    return read_settings(
        broker_url=f"kafka+chunks://127.0.0.1:{port}",
        database_url="postgresql://santunan_worker@127.0.0.1:1/santunan",
        partitions=2,
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="PLAIN",
        kafka_user=principal,
        kafka_password=(folder / "secrets" / f"kafka_{principal}").read_text(),
        kafka_ca_file=folder / "secrets" / "authority",
    )


def test_the_broker_of_compose_gives_rights_to_its_principals_alone(port: int, folder: Path) -> None:
    admin = settings("admin", port, folder)
    assert set(kafka_topics.create(admin)) == set(topics.ALL)
    assert "User:worker may WRITE topic claims.decisions" in kafka_topics.create_access_list(admin)
    operator = settings("operator", port, folder)
    wait_for(lambda: kafka_topics.check(operator) == [], every=0.5)  # the broker is told of rights a little later
    kafka_topics.require(settings("worker", port, folder))
    with pytest.raises(NotReady, match="do not exist"):  # it does not even see the others
        kafka_topics.require(settings("payments", port, folder))
    stranger = settings("worker", port, folder).model_copy(update={"kafka_user": "clinic"})
    with pytest.raises(NotReady, match="does not accept kafka_user and kafka_password"):
        kafka_topics.require(stranger)
