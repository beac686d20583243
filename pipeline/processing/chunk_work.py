"""One chunk on its way through a batch: which of its events are new, and what each of them leaves behind. Pure."""

import base64
import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.claims.desk import Desk
from pipeline.errors import NotReady, Poison
from pipeline.messages.intake import Arrival, Identity, RefusedRecord, claimed_identity, moment
from pipeline.messages.outputs import refusal_message
from pipeline.messages.records import Chunk, Message
from pipeline.processing.ports import CHUNK_STRIDE, ChunkAccount, DeadLetter, Duplicate, Effects, LedgerEntry
from pipeline.processing.report import Report
from schemas.clock import EPOCH
from schemas.decisions import FieldError, Refusal
from schemas.values import MAX_EVENT_BYTES

security = logging.getLogger("santunan.security")


@dataclass(slots=True)
class ChunkWork:
    """`first`: the next offset to process; `fresh`: the records from it on; `stored`: outputs of those before it;
    `effects`: None where nothing is fresh; `read`: by topic, up to where its partition was processed before."""

    chunk: Chunk
    first: int
    fresh: list[Arrival | RefusedRecord]
    stored: list[Message]
    report: Report
    read: dict[str, int]
    effects: Effects | None = None

    @property
    def is_new(self) -> bool:
        return self.first < self.chunk.end


def decide(
    parts: Sequence[ChunkWork], chunk_ids: Sequence[int], known: dict[Identity, bytes], desk: Desk
) -> list[Effects]:
    """What each chunk leaves behind. `known`: digests of the events that the ledger holds; grows with those applied."""
    return [_decided(part, chunk_id, known, desk) for part, chunk_id in zip(parts, chunk_ids, strict=True)]


def _decided(part: ChunkWork, chunk_id: int, known: dict[Identity, bytes], desk: Desk) -> Effects:
    """Each event in its order: applied, known already, or refused. A refused event does not stop the next."""
    chunk, fresh = part.chunk, part.fresh
    made_before = len(desk.made_decisions)
    entries: list[LedgerEntry] = []
    letters: list[DeadLetter] = []
    duplicates: list[Duplicate] = []
    outputs: list[tuple[int, Message]] = []
    for seq, arrival in enumerate(fresh, chunk_id * CHUNK_STRIDE):
        offset = arrival.record.offset
        try:
            if isinstance(arrival, RefusedRecord):
                raise arrival.poison
            if _is_known(chunk, arrival, known):
                duplicates.append(Duplicate(offset, arrival.record.value))
                continue
            messages = desk.take(arrival.event, arrival.clock, order=seq, partition=chunk.partition)
        except Poison as poison:
            letter = _letter(arrival, poison)
            letters.append(letter)
            outputs.append((offset, _refusal(chunk, letter)))
            continue
        known[arrival.identity] = arrival.digest
        entries.append(_entry(seq, arrival))
        outputs += [(offset, message) for message in messages]
    account = ChunkAccount(part.first, chunk.end, len(entries), len(duplicates), len(letters))
    made_now = desk.made_decisions[made_before:]
    return Effects(chunk_id, chunk.topic, chunk.partition, account, made_now, entries, letters, outputs, duplicates)


def refuse_far_ahead(arrivals: list[Arrival | RefusedRecord], latest: dt.datetime) -> list[Arrival | RefusedRecord]:
    """Those received after `latest` become dead letters: a clock was wrong, and by it deadlines would have passed."""
    if not any([isinstance(one, Arrival) and one.clock > latest for one in arrivals]):
        return arrivals
    message = (
        "was received, by the clock that says so, more than a day after all other events and after now: set that clock "
        "(of the broker, of the machine that submitted, or the event's own `time` in history), then retry it or send "
        "it again"
    )
    poison = Poison("CLOCK_AHEAD", FieldError("time of receipt", message))
    # A retry goes by the event's own time: the time of receipt is what was wrong.
    return [
        RefusedRecord(one.record, poison, None) if isinstance(one, Arrival) and one.clock > latest else one
        for one in arrivals
    ]


def require_no_gap(chunk: Chunk, position: int) -> None:
    """Raises NotReady where events before the chunk were never processed."""
    if chunk.start > position:
        raise NotReady(
            f"{chunk.topic}/{chunk.partition}: the next event to process is at offset {position}, but the broker "
            f"offers {chunk.start}: those between were never processed. Restore them (retention must keep intake for "
            "ever), or point the worker at the broker this database belongs to; nothing was stored"
        )


def _is_known(chunk: Chunk, arrival: Arrival, known: dict[Identity, bytes]) -> bool:
    """The same event again has no effect. Raises Poison where the id was used for other bytes before."""
    digest = known.get(arrival.identity)
    if digest is None:
        return False
    if digest == arrival.digest:
        return True
    # The sender chooses the id and may put personal data in it, so the log names topic/partition/offset instead.
    source, event_id = arrival.identity
    place = {"topic": chunk.topic, "partition": chunk.partition, "offset": arrival.record.offset}
    ids = {"source": source, "event_id": event_id, "claim_id": getattr(arrival.event.data, "claim_id", None)}
    security.warning(
        "event id used again for other content: source=%s at=%s",
        source,
        "/".join(map(str, place.values())),
        extra={**place, **ids},
    )
    message = "this source has sent another event under this id; nothing changed: send it under a new id"
    raise Poison("ID_REUSED", FieldError("id", message))


def _entry(seq: int, arrival: Arrival) -> LedgerEntry:
    fields: dict[str, Any] = vars(arrival.event.data)  # fast: see docs/performance.md
    reference = fields.get("member")
    number = fields.get("member_number") or (reference.member_number if reference is not None else None)
    return LedgerEntry(
        seq,
        arrival.identity,
        arrival.digest,
        arrival.record.offset,
        arrival.clock,
        arrival.is_own_time,
        fields.get("claim_id"),
        number,
        arrival.record.value,
    )


def _letter(arrival: Arrival | RefusedRecord, poison: Poison) -> DeadLetter:
    record = arrival.record
    source: str | None
    event_id: str | None
    if isinstance(arrival, Arrival):
        source, event_id = arrival.identity
        received_ms = None if arrival.is_own_time else (arrival.clock - EPOCH) // dt.timedelta(milliseconds=1)
    else:
        source, event_id = claimed_identity(record.value)
        received_ms = arrival.received_ms
    return DeadLetter(
        record.offset, record.timestamp_ms, received_ms, poison.reason, poison.errors, source, event_id, record.value
    )


def _refusal(chunk: Chunk, letter: DeadLetter) -> Message:
    original = base64.b64encode(letter.original[:MAX_EVENT_BYTES]).decode()
    refusal = Refusal(
        chunk.topic,
        chunk.partition,
        letter.offset,
        letter.reason,
        letter.errors,
        letter.source,
        letter.event_id,
        original,
    )
    return refusal_message(refusal, moment(letter.timestamp_ms))
