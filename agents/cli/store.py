"""Opens the store of the settings for reading."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.store.readable import Readable


@contextmanager
def opened_store() -> Iterator["Readable"]:
    """Raises NotReady where there is none."""
    from agents.settings import read_settings
    from pipeline.store import open_reader

    store = open_reader(read_settings().database_url)
    try:
        yield store
    finally:
        store.close()
