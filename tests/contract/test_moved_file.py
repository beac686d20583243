"""A worker whose SQLite file was deleted or replaced ends with 78: nobody would find what it stored later."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import EXIT_CONFIGURATION
from pipeline.store import open_store
from tests.faults.running import running, wait_for


def delete(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    copy = file.with_suffix(".copy")
    shutil.copy(file, copy)
    copy.replace(file)


def move(file: Path) -> None:
    file.rename(file.with_suffix(".old"))


@pytest.mark.parametrize("change", [delete, replace, move])
def test_a_worker_whose_file_is_gone_ends(change: Callable[[Path], None], tmp_path: Path) -> None:
    file = tmp_path / "santunan.db"
    open_store(f"sqlite:///{file}", partitions=1).close()
    with running(tmp_path, {"SANTUNAN_DATABASE_URL": f"sqlite:///{file}"}) as worker:
        wait_for(lambda: worker.is_reading, worker)
        change(file)
        assert worker.wait(20) == EXIT_CONFIGURATION
        assert "santunan.db was deleted or replaced" in worker.tail()
