"""The portfolio of the demo as a file of events, for the tests of commands that read one."""

from pathlib import Path

import pytest

from agents.demo import portfolio


@pytest.fixture(scope="session")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portfolio without what cannot be read."""
    from pipeline.errors import Poison
    from pipeline.law.book import Book
    from pipeline.processing.offline import Offline

    offline, lines = Offline(Book.load()), []
    for line in portfolio():
        try:
            offline.take(line)
        except Poison:
            continue
        lines.append(line)
    file = tmp_path_factory.mktemp("events") / "events.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file
