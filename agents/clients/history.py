"""Reads what was written, over Kafka: what an auditor runs. Ends where the topics ended when the reading began."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import TopicPartition

from agents.clients.feed import POLL_MS, consumer_of, published
from agents.clients.interface import History, Published
from agents.kafka.connection import translate_errors
from agents.settings import Settings


class KafkaHistory(History):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Any = None

    def read(
        self,
        names: Sequence[str],
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        first: Mapping[tuple[str, int], int] | None = None,
        end: Mapping[tuple[str, int], int] | None = None,
    ) -> Iterator[Published]:
        self.close()
        self._consumer, assigned = consumer_of(self._settings, names)
        until_ms = until.timestamp() * 1000 if until else None
        with translate_errors(self._settings):
            ends = dict(self._consumer.end_offsets(assigned))
            for partition, place in _places(end).items():
                ends[partition] = min(place, ends[partition])
            self._seek(assigned, since, _places(first))
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

    def _seek(
        self, assigned: Sequence[TopicPartition], since: dt.datetime | None, first: Mapping[TopicPartition, int]
    ) -> None:
        starts = dict(self._consumer.beginning_offsets(assigned))
        if since is not None:
            ends = self._consumer.end_offsets(assigned)
            since_ms = int(since.timestamp() * 1000)
            found = self._consumer.offsets_for_times(dict.fromkeys(assigned, since_ms))
            starts = {one: found[one].offset if found[one] is not None else ends[one] for one in assigned}
        for partition in assigned:
            self._consumer.seek(partition, max(starts[partition], first.get(partition, 0)))

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None


def _places(places: Mapping[tuple[str, int], int] | None) -> dict[TopicPartition, int]:
    return {TopicPartition(topic, number): offset for (topic, number), offset in (places or {}).items()}
