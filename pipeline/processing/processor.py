"""Processes a batch of chunks in one transaction: everything that follows from it is stored, or nothing is.

What comes out does not depend on how the events were cut into chunks and batches. Nothing is acknowledged before the
commit; a chunk that comes again leads to the outputs that were stored for it. Imports no store: it is handed in.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from threading import Lock
from typing import Final

from pipeline.claims.desk import Desk
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.requirements import requirements
from pipeline.errors import NOT_OF_ONE_EVENT, SantunanError, Transient, bug_in_event
from pipeline.law.book import Book
from pipeline.messages.attestation import Attests
from pipeline.messages.floods import BUG, UNKNOWN_TYPE, Flood
from pipeline.messages.intake import Arrival, Identity, RefusedRecord, read, retry_clock
from pipeline.messages.order import Processed
from pipeline.messages.records import Chunk, Message, Record
from pipeline.processing.chunk_work import ChunkWork, decide, refuse_far_ahead, require_no_gap
from pipeline.processing.ports import Effects, LoadedDesk, Place, Store, UnitOfWork
from pipeline.processing.report import Report
from schemas.clock import EPOCH
from schemas.values import MAX_AHEAD_SECONDS

FIRST_PAUSE_SECONDS: Final = 0.05  # doubled each time: five retries last 1.5 s, longer than a deadlock is left alone
_AHEAD: Final = dt.timedelta(seconds=MAX_AHEAD_SECONDS)

log = logging.getLogger("santunan.worker")

Parsed = tuple[Chunk, list[Arrival | RefusedRecord]]


class Processor:
    """Several threads may use one, each with partitions of its own. `group`: whose positions these are.

    `retries`: of a transaction while the database is away, in the calling thread. `observe`: called with the report of
    each chunk that was stored. `accept_unknown`: events of unknown type become dead letters, whatever their number.
    `wall`: the clock of this machine, in seconds since 1970. `verify`: called with what each chunk leaves behind,
    before it is stored; may raise. `attests`: whether a door that knew its sender let a record in; None: not asked.
    `notes_order`: the first output of each chunk says when that was processed, for topics without one order.
    """

    def __init__(
        self,
        store: Store,
        book: Book,
        group: str,
        *,
        retries: int = 0,
        observe: Callable[[Report], None] | None = None,
        accept_unknown: bool = False,
        wall: Callable[[], float] = time.time,
        verify: Callable[[Effects], None] | None = None,
        attests: Attests | None = None,
        notes_order: bool = False,
    ) -> None:
        self.store = store
        self.book = book
        self.group = group
        self.retries = retries
        self.observe = observe
        self._floods = [Flood(BUG)] if accept_unknown else [Flood(BUG), Flood(UNKNOWN_TYPE)]
        self._wall = wall
        self._newest: dt.datetime | None = None  # clock of an event that was applied; None: not asked for yet
        self.verify = verify
        self.attests = attests
        self.notes_order = notes_order
        self._lock = Lock()
        self._own_positions: dict[Place, int] | None = None  # where this worker left them; None: it has taken over none

    def take_over(self, published: Mapping[Place, int]) -> tuple[list[Chunk], list[Message]]:
        """Begin with these partitions at the store's positions. `published`: up to where their outputs are published.

        Returns what is stored and not published: its places as chunks without records, and the outputs in the order in
        which they were stored. They must be published before any other, or a claim's decisions would be out of order:
        if the events were read again in batches, a later fact could go first. From now on a batch raises Transient
        where another worker has stored events of its partitions meanwhile. Raises Transient.
        """
        with self.store.unit_of_work() as work:
            self._own_positions, _ = work.begin(self.group, {partition for _, partition in published}, ())
            ends = {place: self._own_positions.get(place, start) for place, start in published.items()}
            left = [Chunk(*place, start, ends[place], ()) for place, start in published.items() if start < ends[place]]
            return left, work.stored_outputs(*left, notes_order=self.notes_order)

    @property
    def positions(self) -> Mapping[Place, int]:
        """The next offset of each place, as this worker left it. After `take_over`."""
        assert self._own_positions is not None
        return self._own_positions

    def process(self, *chunks: Chunk) -> list[list[Message]]:
        """Everything to publish for each of these chunks. Embedded it is in the log already: each list is empty.

        An event at which the program fails becomes a dead letter. Raises Transient (the database, after all retries),
        BadDeployment (a flood of unknown types), BugFlood (of events at which the program fails), NotReady (events
        before a chunk were never processed), and any error that no single event is to blame for; then nothing of that
        chunk, or of one after it, is stored.
        """
        return self.store_parsed([(chunk, self.read(chunk)) for chunk in chunks])

    def process_together(self, *chunks: Chunk) -> None:
        """As `process`, but where one chunk fails nothing of any is stored."""
        ends = {((chunk.topic, chunk.partition), chunk.end) for chunk in chunks}
        self._apply([(chunk, self.read(chunk)) for chunk in chunks], ends, attempts=1)

    def read(self, chunk: Chunk) -> list[Arrival | RefusedRecord]:
        """Parse the records: pure, so that it may run while other chunks are being stored."""
        try:
            return [read(record, chunk.topic, chunk.partition, self.attests) for record in chunk.records]
        except NOT_OF_ONE_EVENT:
            raise
        except Exception:
            return [_read_alone(record, chunk, self.attests) for record in chunk.records]

    def store_parsed(self, batch: Sequence[Parsed]) -> list[list[Message]]:
        """As `process`, with what `read` gave for each chunk: all in one transaction; where that fails, one by one; and
        where a bug is the reason, halves of the chunk, down to the event that it fails at."""
        ends = {((chunk.topic, chunk.partition), chunk.end) for chunk, _ in batch}
        if len(batch) > 1:
            try:
                return self._apply(batch, ends, attempts=1)
            except MemoryError:
                raise
            except Exception as error:
                reason = error if isinstance(error, SantunanError) else type(error).__name__
                log.info("%d chunks were not stored together (%s); each by itself", len(batch), reason)
        return [self._store_or_halve(parsed, ends) for parsed in batch]

    def _store_or_halve(self, parsed: Parsed, ends: Set[tuple[Place, int]]) -> list[Message]:
        """Each try has a transaction and a desk of its own, so nothing of a failed one is left."""
        chunk, arrivals = parsed
        try:
            return self._with_retries(parsed, ends)
        except NOT_OF_ONE_EVENT:
            raise
        except Exception as error:
            if len(arrivals) > 1:
                middle = len(arrivals) // 2
                at = arrivals[middle].record.offset
                ends = {*ends, ((chunk.topic, chunk.partition), at)}
                first = Chunk(chunk.topic, chunk.partition, chunk.start, at, chunk.records[:middle])
                second = Chunk(chunk.topic, chunk.partition, at, chunk.end, chunk.records[middle:])
                outputs = self._store_or_halve((first, arrivals[:middle]), ends)
                return outputs + self._store_or_halve((second, arrivals[middle:]), ends)
            if not arrivals or isinstance(arrivals[0], RefusedRecord):
                raise  # no event was applied, so none is to blame
            refused = _set_aside(arrivals[0].record, chunk, error)
        return self._with_retries((chunk, [refused]), ends)

    def _with_retries(self, parsed: Parsed, ends: Set[tuple[Place, int]]) -> list[Message]:
        pause = FIRST_PAUSE_SECONDS
        for attempts in range(1, self.retries + 1):
            try:
                return self._apply([parsed], ends, attempts)[0]
            except Transient:
                time.sleep(pause)
                pause *= 2
        return self._apply([parsed], ends, self.retries + 1)[0]

    def _apply(self, batch: Sequence[Parsed], ends: Set[tuple[Place, int]], attempts: int) -> list[list[Message]]:
        """One transaction. `ends`: where this batch moves positions to; a commit without an answer may have moved them
        there already."""
        with self.store.unit_of_work() as work:
            started = time.perf_counter()
            identities = [one.identity for _, arrivals in batch for one in arrivals if isinstance(one, Arrival)]
            positions, known = work.begin(self.group, {chunk.partition for chunk, _ in batch}, identities)
            self._check_fence(positions, ends)
            parts = [self._chunk_work(work, positions, chunk, arrivals, attempts) for chunk, arrivals in batch]
            new = [part for part in parts if part.is_new]
            limit = self._latest_clock(work)
            for part in new:
                part.fresh = refuse_far_ahead(part.fresh, limit)
            floods = self._process(work, new, known, started) if new else None
        if self._own_positions is not None:
            self._own_positions.update(positions)
        if floods is not None:
            with self._lock:
                self._floods = floods
        for part in parts:
            if part.effects is not None:
                part.report.note(part.effects)
                clocks = [one.clock for one in part.effects.entries]
                self._newest = max(clocks if self._newest is None else [*clocks, self._newest], default=None)
            if self.observe is not None:
                self.observe(part.report)
        return [self._outputs(part) for part in parts]

    def _process(
        self, work: UnitOfWork, new: Sequence[ChunkWork], known: dict[Identity, bytes], started: float
    ) -> list[Flood]:
        """Load, decide, write, commit. Returns what was counted of floods."""
        report = new[0].report
        loaded = self._load(work, new, known)
        chunk_ids = work.next_chunk_ids(len(new))
        started = report.lap("load", started)
        effects = decide(new, chunk_ids, known, loaded.desk)
        floods = self._count_floods(work, new, effects)
        if self.verify is not None:
            for one in effects:
                self.verify(one)
        started = report.lap("decide", started)
        work.write(self.group, loaded, effects)
        started = report.lap("write", started)
        work.commit()
        report.lap("commit", started)
        for part, one in zip(new, effects, strict=True):
            part.effects = one
        return floods

    def _load(self, work: UnitOfWork, new: Sequence[ChunkWork], known: Mapping[Identity, bytes]) -> LoadedDesk:
        """A desk with all that the new events read, and the persons concerned locked."""
        wanted = [
            (part.chunk.partition, requirements(one.event))
            for part in new
            for one in part.fresh
            if isinstance(one, Arrival) and one.identity not in known
        ]
        return work.load(Desk(self.book, PaidLines()), wanted)

    def _count_floods(self, work: UnitOfWork, new: Sequence[ChunkWork], effects: Sequence[Effects]) -> list[Flood]:
        """With these events. Raises BadDeployment or BugFlood where they are a flood."""

        def known(sources: Collection[str]) -> Set[str]:
            return work.known_sources(sources) | {entry.identity[0] for one in effects for entry in one.entries}

        with self._lock:
            floods = [flood.copy() for flood in self._floods]
        for flood in floods:
            flood.note([arrival for part in new for arrival in part.fresh], known)
        return floods

    def _latest_clock(self, work: UnitOfWork) -> dt.datetime:
        """The latest time of receipt that is believed. Where this machine's clock is behind, the last event counts."""
        if self._newest is None:
            self._newest = work.newest_clock()
        now = EPOCH + dt.timedelta(seconds=self._wall())
        return (now if self._newest is None else max(now, self._newest)) + _AHEAD

    def _check_fence(self, positions: Mapping[Place, int], ends: Set[tuple[Place, int]]) -> None:
        """Raises Transient where another worker has moved a position of these partitions."""
        if self._own_positions is None:
            return
        for place, at in positions.items():
            if at != self._own_positions.get(place) and (place, at) not in ends:
                topic, partition = place
                raise Transient(
                    f"another worker has stored events of {topic}/{partition} meanwhile; nothing was stored"
                )

    def _chunk_work(
        self,
        work: UnitOfWork,
        positions: dict[Place, int],
        chunk: Chunk,
        arrivals: list[Arrival | RefusedRecord],
        attempts: int,
    ) -> ChunkWork:
        """What of a chunk is new; `positions` move past it, for a later chunk of the same place. Raises NotReady."""
        place = (chunk.topic, chunk.partition)
        first = positions.get(place, chunk.start)
        require_no_gap(chunk, first)
        read = {topic: at for (topic, partition), at in positions.items() if partition == chunk.partition}
        positions[place] = max(first, chunk.end)
        before = Chunk(*place, chunk.start, min(first, chunk.end), ())
        stored = work.stored_outputs(before, notes_order=self.notes_order)
        fresh = [arrival for arrival in arrivals if arrival.record.offset >= first]
        report = Report(*place, attempts=attempts, redelivered=len(arrivals) - len(fresh))
        return ChunkWork(chunk, first, fresh, stored, report, read)

    def _outputs(self, part: ChunkWork) -> list[Message]:
        if self.store.is_embedded or part.effects is None:
            return part.stored
        made = [message for _, message in part.effects.outputs]
        if made and self.notes_order:
            account, chunk = part.effects.account, part.chunk
            place = chunk.topic, chunk.partition, account.first, account.next
            made[0] = Processed(part.effects.chunk_id, *place, part.read).on(made[0])
        return part.stored + made


def _read_alone(record: Record, chunk: Chunk, attests: Attests | None) -> Arrival | RefusedRecord:
    try:
        return read(record, chunk.topic, chunk.partition, attests)
    except NOT_OF_ONE_EVENT:
        raise
    except Exception as error:
        return _set_aside(record, chunk, error)


def _set_aside(record: Record, chunk: Chunk, error: Exception) -> RefusedRecord:
    """The event as a dead letter. The log gets the trace; its formatter leaves out the words of an unknown error."""
    place = {"topic": chunk.topic, "partition": chunk.partition, "offset": record.offset}
    log.error("a bug in one event, which becomes a dead letter BUG", exc_info=error, extra=place)
    try:
        received_ms = retry_clock(record, chunk.topic)
    except Exception:  # it may be what failed
        received_ms = None
    return RefusedRecord(record, bug_in_event(error), received_ms)
