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
from pipeline.queries.history import HistoryEvent, Kin
from schemas import topics
from schemas.decisions import Decision


@dataclass(frozen=True, slots=True)
class DecisionDifference:
    """A decision that would be another one. `was`, `would_be`: outcome and codes, or "no decision".

    Or an event at which the program fails now: revision 0, what it was, and "BUG" with the type of the error.
    """

    claim_id: str
    revision: int
    was: str
    would_be: str
    rupiah: int  # total now, minus total then: what the family would get more


@dataclass(frozen=True, slots=True)
class Replayed:
    """`events`: decided again. `decisions`: compared. `others`: decisions of other parameters or of a program of other
    rules, which are taken as they are and not proved. `altered`: places of events whose bytes are not those that were
    accepted; where there are some, nothing is decided again."""

    events: int
    decisions: int
    differences: tuple[DecisionDifference, ...]
    others: int = 0
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
    clock it was decided at) and `claim_id` choose which. `book` None: the rule book of this version; another one: what
    it would have decided."""
    is_what_if = book is not None
    book = book or Book.load()
    filter = _Filter(since, until, claim_id)
    with store.reader() as connection:
        kin = history.kin_of(connection, claim_id) if claim_id is not None else None
        if altered := tuple(history.altered_events(connection, kin)):
            return Replayed(0, 0, (), altered=altered)
        comparison = _Comparison(connection, filter, is_embedded=store.is_embedded, is_what_if=is_what_if)
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

    def __init__(self, connection: Connection, filter: _Filter, *, is_embedded: bool, is_what_if: bool) -> None:
        self._connection = connection
        self._filter = filter
        self._is_embedded = is_embedded
        self._is_what_if = is_what_if

    def run(self, book: Book, kin: Kin | None, on_progress: Advance | None) -> Replayed:
        compared = 0
        differences: list[DecisionDifference] = []
        others = 0
        with Rerun(self._connection, book, is_embedded=self._is_embedded, is_what_if=self._is_what_if) as rerun:
            for decisions, messages in rerun.decide(kin, on_progress):
                values = [message.value for message in messages if message.topic == topics.DECISIONS]
                for decision, value in zip(decisions, values, strict=True):
                    if not self._filter.takes(decision):
                        continue
                    was = rerun.stored.get((decision.claim_id, decision.revision))
                    if was is not None and rerun.is_foreign(was):
                        others += 1
                        continue
                    compared += 1
                    if was != (value if was is None else rerun.as_published(value, was)):
                        differences.append(_difference(decision, was))
            for missing in self._missing(rerun.state):
                found = history.published_decisions(
                    self._connection, [missing.claim_id], is_embedded=self._is_embedded
                ).get((missing.claim_id, missing.revision))
                if found is not None and rerun.is_foreign(found):
                    others += 1
                else:
                    differences.append(missing)
            differences += self._failed(rerun.failed)
        return Replayed(rerun.events, compared, tuple(differences), others)

    def _missing(self, state: State) -> Iterator[DecisionDifference]:
        """Decisions that are stored, but were not made again."""
        filter = self._filter
        stored = history.stored_decisions(self._connection, filter.since, filter.until, filter.claim_id)
        for page in history.pages(stored):
            revisions = {row.claim_id: row.revision for row in state.cases({row.claim_id for row in page})}
            for row in page:
                if revisions.get(row.claim_id, 0) < row.revision:
                    was = f"{row.outcome} {row.reason_codes}"
                    yield DecisionDifference(row.claim_id, row.revision, was, "no decision", -row.total)

    def _failed(self, failed: Sequence[tuple[HistoryEvent, str]]) -> Iterator[DecisionDifference]:
        since, until = self._filter.since, self._filter.until
        for event, error in failed:
            if (since is None or event.clock >= since) and (until is None or event.clock < until):
                claim_id = history.claim_of(event) or "(no claim)"
                yield DecisionDifference(claim_id, 0, "event applied", f"BUG {error}", 0)


def _difference(decision: Decision, was: bytes | None) -> DecisionDifference:
    would_be = f"{decision.outcome} {','.join(decision.reason_codes)}"
    if was is None:
        return DecisionDifference(decision.claim_id, decision.revision, "no decision", would_be, decision.total)
    before = orjson.loads(was)["data"]
    stored = f"{before['outcome']} {','.join(before['reason_codes'])}"
    return DecisionDifference(decision.claim_id, decision.revision, stored, would_be, decision.total - before["total"])
