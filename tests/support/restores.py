"""A restore drill: what an operator does to a broker or a database, and the command that a worker names to mend it."""

import contextlib
import json
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import create_engine, make_url, text

from agents.clients import open_history, open_submitter
from agents.kafka import topics as kafka_topics
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from schemas import topics
from tests.faults.running import Worker, running, wait_for
from tests.support import command_line
from tests.support import events as e
from tests.support.kafka_server import environment_of
from tests.support.ledgers import faults_after

_COMMAND = re.compile(r"`santunan (worker [^`]+)`")


def claims(*names: str) -> list[Any]:
    """Accidents of one member, A on the first day of a month, B on the second, and so on."""
    return [e.accident(name, f"2024-03-{ord(name) - ord('A') + 1:02}") for name in names]


def submit(settings: Settings, *documents: Any) -> None:
    with open_submitter(settings) as submitter:
        assert not any(receipt.is_spooled for receipt in submitter.submit([e.raw(one) for one in documents]))


def decisions(settings: Settings) -> list[tuple[str, int]]:
    """(claim, revision) as readers of committed records see them, sorted; one that is there twice comes twice."""
    with open_history(settings) as history:
        found = [json.loads(one.value)["data"] for one in history.read([topics.DECISIONS])]
    return sorted((one["claim_id"], one["revision"]) for one in found)


def each_once(settings: Settings) -> bool:
    with open_history(settings) as history:
        ids = Counter((one.topic, json.loads(one.value)["id"]) for one in history.read(topics.OUTPUT))
    return set(ids.values()) <= {1}


def work(settings: Settings, folder: Path, until: Callable[[], bool]) -> None:
    """A worker, until this is true."""
    with running(folder, environment_of(settings)) as worker:
        wait_for(until, worker, every=0.3)
        assert worker.stop() == 0


def decide(settings: Settings, folder: Path, *names: str) -> None:
    """Every one of these claims has a decision, and nothing is there twice or wrong."""
    work(settings, folder, lambda: {claim for claim, _ in decisions(settings)} >= set(names))
    assert each_once(settings) and sound(settings)


def sound(settings: Settings) -> bool:
    return faults_after(settings) == []


def refusal(settings: Settings, folder: Path) -> str:
    """The sentence with which a worker ends with 78."""
    with running(folder, environment_of(settings)) as worker:
        assert worker.wait() == 78, worker.tail()
        return worker.tail()


def command_of(sentence: str) -> list[str]:
    """The arguments of `santunan` that it names."""
    return shlex.split(_COMMAND.findall(sentence)[-1])


@contextmanager
def mending(settings: Settings, folder: Path, sentence: str) -> Iterator[Worker]:
    """The worker that the command of this sentence starts."""
    worker = Worker.__new__(Worker)
    worker.log = folder / "mended.log"
    with worker.log.open("wb") as output:
        worker.process = subprocess.Popen(  # noqa: S603 - our own program
            [*command_line.PROGRAM, *command_of(sentence), "--no-supervise"],
            stdout=output,
            stderr=output,
            env=command_line.environment() | environment_of(settings),
        )
    try:
        yield worker
    finally:
        if not worker.has_ended:
            worker.process.kill()
            worker.wait()


def mend(settings: Settings, folder: Path, sentence: str, *names: str) -> None:
    """Run the command that the sentence names; afterwards all of these claims have a decision."""
    with mending(settings, folder, sentence) as worker:
        wait_for(lambda: {claim for claim, _ in decisions(settings)} >= set(names), worker, every=0.3)
        assert worker.stop() == 0


def rows(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    engine = create_engine(make_url(settings.database_url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        found = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return found


def copy_of(settings: Settings, name: str) -> str:
    """The URL of a copy of the database, as a backup of this moment."""
    url = make_url(settings.database_url)
    admin = url.set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"'))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def partition_of_claims(settings: Settings) -> int:
    """Of the accidents, which all have one key."""
    with open_history(settings) as history:
        found = {one.partition for one in history.read([topics.ACCIDENTS])}
    [number] = found
    return number


def delete_records(settings: Settings, topic: str, partition: int, before: int) -> None:
    """As retention does."""
    admin = AdminClient(librdkafka_options(settings))
    [done] = admin.delete_records([TopicPartition(topic, partition, before)]).values()
    done.result()


def make_again(settings: Settings, *names: str) -> None:
    """Delete topics and create them as declared."""
    admin = AdminClient(librdkafka_options(settings))
    for done in admin.delete_topics(list(names)).values():
        done.result()
    wait_for(lambda: not set(names) & set(admin.list_topics(timeout=5).topics))
    kafka_topics.create(settings)


def move_group(settings: Settings, offset: int) -> None:
    """Set every position of the group, as `kafka-consumer-groups --reset-offsets` does when its last member is gone."""
    consumer = Consumer({**librdkafka_options(settings), "group.id": settings.group})
    places = [TopicPartition(name, number, offset) for name in topics.INTAKE for number in range(settings.partitions)]

    def is_moved() -> bool:
        with contextlib.suppress(KafkaException):  # a dead worker is a member until its session ends
            consumer.commit(offsets=places, asynchronous=False)
            return True
        return False

    wait_for(is_moved, every=0.5)
    consumer.close()
