"""One pass over the stored history: decides each event again, as it was known then. Cannot write, cannot publish.

The desk and the loader are the worker's. The state they read follows from the events alone, so what was decided from a
row that somebody changed by hand shows as a difference; the row itself is found by `kept_rows`.
"""

import datetime as dt
import gc
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import groupby
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection

from pipeline.audit.slices import Slice
from pipeline.audit.state import State
from pipeline.claims.decisions import rule_book_name
from pipeline.claims.desk import Desk
from pipeline.claims.requirements import requirements
from pipeline.errors import NOT_OF_ONE_EVENT, Poison
from pipeline.law.book import Book
from pipeline.messages.records import Message
from pipeline.queries import history
from pipeline.queries.decisions import read_decision
from pipeline.queries.history import HistoryEvent, Kin
from pipeline.store.loader import Loader
from schemas.decisions import Cause, Decision, Payout
from schemas.events import parse

Advance = Callable[[int], None]
Made = tuple[Sequence[Decision], Sequence[Message]]
_RULE_BOOK: Final = re.compile(rb'"rule_book":"([^"]*)"')
_GARBAGE: Final = (500_000, 10, 10)  # fast: see docs/performance.md


def rule_book_of(published: bytes) -> str | None:
    """By what a published decision was made; None: by a version that did not say it."""
    found = _RULE_BOOK.search(published)
    return found[1].decode() if found else None


class Rerun:
    """`events`: how many were decided again. `refused`: claim (None: a member's event) and reason of each that the desk
    refused. `failed`: those at which the program fails, each with the type of the error. `has_foreign`: a decision of
    other rules was met.

    `is_quiet`: only the state at the end is wanted, so no decision is written out as a message. `is_what_if`: the book
    is another one, and decides in the place of the one that did.
    """

    def __init__(
        self,
        connection: Connection,
        book: Book,
        *,
        is_quiet: bool = False,
        is_embedded: bool = True,
        is_what_if: bool = False,
    ) -> None:
        self.state = State(connection)
        self.stored: dict[tuple[str, int], bytes] = {}  # decisions of the batch's claims as they were published
        self.events = 0
        self.refused: list[tuple[str | None, str]] = []
        self.failed: list[tuple[HistoryEvent, str]] = []
        self.has_foreign = False
        self._connection = connection
        self._book = book
        self._is_quiet = is_quiet
        self._is_embedded = is_embedded
        self._is_what_if = is_what_if
        self._own = f'"rule_book":"{rule_book_name(book)}"'.encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.state.__exit__(kind, error, trace)

    def decide(
        self,
        kin: Kin | None = None,
        on_progress: Advance | None = None,
        until: dt.datetime | None = None,
        *,
        after: int = -1,
        last: int | None = None,
        own: Slice | None = None,
    ) -> Iterator[Made]:
        """Decide the events of `kin`, None: all; `until`, `after` and `last` as in `history`; of the slice `own` alone.
        Yields the decisions of a batch and all messages it would publish."""
        # Of a few events in a process that does other things, too, garbage is collected as ever.
        with _rare_garbage_collection() if until is None else nullcontext():
            for read in history.history(self._connection, kin, until, last, after):
                page = read if own is None else own.own_events(read)
                for partition, events in groupby(page, key=lambda event: event.partition):
                    yield from self._decide_or_halve(list(events), partition)
                self.events += len(page)
                if on_progress is not None:
                    on_progress(len(page))

    def _decide_or_halve(self, batch: Sequence[HistoryEvent], partition: int) -> Iterator[Made]:
        """As the worker does: an event at which the program fails is left out."""
        refused = len(self.refused)
        try:
            made = self._decide(batch, partition)
        except NOT_OF_ONE_EVENT:
            raise
        except Exception as error:
            del self.refused[refused:]
            if len(batch) == 1:
                self.failed.append((batch[0], type(error).__name__))
                return
        else:
            yield made
            return
        middle = len(batch) // 2
        yield from self._decide_or_halve(batch[:middle], partition)
        yield from self._decide_or_halve(batch[middle:], partition)

    def _decide(self, batch: Sequence[HistoryEvent], partition: int) -> Made:
        """Decide one batch: events that follow each other, of one partition."""
        self.state.before = batch[0].seq
        events = [(stored, parse(stored.raw)) for stored in batch]
        wanted = [(partition, requirements(event)) for _, event in events]
        desk = Desk(self._book, is_quiet=self._is_quiet, is_rerun=True)
        loaded = Loader(desk, self.state).run(wanted)
        if not self._is_quiet:
            claim_ids = {claim_id for _, event in events if (claim_id := getattr(event.data, "claim_id", None))}
            claim_ids.update(desk.cases)
            self.stored = history.published_decisions(self._connection, claim_ids, is_embedded=self._is_embedded)
            desk.recorded, desk.follows = self._recorded, self._follows
        messages: list[Message] = []
        for stored, event in events:
            try:
                messages += desk.take(event, stored.clock, order=stored.seq, partition=partition)
            except Poison as error:
                self.refused.append((getattr(event.data, "claim_id", None), error.reason))
        self.state.keep(loaded)
        return desk.made_decisions, messages

    def is_foreign(self, published: bytes) -> bool:
        """Whether other parameters, or a program of other rules, made this decision: it cannot be proved by these."""
        is_foreign = self._own not in published and not self._is_what_if
        self.has_foreign = self.has_foreign or is_foreign
        return is_foreign

    def as_published(self, made: bytes, published: bytes) -> bytes:
        """What was made again, by the name of the rules that the published one bears: of another book only that may
        differ without a difference."""
        found = _RULE_BOOK.search(published) if self._is_what_if else None
        return made.replace(self._own, found[0]) if found else made

    def _recorded(self, claim_id: str, revision: int) -> tuple[Decision, list[Payout]] | None:
        published = self.stored.get((claim_id, revision))
        if published is None or not self.is_foreign(published):
            return None
        return read_decision(published), history.payouts_of(self._connection, claim_id, revision)

    def _follows(self, claim_id: str, revision: int, cause: Cause) -> bool:
        """What other rules decided is followed as it was: they looked at other claims at other times."""
        published = self.stored.get((claim_id, revision + 1))
        if published is None:
            latest = self.stored.get((claim_id, revision))
            return latest is None or not self.is_foreign(latest)
        return not self.is_foreign(published) or read_decision(published).caused_by == cause


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)
