"""A claim as a case: the fold of its events, and what has been decided on it so far.

Pure. Sections come from the events alone, so a case is never stored: it is folded again from the ledger.
"""

import datetime as dt
from typing import Any, Final

from pipeline.claims.progress import Progress
from schemas.claims import (
    OPENING_EVENTS,
    Accident,
    AccidentClaimed,
    Advice,
    ApprovedAmounts,
    Child,
    Claimed,
    Conclusion,
    Costs,
    Death,
    DeathClaimed,
    EmployerReport,
    EvidenceAdded,
    Heirs,
    Identity,
    Medical,
    MemberReference,
)
from schemas.clock import JAKARTA
from schemas.codes import BenefitKind, ClaimProgram, PaperName

# Section of an event -> attribute of the case that holds its latest version; papers and advice gather instead.
_REPLACED: Final = {
    **{
        section: section
        for section in (
            "member",
            "accident",
            "report",
            "conclusion",
            "medical",
            "costs",
            "approved",
            "identity",
            "children",
            "heirs",
            "claimed",
        )
    },
    "death": "death_section",
}
_COSTS: Final[tuple[BenefitKind, ...]] = (
    "treatment",
    "denture",
    "hearing_aid",
    "glasses",
    "prosthesis",
    "return_to_work",
)


class Case:
    """The sections of one claim as the latest events have them, and its progress.

    `program` is None while evidence waits for its claim. `received_at` is the clock of the event that opened it.
    `opened_order`: place in the order of processing; smaller came earlier. No dataclass: fast, see
    docs/performance.md.
    """

    program: ClaimProgram | None = None
    received_at: dt.datetime | None = None
    member: MemberReference | None = None
    accident: Accident | None = None
    report: EmployerReport | None = None
    conclusion: Conclusion | None = None
    medical: Medical | None = None
    costs: Costs | None = None
    approved: ApprovedAmounts | None = None
    advice: tuple[Advice, ...] = ()
    identity: Identity | None = None
    documents: frozenset[PaperName] = frozenset()
    death_section: Death | None = None
    children: tuple[Child, ...] | None = None
    heirs: Heirs | None = None
    claimed: Claimed | None = None
    event_count: int = 0  # of the events that were folded in

    def __init__(
        self, claim_id: str, key: str, partition: int = 0, opened_order: int = 0, progress: Progress | None = None
    ) -> None:
        self.claim_id = claim_id
        self.key = key
        self.partition = partition
        self.opened_order = opened_order
        self.progress = progress if progress is not None else Progress()

    def copy(self) -> "Case":
        """One of its own, for an event that may yet be refused. It shares the sections, which nothing changes."""
        made = Case(self.claim_id, self.key, self.partition, self.opened_order, self.progress.copy())
        made.program = self.program
        made.received_at = self.received_at
        made.member = self.member
        made.accident = self.accident
        made.report = self.report
        made.conclusion = self.conclusion
        made.medical = self.medical
        made.costs = self.costs
        made.approved = self.approved
        made.advice = self.advice
        made.identity = self.identity
        made.documents = self.documents
        made.death_section = self.death_section
        made.children = self.children
        made.heirs = self.heirs
        made.claimed = self.claimed
        made.event_count = self.event_count
        return made

    def apply(self, event: AccidentClaimed | DeathClaimed | EvidenceAdded, clock: dt.datetime) -> None:
        """Fold one event in. `clock` is when it was received."""
        data: Any = event.data
        self.event_count += 1
        if self.received_at is None and type(event) in OPENING_EVENTS:
            self.program = "JKK" if type(event) is AccidentClaimed else "JKM"
            self.received_at = clock
        sections: dict[str, Any] = vars(data)
        for section, value in sections.items():
            if value is None:
                continue
            attribute = _REPLACED.get(section)
            if attribute is not None:
                setattr(self, attribute, value)
            elif section == "documents":
                self.documents |= frozenset(value)
            elif section == "advice":
                self.advice = (*self.advice, value)

    @property
    def death(self) -> Death | None:
        """The family's account of the death, else the treating facility's."""
        if self.death_section is not None:
            return self.death_section
        return self.medical.death if self.medical is not None else None

    @property
    def event_date(self) -> dt.date:
        """Day of the accident, of the diagnosis of an occupational disease, or of the death (JKM); local date."""
        if self.program == "JKM":
            assert self.death is not None  # a death claim cannot be read without one
            return self.death.died_on
        assert self.accident is not None  # an accident claim cannot be read without one
        if self.accident.kind == "occupational_disease":
            assert self.accident.diagnosed_on is not None
            return self.accident.diagnosed_on
        return self.accident.occurred_at.date()

    @property
    def answered_codes(self) -> frozenset[str]:
        """Referral codes that an advisor or an officer has settled."""
        return frozenset(self.progress.answered_codes).union(*(one.settles for one in self.advice))

    def claim_date(self, trusted_days: int) -> dt.date:
        """The day written on the claim where it lies at most `trusted_days` before receipt, else the day of receipt."""
        assert self.received_at is not None
        received_on = self.received_at.astimezone(JAKARTA).date()
        if self.claimed is None or (received_on - self.claimed.claimed_on).days > trusted_days:
            return received_on
        return self.claimed.claimed_on

    def asked(self) -> frozenset[BenefitKind]:
        """The kinds of benefit that the facts of this claim give rise to."""
        kinds: list[BenefitKind] = []
        medical, costs = self.medical, self.costs
        if self.death is not None:
            kinds.append("death")
        if medical is not None:
            if medical.unable_to_work_days:
                kinds.append("temporary_disability")
            if medical.disabilities:
                kinds.append("partial_disability")
            if medical.permanent_total:
                kinds.append("permanent_total")
        if costs is not None:
            spent: dict[str, int | None] = vars(costs)
            kinds += [kind for kind in _COSTS if spent[kind]]
            if costs.home_care and costs.home_care.cost:
                kinds.append("homecare")
            if costs.transport and (costs.transport.land or costs.transport.sea or costs.transport.air):
                kinds.append("transport")
        return frozenset(kinds)
