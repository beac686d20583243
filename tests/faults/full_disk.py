"""A program of ours on a full disk: `python -m tests.faults.full_disk agents.worker`, or `… agents.cli ARGUMENTS`.

SQLite gets no page beyond the number in the file that SANTUNAN_TEST_PAGES names; room is made by writing another one.
Nothing in the product knows of it.
"""

import importlib
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

VARIABLE = "SANTUNAN_TEST_PAGES"


def limit(connection: Any, _record: Any) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.execute(f"PRAGMA max_page_count = {int(Path(os.environ[VARIABLE]).read_text())}")


if __name__ == "__main__":
    event.listen(Engine, "connect", limit)
    name = sys.argv.pop(1)
    program = importlib.import_module("agents.worker.__main__" if name == "agents.worker" else name)
    program.main()
