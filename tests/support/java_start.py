"""What Java learns in one start of Kafka is kept for every test after it: a broker answers after 2 s in place of 9."""

import fcntl
import os
import secrets
import shutil
import signal
import tempfile
from contextlib import closing
from pathlib import Path

from kafka.admin import KafkaAdminClient

from agents.services import servers
from agents.services.kafka import format_storage, kafka_command, write_properties
from tests.support.run import wait_for

VARIABLE = "JDK_JAVA_OPTIONS"


def keep_a_start() -> None:
    """From here on, Java of this process and of those that it starts uses what is kept. It is made where it is missing
    and where the packages are other ones."""
    if VARIABLE in os.environ:
        return
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "santunan-tests" / "java"
    folder.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="santunan-kafka-"))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests may need it at once
            os.environ[VARIABLE] = f"-Xlog:disable -XX:AOTCache={_kept(folder, directory)}"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _kept(folder: Path, directory: Path) -> Path:
    [port, controller_port] = servers.free_ports(2)
    data = directory / "kafka"
    properties = write_properties(data, port, controller_port)
    command, environment = kafka_command(data, properties, is_brief=True)
    java = Path(command[0])
    packages = (data / "classpath").read_text() + str(java.stat().st_mtime_ns)
    kept, of = folder / "kafka.aot", folder / "kafka.packages"
    if kept.exists() and of.exists() and of.read_text() == packages:
        return kept
    of.unlink(missing_ok=True)
    format_storage(data, properties, "S" + secrets.token_urlsafe(16)[1:], lambda sentence: None)
    recording = [str(java), f"-XX:AOTCacheOutput={kept}", *command[1:]]
    servers.launch(directory, "kafka", recording, environment)
    try:
        servers.wait_until_it_answers(directory, "kafka", port)
        with closing(KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}")) as client:
            client.list_topics()
        pid = servers.running(directory, "kafka")
        assert pid is not None, "Kafka ended by itself"
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: servers.running(directory, "kafka") is None)  # it writes what it keeps at its end
    finally:
        servers.stop(directory, "kafka", lambda sentence: None, signum=signal.SIGKILL)
    assert kept.exists(), (directory / "kafka.log").read_text()[-2000:]
    of.write_text(packages)
    return kept
