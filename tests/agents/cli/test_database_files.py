"""The command line over a database file that is not as it should be: damaged, missing, or not to be written."""

import contextlib
import ctypes
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, Ran, accident, environment, santunan, until, worker

_DROP_FROM_BOUNDING_SET = 24  # of Linux's prctl.h
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2  # of its capability.h: what lets root pass by permissions


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one decision in it, and nothing beside it."""
    place = tmp_path_factory.mktemp("whole")
    assert santunan("submit", "-", cwd=place, given=accident()).status == 0
    with worker(place):
        assert len(until(place, 1, "decisions")) == 1
    file = place / ".santunan" / "santunan.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def truncated(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def written_over(whole: bytes) -> bytes:
    return whole[:100] + b"Kepada Yth. " * 4096 + whole[100 + 12 * 4096 :]


@pytest.mark.parametrize(
    ("harm", "command"),
    [
        (truncated, ("decisions",)),
        (truncated, ("explain", "JKK-1")),
        (truncated, ("tick",)),
        (truncated, ("worker",)),
        (written_over, ("decisions",)),
        (written_over, ("replay",)),
        (written_over, ("migrate",)),
    ],
)
def test_a_damaged_file_is_one_sentence_that_says_what_to_do(
    harm: Callable[[bytes], bytes], command: tuple[str, ...], whole: Path, tmp_path: Path
) -> None:
    file = tmp_path / "santunan.db"
    file.write_bytes(harm(whole.read_bytes()))
    ran = santunan(*command, cwd=tmp_path, SANTUNAN_DATABASE_URL="sqlite:///santunan.db")
    assert (ran.status, ran.out) == (78, "")
    said = [line for line in ran.err.splitlines() if "the database file is damaged" in line]
    assert said and all("put a backup in its place" in line for line in said) and "Traceback" not in ran.err
    assert len(ran.err.splitlines()) == 1 or command == ("worker",)


def test_the_doctor_goes_on_after_a_damaged_file(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "santunan.db").write_bytes(truncated(whole.read_bytes()))
    ran = santunan("doctor", "--deep", "--json", cwd=tmp_path, SANTUNAN_DATABASE_URL="sqlite:///santunan.db")
    assert ran.status == 1
    wrong = {one["what"]: one["told"] for one in ran.rows[0]["findings"] if not one["is_well"]}
    assert wrong.keys() == {"store", "broker", "accepted", "invariants"} and all(
        "is damaged" in said for said in wrong.values()
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("submit", "-"), "is the database of another program"),
        (("migrate",), "is the database of another program"),
        (("decisions",), "has no tables yet"),
    ],
)
def test_the_database_of_another_program_is_left_alone(command: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE log (line)")
    url = {"SANTUNAN_DATABASE_URL": "sqlite:///other.db"}
    ran = santunan(*command, cwd=tmp_path, given=accident(), **url)
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (78, "", 1) and said in ran.err
    findings = santunan("doctor", "--json", cwd=tmp_path, **url).rows[0]["findings"]
    assert [one["what"] for one in findings if not one["is_well"]] == ["store", "broker"]
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("log",)]


@pytest.mark.parametrize("folder", ["what? #1", "100%25", "a&mode=rw", "dua kata é"])
def test_a_folder_may_have_any_name(folder: str, whole: Path, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    shutil.copy(whole, tmp_path / folder / "santunan.db")
    url = f"sqlite:///{folder}/santunan.db"
    ran = santunan("decisions", "--json", cwd=tmp_path, SANTUNAN_DATABASE_URL=url)
    assert (ran.status, ran.err, len(ran.rows)) == (0, "", 1)
    assert santunan("submit", "-", cwd=tmp_path, given=accident(id="2"), SANTUNAN_DATABASE_URL=url).status == 0
    assert [one.name for one in tmp_path.iterdir()] == [folder]


def drop_rights() -> None:
    """Permissions count for this process and its children, even where root runs the tests."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
            if libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "root keeps passing by permissions")


def as_anybody(*arguments: str, cwd: Path, given: str = "") -> Ran:
    settings = {"SANTUNAN_DATABASE_URL": "sqlite:///kept/santunan.db"}
    done = subprocess.run(  # noqa: S603
        [*PROGRAM, *arguments],
        cwd=cwd,
        input=given,
        env={**environment(), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=drop_rights,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def kept(whole: Path, tmp_path: Path) -> Path:
    """A copy that nobody may write, in a folder that nobody may write."""
    folder = tmp_path / "kept"
    folder.mkdir()
    shutil.copy(whole, folder)
    (folder / whole.name).chmod(0o444)
    folder.chmod(0o555)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ("decisions",),
        ("referrals",),
        ("explain", "JKK-1"),
        ("dead-letters", "list"),
        ("replay",),
        ("doctor", "--deep"),
    ],
)
def test_a_read_only_copy_can_be_read(command: tuple[str, ...], kept: Path) -> None:
    ran = as_anybody(*command, "--json", cwd=kept)
    assert (ran.status, ran.err) == (0, "")
    assert ran.rows or command[0] in ("referrals", "dead-letters")


@pytest.mark.parametrize("is_folder_open", [False, True])
def test_writing_to_a_read_only_copy_is_one_sentence(is_folder_open: bool, kept: Path) -> None:
    if is_folder_open:
        (kept / "kept").chmod(0o755)
    ran = as_anybody("submit", "-", cwd=kept, given=accident(id="2"))
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (78, "", 1)
    assert "cannot be written" in ran.err if is_folder_open else "Permission denied" in ran.err


def test_an_event_changed_in_the_file_is_found_by_replay_and_doctor(whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "changed.db"
    shutil.copyfile(whole, file)
    url = {"SANTUNAN_DATABASE_URL": f"sqlite:///{file}"}
    assert santunan("replay", cwd=tmp_path, **url).status == 0
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        changed = "CAST(replace(CAST(value AS TEXT), 'T08:00:00', 'T08:00:01') AS BLOB)"
        connection.execute(f"UPDATE log SET value = {changed} WHERE topic = 'claims.accidents'")  # noqa: S608
    place = "claims.accidents/0/0"
    ran = santunan("replay", cwd=tmp_path, **url)
    assert ran.status == 1 and f"\n  {place}\n" in ran.out
    (row,) = santunan("replay", "--json", cwd=tmp_path, **url).rows
    assert (row["altered"], row["events"]) == ([place], 0)
    ran = santunan("doctor", "--deep", cwd=tmp_path, **url)
    assert ran.status == 1 and f"{place}: the bytes of this event are not those that were accepted" in ran.out
