"""What holds personal data or a password is its owner's alone, and is never reached through a link: every such file."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.clients.interface import Outgoing
from agents.clients.position import PositionFile
from agents.clients.spool import Spool
from agents.services import kafka, last_directory, servers
from agents.transports.embedded import hold
from pipeline import private_files
from pipeline.errors import NotReady
from pipeline.store import open_reader, open_store

EVENT = Outgoing("claims.accidents", b"k", None, b"{}", "urn:santunan:clinic:a", "1", None)


def database(folder: Path) -> None:
    open_store(f"sqlite:///{folder}/santunan.db").close()
    open_reader(f"sqlite:///{folder}/santunan.db").close()


def worker(folder: Path) -> None:
    os.close(hold(folder / "santunan.db"))


def spool(folder: Path) -> None:
    waiting = Spool(folder / "spool")
    try:
        waiting.read()
        waiting.keep([EVENT])
    finally:
        waiting.close()


def position(folder: Path) -> None:
    kept = PositionFile(folder / "seen.json")
    kept.read()
    kept.note({("claims.decisions", 0): 1})
    kept.save()


def last(folder: Path) -> None:
    last_directory.remember(folder)
    last_directory.recall()


def services(folder: Path) -> None:
    servers._places(folder)
    with servers._alone(folder):
        servers.launch(folder.parent, folder.name, ["true"], {})
        servers.running(folder.parent, folder.name)


def broker(folder: Path) -> None:
    kafka.write_properties(folder, 1, 2)


MAKERS = (database, worker, spool, position, last, services, broker)
Make = Callable[[Path], None]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the last directory is remembered; and nobody's umask helps."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    found = tmp_path / "own" / "santunan"
    if request.getfixturevalue("make") in (services, broker):
        private_files.own_folder(found)
    return found


def below(place: Path) -> list[Path]:
    return sorted(one for one in place.rglob("*"))


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def wait_for_children(before: set[int]) -> None:
    """Those that began since: a server of all tests may run in this process, too."""
    for process_id, process in servers._started_here.items():
        if process_id not in before:
            process.wait()


@pytest.mark.parametrize("make", MAKERS, ids=lambda one: one.__name__)
def test_files_and_folders_are_made_for_their_owner_alone(make: Make, folder: Path) -> None:
    before = set(servers._started_here)
    make(folder)
    wait_for_children(before)
    found = [folder.parent, *below(folder.parent)]
    assert {one.name: oct(mode(one)) for one in found} == {
        one.name: oct(0o700 if one.is_dir() else 0o600) for one in found
    }
    assert any(one.is_file() for one in found)


@pytest.mark.parametrize("make", MAKERS, ids=lambda one: one.__name__)
def test_no_file_is_reached_through_a_link(make: Make, folder: Path, tmp_path: Path) -> None:
    before = set(servers._started_here)
    make(folder)
    wait_for_children(before)
    names = [one for one in below(folder.parent) if one.is_file()]
    names += [one.with_name(f"{one.name}.new") for one in names if make in (spool, position, last)]
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    victim.chmod(0o644)
    for name in names:
        kept = name.read_bytes() if name.exists() else None
        name.unlink(missing_ok=True)
        name.symlink_to(victim)
        try:
            make(folder)
        except NotReady as error:
            assert "is a link" in str(error) and str(name) in str(error)
        else:
            assert not name.is_symlink() or name.name.endswith(".new"), f"{name.name} was followed"
        assert (victim.read_bytes(), mode(victim)) == (b"", 0o644), f"{name.name} was followed"
        name.unlink()
        if kept is not None:
            name.write_bytes(kept)


@pytest.mark.parametrize("make", MAKERS, ids=lambda one: one.__name__)
def test_the_files_of_another_user_are_refused(make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(servers._started_here)
    make(folder)
    wait_for_children(before)
    monkeypatch.setattr(private_files.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(NotReady, match="belongs to another user"):
        make(folder)


def test_a_database_of_another_user_is_not_read_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database(tmp_path)
    monkeypatch.setattr(private_files.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(NotReady, match="santunan.db belongs to another user"):
        open_reader(f"sqlite:///{tmp_path}/santunan.db")


@pytest.mark.parametrize("make", [database, spool, position])
def test_a_file_that_others_could_read_is_closed(make: Make, folder: Path) -> None:
    make(folder)
    for one in below(folder):
        one.chmod(0o666)
    make(folder)
    assert {mode(one) for one in below(folder)} == {0o600}


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused_and_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "spool.lock"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(NotReady, match="is no file"):
        Spool(tmp_path / "spool")


def test_folders_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    database(tmp_path / "a" / "b")
    assert [mode(one) for one in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [0o755, 0o700, 0o700]


def test_the_folder_of_services_is_closed_and_no_link(tmp_path: Path) -> None:
    place = tmp_path / "services"
    place.mkdir(mode=0o777)
    private_files.own_folder(place)
    assert mode(place) == 0o700
    (tmp_path / "link").symlink_to(place)
    with pytest.raises(NotReady, match="is a link"):
        private_files.own_folder(tmp_path / "link")
