"""Compares what is decided again with what was published: decisions byte by byte, then payouts and referrals."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import orjson
from sqlalchemy import Connection

from pipeline.audit.kept_rows import KeptRows
from pipeline.audit.other_outputs import KINDS, OtherOutput, OtherOutputs, OutputDifference, read_output
from pipeline.audit.rerun import Advance, Rerun
from pipeline.audit.slices import Slice
from pipeline.audit.state import State
from pipeline.law.book import Book
from pipeline.messages.records import Message
from pipeline.queries import history
from pipeline.queries.history import Extent, HistoryEvent, Kin
from pipeline.store.tables import members
from schemas import topics
from schemas.decisions import Decision

MOST_ROWS: Final = 1_000  # that were changed by hand: so many show it as well as all


@dataclass(frozen=True, slots=True)
class DecisionDifference:
    """A decision that would be another one. `was`, `would_be`: outcome and codes, or "no decision".

    Or an event at which the program fails now: revision 0, what it was, and "BUG" with the type of the error. Or a row
    from which workers decide, of this claim or of "member NUMBER": revision 0, and the columns that differ.
    """

    claim_id: str
    revision: int
    was: str
    would_be: str
    rupiah: int  # total now, minus total then: what the family would get more


@dataclass(frozen=True, slots=True)
class Replayed:
    """`events`: decided again. `decisions`: compared; `outputs`: payouts and referrals made again and compared.
    `others`: decisions of other parameters or of a program of other rules, which are taken as they are and not proved.
    `altered`: places of events whose bytes are not those that were accepted; where there are some, nothing is decided
    again. `extent`: up to where the history was read."""

    events: int
    decisions: int
    differences: tuple[DecisionDifference, ...]
    others: int = 0
    altered: tuple[str, ...] = ()
    outputs: int = 0
    extent: Extent | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decisions are compared: all, or those made from `since` on and before `until`, or those of one claim."""

    since: dt.datetime | None
    until: dt.datetime | None
    claim_id: str | None

    def takes(self, decision: Decision) -> bool:
        return self.holds(decision.decided_at) and self.claim_id in (None, decision.claim_id)

    def holds(self, clock: dt.datetime) -> bool:
        return (self.since is None or clock >= self.since) and (self.until is None or clock < self.until)


WHOLE: Final = Filter(None, None, None)


class Comparison:
    """Compares what is made again with what one store holds; `own`: of one slice. `has_rows`: the store has members and
    cases, which are compared, too, if the whole history is."""

    def __init__(
        self,
        connection: Connection,
        filter: Filter,
        extent: Extent,
        own: Slice | None = None,
        *,
        is_embedded: bool,
        is_what_if: bool = False,
        has_rows: bool = False,
    ) -> None:
        self._connection = connection
        self._filter = filter
        self._extent = extent
        self._own = own
        self._is_embedded = is_embedded
        self._is_what_if = is_what_if
        self._has_rows = has_rows

    def run(self, book: Book, kin: Kin | None, on_progress: Advance | None) -> Replayed:
        compared = 0
        differences: list[DecisionDifference] = []
        others = 0
        rerun = Rerun(self._connection, book, is_embedded=self._is_embedded, is_what_if=self._is_what_if)
        with rerun, OtherOutputs() as beside:
            for decisions, messages in rerun.decide(kin, on_progress, last=self._extent.event, own=self._own):
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
                if self._filter.claim_id is None:
                    beside.made(self._chosen(messages, rerun, rerun.stored))
            for missing in self._missing(rerun.state):
                found = self._published_decisions([missing.claim_id]).get((missing.claim_id, missing.revision))
                if found is not None and rerun.is_foreign(found):
                    others += 1
                else:
                    differences.append(missing)
            if self._filter.claim_id is None:
                self._note_published(beside, rerun)
            differences += self._failed(rerun.failed)
            known = {(one.claim_id, one.revision) for one in differences}
            differences += [_other_difference(one) for one in beside.differences() if _decision_of(one) not in known]
            events = rerun.events
            if self._has_rows and not rerun.failed:
                named = {claim_id for claim_id, _ in known}
                differences += [one for one in self._of_rows(rerun) if one.claim_id not in named]
        return Replayed(events, compared, tuple(differences), others, (), beside.count, self._extent)

    def _chosen(
        self, messages: Iterable[Message], rerun: Rerun, stored: Mapping[tuple[str, int], bytes]
    ) -> list[OtherOutput]:
        """Payouts and referrals of the time that is asked for; without those of a decision of other rules."""
        found = []
        for message in messages:
            if message.topic not in KINDS:
                continue
            output = read_output(message.topic, message.value)
            decision = stored.get((output.claim_id, output.revision))
            if self._filter.holds(output.clock) and (decision is None or not rerun.is_foreign(decision)):
                found.append(output)
        return found

    def _note_published(self, beside: OtherOutputs, rerun: Rerun) -> None:
        last = self._extent.output
        published = history.published(self._connection, is_embedded=self._is_embedded, names=tuple(KINDS), last=last)
        for page in history.pages(published):
            messages = [Message(topic, key, value) for topic, key, value in page]
            if self._own is not None:
                claim_ids = [read_output(one.topic, one.value).claim_id for one in messages]
                own = self._own.own_claims(claim_ids)
                messages = [one for one, claim_id in zip(messages, claim_ids, strict=True) if claim_id in own]
            stored = {}
            if rerun.has_foreign:
                stored = self._published_decisions({read_output(one.topic, one.value).claim_id for one in messages})
            beside.published(self._chosen(messages, rerun, stored))

    def _published_decisions(self, claim_ids: Iterable[str]) -> dict[tuple[str, int], bytes]:
        return history.published_decisions(self._connection, claim_ids, is_embedded=self._is_embedded)

    def _missing(self, state: State) -> Iterator[DecisionDifference]:
        """Decisions that are stored, but were not made again."""
        filter = self._filter
        stored = history.stored_decisions(
            self._connection, filter.since, filter.until, filter.claim_id, self._extent.output
        )
        for page in history.pages(stored):
            claim_ids = {row.claim_id for row in page}
            asked = claim_ids if self._own is None else self._own.own_claims(claim_ids)
            revisions = {row.claim_id: row.revision for row in state.cases(asked)}
            for row in page:
                if row.claim_id in asked and revisions.get(row.claim_id, 0) < row.revision:
                    was = f"{row.outcome} {row.reason_codes}"
                    yield DecisionDifference(row.claim_id, row.revision, was, "no decision", -row.total)

    def _of_rows(self, rerun: Rerun) -> Iterator[DecisionDifference]:
        """Claims that other rules decided are left out: their rows are as those rules made them."""
        for one in islice(KeptRows(self._connection, rerun, self._extent.event).differences(), MOST_ROWS):
            if one.table == members.name:
                yield DecisionDifference(f"member {one.name}", 0, *one.words(), 0)
            elif not any(map(rerun.is_foreign, self._published_decisions([one.name]).values())):
                yield DecisionDifference(one.name, 0, *one.words(), 0)

    def _failed(self, failed: Sequence[tuple[HistoryEvent, str]]) -> Iterator[DecisionDifference]:
        for event, error in failed:
            if self._filter.holds(event.clock):
                claim_id = history.claim_of(event) or "(no claim)"
                was = f"event {history.place_of(self._connection, event.seq)} applied"
                yield DecisionDifference(claim_id, 0, was, f"BUG {error}", 0)


def _difference(decision: Decision, was: bytes | None) -> DecisionDifference:
    would_be = f"{decision.outcome} {','.join(decision.reason_codes)}"
    if was is None:
        return DecisionDifference(decision.claim_id, decision.revision, "no decision", would_be, decision.total)
    before = orjson.loads(was)["data"]
    stored = f"{before['outcome']} {','.join(before['reason_codes'])}"
    return DecisionDifference(decision.claim_id, decision.revision, stored, would_be, decision.total - before["total"])


def _decision_of(one: OutputDifference) -> tuple[str, int]:
    return one.any.claim_id, one.any.revision


def _other_difference(one: OutputDifference) -> DecisionDifference:
    """Of an output whose decision is the same."""
    kind = KINDS[one.any.topic]
    was, would_be = (f"{kind} {side.what}" if side is not None else f"no {kind}" for side in (one.was, one.would_be))
    rupiah = (one.would_be.amount if one.would_be else 0) - (one.was.amount if one.was else 0)
    return DecisionDifference(*_decision_of(one), was, would_be, rupiah)
