"""The claims desk: takes one event after another, folds it in, assesses, and says what follows.

Pure: all state is in its register, loaded by the caller, who also stores what changed. Three callers drive it: the
processor (the worker's transaction), the replay (the stored history again) and `offline` (`santunan assess`). So the
three cannot decide differently. Never imports a store, Faust or Kafka.
"""

import datetime as dt
from collections.abc import Callable
from operator import attrgetter
from typing import Final

from pipeline.claims import referrals
from pipeline.claims.assessor import Assessor, result_of
from pipeline.claims.case import Case
from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.decisions import decision_of, record
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.limits import require_few_claims, require_few_events, require_few_memberships
from pipeline.claims.parties import (
    admit,
    is_same_person,
    require_no_own_hand,
    require_own_claim,
    require_own_member,
    require_own_number,
)
from pipeline.claims.payouts import differences, payouts_of, recoveries_of
from pipeline.claims.progress import Progress
from pipeline.claims.requirements import MEMBER_EVENTS, day_begun
from pipeline.claims.reviews import apply_review, apply_settlement, payout_of
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.membership.member import Member
from pipeline.messages.outputs import decision_message, payout_messages
from pipeline.messages.records import Message
from schemas.claims import OPENING_EVENTS, AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.clock import JAKARTA
from schemas.codes import EFFECTIVE
from schemas.days import DayPassed
from schemas.decisions import Cause, Decision, FieldError, Payout
from schemas.events import IntakeEvent, MemberEvent, partition_key
from schemas.membership import Contribution, MemberRegistered, WageReport
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed

_FACTS: Final = (AccidentClaimed, DeathClaimed, EvidenceAdded)
_OPENED_ORDER: Final = attrgetter("opened_order")
_new: Final = tuple.__new__  # fast: see docs/performance.md


class Desk(Assessor):
    """An assessor that decides. The caller empties `changed_*` and `made_*` by making a new desk for each batch.

    `is_quiet`: nothing is published, so decisions and payouts are made but not written out as messages.
    `is_rerun`: the events were accepted before, so they are applied whatever is refused today.
    """

    def __init__(
        self, book: Book, paid: PaidLines | None = None, *, is_quiet: bool = False, is_rerun: bool = False
    ) -> None:
        super().__init__(book, paid)
        self.is_quiet = is_quiet
        self.is_rerun = is_rerun
        # In a rerun, what other rules once decided as this revision of this claim; what came after rests on it.
        self.recorded: Callable[[str, int], tuple[Decision, list[Payout]] | None] | None = None
        self.made_decisions: list[Decision] = []
        self.made_payouts: list[Payout] = []

    def take(self, event: IntakeEvent, clock: dt.datetime, *, order: int, partition: int = 0) -> list[Message]:
        """Everything that follows from one accepted event, in the order in which it is published.

        `clock`: when it was received (aware). `order`: its place in the order of processing, growing. Raises Poison
        where the event can be read but not applied. Nothing has changed then, nor after any other error.
        """
        decisions, payouts = len(self.made_decisions), len(self.made_payouts)
        try:
            messages = self._handle(event, clock.astimezone(JAKARTA), order, partition)
        except Exception:  # a bug, too: the next event must not meet half of this one
            self.roll_back()
            del self.made_decisions[decisions:]
            del self.made_payouts[payouts:]
            raise
        self.keep()
        return messages

    def _handle(self, event: IntakeEvent, clock: dt.datetime, order: int, partition: int) -> list[Message]:
        if isinstance(event, _FACTS):
            return self._take_facts(event, clock, order, partition)
        if isinstance(event, MEMBER_EVENTS):
            return self._take_member_fact(event, clock)
        if isinstance(event, DayPassed):
            return self._take_day(event, clock, partition)
        if isinstance(event, ClaimReviewed):
            return self._take_review(event, clock)
        if isinstance(event, PayoutSettled):
            return self._take_settlement(event, clock)
        if isinstance(event, PayoutFailed):
            return self._take_failure(event, clock)
        assert isinstance(event, ClaimAppealed)
        return self._take_appeal(event, clock)

    # --- one handler a kind of event

    def _take_facts(
        self, event: AccidentClaimed | DeathClaimed | EvidenceAdded, clock: dt.datetime, order: int, partition: int
    ) -> list[Message]:
        claim_id = event.data.claim_id
        require_few_claims(event, self)
        if claim_id in self.cases:
            case = self.change_case(claim_id)
            require_few_events(case, event)
            _require_same_program(case, event)
        else:
            case = Case(claim_id, partition_key(event) or claim_id, partition)
            self.open_case(case)
        was_open = case.program is not None
        if was_open and not self.is_rerun:
            require_own_claim(case, event, self)
        is_moved = was_open and event.data.member is not None and not is_same_person(case, event.data.member, self)
        is_former = self.recorded is not None and self.recorded(claim_id, case.progress.revision + 1) is not None
        if is_former:
            case.progress.former_events = case.event_count + 1
        admit(case, event, self)
        case.apply(event, clock)
        if case.program is None:
            case.progress.latest = case.progress.moment(clock)
            return []  # evidence waits for its claim
        if not was_open:
            case.opened_order = order
            named = event.data.member
            if not is_former and named is not None and not is_same_person(case, named, self):
                case.progress.moved_by = case.writers["member"]  # the office had named another one before
        elif not case.is_party(event.source, case.event_count):
            return []  # it is kept and shown, and does not count
        else:
            if is_moved and not is_former and case.writers["member"] == event.source:
                case.progress.moved_by = event.source
            self._note_new_facts(case, clock, is_former=is_former)
        return self._decide(case, clock, Cause(event.source, event.id))

    def _note_new_facts(self, case: Case, clock: dt.datetime, *, is_former: bool) -> None:
        """What the officer must look at before new facts count: after a ruling, where they move money that an
        effective decision has set, and where one source changed what another one wrote."""
        progress = case.progress
        if progress.ruling is not None and _is_ruled(progress):
            progress.has_new_facts = True
        elif progress.effective_outcome is not None and not is_former:
            verdict, number, _ = self.assess_plainly(case, clock)
            is_moving = verdict.outcome in EFFECTIVE and differences(progress.accounts, number, verdict.benefits)
            progress.has_new_facts = progress.has_new_facts or bool(is_moving)
        progress.contest = self.contest(case, clock) if case.proposals else None

    def _take_member_fact(self, event: MemberEvent, clock: dt.datetime) -> list[Message]:
        number = event.data.member_number
        if isinstance(event, MemberRegistered):
            require_few_memberships(event, self)
        before = self.members.get(number, Member.new(number))
        if not self.is_rerun:
            require_own_member(event, before)
        touched = self._effective_cases(event, before)
        old = {case.claim_id: result_of(self.assess(case, clock)[0]) for case in touched}
        self.change_member(before.apply(event, clock))
        outputs: list[Message] = []
        for case in touched:
            if result_of(self.assess(case, clock)[0]) != old[case.claim_id]:
                case = self.change_case(case.claim_id)
                case.progress.changed_later = True
                outputs += self._decide(case, clock, Cause(event.source, event.id))
        return outputs

    def _take_day(self, event: DayPassed, clock: dt.datetime, partition: int) -> list[Message]:
        today = day_begun(event)
        due = [
            claim_id
            for claim_id, case in self.cases.items()
            if case.partition == partition and case.progress.wake_on and case.progress.wake_on <= today
        ]
        outputs: list[Message] = []
        for claim_id in sorted(due):
            case = self.change_case(claim_id)
            verdict, _, _ = self.assess(case, clock)
            if (verdict.outcome, verdict.reason_codes) == (case.progress.outcome, case.progress.reason_codes):
                case.progress.wake_on = verdict.wake_on
            else:
                outputs += self._decide(case, clock, Cause(event.source, event.id))
        return outputs

    def _take_review(self, event: ClaimReviewed, clock: dt.datetime) -> list[Message]:
        case = self._open_claim(event)
        if not self.is_rerun:
            require_no_own_hand(case, event.source)
        apply_review(case, event, is_rerun=self.is_rerun)
        if event.data.verdict == "approve" and not self.is_rerun:
            self._require_answered(case, clock)
        return self._decide(case, clock, Cause(event.source, event.id))

    def _require_answered(self, case: Case, clock: dt.datetime) -> None:
        """Raises Poison (REVIEW_CHANGE_NEEDED) where the claim waits for the very answers that were given."""
        verdict, _, _ = self.assess(case, clock)
        answers = case.progress.answered_codes
        left = [code for code in verdict.reason_codes if code in answers] if verdict.outcome == "REFERRED" else []
        if left:
            message = (
                f"an approval does not settle {', '.join(left)}: change the lines (verdict change), reject the claim, "
                "or have the office correct the facts"
            )
            raise Poison("REVIEW_CHANGE_NEEDED", FieldError("data.verdict", message))

    def _take_settlement(self, event: PayoutSettled, clock: dt.datetime) -> list[Message]:
        case = self._open_claim(event)
        apply_settlement(case, event, clock)
        return self._decide(case, clock, Cause(event.source, event.id))

    def _take_failure(self, event: PayoutFailed, clock: dt.datetime) -> list[Message]:
        case = self._open_claim(event)
        payout_of(case, event.data.payout_id)
        failed = dict.fromkeys((*case.progress.failed_payouts, event.data.payout_id))  # reported often, kept once
        case.progress.failed_payouts = tuple(failed)
        return referrals.update(case, clock)

    def _take_appeal(self, event: ClaimAppealed, clock: dt.datetime) -> list[Message]:
        case = self._open_claim(event)
        require_few_events(case, event)
        case.progress.is_appealed = True
        return self._decide(case, clock, Cause(event.source, event.id))

    def _open_claim(self, event: ClaimReviewed | PayoutSettled | PayoutFailed | ClaimAppealed) -> Case:
        """The case of a claim that was opened, to be changed. Raises Poison (CLAIM_UNKNOWN, CLAIM_OTHER_MEMBER)."""
        case = self.cases.get(event.data.claim_id)
        if case is None or case.program is None:
            raise Poison("CLAIM_UNKNOWN", FieldError("data.claim_id", "no claim of this id was received; check the id"))
        if not self.is_rerun:
            require_own_number(case, event.data.member_number, self)
        return self.change_case(case.claim_id)

    def _effective_cases(self, event: MemberEvent, before: Member) -> list[Case]:
        """Decided cases of this person that the fact may reach, in the order in which they were opened."""
        nik = event.data.nik if isinstance(event, MemberRegistered) else before.nik
        claim_ids = self.claims_of(before.number, nik)
        found = [self.cases[claim_id] for claim_id in claim_ids if _may_reach(event, self.cases[claim_id])]
        return sorted(
            (case for case in found if case.progress.effective_outcome and not case.progress.changed_later),
            key=lambda case: (case.opened_order, case.claim_id),
        )

    # --- decisions

    def _recover_by(self, clock: dt.datetime) -> dt.date:
        today = clock.astimezone(JAKARTA).date()
        law = self.book.on(max(today, self.book.first_day))
        return today + dt.timedelta(days=law.recovery_days.value)

    def _decide(self, case: Case, clock: dt.datetime, cause: Cause) -> list[Message]:
        """Assess, and let everything follow from the verdict: decision, payouts, referral, progress, summary.

        Raises Poison (LINE_PAID_ALREADY) where another claim pays what this decision would.
        """
        progress, reference = case.progress, case.member
        assert reference is not None
        clock = progress.moment(clock)
        verdict, member, read = self.assess(case, clock)
        decision = decision_of(case, verdict, member, read, clock, cause, self.book)
        former = self.recorded(decision.claim_id, decision.revision) if self.recorded is not None else None
        if former is not None:
            (decision, payouts), verdict = former, verdict._replace(hand=None)
            progress.forget_what_is_new()
        else:
            payouts = payouts_of(case, decision, self._recover_by(clock) if progress.accounts else None)
            if progress.accounts:
                decision.recoveries = recoveries_of(payouts)
        outputs: list[Message] = []
        if not self.is_quiet:
            outputs = [decision_message(decision), *payout_messages(payouts, clock, is_first=not progress.payouts)]
        record(progress, decision, verdict, payouts, clock)
        outputs += referrals.update(case, clock)
        summary = _summary_of(case, decision, (member.nik if member is not None else None) or reference.nik)
        before = self.summaries.get(case.claim_id)
        if before is not None and progress.moved_by is not None:  # until confirmed it is, for others, whose it was
            summary = summary._replace(member_number=before.member_number, nik=before.nik)
        self.change_summary(summary)
        if self.paid is not None:
            self.paid.note(decision, summary, self.other_niks(summary) if decision.benefits else ())
        self.made_decisions.append(decision)
        self.made_payouts += payouts
        return outputs


def _summary_of(case: Case, decision: Decision, nik: str | None) -> ClaimSummary:
    return _new(
        ClaimSummary,
        (
            case.claim_id,
            case.opened_order,
            decision.member_number,
            nik,
            decision.revision,
            decision.program,
            decision.event_date,
            case.asked(),
            decision.outcome,
            frozenset([line for line, _ in case.progress.lines]),
        ),
    )


def _require_same_program(case: Case, event: AccidentClaimed | DeathClaimed | EvidenceAdded) -> None:
    """Raises Poison (CLAIM_ID_TAKEN) where the id names a claim of another program."""
    if case.program is None or not isinstance(event, OPENING_EVENTS):
        return
    program = "JKK" if isinstance(event, AccidentClaimed) else "JKM"
    if program != case.program:
        message = f"this id already names a {case.program} claim; give the {program} claim an id of its own"
        raise Poison("CLAIM_ID_TAKEN", FieldError("data.claim_id", message))


def _may_reach(event: MemberEvent, claim: Case) -> bool:
    """A contribution or wage of later months cannot change what was decided on an earlier day; but a payment made by
    that day can, for cover starts with it whatever month it is for."""
    data = event.data
    month = f"{claim.event_date:%Y-%m}"
    if isinstance(data, Contribution):
        return min(data.months) <= month or data.paid_on <= claim.event_date
    if isinstance(data, WageReport):
        return data.month <= month
    return True


def _is_ruled(progress: Progress) -> bool:
    """An officer's ruling is behind the latest decision, or waits for its second officer."""
    return progress.outcome in EFFECTIVE or "REV_SECOND_OFFICER" in progress.reason_codes
