"""kill -9 of the embedded worker at each step of a chunk. Whatever the moment: nothing is lost, nothing is doubled."""

import os
import shutil
from pathlib import Path

import pytest

from agents.clients import open_submitter
from agents.settings import Settings, read_settings
from pipeline.messages.records import Message
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.faults.dying_worker import STEPS
from tests.faults.running import running, wait_for
from tests.faults.stream import documents, lives
from tests.support.ledgers import faults_after

CLAIMS = 80  # with their members, evidence and the lives some 260 events
LIFE_EVENTS = 45  # told as history, and as many live
CHUNK_RECORDS = 5
MOST_KILLS = 500
SAMPLE = (1, 2, 4)  # which chunk after each start the worker dies at
EVERY = bool(os.environ.get("SANTUNAN_SOAK"))  # `make kills`: each chunk of the run at each step


def environment(file: Path) -> dict[str, str]:
    return {
        "SANTUNAN_DATABASE_URL": f"sqlite:///{file}",
        "SANTUNAN_CHUNK_RECORDS": str(CHUNK_RECORDS),
        "SANTUNAN_LOG_LEVEL": "WARNING",
        "SANTUNAN_WITNESS_DIR": str(file.with_name("witness")),
    }


def settings_of(file: Path) -> Settings:
    return read_settings(database_url=f"sqlite:///{file}", chunk_records=CHUNK_RECORDS)


def fill(file: Path) -> None:
    """Half as history, half as live events of several topics that alternate. One is sent in both halves."""
    events = lives(1, LIFE_EVENTS, name="past") + list(documents(CLAIMS, member_count=20))
    events += lives(2, LIFE_EVENTS, name="live", first=100)
    half = len(events) // 2
    with open_submitter(settings_of(file)) as submitter:
        list(submitter.submit(events[:half], is_history=True))
        list(submitter.submit(events[half - 1 :]))


def copied(filled: Path, file: Path) -> Path:
    for part in ("", "-wal", "-shm"):
        if Path(f"{filled}{part}").exists():
            shutil.copy(f"{filled}{part}", f"{file}{part}")
    return file


def is_done(log: Log) -> bool:
    positions = log.positions("santunan")
    return all(positions.get(place, 0) >= end for place, end in log.ends().items() if place[0] in topics.INTAKE)


def outputs(file: Path) -> list[Message]:
    log = Log(file)
    try:
        return [Message(entry.topic, entry.key or b"", entry.value) for entry in log.read(0, topics.OUTPUT)]
    finally:
        log.close()


def finish(folder: Path, file: Path) -> None:
    log = Log(file)
    try:
        with running(folder, environment(file)) as worker:
            wait_for(lambda: is_done(log), worker)
            assert worker.stop() == 0
    finally:
        log.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Message]]:
    """A file with its events still to be read, and what an undisturbed worker makes of them."""
    folder = tmp_path_factory.mktemp("undisturbed")
    fill(folder / "filled.db")
    done = copied(folder / "filled.db", folder / "done.db")
    finish(folder, done)
    made = outputs(done)
    assert len([message for message in made if message.topic == topics.DECISIONS]) >= CLAIMS
    return folder / "filled.db", made


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_a_step_loses_nothing_and_doubles_nothing(
    step: str, undisturbed: tuple[Path, list[Message]], tmp_path: Path
) -> None:
    filled, expected = undisturbed
    file = copied(filled, tmp_path / "santunan.db")
    kills = 0
    log = Log(file)
    while not is_done(log) and kills < (MOST_KILLS if EVERY else len(SAMPLE)):
        # Dying at the first chunk before its commit would never end: every other time it is let get one further.
        nth = 1 + kills % 2 if EVERY else SAMPLE[kills]
        with running(tmp_path, environment(file), step=step, nth=nth) as worker:
            wait_for(lambda: worker.has_ended or is_done(log))  # noqa: B023 - used within the loop's own turn
            if not worker.has_ended:
                break
            assert worker.wait() == -9, worker.tail()
            kills += 1
    log.close()
    assert kills >= len(SAMPLE), "the fault did not bite"
    finish(tmp_path, file)

    assert outputs(file) == expected
    assert faults_after(settings_of(file), witness_dir=file.with_name("witness")) == []


def test_a_worker_that_is_told_to_leave_finishes_and_a_new_one_goes_on(
    undisturbed: tuple[Path, list[Message]], tmp_path: Path
) -> None:
    filled, expected = undisturbed
    file = copied(filled, tmp_path / "santunan.db")
    log = Log(file)
    for _ in range(3):
        before = sum(log.positions("santunan").values())
        with running(tmp_path, environment(file)) as worker:
            wait_for(lambda: sum(log.positions("santunan").values()) > before, worker)  # noqa: B023
            assert worker.stop() == 0
    log.close()
    finish(tmp_path, file)
    assert outputs(file) == expected
    assert faults_after(settings_of(file), witness_dir=file.with_name("witness")) == []
