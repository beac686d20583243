"""Impact of another rule book on the stored history: the claims that would end otherwise. Writes nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection

from pipeline.audit.rerun import Advance, Rerun, rule_book_of
from pipeline.claims.decisions import rule_book_name
from pipeline.law.book import Book
from pipeline.queries import history
from schemas.codes import EFFECTIVE


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """A claim that would end otherwise. Totals in rupiah, of the effective decision; `difference`: what families would
    get more (less: negative).

    `left_out`: events of this claim that are not counted in its new end. `is_of_other_rules`: today's law did not make
    the stored decision, so the difference may be older than the change that is tried.
    """

    claim_id: str
    outcome: str | None
    new_outcome: str | None
    total: int
    new_total: int
    difference: int
    left_out: int = 0
    is_of_other_rules: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`events` of one claim (None: of a member) that the desk refuses now, such as a review of a revision that would
    not have been made, or at which the program fails (BUG)."""

    claim_id: str | None
    reason: str
    events: int


@dataclass(frozen=True, slots=True)
class Impact:
    """`claims`: decided again. The totals are those of `differences`; `waiting` of these would wait for a person, so
    that `open_difference`, a part of `difference`, is not the last word."""

    claims: int
    differences: tuple[ClaimChange, ...]
    total: int
    new_total: int
    difference: int
    waiting: int
    open_difference: int
    left_out: tuple[LeftOut, ...]


def impact(store: Any, book: Book, on_progress: Advance | None = None) -> Impact:
    """Decide the history of a store, or of topics, again by `book`, and compare how each claim ends."""
    changes: list[ClaimChange] = []
    with store.reader() as connection, Rerun(connection, book, is_quiet=True) as rerun:
        for _ in rerun.decide(on_progress=on_progress):
            pass
        left_out = Counter(rerun.refused) + Counter((history.claim_of(event), "BUG") for event, _ in rerun.failed)
        events = Counter[str | None]()
        for (claim_id, _), count in left_out.items():
            events[claim_id] += count
        for page in history.pages(_stored_ends(connection)):
            ends = {row.claim_id: row for row in rerun.state.cases(row.claim_id for row in page)}
            changed = [row for row in page if _end(ends.get(row.claim_id)) != _end(row)]
            others = _of_other_rules(connection, changed, is_embedded=store.is_embedded) if changed else set()
            for row in changed:
                (outcome, total), (new_outcome, new_total) = _end(row), _end(ends.get(row.claim_id))
                sums = total, new_total, new_total - total
                is_other = row.claim_id in others
                changes.append(ClaimChange(row.claim_id, outcome, new_outcome, *sums, events[row.claim_id], is_other))
        total, new_total = sum(one.total for one in changes), sum(one.new_total for one in changes)
        waiting = [one.difference for one in changes if one.new_outcome not in EFFECTIVE]
        told = sorted(left_out.items(), key=lambda one: (one[0][0] or "", one[0][1]))
        return Impact(
            rerun.state.opened_claims(),
            tuple(changes),
            total,
            new_total,
            new_total - total,
            len(waiting),
            sum(waiting),
            tuple([LeftOut(claim_id, reason, count) for (claim_id, reason), count in told]),
        )


class _StoredEnd(NamedTuple):
    """How a claim ended, as its decisions have it: the latest one, and the total of the latest that moves money."""

    claim_id: str
    revision: int
    outcome: str
    effective_total: int


def _stored_ends(connection: Connection) -> Iterator[_StoredEnd]:
    """From decisions alone, which topics have, too; claim by claim."""
    for claim_id, rows in groupby(history.stored_decisions(connection), key=lambda row: row.claim_id):
        total = 0
        for row in rows:
            total = row.total if row.outcome in EFFECTIVE else total
        yield _StoredEnd(claim_id, row.revision, row.outcome, total)


def _end(row: Any) -> tuple[str | None, int]:
    return (None, 0) if row is None else (row.outcome, row.effective_total)


def _of_other_rules(connection: Connection, changed: Sequence[Any], *, is_embedded: bool) -> set[str]:
    """The claims among these whose latest decision was not made by the rules of today."""
    own = rule_book_name(Book.load())
    latest = {(row.claim_id, row.revision) for row in changed}
    found = history.published_decisions(connection, {row.claim_id for row in changed}, is_embedded=is_embedded)
    return {place[0] for place in latest if (raw := found.get(place)) is not None and rule_book_of(raw) != own}
