"""An import that is killed in the middle and run again: every member and claim once, whatever was on its way."""

import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

from agents.settings import read_settings
from pipeline.queries.registry import members_among
from pipeline.store import open_reader
from tests.support import claim_sheets
from tests.support.command_line import PROGRAM, environment, santunan, worker
from tests.support.ledgers import faults_after
from tests.support.member_sheets import as_csv, good_rows

MEMBERS, CLAIMS = 4_000, 1_500
KILLED_AFTER = (0, 1_400, 3_400)  # events of a run that sends 4,400
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


def kill_in_the_middle(folder: Path, file: Path, command: tuple[str, ...] = IMPORT, after: int = 0) -> bool:
    """Whether it was killed before it had ended. `after`: events that it sends before."""
    before = logged(file)
    running = subprocess.Popen(  # noqa: S603
        [*PROGRAM, *command], cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None and logged(file) <= before + after:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    return running.wait() == -signal.SIGKILL


def test_an_import_that_is_killed_goes_on_and_doubles_nobody(tmp_path: Path) -> None:
    rows = good_rows(MEMBERS)
    (tmp_path / "anggota.csv").write_bytes(as_csv(rows))
    file = tmp_path / ".santunan" / "santunan.db"
    killed = [kill_in_the_middle(tmp_path, file, after=after) for after in KILLED_AFTER]
    assert killed[0] and logged(file) > sum(KILLED_AFTER)
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
    assert faults_after(read_settings(database_url=f"sqlite:///{file}")) == []
    again = santunan(*IMPORT, cwd=tmp_path)
    assert again.status == 0 and f"{MEMBERS} sudah terdaftar, tidak berubah" in again.out


def test_claims_that_are_killed_on_their_way_are_opened_once(tmp_path: Path) -> None:
    rows = [row | {"Keputusan": "tetap"} for row in claim_sheets.good_rows(CLAIMS)]  # of members who come later
    (tmp_path / "k.csv").write_bytes(claim_sheets.as_csv(rows))
    file = tmp_path / ".santunan" / "santunan.db"
    command = ("claims", "import", "k.csv", "--as", "clinic:plkk-0012", "--confirm")
    assert kill_in_the_middle(tmp_path, file, command) and 0 < logged(file) < CLAIMS
    last = santunan(*command, "--json", cwd=tmp_path)
    assert last.status == 0 and last.rows[-1]["counts"]["ready"] == CLAIMS, last.out[-500:] + last.err
    with worker(tmp_path):
        deadline = time.monotonic() + 120
        while opened_count(file) < CLAIMS and time.monotonic() < deadline:
            time.sleep(0.5)
    assert opened_count(file) == CLAIMS
    assert faults_after(read_settings(database_url=f"sqlite:///{file}")) == []
    again = santunan(*command, cwd=tmp_path)
    assert again.status == 0 and f"{CLAIMS} sudah dilaporkan, tidak berubah" in again.out


def opened_count(file: Path) -> int:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        found: int = connection.execute("SELECT count(*) FROM cases WHERE program IS NOT NULL").fetchone()[0]
        connection.rollback()
    return found
