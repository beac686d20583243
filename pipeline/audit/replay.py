"""Replay: decides the stored history again and compares the bytes of every decision. Cannot write, cannot publish."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from pipeline.audit.rerun import Advance, Rerun
from pipeline.audit.state import State
from pipeline.law.book import Book
from pipeline.queries import history
from pipeline.queries.history import Kin
from schemas import topics
from schemas.decisions import Decision


@dataclass(frozen=True, slots=True)
class DecisionDifference:
    """A decision that would be another one. `was`, `would_be`: outcome and codes, or "no decision"."""

    claim_id: str
    revision: int
    was: str
    would_be: str
    rupiah: int  # total then, minus total now


@dataclass(frozen=True, slots=True)
class Replayed:
    """`events`: decided again. `decisions`: compared. `altered`: places of events whose bytes are not those that were
    accepted; where there are some, nothing is decided again."""

    events: int
    decisions: int
    differences: tuple[DecisionDifference, ...]
    altered: tuple[str, ...] = ()


def replay(
    store: Any,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    claim_id: str | None = None,
    on_progress: Advance | None = None,
    book: Book | None = None,
) -> Replayed:
    """Compare the bytes of every event with its digest, then those of every decision; `since`, `until` (aware, by the
    clock it was decided at) and `claim_id` choose which. `book` None: the rule book of this version."""
    book = book or Book.load()
    filter = _Filter(since, until, claim_id)
    with store.reader() as connection:
        kin = history.kin_of(connection, claim_id) if claim_id is not None else None
        if altered := tuple(history.altered_events(connection, kin)):
            return Replayed(0, 0, (), altered)
        comparison = _Comparison(connection, filter, is_embedded=store.is_embedded)
        found = comparison.run(book, kin, on_progress)
        if kin is not None and found.differences:
            # Evidence may once have named a person who is no kin any more: only the whole history is sure.
            found = comparison.run(book, None, on_progress)
    return found


@dataclass(frozen=True, slots=True)
class _Filter:
    since: dt.datetime | None
    until: dt.datetime | None
    claim_id: str | None

    def takes(self, decision: Decision) -> bool:
        return (
            (self.claim_id is None or decision.claim_id == self.claim_id)
            and (self.since is None or decision.decided_at >= self.since)
            and (self.until is None or decision.decided_at < self.until)
        )


class _Comparison:
    """Compares decisions made again with the stored ones of one store."""

    def __init__(self, connection: Connection, filter: _Filter, *, is_embedded: bool) -> None:
        self._connection = connection
        self._filter = filter
        self._is_embedded = is_embedded

    def run(self, book: Book, kin: Kin | None, on_progress: Advance | None) -> Replayed:
        compared = 0
        differences: list[DecisionDifference] = []
        with Rerun(self._connection, book) as rerun:
            for decisions, messages in rerun.decide(kin, on_progress):
                values = [message.value for message in messages if message.topic == topics.DECISIONS]
                pairs = [pair for pair in zip(decisions, values, strict=True) if self._filter.takes(pair[0])]
                compared += len(pairs)
                differences += self._different(pairs)
            differences += self._missing(rerun.state)
        return Replayed(rerun.events, compared, tuple(differences))

    def _different(self, made: Sequence[tuple[Decision, bytes]]) -> Iterator[DecisionDifference]:
        """Decisions that are not stored, or with other bytes."""
        claim_ids = {decision.claim_id for decision, _ in made}
        stored = history.published_decisions(self._connection, claim_ids, is_embedded=self._is_embedded)
        for decision, value in made:
            was = stored.get((decision.claim_id, decision.revision))
            if was != value:
                yield _difference(decision, was)

    def _missing(self, state: State) -> Iterator[DecisionDifference]:
        """Decisions that are stored, but were not made again."""
        filter = self._filter
        stored = history.stored_decisions(self._connection, filter.since, filter.until, filter.claim_id)
        for page in history.pages(stored):
            revisions = {row.claim_id: row.revision for row in state.cases({row.claim_id for row in page})}
            for row in page:
                if revisions.get(row.claim_id, 0) < row.revision:
                    was = f"{row.outcome} {row.reason_codes}"
                    yield DecisionDifference(row.claim_id, row.revision, was, "no decision", row.total)


def _difference(decision: Decision, was: bytes | None) -> DecisionDifference:
    would_be = f"{decision.outcome} {','.join(decision.reason_codes)}"
    if was is None:
        return DecisionDifference(decision.claim_id, decision.revision, "no decision", would_be, -decision.total)
    before = orjson.loads(was)["data"]
    stored = f"{before['outcome']} {','.join(before['reason_codes'])}"
    return DecisionDifference(decision.claim_id, decision.revision, stored, would_be, before["total"] - decision.total)
