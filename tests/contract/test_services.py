"""`santunan services`, whatever happened before: said twice, interrupted, killed, or with a port that somebody took.

With PostgreSQL alone, which starts in a second; Kafka is kept and started by the same lines.
"""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from agents.services import servers
from agents.services.postgresql import DATABASE
from pipeline.errors import NotReady

UP = """
import sys
from pathlib import Path
from agents.services import servers
servers.up(Path(sys.argv[1]), only="postgresql")
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="santunan-services-"))
    yield made
    with suppress(NotReady):
        servers.down(made, lambda sentence: None)
    shutil.rmtree(made, ignore_errors=True)


def up(directory: Path) -> list[str]:
    """What it said."""
    said: list[str] = []
    url = servers.up(directory, said.append, only="postgresql").database_url
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_database()")).scalar() == DATABASE
    engine.dispose()
    return said


def down(directory: Path) -> list[str]:
    said: list[str] = []
    servers.down(directory, said.append)
    return said


def test_each_command_may_be_said_twice(directory: Path) -> None:
    assert down(directory) == ["Nothing was ever started here."]
    assert len(up(directory)) == 2
    pid = servers.running(directory, "postgresql")
    assert up(directory) == []
    assert servers.running(directory, "postgresql") == pid
    assert down(directory) == ["Stopping postgresql …"]
    assert down(directory) == ["Nothing runs."]


def test_the_number_of_a_process_that_is_gone_or_another_one_now_does_not_count(directory: Path) -> None:
    up(directory)
    pid = servers.running(directory, "postgresql")
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)  # its crash; after a kill -9 its children would hold the memory for a moment longer
    deadline = time.monotonic() + 10
    while servers.running(directory, "postgresql") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    file = directory / "postgresql.pid"
    for stale in (file.read_text(), f"{os.getpid()} 1", "something else"):
        file.write_text(stale)
        assert servers.status(directory).postgresql_pid is None
    assert down(directory) == ["Nothing runs."], "and no other process is stopped in its place"
    assert up(directory) == [f"Starting PostgreSQL on {address(directory)} …"]


def test_a_port_of_another_program_is_named_and_not_mistaken_for_the_server(directory: Path) -> None:
    up(directory)
    host, port = address(directory).split(":")
    down(directory)
    with socket.create_server((host, int(port))):
        with pytest.raises(NotReady, match=f"port {port} of PostgreSQL is taken by another program"):
            up(directory)
        assert servers.running(directory, "postgresql") is None
    up(directory)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.5])
def test_an_interrupted_start_is_finished_by_the_next(seconds: float, directory: Path) -> None:
    starting = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", UP, str(directory)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    time.sleep(seconds)
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=30)
    up(directory)


def test_what_an_interrupted_preparation_left_is_no_database(directory: Path) -> None:
    left = directory / "postgresql.new"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18")
    up(directory)
    assert not left.exists()


def test_servers_change_no_folder_above_their_own_and_open_nothing(directory: Path) -> None:
    parents = {above: above.stat().st_mode for above in directory.parents}
    up(directory)
    assert {above: above.stat().st_mode for above in directory.parents} == parents
    assert stat.S_IMODE(directory.stat().st_mode) in (0o700, 0o710)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in directory.iterdir()}
    assert modes.pop("postgresql") == 0o700 and set(modes.values()) == {0o600}


def test_a_closed_folder_above_stays_closed_and_is_named(directory: Path) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    if os.geteuid() == 0:
        with pytest.raises(NotReady, match=f"may not pass {closed}: give --in a folder"):
            up(closed / "services")
    else:
        up(closed / "services")
        servers.down(closed / "services", lambda sentence: None)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def address(directory: Path) -> str:
    found = servers.status(directory).services
    assert found is not None
    url = make_url(found.database_url)
    return f"{url.host}:{url.port}"
