"""Faults on the real servers: no process that is killed, stopped or restarted loses, doubles or reorders an event.

Bounded to a few minutes; `make soak` runs longer. The last lines of pytest show the counts.
"""

import itertools
import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import FAULTS
from tests.faults.dying_worker import KAFKA_STEPS
from tests.faults.storm import Kept, Storm

ROUNDS = 2  # of kills at each of the five steps, by each of two workers
RANDOM_KILLS = 2
GUESTS = 5
ZOMBIES = 1

Note = Callable[[str, object], None]  # pytest's: what a test says of itself

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture
def storm(tmp_path: Path) -> Iterator[Storm]:
    started = Storm(tmp_path)
    try:
        yield started
    finally:
        started.close()


def end(storm: Storm, note: Note) -> None:
    breaches = storm.finish()
    note(FAULTS, storm.counts.to_json())
    assert breaches == []
    assert storm.money.faults() == []
    assert (storm.counts.lost, storm.counts.doubled, storm.counts.disordered) == (0, 0, 0)
    assert storm.counts.claims > 0


def kill_in_turn(storm: Storm, name: str, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    for _, step in itertools.product(range(rounds), KAFKA_STEPS):
        storm.kill_at(name, step, chance.randint(1, 3))
    for _ in range(RANDOM_KILLS // 2):
        storm.kill_after(name, chance.uniform(0.0, 2.0))


def test_workers_killed_at_each_step_and_at_random(storm: Storm, record_property: Note) -> None:
    failures: list[BaseException] = []

    def run(name: str, seed: int) -> None:
        try:
            kill_in_turn(storm, name, ROUNDS, seed)
        except BaseException as error:
            failures.append(error)

    killers = [threading.Thread(target=run, args=(f"w{place}", place)) for place in range(2)]
    for killer in killers:
        killer.start()
    for killer in killers:
        killer.join()
    assert failures == []
    end(storm, record_property)
    assert storm.counts.kills >= 2 * ROUNDS * len(KAFKA_STEPS)
    assert storm.counts.redeliveries > 0, "the fault did not bite"


def test_workers_come_and_go_and_one_is_a_zombie(storm: Storm, record_property: Note) -> None:
    host = Kept(storm, "host", is_static=False)
    for place in range(GUESTS):
        storm.rebalance(kill=place % 5 == 4)
    for _ in range(ZOMBIES):
        storm.zombie()
    host.close()
    end(storm, record_property)


def test_servers_restarted_under_a_worker(storm: Storm, record_property: Note) -> None:
    host = Kept(storm, "host")
    for signum in (signal.SIGTERM, signal.SIGKILL):
        storm.breathe()
        storm.restart_broker(signum)
    for signum in (signal.SIGINT, signal.SIGQUIT):
        storm.breathe()
        storm.restart_database(signum)
    storm.breathe()
    host.close()
    storm.restart_database_while_committing("committer")
    end(storm, record_property)
