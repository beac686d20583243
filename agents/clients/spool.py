"""A file of events for the time while the broker is away. One line each, with the exact bytes: an event that was
delivered but not confirmed is sent again, and other bytes under its id would be refused.

The file holds personal data: it is readable by its owner alone, and gone when everything in it is delivered.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path

from agents.clients.interface import Outgoing
from pipeline.errors import NotReady
from pipeline.private_files import make_folders, open_private, read_private


class Spool:
    """Belongs to one submitter at a time. Raises NotReady where another one has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        make_folders(path.parent)
        self._lock = open_private(f"{path}.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise NotReady(f"another submitter uses the spool {path}: wait for it, or name another spool") from None

    def read(self) -> list[Outgoing]:
        """The waiting events, in their order. Raises NotReady where the file is damaged: no event may be left out."""
        try:
            lines = read_private(self._path).splitlines()
        except FileNotFoundError:
            return []
        waiting = []
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                row["key"] = None if row["key"] is None else base64.b64decode(row["key"])
                row["value"] = base64.b64decode(row["value"])
                waiting.append(Outgoing(**row))
            except (ValueError, TypeError, KeyError):
                raise NotReady(f"line {number} of the spool {self._path} cannot be read; mend or remove it") from None
        return waiting

    def keep(self, events: Iterable[Outgoing]) -> list[Outgoing]:
        """Replace the waiting events by these; on the disk when this returns."""
        kept = []
        new = self._path.with_name(f"{self._path.name}.new")
        with os.fdopen(open_private(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            for event in events:
                file.write(json.dumps(_row(event)).encode() + b"\n")
                kept.append(event)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(directory)  # sync the directory too, or the rename may not survive a power failure
        os.close(directory)
        return kept

    def clear(self) -> None:
        """Everything was delivered."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._lock)


def _row(event: Outgoing) -> dict[str, object]:
    return {
        "topic": event.topic,
        "key": None if event.key is None else base64.b64encode(event.key).decode(),
        "partition": event.partition,
        "value": base64.b64encode(event.value).decode(),
        "source": event.source,
        "event_id": event.event_id,
        "timestamp_ms": event.timestamp_ms,
    }
