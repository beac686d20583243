"""The store of the settings, opened for reading: what most commands begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def opened_store() -> Iterator[Any]:
    """Raises NotReady where there is none."""
    from agents.settings import read_settings
    from pipeline.store import open_reader

    store = open_reader(read_settings().database_url)
    try:
        yield store
    finally:
        store.close()
