"""Reads past events over Kafka, for an auditor. Ends where the topics ended when the reading began."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import TopicPartition

from agents.clients.feed import POLL_MS, consumer_of, published
from agents.clients.interface import EVERYTHING, History, Published, Range
from agents.kafka.connection import translate_errors
from agents.settings import Settings


class KafkaHistory(History):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Any = None

    def read(self, names: Sequence[str], within: Range = EVERYTHING) -> Iterator[Published]:
        self.close()
        self._consumer, assigned = consumer_of(self._settings, names)
        until_ms = within.until.timestamp() * 1000 if within.until else None
        with translate_errors(self._settings):
            ends = dict(self._consumer.end_offsets(assigned))
            for partition, end in _by_partition(within.end).items():
                ends[partition] = min(end, ends[partition])
            self._seek(assigned, within)
            left = {one for one in assigned if self._consumer.position(one) < ends[one]}
            while left:
                for partition, records in self._consumer.poll(timeout_ms=POLL_MS).items():
                    for record in records:
                        if record.offset < ends[partition] and (until_ms is None or record.timestamp < until_ms):
                            yield published(record)
                done = {one for one in left if self._consumer.position(one) >= ends[one]}
                if done:
                    self._consumer.pause(*done)
                    left -= done

    def _seek(self, assigned: Sequence[TopicPartition], within: Range) -> None:
        starts = dict(self._consumer.beginning_offsets(assigned))
        if within.since is not None:
            ends = self._consumer.end_offsets(assigned)
            since_ms = int(within.since.timestamp() * 1000)
            found = self._consumer.offsets_for_times(dict.fromkeys(assigned, since_ms))
            starts = {one: found[one].offset if found[one] is not None else ends[one] for one in assigned}
        first = _by_partition(within.first)
        for partition in assigned:
            self._consumer.seek(partition, max(starts[partition], first.get(partition, 0)))

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None


def _by_partition(offsets: Mapping[tuple[str, int], int]) -> dict[TopicPartition, int]:
    return {TopicPartition(*place): offset for place, offset in offsets.items()}
