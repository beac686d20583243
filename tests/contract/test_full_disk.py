"""A database without room: the worker says so and stores nothing, submitters get no receipt, and
when there is room again it goes on by itself."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from agents.clients import open_submitter
from agents.settings import Settings, read_settings
from agents.worker.supervisor import Supervisor, worker_command
from pipeline.errors import EXIT_TRANSIENT
from pipeline.store import open_store
from tests.faults import full_disk
from tests.faults.running import wait_for
from tests.faults.stream import documents
from tests.support.command_line import environment
from tests.support.kafka_server import environment_of
from tests.support.ledgers import faults_after

CLAIMS = 60


@contextmanager
def supervised(command: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the supervisor of a worker says."""
    for name, value in (environment_of(settings) | {"SANTUNAN_DAILY_CLOCK": "false"}).items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    supervisor = Supervisor(command, said.append, pause=lambda _seconds: time.sleep(0.2))
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(supervisor.run()))
    thread.start()
    try:
        yield said
    finally:
        supervisor.stop(signal.SIGTERM)
        thread.join(30)
    assert statuses == [0]


def count(settings: Settings, table: str) -> int:
    store = open_store(settings.database_url)
    with store.reader() as connection:
        found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608 - our own names
    store.close()
    return int(found)


def is_decided(settings: Settings) -> bool:
    store = open_store(settings.database_url)
    with store.reader() as connection:
        found = connection.exec_driver_sql("SELECT count(DISTINCT claim_id) FROM decisions").scalar_one()
    store.close()
    return int(found) == CLAIMS


def goes_on_after(make_room: Callable[[], object], said: list[str], settings: Settings) -> None:
    wait_for(lambda: sum("disk" in one and "is full" in one for one in said) >= 2)
    assert all("nothing was stored; make room" in one and "starting again" in one for one in said), said
    assert {table: count(settings, table) for table in ("ledger", "decisions", "chunks")} == {
        "ledger": 0,
        "decisions": 0,
        "chunks": 0,
    }
    make_room()
    wait_for(lambda: is_decided(settings), every=0.2)


def test_a_file_that_cannot_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "santunan.db"
    settings = read_settings(database_url=f"sqlite:///{file}", retries=1)
    with open_submitter(settings) as submitter:
        receipts = list(submitter.submit(documents(CLAIMS)))
    limit = tmp_path / "pages"
    with closing(sqlite3.connect(file)) as connection:
        limit.write_text(str(connection.execute("PRAGMA page_count").fetchone()[0]))
    monkeypatch.setenv(full_disk.VARIABLE, str(limit))
    program = [sys.executable, "-m", "tests.faults.full_disk"]
    monkeypatch.chdir(Path(__file__).parents[2])
    with supervised([*program, "agents.worker"], settings, monkeypatch) as said:
        wait_for(lambda: bool(said))
        (tmp_path / "more.jsonl").write_bytes(b"\n".join(documents(CLAIMS, name="more")))
        done = subprocess.run(  # noqa: S603 - our own program
            [*program, "agents.cli", "submit", str(tmp_path / "more.jsonl")],
            env=environment() | environment_of(settings) | {full_disk.VARIABLE: str(limit)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == EXIT_TRANSIENT and "is full" in done.stderr and "submitted" not in done.stdout
        assert count(settings, "log") == len(receipts)
        goes_on_after(lambda: limit.write_text("1000000"), said, settings)
    assert faults_after(settings) == []


def test_a_database_that_cannot_grow(kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server says it in the middle of a transaction; here a trigger says it, with the server's own code."""
    settings = kafka_settings.model_copy(update={"retries": 1, "instance_id": "one"})
    engine = create_engine(make_url(settings.database_url).set(drivername="postgresql+psycopg"))

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    run(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
    )
    run("CREATE TRIGGER no_room BEFORE INSERT ON chunks FOR EACH STATEMENT EXECUTE FUNCTION no_room()")
    with open_submitter(settings) as submitter:
        list(submitter.submit(documents(CLAIMS)))
    with supervised(worker_command(), settings, monkeypatch) as said:
        goes_on_after(lambda: run("DROP TRIGGER no_room ON chunks"), said, settings)
    assert faults_after(settings) == []
    engine.dispose()
