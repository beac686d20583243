"""Leaves against the rows that they stand for: every event, output and record is the one that was added. Reads only."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, or_, select

from pipeline.audit.ledger_findings import Finding
from pipeline.ledger.leaves import Bundle, digest, digest_of_output
from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.store import embedded_log
from pipeline.store.access_tables import audit_records
from pipeline.store.leaves import audit_line
from pipeline.store.ledger_tables import ledger_leaves
from pipeline.store.tables import chunks, dead_letters, decisions, ledger, log, outputs
from schemas import topics


class RowCheck:
    """Compares pages of bundles with their rows. `counted`: numbers of the outputs that have a leaf."""

    def __init__(self, connection: Connection, *, is_embedded: bool) -> None:
        self.outputs: set[int] = set()
        self.records: set[int] = set()
        self._chunks: set[int] = set()
        self._connection = connection
        self._is_embedded = is_embedded

    def take(self, page: Sequence[Bundle]) -> Iterator[Finding]:
        """In the order of the leaves."""
        rows = _Rows(self._connection, page, is_embedded=self._is_embedded)
        for one in page:
            yield from self._take(one, rows)

    def _take(self, one: Bundle, rows: "_Rows") -> Iterator[Finding]:
        if one.chunk is not None:
            if one.chunk in self._chunks:
                yield Finding("doubled", one.tree, one.first, f"the chunk {one.chunk} is entered a second time")
                return
            self._chunks.add(one.chunk)
        refused: Any = None
        counts = {"applied": 0, "duplicate": 0, "refused": 0}
        for at, line in enumerate(one.lines()):
            words, index, salt = _words(line), one.first + at, one.salt(at)
            kind = words[0]
            found: Fault = None
            if kind in counts:
                counts[kind] += 1
            try:
                if kind == "applied":
                    found = rows.applied(words, salt)
                elif kind == "refused":
                    refused, found = rows.refused(words, salt)
                elif kind == "output":
                    self.outputs.add(int(words[3]))
                    found = rows.output(words, salt, refused)
                elif kind == "duplicate":
                    found = rows.duplicate(words, salt)
                elif kind == "uncounted":
                    counts["duplicate"] += int(words[2])
                elif kind == "audit":
                    is_known = int(words[1]) in self.records
                    self.records.add(int(words[1]))
                    found = ("doubled", "the record is entered twice") if is_known else rows.record(words, salt)
                elif (kind, index) != ("before", 0):
                    found = "foreign", "the entry is none of this tree"
            except (ValueError, IndexError, KeyError, TypeError):
                found = "edited", "the entry, or what it stands for, cannot be read"
            if found is not None:
                yield Finding(found[0], one.tree, index, found[1])
        if one.chunk is not None:
            yield from rows.rest(one, counts)


_NUMBER: Final = re.compile("[0-9]{1,18}")
_PLACE: Final = re.compile("[^/ ]+/[0-9]{1,9}/[0-9]{1,18}")
Fault = tuple[str, str] | None  # kind, and the sentence


class _Rows:
    """All rows of the chunks, records and outputs of a page."""

    def __init__(self, connection: Connection, page: Sequence[Bundle], *, is_embedded: bool) -> None:
        ids = sorted({one.chunk for one in page if one.chunk is not None})
        self.is_embedded = is_embedded
        self.chunks: dict[int, Any] = {}
        self.events: dict[int, Any] = {}
        self.letters: dict[tuple[str, int, int], Any] = {}
        self.raw: dict[tuple[str, int, int], bytes] = {}
        for low, high in _ranges(ids):
            self._read_chunks(connection, low, high)
        self.decisions: dict[int, Any] = {}
        self.published: dict[int, Any] = {}
        numbers, records = _numbers(page)
        for low, high in _ranges(numbers):
            self._read_outputs(connection, low, high)
        self.records: dict[int, Any] = {}
        for low, high in _ranges(records):
            chosen = (audit_records.c.number >= low, audit_records.c.number <= high)
            self.records |= {row.number: row for row in connection.execute(select(audit_records).where(*chosen))}
        if is_embedded:
            self._read_duplicates(connection, page)

    def _read_chunks(self, connection: Connection, low: int, high: int) -> None:
        chosen = (chunks.c.id >= low, chunks.c.id <= high)
        self.chunks |= {row.id: row for row in connection.execute(select(chunks).where(*chosen))}
        raw = func.coalesce(ledger.c.raw, log.c.value).label("bytes")
        statement = select(ledger, raw).select_from(ledger.outerjoin(log, embedded_log.is_input_of(ledger)))
        within = (ledger.c.seq >= low * CHUNK_STRIDE, ledger.c.seq < (high + 1) * CHUNK_STRIDE)
        self.events |= {row.seq: row for row in connection.execute(statement.where(*within))}
        original = func.coalesce(dead_letters.c.original, log.c.value).label("bytes")
        joined = dead_letters.outerjoin(log, embedded_log.is_input_of(dead_letters))
        within = (dead_letters.c.chunk >= low, dead_letters.c.chunk <= high)
        for row in connection.execute(select(dead_letters, original).select_from(joined).where(*within)):
            self.letters[row.topic, row.partition, row.offset] = row

    def _read_outputs(self, connection: Connection, low: int, high: int) -> None:
        table, number = (log, log.c.seq) if self.is_embedded else (outputs, outputs.c.id)
        statement = select(table, number.label("kept_as")).where(number >= low, number <= high)
        self.published |= {row.kept_as: row for row in connection.execute(statement)}
        within = (decisions.c.output >= low, decisions.c.output <= high)
        self.decisions |= {row.output: row for row in connection.execute(select(decisions).where(*within))}

    def _read_duplicates(self, connection: Connection, page: Sequence[Bundle]) -> None:
        every = [_words(line) for one in page for line in one.lines()]
        places = [_place(words[1]) for words in every if words[0] == "duplicate" and _is_place(words[1:2])]
        for topic, partition, offset in places:
            place = (log.c.topic == topic, log.c.partition == partition, log.c.offset == offset)
            found = connection.execute(select(log.c.value).where(*place)).scalar()
            if found is not None:
                self.raw[topic, partition, offset] = found

    def applied(self, words: list[str], salt: bytes) -> Fault:
        _, place, seq, clock, own, salted = words
        row = self.events.pop(int(seq), None)
        if row is None:
            return "deleted", f"the event {place} is not stored any more"
        if row.bytes is None:
            return "deleted", f"the bytes of the event {place} are not stored any more"
        raw = bytes(row.bytes)
        if digest(salt, raw) != salted:
            others = [bytes(one.bytes) for one in self.events.values() if one.bytes is not None]
            is_swapped = any(digest(salt, one) == salted for one in others)
            return ("swapped" if is_swapped else "edited"), f"the bytes of the event {place} are not those that came in"
        stored = f"{row.topic}/{row.partition}/{row.offset}", row.clock, int(row.is_own_time)
        if stored != (place, int(clock), int(own)):
            return "edited", f"place or time of receipt of the event {place} is not the one that was stored"
        if bytes(row.digest) != hashlib.sha256(raw).digest() or not _is_indexed_rightly(row, raw):
            return "edited", f"the event {place} is not found under what is in it"
        return None

    def refused(self, words: list[str], salt: bytes) -> tuple[Any, Fault]:
        _, place, reason, stamp, received, salted = words
        row = self.letters.pop(_place(place), None)
        if row is None:
            return None, ("deleted", f"the dead letter {place} is not stored any more")
        if row.bytes is None or digest(salt, bytes(row.bytes)) != salted:
            return row, ("edited", f"the bytes of the dead letter {place} are not those that came in")
        times = str(row.timestamp_ms), "-" if row.received_ms is None else str(row.received_ms)
        if (row.reason, *times) != (reason, stamp, received):
            return row, ("edited", f"reason or time of the dead letter {place} is not the one that was stored")
        if row.digest is not None and bytes(row.digest) != hashlib.sha256(bytes(row.bytes)).digest():
            return row, ("edited", f"the dead letter {place} is not found under what is in it")
        return row, None

    def duplicate(self, words: list[str], salt: bytes) -> Fault:
        """Over Kafka the bytes are in the topic alone."""
        _, place, salted = words
        if not self.is_embedded:
            return None
        raw = self.raw.get(_place(place))
        if raw is None:
            return "deleted", f"the event {place} is not in the log any more"
        if digest(salt, raw) != salted:
            return "edited", f"the bytes of the event {place} are not those that came in"
        return None

    def output(self, words: list[str], salt: bytes, refused: Any) -> Fault:
        _, place, topic, written, salted = words
        number = int(written)
        row = self.published.get(number)
        if row is None:
            return "deleted", f"the output {number} of {place} is not stored any more"
        key, value = bytes(row.key or b""), bytes(row.value)
        if row.topic != topic or digest_of_output(salt, key, value) != salted:
            others = [one for other, one in self.published.items() if other != number]
            is_swapped = any(digest_of_output(salt, bytes(o.key or b""), bytes(o.value)) == salted for o in others)
            return (
                "swapped" if is_swapped else "edited"
            ), f"the output {number} of {place} is not the one that was made"
        if not self.is_embedded and row.input_offset != _place(place)[2]:
            return "edited", f"the output {number} is of another event than {place}"
        if topic == topics.DECISIONS and not _is_decision(self.decisions.get(number), value):
            return "edited", f"the decision of the output {number} is stored otherwise than it was published"
        if topic == topics.DEAD_LETTERS and refused is not None and not _is_refusal(refused, value):
            return "edited", f"the dead letter {place} is stored otherwise than it was published"
        return None

    def record(self, words: list[str], salt: bytes) -> Fault:
        row = self.records.get(int(words[1]))
        if row is None:
            return "deleted", f"the audit record {words[1]} is not stored any more"
        if audit_line(row, salt) != " ".join(words):
            return "edited", f"the audit record {words[1]} is not the one that was written"
        return None

    def rest(self, one: Bundle, counts: dict[str, int]) -> Iterator[Finding]:
        """Rows of the chunk without a leaf, and its account."""
        assert one.chunk is not None
        account = self.chunks.get(one.chunk)
        if account is None:
            yield Finding(
                "deleted", one.tree, one.first, f"the account of the chunk {one.chunk} is not stored any more"
            )
            return
        counted = account.accepted, account.duplicates, account.refused
        if counted != tuple(counts.values()) or account.next - account.first != sum(counted) + account.holes:
            place = f"{account.topic}/{account.partition} from {account.first}"
            yield Finding("edited", one.tree, one.first, f"the chunk {place} counts its events otherwise")
        low, end = one.chunk * CHUNK_STRIDE, (one.chunk + 1) * CHUNK_STRIDE
        for seq in sorted(seq for seq in self.events if low <= seq < end):
            row = self.events.pop(seq)
            yield Finding(
                "inserted", one.tree, one.first, f"the event {row.topic}/{row.partition}/{row.offset} has no entry"
            )
        for at in [at for at, row in self.letters.items() if row.chunk == one.chunk]:
            self.letters.pop(at)
            yield Finding("inserted", one.tree, one.first, f"the dead letter {'/'.join(map(str, at))} has no entry")


def _is_indexed_rightly(row: Any, raw: bytes) -> bool:
    """Whether the columns by which an event is found are those of its bytes. The daily clock's id names a partition."""
    document = orjson.loads(raw)
    data, event_id = document["data"], document["id"]
    number = data.get("member_number") or (data.get("member") or {}).get("member_number")
    found = (row.source, row.claim_id, row.member_number) == (document["source"], data.get("claim_id"), number)
    return found and row.event_id in (event_id, f"{event_id}@{row.partition}")


def _is_decision(row: Any, value: bytes) -> bool:
    data = orjson.loads(value)["data"]
    if row is None:
        return False
    published = (
        data["claim_id"],
        data["revision"],
        data["outcome"],
        ",".join(data["reason_codes"]),
        data["program"],
        data["event_date"],
        data["rule_version"],
        data["total"],
    )
    stored = (row.claim_id, row.revision, row.outcome, row.reason_codes, row.program, row.event_date, row.rule_version)
    return published == (*stored, row.total)


def _is_refusal(row: Any, value: bytes) -> bool:
    data = orjson.loads(value)["data"]
    if "original" not in data:
        return True  # evidence that waits is published there, too
    stored = row.reason, orjson.loads(row.errors), row.source, row.event_id
    return stored == (data["reason"], data["errors"], data["source"], data["id"])


def _place(written: str) -> tuple[str, int, int]:
    if written == "-":
        return "-", 0, 0
    topic, partition, offset = written.split("/")
    return topic, int(partition), int(offset)


def _numbers(page: Iterable[Bundle]) -> tuple[list[int], list[int]]:
    """Under which outputs and audit records are kept."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for one in page:
        for line in one.lines():
            words = _words(line)
            at = {"output": 3, "audit": 1}.get(words[0])
            if at is not None and at < len(words) and _NUMBER.fullmatch(words[at]):
                found[words[0]].add(int(words[at]))
    return sorted(found["output"]), sorted(found["audit"])


def _words(line: bytes) -> list[str]:
    """Of a leaf; what is no text is no leaf of ours."""
    return line.decode(errors="replace").split(" ")


def _is_place(words: Sequence[str]) -> bool:
    return any(_PLACE.fullmatch(word) for word in words)


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Numbers that follow each other closely, as (lowest, highest)."""
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] > number + 64:
            yield numbers[start], number
            start = at + 1


def strays(connection: Connection, after_chunk: int) -> Iterator[Finding]:
    """Rows of no chunk, and chunks without an entry. `after_chunk`: older ones may not be entered yet."""
    has_leaves = select(ledger_leaves.c.chunk).where(ledger_leaves.c.chunk == chunks.c.id).exists()
    has_events = or_(chunks.c.accepted > 0, chunks.c.duplicates > 0, chunks.c.refused > 0)
    for row in connection.execute(select(chunks).where(chunks.c.id > after_chunk, has_events, ~has_leaves)):
        place = f"{row.topic}/{row.partition} from {row.first} to {row.next - 1}"
        yield Finding("deleted", str(row.partition), None, f"the chunk {place} has no entries")
    has_chunk = select(chunks.c.id).where(chunks.c.id == ledger.c.seq // CHUNK_STRIDE).exists()
    for row in connection.execute(select(ledger).where(~has_chunk)):
        yield Finding(
            "inserted", str(row.partition), None, f"the event {row.topic}/{row.partition}/{row.offset} has no entry"
        )
    has_chunk = select(chunks.c.id).where(chunks.c.id == dead_letters.c.chunk).exists()
    for row in connection.execute(select(dead_letters).where(~has_chunk)):
        place = f"{row.topic}/{row.partition}/{row.offset}"
        yield Finding("inserted", str(row.partition), None, f"the dead letter {place} has no entry")
