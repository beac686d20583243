"""What a transport hands to the pipeline, and what the pipeline hands back. Plain values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Record:
    """One event as it was read. `timestamp_ms`: when the broker received it, milliseconds since 1970, UTC."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Contiguous records [start, end) of one partition; offsets may have holes (transaction markers)."""

    topic: str
    partition: int
    start: int
    end: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One event to be published. `value` is a CloudEvents document."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = field(default=())
