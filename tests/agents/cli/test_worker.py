"""`santunan worker`: when `--processes` makes no sense, what each process gets of its own, and one left alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import typer

from agents.cli.run import run
from agents.cli.worker import worker
from agents.settings import SETTINGS_FILE, read_settings
from agents.worker import supervisor
from agents.worker.ending import SUPERVISOR_VARIABLE
from agents.worker.logs import PROCESS_VARIABLE
from tests.support.command_line import PROGRAM, environment, santunan

ON_KAFKA = {
    "SANTUNAN_DATABASE_URL": "postgresql://u@127.0.0.1:1/x",
    "SANTUNAN_BROKER_URL": "kafka+chunks://127.0.0.1:1",
}


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (("--processes", "2"), {}, "one file has one worker process"),
        (("--processes", "2", "--no-supervise"), ON_KAFKA, "--no-supervise is one process"),
        (("--processes", "0"), ON_KAFKA, "Invalid value for '--processes'"),
    ],
)
def test_where_several_processes_make_no_sense_it_is_a_mistake_in_typing(
    arguments: tuple[str, ...], settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    ran = santunan("worker", *arguments, cwd=tmp_path, **settings)
    assert ran.status == 2 and said in ran.err and "Usage: santunan worker" in ran.err
    assert not list(tmp_path.iterdir())


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Mapping[str, str]]:
    """The environments that a supervisor was asked to run workers in."""
    found: list[Mapping[str, str]] = []

    def supervise(parts: Sequence[supervisor.Part]) -> int:
        found.extend(part.environment for part in parts)
        return 0

    monkeypatch.setattr(supervisor, "supervise", supervise)
    monkeypatch.chdir(tmp_path)
    for name, value in ON_KAFKA.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.mark.parametrize("is_in_file", [True, False])
def test_each_of_several_processes_has_a_place_and_an_address_of_its_own(
    is_in_file: bool,
    given: list[Mapping[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    if is_in_file:
        (tmp_path / SETTINGS_FILE).write_text('instance_id = "hall"\nhealth_address = "[::1]:9100"\n')
    else:
        monkeypatch.setenv("SANTUNAN_INSTANCE_ID", "hall")
        monkeypatch.setenv("SANTUNAN_HEALTH_ADDRESS", "[::1]:9100")
    with pytest.raises(typer.Exit):
        worker(processes=3)
    assert "worker of group santunan on 127.0.0.1:1, 3 processes; Ctrl-C stops it" in capsys.readouterr().err
    seen = []
    for variables in given:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings = read_settings()  # as the process does
        seen.append((settings.instance_id, settings.health_address))
    assert seen == [("hall-1", "[::1]:9100"), ("hall-2", "[::1]:9101"), ("hall-3", "[::1]:9102")]


def test_unset_variables_stay_unset(given: list[Mapping[str, str]]) -> None:
    with pytest.raises(typer.Exit):
        worker(processes=2)
    assert given == [{PROCESS_VARIABLE: "1"}, {PROCESS_VARIABLE: "2"}]


def test_one_process_alone_has_the_settings_as_they_are(
    given: list[Mapping[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANTUNAN_INSTANCE_ID", "hall")
    with pytest.raises(typer.Exit):
        worker()
    assert given == [{}]
    assert "worker of group santunan on 127.0.0.1:1; Ctrl-C stops it" in capsys.readouterr().err


def test_a_worker_whose_supervisor_was_killed_leaves(tmp_path: Path) -> None:
    program = subprocess.Popen(  # noqa: S603
        [*PROGRAM, "worker"], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    )
    assert program.stderr is not None
    while " reading " not in program.stderr.readline():
        assert program.poll() is None
    [found] = subprocess.run(["pgrep", "-P", str(program.pid)], capture_output=True, check=True).stdout.split()  # noqa: S603, S607
    program.kill()
    try:
        _, said = program.communicate(timeout=20)  # until nobody is left who could write
    except subprocess.TimeoutExpired:
        os.kill(int(found), signal.SIGKILL)
        program.communicate()
        raise
    assert "the supervisor is gone" in said


@pytest.mark.parametrize("name", ["worker", "run"])
def test_a_worker_is_started_with_what_it_accepts(
    name: str, given: list[Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANTUNAN_ACCEPT_UNKNOWN", "0")
    command = worker if name == "worker" else run
    with pytest.raises(typer.Exit):
        command()
    assert not read_settings().accept_unknown
    with pytest.raises(typer.Exit):
        command(accept_unknown=True)
    assert read_settings().accept_unknown, "each process of the worker reads it from the environment"


def test_a_worker_whose_supervisor_died_while_it_started_leaves(tmp_path: Path) -> None:
    """It has another parent from the first moment on."""
    with subprocess.Popen(["true"]) as dead:  # noqa: S607
        pass
    own = {SUPERVISOR_VARIABLE: str(dead.pid), "SANTUNAN_DATABASE_URL": f"sqlite:///{tmp_path}/santunan.db"}
    left = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "agents.worker"],
        env=environment() | own,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert left.returncode == 0 and "the supervisor is gone" in left.stderr
