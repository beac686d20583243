"""Replay: decides the history again and compares the bytes of all that was published. Cannot write, cannot publish."""

import datetime as dt
from dataclasses import replace
from typing import Any

from pipeline.audit.comparison import WHOLE, Comparison, DecisionDifference, Filter, Replayed
from pipeline.audit.rerun import Advance
from pipeline.audit.side_by_side import side_by_side
from pipeline.audit.topic_history import TopicHistory
from pipeline.law.book import Book
from pipeline.queries import history
from pipeline.queries.pages import NotFound

__all__ = ["DecisionDifference", "Replayed", "replay"]


def replay(
    store: Any,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    claim_id: str | None = None,
    on_progress: Advance | None = None,
    book: Book | None = None,
    slices: int = 1,
) -> Replayed:
    """Compare the bytes of every event with its digest, then those of every decision, payout and referral; `since`,
    `until` (aware, by the clock it was decided at) and `claim_id` choose which: of one claim decisions alone. `book`
    None: the rule book of this version; another one: what it would have decided. `slices`: processes side by side, for
    the whole history by the book of this version. Raises NotFound where nothing was decided on the claim."""
    assert slices == 1 or (book is None and claim_id is None), "one claim, or another book, is one process"
    found = _replayed(store, Filter(since, until, claim_id), on_progress, book, slices)
    return replace(found, differences=(*store.twice, *found.differences)) if isinstance(store, TopicHistory) else found


def _replayed(store: Any, filter: Filter, on_progress: Advance | None, book: Book | None, slices: int) -> Replayed:
    claim_id, is_of_topics = filter.claim_id, isinstance(store, TopicHistory)
    with store.reader() as connection:
        extent = history.extent_of(connection, is_embedded=store.is_embedded)
        kin = None
        if claim_id is not None:
            if not history.published_decisions(connection, [claim_id], is_embedded=store.is_embedded):
                shows = "`santunan decisions` shows what there is"
                raise NotFound(f"there is no decision on the claim {claim_id}: {shows}")
            kin = None if is_of_topics else history.kin_of(connection, claim_id)
        if altered := store.altered if is_of_topics else tuple(history.altered_events(connection, kin)):
            return Replayed(0, 0, (), altered=altered, extent=extent)
        if slices > 1 and extent.event >= 0:
            return side_by_side(store, connection, slices, extent, filter, on_progress)
        is_embedded, is_what_if = store.is_embedded, book is not None
        has_rows = book is None and filter == WHOLE and not is_of_topics
        comparison = Comparison(
            connection, filter, extent, is_embedded=is_embedded, is_what_if=is_what_if, has_rows=has_rows
        )
        book = book or Book.load()
        found = comparison.run(book, kin, on_progress)
        if kin is not None and found.differences:
            # Evidence may once have named a person who is no kin any more: only the whole history is sure.
            found = comparison.run(book, None, on_progress)
    return found
