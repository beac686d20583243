"""The three clients over the log of the embedded file. The worker may run beside them or not.

Readers hold no snapshot between two reads, so that they never hold a checkpoint of the file back.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from agents.clients.interface import (
    CONTENT_TYPE,
    EVERYTHING,
    Feed,
    History,
    Outgoing,
    Published,
    Range,
    Receipt,
    Submitter,
)
from agents.clients.position import PositionFile
from agents.key_files import attester_of, headers_of
from agents.settings import Settings
from agents.stores import open_reader, open_store
from pipeline.messages.records import Message
from pipeline.store.embedded_log import Log, LogEntry
from pipeline.store.engines import translate_sqlite_errors

APPENDED_AT_ONCE: Final = 1000  # one transaction and one fsync for this many
POLL_SECONDS: Final = 0.02  # others' events are seen within 50 ms
_PLACE: Final = ("log", 0)  # one order of all topics needs one position


def _opened_to_read(settings: Settings) -> Log:
    """Never makes a file. Raises NotReady where there is none."""
    open_reader(settings).close()
    return Log(settings.embedded_file)


class EmbeddedSubmitter(Submitter):
    """Makes the file, or migrates it to this version, where needed. Raises NotReady."""

    def __init__(self, settings: Settings) -> None:
        open_store(settings).close()
        self._attester = attester_of(settings)
        self._log = Log(settings.embedded_file)
        self._partitions = max(self._log.partitions().values(), default=settings.partitions)

    @property
    def partitions(self) -> int:
        return self._partitions

    def send(self, events: Iterable[Outgoing]) -> Iterator[Receipt]:
        source = iter(events)
        while some := list(islice(source, APPENDED_AT_ONCE)):
            for partition, group in groupby(some, key=lambda event: event.partition):
                together = list(group)
                messages = [self._message(one) for one in together]
                placed = self._log.append(messages, partition=partition)
                received_ms = self._log.received_ms(placed[-1])  # one for all that are appended together
                for event, place in zip(together, placed, strict=True):
                    yield Receipt(event.source, event.event_id, *place, received_ms)

    def _message(self, event: Outgoing) -> Message:
        headers = headers_of(self._attester, event.topic, event.key, event.value, (CONTENT_TYPE,))
        return Message(event.topic, event.key or b"", event.value, headers)

    def close(self) -> None:
        self._log.close()


class EmbeddedFeed(Feed):
    def __init__(self, settings: Settings, names: Sequence[str], position_file: Path | None) -> None:
        self._log = _opened_to_read(settings)
        self._names = tuple(names)
        self._position = PositionFile(position_file, self._log.identity())

    def read(self, *, follow: bool = False) -> Iterator[Published]:
        place = self._position.read().get(_PLACE, 0)
        version: int | None = None
        while True:
            with translate_sqlite_errors():
                seen = self._log.data_version()
                entries = self._log.read(place, self._names) if seen != version else []
            for entry in entries:
                yield _published(entry)
                place = entry.place + 1
                self._position.note({_PLACE: place})
            if entries:
                continue
            version = seen
            self._position.save()
            if not follow:
                return
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        self._position.save()
        self._log.close()


class EmbeddedHistory(History):
    def __init__(self, settings: Settings) -> None:
        self._log = _opened_to_read(settings)

    def read(self, names: Sequence[str], within: Range = EVERYTHING) -> Iterator[Published]:
        last = self._log.end_place()
        since_ms = within.since.timestamp() * 1000 if within.since else None
        until_ms = within.until.timestamp() * 1000 if within.until else None
        place = 0
        while True:
            with translate_sqlite_errors():
                entries = self._log.read(place, tuple(names))
            if not entries:
                return
            for entry in entries:
                if entry.place >= last:
                    return
                where = (entry.topic, entry.partition)
                if (
                    (since_ms is None or entry.timestamp_ms >= since_ms)
                    and (until_ms is None or entry.timestamp_ms < until_ms)
                    and entry.offset >= within.first.get(where, 0)
                    and (where not in within.end or entry.offset < within.end[where])
                ):
                    yield _published(entry)
            place = entries[-1].place + 1

    def close(self) -> None:
        self._log.close()


def _published(entry: LogEntry) -> Published:
    return Published(entry.topic, entry.partition, entry.offset, entry.timestamp_ms, entry.key, entry.value)
