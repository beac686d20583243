"""/health says whether starting the worker again would help, /ready whether it decides what comes in now."""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agents.clients import open_submitter
from agents.services.servers import free_ports
from agents.settings import read_settings
from agents.worker.batch_source import Batch, Lag
from agents.worker.batches import STUCK_SECONDS, BatchRunner
from agents.worker.health import LOOK_SECONDS, STORE_SECONDS, Health
from agents.worker.metrics import Metrics
from pipeline.errors import EXIT_CONFIGURATION, NotReady
from pipeline.messages.records import Chunk
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.http import asked, metrics_of


class BatchSource:
    """A consumer that has partitions and reads."""

    looked_at = 0.0
    waits_for: str | None = None

    def missing(self) -> str | None:
        return self.waits_for

    def lag(self) -> Lag:
        return Lag({}, None)


class Watched:
    """A worker that is well at second 0; tests change what they are about."""

    def __init__(self, ask_store: Callable[[], None] = lambda: None) -> None:
        self.now = 0.0
        self.source = BatchSource()
        self.runner = BatchRunner(lambda chunk: [], threads=1)
        self.runner.source = self.source  # type: ignore[assignment]
        self.health = Health(self.runner, ask_store, Metrics(), clock=lambda: self.now)

    def take_in_hand(self) -> None:
        self.runner.in_hand[Batch((Chunk(topics.DEATHS, 3, 0, 1, ()),), 1)] = self.now

    def missing(self) -> str | None:
        return asyncio.run(self.health.missing())


@pytest.mark.parametrize("late, is_well", [(-0.1, True), (0.0, True), (0.1, False)])
def test_a_worker_that_has_not_looked_for_events_for_too_long_is_not_well(late: float, is_well: bool) -> None:
    watched = Watched()
    watched.now = LOOK_SECONDS + late
    trouble = watched.health.trouble()
    assert (trouble is None) is is_well
    assert is_well or "has not looked for events for 60 s" in str(trouble)


@pytest.mark.parametrize("late, is_well", [(-0.1, True), (0.0, True), (0.1, False)])
def test_a_chunk_may_be_in_hand_up_to_the_limit_however_long_ago_the_worker_looked(late: float, is_well: bool) -> None:
    watched = Watched()
    watched.take_in_hand()
    watched.now = STUCK_SECONDS + late
    trouble = watched.health.trouble()
    assert (trouble is None) is is_well
    assert is_well or "in hand for 90 s; 90 is most: claims.deaths 3" in str(trouble)


def test_a_worker_that_never_polled_gets_the_same_grace_period() -> None:
    watched = Watched()
    watched.runner.source = None
    watched.now = LOOK_SECONDS
    assert watched.health.trouble() is None
    watched.now = LOOK_SECONDS + 1
    assert watched.health.trouble() is not None


def test_a_worker_is_ready_when_it_reads_and_its_store_answers() -> None:
    assert Watched().missing() is None


def test_a_worker_without_a_partition_is_not_ready_and_says_so() -> None:
    watched = Watched()
    watched.runner.source = None
    assert "no partition is assigned" in str(watched.missing())


def test_a_worker_that_has_not_fenced_its_predecessor_is_not_ready_but_well() -> None:
    watched = Watched()
    watched.source.waits_for = "the last worker is not fenced yet"
    assert watched.missing() == "the last worker is not fenced yet"
    assert watched.health.trouble() is None


def test_a_worker_that_is_not_well_is_not_ready() -> None:
    watched = Watched()
    watched.now = LOOK_SECONDS + 1
    assert watched.missing() == watched.health.trouble() is not None


def test_a_worker_that_leaves_is_not_ready_but_well() -> None:
    watched = Watched()
    watched.runner.is_leaving = True
    assert "leaving" in str(watched.missing()) and watched.health.trouble() is None


def test_a_store_that_fails_makes_a_worker_not_ready_and_its_words_are_not_repeated() -> None:
    def fail() -> None:
        raise OSError("password of Budi")

    watched = Watched(fail)
    assert watched.missing() == "the store does not answer a trivial read (OSError)"
    assert watched.health.trouble() is None


def test_a_store_that_hangs_is_asked_by_one_thread_however_many_want_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.worker.health.STORE_SECONDS", 0.05)
    asked: list[int] = []
    released = threading.Event()

    def hang() -> None:
        asked.append(1)
        released.wait(10)

    watched = Watched(hang)

    async def several() -> list[str | None]:
        found = [await watched.health.missing() for _ in range(3)]
        released.set()
        assert watched.health._asking is not None
        await watched.health._asking
        return [*found, await watched.health.missing()]

    *hanging, last = asyncio.run(several())
    assert all("has not answered" in str(one) for one in hanging) and len(hanging) == 3
    assert last is None and len(asked) == 2
    assert STORE_SECONDS < 5, "a probe's own patience"


@pytest.mark.parametrize("address", ["9100", "localhost:", ":9100", "a b:9100", "http://localhost:9100"])
def test_an_address_without_host_or_port_is_refused_with_the_name_of_the_setting(address: str) -> None:
    with pytest.raises(NotReady, match=r"^SANTUNAN_HEALTH_ADDRESS .*: write HOST:PORT, such as 127\.0\.0\.1:9100"):
        read_settings(health_address=address)


def test_by_default_a_worker_listens_nowhere() -> None:
    assert read_settings().health_address is None
    assert read_settings(health_address="[::1]:9100").health_address == "[::1]:9100"


# --- the real worker


def settings_of(folder: Path, port: int) -> Mapping[str, str]:
    return {
        "SANTUNAN_DATABASE_URL": f"sqlite:///{folder / 'santunan.db'}",
        "SANTUNAN_HEALTH_ADDRESS": f"127.0.0.1:{port}",
        "SANTUNAN_LOG_LEVEL": "WARNING",
    }


def test_a_worker_answers_how_it_is_and_what_it_did(tmp_path: Path) -> None:
    [port] = free_ports(1)
    environment = settings_of(tmp_path, port)
    with running(tmp_path, environment) as worker:
        wait_for(lambda: asked(port, "/ready")[0] == 200, worker)
        assert asked(port, "/health") == (200, b'{"status": "ok"}')
        assert asked(port, "/")[0] == 404
        with open_submitter(read_settings(database_url=environment["SANTUNAN_DATABASE_URL"])) as submitter:
            list(submitter.submit([e.raw(one) for one in (*e.member(), e.accident("K1"))], is_history=True))

        wait_for(lambda: ("santunan_claims_decided_total", "APPROVED", "JKK", "OK") in metrics_of(port), worker)
        wait_for(lambda: metrics_of(port)["santunan_oldest_undecided_seconds",] == 0, worker)
        metrics = metrics_of(port)
        assert metrics["santunan_events_total", "accepted", topics.HISTORY] == 5
        assert metrics["santunan_lag_records", "0", topics.HISTORY] == 0
        assert all(metrics["santunan_step_seconds_count", step] > 0 for step in ("parse", "commit", "publish"))
        assert worker.stop() == 0


def test_a_second_worker_on_the_same_address_says_which_setting_to_change(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with running(tmp_path, settings_of(tmp_path, other.getsockname()[1])) as worker:
            assert worker.wait() == EXIT_CONFIGURATION
            assert "SANTUNAN_HEALTH_ADDRESS" in worker.tail()
