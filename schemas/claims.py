"""Events of clinics, employers, family desks and the office about an accident or a death.

A claim is a case in sections. Each section is optional and replaced whole by a later event of the same
claim, but `documents`, which gather: a paper once handed in stays there, so that a PENDING claim is finished by
sending what was missing and nothing else. `SECTION_WRITERS` says who may write which section. A section is a
dataclass, not a model: fast, see docs/performance.md.
"""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from schemas.codes import PaperName
from schemas.envelope import Envelope
from schemas.field_rules import DISEASE_DIAGNOSED, MEMBER_NAMED, SOMETHING_DETERMINED, with_rules
from schemas.values import (
    MAX_LIST,
    STRICT,
    ClaimId,
    Code,
    Date,
    Days,
    EmployerNumber,
    MemberNumber,
    Name,
    Nik,
    Percent,
    PercentText,
    ProjectNumber,
    Rupiah,
    Strict,
    Text,
    Timestamp,
)


@dataclass(config=with_rules(STRICT, MEMBER_NAMED), frozen=True)
class MemberReference:
    """Membership number, NIK, or both (Permenaker 1/2025 art 8A: one of them is enough)."""

    member_number: MemberNumber | None = None
    nik: Nik | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.member_number is None and self.nik is None:
            raise ValueError("name the member by `member_number`, by `nik`, or by both")
        return self


@dataclass(config=with_rules(STRICT, DISEASE_DIAGNOSED), frozen=True)
class Accident:
    """What happened. The event date is the day of `occurred_at`: as written with +07:00, +08:00 or +09:00, with any
    other offset Jakarta's; for a disease it is `diagnosed_on`."""

    occurred_at: Timestamp
    kind: Literal["injury", "occupational_disease", "sudden_death", "violence"] = "injury"
    setting: Literal["workplace", "commuting", "duty_travel", "errand", "company_event", "private"] = "workplace"
    traffic: Literal["none", "single_vehicle", "several_vehicles"] = "none"
    detour: bool = False
    recurrence: bool = False
    self_inflicted: bool = False
    cause_unclear: bool = False
    conduct: Annotated[tuple[Literal["crime", "fight", "drugs"], ...], Field(max_length=3)] = ()
    diagnosed_on: Date | None = None
    place: Text | None = None
    chronology: Text | None = None

    @model_validator(mode="after")
    def _disease_is_diagnosed(self) -> Self:
        if self.kind == "occupational_disease" and self.diagnosed_on is None:
            raise ValueError("an occupational disease needs `diagnosed_on`")
        return self


@dataclass(config=STRICT, frozen=True)
class EmployerReport:
    """The employer's stage I report."""

    reported_at: Timestamp
    employer_number: EmployerNumber | None = None


@dataclass(config=STRICT, frozen=True)
class Conclusion:
    """The office's conclusion whether it was work-related; only the office writes it."""

    work_related: bool
    concluded_on: Date


@dataclass(config=STRICT, frozen=True)
class Disability:
    """One row of the disability table (PP 44/2015, Lampiran III) as found on this person.

    `loss_percent`: share of the function lost; absent where the part itself is lost.
    `measured`: decibels or percent for the rows counted "per 10".
    `table_percent`: what the doctor sets where the table gives a range (scalp).
    """

    part: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    loss_percent: Percent | None = None
    measured: Annotated[int, Field(ge=0, le=200)] | None = None
    table_percent: Percent | None = None


@dataclass(config=STRICT, frozen=True)
class Death:
    """`hours_from_attack` counts from the attack at work to the death; absent means unknown."""

    died_on: Date
    cause: Literal["illness", "accident", "suicide", "unknown"] = "illness"
    attack_at_work: bool = False
    hours_from_attack: Annotated[int, Field(ge=0, le=10_000)] | None = None
    missing_person: bool = False
    caused_by_heir: bool = False


@dataclass(config=STRICT, frozen=True)
class Medical:
    """Findings of the treating facility. `certified_by` absent: no doctor has certified the percentages yet."""

    unable_to_work_days: Days | None = None
    disabilities: Annotated[tuple[Disability, ...], Field(max_length=MAX_LIST)] = ()
    permanent_total: bool = False
    certified_by: Literal["examining_doctor", "medical_advisor"] | None = None
    handedness: Literal["right", "left"] = "right"
    prior_disability: bool = False
    death: Death | None = None
    diagnosis: Text | None = None
    healed_on: Date | None = None


@dataclass(config=STRICT, frozen=True)
class Transport:
    """Cost of bringing the injured to care and home, by mode; `land` includes river and lake."""

    land: Rupiah = 0
    sea: Rupiah = 0
    air: Rupiah = 0


@dataclass(config=STRICT, frozen=True)
class HomeCare:
    cost: Rupiah
    months: Annotated[int, Field(ge=1, le=600)]


@dataclass(config=STRICT, frozen=True)
class Costs:
    """What was spent, or is asked for. `treatment` is the whole bill; `jasa_raharja_paid` what it paid of it."""

    treatment: Rupiah | None = None
    jasa_raharja_paid: Rupiah | None = None
    transport: Transport | None = None
    home_care: HomeCare | None = None
    denture: Rupiah | None = None
    hearing_aid: Rupiah | None = None
    glasses: Rupiah | None = None
    prosthesis: Rupiah | None = Field(default=None, description="asked for; orthosis counts as prosthesis")
    return_to_work: Rupiah | None = Field(default=None, description="asked for")
    wage_advanced_by_employer: bool = False


@dataclass(config=STRICT, frozen=True)
class ApprovedAmounts:
    """Amounts the office approved on file for lines without a tariff."""

    prosthesis: Rupiah | None = None
    return_to_work: Rupiah | None = None


@dataclass(config=STRICT, frozen=True)
class Advice:
    """An advisor's decision on file: the referral codes of row 15 that it settles."""

    settles: Annotated[tuple[Code, ...], Field(min_length=1, max_length=16)]
    advisor: Literal["medical_advisor", "labour_inspector", "officer"]
    decided_on: Date


@dataclass(config=STRICT, frozen=True)
class Identity:
    """Whether NIK and name agree with the civil registry."""

    matches: bool


@dataclass(config=STRICT, frozen=True)
class Child:
    """A child as the family card lists it; age and eligibility are judged on the event day."""

    birth_date: Date
    level: Literal["TK", "SD", "SMP", "SMA", "PT", "TRAINING"] | None = None
    in_school: bool = True
    married: bool = False
    work: Literal["none", "wage_earner", "self_employed", "apprentice"] = "none"
    work_months: Annotated[int, Field(ge=0, le=600)] = 0


@dataclass(config=STRICT, frozen=True)
class Relative:
    """`widow` … `sibling`, `parent_in_law`: the order of PP 44/2015 art 37(5)."""

    relation: Literal[
        "widow", "widower", "child", "parent", "grandparent", "grandchild", "sibling", "parent_in_law", "other"
    ]
    alive: bool = True


@dataclass(config=STRICT, frozen=True)
class Heirs:
    relatives: Annotated[tuple[Relative, ...], Field(max_length=MAX_LIST)] = ()
    notarial_will: bool = False
    funeral_arranged: bool = True


@dataclass(config=STRICT, frozen=True)
class Employment:
    """For whom the person worked, and for which project. `monthly_wage` is for indicative sums alone: nothing is paid
    by it."""

    employer_number: EmployerNumber | None = None
    project_number: ProjectNumber | None = None
    monthly_wage: Rupiah | None = None


@dataclass(config=STRICT, frozen=True)
class ProjectDues:
    """The dues of a construction project were paid on this day, as the office found; about its number, as
    contributions are about a member."""

    project_number: ProjectNumber
    paid_on: Date


@dataclass(config=with_rules(STRICT, SOMETHING_DETERMINED), frozen=True)
class Determination:
    """What the labour inspector, or on appeal the minister, determined (PP 44/2015 art 48-50); the office writes it.

    `liable`: who must pay. `status` appealed: it is not final yet. What is absent, it does not speak of.
    """

    by: Literal["labour_inspector", "minister"]
    decided_on: Date
    work_related: bool | None = None
    disability_percent: PercentText | None = None
    liable: Literal["BPJS", "EMPLOYER"] | None = None
    status: Literal["final", "appealed"] = "final"

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.work_related is None and self.disability_percent is None and self.liable is None:
            raise ValueError("say what was determined: `work_related`, `disability_percent` or `liable`")
        return self


@dataclass(config=STRICT, frozen=True)
class WorkingFound:
    """Whether the person worked when registered, as the office found on a visit. `registered_on`: which registration
    it is about, by its day; of a cover that began anew after a lapse, the day on which it did."""

    works: bool
    found_on: Date
    registered_on: Date


@dataclass(config=STRICT, frozen=True)
class CourtDecision:
    """A court named an heir outside the order of PP 44/2015 art 37(5), or settled who inherits."""

    ruling: Literal["names_heir", "settles_heirs"]
    decided_on: Date


@dataclass(config=STRICT, frozen=True)
class Claimed:
    """The day the claim was made, as written on it."""

    claimed_on: Date


Documents = Annotated[tuple[PaperName, ...], Field(max_length=MAX_LIST)]
Children = Annotated[tuple[Child, ...], Field(max_length=20)]


class Sections(Strict):
    """Every section a claim can have. Absent: this event says nothing about it."""

    member: MemberReference | None = None
    accident: Accident | None = None
    report: EmployerReport | None = None
    conclusion: Conclusion | None = None
    medical: Medical | None = None
    costs: Costs | None = None
    approved: ApprovedAmounts | None = None
    advice: Advice | None = None
    identity: Identity | None = None
    documents: Documents = ()
    death: Death | None = None
    children: Children | None = None
    heirs: Heirs | None = None
    claimed: Claimed | None = None
    employment: Employment | None = None
    project_dues: ProjectDues | None = None
    determination: Determination | None = None
    working_found: WorkingFound | None = None
    court_decision: CourtDecision | None = None


SECTIONS: Final = tuple(Sections.model_fields)

_CLAIMANT = frozenset({"member", "documents", "claimed"})
SECTION_WRITERS: Final[dict[str, frozenset[str]]] = {
    "clinic": _CLAIMANT | {"accident", "medical", "costs"},
    "hospital": _CLAIMANT | {"accident", "medical", "costs", "death"},
    "employer": _CLAIMANT | {"accident", "report", "employment"},
    "cooperative": _CLAIMANT | {"accident", "report"},
    "desk": _CLAIMANT | {"death", "children", "heirs", "court_decision"},
    "office": frozenset(SECTIONS),
}


@dataclass(config=STRICT, frozen=True)
class Attachment:
    """A scanned paper beside the claim: the SHA-256 of its bytes, and which paper it is. No decision reads it."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    document: PaperName


Attachments = Annotated[tuple[Attachment, ...], Field(max_length=MAX_LIST)]


class AccidentClaim(Sections):
    """Opens a JKK case."""

    claim_id: ClaimId
    attachments: Attachments = ()
    member: MemberReference
    accident: Accident


class DeathClaim(Sections):
    """Opens a JKM case."""

    claim_id: ClaimId
    attachments: Attachments = ()
    member: MemberReference
    death: Death


class Evidence(Sections):
    """Adds to a case. `member_number` as the claim gave it: it is the key, and keeps the order of one member."""

    claim_id: ClaimId
    member_number: MemberNumber | None = None
    attachments: Attachments = ()


class Appeal(Strict):
    claim_id: ClaimId
    member_number: MemberNumber | None = None
    ground: Text | None = None


class AccidentClaimed(Envelope):
    type: Literal["santunan.claim.accident.v1"]
    data: AccidentClaim


class DeathClaimed(Envelope):
    type: Literal["santunan.claim.death.v1"]
    data: DeathClaim


class EvidenceAdded(Envelope):
    type: Literal["santunan.claim.evidence.v1"]
    data: Evidence


class ClaimAppealed(Envelope):
    type: Literal["santunan.claim.appealed.v1"]
    data: Appeal


# The events that open a claim; evidence alone waits for one of them.
OPENING_EVENTS: Final = (AccidentClaimed, DeathClaimed)
