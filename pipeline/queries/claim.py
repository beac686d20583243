"""The status of one claim: its latest decision, its payments, the codes that are open for an officer. Never writes."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from pipeline.explain import Payment
from pipeline.queries import decisions, history
from pipeline.queries.pages import NotFound
from pipeline.store.readable import Readable
from pipeline.store.tables import cases
from schemas.decisions import Decision
from schemas.events import parse
from schemas.payouts import PayoutSettled
from schemas.reviews import ClaimReviewed, Review

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from schemas.events import IntakeEvent

_END: Final = 1 << 62  # after every row of the ledger
_CARRIES: Final = {"REV_REJECTED": "reject", "REV_CHANGED": "change", "DOC_REQUESTED": "request_documents"}


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """`payments`: those that the payment system reported. `open_codes`: of the open referral. `officer_reason`: what
    the officer wrote whose review made the decision."""

    decision: Decision
    payments: tuple[Payment, ...]
    open_codes: tuple[str, ...]
    officer_reason: str | None = None


def status_of(store: Readable, claim_id: str) -> ClaimStatus:
    """Raises NotFound where the claim is not known, or not opened."""
    with store.reader() as connection:
        decision = decisions.latest(connection, claim_id, is_embedded=store.is_embedded)
        progress = connection.execute(select(cases.c.progress).where(cases.c.claim_id == claim_id)).scalar()
        if decision is None or progress is None:
            why = "only evidence came, not yet the claim" if progress else "`santunan decisions` shows what there is"
            raise NotFound(f"there is no decision on the claim {claim_id}: {why}")
        return status_with(decision, list(_events(connection, claim_id)), _open_codes(progress))


def status_with(decision: Decision, events: Sequence["IntakeEvent"], open_codes: tuple[str, ...]) -> ClaimStatus:
    """`events`: of the claim, as far as they count."""
    payments = tuple(Payment(one.data.amount, one.data.paid_on) for one in events if isinstance(one, PayoutSettled))
    reviews = [one.data for one in events if isinstance(one, ClaimReviewed)]
    return ClaimStatus(decision, payments, open_codes, officer_reason(decision, reviews))


def _events(connection: "Connection", claim_id: str) -> Iterator["IntakeEvent"]:
    return (parse(bytes(raw)) for _, _, raw in history.events_of(connection, [claim_id], before=_END))


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """Another claim of the same person. `total`: rupiah in force."""

    claim_id: str
    program: str
    event_date: dt.date
    outcome: str
    total: int


def others_of_person(store: Readable, claim_id: str) -> tuple[OtherClaim, ...]:
    """Decided claims under the number or the NIK that this claim was decided for, the latest first."""
    own = select(cases.c.member_number, cases.c.nik).where(cases.c.claim_id == claim_id)
    columns = cases.c.claim_id, cases.c.program, cases.c.event_date, cases.c.outcome, cases.c.effective_total
    with store.reader() as connection:
        row = connection.execute(own).first()
        names = (
            []
            if row is None
            else [
                column == value
                for column, value in ((cases.c.member_number, row.member_number), (cases.c.nik, row.nik))
                if value is not None
            ]
        )
        if not names:
            return ()
        statement = select(*columns).where(or_(*names), cases.c.claim_id != claim_id, cases.c.outcome.is_not(None))
        found = connection.execute(statement.order_by(cases.c.event_date.desc(), cases.c.claim_id)).all()
    return tuple(
        OtherClaim(one.claim_id, one.program, dt.date.fromisoformat(one.event_date), one.outcome, one.effective_total)
        for one in found
    )


def missing_of(store: Readable, outcomes: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The papers that each claim waits for, by its id. `outcomes`: of these claims; only what waits is read."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(outcomes, ())
    with store.reader() as connection:
        for claim_id in (one for one, outcome in outcomes.items() if outcome == "PENDING"):
            decision = decisions.latest(connection, claim_id, is_embedded=store.is_embedded)
            found[claim_id] = decision.missing if decision is not None else ()
    return found


def decisions_of(store: Readable, claim_id: str) -> tuple[Decision, ...]:
    """All of a claim, in their order."""
    with store.reader() as connection:
        found = history.published_decisions(connection, [claim_id], is_embedded=store.is_embedded)
    return tuple(decisions.read_decision(found[place]) for place in sorted(found))


def officer_reason(decision: Decision, reviews: Sequence[Review]) -> str | None:
    """The reason of the latest review whose verdict the decision carries; what an officer let pass needs none."""
    carried = {_CARRIES[code] for code in decision.reason_codes if code in _CARRIES}
    return next((one.reason for one in reversed(reviews) if one.verdict in carried), None)


def _open_codes(progress: str) -> tuple[str, ...]:
    import orjson

    return tuple(orjson.loads(progress).get("referral_codes", ()))
