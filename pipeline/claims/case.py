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
    CourtDecision,
    Death,
    DeathClaimed,
    Determination,
    EmployerReport,
    Employment,
    EvidenceAdded,
    Heirs,
    Identity,
    Medical,
    MemberReference,
    ProjectDues,
    WorkingFound,
)
from schemas.clock import JAKARTA, local_day
from schemas.codes import BenefitKind, ClaimProgram, PaperName
from schemas.values import source_kind

FactsEvent = AccidentClaimed | DeathClaimed | EvidenceAdded
Held = tuple[int, FactsEvent]  # the number of the event among those of the claim, from 1
Proposal = tuple[str, Any, int]  # source, the section as it has it, number of the event

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
            "employment",
            "project_dues",
            "determination",
            "working_found",
            "court_decision",
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
    employment: Employment | None = None
    project_dues: ProjectDues | None = None
    determination: Determination | None = None
    working_found: WorkingFound | None = None
    court_decision: CourtDecision | None = None
    event_count: int = 0  # of the events that were folded in
    opener: str | None = None  # the source that opened the claim
    advice_by: tuple[str, ...] = ()

    def __init__(
        self, claim_id: str, key: str, partition: int = 0, opened_order: int = 0, progress: Progress | None = None
    ) -> None:
        self.claim_id = claim_id
        self.key = key
        self.partition = partition
        self.opened_order = opened_order
        self.progress = progress if progress is not None else Progress()
        self.writers: dict[str, str] = {}  # section -> whose version counts
        self.proposals: dict[str, Proposal] = {}  # section -> another party's version, which does not count yet
        self.waiting: tuple[Held, ...] = ()  # events of sources that are no party, or came before the claim
        self.papers_at: dict[PaperName, int] = {}  # the latest event that brought each paper

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
        made.employment = self.employment
        made.project_dues = self.project_dues
        made.determination = self.determination
        made.working_found = self.working_found
        made.court_decision = self.court_decision
        made.event_count = self.event_count
        made.opener = self.opener
        made.advice_by = self.advice_by
        made.writers = self.writers.copy()
        made.proposals = self.proposals.copy()
        made.waiting = self.waiting
        made.papers_at = self.papers_at.copy()
        return made

    def apply(self, event: FactsEvent, clock: dt.datetime) -> None:
        """Fold one event in. `clock` is when it was received.

        What a source that is no party sends waits and does not count; so does all that comes before the claim itself.
        """
        self.event_count += 1
        if self.program is None and type(event) in OPENING_EVENTS:
            self.program = "JKK" if type(event) is AccidentClaimed else "JKM"
            self.received_at = clock
            self.opener = event.source
            self._write(event, self.event_count)
            if self.waiting:
                waiting, self.waiting = self.waiting, ()
                for number, held in waiting:
                    self._take(held, number)
        else:
            self._take(event, self.event_count)

    def is_party(self, source: str, number: int) -> bool:
        """Whether what `source` sends as the event of this number counts: the opener, the office, or admitted."""
        progress = self.progress
        if source == self.opener or number <= progress.former_events or source_kind(source) == "office":
            return True
        admitted = progress.parties.get(source)
        return admitted is not None and admitted <= number

    def with_proposals(self) -> "Case":
        """The case as it would be if the versions of the other sources counted."""
        made = self.copy()
        for section, (_, value, _) in self.proposals.items():
            setattr(made, _REPLACED[section], value)
        return made

    def accept_proposals(self) -> None:
        """An officer has accepted what other sources wrote into sections that were not theirs."""
        progress = self.progress
        for section, (source, value, number) in self.proposals.items():
            setattr(self, _REPLACED[section], value)
            self.writers[section] = source
            progress.accepted_events = (*progress.accepted_events, number)
        progress.weighed_events = self.event_count
        self.proposals = {}

    def reject_proposals(self) -> None:
        """An officer has decided otherwise: what other sources wrote into sections that were not theirs is gone."""
        self.progress.weighed_events = self.event_count
        self.proposals = {}

    def _take(self, event: FactsEvent, number: int) -> None:
        if self.program is not None and self.is_party(event.source, number):
            self._write(event, number)
        else:
            self.waiting = (*self.waiting, (number, event))

    def _write(self, event: FactsEvent, number: int) -> None:
        source, writers = event.source, self.writers
        sections: dict[str, Any] = vars(event.data)
        for section, value in sections.items():
            if value is None:
                continue
            attribute = _REPLACED.get(section)
            if attribute is not None:
                writer = writers.get(section)
                if writer is None or writer == source or self._may_replace(source, number):
                    setattr(self, attribute, value)
                    writers[section] = source
                    if self.proposals:
                        self.proposals.pop(section, None)
                elif getattr(self, attribute) != value and number > self.progress.weighed_events:
                    self.proposals[section] = (source, value, number)
            elif section == "documents" and value:
                self.documents |= frozenset(value)
                self.papers_at.update(dict.fromkeys(value, number))
            elif section == "advice":
                self.advice = (*self.advice, value)
                self.advice_by = (*self.advice_by, source)

    def _may_replace(self, source: str, number: int) -> bool:
        """What another one wrote: the office may, and who was accepted."""
        progress = self.progress
        return number <= progress.former_events or number in progress.accepted_events or source_kind(source) == "office"

    @property
    def death(self) -> Death | None:
        """The family's account of the death, else the treating facility's."""
        if self.death_section is not None:
            return self.death_section
        return self.medical.death if self.medical is not None else None

    @property
    def event_date(self) -> dt.date:
        """Day of the accident, of the diagnosis of an occupational disease, or of the death (JKM); `local_day`."""
        if self.program == "JKM":
            assert self.death is not None  # a death claim cannot be read without one
            return self.death.died_on
        assert self.accident is not None  # an accident claim cannot be read without one
        if self.accident.kind == "occupational_disease":
            assert self.accident.diagnosed_on is not None
            return self.accident.diagnosed_on
        return local_day(self.accident.occurred_at)

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
