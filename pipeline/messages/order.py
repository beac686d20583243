"""The header that says when, among all events, the chunk was processed that an output belongs to. Pure.

The first output of a chunk bears it over Kafka, whose topics have no order among each other. With it a reader of topics
alone knows the order of all that led to outputs, and what of each partition was read before: a replay needs no store.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from pipeline.messages.records import Message

HEADER: Final = "processed"


@dataclass(frozen=True, slots=True)
class Processed:
    """`number`: grows with the order of processing. The chunk: offsets from `first` to below `next` of its place.
    `read`: by topic, the offset up to which events of the same partition were processed before it."""

    number: int
    topic: str
    partition: int
    first: int
    next: int
    read: Mapping[str, int]

    def on(self, message: Message) -> Message:
        """The same message, with this header."""
        written = [self.number, self.topic, self.partition, self.first, self.next, dict(sorted(self.read.items()))]
        return Message(message.topic, message.key, message.value, (*message.headers, (HEADER, orjson.dumps(written))))


def processed(value: bytes | str) -> Processed | None:
    """From the header; None where it is none of ours."""
    try:
        written: Any = orjson.loads(value)
        number, topic, partition, first, end, read = written
        return Processed(int(number), str(topic), int(partition), int(first), int(end), dict(read))
    except (ValueError, TypeError):
        return None
