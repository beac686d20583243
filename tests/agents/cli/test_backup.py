"""`santunan backup` over an embedded file: one moment of the store, whole or not at all."""

import contextlib
import shlex
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from agents.clients import open_submitter
from agents.settings import read_settings
from pipeline.audit.invariants import check
from pipeline.errors import EXIT_TRANSIENT, NotReady, Transient
from pipeline.store import open_reader
from pipeline.store.backup import back_up, examine
from tests.agents.cli.test_database_files import drop_rights
from tests.support import events as e
from tests.support.backups import (
    EARLY,
    LATE,
    Office,
    claims_in,
    full_disk,
    no_report,
    nothing_more,
    office,
    small_steps,
    submit,
)
from tests.support.command_line import PROGRAM, environment, santunan, until, worker

__all__ = ["full_disk", "office", "small_steps"]


def test_a_backup_is_one_moment_of_a_store_that_is_written_meanwhile(office: Office, small_steps: None) -> None:
    """Without one snapshot a copy would begin anew with each commit of another."""
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            submit(office.url, f"K{written}")
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[int] = []

    def report(pages: int, _in_all: int) -> None:
        before = written
        while written == before and writer.is_alive():  # a commit between any two steps
            stop.wait(0.001)
        seen.append(pages)

    target = office.folder / "copy.db"
    try:
        found = back_up(office.file, target, is_replacing=False, check=nothing_more, report=report)
    finally:
        stop.set()
        writer.join()
    assert seen == sorted(seen) and len(seen) > 3, "it never began anew"
    assert examine(target) == found and claims_in(target) == {EARLY, LATE}
    assert target.stat().st_mode & 0o777 == 0o600
    store = open_reader(f"sqlite:///{target}")
    assert check(store) == []
    store.close()


def test_the_command_says_what_it_copied_while_a_worker_runs(tmp_path: Path) -> None:
    settings = read_settings(database_url=f"sqlite:///{tmp_path / '.santunan' / 'santunan.db'}")
    with open_submitter(settings) as submitter:
        list(submitter.submit(map(e.raw, (*e.member(), e.accident()))))
    with worker(tmp_path):
        until(tmp_path, 1, "decisions")
        ran = santunan("backup", "copy.db", "--json", cwd=tmp_path)
    assert ran.status == 0, ran.err
    [row] = ran.rows
    assert row["file"] == "copy.db" and row["faults"] == [] and row["records"] > 5 and row["bytes"] > 4096
    assert {one.name for one in tmp_path.iterdir()} == {".santunan", "copy.db"}
    ran = santunan("decisions", "--json", cwd=tmp_path, SANTUNAN_DATABASE_URL="sqlite:///copy.db")
    assert len(ran.rows) == 1


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        ("backups/monday.db", (), "exists, and a backup is not written over: give another name, or --force"),
        ("backups", (), "is a folder"),
        ("backups", ("--force",), "is a folder"),
        ("nowhere/monday.db", (), "does not exist"),
        ("santunan.db", ("--force",), "is the database itself"),
        ("santunan.db-wal", ("--force",), "is the database itself"),
        ("link.db", ("--force",), "is the database itself"),
    ],
)
def test_a_place_where_no_backup_can_be_is_one_sentence(
    target: str, options: tuple[str, ...], said: str, office: Office
) -> None:
    (office.folder / "link.db").symlink_to(office.file)
    with contextlib.closing(sqlite3.connect(office.file)) as user:  # so that its -wal is there
        user.execute("SELECT count(*) FROM log").fetchone()
        before = {one: one.read_bytes() for one in (office.copy, office.file)}
        ran = office.command("backup", *options, target)
        assert {one: one.read_bytes() for one in before} == before
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (78, "", 1) and said in ran.err
    assert not list(office.folder.rglob("*.new"))


def test_a_backup_is_replaced_where_that_is_asked_for(office: Office) -> None:
    ran = office.command("backup", "--force", str(office.copy))
    assert ran.status == 0 and "checked" in ran.out
    assert claims_in(office.copy) == {EARLY, LATE}


def test_a_folder_of_another_user_is_named(office: Office) -> None:
    office.copy.parent.chmod(0o500)
    done = subprocess.run(  # noqa: S603
        [*PROGRAM, "backup", "--force", str(office.copy)],
        cwd=office.folder,
        env={**environment(), "SANTUNAN_DATABASE_URL": office.url},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=drop_rights,  # noqa: PLW1509
    )
    office.copy.parent.chmod(0o700)
    assert done.returncode == 78 and "Permission denied; give a place" in done.stderr and "Traceback" not in done.stderr
    assert claims_in(office.copy) == {EARLY}


def test_on_a_full_disk_no_backup_is_made_and_the_last_one_stays(office: Office, full_disk: None) -> None:
    with pytest.raises(Transient, match="is full: nothing was changed") as caught:
        back_up(office.file, office.copy, is_replacing=True, check=nothing_more, report=no_report)
    assert caught.value.exit_code == EXIT_TRANSIENT
    assert [one.name for one in office.copy.parent.iterdir()] == ["monday.db"] and claims_in(office.copy) == {EARLY}


def test_of_a_damaged_store_no_backup_is_made(office: Office) -> None:
    with contextlib.closing(sqlite3.connect(office.file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    written = office.file.read_bytes()
    office.file.write_bytes(written[: 20 * 4096] + b"Kepada Yth. " * 1024 + written[23 * 4096 :])
    with pytest.raises(NotReady, match="no backup was made, keep the last one"):
        back_up(office.file, office.copy, is_replacing=True, check=nothing_more, report=no_report)
    assert claims_in(office.copy) == {EARLY}


def test_a_store_that_is_not_sound_is_copied_and_that_is_said(office: Office) -> None:
    with contextlib.closing(sqlite3.connect(office.file)) as connection:
        connection.execute("UPDATE chunks SET accepted = accepted - 1, duplicates = duplicates + 1")
        connection.commit()
    ran = office.command("backup", "copy.db")
    assert ran.status == 1 and "invariant 1" in ran.err and (office.folder / "copy.db").exists()
    ran = office.command("restore", "copy.db")
    assert ran.status == 78 and "is not sound" in ran.err and office.asides == []
    assert office.command("restore", "--check").status == 1


# --- PostgreSQL


def test_for_postgresql_the_commands_are_printed_and_nothing_is_done(tmp_path: Path) -> None:
    settings = {
        "SANTUNAN_DATABASE_URL": "postgresql://santunan:s3cret@127.0.0.1:1/office",
        "SANTUNAN_BROKER_URL": "kafka+chunks://127.0.0.1:1",
    }
    made = santunan("backup", "monday of may.dump", cwd=tmp_path, **settings)
    assert made.status == 1 and "none was made" in made.out
    assert "pg_dump --format=custom --file='monday of may.dump' \"$SANTUNAN_DATABASE_URL\"" in made.out
    back = santunan("restore", "monday of may.dump", cwd=tmp_path, **settings)
    assert back.status == 1 and "nothing was changed" in back.out and "s3cret" not in made.out + back.out
    assert [line for line in back.out.splitlines() if "--catch-up" in line] == ["  5. santunan worker --catch-up"]
    [psql] = [line.strip() for line in back.out.splitlines() if "psql" in line]
    assert shlex.split(psql)[3::2] == [
        'ALTER DATABASE "office" RENAME TO "office_before"',
        'CREATE DATABASE "office" OWNER "santunan"',
    ]
    assert list(tmp_path.iterdir()) == []
