"""A claim as it was known at a moment, decided again from what had come by then. Cannot write.

The stored decisions say what was decided. What no decision says (whose evidence counted, what waited for an officer)
follows from one pass of the replay over the person's events, up to that moment.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pipeline.audit.rerun import Rerun
from pipeline.claims.progress import Progress
from pipeline.law.book import Book
from pipeline.queries import history
from pipeline.queries.claim import ClaimStatus, decisions_of, status_with
from pipeline.queries.pages import NotFound
from pipeline.queries.submissions import ClaimFile, claim_file
from pipeline.store.readable import Readable
from pipeline.store.rows import progress_of
from schemas.decisions import Decision


@dataclass(frozen=True, slots=True)
class KnownFile:
    """All that was applied to a claim by a moment, and what was decided by then; `decision` None: nothing yet."""

    file: ClaimFile
    decision: Decision | None


def file_known(store: Readable, found: ClaimFile, known_on: dt.datetime, book: Book) -> KnownFile | None:
    """`found`: the claim as it is now. `known_on` (aware): that moment included. None: nothing of it had come."""
    events = tuple(one for one in found.events if one[1] <= known_on)
    if not events:
        return None
    decision = decision_known(decisions_of(store, found.claim_id), known_on)
    if len(events) == len(found.events) and _is_latest(decision, found.progress):
        return KnownFile(found, decision)
    progress, member_number = _progress_known(store, found.claim_id, known_on, book)
    file = ClaimFile(found.claim_id, found.key, found.partition, member_number, progress, events)
    return KnownFile(file, decision)


def decision_known(made: tuple[Decision, ...], known_on: dt.datetime) -> Decision | None:
    """The last that was made by then."""
    return next((one for one in reversed(made) if one.decided_at <= known_on), None)


def status_known(
    store: Readable, claim_id: str, book: Book, *, revision: int | None = None, known_on: dt.datetime | None = None
) -> ClaimStatus:
    """A decision with what was known beside it: at `known_on` (aware), or when `revision` was decided. Raises NotFound
    where there was none."""
    found = claim_file(store, claim_id)
    made = decisions_of(store, claim_id) if found is not None else ()
    if revision is not None:
        decision = next((one for one in made if one.revision == revision), None)
    else:
        decision = decision_known(made, known_on) if known_on is not None else None
    if found is None or decision is None:
        raise NotFound(_none_of(claim_id, made, revision))
    at = known_on or decision.decided_at
    known = file_known(store, found, at, book)
    assert known is not None, "a decision follows from an event"
    events = [event for event, _ in known.file.events]
    return status_with(decision, events, known.file.progress.referral_codes)


def _none_of(claim_id: str, made: tuple[Decision, ...], revision: int | None) -> str:
    if not made:
        return f"there is no decision on the claim {claim_id}; `santunan decisions` shows what there is"
    if revision is not None:
        return f"{claim_id} has no revision {revision}; it has 1 to {made[-1].revision}"
    first = made[0].decided_at.isoformat(timespec="seconds")
    return f"nothing was decided on {claim_id} by then; the first decision was made at {first}"


def _is_latest(decision: Decision | None, progress: Progress) -> bool:
    return (decision.revision if decision is not None else 0) == progress.revision


_NONE: Final = (Progress(), None)


def _progress_known(store: Readable, claim_id: str, known_on: dt.datetime, book: Book) -> tuple[Progress, str | None]:
    with store.reader() as connection:
        kin = history.kin_of(connection, claim_id)
        with Rerun(connection, book, is_embedded=store.is_embedded) as rerun:
            for _ in rerun.decide(kin, until=known_on):
                pass
            rows = rerun.state.cases([claim_id])
    return (progress_of(rows[0].progress), rows[0].member_number) if rows else _NONE
