"""`santunan worker --processes 2` as an operator starts it: two share the work, and one that is killed comes back."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient

from agents.clients import open_history, open_submitter
from agents.settings import Settings
from schemas import topics
from tests.faults.running import wait_for
from tests.faults.stream import documents
from tests.support.command_line import PROGRAM, environment, is_running
from tests.support.kafka_server import PARTITIONS, environment_of
from tests.support.ledgers import faults_after

CLAIMS = 40
HALF = len(topics.INTAKE) * PARTITIONS // 2

Command = subprocess.Popen[bytes]


@contextmanager
def two_processes(settings: Settings, folder: Path) -> Iterator[Command]:
    with (folder / "worker.log").open("ab") as log:
        command = subprocess.Popen(  # noqa: S603
            [*PROGRAM, "worker", "--processes", "2"],
            env=environment() | environment_of(settings),
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        yield command
    finally:
        if command.poll() is None:
            command.terminate()
        command.wait(30)


def process_ids(command: Command) -> set[int]:
    found = subprocess.run(["pgrep", "-P", str(command.pid)], capture_output=True, check=False)  # noqa: S603, S607
    return set(map(int, found.stdout.split()))


def held(admin: Any, settings: Settings) -> dict[str, tuple[str, int]]:
    """Of each member, by its static id: the id that the broker gave it and how many partitions it holds."""
    groups = admin.describe_consumer_groups([settings.group])[settings.group].result(10)
    return {one.group_instance_id: (one.member_id, len(one.assignment.topic_partitions)) for one in groups.members}


def are_halves(found: dict[str, tuple[str, int]]) -> bool:
    return {place: count for place, (_, count) in found.items()} == {"hall-1": HALF, "hall-2": HALF}


def submit(settings: Settings, name: str, first_member: int) -> None:
    sent = documents(CLAIMS, name=name, first_member=first_member)
    with open_submitter(settings) as submitter:
        assert not any(receipt.is_spooled for receipt in submitter.submit(sent))


def published(settings: Settings) -> list[dict[str, Any]]:
    with open_history(settings) as history:
        return [json.loads(one.value) for one in history.read(topics.OUTPUT)]


def decided(settings: Settings) -> set[str]:
    return {one["data"]["claim_id"] for one in published(settings) if "outcome" in one["data"]}


def test_two_processes_share_the_work_and_one_that_is_killed_comes_back(
    kafka_settings: Settings, tmp_path: Path
) -> None:
    settings = kafka_settings.model_copy(update={"instance_id": "hall"})
    admin: Any = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
    early, late = ({f"{name}-B{place}" for place in range(CLAIMS)} for name in ("early", "late"))
    log = tmp_path / "worker.log"
    with two_processes(settings, tmp_path) as command:
        wait_for(lambda: "are ours" in log.read_text())  # before that a new broker has no place for groups
        wait_for(lambda: are_halves(held(admin, settings)))
        submit(settings, "early", 0)
        wait_for(lambda: early <= decided(settings), every=0.25)

        before, members = process_ids(command), held(admin, settings)
        victim, other = before
        os.kill(victim, signal.SIGKILL)
        submit(settings, "late", 100)
        wait_for(lambda: len(process_ids(command) - {victim}) == 2)
        wait_for(lambda: early | late <= decided(settings), every=0.25)
        wait_for(lambda: held(admin, settings) != members and are_halves(held(admin, settings)))
        assert other in process_ids(command)

        left = process_ids(command)
        command.terminate()
        assert command.wait(20) == 0
        assert not any(map(is_running, left))
    text = log.read_text()
    assert ", 2 processes; Ctrl-C stops it" in text and text.count("was ended by SIGKILL") == 1
    assert all(f"process={number}" in text for number in (1, 2))

    assert set(Counter(one["id"] for one in published(settings)).values()) == {1}
    assert faults_after(settings, key_file=next(tmp_path.rglob("*.ledger.key"))) == []
