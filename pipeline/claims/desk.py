"""The claims desk: takes one event after another, folds it in, assesses, and says what follows.

Pure: all state is in its register, loaded by the caller, who also stores what changed. Three callers drive it: the
processor (the worker's transaction), the replay (the stored history again) and `offline` (`santunan assess`). So the
three cannot decide differently. Never imports a store, Faust or Kafka.
"""

import datetime as dt
from typing import Final

from pipeline.claims import referrals
from pipeline.claims.assessor import result_of
from pipeline.claims.case import Case
from pipeline.claims.case_file import Verdict
from pipeline.claims.decider import Decider, answer_of, in_opened_order
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.findings import require_apt_findings
from pipeline.claims.limits import require_few_claims, require_few_events, require_few_memberships
from pipeline.claims.parties import (
    admit,
    is_same_person,
    require_no_own_hand,
    require_own_claim,
    require_own_member,
    require_own_number,
)
from pipeline.claims.payouts import differences
from pipeline.claims.progress import Progress
from pipeline.claims.requirements import MEMBER_EVENTS, day_begun
from pipeline.claims.reviews import apply_review, apply_settlement, payout_of
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.membership.member import Member
from pipeline.messages.records import Message
from schemas.claims import OPENING_EVENTS, AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.clock import JAKARTA
from schemas.codes import EFFECTIVE
from schemas.days import DayPassed
from schemas.decisions import Cause, FieldError
from schemas.events import IntakeEvent, MemberEvent, partition_key
from schemas.membership import Contribution, MemberRegistered, WageReport
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed

_FACTS: Final = (AccidentClaimed, DeathClaimed, EvidenceAdded)
_TOLD_AFTER: Final = dt.timedelta(days=2)  # so that a whole day lies between, whatever the hour of receipt
_NOT_REGISTERED: Final = "MEM_NOT_REGISTERED"


class Desk(Decider):
    """A decider that takes events. The caller empties `changed_*` and `made_*` by making a new desk for each batch.

    `is_rerun`: the events were accepted before, so they are applied whatever is refused today.
    """

    def __init__(
        self, book: Book, paid: PaidLines | None = None, *, is_quiet: bool = False, is_rerun: bool = False
    ) -> None:
        super().__init__(book, paid, is_quiet=is_quiet)
        self.is_rerun = is_rerun

    def take(self, event: IntakeEvent, clock: dt.datetime, *, order: int, partition: int = 0) -> list[Message]:
        """Everything that follows from one accepted event, in the order in which it is published.

        `clock`: when it was received (aware). `order`: its place in the order of processing, growing. Raises Poison
        where the event can be read but not applied. Nothing has changed then, nor after any other error.
        """
        decisions, payouts = len(self.made_decisions), len(self.made_payouts)
        try:
            clock = clock.astimezone(JAKARTA)
            messages = self._handle(event, clock, order, partition)
            messages += self._follow_up(event, clock)
        except Exception:  # a bug, too: the next event must not meet half of this one
            self.roll_back()
            self._decided.clear()
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
        if event.data.advice is not None or event.data.approved is not None:
            case.progress.filed_by = tuple(dict.fromkeys((*case.progress.filed_by, event.source)))
        if case.program is not None and not self.is_rerun:
            require_apt_findings(self, case, event, clock)
        if case.program is None:
            case.progress.latest = case.progress.moment(clock)
            case.progress.wake_on = clock.date() + _TOLD_AFTER
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
        reached = self._reached_cases(event, before)
        old = {case.claim_id: self.assess(case, clock) for case in reached}
        self.change_member(before.apply(event, clock))
        outputs: list[Message] = []
        for case in reached:
            is_decided = case.progress.effective_outcome is not None and not case.progress.changed_later
            verdict, (former, member, _) = self.assess(case, clock)[0], old[case.claim_id]
            of = result_of if is_decided else answer_of
            if of(verdict) == of(former):
                continue
            is_anew = not is_decided or (
                isinstance(event, MemberRegistered)
                and member is None
                and self._may_be_decided_anew(case, former, clock)
            )
            outputs += self._decide_again(event, case, clock, has_changed_later=not is_anew)
        return outputs

    def _may_be_decided_anew(self, case: Case, former: Verdict, clock: dt.datetime) -> bool:
        """A claim that came before its member's registration, which another topic may hold back (amendment 9): it was
        refused since nothing was known of the member; no officer has ruled, no money has moved."""
        progress = case.progress
        if progress.outcome != "REJECTED" or former.reason_codes[0] != _NOT_REGISTERED or progress.needs_officer:
            return False
        assert progress.latest is not None
        hours = self.law_of(clock).registration_wait_hours.value
        return not progress.payouts and clock - progress.latest <= dt.timedelta(hours=hours)

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
            progress = case.progress
            if case.program is None:
                progress.wake_on = None
                outputs += [] if self.is_quiet else [referrals.waiting_evidence(case, clock)]
                continue
            verdict, _, _ = self.assess(case, clock)
            if (verdict.outcome, verdict.reason_codes) == (progress.outcome, progress.reason_codes):
                progress.wake_on = verdict.wake_on
            else:
                outputs += self._decide_again(event, case, clock)
        return outputs

    def _take_review(self, event: ClaimReviewed, clock: dt.datetime) -> list[Message]:
        case = self._open_claim(event)
        if not self.is_rerun:
            require_no_own_hand(case, event.source)
        apply_review(case, event, is_rerun=self.is_rerun)
        if event.data.verdict == "approve" and not self.is_rerun:
            self._require_answered(case, clock)
        return self._decide(case, clock, Cause(event.source, event.id), is_review=True)

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
        apply_settlement(case, event, clock, is_rerun=self.is_rerun)
        return self._decide(case, clock, Cause(event.source, event.id))

    def _take_failure(self, event: PayoutFailed, clock: dt.datetime) -> list[Message]:
        case = self._open_claim(event)
        payout_of(case, event.data.payout_id)
        failed = dict.fromkeys((*case.progress.failed_payouts, event.data.payout_id))  # reported often, kept once
        case.progress.failed_payouts = tuple(failed)
        return referrals.update(case, clock, self.book)

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

    def _reached_cases(self, event: MemberEvent, before: Member) -> list[Case]:
        """Decided cases of this person that the fact may reach, in the order in which they were opened."""
        nik = event.data.nik if isinstance(event, MemberRegistered) else before.nik
        cases = [self.cases[claim_id] for claim_id in self.claims_of(before.number, nik)]
        return in_opened_order(case for case in cases if case.progress.revision and _may_reach(event, case))


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
