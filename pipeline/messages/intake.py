"""Reads events and checks each before it is applied: readable, in its topic, from a permitted source, in time.

Pure; the worker and the offline assessment read events through here, so that neither is laxer.
Nothing raised here repeats the input: a NIK or a diagnosis cannot reach a log or a dead-letter reason through it.
Never imports a store.
"""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, get_args

import orjson

from pipeline.errors import Poison
from pipeline.messages.admission import admit
from pipeline.messages.attestation import HEADER, Attests
from pipeline.messages.records import RECEIVED_AT, Record
from schemas import topics
from schemas.claims import SECTION_WRITERS, SECTIONS
from schemas.clock import EPOCH
from schemas.days import DayPassed
from schemas.decisions import FieldError
from schemas.events import EVENT_WRITERS, TOPIC_EVENTS, ClaimEvent, IntakeEvent, Refused
from schemas.values import LAST_YEAR, MAX_EVENT_BYTES, MAX_FUTURE_SECONDS, SOURCE_KINDS, source_kind

_FUTURE: Final = dt.timedelta(seconds=MAX_FUTURE_SECONDS)
_CLAIM_EVENTS: Final = frozenset(get_args(ClaimEvent))
_FOREIGN: Final = {writer: frozenset(SECTIONS) - sections for writer, sections in SECTION_WRITERS.items()}
_SOURCE: Final = re.compile(rf"urn:santunan:(?:{'|'.join(SOURCE_KINDS)}):[a-z0-9][a-z0-9._-]{{0,63}}")
_MILLISECONDS: Final = re.compile(rb"[0-9]{1,14}")
_LAST_MS: Final = (dt.datetime(LAST_YEAR + 1, 1, 1, tzinfo=dt.UTC) - EPOCH) // dt.timedelta(milliseconds=1) - 1
_MAX_ID_LETTERS: Final = 128
_NIK: Final = re.compile(r"[0-9]{16}")  # perhaps; what is refused for holding one must not repeat it

_NOT_ATTESTED: Final = (
    "is missing or not by our key: the record came past the gateway, so who sent it is not known. Find out who can "
    "write this topic; if the event is good, a retry by an operator attests it"
)

Identity = tuple[str, str]  # (source, id): two events are the same when both are


class Arrival:
    """One record that can be read: an event with its clock. `digest`: SHA-256 of its bytes.

    `is_own_time`: the clock is the event's own `time`, since an operator handed it in as history. No dataclass: fast,
    see docs/performance.md.
    """

    def __init__(
        self,
        record: Record,
        event: IntakeEvent,
        identity: Identity,
        digest: bytes,
        clock: dt.datetime,
        is_own_time: bool,
    ) -> None:
        self.record = record
        self.event = event
        self.identity = identity
        self.digest = digest
        self.clock = clock
        self.is_own_time = is_own_time


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """One record that is refused by itself. `received_ms`: as `retry_clock`."""

    record: Record
    poison: Poison
    received_ms: int | None


def read(record: Record, topic: str, partition: int, attests: Attests | None = None) -> Arrival | RefusedRecord:
    """Parse and check one record. Never raises for what a sender can do. `attests`: says whether a door that knew its
    sender let it in; None: nobody asks."""
    received_ms = None
    try:
        received_ms = retry_clock(record, topic)
        if attests is not None and not attests(record, topic, partition):
            raise Poison("NOT_ATTESTED", FieldError(f"header {HEADER}", _NOT_ATTESTED))
        event = read_event(record.value, topic)
        clock = event_clock(event, received_ms)
    except Poison as poison:
        return RefusedRecord(record, poison, received_ms)
    digest = hashlib.sha256(record.value).digest()
    return Arrival(record, event, _identity(event, partition), digest, clock, received_ms is None)


def _identity(event: IntakeEvent, partition: int) -> Identity:
    """The daily clock is one event that goes to every partition, and is applied once in each."""
    if type(event) is DayPassed:
        return event.source, f"{event.id}@{partition}"
    return event.source, event.id


def retry_clock(record: Record, topic: str) -> int | None:
    """Milliseconds at which the record was received, which a retry keeps; None: history, whose own `time` counts.

    Raises Poison where the time of the record, or the header that says so, cannot be one.
    """
    message = f"holds milliseconds since 1970, UTC, in digits, up to the year {LAST_YEAR}"
    if topic != topics.HISTORY:
        if not 0 <= record.timestamp_ms <= _LAST_MS:
            raise Poison("INVALID", FieldError("timestamp of the record", message))
        return record.timestamp_ms
    for name, value in record.headers:
        if name == RECEIVED_AT:
            if not _MILLISECONDS.fullmatch(value) or int(value) > _LAST_MS:
                raise Poison("INVALID", FieldError(f"header {RECEIVED_AT}", message))
            return int(value)
    return None


def moment(milliseconds: int) -> dt.datetime:
    """The time of a record as it came, for showing: the nearest one that there is."""
    return _moment(min(max(milliseconds, 0), _LAST_MS))


def read_event(raw: bytes, topic: str | None = None) -> IntakeEvent:
    """One event from its bytes, checked for what its type, its sections and its topic allow.

    For what is taken in now; what is stored was accepted already, and is read by `schemas.events.parse`. `topic` None:
    the caller has no topics (offline assessment). Raises Poison with a reason code: TOO_LARGE, NOT_JSON, DUPLICATE_KEY,
    UNKNOWN_TYPE, INVALID, WRONG_TOPIC, SOURCE_NOT_ALLOWED, SECTION_NOT_ALLOWED.
    """
    try:
        event = admit(raw)
    except Refused as refused:
        raise Poison(refused.reason, *refused.errors) from None
    kind = type(event)
    if topic is not None and kind not in TOPIC_EVENTS.get(topic, ()):
        message = f"{event.type} does not belong in {topic}; send it to {' or '.join(_topics_of(kind))}"
        raise Poison("WRONG_TOPIC", FieldError("type", message))
    writer = source_kind(event.source)
    if writer not in EVENT_WRITERS[kind]:
        allowed = ", ".join(sorted(EVENT_WRITERS[kind]))
        message = f"a source of kind {writer} may not write {event.type}; it comes from: {allowed}"
        raise Poison("SOURCE_NOT_ALLOWED", FieldError("source", message))
    if kind in _CLAIM_EVENTS:
        _check_sections(event.data, writer)
    return event


def event_clock(event: IntakeEvent, received_ms: int | None) -> dt.datetime:
    """When the event was received (aware); `received_ms` None: history, whose clock is its own `time`.

    Raises Poison (TIME_IN_FUTURE) where it claims to have been written more than five minutes later.
    """
    written: dt.datetime = event.time
    if received_ms is None:
        return written
    clock = _moment(received_ms)
    if written - clock > _FUTURE:  # and not `written > clock + …`: to compare times asks each twice for its offset
        message = (
            f"lies more than {MAX_FUTURE_SECONDS // 60} minutes after the event was received; "
            "set the sender's clock, and mind the offset from UTC"
        )
        raise Poison("TIME_IN_FUTURE", FieldError("time", message))
    return clock


@lru_cache(maxsize=1_024)
def _moment(milliseconds: int) -> dt.datetime:
    """Remembered: a broker stamps many records in one millisecond, and the sum costs as much as a dozen look-ups."""
    return EPOCH + dt.timedelta(milliseconds=milliseconds)


def claimed_identity(raw: bytes) -> tuple[str | None, str | None]:
    """Source and id that refused bytes give, each only where it has the shape of one; else None."""
    if len(raw) > MAX_EVENT_BYTES:
        return None, None
    try:
        document: Any = orjson.loads(raw)
    except ValueError:
        return None, None
    if not isinstance(document, dict):
        return None, None
    source, identity = document.get("source"), document.get("id")
    is_source = isinstance(source, str) and _SOURCE.fullmatch(source) is not None and not _NIK.search(source)
    is_id = isinstance(identity, str) and 0 < len(identity) <= _MAX_ID_LETTERS
    is_id = is_id and str(identity).isascii() and str(identity).isprintable() and not _NIK.search(str(identity))
    return (source if is_source else None, identity if is_id else None)


def _check_sections(data: Any, writer: str) -> None:
    written: set[str] = data.model_fields_set
    if written.isdisjoint(_FOREIGN[writer]):
        return
    foreign = {section for section in written & _FOREIGN[writer] if getattr(data, section) is not None}
    if foreign:
        errors = [FieldError(f"data.{section}", _section_message(section, writer)) for section in sorted(foreign)]
        raise Poison("SECTION_NOT_ALLOWED", *errors)


def _section_message(section: str, writer: str) -> str:
    writers = ", ".join(sorted(kind for kind, sections in SECTION_WRITERS.items() if section in sections))
    return f"a source of kind {writer} may not write this section; it comes from: {writers}"


def _topics_of(kind: type) -> list[str]:
    return [topic for topic, kinds in TOPIC_EVENTS.items() if kind in kinds and topic != topics.HISTORY]
