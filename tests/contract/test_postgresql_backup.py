"""The commands that `santunan backup` and `santunan restore` print for PostgreSQL, run as they are printed."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from agents.services.postgresql import binaries
from agents.settings import read_settings
from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.ledgers import faults_after
from tests.support.site import Site


def run(command: str, url: str, folder: Path) -> None:
    place = make_url(url)
    own = {
        "PATH": f"{binaries()}:{os.environ['PATH']}",
        "SANTUNAN_DATABASE_URL": url,
        "PGHOST": str(place.host or place.query.get("host")),
        "PGUSER": place.username or "",
        "PGPASSWORD": place.password or "",
        "PGPORT": str(place.port or place.query.get("port") or 5432),
    }
    done = subprocess.run(command, shell=True, cwd=folder, env=own, capture_output=True, text=True)  # noqa: S602
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_a_database_that_was_restored_by_the_printed_commands_is_sound(
    new_database: Callable[..., str], postgresql_server: URL, tmp_path: Path
) -> None:
    url = new_database()
    site = Site(url)
    site.run(*e.member(), e.accident("K1"))
    site.close()
    where, key = read_settings(database_url=url, broker_url="kafka+chunks://127.0.0.1:1"), tmp_path / "ledger.key"
    assert faults_after(where, key_file=key) == []  # the backup has a checkpoint
    settings = {"SANTUNAN_DATABASE_URL": url, "SANTUNAN_BROKER_URL": "kafka+chunks://127.0.0.1:1"}
    for line in santunan("backup", "a.dump", cwd=tmp_path, **settings).out.splitlines():
        if line.startswith("  pg_"):
            run(line, url, tmp_path)
    site = Site(url)
    site.run(e.accident("K2", "2024-08-08"))
    site.close()
    printed = santunan("restore", "a.dump", cwd=tmp_path, **settings).out.splitlines()
    commands = [line.strip().removeprefix("3. ") for line in printed if "psql" in line or "pg_restore" in line]
    assert len(commands) == 2
    for command in commands:
        run(command, url, tmp_path)
    ran = santunan("restore", "--check", cwd=tmp_path, **settings)
    assert (ran.status, ran.err) == (0, "") and "The store is sound" in ran.out
    assert faults_after(where, key_file=key) == []
    site = Site(url)
    assert site.rows("SELECT claim_id FROM decisions") == [("K1",)]
    site.change(["UPDATE chunks SET accepted = accepted - 1, duplicates = duplicates + 1"])
    site.close()
    ran = santunan("restore", "--check", cwd=tmp_path, **settings)
    assert ran.status == 1 and "invariant 1" in ran.out


@pytest.mark.parametrize("revision", ["0001"])
def test_tables_of_an_older_version_are_told(revision: str, new_database: Callable[..., str], tmp_path: Path) -> None:
    from pipeline.store import migrate

    url = new_database()
    migrate(url, revision)
    settings = {"SANTUNAN_DATABASE_URL": url, "SANTUNAN_BROKER_URL": "kafka+chunks://127.0.0.1:1"}
    ran = santunan("restore", "--check", cwd=tmp_path, **settings)
    assert ran.status == 78 and "santunan migrate" in ran.err
