"""A claim as a case: the fold of its events, and what has been decided on it so far.

Pure. Sections come from the events alone, so a case is never stored: it is folded again from the ledger.
What cannot be folded from the events (revisions, rulings, money ordered) is `Progress`, stored beside the claim.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Final

from schemas.claims import (
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
from schemas.codes import BenefitKind, ClaimProgram, Outcome, PaperName
from schemas.reviews import LineChange

JAKARTA: Final = dt.timezone(dt.timedelta(hours=7), "WIB")

# Section of an event -> attribute of the case that holds its latest telling; papers and advice gather instead.
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
_OPENING: Final = (AccidentClaimed, DeathClaimed)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an officer decided, standing until new facts or another review.

    `reason` is not kept here: it is free text and stays in the ledger.
    """

    verdict: str  # approve | reject | change | request_documents
    officer: str
    answers: tuple[str, ...]
    changes: tuple[tuple[str, int], ...]  # (line, rupiah)
    documents: tuple[PaperName, ...]
    second_officer: str | None = None

    def moves_the_same_as(self, other: "Ruling") -> bool:
        """Whether both lead to the same money, whoever made them."""
        return (self.verdict, self.changes) == (other.verdict, other.changes)


@dataclass(slots=True, init=False)
class Progress:
    """What was decided so far. `ordered`: rupiah ordered by payee, net. `settled`: codes that officers answered.

    Made as of a new claim; by an `__init__` of its own, which compiled is ten times as fast as a dataclass's.
    """

    revision: int
    decision_id: str | None
    outcome: Outcome | None
    reason_codes: tuple[str, ...]
    total: int
    lines: tuple[tuple[str, int], ...]
    effective_outcome: Outcome | None
    effective_total: int
    ordered: dict[str, int]
    approved_on: dt.date | None  # Jakarta day on which the last fact needed for APPROVED was received
    payouts: dict[str, int]  # payout id -> rupiah, recoveries negative
    settlements: dict[str, tuple[dt.date, dt.date]]  # payout id -> paid on, known on
    failed_payouts: tuple[str, ...]
    settled_codes: tuple[str, ...]
    ruling: Ruling | None
    has_new_facts: bool  # facts came after an effective ruling: an officer must look again
    changed_later: bool  # a membership fact that came later would have changed the decision
    is_appealed: bool
    indicative_total: int | None
    referrals_opened: int
    referral_id: str | None  # of the open referral
    referral_codes: tuple[str, ...]
    wake_on: dt.date | None  # first day on which time alone may change the decision
    latest: dt.datetime | None  # the latest clock by which it was decided, or evidence waits: its time never goes back

    def __init__(self) -> None:
        self.revision = 0
        self.decision_id = None
        self.outcome = None
        self.reason_codes = ()
        self.total = 0
        self.lines = ()
        self.effective_outcome = None
        self.effective_total = 0
        self.ordered = {}
        self.approved_on = None
        self.payouts = {}
        self.settlements = {}
        self.failed_payouts = ()
        self.settled_codes = ()
        self.ruling = None
        self.has_new_facts = False
        self.changed_later = False
        self.is_appealed = False
        self.indicative_total = None
        self.referrals_opened = 0
        self.referral_id = None
        self.referral_codes = ()
        self.wake_on = None
        self.latest = None

    def moment(self, clock: dt.datetime) -> dt.datetime:
        """When an event of this `clock` is decided: not before what is known of the claim already was.

        An event that was refused and is handed in again, or that waited in another topic, comes after later ones. By
        its own clock their facts would lie in the future, and what was paid for them would be asked back.
        """
        return clock if self.latest is None or self.latest < clock else self.latest

    @property
    def settled_on(self) -> dt.date | None:
        """Day of the first settlement of money paid out: only that one can be late."""
        return next((paid_on for payout, (paid_on, _) in self.settlements.items() if self.payouts[payout] > 0), None)

    @property
    def has_settlement_from_the_future(self) -> bool:
        """A settlement that was dated after the day it was received (row 1)."""
        return any(paid_on > known_on for paid_on, known_on in self.settlements.values())


class Case:
    """The sections of one claim as the latest events tell them, and its progress.

    `program` is None while evidence waits for its claim. `received_at` is the clock of the event that opened it.
    `opened_order`: place in the order of processing; smaller came earlier. No dataclass: each claim makes one, and
    compiled a dataclass of this size costs ten times as much to make.
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
    told: int = 0  # how many events were folded in

    def __init__(
        self, claim_id: str, key: str, partition: int = 0, opened_order: int = 0, progress: Progress | None = None
    ) -> None:
        self.claim_id = claim_id
        self.key = key
        self.partition = partition
        self.opened_order = opened_order
        self.progress = progress if progress is not None else Progress()

    def apply(self, event: AccidentClaimed | DeathClaimed | EvidenceAdded, clock: dt.datetime) -> None:
        """Fold one event in. `clock` is when it was received."""
        data: Any = event.data
        self.told += 1
        if self.received_at is None and type(event) in _OPENING:
            self.program = "JKK" if type(event) is AccidentClaimed else "JKM"
            self.received_at = clock
        told: dict[str, Any] = vars(data)
        for section, value in told.items():
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
    def settled_codes(self) -> frozenset[str]:
        """Referral codes that an advisor or an officer has settled."""
        return frozenset(self.progress.settled_codes).union(*(one.settles for one in self.advice))

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


def ruling_of(review: Any, officer: str) -> Ruling:
    """The ruling that a review makes (`schemas.reviews.Review`)."""
    changes: tuple[LineChange, ...] = review.changes
    return Ruling(
        verdict=review.verdict,
        officer=officer,
        answers=tuple(sorted(set(review.answers))),
        changes=tuple(sorted((change.line, change.amount) for change in changes)),
        documents=tuple(dict.fromkeys(review.documents)),
    )


def seconded(ruling: Ruling, officer: str) -> Ruling:
    return replace(ruling, second_officer=officer)
