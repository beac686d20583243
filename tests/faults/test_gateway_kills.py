"""Accidents come in from 50 connections while gateway, worker and broker are killed: each is decided once.

A client does what docs/users/clinics.md asks: it sends again, with the same key, until it has a receipt.
"""

import datetime as dt
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path

import pytest

from agents.clients import open_history, open_submitter
from agents.kafka import topics as kafka_topics
from agents.services import servers
from agents.services.servers import free_ports
from agents.settings import Settings, read_settings
from pipeline.access.principals import new_principal
from pipeline.store import migrate, open_store
from pipeline.store.access_book import open_access
from schemas import topics
from tests.conftest import FAULTS
from tests.faults.running import Worker, wait_for
from tests.support import events as e
from tests.support.command_line import PROGRAM, environment
from tests.support.gateway import Client
from tests.support.java_start import keep_a_start
from tests.support.kafka_server import environment_of
from tests.support.ledgers import faults_after

SUBMISSIONS = int(os.environ.get("SANTUNAN_SUBMISSIONS", "600"))  # 2000 by hand
CONNECTIONS = 50
MEMBERS = 200
KILLS = 6  # of gateway, worker and, where there is one, broker in turn, spread over the submissions
PATIENCE_SECONDS = 240.0
NUMBERS = [str(20_000_000_000 + place) for place in range(MEMBERS)]

Note = Callable[[str, object], None]

pytestmark = pytest.mark.timeout(600)


def member(number: str) -> list[object]:
    return e.member(number, f"31710101{int(number) % 100_000_000:08}")


def report(number: int) -> dict[str, object]:
    """An accident of one of the members, the next one a month later."""
    month = number // MEMBERS
    day = f"202{3 + month // 12}-{month % 12 + 1:02}-10"
    return {
        "member": {"member_number": NUMBERS[number % MEMBERS]},
        "accident": {"occurred_at": f"{day}T10:00:00+07:00"},
        "medical": {"unable_to_work_days": 30},
        "documents": ["membership_card", "ktp"],
    }


class Office:
    """A gateway and a worker that are started again when they were killed, and what clients got from them."""

    def __init__(self, settings: Settings, folder: Path, kill_broker: Callable[[], None] | None) -> None:
        self.settings, self.folder = settings, folder
        [self.port] = free_ports(1)
        self.receipts: dict[int, str] = {}  # number of the submission -> claim
        self.repeated = 0
        self.kills: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self._numbers = iter(range(SUBMISSIONS))
        self._lock = threading.Lock()
        self.kill_broker = kill_broker
        now = dt.datetime.now(dt.UTC)
        with open_access(settings.database_url) as book:
            book.add(new_principal("clinic", "plkk-0001", None), "test", now)
            self.key = book.make_key("urn:santunan:clinic:plkk-0001", "", now + dt.timedelta(days=1), "test", now)[1]
        self.gateway = self._start_gateway()
        self.worker = Worker(folder, environment_of(settings))

    def _start_gateway(self) -> "subprocess.Popen[bytes]":
        own = {"SANTUNAN_WEB_ADDRESS": f"127.0.0.1:{self.port}", "SANTUNAN_WEB_RATE": "100000"}
        with (self.folder / "gateway.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [*PROGRAM, "gateway"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment() | environment_of(self.settings) | own,
            )

    def client(self) -> None:
        """One connection after another, until nothing is left to send."""
        client = Client(self.port, self.key)
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while (number := self._next()) is not None:
                while not self._is_taken(client, number):
                    assert time.monotonic() < deadline, f"no receipt within {PATIENCE_SECONDS:.0f} s"
                    time.sleep(0.1)
        except BaseException as error:
            self.failures.append(error)

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _is_taken(self, client: Client, number: int) -> bool:
        try:
            answer = client.report("/v1/accidents", f"report-{number}", report(number))
        except (OSError, HTTPException):
            return False  # it died while it was asked, or is not there yet
        if answer.status in (429, 503):
            return False
        assert answer.status in (200, 202), (answer.status, answer.raw)
        with self._lock:
            self.repeated += answer.status == 200
            assert number not in self.receipts
            self.receipts[number] = answer.json["claim_id"]
        return True

    def kill_the_next(self, victim: str) -> None:
        """With -9, and started again at once."""
        self.kills[victim] += 1
        if victim == "broker":
            assert self.kill_broker is not None
            self.kill_broker()
        elif victim == "gateway":
            self.gateway.kill()
            self.gateway.wait()
            self.gateway = self._start_gateway()
        else:
            self.worker.signal(signal.SIGKILL)
            assert self.worker.wait() == -signal.SIGKILL, self.worker.tail()
            self.worker = Worker(self.folder, environment_of(self.settings))

    def keep_worker(self) -> None:
        """A worker that a lost broker ended is started again, as its supervisor does."""
        if self.worker.has_ended:
            self.worker = Worker(self.folder, environment_of(self.settings))

    def end(self) -> None:
        for process in (self.gateway, self.worker.process):
            if process.poll() is None:
                process.kill()
                process.wait()


def decisions(settings: Settings) -> Counter[str]:
    store = open_store(settings.database_url)
    with store.reader() as connection:
        found = Counter(row[0] for row in connection.exec_driver_sql("SELECT claim_id FROM decisions"))
    store.close()
    return found


def published(settings: Settings) -> Counter[str]:
    with open_history(settings) as history:
        return Counter(json.loads(one.value)["data"]["claim_id"] for one in history.read([topics.DECISIONS]))


def weather(office: Office) -> None:
    """Clients send, and what serves them is killed in turn."""
    wait_for(lambda: _answers(office), None, 90)
    clients = [threading.Thread(target=office.client) for _ in range(CONNECTIONS)]
    for one in clients:
        one.start()
    victims = itertools.cycle(["gateway", "worker"] if office.kill_broker is None else ["gateway", "worker", "broker"])
    for kill in range(1, KILLS + 1):
        reached = kill * SUBMISSIONS // (KILLS + 1)
        wait_for(lambda reached=reached: bool(office.failures) or len(office.receipts) >= reached, None, 240)
        office.kill_the_next(next(victims))
        office.keep_worker()
    for one in clients:
        one.join(PATIENCE_SECONDS)
    assert office.failures == []


def _answers(office: Office) -> bool:
    try:
        return Client(office.port).get("/ready").status == 200
    except OSError:
        return False


def proves_itself(office: Office, note: Note) -> None:
    """Every receipt is decided once, published once, and nothing else is."""
    expected = Counter(office.receipts.values())
    assert len(office.receipts) == SUBMISSIONS and set(expected.values()) == {1}

    def is_done() -> bool:
        office.keep_worker()
        return len(decisions(office.settings)) >= SUBMISSIONS

    wait_for(is_done, None, 120, every=0.5)
    wait_for(lambda: len(published(office.settings)) >= SUBMISSIONS, None, 60, every=1.0)
    assert office.worker.stop() == 0, office.worker.tail()
    assert decisions(office.settings) == expected
    assert published(office.settings) == expected
    assert faults_after(office.settings) == []
    note(FAULTS, json.dumps({"submissions": SUBMISSIONS, "repeated": office.repeated, **office.kills}))
    assert min(office.kills.values()) >= KILLS // 3


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: that is closed to PostgreSQL's user."""
    made = Path(tempfile.mkdtemp(prefix="santunan-gateway-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def run(settings: Settings, folder: Path, note: Note, kill_broker: Callable[[], None] | None = None) -> None:
    with open_submitter(settings) as submitter:
        documents = [e.raw(one) for number in NUMBERS for one in member(number)]
        assert not any(receipt.is_spooled for receipt in submitter.submit(documents))
    office = Office(settings, folder, kill_broker)
    with ExitStack() as ending:
        ending.callback(office.end)
        weather(office)
        proves_itself(office, note)


def test_gateway_and_worker_killed_on_the_embedded_file(folder: Path, record_property: Note) -> None:
    settings = read_settings(database_url=f"sqlite:///{folder}/santunan.db")
    migrate(settings.database_url)
    run(settings, folder, record_property)


def test_gateway_worker_and_broker_killed_on_kafka(folder: Path, record_property: Note) -> None:
    def quietly(sentence: str) -> None:
        """Of the servers a test says nothing."""

    def kill_broker() -> None:
        servers.stop(folder, "kafka", quietly, signum=signal.SIGKILL)
        servers.up(folder, quietly)

    try:
        keep_a_start()
        started = servers.up(folder, quietly)
        settings = read_settings(
            broker_url=started.broker_url, database_url=started.database_url, partitions=4, kafka_publish_seconds=15
        )
        migrate(settings.database_url)
        kafka_topics.create(settings)
        run(settings, folder, record_property, kill_broker)
    finally:
        servers.down(folder, quietly)
