"""Submits events over Kafka, for a clinic. Idempotent, confirmed by all in-sync brokers, one receipt an event.

While the broker is away, events that are not confirmed go to the spool, with all events after them, and are sent first
the next time. One that was delivered all the same is sent twice, and the worker knows it by its id. An event may so
overtake one before it; evidence that arrives before its claim waits for it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from kafka.errors import KafkaTimeoutError

from agents.clients.interface import CONTENT_TYPE, Outgoing, Receipt, Submitter
from agents.clients.spool import Spool
from agents.kafka.access_check import require_entrance
from agents.kafka.connection import connection_options, end_producer, producer_of, translate_errors
from agents.key_files import attester_of, headers_of
from agents.settings import Settings
from pipeline.errors import Transient
from schemas import topics
from schemas.events import TOPIC_EVENTS

IN_FLIGHT: Final = 2000  # events sent and not confirmed; the most that is kept in memory
DELIVERY_SECONDS: Final = 20.0  # after which an event counts as not delivered


class KafkaSubmitter(Submitter):
    """`resent`: how many events of the spool were delivered by now."""

    def __init__(self, settings: Settings, spool: Path | None = None) -> None:
        self._settings = settings
        self._attester = attester_of(settings)
        self._spool = Spool(spool) if spool is not None else None
        self._producer: Any = None
        self.resent = 0

    @property
    def partitions(self) -> int:
        return self._settings.partitions

    def send(self, events: Iterable[Outgoing]) -> Iterator[Receipt]:
        fresh = iter(events)
        if self._spool is None:
            for event, metadata in self._delivered(fresh, deque()):
                yield _receipt(event, metadata)
            return
        spooled = self._spool.read()
        unconfirmed: deque[_Sent] = deque()
        confirmed = 0
        try:
            for event, metadata in self._delivered(chain(spooled, fresh), unconfirmed):
                confirmed += 1
                if confirmed > len(spooled):
                    yield _receipt(event, metadata)
        except Transient:
            self._drop_producer()
            still = (one.event for one in unconfirmed)
            was_spooled = max(0, len(spooled) - confirmed)
            for place, event in enumerate(self._spool.keep(chain(still, fresh))):
                if place >= was_spooled:
                    yield Receipt(event.source, event.event_id, event.topic, event.partition, None)
        else:
            self._spool.clear()
        self.resent += min(confirmed, len(spooled))

    def _delivered(self, events: Iterable[Outgoing], unconfirmed: "deque[_Sent]") -> Iterator[tuple[Outgoing, Any]]:
        """Each event with the broker's confirmation, in order. Raises Transient; the rest is in `unconfirmed` then."""
        with translate_errors(self._settings):
            for event in events:
                unconfirmed.append(_Sent(event))
                unconfirmed[-1].future = self._sent(event)
                if len(unconfirmed) >= IN_FLIGHT:
                    yield self._oldest(unconfirmed)
            while unconfirmed:
                yield self._oldest(unconfirmed)

    def _oldest(self, unconfirmed: "deque[_Sent]") -> tuple[Outgoing, Any]:
        oldest = unconfirmed[0]
        metadata = oldest.future.get(timeout=DELIVERY_SECONDS + 5)
        unconfirmed.popleft()
        return oldest.event, metadata

    def connect(self) -> None:
        with translate_errors(self._settings):
            producer = self._opened()
            for topic in TOPIC_EVENTS:
                if topic != topics.HISTORY:  # operators alone may see it
                    producer.partitions_for(topic)

    def _opened(self) -> Any:
        if self._producer is None:
            require_entrance(self._settings)
            options = connection_options(self._settings) | {"request_timeout_ms": int(DELIVERY_SECONDS * 500)}
            self._producer = producer_of(
                **options,
                bootstrap_timeout_ms=int(DELIVERY_SECONDS * 500),
                acks="all",
                enable_idempotence=True,
                max_in_flight_requests_per_connection=5,
                linger_ms=0,  # what comes while a request is on its way goes together with the next one
                max_block_ms=int(DELIVERY_SECONDS * 1000),
                delivery_timeout_ms=int(DELIVERY_SECONDS * 1000),
            )
        return self._producer

    def _sent(self, event: Outgoing) -> Any:
        producer = self._opened()
        try:
            return producer.send(
                event.topic,
                event.value,
                event.key,
                partition=event.partition,
                timestamp_ms=event.timestamp_ms,
                headers=list(headers_of(self._attester, event.topic, event.key, event.value, (CONTENT_TYPE,))),
            )
        except KafkaTimeoutError:  # raised for a topic that does not exist, too
            from agents.kafka.topics import require_one

            require_one(self._settings, event.topic)
            raise

    def _drop_producer(self) -> None:
        """A new producer sends its events from the spool; the old one must not send them as well."""
        if self._producer is not None:
            end_producer(self._producer, 0)
            self._producer = None

    def close(self) -> None:
        if self._producer is not None:
            end_producer(self._producer, 1)  # receipts are confirmed; nothing else is promised
        if self._spool is not None:
            self._spool.close()


@dataclass(slots=True)
class _Sent:
    event: Outgoing
    future: Any = None


def _receipt(event: Outgoing, metadata: Any) -> Receipt:
    return Receipt(
        event.source, event.event_id, metadata.topic, metadata.partition, metadata.offset, metadata.timestamp
    )
