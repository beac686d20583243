"""`santunan services`: `status` and `down` find the servers that `up` started, from any folder."""

import json
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from agents.cli import services
from agents.services import last_directory, servers
from tests.support.command_line import santunan

STOPPED = asdict(servers.Places(1, 2, 3, "secret", "S"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which servers were started, and have stopped since."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(place)

    def up(directory: Path, log: servers.Say, **_: object) -> servers.Services:
        directory.mkdir(parents=True)
        (directory / "services.json").write_text(json.dumps(STOPPED))
        return servers.Services("127.0.0.1:1", "postgresql://127.0.0.1:2/x")

    monkeypatch.setattr(servers, "up", up)
    services.up(Path(".santunan") / "services")
    return place / ".santunan" / "services"


@pytest.mark.parametrize(("command", "status"), [("status", 1), ("down", 0)])
def test_another_folder_finds_the_servers_started_last(
    command: str, status: int, started: Path, tmp_path: Path
) -> None:
    ran = santunan("services", command, cwd=tmp_path)
    assert ran.status == status and ran.err.startswith(f"Servers in {started}:\n")
    assert "Nothing was ever started here" not in ran.out


def test_the_folder_that_is_given_and_the_one_at_hand_come_first(started: Path, tmp_path: Path) -> None:
    given = santunan("services", "status", "--in", "given", cwd=tmp_path)
    assert given.err.startswith(f"Servers in {tmp_path / 'given'}:\n")
    own = tmp_path / ".santunan" / "services"
    own.mkdir(parents=True)
    assert santunan("services", "status", cwd=tmp_path).err.startswith(f"Servers in {own}:\n")


def test_the_note_is_the_users_own_and_counts_only_while_its_folder_is_there(started: Path, tmp_path: Path) -> None:
    note = tmp_path / "state" / "santunan" / "services"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600 and last_directory.recall() == started
    started.rename(tmp_path / "moved")
    assert last_directory.recall() is None
    assert santunan("services", "down", cwd=tmp_path).out == "Nothing was ever started here.\n"


def test_a_note_that_cannot_be_written_does_not_stop_the_servers(
    started: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    services.up(tmp_path / "new")
    said = capsys.readouterr()
    assert f"From other folders, give --in {tmp_path / 'new'}" in said.err and "SANTUNAN_BROKER_URL" in said.out
