"""The status of one claim: its latest decision, its payments, the codes that are open for an officer. Never writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

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
        events = list(_events(connection, claim_id))
        payments = tuple(Payment(one.data.amount, one.data.paid_on) for one in events if isinstance(one, PayoutSettled))
        reviews = [one.data for one in events if isinstance(one, ClaimReviewed)]
        return ClaimStatus(decision, payments, _open_codes(progress), officer_reason(decision, reviews))


def _events(connection: "Connection", claim_id: str) -> Iterator["IntakeEvent"]:
    return (parse(bytes(raw)) for _, _, raw in history.events_of(connection, [claim_id], before=_END))


def officer_reason(decision: Decision, reviews: Sequence[Review]) -> str | None:
    """The reason of the latest review whose verdict the decision carries; what an officer let pass needs none."""
    carried = {_CARRIES[code] for code in decision.reason_codes if code in _CARRIES}
    return next((one.reason for one in reversed(reviews) if one.verdict in carried), None)


def _open_codes(progress: str) -> tuple[str, ...]:
    import orjson

    return tuple(orjson.loads(progress).get("referral_codes", ()))
