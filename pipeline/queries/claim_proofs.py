"""All of one claim with its proofs: events, refused events, and what was published for it, each with the receipt of one
checkpoint that covers them all. Never writes.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from pipeline.processing.ports import CHUNK_STRIDE
from pipeline.queries.dead_letters import split_place
from pipeline.queries.pages import NotFound
from pipeline.queries.receipts import (
    Leaf,
    NotSigned,
    Receipts,
    first_covering,
    leaf_of_chunk,
    leaf_of_output,
    newest_checkpoint,
    output_at,
)
from pipeline.queries.trail import refused_of_claim
from pipeline.store import embedded_log
from pipeline.store.readable import Readable
from pipeline.store.tables import dead_letters, decisions, ledger, log
from schemas import topics
from schemas.clock import clock_of

Receipt = dict[str, object]


@dataclass(frozen=True, slots=True)
class ProvedEvent:
    """One event. `reason`: why it was refused; None: it was applied. `content`: its bytes as they came. `receipt` None:
    no checkpoint covers it yet."""

    place: str
    digest: str
    source: str | None
    event_id: str | None
    type: str
    at: dt.datetime
    reason: str | None
    content: bytes
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class ProvedOutput:
    """What was published. `content`: its bytes; `receipt` as of an event."""

    topic: str
    key: str
    content: bytes
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class ProvedClaim:
    """`note`: the oldest checkpoint that covers all of it, the same while nothing is added; where none does, the newest
    one. `signed_at`: its time. None: nothing is signed yet."""

    events: tuple[ProvedEvent, ...]
    outputs: tuple[ProvedOutput, ...]
    note: str | None
    signed_at: dt.datetime | None

    @property
    def entries(self) -> int:
        return len(self.events) + len(self.outputs)

    @property
    def unsigned(self) -> int:
        """Entries without a receipt."""
        return sum(one.receipt is None for one in self.events) + sum(one.receipt is None for one in self.outputs)


def proofs_of_claim(store: Readable, claim_id: str) -> ProvedClaim:
    """Raises NotFound where nothing of the claim was applied."""
    letters = refused_of_claim(store, claim_id)
    with store.reader() as connection:
        found = _Claim(connection, claim_id, is_embedded=store.is_embedded)
        applied = [(row, found.leaf_of(row)) for row in found.rows()]
        if not applied:
            raise NotFound(f"nothing of the claim {claim_id} was applied")
        refused = [(one, found.leaf_of_letter(one.place)) for one in letters if one.original is not None]
        published = list(found.outputs([leaf for _, leaf in applied]))
        leaves = [leaf for _, leaf in (*applied, *refused)] + [leaf for leaf, _ in published]
        checkpoint = first_covering(connection, leaves) or newest_checkpoint(connection)
        receipts = None if checkpoint is None else Receipts(connection, checkpoint)

        def proof(leaf: Leaf, key: str | None = None) -> Receipt | None:
            return receipts.of(leaf, key) if receipts is not None and receipts.cover(leaf) else None

        events = [_applied(row, proof(leaf)) for row, leaf in applied]
        events += [_refused(one, proof(leaf)) for one, leaf in refused]
        outputs = []
        for leaf, row in published:
            key = bytes(row.key).decode()
            outputs.append(ProvedOutput(row.topic, key, bytes(row.value), proof(leaf, key)))
        if checkpoint is None:
            return ProvedClaim(tuple(events), tuple(outputs), None, None)
        return ProvedClaim(tuple(events), tuple(outputs), checkpoint.note, clock_of(checkpoint.clock))


def _applied(row: Any, receipt: Receipt | None) -> ProvedEvent:
    raw, place = bytes(row.bytes), f"{row.topic}/{row.partition}/{row.offset}"
    kind = orjson.loads(raw)["type"]
    return ProvedEvent(
        place, bytes(row.digest).hex(), row.source, row.event_id, kind, clock_of(row.clock), None, raw, receipt
    )


def _refused(one: Any, receipt: Receipt | None) -> ProvedEvent:
    at = dt.datetime.fromtimestamp(one.timestamp_ms / 1000, dt.UTC)
    kind = str(orjson.loads(one.original).get("type", ""))
    return ProvedEvent(one.place, "", one.source, one.event_id, kind, at, one.reason, one.original, receipt)


class _Claim:
    """Rows and leaves of one claim."""

    def __init__(self, connection: Connection, claim_id: str, *, is_embedded: bool) -> None:
        self._connection = connection
        self._claim_id = claim_id
        self._is_embedded = is_embedded

    def rows(self) -> list[Any]:
        """Of events that were applied, in the order of processing."""
        raw = func.coalesce(ledger.c.raw, log.c.value).label("bytes")
        statement = select(ledger, raw).select_from(ledger.outerjoin(log, embedded_log.is_input_of(ledger)))
        statement = statement.where(ledger.c.claim_id == self._claim_id).order_by(ledger.c.seq)
        return list(self._connection.execute(statement))

    def leaf_of(self, row: Any) -> Leaf:
        start = f"applied {row.topic}/{row.partition}/{row.offset} "
        return _entered(leaf_of_chunk(self._connection, row.seq // CHUNK_STRIDE, start))

    def leaf_of_letter(self, place: str) -> Leaf:
        topic, partition, offset = split_place(place)
        table = dead_letters.c
        is_here = (table.topic == topic, table.partition == partition, table.offset == offset)
        chunk = self._connection.execute(select(table.chunk).where(*is_here)).scalar_one()
        return _entered(leaf_of_chunk(self._connection, chunk, f"refused {place} "))

    def outputs(self, events: list[Leaf]) -> Iterator[tuple[Leaf, Any]]:
        """What the claim's own events led to, and others that decided on it, in the order in which it was published."""
        found: dict[int, tuple[Leaf, Any]] = {}
        causes = dict.fromkeys((leaf.made.tree, leaf.place) for leaf in events)
        for leaf in events:
            found |= self._following(leaf)
        for number, source, event_id in self._decisions():
            if number in found:
                continue
            own = leaf_of_output(
                self._connection, topics.DECISIONS, number, (source, event_id), is_embedded=self._is_embedded
            )
            own = _entered(own)
            if own.made.chunk is None:
                found |= self._neighbours(number, source, event_id)
                continue
            first = next(at for at in range(own.at, -1, -1) if not own.made.lines()[at].startswith(b"output "))
            if (own.made.tree, own.made.first + first) not in causes:
                found |= self._following(Leaf(own.made, first))
        for number in sorted(found):
            yield found[number]

    def _following(self, cause: Leaf) -> dict[int, tuple[Leaf, Any]]:
        """Outputs of the claim among those that one event led to."""
        found = {}
        lines = cause.made.lines()
        for at in range(cause.at + 1, len(lines)):
            words = lines[at].split(b" ")
            if words[0] != b"output":
                break
            number = int(words[3])
            if (row := self._own_output(number)) is not None:
                found[number] = Leaf(cause.made, at), row
        return found

    def _neighbours(self, number: int, source: str, event_id: str) -> dict[int, tuple[Leaf, Any]]:
        """Of before the embedded ledger, when no output named its event: those beside a decision."""
        found = {}
        for step in (1, -1):
            at = number if step == 1 else number - 1
            while (row := self._own_output(at)) is not None:
                leaf = leaf_of_output(self._connection, row.topic, at, (source, event_id), is_embedded=True)
                found[at] = _entered(leaf), row
                at += step
        return found

    def _own_output(self, number: int) -> Any:
        """None: it is another claim's, or none."""
        row = output_at(self._connection, number, is_embedded=self._is_embedded)
        if row is None or row.topic not in topics.OUTPUT or row.topic == topics.DEAD_LETTERS:
            return None
        return row if orjson.loads(bytes(row.value))["data"].get("claim_id") == self._claim_id else None

    def _decisions(self) -> Iterator[tuple[int, str, str]]:
        """(number of the output, source and id of the cause) of each decision."""
        statement = select(decisions.c.output).where(decisions.c.claim_id == self._claim_id)
        for number in self._connection.execute(statement.order_by(decisions.c.revision)).scalars():
            row = output_at(self._connection, number, is_embedded=self._is_embedded)
            cause = orjson.loads(bytes(row.value))["data"]["caused_by"]
            yield number, cause["source"], cause["id"]


def _entered(leaf: Leaf | None) -> Leaf:
    if leaf is None:
        raise NotSigned("the claim is older than the ledger, and has no entries yet: a running worker makes them")
    return leaf
