"""Kafka, PostgreSQL, workers and a stream of claims, and everything that can be done to them. Counts what it did.

Used by the fault tests (bounded) and by `make soak` (for some minutes). Every wait has an end.
"""

import itertools
import json
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from agents.clients import Outgoing, open_history, open_submitter
from agents.kafka import topics as kafka_topics
from agents.kafka.inspector import Inspector
from agents.services import servers
from agents.settings import read_settings
from pipeline.errors import EXIT_TRANSIENT, Transient
from pipeline.store import migrate, open_store
from schemas import topics
from tests.faults.running import Worker, wait_for
from tests.faults.stream import documents, lives, openings, placed
from tests.support.java_start import keep_a_start
from tests.support.kafka_server import ends_of, environment_of
from tests.support.ledgers import faults_after
from tests.support.money import Money

PARTITIONS = 4
CLAIMS_A_ROUND = 4
LIFE_EVENTS_A_ROUND = 40
PEOPLE_A_ROUND = 20  # more than come in any round
PAUSE_SECONDS = 0.5  # between rounds, so that chunks stay small and every fault meets one
SESSION_SECONDS = 6.0  # the shortest that a broker allows by default
LEAVING_SECONDS = 40.0
PASSING = (0, EXIT_TRANSIENT, -signal.SIGKILL)


@dataclass(slots=True)
class Counts:
    kills: int = 0
    rebalances: int = 0
    zombies: int = 0
    broker_restarts: int = 0
    database_restarts: int = 0
    redeliveries: int = 0
    claims: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0  # claims whose decisions were not published in the order of their revisions
    wrong: int = 0  # faults in the money by person that was published

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Kept:
    """A place for a worker that is started again whenever it ended for a reason that passes."""

    def __init__(self, storm: "Storm", name: str, *, is_static: bool = True) -> None:
        self._storm = storm
        storm.kept.append(self)
        self._name = name
        self._is_static = is_static
        self._is_closing = False
        self._changing = threading.Lock()
        self.bad: list[str] = []
        self.worker = storm.start(name, is_static=is_static)
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _keep(self) -> None:
        while True:
            status = self.worker.process.wait()
            if self._is_closing:
                return
            if status not in PASSING:
                self.bad.append(f"{self._name} ended with status {status}\n{self.worker.tail()}")
                return
            time.sleep(0.2)
            with self._changing:
                if self._is_closing:
                    return
                self.worker = self._storm.start(self._name, is_static=self._is_static)

    def _end_with(self, number: int) -> None:
        with self._changing:  # else the signal meets the one that ended, and its successor stays
            self._is_closing = True
            self.worker.signal(number)
        self._thread.join(timeout=LEAVING_SECONDS)

    def close(self) -> None:
        """Ask it to leave; it must, and must have ended for passing reasons alone."""
        self._end_with(signal.SIGTERM)
        assert not self._thread.is_alive(), "the worker did not leave"
        assert self.bad == [], self.bad

    def end(self) -> None:
        """Make sure that nothing of it is left, whatever happened."""
        self._end_with(signal.SIGKILL)


class Storm:
    """Open it, do things to it, `finish` it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts = Counts()
        self._counting = threading.Lock()  # two killers may kill at once
        self.directory = Path(
            tempfile.mkdtemp(prefix="santunan-storm-")
        )  # pytest's folder is closed to PostgreSQL's user
        keep_a_start()
        started = servers.up(self.directory, _quietly)
        self.settings = read_settings(
            broker_url=started.broker_url,
            database_url=started.database_url,
            partitions=PARTITIONS,
            chunk_records=25,
            kafka_session_seconds=SESSION_SECONDS,
            kafka_publish_seconds=15,
            group="storm",
        )
        migrate(self.settings.database_url)
        kafka_topics.create(self.settings)
        self._stop = threading.Event()
        self._rounds = itertools.count(1)
        self.sent_claims: dict[str, str] = {}  # claim -> the event that opened it
        self.spanning: set[str] = set()  # claims of rounds in which a person may be in two partitions
        self.money = Money()
        self.kept: list[Kept] = []
        self.failures: list[BaseException] = []
        self._feeder = threading.Thread(target=self._feed)
        self._feeder.start()

    # The stream

    def _feed(self) -> None:
        try:
            with open_submitter(self.settings, spool=self.folder / "spool") as submitter:
                while not self._stop.is_set():
                    list(submitter.send(self._round(next(self._rounds))))
                    self._stop.wait(PAUSE_SECONDS)
                while (self.folder / "spool").exists():
                    list(submitter.send([]))
        except BaseException as error:
            self.failures.append(error)

    def _round(self, number: int) -> list[Outgoing]:
        """Every other round tells lives as history, by their own times; every third has people in two partitions."""
        name, spans = f"r{number}", number % 3 == 0
        told = list(documents(CLAIMS_A_ROUND, member_count=2, name=name, first_member=10 * number))
        lived = lives(number, LIFE_EVENTS_A_ROUND, name=f"l{number}", first=PEOPLE_A_ROUND * number, spans=spans)
        events = placed(told, PARTITIONS) + placed(lived, PARTITIONS, is_history=number % 2 == 0)
        self.sent_claims.update(openings([*told, *lived]))
        if spans:
            self.spanning.update(openings(lived))
        # The same event under another key, as a broken sender does: in another partition, at about the same time.
        events.append(replace(events[-1], key=b"somebody else"))
        return events

    # Workers

    def start(self, name: str, *, is_static: bool = True, step: str = "", nth: int = 0) -> Worker:
        environment = environment_of(self.settings)
        if is_static:
            environment["SANTUNAN_INSTANCE_ID"] = name
        database = servers.running(self.directory, "postgresql")
        environment["SANTUNAN_TEST_DATABASE_PID"] = str(database)
        place = self.folder / name
        place.mkdir(exist_ok=True)
        return Worker(place, environment, step=step, nth=nth)

    def kill_at(self, name: str, step: str, nth: int) -> None:
        """One worker dies at the n-th chunk that comes to this step."""
        while not self._is_killed(self.start(name, step=step, nth=nth)):
            continue  # the other fault came first; that is no kill

    def kill_after(self, name: str, seconds: float) -> None:
        """One worker dies at a moment that nobody chose, so long after it got its partitions."""
        worker = self.start(name)
        before = worker.assignments
        wait_for(lambda: worker.has_ended or worker.assignments > before, None, 90)
        time.sleep(seconds)
        worker.signal(signal.SIGKILL)
        self._is_killed(worker)

    def _is_killed(self, worker: Worker) -> bool:
        try:
            status = worker.wait(90)
        finally:
            if not worker.has_ended:
                worker.process.kill()
                worker.wait()
        assert status in (-signal.SIGKILL, EXIT_TRANSIENT), worker.tail()
        with self._counting:
            self.counts.kills += status == -signal.SIGKILL
        return status == -signal.SIGKILL

    def rebalance(self, *, kill: bool) -> None:
        """A second worker comes, takes its share, and goes; each is a rebalance."""
        guest = self.start("guest", is_static=False)
        before = guest.assignments
        wait_for(lambda: guest.assignments > before, guest, 90)
        time.sleep(0.3)
        guest.signal(signal.SIGKILL if kill else signal.SIGTERM)
        assert guest.wait(LEAVING_SECONDS) in PASSING, guest.tail()
        self.counts.rebalances += 2

    def zombie(self) -> None:
        """A worker is stopped for longer than its session lasts, and then goes on as if nothing had happened."""
        stopped = Kept(self, "zombie")
        wait_for(lambda: stopped.worker.assignments > 0, None, 90)
        time.sleep(1.0)
        stopped.worker.signal(signal.SIGSTOP)
        time.sleep(SESSION_SECONDS + 4)
        before = stopped.worker.assignments
        stopped.worker.signal(signal.SIGCONT)
        wait_for(lambda: stopped.worker.assignments > before, None, 90)  # in the group that has formed without it
        stopped.close()
        self.counts.zombies += 1

    def breathe(self) -> None:
        """Until something more was decided: a fault on an idle system shows nothing."""
        before = self._positions_sum()
        wait_for(lambda: self._positions_sum() > before, None, 120, every=0.5)

    def _positions_sum(self) -> int:
        try:
            store = open_store(self.settings.database_url)
        except Transient:
            return -1
        try:
            with store.reader() as connection:
                return int(connection.exec_driver_sql('SELECT coalesce(sum("next"), 0) FROM positions').scalar() or 0)
        except Transient:
            return -1
        finally:
            store.close()

    # Servers

    def restart_broker(self, signum: int) -> None:
        servers.stop(self.directory, "kafka", _quietly, signum=signum)
        time.sleep(1.0)
        servers.up(self.directory, _quietly)
        self.counts.broker_restarts += 1

    def restart_database(self, signum: int) -> None:
        servers.stop(self.directory, "postgresql", _quietly, signum=signum)
        time.sleep(0.5)
        servers.up(self.directory, _quietly)
        self.counts.database_restarts += 1

    def restart_database_while_committing(self, name: str) -> None:
        worker = self.start(name, step="committing", nth=2)
        wait_for(lambda: servers.running(self.directory, "postgresql") is None, None, 60)
        servers.up(self.directory, _quietly)
        worker.signal(signal.SIGTERM)
        assert worker.wait(LEAVING_SECONDS) in PASSING, worker.tail()
        self.counts.database_restarts += 1

    # The end

    def finish(self) -> list[str]:
        """Let everything be processed, then compare what was sent, what is stored and what was published."""
        self._stop.set()
        self._feeder.join(timeout=120)
        assert not self._feeder.is_alive(), "the submitter could not deliver what is in its spool"
        assert self.failures == [], self.failures
        last = Kept(self, "last", is_static=False)
        try:
            wait_for(self._is_settled, None, 300, every=1.0)
        finally:
            last.close()
        self._count()
        return faults_after(self.settings)

    def close(self) -> None:
        self._stop.set()
        for one in self.kept:
            one.end()
        self._feeder.join(timeout=120)
        servers.down(self.directory, _quietly)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _is_settled(self) -> bool:
        try:
            ends = ends_of(self.settings)
            store = open_store(self.settings.database_url)
            with store.reader() as connection:
                rows = connection.exec_driver_sql('SELECT topic, "partition", "next" FROM positions')
                positions = {(topic, number): at or 0 for topic, number, at in rows}
            store.close()
            published = Inspector(self.settings).committed(list(ends))  # moves with the outputs, after they are stored
        except Transient:
            return False
        return all(min(positions.get(place, 0), published.get(place, (0, ""))[0]) >= end for place, end in ends.items())

    def _count(self) -> None:
        ids: Counter[str] = Counter()
        revisions: dict[str, list[int]] = defaultdict(list)
        published: Counter[str] = Counter()
        refused: set[str] = set()
        with open_history(self.settings) as history:
            for one in history.read(topics.OUTPUT):
                document = json.loads(one.value)
                ids[document["id"]] += 1
                published[one.topic] += 1
                self.money.note(document)
                if one.topic == topics.DEAD_LETTERS:
                    refused.add(document["data"]["id"])
                if one.topic == topics.DECISIONS:
                    revisions[document["data"]["claim_id"]].append(document["data"]["revision"])
        stored = self._stored()
        counts = self.counts
        counts.claims = len(self.sent_claims)
        answered = revisions.keys() | {claim for claim, event in self.sent_claims.items() if event in refused}
        counts.lost = len(self.sent_claims.keys() - answered)
        counts.wrong = len(self.money.faults())
        counts.lost += sum(max(0, stored[name] - published[name]) for name in stored)
        counts.lost += sum(set(numbers) != set(range(1, len(numbers) + 1)) for numbers in revisions.values())
        counts.disordered = sum(  # where a person spans partitions, no order is promised (docs/exactly-once.md)
            numbers != sorted(numbers) for claim, numbers in revisions.items() if claim not in self.spanning
        )
        counts.doubled = sum(times - 1 for times in ids.values())
        counts.doubled += sum(max(0, published[name] - stored[name]) for name in published)
        counts.redeliveries = sum(
            log.read_text(errors="replace").count("their stored outputs are published")
            for log in self.folder.glob("*/worker.log")
        )

    def _stored(self) -> Counter[str]:
        store = open_store(self.settings.database_url)
        with store.reader() as connection:
            rows = connection.exec_driver_sql("SELECT topic, count(*) FROM outputs GROUP BY topic")
            found = Counter({topic: count for topic, count in rows})
        store.close()
        return found


def _quietly(sentence: str) -> None:
    """Counts are printed at the end, not every step."""
