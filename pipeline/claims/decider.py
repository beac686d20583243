"""Decides a case: lets everything follow from its verdict, for other claims of the same persons too. Pure."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from pipeline.claims import referrals
from pipeline.claims.assessor import Assessor, result_of
from pipeline.claims.case import Case
from pipeline.claims.case_file import ClaimSummary, Verdict
from pipeline.claims.decisions import decision_of, record
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.payouts import moved, payouts_of, recoveries_of
from pipeline.law.book import Book
from pipeline.law.declarations import Law
from pipeline.membership.member import Member
from pipeline.messages.outputs import decision_message, payout_messages
from pipeline.messages.records import Message
from schemas.clock import JAKARTA
from schemas.codes import EFFECTIVE, LATE_PAYMENT
from schemas.decisions import Cause, Decision, Payout
from schemas.events import IntakeEvent
from schemas.reviews import ClaimReviewed

Recorded = Callable[[str, int], tuple[Decision, list[Payout]] | None]
Follows = Callable[[str, int, Cause], bool]

# Reasons that lie in another claim of the person.
_DEPENDENT: Final = frozenset({"CLM_DUPLICATE", "CLM_SAME_EVENT", "JKM_WORK_RELATED"})
_new: Final = tuple.__new__  # fast: see docs/performance.md


class Decider(Assessor):
    """An assessor that decides.

    `is_quiet`: nothing is published, so decisions and payouts are made but not written out as messages.
    """

    def __init__(self, book: Book, paid: PaidLines | None = None, *, is_quiet: bool = False) -> None:
        super().__init__(book, paid)
        self.is_quiet = is_quiet
        # In a rerun, what other rules once decided as this revision of this claim; what came after rests on it.
        self.recorded: Recorded | None = None
        # In a rerun, whether the history goes on from this revision with a decision for this cause.
        self.follows: Follows | None = None
        self.made_decisions: list[Decision] = []
        self.made_payouts: list[Payout] = []
        self._decided: list[Case] = []  # by the event that is being taken

    def law_of(self, clock: dt.datetime) -> Law:
        """The law of the day on which something is decided."""
        return self.book.on(max(clock.astimezone(JAKARTA).date(), self.book.first_day))

    def _decide(
        self, case: Case, clock: dt.datetime, cause: Cause, *, is_asked: bool = True, is_review: bool = False
    ) -> list[Message]:
        """Assess, and let everything follow from the verdict: decision, payouts, referral, progress, summary.

        Money that was ordered is changed by a review alone: whatever else would change it, another claim that came
        meanwhile too, makes an officer look at it.

        `is_asked`: False where the event speaks of something else; then a claim is left as it is where another one
        pays what it would. Else Poison (LINE_PAID_ALREADY) is raised.
        """
        progress, reference = case.progress, case.member
        assert reference is not None
        clock = progress.moment(clock)
        verdict, member, read = self.assess(case, clock)
        former = self.recorded(case.claim_id, progress.revision + 1) if self.recorded is not None else None
        if progress.accounts and not is_review and former is None and _moves_ordered(case, verdict, member):
            progress.has_new_facts = True
            verdict, member, read = self.assess(case, clock)
        decision = decision_of(case, verdict, member, read, clock, cause, self.book)
        nik = (member.nik if member is not None else None) or reference.nik
        if not is_asked and self._is_paid(case, decision, nik):
            return []
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
        outputs += referrals.update(case, clock, self.book)
        summary = _summary_of(case, decision, nik)
        before = self.summaries.get(case.claim_id)
        if before is not None and progress.moved_by is not None:  # until confirmed it is, for others, whose it was
            summary = summary._replace(member_number=before.member_number, nik=before.nik)
        self.change_summary(summary)
        if self.paid is not None:
            self.paid.note(decision, summary, *self._beside(decision, summary))
        self.made_decisions.append(decision)
        self.made_payouts += payouts
        self._decided.append(case)
        return outputs

    def _decide_again(
        self,
        event: IntakeEvent,
        case: Case,
        clock: dt.datetime,
        *,
        has_changed_later: bool = False,
        has_new_facts: bool = False,
    ) -> list[Message]:
        """Decide a claim that the event does not speak of. What must be looked at by an officer first is marked."""
        cause = Cause(event.source, event.id)
        if self.follows is not None and not self.follows(case.claim_id, case.progress.revision, cause):
            return []
        progress = self.change_case(case.claim_id).progress
        before = progress.revision, progress.changed_later, progress.has_new_facts
        progress.changed_later = progress.changed_later or has_changed_later
        progress.has_new_facts = progress.has_new_facts or has_new_facts
        messages = self._decide(self.cases[case.claim_id], clock, cause, is_asked=False)
        if progress.revision == before[0]:  # another claim pays what this one would
            _, progress.changed_later, progress.has_new_facts = before
        return messages

    def _follow_up(self, event: IntakeEvent, clock: dt.datetime) -> list[Message]:
        """Claims that were refused or wait because of one that was decided now are assessed again, each once.

        An officer looks at them first where an effective decision would change, or where an officer ruled on the other
        claim: what was found wrong with one report of an accident may be wrong with the next.
        """
        if not self._decided:
            return []
        decided, self._decided = self._decided, []
        outputs: list[Message] = []
        for case in self._dependents(decided):
            progress = case.progress
            verdict, _, _ = self.assess(case, clock)
            if progress.outcome == "REJECTED":
                is_same = result_of(verdict) == ("REJECTED", progress.reason_codes[0], progress.lines)
            else:
                now = verdict.outcome, verdict.reason_codes, verdict.indicative_total
                is_same = now == (progress.outcome, progress.reason_codes, progress.indicative_total)
            if not is_same:
                is_looked_at = progress.outcome == "REJECTED" or isinstance(event, ClaimReviewed)
                is_new = is_looked_at and verdict.outcome == "APPROVED"
                outputs += self._decide_again(event, case, clock, has_new_facts=is_new)
        self._decided.clear()
        return outputs

    def _dependents(self, decided: list[Case]) -> list[Case]:
        claim_ids: set[str] = set()
        for case in decided:
            for summary in (self.summaries[case.claim_id], self.summary_before(case.claim_id)):
                if summary is not None:
                    claim_ids.update(self.claims_of(summary.member_number, summary.nik))
                    for number in self.numbers_of(summary.nik):
                        claim_ids.update(self.claims_of(number, None))
        if len(claim_ids) <= len(decided):
            return []
        claim_ids.difference_update([case.claim_id for case in decided])
        cases = [self.cases[one] for one in claim_ids if one in self.cases]
        return in_opened_order(case for case in cases if not _DEPENDENT.isdisjoint(case.progress.reason_codes))

    def _is_paid(self, case: Case, decision: Decision, nik: str | None) -> bool:
        if self.paid is None or not decision.benefits:
            return False
        summary = _summary_of(case, decision, nik)
        return self.paid.is_paid(decision, summary, *self._beside(decision, summary))

    def _beside(
        self, decision: Decision, summary: ClaimSummary
    ) -> tuple[Collection[str], Collection[str], Mapping[str, ClaimSummary]]:
        """Lines of JKM that are paid once a person, other NIKs of the same person, and the claims that are loaded."""
        law = self.book.on(max(decision.event_date, self.book.first_day))
        niks = self.other_niks(summary) if decision.benefits else ()
        return law.jkm_lines_once_a_person.value, niks, self.summaries

    def _recover_by(self, clock: dt.datetime) -> dt.date:
        days = self.law_of(clock).recovery_days.value
        return clock.astimezone(JAKARTA).date() + dt.timedelta(days=days)


def in_opened_order(cases: Iterable[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (case.opened_order, case.claim_id))


def answer_of(verdict: Verdict) -> tuple[object, ...]:
    """All that a verdict says to those who wait: what is asked of them, too."""
    unmet = tuple([check for check in verdict.trace if check.result != "met"])
    return verdict.outcome, verdict.reason_codes, verdict.benefits, verdict.indicative_total, verdict.missing, unmet


def _moves_ordered(case: Case, verdict: Verdict, member: Member | None) -> bool:
    progress, reference = case.progress, case.member
    assert reference is not None
    if verdict.outcome not in EFFECTIVE or not any(progress.accounts.values()):
        return False
    number = member.number if member is not None else reference.member_number  # an officer may pay a stranger, too
    return moved(progress.accounts, number, verdict.benefits, dict(progress.lines).get(LATE_PAYMENT, 0)) > 0


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
