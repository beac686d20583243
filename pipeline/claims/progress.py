"""Progress of a claim, what has been decided on it so far, and the ruling of an officer that is in force.

Pure. What cannot be folded from a claim's events (revisions, rulings, money ordered) is kept here and stored beside it.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from schemas.codes import Outcome, PaperName
from schemas.reviews import LineChange


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
        """Whether both lead to the same money, made by the same officer or not."""
        return (self.verdict, self.changes) == (other.verdict, other.changes)


@dataclass(slots=True, init=False)
class Progress:
    """What was decided so far. `ordered`: rupiah ordered by payee, net. `answered_codes`: those that officers answered.

    Made as of a new claim, by an `__init__` of its own: fast, see docs/performance.md.
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
    answered_codes: tuple[str, ...]
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
        self.answered_codes = ()
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

    def copy(self) -> "Progress":
        """One of its own, to be changed by an event that may yet be refused."""
        made = Progress()
        made.revision = self.revision
        made.decision_id = self.decision_id
        made.outcome = self.outcome
        made.reason_codes = self.reason_codes
        made.total = self.total
        made.lines = self.lines
        made.effective_outcome = self.effective_outcome
        made.effective_total = self.effective_total
        made.ordered = self.ordered.copy()
        made.approved_on = self.approved_on
        made.payouts = self.payouts.copy()
        made.settlements = self.settlements.copy()
        made.failed_payouts = self.failed_payouts
        made.answered_codes = self.answered_codes
        made.ruling = self.ruling
        made.has_new_facts = self.has_new_facts
        made.changed_later = self.changed_later
        made.is_appealed = self.is_appealed
        made.indicative_total = self.indicative_total
        made.referrals_opened = self.referrals_opened
        made.referral_id = self.referral_id
        made.referral_codes = self.referral_codes
        made.wake_on = self.wake_on
        made.latest = self.latest
        return made

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
