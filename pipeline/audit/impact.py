"""Impact of another rule book on the stored history: the claims that would end otherwise. Writes nothing."""

from dataclasses import dataclass
from typing import Any

from pipeline.audit.rerun import Advance, Rerun
from pipeline.law.book import Book
from pipeline.queries import history


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """A claim that would end otherwise. Totals in rupiah, of the effective decision."""

    claim_id: str
    outcome: str | None
    new_outcome: str | None
    total: int
    new_total: int


@dataclass(frozen=True, slots=True)
class Impact:
    """`left_out`: events that the desk refuses now, such as a review of a revision that would not have been made,
    and those at which the program fails."""

    claims: int
    differences: tuple[ClaimChange, ...]
    left_out: int


def impact(store: Any, book: Book, on_progress: Advance | None = None) -> Impact:
    """Decide the stored history again by `book`, and compare how each claim ends."""
    changes: list[ClaimChange] = []
    with store.reader() as connection, Rerun(connection, book, is_quiet=True) as rerun:
        for _ in rerun.decide(on_progress=on_progress):
            pass
        for page in history.pages(history.decided_cases(connection)):
            ends = {row.claim_id: row for row in rerun.state.cases(row.claim_id for row in page)}
            for stored in page:
                end = ends.get(stored.claim_id)
                new = (end.outcome, end.effective_total) if end is not None else (None, 0)
                if new != (stored.outcome, stored.effective_total):
                    changes.append(ClaimChange(stored.claim_id, stored.outcome, new[0], stored.effective_total, new[1]))
        return Impact(rerun.state.opened_claims(), tuple(changes), rerun.refused + len(rerun.failed))
