"""Progress of a claim, what has been decided on it so far, and the ruling of an officer that is in force.

Pure. What cannot be folded from a claim's events (revisions, rulings, money ordered) is kept here and stored beside it.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from schemas.codes import Outcome, PaperName
from schemas.reviews import LineChange

Account = tuple[str, str]  # membership number of the person, payee


class Contest(NamedTuple):
    """A source changed sections that another one wrote, and with them the result. `indicative`: rupiah by the new
    versions, None where not computable."""

    sections: str  # with commas between
    writer: str
    other: str
    indicative: int | None


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
    seen_events: int = 0  # of the claim, when it was made: a paper asked for must come after them

    @property
    def officers(self) -> tuple[str, ...]:
        return (self.officer,) if self.second_officer is None else (self.officer, self.second_officer)

    def moves_the_same_as(self, other: "Ruling") -> bool:
        """Whether both lead to the same money, made by the same officer or not."""
        return (self.verdict, self.changes) == (other.verdict, other.changes)


@dataclass(slots=True, init=False)
class Progress:
    """What was decided so far. `accounts`: rupiah ordered by person (membership number) and payee, net.
    `answered_codes`: those that officers answered, and `answered_by` who did since money was decided last.

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
    accounts: dict[Account, int]
    approved_on: dt.date | None  # Jakarta day on which the last fact needed for APPROVED was received
    payouts: dict[str, int]  # payout id -> rupiah, recoveries negative
    settlements: dict[str, tuple[dt.date, dt.date]]  # payout id -> paid on, known on
    failed_payouts: tuple[str, ...]
    answered_codes: tuple[str, ...]
    answered_by: tuple[str, ...]
    filed_by: tuple[str, ...]  # who wrote advice or amounts on file since money was decided last
    chosen_children: tuple[int, ...]  # places in the list of children, from 1, that an officer chose
    ruling: Ruling | None
    replaced_officer: str | None  # whose ruling waited for a second officer, and was replaced by another
    moved_alone: dict[str, int]  # person -> rupiah that he moved on this claim without a second hand
    parties: dict[str, int]  # source -> the event from which on what it sends counts
    former_events: int  # of the claim, from before parties were kept: whatever these say counts
    weighed_events: int  # a proposal (`claims.case`) up to this event waits no more
    accepted_events: tuple[int, ...]  # the proposals that an officer accepted
    contest: Contest | None  # what another source's version of a section would change
    moved_by: str | None  # the office that named another person, until an officer has confirmed it
    has_new_facts: bool  # facts came after an effective ruling: an officer must look again
    changed_later: bool  # a membership fact that came later would have changed the decision
    is_appealed: bool
    indicative_total: int | None
    referrals_opened: int
    referral_id: str | None  # of the open referral
    referral_codes: tuple[str, ...]
    referred_on: dt.date | None  # Jakarta day since which the claim waits for officers without a break
    answer_by: dt.date | None  # last day on which an answer is in time (`claims.referrals`)
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
        self.accounts = {}
        self.approved_on = None
        self.payouts = {}
        self.settlements = {}
        self.failed_payouts = ()
        self.answered_codes = ()
        self.answered_by = ()
        self.filed_by = ()
        self.chosen_children = ()
        self.ruling = None
        self.replaced_officer = None
        self.moved_alone = {}
        self.parties = {}
        self.former_events = 0
        self.weighed_events = 0
        self.accepted_events = ()
        self.contest = None
        self.moved_by = None
        self.has_new_facts = False
        self.changed_later = False
        self.is_appealed = False
        self.indicative_total = None
        self.referrals_opened = 0
        self.referral_id = None
        self.referral_codes = ()
        self.referred_on = None
        self.answer_by = None
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
        made.accounts = self.accounts.copy()
        made.approved_on = self.approved_on
        made.payouts = self.payouts.copy()
        made.settlements = self.settlements.copy()
        made.failed_payouts = self.failed_payouts
        made.answered_codes = self.answered_codes
        made.answered_by = self.answered_by
        made.filed_by = self.filed_by
        made.chosen_children = self.chosen_children
        made.ruling = self.ruling
        made.replaced_officer = self.replaced_officer
        made.moved_alone = self.moved_alone.copy()
        made.parties = self.parties.copy()
        made.former_events = self.former_events
        made.weighed_events = self.weighed_events
        made.accepted_events = self.accepted_events
        made.contest = self.contest
        made.moved_by = self.moved_by
        made.has_new_facts = self.has_new_facts
        made.changed_later = self.changed_later
        made.is_appealed = self.is_appealed
        made.indicative_total = self.indicative_total
        made.referrals_opened = self.referrals_opened
        made.referral_id = self.referral_id
        made.referral_codes = self.referral_codes
        made.referred_on = self.referred_on
        made.answer_by = self.answer_by
        made.wake_on = self.wake_on
        made.latest = self.latest
        return made

    def forget_what_is_new(self) -> None:
        """As the program kept a claim before it kept parties and hands; the store's migration leaves the same."""
        self.answered_by, self.filed_by, self.chosen_children, self.replaced_officer = (), (), (), None
        if self.ruling is not None:
            self.ruling = replace(self.ruling, seen_events=0)

    def moment(self, clock: dt.datetime) -> dt.datetime:
        """When an event of this `clock` is decided: not before what is known of the claim already was.

        An event that was refused and is handed in again, or that waited in another topic, comes after later ones. By
        its own clock their facts would lie in the future, and what was paid for them would be asked back.
        """
        return clock if self.latest is None or self.latest < clock else self.latest

    @property
    def needs_officer(self) -> bool:
        """Whether row 0 has something to say: a ruling, or what an officer must look at."""
        if self.ruling is not None or self.has_new_facts or self.changed_later:
            return True
        return self.contest is not None or self.moved_by is not None

    @property
    def settled_on(self) -> dt.date | None:
        """Day of the first settlement of money paid out: only that one can be late. One dated after the day it was
        received, which was accepted before, does not count."""
        for payout, (paid_on, known_on) in self.settlements.items():
            if self.payouts[payout] > 0 and paid_on <= known_on:
                return paid_on
        return None


def ruling_of(review: Any, officer: str, seen_events: int) -> Ruling:
    """The ruling that a review makes (`schemas.reviews.Review`) on what the claim's events say so far."""
    changes: tuple[LineChange, ...] = review.changes
    return Ruling(
        verdict=review.verdict,
        officer=officer,
        answers=tuple(sorted(set(review.answers))),
        changes=tuple(sorted((change.line, change.amount) for change in changes)),
        documents=tuple(dict.fromkeys(review.documents)),
        seen_events=seen_events,
    )


def seconded(ruling: Ruling, officer: str) -> Ruling:
    return replace(ruling, second_officer=officer)
