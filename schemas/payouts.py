"""Events of the payment system: a payout settled, or failed."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Envelope
from schemas.values import ClaimId, Date, MemberNumber, Rupiah, Strict, Text

PayoutId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]


class Settlement(Strict):
    """A payout reached its payee."""

    payout_id: PayoutId
    claim_id: ClaimId
    member_number: MemberNumber | None = None
    paid_on: Date
    amount: Rupiah
    reference: Text | None = None


class Failure(Strict):
    payout_id: PayoutId
    claim_id: ClaimId
    member_number: MemberNumber | None = None
    failed_on: Date
    reason: Text | None = None


class PayoutSettled(Envelope):
    type: Literal["santunan.payout.settled.v1"]
    data: Settlement


class PayoutFailed(Envelope):
    type: Literal["santunan.payout.failed.v1"]
    data: Failure
