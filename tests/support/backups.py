"""An embedded store, its backup, and what came after it."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.clients import open_submitter
from agents.settings import Settings, read_settings
from pipeline.store import backup
from pipeline.store.backup import Contents, back_up, put_back
from schemas import topics
from tests.support import events as e
from tests.support.command_line import Ran, santunan
from tests.support.site import Site

EARLY, LATE = "JKK-EARLY", "JKK-LATE"


def nothing_more(_copy: Path, _contents: Contents) -> None:
    """The command checks invariants here."""


def no_report(_pages: int, _in_all: int) -> None:
    """Nobody watches."""


def submit(url: str, claim_id: str) -> None:
    with open_submitter(read_settings(database_url=url)) as submitter:
        list(submitter.submit([e.raw(e.accident(claim_id))]))


def claims_in(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        values = connection.execute("SELECT value FROM log WHERE topic = ?", (topics.ACCIDENTS,)).fetchall()
    return {name for name in (EARLY, LATE) if any(name.encode() in value for (value,) in values)}


class Office:
    """A store with an early claim, its backup, and a late claim after that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "santunan.db"
        self.copy = folder / "backups" / "monday.db"
        self.copy.parent.mkdir()
        site = Site(self.url, partitions=1)
        site.run(*e.member(), topic=topics.MEMBERS)
        site.close()
        submit(self.url, EARLY)
        back_up(self.file, self.copy, is_replacing=False, check=nothing_more, report=no_report)
        submit(self.url, LATE)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    @property
    def settings(self) -> Settings:
        return read_settings(database_url=self.url)

    @property
    def asides(self) -> list[Path]:
        return sorted(one for one in self.folder.glob("santunan.db.before-*") if one.suffix != ".new")

    def restore(self, report: Callable[[int, int], None] = no_report) -> backup.Restored:
        return put_back(self.copy, self.file, check=nothing_more, report=report)

    def command(self, *arguments: str) -> Ran:
        return santunan(*arguments, cwd=self.folder, SANTUNAN_DATABASE_URL=self.url)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PAGES_AT_ONCE", 10)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every file that is written may hold 20 pages: SQLite itself says that the disk is full."""
    connect = backup._connect

    def limited(file: Path, query: str, **options: float) -> sqlite3.Connection:
        connection = connect(file, query, **options)
        if "mode=rw" in query:
            connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr(backup, "_connect", limited)
    yield
