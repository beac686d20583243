"""`santunan restore` over an embedded file: whole or not at all, nothing deleted, and readers notice."""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.clients import open_feed
from pipeline.errors import NotReady, Transient
from pipeline.store import open_store
from pipeline.store.backup import examine
from pipeline.store.worker_lock import hold
from schemas import topics
from tests.support.backups import EARLY, LATE, Office, claims_in, full_disk, office, small_steps, submit
from tests.support.ledgers import faults_after

__all__ = ["full_disk", "office", "small_steps"]


def test_a_restore_puts_the_present_file_aside_and_the_worker_goes_on(office: Office) -> None:
    ran = office.command("restore", str(office.copy))
    assert ran.status == 0, ran.err
    [aside] = office.asides
    assert str(aside) in ran.err and "1 more records" in ran.err
    assert claims_in(office.file) == {EARLY} and claims_in(aside) == {EARLY, LATE}
    assert office.file.stat().st_mode & 0o777 == aside.stat().st_mode & 0o777 == 0o600
    assert examine(office.copy).identity != examine_open(office.file) and claims_in(office.copy) == {EARLY}
    submit(office.url, LATE)
    store = open_store(office.url)
    with store.reader() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()
    assert claims_in(office.file) == {EARLY, LATE}
    assert office.command("restore", "--check").status == 0
    assert faults_after(office.settings) == []


def examine_open(file: Path) -> str:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        [(found,)] = connection.execute("SELECT id FROM log_identity")
    return str(found)


def test_a_feed_with_a_position_says_that_the_log_is_another_one(office: Office) -> None:
    position = office.folder / "seen.json"

    def read() -> int:
        with open_feed(office.settings, [topics.ACCIDENTS], position_file=position) as feed:
            return sum(1 for _ in feed.read())

    assert (read(), read()) == (2, 0)
    office.restore()
    with pytest.raises(NotReady, match="is the position in another log: the database was restored"):
        read()
    ran = office.command("decisions", "--follow", "--position", str(position))
    assert ran.status == 78 and "Remove the position file" in ran.err
    position.unlink()
    assert (read(), read()) == (1, 0)
    office.restore()
    with pytest.raises(NotReady, match="another log"):
        read()


def test_a_position_file_of_an_older_version_goes_on(office: Office) -> None:
    position = office.folder / "seen.json"
    position.write_text('[["log", 0, 8]]')
    with open_feed(office.settings, [topics.ACCIDENTS], position_file=position) as feed:
        assert len(list(feed.read())) <= 1
    assert '"log"' in position.read_text()


def test_nothing_is_restored_while_a_worker_holds_the_file(office: Office) -> None:
    lock = hold(office.file)
    ran = office.command("restore", str(office.copy))
    os.close(lock)
    assert ran.status == 78 and f"already has a worker (process {os.getpid()})" in ran.err
    assert claims_in(office.file) == {EARLY, LATE} and office.asides == []


def test_nothing_is_restored_while_another_program_has_the_file_open(office: Office) -> None:
    with open_feed(office.settings, [topics.ACCIDENTS]) as feed:
        assert len(list(feed.read())) == 2
        ran = office.command("restore", str(office.copy))
    assert ran.status == 78 and "is open in another program" in ran.err
    assert claims_in(office.file) == {EARLY, LATE} and office.asides == []
    assert office.command("restore", str(office.copy)).status == 0


def torn(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def written_over(whole: bytes) -> bytes:
    return whole[: 20 * 4096] + b"Kepada Yth. " * 1024 + whole[23 * 4096 :]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (torn, "is damaged"),
        (written_over, "is damaged"),
        (lambda _: b"PK\x03\x04 no database", "is damaged"),
        (lambda _: b"", "is the database of another program"),
    ],
    ids=["torn", "written over", "another kind", "empty"],
)
def test_a_backup_that_is_not_good_changes_nothing(harm: Callable[[bytes], bytes], said: str, office: Office) -> None:
    office.copy.write_bytes(harm(office.copy.read_bytes()))
    ran = office.command("restore", str(office.copy))
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (78, "", 1) and said in ran.err
    assert claims_in(office.file) == {EARLY, LATE} and office.asides == []


def test_other_things_that_are_no_backup_are_refused(office: Office) -> None:
    assert office.command("restore", "nowhere.db").status == 2
    assert office.command("restore", str(office.copy.parent)).status == 2
    assert office.command("restore").status == 2
    assert office.command("restore", "--check", str(office.copy)).status == 2
    ran = office.command("restore", str(office.file))
    assert ran.status == 78 and "is the database itself" in ran.err
    with contextlib.closing(sqlite3.connect(office.copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    ran = office.command("restore", str(office.copy))
    assert ran.status == 78 and "install that version" in ran.err
    live = office.folder / "live.db"
    shutil.copy(office.file, live)
    Path(f"{live}-wal").write_bytes(b"some pages")
    ran = office.command("restore", str(live))
    assert ran.status == 78 and "is in use" in ran.err
    assert claims_in(office.file) == {EARLY, LATE} and office.asides == []


def test_a_backup_of_an_older_version_is_migrated_when_it_is_opened(office: Office) -> None:
    from pipeline.store import migrate

    migrate(f"sqlite:///{office.copy}", "0001")
    office.restore()
    submit(office.url, LATE)
    assert claims_in(office.file) == {EARLY, LATE} and examine_open(office.file)


@pytest.mark.parametrize("harm", [torn, written_over, lambda _: b"no database at all"])
def test_a_damaged_file_is_put_aside_as_it_is(harm: Callable[[bytes], bytes], office: Office) -> None:
    with contextlib.closing(sqlite3.connect(office.file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = harm(office.file.read_bytes())
    office.file.write_bytes(damaged)
    done = office.restore()
    assert done.aside is not None and len(done.aside.read_bytes()) >= len(damaged) // 2
    assert claims_in(office.file) == {EARLY}


def test_where_there_is_no_file_the_backup_becomes_it(office: Office) -> None:
    office.file.unlink()
    assert office.restore().aside is None
    assert claims_in(office.file) == {EARLY} and office.file.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_changes_nothing(office: Office, full_disk: None) -> None:
    with pytest.raises(Transient, match="is full: nothing was changed"):
        office.restore()
    assert claims_in(office.file) == {EARLY, LATE} and office.asides == []
    assert not list(office.folder.glob("*.new*"))


@pytest.mark.parametrize("part", [0.7, 1.002])  # the copy beside the file; the pages that go into the file itself
def test_a_file_that_cannot_be_written_to_its_end_changes_nothing(part: float, office: Office) -> None:
    most = int(office.copy.stat().st_size * part)
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            office.restore()
        except Transient as error:
            os._exit(42 if "nothing was changed" in str(error) else 43)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 42
    assert claims_in(office.file) == {EARLY, LATE} and office.asides == []
    assert not list(office.folder.glob("*.new*"))


def steps_of(office: Office) -> int:
    count = 0

    def report(_pages: int, _in_all: int) -> None:
        nonlocal count
        count += 1

    office.restore(report)
    return count


def assert_nothing_is_lost(office: Office) -> None:
    """The file is what it was, or what the backup is; and whole files alone are put aside."""
    assert all(claims_in(aside) == {EARLY, LATE} for aside in office.asides)
    assert claims_in(office.file) == {EARLY, LATE} or (claims_in(office.file) == {EARLY} and office.asides)


def test_ctrl_c_at_any_step_leaves_everything_as_it_was(tmp_path: Path, small_steps: None) -> None:
    (tmp_path / "whole").mkdir()
    for step in range(steps_of(Office(tmp_path / "whole"))):
        (tmp_path / str(step)).mkdir()
        office = Office(tmp_path / str(step))
        left = iter(range(step + 1))

        def report(_pages: int, _in_all: int, left: Iterator[int] = left, step: int = step) -> None:
            if next(left, 0) == step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            office.restore(report)
        assert_nothing_is_lost(office)
        assert not list(office.folder.glob("*.new*"))
        office.restore()
        assert claims_in(office.file) == {EARLY}


def test_a_restore_that_is_killed_at_any_step_leaves_a_whole_file(tmp_path: Path, small_steps: None) -> None:
    (tmp_path / "whole").mkdir()
    for step in range(steps_of(Office(tmp_path / "whole"))):
        (tmp_path / str(step)).mkdir()
        office = Office(tmp_path / str(step))
        child = os.fork()
        if child == 0:
            left = iter(range(step + 1))

            def report(_pages: int, _in_all: int, left: Iterator[int] = left, step: int = step) -> None:
                if next(left, 0) == step:
                    os.kill(os.getpid(), signal.SIGKILL)

            try:
                office.restore(report)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert_nothing_is_lost(office)
        assert faults_after(office.settings) == []
        office.restore()
        assert claims_in(office.file) == {EARLY}
