"""The files of the demo: its events and its store."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agents.settings import Settings

DIRECTORY: Final = Path(".santunan") / "demo"
EVENTS: Final = DIRECTORY / "events.jsonl"
KNOWN_LIST: Final = DIRECTORY / "pekerja-dikenal.csv"  # the list of the simulated office
STORE_URL: Final = f"sqlite:///{DIRECTORY / 'santunan.db'}"


def settings() -> "Settings":
    from agents.settings import read_settings

    return read_settings(database_url=STORE_URL, broker_url=STORE_URL)
