"""Opens the store of the settings for reading, and checks copies of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.store.backup import Contents, Reporter
    from pipeline.store.readable import Readable


@contextmanager
def opened_store() -> Iterator["Readable"]:
    """Raises NotReady where there is none."""
    from agents.settings import read_settings
    from agents.stores import open_reader

    store = open_reader(read_settings())
    try:
        yield store
    finally:
        store.close()


def breaches_of(settings: "Settings") -> list[str]:
    """The invariants that do not hold, without a replay. Raises NotReady where there is no store of this version."""
    from agents.stores import open_reader
    from pipeline.audit.invariants import check

    store = open_reader(settings)
    try:
        return [str(one) for one in check(store, replays=False)]
    finally:
        store.close()


def breaches_of_copy(file: Path, contents: "Contents", settings: "Settings") -> list[str]:
    """As `breaches_of`, of a copy. None where it is of an older version: it is migrated when it is opened."""
    from pipeline.store import revisions

    if contents.revision != revisions.HEAD:
        return []
    url = f"sqlite:///{file.absolute()}"
    return breaches_of(settings.model_copy(update={"database_url": url, "broker_url": url}))


@contextmanager
def shown_progress(text: str) -> "Iterator[Reporter]":
    """A bar of pages; of several copies one after the other."""
    from agents.terminal import progress

    done = 0
    with progress(text) as bar:

        def report(pages: int, _in_all: int) -> None:
            nonlocal done
            bar.advance(pages - done if pages >= done else pages)
            done = pages

        yield report
