"""Rows of a history that is made of topics: what was published, then which of the events were applied.

Statements on the temporary file of `topic_history.py`, which has the records in `log`.
"""

import base64
import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from pipeline.errors import Poison
from pipeline.messages.intake import retry_clock
from pipeline.messages.records import RECEIVED_AT, Record
from pipeline.processing.ports import Place
from pipeline.queries import history
from pipeline.store.embedded_log import insert_sql
from pipeline.store.tables import decisions, ledger, payouts
from schemas import topics
from schemas.clock import microseconds
from schemas.days import DayPassed
from schemas.events import parse
from schemas.values import MAX_EVENT_BYTES

_DAY_PASSED: Final = DayPassed.model_fields["type"].annotation.__args__[0]  # type: ignore[union-attr]


@dataclass(slots=True)
class Taken:
    """What became of the events. `altered`: places of those that are not what was refused there."""

    refused: int = 0
    duplicates: int = 0
    altered: list[str] = field(default_factory=list)


def note_outputs(file: sqlite3.Connection) -> list[tuple[str, int]]:
    """Fill the tables of decisions, payouts and dead letters; returns decisions that were published more than once."""
    twice = []
    for page in history.pages(file.execute(_OUTPUTS, (topics.DECISIONS,))):
        made = [_decision_row(seq, orjson.loads(value)["data"]) for seq, value in page]
        before = file.total_changes
        file.executemany(f"{_OR_IGNORE}{insert_sql(decisions).removeprefix(_INSERT)}", made)
        if file.total_changes - before < len(made):
            kept = {row[0] for row in file.execute(_KEPT, (orjson.dumps([row[-1] for row in made]).decode(),))}
            twice += [(row[0], row[1]) for row in made if row[-1] not in kept]
    for page in history.pages(file.execute(_OUTPUTS, (topics.PAYOUTS,))):
        made = [_payout_row(orjson.loads(value)["data"]) for _, value in page]
        file.executemany(f"{_OR_IGNORE}{insert_sql(payouts).removeprefix(_INSERT)}", made)
    for page in history.pages(file.execute(_OUTPUTS, (topics.DEAD_LETTERS,))):
        file.executemany("INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?)", [_refused_row(one[1]) for one in page])
    return twice


def note_events(file: sqlite3.Connection) -> Taken:
    """Fill the ledger in the order of `queue`: an event is applied unless it was refused, or is known by its id."""
    taken = Taken()
    for page in history.pages(file.execute(_EVENTS)):
        new = []
        for number, topic, partition, offset, timestamp_ms, value, received, original in page:
            if original is not None:
                taken.refused += 1
                if _digest(value[:MAX_EVENT_BYTES]) != original:
                    taken.altered.append(f"{topic}/{partition}/{offset}")
                continue
            headers = ((RECEIVED_AT, received.encode()),) if received is not None else ()
            record = Record(offset, timestamp_ms, None, value, headers)
            new.append((number, *_entry(record, topic, partition), None))
        before = file.total_changes
        file.executemany(f"{_OR_IGNORE}{insert_sql(ledger).removeprefix(_INSERT)}", new)
        taken.duplicates += len(new) - (file.total_changes - before)
    return taken


def gaps(file: sqlite3.Connection) -> Iterator[str]:
    """Places of events that were refused and are not there."""
    for topic, partition, offset in file.execute(_GONE):
        yield f"{topic}/{partition}/{offset}"


def holes(file: sqlite3.Connection, *, of: Sequence[str]) -> Iterator[str]:
    """Places of these topics, between two records, at which there is none."""
    for topic, partition, offset in file.execute(_HOLES, (orjson.dumps(of).decode(),)):
        yield f"{topic}/{partition}/{offset + 1}"


def bounds(file: sqlite3.Connection) -> dict[Place, tuple[int, int]]:
    """Of each place the offsets of its first record, and after its last one."""
    return {(topic, partition): (first, end) for topic, partition, first, end in file.execute(_BOUNDS)}


def cut_off(bounds: Mapping[Place, tuple[int, int]], ends: Mapping[Place, int]) -> Iterator[str]:
    """Ranges that are gone from the beginning of a place; and from its end, for it was read further than it goes."""
    for (topic, partition), (first, _) in sorted(bounds.items()):
        if first > 0 and topic != topics.CHECKPOINTS:  # the newest ones are all that is asked for
            yield f"{topic}/{partition}/0 to {first - 1}"
    for (topic, partition), read in sorted(ends.items()):
        _, end = bounds.get((topic, partition), (0, 0))
        if read > end:
            yield f"{topic}/{partition}/{end} to {read - 1}"


class _Entry(NamedTuple):
    """The columns of the ledger after `seq` and before `raw`."""

    source: str
    event_id: str
    digest: bytes
    topic: str
    partition: int
    offset: int
    clock: int
    is_own_time: bool
    claim_id: str | None
    member_number: str | None


def _entry(record: Record, topic: str, partition: int) -> _Entry:
    """Of an accepted event. Where its bytes are no event any more, it stays without a name, and the replay says so."""
    digest = hashlib.sha256(record.value).digest()
    place = topic, partition, record.offset
    try:
        received_ms = retry_clock(record, topic)
        document: dict[str, Any] = orjson.loads(record.value)
        data, source, event_id = document["data"], document["source"], document["id"]
        member = data.get("member") or {}
        clock = _own_time(record.value, document["time"]) if received_ms is None else received_ms * 1000
        if document["type"] == _DAY_PASSED:
            event_id = f"{event_id}@{partition}"
        number = data.get("member_number") or member.get("member_number")
        return _Entry(source, event_id, digest, *place, clock, received_ms is None, data.get("claim_id"), number)
    except (ValueError, KeyError, TypeError, AttributeError, Poison):
        name = f"{topic}/{partition}/{record.offset}"
        return _Entry("damaged", name, digest, *place, record.timestamp_ms * 1000, False, None, None)


def _own_time(value: bytes, written: str) -> int:
    """Microseconds of the time that an event bears; the usual way to write one is read without reading the event."""
    try:
        found = dt.datetime.fromisoformat(written)
    except ValueError:
        found = parse(value).time
    return microseconds(found if found.tzinfo is not None else parse(value).time)


def _decision_row(seq: int, data: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(data["claim_id"], data["revision"], data["outcome"], ",".join(data["reason_codes"]), data["program"]),
        *(data["event_date"], data["rule_version"], data["total"]),
        *(microseconds(dt.datetime.fromisoformat(data["decided_at"])), seq),
    )


def _payout_row(data: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(data[name] for name in ("claim_id", "revision", "payee", "member_number", "direction", "amount"))


def _refused_row(value: bytes) -> tuple[Any, ...]:
    data = orjson.loads(value)["data"]
    return data["topic"], data["partition"], data["offset"], _digest(base64.b64decode(data["original"]))


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


# `queue`: the events that the worker had read, in the order of processing.
TABLES: Final = """
CREATE TABLE refused (topic, "partition", "offset", original, PRIMARY KEY (topic, "partition", "offset"));
CREATE TABLE queue (number INTEGER PRIMARY KEY, seq);
"""
_INSERT: Final = "INSERT INTO "
_OR_IGNORE: Final = "INSERT OR IGNORE INTO "
_OUTPUTS: Final = 'SELECT seq, value FROM log WHERE topic = ? ORDER BY "partition", "offset"'
_KEPT: Final = "SELECT output FROM decisions WHERE output IN (SELECT value FROM json_each(?))"
_EVENTS: Final = (
    'SELECT queue.number, log.topic, log."partition", log."offset", timestamp_ms, value, headers, refused.original '
    "FROM queue JOIN log ON log.seq = queue.seq LEFT JOIN refused ON refused.topic = log.topic "
    'AND refused."partition" = log."partition" AND refused."offset" = log."offset" ORDER BY queue.number'
)
_GONE: Final = (
    'SELECT topic, "partition", "offset" FROM refused WHERE NOT EXISTS (SELECT 1 FROM log WHERE '
    'log.topic = refused.topic AND log."partition" = refused."partition" AND log."offset" = refused."offset")'
)
_BOUNDS: Final = 'SELECT topic, "partition", min("offset"), max("offset") + 1 FROM log GROUP BY 1, 2'
_HOLES: Final = (
    'SELECT topic, "partition", "offset" FROM log AS one WHERE topic IN (SELECT value FROM json_each(?)) '
    'AND "offset" < (SELECT max("offset") FROM log WHERE '
    'topic = one.topic AND "partition" = one."partition") AND NOT EXISTS (SELECT 1 FROM log AS next WHERE '
    'next.topic = one.topic AND next."partition" = one."partition" AND next."offset" = one."offset" + 1)'
)
