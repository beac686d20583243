"""An output as it lies in a topic: its identity, and what it belongs to. Pure.

Not everything in a topic need be ours: what is no output of the pipeline is None.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas import topics

_BYTES: Final = 8  # of a digest: two of ten million are equal once in 370,000 runs


@dataclass(frozen=True, slots=True)
class PublishedOutput:
    """`claim_id`, `revision`: what it was made for; of a dead letter None, and `place` is the refused record's topic,
    partition and offset. `clock`: the time of the event that led to it, as text; `published_ms`: when it came into its
    topic, milliseconds since 1970. `reason`: of a dead letter."""

    topic: str
    identity: str
    digest: int
    claim_id: str | None = None
    revision: int = 0
    place: tuple[str, int, int] | None = None
    clock: str = ""
    published_ms: int = 0
    reason: str = ""


def published_output(topic: str, value: bytes, published_ms: int = 0) -> PublishedOutput | None:
    """None where these bytes are no output of this topic."""
    try:
        document: dict[str, Any] = orjson.loads(value)
        identity, data, clock = str(document["id"]), document["data"], str(document.get("time"))
        digest = digest_of(topic, value)
        if topic == topics.DEAD_LETTERS:
            place = str(data["topic"]), int(data["partition"]), int(data["offset"])
            reason = str(data.get("reason", ""))
            return PublishedOutput(topic, identity, digest, None, 0, place, clock, published_ms, reason)
        claim_id, revision = str(data["claim_id"]), int(data["revision"])
        return PublishedOutput(topic, identity, digest, claim_id, revision, None, clock, published_ms)
    except (ValueError, KeyError, TypeError):
        return None


def digest_of(topic: str, value: bytes) -> int:
    """Of a topic and its bytes; a number, since millions of them are compared."""
    hashed = hashlib.blake2b(value, digest_size=_BYTES, key=topic.encode()[:64])
    return int.from_bytes(hashed.digest())
