"""The claims desk: takes one event after another, folds it in, assesses, and says what follows.

Pure: all state is in memory, brought by the caller, who also keeps what changed. Three callers drive it: `batch`
(the worker's transaction), `replay` (the stored history again) and `offline` (`santunan assess`). So the three
cannot decide differently. Never imports a store, Faust or Kafka.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, NamedTuple, get_args

from pipeline.claims import referrals
from pipeline.claims.case import Case
from pipeline.claims.case_file import CaseFile, ClaimSummary, Verdict
from pipeline.claims.decisions import decision_of, record
from pipeline.claims.payouts import payouts_of
from pipeline.claims.progress import Progress
from pipeline.claims.reviews import apply_review, apply_settlement, payout_of
from pipeline.claims.rules.table import assess
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.membership.coverage import is_in_force
from pipeline.membership.member import Member
from pipeline.messages.outputs import decision_message, payout_messages
from pipeline.messages.records import Message
from schemas.claims import OPENING_EVENTS, AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.clock import JAKARTA
from schemas.codes import EFFECTIVE
from schemas.days import DayPassed
from schemas.decisions import Cause, Decision, FieldError, Payout, ReadSet
from schemas.events import IntakeEvent, MemberEvent, partition_key
from schemas.membership import Contribution, MemberRegistered, WageReport
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed
from schemas.values import source_kind

_MEMBER_EVENTS: Final = get_args(MemberEvent)
_FACTS: Final = (AccidentClaimed, DeathClaimed, EvidenceAdded)
_NONE: Final[Set[str]] = frozenset()
# Each decision looks at all of them, and a fact about the member at all of them for each: thousands, which only a
# program gone wrong sends, would keep a worker from ever finishing its turn. Nobody has so many accidents.
MOST_CLAIMS_OF_A_PERSON: Final = 100
# A claim is folded again from all its events whenever one comes. Most have a dozen.
MOST_EVENTS_OF_A_CLAIM: Final = 1_000
# Each decision looks at all of them, too, and names them. A list of members whose unknown NIKs were filled in with one
# number made of a hundred thousand people a single one, whose decisions were too long for the broker.
MOST_MEMBERSHIPS_OF_A_PERSON: Final = 100
_new: Final = tuple.__new__  # twice as fast as calling a named tuple
_NOBODY: Final[frozenset[str]] = frozenset()


class Requirements(NamedTuple):
    """What must be at the desk before an event is taken."""

    member_numbers: frozenset[str] = frozenset()
    niks: frozenset[str] = frozenset()
    claim_ids: frozenset[str] = frozenset()
    needs_cases_of_members: bool = False  # whole cases of these members: a fact may change what was decided
    due_by: dt.date | None = None  # whole cases of the partition with `wake_on` up to this day, which has begun


def requirements(event: IntakeEvent) -> Requirements:
    """What `Desk.take(event)` reads, as far as the event says; a case's own member comes with `requirements_of`."""
    if type(event) is DayPassed:  # `isinstance` asks pydantic's metaclass, which takes a microsecond to say no
        return Requirements(due_by=_day_begun(event))
    fields: dict[str, Any] = vars(event.data)  # `getattr` for a field a model lacks costs pydantic microseconds
    if type(event) in _MEMBER_EVENTS:
        persons = frozenset((fields["nik"],)) if type(event) is MemberRegistered else _NOBODY
        return Requirements(frozenset((fields["member_number"],)), persons, needs_cases_of_members=True)
    numbers: list[str | None] = [fields.get("member_number")]
    nik: str | None = None
    if (reference := fields.get("member")) is not None:
        numbers.append(reference.member_number)
        nik = reference.nik
    return Requirements(
        frozenset([one for one in numbers if one]),
        frozenset((nik,)) if nik else _NOBODY,
        frozenset((fields["claim_id"],)),
    )


def requirements_of(case: Case) -> Requirements:
    """The member and the other claims that an assessment of this case reads."""
    reference = case.member
    if reference is None:
        return Requirements()
    number, nik = reference.member_number, reference.nik
    return Requirements(frozenset({number} if number else ()), frozenset({nik} if nik else ()))


@dataclass(slots=True)
class Desk:
    """State and what changed in it. The caller empties `changed_*` and `made_*` by making a new desk a chunk.

    `is_quiet`: nobody listens, so decisions and payouts are made but not written out as messages.
    """

    book: Book
    is_quiet: bool = False
    members: dict[str, Member] = field(default_factory=dict)
    numbers_by_nik: dict[str, set[str]] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    summaries: dict[str, ClaimSummary] = field(default_factory=dict)
    claims_by_name: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of a number or a NIK
    changed_members: set[str] = field(default_factory=set)
    changed_cases: set[str] = field(default_factory=set)
    made_decisions: list[Decision] = field(default_factory=list)
    made_payouts: list[Payout] = field(default_factory=list)

    # --- what the caller brings

    def add_member(self, member: Member) -> None:
        before = self.members.get(member.number)
        if before is not None and before.nik != member.nik and before.nik is not None:
            self.numbers_by_nik[before.nik].discard(member.number)  # registered again, under the right NIK
        self.members[member.number] = member
        if member.nik is not None:
            self.numbers_by_nik.setdefault(member.nik, set()).add(member.number)

    def add_case(self, case: Case) -> None:
        self.cases[case.claim_id] = case

    def add_summary(self, summary: ClaimSummary) -> None:
        claim_id, number, nik = summary.claim_id, summary.member_number, summary.nik
        before = self.summaries.get(claim_id)
        self.summaries[claim_id] = summary
        if before is not None:
            if before.member_number == number and before.nik == nik:
                return
            for name in (before.member_number, before.nik):  # evidence named another member
                if name is not None:
                    self.claims_by_name[name].discard(claim_id)
        if number is not None:
            self.claims_by_name[number].add(claim_id)
        if nik is not None:
            self.claims_by_name[nik].add(claim_id)

    def other_niks(self, summary: ClaimSummary) -> Set[str]:
        """Those under which the memberships of a claim's person were registered before."""
        numbers = self.numbers_by_nik.get(summary.nik or "", _NONE) | {summary.member_number or ""}
        members = [self.members[number] for number in numbers if number in self.members]
        return {enrolment.nik for member in members for enrolment in member.enrolments} - {summary.nik}

    # --- the work

    def take(self, event: IntakeEvent, clock: dt.datetime, *, order: int, partition: int = 0) -> list[Message]:
        """Everything that follows from one accepted event, in the order in which it is published.

        `clock`: when it was received (aware). `order`: its place in the order of processing, growing. Raises
        Poison where the event can be read but not applied; nothing has changed then.
        """
        clock = clock.astimezone(JAKARTA)  # once, for all that asks for its day
        if isinstance(event, _FACTS):
            return self._take_facts(event, clock, order, partition)
        if isinstance(event, _MEMBER_EVENTS):
            return self._take_member_fact(event, clock)
        if isinstance(event, DayPassed):
            return self._take_day(event, clock, partition)
        case = self._opened_case(event.data.claim_id)  # type: ignore[union-attr]
        if isinstance(event, PayoutFailed):
            payout_of(case, event.data.payout_id)
            failed = dict.fromkeys((*case.progress.failed_payouts, event.data.payout_id))  # told often, once
            case.progress.failed_payouts = tuple(failed)
            self.changed_cases.add(case.claim_id)
            return referrals.update(case, clock)
        if isinstance(event, ClaimAppealed):
            _refuse_without_end(case, event)
            case.progress.is_appealed = True
        elif isinstance(event, ClaimReviewed):
            apply_review(case, event)
        elif isinstance(event, PayoutSettled):
            apply_settlement(case, event, clock)
        return self._decide(case, clock, Cause(event.source, event.id))

    def _take_facts(
        self, event: AccidentClaimed | DeathClaimed | EvidenceAdded, clock: dt.datetime, order: int, partition: int
    ) -> list[Message]:
        claim_id = event.data.claim_id
        self._refuse_too_many(event)
        case = self.cases.get(claim_id)
        if case is not None:
            _refuse_without_end(case, event)
        if case is None:
            case = Case(claim_id, partition_key(event) or claim_id, partition)
            self.cases[claim_id] = case
        elif isinstance(event, OPENING_EVENTS) and case.program is not None:
            program = "JKK" if isinstance(event, AccidentClaimed) else "JKM"
            if program != case.program:
                message = f"this id already names a {case.program} claim; give the {program} claim an id of its own"
                raise Poison("CLAIM_ID_TAKEN", FieldError("data.claim_id", message))
        was_open = case.program is not None
        case.apply(event, clock)
        self.changed_cases.add(claim_id)
        if case.program is None:
            case.progress.latest = case.progress.moment(clock)
            return []  # evidence waits for its claim
        if not was_open:
            case.opened_order = order
        elif case.progress.ruling is not None and _is_ruled(case.progress):
            case.progress.has_new_facts = True
        return self._decide(case, clock, Cause(event.source, event.id))

    def _refuse_too_many(self, event: AccidentClaimed | DeathClaimed | EvidenceAdded) -> None:
        reference = event.data.member
        if reference is None:
            return
        claims = self._claims_of(reference.member_number, reference.nik)
        is_one_more = len(claims) >= MOST_CLAIMS_OF_A_PERSON and event.data.claim_id not in claims
        if is_one_more and source_kind(event.source) != "office":
            message = f"this person has {len(claims)} claims already; only the office may add another"
            raise Poison("CLAIMS_TOO_MANY", FieldError("data.member", message))

    def _take_member_fact(self, event: MemberEvent, clock: dt.datetime) -> list[Message]:
        number = event.data.member_number
        if isinstance(event, MemberRegistered):
            self._refuse_too_many_memberships(event)
        before = self.members.get(number, Member.new(number))
        touched = self._effective_cases(event, before)
        old = {case.claim_id: _result(self._assess(case, clock)[0]) for case in touched}
        self.add_member(before.apply(event, clock))
        self.changed_members.add(number)
        outputs: list[Message] = []
        for case in touched:
            if _result(self._assess(case, clock)[0]) != old[case.claim_id]:
                case.progress.changed_later = True
                outputs += self._decide(case, clock, Cause(event.source, event.id))
        return outputs

    def _refuse_too_many_memberships(self, event: MemberRegistered) -> None:
        numbers = self.numbers_by_nik.get(event.data.nik, _NONE)
        if len(numbers) >= MOST_MEMBERSHIPS_OF_A_PERSON and event.data.member_number not in numbers:
            message = f"{len(numbers)} membership numbers have this NIK already; find out whose it is, and correct them"
            raise Poison("MEMBERSHIPS_TOO_MANY", FieldError("data.nik", message))

    def _effective_cases(self, event: MemberEvent, before: Member) -> list[Case]:
        """Decided cases of this person that the fact may reach, in the order in which they were opened."""
        nik = event.data.nik if isinstance(event, MemberRegistered) else before.nik
        claim_ids = self._claims_of(before.number, nik)
        found = [self.cases[claim_id] for claim_id in claim_ids if self._may_reach(event, self.cases[claim_id])]
        return sorted(
            (case for case in found if case.progress.effective_outcome and not case.progress.changed_later),
            key=lambda case: (case.opened_order, case.claim_id),
        )

    @staticmethod
    def _may_reach(event: MemberEvent, claim: Case) -> bool:
        """A contribution or wage of later months cannot change what was decided on an earlier day; but a payment made
        by that day can, for cover starts with it whatever month it is for."""
        data = event.data
        month = f"{claim.event_date:%Y-%m}"
        if isinstance(data, Contribution):
            return min(data.months) <= month or data.paid_on <= claim.event_date
        if isinstance(data, WageReport):
            return data.month <= month
        return True

    def _take_day(self, event: DayPassed, clock: dt.datetime, partition: int) -> list[Message]:
        today = _day_begun(event)
        due = [
            case
            for case in self.cases.values()
            if case.partition == partition and case.progress.wake_on and case.progress.wake_on <= today
        ]
        outputs: list[Message] = []
        for case in sorted(due, key=lambda case: case.claim_id):
            verdict, _, _ = self._assess(case, clock)
            self.changed_cases.add(case.claim_id)
            if (verdict.outcome, verdict.reason_codes) == (case.progress.outcome, case.progress.reason_codes):
                case.progress.wake_on = verdict.wake_on
            else:
                outputs += self._decide(case, clock, Cause(event.source, event.id))
        return outputs

    def _opened_case(self, claim_id: str) -> Case:
        case = self.cases.get(claim_id)
        if case is None or case.program is None:
            raise Poison("CLAIM_UNKNOWN", FieldError("data.claim_id", "no claim of this id was received; check the id"))
        return case

    # --- assessment

    def _assess(self, case: Case, clock: dt.datetime) -> tuple[Verdict, Member | None, ReadSet]:
        """The verdict, whose membership it is about, and what was looked at for it."""
        clock = case.progress.moment(clock)
        member, memberships = self._memberships(case, clock)
        claims = self._other_claims(case, member, memberships)
        verdict = assess(_new(CaseFile, (case, member, memberships, claims, clock)), self.book)
        read: tuple[str, ...] = (f"{member.number}@{member.version}",) if member is not None else ()
        if memberships:
            read += tuple([f"{one.number}@{one.version}" for one in memberships])
        also = tuple([f"{one.claim_id}@{one.revision}" for one in claims]) if claims else ()
        return verdict, member, ReadSet(read, also)

    def _memberships(self, case: Case, clock: dt.datetime) -> tuple[Member | None, tuple[Member, ...]]:
        """The membership a claim speaks of, and the person's others, as known at `clock`.

        By number; where that is unknown or not given, by NIK: the membership in force on the day, else the newest.
        """
        assert case.member is not None
        named = self._known(case.member.member_number, clock)
        nik = named.nik if named is not None else case.member.nik
        numbers = self.numbers_by_nik.get(nik, _NONE) if nik is not None else _NONE
        if named is not None and len(numbers) < 2:
            return named, ()
        same_person = [member for number in sorted(numbers) if (member := self._known(number, clock)) is not None]
        if named is None:
            if not same_person:
                return None, ()
            day = case.event_date
            named = max(
                same_person,
                key=lambda one: (is_in_force(one, day, self.book), one.enrolments[-1].registered_on, one.number),
            )
        return named, tuple(one for one in same_person if one.number != named.number)

    def _known(self, number: str | None, clock: dt.datetime) -> Member | None:
        member = self.members.get(number) if number is not None else None
        if member is None:
            return None
        member = member.as_of(clock)
        return member if member.is_registered else None

    def _other_claims(
        self, case: Case, member: Member | None, memberships: tuple[Member, ...]
    ) -> tuple[ClaimSummary, ...]:
        """Of the person as the claim names them, and as the memberships do: a claim keeps the NIK of its day."""
        reference = case.member
        assert reference is not None
        claim_ids = self._claims_of(reference.member_number, reference.nik)
        if member is not None:
            claim_ids = claim_ids | self._claims_of(member.number, member.nik)
        for other in memberships:
            claim_ids = claim_ids | self._claims_of(other.number, None)
        if not claim_ids:
            return ()
        found = [self.summaries[claim_id] for claim_id in claim_ids if claim_id != case.claim_id]
        found.sort(key=_OPENED_ORDER)
        return tuple(found)

    def _claims_of(self, number: str | None, nik: str | None) -> Set[str]:
        by_name = self.claims_by_name
        return by_name.get(number or "", _NONE) | by_name.get(nik or "", _NONE)

    def _decide(self, case: Case, clock: dt.datetime, cause: Cause) -> list[Message]:
        """Assess, and let everything follow from the verdict: decision, payouts, referral, progress, summary."""
        progress, reference = case.progress, case.member
        assert reference is not None
        clock = progress.moment(clock)
        verdict, member, read = self._assess(case, clock)
        decision = decision_of(case, verdict, member, read, clock, cause)
        payouts = payouts_of(case, decision)
        outputs: list[Message] = []
        if not self.is_quiet:
            outputs = [decision_message(decision), *payout_messages(payouts, clock, is_first=not progress.payouts)]
        record(progress, decision, verdict.wake_on, payouts, clock)
        outputs += referrals.update(case, clock)
        self.made_decisions.append(decision)
        self.made_payouts += payouts
        self.changed_cases.add(case.claim_id)
        self.add_summary(
            _new(
                ClaimSummary,
                (
                    case.claim_id,
                    case.opened_order,
                    decision.member_number,
                    (member.nik if member is not None else None) or reference.nik,
                    decision.revision,
                    decision.program,
                    decision.event_date,
                    case.asked(),
                    decision.outcome,
                    frozenset([line for line, _ in progress.lines]),
                ),
            )
        )
        return outputs


_OPENED_ORDER: Final = attrgetter("opened_order")


def _refuse_without_end(case: Case, event: AccidentClaimed | DeathClaimed | EvidenceAdded | ClaimAppealed) -> None:
    told = max(case.told, case.progress.revision)  # while it is not open, it has no revisions; an appeal tells no facts
    if told >= MOST_EVENTS_OF_A_CLAIM and source_kind(event.source) != "office":
        message = f"this claim has {told} events already; only the office may add another"
        raise Poison("CLAIM_EVENTS_TOO_MANY", FieldError("data.claim_id", message))


def _day_begun(event: DayPassed) -> dt.date:
    """The day that has begun where `event` says that the one before it is over."""
    return event.data.day + dt.timedelta(days=1)


def _is_ruled(progress: Progress) -> bool:
    """An officer's ruling stands behind the latest decision, or waits for its second officer."""
    return progress.outcome in EFFECTIVE or "REV_SECOND_OFFICER" in progress.reason_codes


def _result(verdict: Verdict) -> tuple[object, ...]:
    """What counts as another decision: outcome, main reason, money. A flag alone (an employer's arrears within the
    limit, paid after the event) changes nothing for anybody, and would send half of the late payers to an officer."""
    return verdict.outcome, verdict.reason_codes[0], tuple((one.line, one.amount) for one in verdict.benefits)
