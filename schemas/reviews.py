"""Reviews, an officer's decisions on a claim: a fact like any other, kept with the revision it was made on."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.codes import LineCode, PaperName
from schemas.envelope import Envelope
from schemas.field_rules import CHANGES_NAMED, PAPERS_NAMED, with_rules
from schemas.values import MAX_LIST, ClaimId, Code, MemberNumber, Rupiah, Strict, Text


class LineChange(Strict):
    line: LineCode
    amount: Rupiah
    reason: Text


class Review(Strict):
    """`verdict`: approve (the referral codes in `answers` are settled and the table goes on below them), reject,
    change (benefit lines, each with a reason), request_documents, reassess. The officer is the event's source."""

    model_config = with_rules(Strict.model_config, CHANGES_NAMED, PAPERS_NAMED)

    claim_id: ClaimId
    member_number: MemberNumber | None = None
    revision: Annotated[int, Field(ge=1, le=100_000)]
    verdict: Literal["approve", "reject", "change", "request_documents", "reassess"]
    answers: Annotated[tuple[Code, ...], Field(max_length=16)] = ()
    changes: Annotated[tuple[LineChange, ...], Field(max_length=MAX_LIST)] = ()
    documents: Annotated[tuple[PaperName, ...], Field(max_length=MAX_LIST)] = ()
    children: Annotated[tuple[Annotated[int, Field(ge=1, le=20)], ...], Field(max_length=20)] = Field(
        default=(), description="places in the claim's list of children, from 1: those that the scholarship is for"
    )
    reason: Text

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.verdict == "change" and not self.changes:
            raise ValueError("a change names the lines it changes in `changes`")
        if self.verdict == "request_documents" and not self.documents:
            raise ValueError("a request for papers names them in `documents`")
        return self


class ClaimReviewed(Envelope):
    type: Literal["santunan.claim.reviewed.v1"]
    data: Review
