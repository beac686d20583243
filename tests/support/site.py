"""An office in a box: a store, a broker and a batch, driven by hand. Embedded, the broker is the log of the file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.law.book import Book
from pipeline.messages.records import Chunk, Message, Record
from pipeline.nik_key import NikKey
from pipeline.processing.processor import Processor
from pipeline.processing.report import Report
from pipeline.store import open_store
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.support.events import raw

GROUP = "test"
LAST_MOMENT = 4_133_980_799.0  # of the year 2100
NOW_MS = 1_785_542_400_000  # 2026-08-01 00:00 UTC: later than all events of the tests


class Site:
    def __init__(
        self, url: str, *, book: Book | None = None, partitions: int = 2, nik_key: NikKey | None = None
    ) -> None:
        self.now = LAST_MOMENT  # by the clock of this machine, in seconds: no event is too late, but in tests of that
        self.url = url
        self.store = open_store(url, partitions=partitions, nik_key=nik_key)
        self.reports: list[Report] = []
        self.processor = self.worker(book)
        self.log = Log(Path(url.removeprefix("sqlite:///"))) if self.store.is_embedded else None
        self.sent: dict[tuple[str, int], list[Record]] = {}
        self.order: list[tuple[str, int, Record]] = []
        self.unread = 0
        self._published: list[Message] = []

    def worker(self, book: Book | None = None) -> Processor:
        """A processor as a process that has just started has one."""
        observe = self.reports.append
        return Processor(self.store, book or Book.load(), GROUP, observe=observe, wall=lambda: self.now)

    def close(self) -> None:
        if self.log is not None:
            self.log.close()
        self.store.close()

    def send(
        self,
        *documents: Any,
        topic: str = topics.HISTORY,
        partition: int = 0,
        now_ms: int = NOW_MS,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        """Documents (or bytes) as the broker keeps them, in this order."""
        values = [one if isinstance(one, bytes) else raw(one) for one in documents]
        records = self.sent.setdefault((topic, partition), [])
        for value in values:
            records.append(Record(len(records), now_ms, b"key", value, headers))
            self.order.append((topic, partition, records[-1]))
        if self.log is not None:
            messages = [Message(topic, b"key", value, headers) for value in values]
            self.log.append(messages, partition=partition, now_ms=now_ms)

    def chunk(self, start: int, end: int, topic: str = topics.HISTORY, partition: int = 0) -> Chunk:
        """Offsets [start, end) of what was sent."""
        records = self.sent[topic, partition][start:end]
        return Chunk(topic, partition, start, end, tuple(records))

    def process(self, *chunks: Chunk) -> list[Message]:
        """In one batch."""
        messages = [message for of_chunk in self.processor.process(*chunks) for message in of_chunk]
        self._published += messages
        return messages

    def run(self, *documents: Any, size: int = 1000, together: int = 1, **where: Any) -> None:
        """Send, then process all unread events in their order: chunks of at most `size`, `together` of them a batch."""
        if documents:
            self.send(*documents, **where)
        batch: list[Chunk] = []
        while self.unread < len(self.order):
            topic, partition, first = self.order[self.unread]
            end = self.unread
            while end < len(self.order) and end - self.unread < size and self.order[end][:2] == (topic, partition):
                end += 1
            records = tuple(record for _, _, record in self.order[self.unread : end])
            batch.append(Chunk(topic, partition, first.offset, records[-1].offset + 1, records))
            self.unread = end
            if len(batch) == together or end == len(self.order):
                self.process(*batch)
                batch = []

    @property
    def published(self) -> list[Message]:
        """Everything that left, in its order."""
        if self.log is None:
            return self._published
        found = self.log.read(0, topics.OUTPUT)
        return [Message(entry.topic, entry.key or b"", entry.value) for entry in found]

    def results(self) -> list[Message]:
        """What left but refusals, which name the place of what they refuse."""
        return [message for message in self.published if message.topic != topics.DEAD_LETTERS]

    def data(self, topic: str) -> list[Any]:
        return [json.loads(message.value)["data"] for message in self.published if message.topic == topic]

    def decisions(self) -> list[tuple[str, int, str, tuple[str, ...], int]]:
        """(claim, revision, outcome, reason codes, total) in the order in which they were made."""
        return [
            (one["claim_id"], one["revision"], one["outcome"], tuple(one["reason_codes"]), one["total"])
            for one in self.data(topics.DECISIONS)
        ]

    def refusals(self) -> list[tuple[int, str]]:
        """(offset, reason)"""
        return [(one["offset"], one["reason"]) for one in self.data(topics.DEAD_LETTERS)]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.store.reader() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def change(self, statements: Iterable[str]) -> None:
        """Somebody with access to the database changes it by hand."""
        with self.store.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
