"""The child of a gateway that looks at the ledger or decides the history again, on connections that cannot write.

Reads one JSON document on standard input, and writes lines of JSON: `{"done": N}` from time to time, last
`{"result": ...}` or `{"error": ...}`. It gives way to all others, so that the gateway goes on answering.
"""

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import orjson

from agents.settings import read_settings
from agents.stores import open_reader
from pipeline.audit.ledger_check import verify
from pipeline.audit.replay import replay
from pipeline.errors import SantunanError
from pipeline.ledger.notes import split_notes
from schemas.clock import JAKARTA

MOST_DIFFERENCES: Final = 200  # of a replay, and places of a look
_EVERY_SECONDS: Final = 0.5


class Progress:
    """Says how far it is, not too often."""

    def __init__(self) -> None:
        self._done = 0
        self._next = 0.0

    def advance(self, count: int) -> None:
        self._done += count
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_SECONDS
            _say({"done": self._done})


def main() -> None:
    os.nice(10)
    asked = orjson.loads(sys.stdin.buffer.read())
    try:
        store = open_reader(read_settings(database_url=asked["database_url"], nik_key_file=asked["nik_key_file"]))
        try:
            _say({"result": _verification(store, asked) if asked["kind"] == "verification" else _replay(store, asked)})
        finally:
            store.close()
    except SantunanError as error:
        _say({"error": str(error)})


def _verification(store: Any, asked: dict[str, Any]) -> Any:
    folder, notes = asked["witness_dir"], list[str]()
    if folder is not None:
        for file in sorted(Path(folder).glob("checkpoint-*")):
            notes += split_notes(file.read_text(encoding="utf-8"))
    return verify(store, keys=asked["keys"], against=notes, on_progress=Progress().advance)


def _replay(store: Any, asked: dict[str, Any]) -> dict[str, Any]:
    found = replay(store, since=_start(asked["since"]), until=_start(asked["until"]), on_progress=Progress().advance)
    return {
        "events": found.events,
        "decisions": found.decisions,
        "others": found.others,
        "altered": found.altered[:MOST_DIFFERENCES],
        "altered_count": len(found.altered),
        "differences": found.differences[:MOST_DIFFERENCES],
        "difference_count": len(found.differences),
    }


def _start(day: str | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), JAKARTA)


def _say(document: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(document) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
