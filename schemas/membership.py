"""Events of the membership office, employers and cooperatives about a member."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.codes import Program, Segment
from schemas.envelope import Envelope
from schemas.values import (
    MAX_LIST,
    MAX_MONTHS,
    Date,
    EmployerNumber,
    MemberNumber,
    Month,
    Name,
    Nik,
    Rupiah,
    Strict,
)

WageBasis = Literal["monthly", "daily", "piece", "weather"]
RiskClass = Literal["very_low", "low", "medium", "high", "very_high"]


class ProgramPeriod(Strict):
    """One program, held from one day to another, both included; `until` absent means still held."""

    program: Program
    since: Date
    until: Date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("`until` lies before `since`")
        return self


Programs = Annotated[tuple[ProgramPeriod, ...], Field(min_length=1, max_length=MAX_LIST)]


class Employer(Strict):
    number: EmployerNumber | None = None
    name: Name | None = None
    scale: Literal["micro", "small", "medium", "large", "cooperative"] | None = None
    risk_class: RiskClass | None = None


class Payer(Strict):
    """Who pays the dues in the place of the member: an institution, never a person."""

    kind: Literal["village", "city", "regency", "province", "church", "other"]
    name: Name


class Registration(Strict):
    """A member is enrolled, or enrolled again after the membership ended (the newest counts from then on)."""

    member_number: MemberNumber
    nik: Nik
    name: Name | None = None
    birth_date: Date
    segment: Segment
    registered_on: Date
    programs: Programs
    employer: Employer | None = None
    channel: Name | None = Field(default=None, description="cooperative or group a BPU member joined through")
    region: Name | None = None
    declared_income: Rupiah | None = Field(default=None, description="a month, BPU only; chooses the row of the table")
    wage_basis: WageBasis = "monthly"
    sector: Literal["transport", "other"] = "other"
    funded_by: Literal["member", "state_budget"] = "member"
    payer: Payer | None = None
    phase: Literal["before", "during", "after"] | None = Field(
        default=None, description="of a migrant worker's placement abroad (PMI only); absent: during"
    )


class ProgramsChange(Strict):
    """The member's programs from now on: the whole list, past periods included."""

    member_number: MemberNumber
    programs: Programs


class WageReport(Strict):
    """The wage of one month; for a daily wage the wage of a day, for BPU the declared monthly income."""

    member_number: MemberNumber
    month: Month
    wage: Rupiah
    basis: WageBasis = "monthly"


class Contribution(Strict):
    """The contributions of these months were paid in full on this day."""

    member_number: MemberNumber
    months: Annotated[tuple[Month, ...], Field(min_length=1, max_length=MAX_MONTHS)]
    paid_on: Date
    amount: Rupiah | None = None


class Ending(Strict):
    """The membership ended; `ended_on` is the last day it was in force. `employment_ended_on`: the last day of the
    employment, where it is another one; cover of an occupational disease is counted from it."""

    member_number: MemberNumber
    ended_on: Date
    employment_ended_on: Date | None = None


class MemberRegistered(Envelope):
    type: Literal["santunan.member.registered.v1"]
    data: Registration


class ProgramsChanged(Envelope):
    type: Literal["santunan.member.programs-changed.v1"]
    data: ProgramsChange


class WageReported(Envelope):
    type: Literal["santunan.member.wage-reported.v1"]
    data: WageReport


class ContributionPaid(Envelope):
    type: Literal["santunan.member.contribution-paid.v1"]
    data: Contribution


class MembershipEnded(Envelope):
    type: Literal["santunan.member.ended.v1"]
    data: Ending
