"""The interface of all clients, over Kafka and the embedded file; and the topic an event goes to.

Never imports Kafka, the store or Faust.
"""

import datetime as dt
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pipeline.messages.admission import admit
from schemas import topics
from schemas.claims import ClaimAppealed, EvidenceAdded
from schemas.days import DayPassed
from schemas.decisions import FieldError
from schemas.events import TOPIC_EVENTS, IntakeEvent, Refused, partition_key
from schemas.values import MAX_AHEAD_SECONDS, source_kind

# CloudEvents over Kafka, structured mode: the header says that the whole event is the value.
CONTENT_TYPE: Final = ("content-type", b"application/cloudevents+json; charset=UTF-8")
_TOPIC_OF: Final = {
    event: name for name, events in reversed(TOPIC_EVENTS.items()) if name != topics.HISTORY for event in events
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event with its place. `partition`: only where it does not follow from the key (the daily clock)."""

    topic: str
    key: bytes | None
    partition: int | None
    value: bytes
    source: str
    event_id: str
    timestamp_ms: int | None  # None: the broker stamps it


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of submitting one event. Spooled: the broker is away; the event is sent with later ones.

    `timestamp_ms`: when the broker received it, milliseconds since 1970, UTC.
    """

    source: str
    event_id: str
    topic: str
    partition: int | None
    offset: int | None
    timestamp_ms: int | None = field(default=None, compare=False)

    @property
    def is_spooled(self) -> bool:
        return self.offset is None


@dataclass(frozen=True, slots=True)
class Published:
    """One event of a topic. `timestamp_ms`: milliseconds since 1970, UTC."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Range:
    """What a history reads of its topics. `since` (inclusive) and `until` (exclusive): when the broker received it.

    `first` (inclusive) and `end` (exclusive): offsets by (topic, partition); a partition not named is read whole.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    first: Mapping[tuple[str, int], int] = field(default_factory=dict)
    end: Mapping[tuple[str, int], int] = field(default_factory=dict)


EVERYTHING: Final = Range()


class Closing(ABC):
    """Opened by making it, closed by leaving its `with` block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None: ...


class Submitter(Closing):
    def connect(self) -> None:  # noqa: B027
        """Get ready for the first event, which else waits for that. Raises NotReady, Transient."""

    @abstractmethod
    def send(self, events: Iterable[Outgoing]) -> Iterator[Receipt]:
        """Submit events; one receipt each, in their order, when the broker has the event (or it is spooled).

        Submitting again is safe: an event is known by its source and id.
        Raises Transient where the broker is away and there is no spool.
        """

    def submit(self, documents: Iterable[bytes], *, is_history: bool = False) -> Iterator[Receipt]:
        """As `send`, for CloudEvents documents. Raises schemas.events.Refused at the first that cannot be read."""
        return self.send(one for raw in documents for one in outgoing(raw, self.partitions, is_history=is_history))

    @property
    @abstractmethod
    def partitions(self) -> int:
        """Of every topic alike."""


class Feed(Closing):
    @abstractmethod
    def read(self, *, follow: bool = False) -> Iterator[Published]:
        """Committed events from where this feed stopped on; `follow`: wait for more, without end.

        At least once: an event counts as read when the next one is asked for; decisions carry ids, which show repeats.
        Raises Transient where the broker is away.
        """


class History(Closing):
    @abstractmethod
    def read(self, names: Sequence[str], within: Range = EVERYTHING) -> Iterator[Published]:
        """Events of these topics, in the order of each partition, up to the ends taken when the reading begins.

        Raises Transient where the broker is away.
        """


def outgoing(raw: bytes, partitions: int, *, is_history: bool = False) -> list[Outgoing]:
    """Where a CloudEvents document goes: one place, or every partition for the daily clock.

    `is_history`: to the topic of operators, stamped with the time written on it. Raises schemas.events.Refused.
    """
    event = admit(raw)
    if is_history and event.time.timestamp() > time.time() + MAX_AHEAD_SECONDS:
        message = (
            "lies more than a day ahead of this machine's clock; history has happened: correct the year, or the clock"
        )
        raise Refused("CLOCK_AHEAD", (FieldError("time", message),))
    topic = topics.HISTORY if is_history else topic_of(event)
    timestamp_ms = int(event.time.timestamp() * 1000) if is_history else None
    key = partition_key(event)
    if key is not None:
        return [Outgoing(topic, key.encode(), None, raw, event.source, event.id, timestamp_ms)]
    return [
        Outgoing(topic, None, partition, copy, event.source, event_id, timestamp_ms)
        for partition in range(partitions)
        for event_id, copy in [_copy(raw, event.id, partition)]
    ]


def topic_of(event: IntakeEvent) -> str:
    """Evidence and appeals may go to either claims topic: a family desk's to the deaths, others' to the accidents."""
    if isinstance(event, EvidenceAdded | ClaimAppealed) and source_kind(event.source) == "desk":
        return topics.DEATHS
    return _TOPIC_OF[type(event)]


def _copy(raw: bytes, event_id: str, partition: int) -> tuple[str, bytes]:
    """Each partition gets an event of its own: one id in two partitions would be known in the second already."""
    document: dict[str, Any] = json.loads(raw)
    document["id"] = f"{event_id}/{partition}"
    return document["id"], json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


assert {EvidenceAdded, ClaimAppealed, DayPassed} <= _TOPIC_OF.keys()
