"""The position of a feed, in a small file of its own. Written as a whole or not at all."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.errors import NotReady
from pipeline.private_files import make_folders, open_private, read_private

SAVED_EVERY_SECONDS: Final = 1.0  # more often would cost a feed at full speed more than the repeats are worth

Positions = dict[tuple[str, int], int]


class PositionFile:
    """Next offsets by (topic, partition). Without a path nothing is kept. `log`: the identity of an embedded log; a
    position in another one is refused. A file of an older version, which names no log, is taken for one of this log."""

    def __init__(self, path: Path | None, log: str | None = None) -> None:
        self._path = path
        self._log = log
        self._noted: Positions = {}
        self._saved_at = time.monotonic()
        self._is_changed = False

    def read(self) -> Positions:
        """The saved positions; none the first time. Raises NotReady where the file is not one of ours."""
        if self._path is None:
            return dict(self._noted)
        try:
            log, rows = _parts(json.loads(read_private(self._path)), self._log)
            self._noted = {(str(topic), int(partition)): int(offset) for topic, partition, offset in rows}
        except FileNotFoundError:
            return dict(self._noted)
        except (ValueError, TypeError, KeyError) as error:
            raise NotReady(f"{self._path} is no position file ({error}); remove it to begin anew") from None
        if log != self._log:
            raise NotReady(
                f"{self._path} is the position in another log: the database was restored from a backup, or another "
                "database is meant. What follows may differ from what was read. Remove the position file to begin at "
                "the first event; ids show what was read before"
            )
        return dict(self._noted)

    def note(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Remember; saved now and then, and with `save`."""
        self._noted.update(positions)
        self._is_changed = True
        if time.monotonic() - self._saved_at >= SAVED_EVERY_SECONDS:
            self.save()

    def save(self) -> None:
        self._saved_at = time.monotonic()
        if self._path is None or not self._is_changed:
            return
        make_folders(self._path.parent)
        new = self._path.with_name(f"{self._path.name}.new")
        rows = [[*place, offset] for place, offset in sorted(self._noted.items())]
        with os.fdopen(open_private(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
            json.dump(rows if self._log is None else {"log": self._log, "positions": rows}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        self._is_changed = False


def _parts(document: Any, default: str | None) -> tuple[str | None, Any]:
    """(identity of the log, positions)"""
    if isinstance(document, dict):
        return str(document["log"]), document["positions"]
    return default, document
