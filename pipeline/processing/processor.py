"""The one transaction: a turn of chunks comes in, and everything that follows from it is stored, or nothing is.

What comes out does not depend on how the events were cut into chunks and turns. Nothing is acknowledged before the
commit; a chunk that comes again leads to the outputs that were stored for it. Imports no store: it is handed in.
"""

import base64
import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from pipeline.claims.desk import Desk, requirements
from pipeline.claims.double_payment import PaidTwice
from pipeline.errors import NotReady, Poison, SantunanError, Transient
from pipeline.law.book import Book
from pipeline.messages.intake import Arrival, Identity, RefusedRecord, claimed_identity, read
from pipeline.messages.outputs import refusal_message
from pipeline.messages.records import Chunk, Message
from pipeline.messages.unknown_types import UnknownTypes
from pipeline.processing.ports import (
    CHUNK_STRIDE,
    ChunkAccount,
    DeadLetter,
    Effects,
    LedgerEntry,
    LoadedDesk,
    Place,
    Store,
    UnitOfWork,
)
from schemas.clock import EPOCH
from schemas.decisions import FieldError, Refusal
from schemas.values import MAX_EVENT_BYTES

FIRST_PAUSE_SECONDS: Final = 0.05  # doubled each time: five retries last 1.5 s, longer than a deadlock is let stand

log = logging.getLogger("santunan.worker")
security = logging.getLogger("santunan.security")


@dataclass(slots=True)
class Report:
    """What became of a chunk, for metrics. `seconds` by step, of the whole turn and told with its first chunk: load,
    decide, write, commit.

    `decisions`: how many by (program, outcome, main reason); `refusals`: by reason. `effects`: what it left behind,
    None where all of it was stored before.
    """

    topic: str
    partition: int
    attempts: int = 0
    redelivered: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    decisions: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    effects: Effects | None = None

    def lap(self, step: str, started: float) -> float:
        now = time.perf_counter()
        self.seconds[step] = now - started
        return now

    def note(self, effects: Effects) -> None:
        self.effects = effects
        account = effects.account
        self.accepted, self.duplicates, self.refused = account.accepted, account.duplicates, account.refused
        self.refusals.update(letter.reason for letter in effects.dead_letters)
        self.decisions.update((one.program, one.outcome, one.reason_codes[0]) for one in effects.decisions)


Parsed = tuple[Chunk, list[Arrival | RefusedRecord]]


@dataclass(slots=True)
class ChunkWork:
    """A chunk in its turn. `first`: the next offset to process; `fresh`: what is there from it on; `stored`: outputs
    of what came before it; `effects`: None where nothing is fresh."""

    chunk: Chunk
    first: int
    fresh: list[Arrival | RefusedRecord]
    stored: list[Message]
    report: Report
    effects: Effects | None = None

    @property
    def is_new(self) -> bool:
        return self.first < self.chunk.end


class Processor:
    """Several threads may use one, each with partition numbers of its own. `group`: whose positions these are.

    `retries`: of a transaction while the database is away, in the calling thread. `observe`: told of every chunk that
    was stored.
    """

    def __init__(
        self,
        store: Store,
        book: Book,
        group: str,
        *,
        retries: int = 0,
        observe: Callable[[Report], None] | None = None,
    ) -> None:
        self.store = store
        self.book = book
        self.group = group
        self.retries = retries
        self.observe = observe
        self._unknown_types = UnknownTypes()
        self._lock = Lock()
        self._stands: dict[Place, int] | None = None  # positions, where nobody else moved them; None: not known

    def take_over(self, published: Mapping[Place, int]) -> tuple[list[Chunk], list[Message]]:
        """Begin with partition numbers where the store stands. `published`: up to where their outputs are published.

        Returns what is stored and not published: its places as chunks without records, and the outputs in the order in
        which they were stored. They must go before any other, or a claim's decisions would be told out of order: read
        again in turns, a fact that came later could go first. So from now on a turn raises Transient where somebody
        else has stored events of its numbers meanwhile. Raises Transient.
        """
        with self.store.unit_of_work() as work:
            self._stands, _ = work.begin(self.group, {number for _, number in published}, ())
            ends = {place: self._stands.get(place, start) for place, start in published.items()}
            left = [Chunk(*place, start, ends[place], ()) for place, start in published.items() if start < ends[place]]
            return left, work.stored_outputs(*left)

    def process(self, *chunks: Chunk) -> list[list[Message]]:
        """Everything to publish for each of these chunks. Embedded it stands in the log already: each list is empty.

        Raises Transient (the database, after all retries), BadDeployment (a flood of unknown types) and NotReady
        (events before a chunk were never processed); then nothing of that chunk, or of one after it, stands.
        """
        return self.store_parsed([(chunk, self.read(chunk)) for chunk in chunks])

    def read(self, chunk: Chunk) -> list[Arrival | RefusedRecord]:
        """Parse the records: pure, so that it may run while other chunks are being stored."""
        return [read(record, chunk.topic, chunk.partition) for record in chunk.records]

    def store_parsed(self, batch: Sequence[Parsed]) -> list[list[Message]]:
        """As `process`, with what `read` gave for each chunk: all in one transaction; where that fails, one by one."""
        ours = {((chunk.topic, chunk.partition), chunk.end) for chunk, _ in batch}
        if len(batch) > 1:
            try:
                return self._apply(batch, ours, attempts=1)
            except SantunanError as error:
                log.info("%d chunks were not stored together (%s); each by itself", len(batch), error)
        return [self._patiently(parsed, ours) for parsed in batch]

    def _patiently(self, parsed: Parsed, ours: Set[tuple[Place, int]]) -> list[Message]:
        pause = FIRST_PAUSE_SECONDS
        for attempts in range(1, self.retries + 1):
            try:
                return self._apply([parsed], ours, attempts)[0]
            except Transient:
                time.sleep(pause)
                pause *= 2
        return self._apply([parsed], ours, self.retries + 1)[0]

    def _apply(self, batch: Sequence[Parsed], ours: Set[tuple[Place, int]], attempts: int) -> list[list[Message]]:
        """`ours`: where this turn moves positions to, all of it or a part, whether or not it was told that it did."""
        with self.store.unit_of_work() as work:
            started = time.perf_counter()
            identities = [one.identity for _, arrivals in batch for one in arrivals if isinstance(one, Arrival)]
            positions, known = work.begin(self.group, {chunk.partition for chunk, _ in batch}, identities)
            self._refuse_strangers(positions, ours)
            parts = [_part(work, positions, chunk, arrivals, attempts) for chunk, arrivals in batch]
            new = [part for part in parts if part.is_new]
            if new:
                unknown_types = self._process(work, new, known, started)
        if self._stands is not None:
            self._stands.update(positions)
        if new:
            with self._lock:
                self._unknown_types = unknown_types
        for part in parts:
            if part.effects is not None:
                part.report.note(part.effects)
            if self.observe is not None:
                self.observe(part.report)
        return [self._outputs(part) for part in parts]

    def _refuse_strangers(self, positions: Mapping[Place, int], ours: Set[tuple[Place, int]]) -> None:
        if self._stands is None:
            return
        for place, at in positions.items():
            if at != self._stands.get(place) and (place, at) not in ours:
                topic, number = place
                raise Transient(f"another worker has stored events of {topic}/{number} meanwhile; nothing was stored")

    def _process(
        self, work: UnitOfWork, new: Sequence[ChunkWork], known: dict[Identity, bytes], started: float
    ) -> UnknownTypes:
        """Load, decide, write, commit. Returns what is known of unknown types now."""
        report = new[0].report
        with self._lock:
            unknown_types = self._unknown_types.copy()
        for part in new:
            unknown_types.note(part.fresh)
        readable = [(part.chunk.partition, one) for part in new for one in part.fresh if isinstance(one, Arrival)]
        wanted = [
            (number, requirements(arrival.event)) for number, arrival in readable if arrival.identity not in known
        ]
        loaded = work.load(Desk(self.book), wanted)
        chunk_ids = work.next_chunk_ids(len(new))
        started = report.lap("load", started)
        refused: dict[int, Poison] = {}
        while (effects := _take_all(new, chunk_ids, dict(known), loaded, refused)) is None:
            loaded = work.load(Desk(self.book), wanted)
            chunk_ids = work.next_chunk_ids(len(new))  # what was read now may be younger than the numbers before
        started = report.lap("decide", started)
        work.write(self.group, loaded, effects)
        started = report.lap("write", started)
        work.commit()
        report.lap("commit", started)
        for part, one in zip(new, effects, strict=True):
            part.effects = one
        return unknown_types

    def _outputs(self, part: ChunkWork) -> list[Message]:
        if self.store.is_embedded or part.effects is None:
            return part.stored
        return part.stored + [message for _, message in part.effects.outputs]


def _part(
    work: UnitOfWork, positions: dict[Place, int], chunk: Chunk, arrivals: list[Arrival | RefusedRecord], attempts: int
) -> ChunkWork:
    """What of a chunk is new; `positions` move past it, for a later chunk of the same place."""
    place = (chunk.topic, chunk.partition)
    first = positions.get(place, chunk.start)
    _refuse_gap(chunk, first)
    positions[place] = max(first, chunk.end)
    stored = work.stored_outputs(Chunk(*place, chunk.start, min(first, chunk.end), ()))
    fresh = [arrival for arrival in arrivals if arrival.record.offset >= first]
    report = Report(*place, attempts=attempts, redelivered=len(arrivals) - len(fresh))
    return ChunkWork(chunk, first, fresh, stored, report)


def _take_all(
    parts: Sequence[ChunkWork],
    chunk_ids: Sequence[int],
    known: dict[Identity, bytes],
    loaded: LoadedDesk,
    refused: dict[int, Poison],
) -> list[Effects] | None:
    """As `_take`, chunk after chunk."""
    batch = []
    for part, chunk_id in zip(parts, chunk_ids, strict=True):
        effects = _take(part, chunk_id, known, loaded, refused)
        if effects is None:
            return None
        batch.append(effects)
    return batch


def _take(
    part: ChunkWork, chunk_id: int, known: dict[Identity, bytes], loaded: LoadedDesk, refused: dict[int, Poison]
) -> Effects | None:
    """Each event in its order: applied, known already, or refused. None stops the next.

    Returns None where an event would pay twice: it was added to `refused` (by the `id` of its arrival), and all must be
    taken again by a fresh desk.
    """
    chunk, fresh = part.chunk, part.fresh
    desk, paid = loaded.desk, loaded.paid
    made_before = len(desk.made_decisions)
    entries: list[LedgerEntry] = []
    letters: list[DeadLetter] = []
    outputs: list[tuple[int, Message]] = []
    for seq, arrival in enumerate(fresh, chunk_id * CHUNK_STRIDE):
        offset = arrival.record.offset
        try:
            if isinstance(arrival, RefusedRecord):
                raise arrival.poison
            if _is_known(chunk, arrival, known):
                continue
            if id(arrival) in refused:
                raise refused[id(arrival)]
            made = len(desk.made_decisions)
            messages = desk.take(arrival.event, arrival.clock, order=seq, partition=chunk.partition)
            paid.note_made(desk.made_decisions[made:], desk)
        except PaidTwice as twice:
            refused[id(arrival)] = twice.poison()
            return None
        except Poison as poison:
            letter = _letter(arrival, poison)
            letters.append(letter)
            outputs.append((offset, _refusal(chunk, letter)))
            continue
        known[arrival.identity] = arrival.digest
        entries.append(_entry(seq, arrival))
        outputs += [(offset, message) for message in messages]
    duplicates = len(fresh) - len(entries) - len(letters)
    account = ChunkAccount(part.first, chunk.end, len(entries), duplicates, len(letters))
    made_now = desk.made_decisions[made_before:]
    return Effects(chunk_id, chunk.topic, chunk.partition, account, made_now, entries, letters, outputs)


def _is_known(chunk: Chunk, arrival: Arrival, known: dict[Identity, bytes]) -> bool:
    """The same event again has no effect. Raises Poison where the id was used for other bytes before."""
    digest = known.get(arrival.identity)
    if digest is None:
        return False
    if digest == arrival.digest:
        return True
    # The id is the sender's to choose and may hold anything: in the text stands the place, which finds the event, too.
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


def _refuse_gap(chunk: Chunk, position: int) -> None:
    if chunk.start > position:
        raise NotReady(
            f"{chunk.topic}/{chunk.partition}: the next event to process is at offset {position}, but the broker "
            f"offers {chunk.start}: those between were never processed. Restore them (retention must keep intake for "
            "ever), or point the worker at the broker this database belongs to; nothing was stored"
        )


def _entry(seq: int, arrival: Arrival) -> LedgerEntry:
    fields: dict[str, Any] = vars(arrival.event.data)  # `getattr` for a field a model lacks costs pydantic microseconds
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
    return refusal_message(refusal, EPOCH + dt.timedelta(milliseconds=letter.timestamp_ms))
