"""An import that is killed in the middle and run again: every member once, whatever was on its way."""

import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

from pipeline.queries.registry import members_among
from pipeline.store import open_reader
from tests.support.command_line import PROGRAM, environment, santunan, worker
from tests.support.member_sheets import as_csv, good_rows

MEMBERS, KILLS = 4_000, 3
IMPORT = ("members", "import", "anggota.csv", "--as", "cooperative:maju", "--confirm")


def logged(file: Path) -> int:
    """Events in the log; 0: there is none yet."""
    if not file.exists():
        return 0
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        try:
            found: int = connection.execute("SELECT count(*) FROM log").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.rollback()
    return found


def kill_in_the_middle(folder: Path, file: Path) -> bool:
    """Whether it was killed before it had ended."""
    before = logged(file)
    running = subprocess.Popen(  # noqa: S603
        [*PROGRAM, *IMPORT], cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None and logged(file) <= before:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    return running.wait() == -signal.SIGKILL


def test_an_import_that_is_killed_goes_on_and_doubles_nobody(tmp_path: Path) -> None:
    rows = good_rows(MEMBERS)
    (tmp_path / "anggota.csv").write_bytes(as_csv(rows))
    file = tmp_path / ".santunan" / "santunan.db"
    killed = [kill_in_the_middle(tmp_path, file) for _ in range(KILLS)]
    assert killed[0] and logged(file) > 0
    last = santunan(*IMPORT, cwd=tmp_path)
    assert last.status == 0, last.out + last.err
    with worker(tmp_path):
        deadline = time.monotonic() + 120
        while True:
            store = open_reader(f"sqlite:///{file}")
            found = [one for one in members_among(store, [row["Nomor KPJ"] for row in rows], []) if one.is_registered]
            store.close()
            if len(found) == MEMBERS or time.monotonic() > deadline:
                break
            time.sleep(0.5)
    assert Counter(len(one.enrolments) for one in found) == {1: MEMBERS}
    again = santunan(*IMPORT, cwd=tmp_path)
    assert again.status == 0 and f"{MEMBERS} sudah terdaftar, tidak berubah" in again.out
