"""The cluster of docker-compose.yml, run with its own settings: three brokers, of which one may be lost at any moment.

What is confirmed by two of them is not lost with one, and readers and writers need not be restarted."""

import gc
import json
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from agents.clients import open_history, open_submitter
from agents.kafka import topics as kafka_topics
from agents.kafka.connection import connection_options
from agents.settings import Settings, read_settings
from pipeline.store import open_store
from schemas import topics
from tests.faults.running import wait_for
from tests.faults.stream import documents
from tests.support import brokers
from tests.support.brokers import Broker
from tests.support.command_line import PROGRAM, environment
from tests.support.kafka_server import ends_of, environment_of
from tests.support.ledgers import faults_after
from tests.test_compose import properties_of

SECURITY = ("sasl.", "ssl.", "authorizer.", "super.", "allow.", "cluster.id")  # tried by test_compose_broker
CLAIMS_A_ROUND = 20  # of which one is decided twice
ROUNDS = 2  # that must be decided before, without and after the broker that is killed
PUBLISH_SECONDS = 5  # librdkafka 2.16 may wait for ever for a group's coordinator that is gone: the worker does not


def of_compose(broker: Broker, cluster: list[Broker]) -> dict[str, str]:
    """What the image makes of the variables of this broker, but for what names a place or who may do what."""
    settings = {name: value for name, value in properties_of(broker.name).items() if not name.startswith(SECURITY)}
    voters = settings["controller.quorum.voters"]
    for one in cluster:
        voters = voters.replace(f"@{one.name}:9093", f"@127.0.0.1:{one.controller_port}")
    listeners = settings["listeners"].replace(":9092", f"127.0.0.1:{broker.port}")
    return settings | {
        "listener.security.protocol.map": settings["listener.security.protocol.map"].replace("SASL_SSL", "PLAINTEXT"),
        "controller.quorum.voters": voters,
        "listeners": listeners.replace(":9093", f"127.0.0.1:{broker.controller_port}"),
        "advertised.listeners": settings["advertised.listeners"].replace(
            f"{broker.name}:9092", f"127.0.0.1:{broker.port}"
        ),
        "log.dirs": str(broker.directory / broker.name / "log"),
    }


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[Broker]]:
    folder = Path(tempfile.mkdtemp(prefix="santunan-three-"))
    made = brokers.places(folder, 3)
    try:
        with brokers.running(made, [of_compose(one, made) for one in made]):
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def settings(cluster: list[Broker], new_database: Callable[..., str]) -> Settings:
    found = read_settings(
        broker_url="kafka+chunks://" + ";".join(f"127.0.0.1:{one.port}" for one in cluster),
        database_url=new_database(),
        partitions=3,
        kafka_publish_seconds=PUBLISH_SECONDS,
    )
    kafka_topics.create(found)
    return found


def described(settings: Settings) -> list[Any]:
    admin = KafkaAdminClient(**connection_options(settings))
    try:
        found: list[Any] = admin.describe_topics(list(topics.ALL))
        return found
    finally:
        admin.close()


def test_each_topic_has_three_copies_of_which_two_must_confirm(settings: Settings) -> None:
    assert kafka_topics.check(settings) == []
    found = described(settings)
    assert {one["name"] for one in found} == set(topics.ALL)
    for one in found:
        assert [len(set(partition["replica_nodes"])) for partition in one["partitions"]] == [3, 3, 3]
    assert {one.options["min.insync.replicas"] for one in kafka_topics.declared(settings, 3)} == {"2"}


class Stream:
    """Claims in rounds, without a pause longer than a breath, until it is stopped."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.sent: set[str] = set()
        self.rounds = 0
        self.failures: list[BaseException] = []
        self._settings = settings
        self._spool = folder / "spool"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with open_submitter(self._settings, spool=self._spool) as submitter:
                while not self._stop.wait(0.2):
                    name = f"r{self.rounds}"
                    events = documents(CLAIMS_A_ROUND, member_count=4, name=name, first_member=10 * self.rounds)
                    list(submitter.submit(events))
                    self.sent.update(f"{name}-B{place}" for place in range(CLAIMS_A_ROUND))
                    self.rounds += 1
                while self._spool.exists():
                    list(submitter.send([]))
        except BaseException as error:
            self.failures.append(error)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive() and self.failures == []


def decided(settings: Settings) -> Counter[str]:
    store = open_store(settings.database_url)
    with store.reader() as connection:
        found = Counter(str(row[0]) for row in connection.exec_driver_sql("SELECT claim_id FROM decisions"))
    store.close()
    return found


def goes_on(settings: Settings, stream: Stream) -> None:
    """What is sent from now on is decided."""
    last = stream.rounds + ROUNDS
    wait_for(lambda: bool(stream.failures) or stream.rounds > last, every=0.25)
    wait_for(lambda: f"r{last}-B0" in decided(settings), every=0.25)


def in_step(settings: Settings) -> bool:
    """Every copy has what its leader has."""
    return all(len(partition["isr_nodes"]) == 3 for one in described(settings) for partition in one["partitions"])


def coordinator(settings: Settings, cluster: list[Broker]) -> Broker:
    """The broker that keeps the positions of the group: of all three the worker's worst to lose."""
    number = 0
    for letter in settings.group:  # as Java makes a number of a text
        number = (31 * number + ord(letter)) & 0xFFFFFFFF
    admin = KafkaAdminClient(**connection_options(settings))
    [positions] = admin.describe_topics(["__consumer_offsets"])
    admin.close()
    partitions = {one["partition_index"]: one["leader_id"] for one in positions["partitions"]}
    leader = partitions[(number & 0x7FFFFFFF) % len(partitions)]
    return next(one for one in cluster if one.number == leader)


@contextmanager
def supervised(settings: Settings, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """As an operator starts it: what passes is tried again."""
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(  # noqa: S603
            [*PROGRAM, "worker"], env=environment() | environment_of(settings), cwd=folder, stdout=log, stderr=log
        )
    try:
        yield worker
    finally:
        if worker.poll() is None:
            worker.terminate()
        worker.wait(30)


def test_a_worker_goes_on_while_a_broker_is_killed_and_when_it_comes_back(
    settings: Settings, cluster: list[Broker], tmp_path: Path
) -> None:
    stream = Stream(settings, tmp_path)
    try:
        with supervised(settings, tmp_path) as worker:
            goes_on(settings, stream)
            victim = coordinator(settings, cluster)
            victim.stop(signal.SIGKILL)
            goes_on(settings, stream)
            victim.start()
            victim.wait()
            wait_for(lambda: in_step(settings), every=0.5)
            goes_on(settings, stream)
            stream.stop()
            wait_for(lambda: is_settled(settings), every=0.5)
            worker.terminate()
            assert worker.wait(30) == 0
    finally:
        stream.stop()
    assert_nothing_is_lost_or_doubled(settings, stream.sent, next(tmp_path.rglob("*.ledger.key")))
    gc.collect()  # sockets of refused connections, while their warning is expected


def is_settled(settings: Settings) -> bool:
    ends = ends_of(settings)
    store = open_store(settings.database_url)
    with store.reader() as connection:
        rows = connection.exec_driver_sql('SELECT topic, "partition", "next" FROM positions')
        positions = {(topic, number): at or 0 for topic, number, at in rows}
    store.close()
    return all(positions.get(place, 0) >= end for place, end in ends.items())


def assert_nothing_is_lost_or_doubled(settings: Settings, sent: set[str], ledger_key: Path) -> None:
    ids: Counter[str] = Counter()
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)  # revision, partition, offset as published
    with open_history(settings) as history:
        for one in history.read(topics.OUTPUT):
            document = json.loads(one.value)
            ids[document["id"]] += 1
            if one.topic == topics.DECISIONS:
                data = document["data"]
                found[data["claim_id"]].append((data["revision"], one.partition, one.offset))
    assert {one: count for one, count in ids.items() if count > 1} == {}
    stored = decided(settings)
    assert (sent - stored.keys(), stored.keys() - sent) == (set(), set())
    wrong = list(filter(None, (fault_of(claim, found[claim], count) for claim, count in sorted(stored.items()))))
    assert wrong == [], f"{len(wrong)} claims, among them:\n" + "\n".join(wrong[:5])
    assert found.keys() == sent
    assert faults_after(settings, key_file=ledger_key) == []


def fault_of(claim: str, published: list[tuple[int, int, int]], count: int) -> str:
    """What is wrong with the decisions of a claim, as they were published, where `count` are stored; empty: nothing."""
    revisions = [revision for revision, _, _ in published]
    expected = list(range(1, count + 1))
    if revisions == expected:
        return ""
    if missing := sorted(set(expected) - set(revisions)):
        what = f"revisions {missing} of {count} are missing"
    else:
        what = "out of order" if sorted(revisions) == expected else f"more than the {count} that are stored"
    places = ", ".join(f"{number} at {partition}/{offset}" for number, partition, offset in published[:8])
    return f"{claim}: {what}; published: {places or 'none'}"
