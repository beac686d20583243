"""The site of the measurements on Kafka and PostgreSQL: both servers, started from packages into one directory.

Every run gets a database of its own in which the members are known already, and a consumer group of its own, so that
the same claims are new to it. How far a run has come is read from outside, from the positions that are committed
together with the decisions: the same measure for everything that is compared.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from psycopg import sql

from agents.kafka import topics as kafka_topics
from agents.services import servers
from agents.settings import read_settings
from pipeline.store import migrate
from schemas import topics
from tests.bench.workload import Sent

ROOT: Final = Path(__file__).parents[2]
PATIENCE_SECONDS: Final = 600.0
LOOK_SECONDS: Final = 0.05
PARTITIONS: Final = 4  # two for each of two workers
CLAIMS: Final = (topics.ACCIDENTS, topics.DEATHS)

Offsets = dict[tuple[str, int], int]


def say(sentence: str) -> None:
    print(f"  … {sentence}", file=sys.stderr, flush=True)


class Program:
    """One process of a run, its output in a file. Ended by its own id, however the block is left."""

    def __init__(self, name: str, directory: Path, environment: Mapping[str, str], *command: str) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SANTUNAN_")}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=kept | {"SANTUNAN_DAILY_CLOCK": "false"} | dict(environment),
                cwd=ROOT,
            )

    def require(self) -> None:
        """Raises with the last lines of the log where the process ended with a failure."""
        status = self.process.poll()
        if status:
            raise AssertionError(f"{self.name} ended with status {status}:\n{self.tail()}")

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def report(self, seconds: float = 60.0) -> dict[str, Any]:
        """The JSON object in the last line of a program that ends by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(seconds)
        self.require()
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("{")]
        assert lines, f"{self.name} reported nothing:\n{self.tail()}"
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    @property
    def resident_mb(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def cpu_seconds(self) -> float:
        """Processor time so far; 0 once it has ended."""
        return cpu_seconds(self.process.pid) if self.process.poll() is None else 0.0

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Site:
    """Both servers, empty, with every topic. Use `opened`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.places = servers.up(directory / "services", say)
        self.bootstrap = self.places.kafka_bootstrap
        # What matters comes back as an error; when the servers stop, a client would log every lost connection.
        self._client = {"bootstrap.servers": self.bootstrap, "log_level": 0}
        migrate(self.places.database_url)
        kafka_topics.create(
            read_settings(
                broker_url=self.places.broker_url, database_url=self.places.database_url, partitions=PARTITIONS
            )
        )
        self._producer = Producer(
            {
                **self._client,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 0,
                "queue.buffering.max.messages": 2_000_000,
                "queue.buffering.max.kbytes": 2_000_000,
            }
        )
        self._asking = self._consumer("santunan-bench-asks")

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time of both servers so far; PostgreSQL's with all its processes, those that ended, too."""
        found = servers.status(self.directory / "services")
        assert found.kafka_pid is not None and found.postgresql_pid is not None, "both servers run"
        postgresql = cpu_seconds(found.postgresql_pid, with_ended_children=True)
        children = Path(f"/proc/{found.postgresql_pid}/task/{found.postgresql_pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a session that ends just now
                postgresql += cpu_seconds(int(child))
        return {"kafka": cpu_seconds(found.kafka_pid), "postgresql": postgresql}

    # --- databases

    def environment(self, group: str, database: str, **more: str) -> dict[str, str]:
        """The settings of a program that works for `group` on `database`."""
        return {
            "SANTUNAN_BROKER_URL": self.places.broker_url,
            "SANTUNAN_DATABASE_URL": self._url(database),
            "SANTUNAN_GROUP": group,
            "SANTUNAN_LOG_LEVEL": "WARNING",
            "SANTUNAN_PARTITIONS": str(PARTITIONS),
        } | more

    def new_database(self, name: str, starts: Offsets) -> str:
        """A copy of the first database, in which whichever group comes has read everything up to `starts`."""
        first = self._url("").rpartition("/")[0]
        with psycopg.connect(f"{first}/postgres", autocommit=True) as connection:
            # Only when no other session is on it can a database be copied.
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier("santunan"))
            )
        with psycopg.connect(self._url(name)) as connection:
            connection.execute("DELETE FROM positions")
            rows = [(name, topic, number, at, at) for (topic, number), at in starts.items()]
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO positions VALUES (%s, %s, %s, %s, %s)", rows)
        return name

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def value(self, database: str, query: sql.SQL) -> Any:
        with psycopg.connect(self._url(database)) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]

    def _url(self, database: str) -> str:
        server, _, first = self.places.database_url.rpartition("/")
        return f"{server}/{database or first}"

    # --- topics

    def send(self, sent: Iterable[Sent]) -> int:
        """Into the topics, confirmed by the broker; how many."""
        count = 0
        for one in sent:
            self._producer.produce(one.topic, one.value, one.key)
            count += 1
            if count % 1000 == 0:
                self._producer.poll(0)
        assert self._producer.flush(60) == 0, "the broker did not confirm every event"
        return count

    def send_one(self, one: Sent) -> None:
        self._producer.produce(one.topic, one.value, one.key)
        self._producer.poll(0)

    def ends(self, names: Iterable[str]) -> Offsets:
        """The offset after the last record of each partition."""
        return {
            (name, number): self._asking.get_watermark_offsets(TopicPartition(name, number), 10)[1]
            for name in names
            for number in range(PARTITIONS)
        }

    def committed(self, group: str, names: Iterable[str]) -> Offsets:
        """Positions of the group; 0 where none was committed."""
        asked = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        consumer = self._consumer(group)
        try:
            return {(one.topic, one.partition): max(one.offset, 0) for one in consumer.committed(asked, 10)}
        finally:
            consumer.close()

    @contextlib.contextmanager
    def progress(self, group: str, starts: Offsets) -> Iterator["Progress"]:
        consumer = self._consumer(group)
        try:
            yield Progress(consumer, starts)
        finally:
            consumer.close()

    def decisions_since(self, starts: Offsets) -> int:
        """How many decisions a read_committed reader finds from these offsets on."""
        consumer = self.reader(starts, stops_at_end=True)
        count, at_end = 0, 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while at_end < len(starts):
            assert time.monotonic() < deadline, "the decisions cannot be read to their end"
            for message in consumer.consume(10_000, 0.5):
                if message.error() is None:
                    count += 1
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    at_end += 1
                else:
                    raise AssertionError(str(message.error()))
        consumer.close()
        return count

    def reader(self, starts: Offsets, *, stops_at_end: bool = False) -> Any:
        """A read_committed consumer without a group of its own."""
        consumer = Consumer(
            {
                **self._client,
                "group.id": "santunan-bench-reads",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": stops_at_end,
                "fetch.wait.max.ms": 100,
            }
        )
        consumer.assign([TopicPartition(name, number, at) for (name, number), at in starts.items()])
        return consumer

    def _consumer(self, group: str) -> Any:
        """Only asks for positions, never joins. Uncommitted: else it would wait for a transaction in hand to end."""
        return Consumer(
            {
                **self._client,
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_uncommitted",
            }
        )

    def close(self) -> None:
        self._asking.close()
        servers.down(self.directory / "services", say)


class Progress:
    """How many claims of a group are decided, stored and published."""

    def __init__(self, consumer: Any, starts: Offsets) -> None:
        self._consumer = consumer
        self._starts = {place: at for place, at in starts.items() if place[0] in CLAIMS}

    def count(self) -> int:
        asked = [TopicPartition(name, number) for name, number in self._starts]
        found = self._consumer.committed(asked, 10)
        return sum(max(0, one.offset - self._starts[one.topic, one.partition]) for one in found)

    def wait(self, count: int, *programs: Program) -> tuple[float, int]:
        """Until at least `count` are done: (when, how many). Raises where a program failed or nothing moves."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (done := self.count()) < count:
            for program in programs:
                program.require()
            if time.monotonic() > deadline:
                raise AssertionError(f"{done} of {count} claims after {PATIENCE_SECONDS:.0f} s:\n{programs[0].tail()}")
            time.sleep(LOOK_SECONDS)
        return time.perf_counter(), done


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Site]:
    """Both servers are stopped when the block is left, however it is left."""
    try:
        site = Site(directory)
    except BaseException:
        servers.down(directory / "services", say)
        raise
    try:
        yield site
    finally:
        site.close()


@contextlib.contextmanager
def running(site: Site, name: str, environment: Mapping[str, str], *command: str) -> Iterator[Program]:
    """Without a command: a worker."""
    program = Program(name, site.directory, environment, *(command or ("agents.worker",)))
    try:
        yield program
    finally:
        program.stop()


def cpu_seconds(pid: int, *, with_ended_children: bool = False) -> float:
    """Processor time of a process so far, in its own code and in the kernel's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended_children else 13])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Seconds that the machine's cores have worked since it started, whoever they worked for."""
    user, nice, system, _idle, _wait, hard, soft = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + hard + soft) / os.sysconf("SC_CLK_TCK")


def is_event(message: Message) -> bool:
    """Whether a reader got an event. Raises where it got an error."""
    error = message.error()
    if error is None:
        return True
    raise AssertionError(str(error))
