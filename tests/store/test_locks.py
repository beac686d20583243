"""The locks of SQLite: another process sees that a file is in use, whatever else this one opens and closes of it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.store import open_reader, open_store
from pipeline.store.access_book import open_access

# The bytes of the file that every open connection has a shared lock on. Who gets them alone deletes the log at its end.
LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
"""


def is_in_use(file: Path) -> bool:
    command = [sys.executable, "-c", LOCK, str(file)]
    return b"BlockingIOError" in subprocess.run(command, capture_output=True, check=False).stderr  # noqa: S603


def _reader(url: str) -> None:
    open_reader(url).close()


def _store(url: str) -> None:
    open_store(url).close()


def _access(url: str) -> None:
    open_access(url).close()


@pytest.mark.parametrize("also", [_reader, _store, _access])
def test_a_second_opening_takes_no_lock_of_the_first_away(also: Callable[[str], None], tmp_path: Path) -> None:
    file = tmp_path / "santunan.db"
    url = f"sqlite:///{file}"
    first = open_store(url)
    try:
        assert is_in_use(file)
        also(url)
        assert is_in_use(file)
    finally:
        first.close()
    assert not is_in_use(file)
