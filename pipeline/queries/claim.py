"""The status of one claim: its latest decision, its payments, the codes that are open for an officer. Never writes."""

from collections.abc import Iterator
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

if TYPE_CHECKING:
    from sqlalchemy import Connection

_END: Final = 1 << 62  # after every row of the ledger


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """`payments`: those that the payment system reported. `open_codes`: of the open referral."""

    decision: Decision
    payments: tuple[Payment, ...]
    open_codes: tuple[str, ...]


def status_of(store: Readable, claim_id: str) -> ClaimStatus:
    """Raises NotFound where the claim is not known, or not opened."""
    with store.reader() as connection:
        decision = decisions.latest(connection, claim_id, is_embedded=store.is_embedded)
        progress = connection.execute(select(cases.c.progress).where(cases.c.claim_id == claim_id)).scalar()
        if decision is None or progress is None:
            why = "only evidence came, not yet the claim" if progress else "`santunan decisions` shows what there is"
            raise NotFound(f"there is no decision on the claim {claim_id}: {why}")
        return ClaimStatus(decision, tuple(_payments(connection, claim_id)), _open_codes(progress))


def _payments(connection: "Connection", claim_id: str) -> Iterator[Payment]:
    for _, _, raw in history.events_of(connection, [claim_id], before=_END):
        event = parse(bytes(raw))
        if isinstance(event, PayoutSettled):
            yield Payment(event.data.amount, event.data.paid_on)


def _open_codes(progress: str) -> tuple[str, ...]:
    import orjson

    return tuple(orjson.loads(progress).get("referral_codes", ()))
