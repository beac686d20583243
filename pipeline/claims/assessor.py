"""Assesses a case: gathers what the decision table must know of its person from the register. Pure.

What a claim is assessed with is gathered here alone, for the worker, the replay and `santunan assess`.
"""

import datetime as dt
from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from pipeline.claims.case import Case
from pipeline.claims.case_file import CaseFile, ClaimSummary, Verdict
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.progress import Contest
from pipeline.claims.register import Register
from pipeline.claims.rules.table import assess as decide_by_table
from pipeline.law.book import Book
from pipeline.membership.coverage import is_in_force
from pipeline.membership.member import Member
from schemas.decisions import ReadSet

SAME_EVENT_WITHIN: Final = dt.timedelta(hours=24)  # one accident told twice; 24:00:00 included
_NONE: Final[Mapping[str, dt.datetime]] = MappingProxyType({})
_OPENED_ORDER: Final = attrgetter("opened_order")
_new: Final = tuple.__new__  # fast: see docs/performance.md


class Assessor(Register):
    """A register that assesses its cases by a rule book."""

    def __init__(self, book: Book, paid: PaidLines | None = None) -> None:
        super().__init__(paid)
        self.book = book

    def assess(self, case: Case, clock: dt.datetime) -> tuple[Verdict, Member | None, ReadSet]:
        """The verdict, whose membership it is about, and what was looked at for it."""
        clock = case.progress.moment(clock)
        member, memberships = self._memberships(case, clock)
        claims = self._other_claims(case, member, memberships)
        near = self._near_accidents(case, claims) if claims else _NONE
        verdict = decide_by_table(_new(CaseFile, (case, member, memberships, claims, clock, near)), self.book)
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
        numbers = self.numbers_of(named.nik if named is not None else case.member.nik)
        if named is not None and len(numbers) < 2:
            return named, ()
        same_person = [member for number in sorted(numbers) if (member := self._known(number, clock)) is not None]
        if named is None:
            if not same_person:
                return None, ()
            day, paid = case.event_date, {number for number, _ in case.progress.accounts}
            named = max(
                same_person,
                key=lambda one: (
                    one.number in paid,  # what was paid for one membership stays with it
                    is_in_force(one, day, self.book),
                    one.enrolments[-1].registered_on,
                    one.number,
                ),
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
        claim_ids = self.claims_of(reference.member_number, reference.nik)
        if member is not None:
            claim_ids = claim_ids | self.claims_of(member.number, member.nik)
        for other in memberships:
            claim_ids = claim_ids | self.claims_of(other.number, None)
        if not claim_ids:
            return ()
        found = [self.summaries[claim_id] for claim_id in claim_ids if claim_id != case.claim_id]
        found.sort(key=_OPENED_ORDER)
        return tuple(found)

    def _near_accidents(self, case: Case, claims: tuple[ClaimSummary, ...]) -> Mapping[str, dt.datetime]:
        """The loader has the whole cases of claims whose day is near."""
        moment = _moment(case)
        if moment is None:
            return _NONE
        return {
            one.claim_id: other
            for one in claims
            if one.event_date != case.event_date
            and one.claim_id in self.cases
            and (other := _moment(self.cases[one.claim_id])) is not None
            and abs(other - moment) <= SAME_EVENT_WITHIN
        }

    def contest(self, case: Case, clock: dt.datetime) -> Contest | None:
        """Whether the versions of other sources would lead to another result."""
        own, _, _ = self.assess_plainly(case, clock)
        other, _, _ = self.assess_plainly(case.with_proposals(), clock)
        if result_of(own) == result_of(other):
            return None
        sections = sorted(case.proposals)
        indicative = other.total if other.outcome == "APPROVED" else other.indicative_total
        source, _, _ = case.proposals[sections[0]]
        return Contest(",".join(sections), case.writers[sections[0]], source, indicative)

    def assess_plainly(self, case: Case, clock: dt.datetime) -> tuple[Verdict, str | None, ReadSet]:
        """As `assess`, as if nothing waited for an officer; and the number of the membership."""
        plain = case.copy()
        plain.progress.has_new_facts = plain.progress.changed_later = False
        plain.progress.contest = plain.progress.moved_by = None
        assert plain.member is not None
        verdict, member, read = self.assess(plain, clock)
        return verdict, member.number if member is not None else plain.member.member_number, read


def _moment(case: Case) -> dt.datetime | None:
    """The time of an accident; a disease or a death has none."""
    accident = case.accident
    is_accident = case.program == "JKK" and accident is not None and accident.kind != "occupational_disease"
    return accident.occurred_at if is_accident and accident is not None else None


def result_of(verdict: Verdict) -> tuple[object, ...]:
    """What counts as another decision: outcome, main reason, money. A flag alone (an employer's arrears within the
    limit, paid after the event) changes nothing for anybody, and would send half of the late payers to an officer."""
    return verdict.outcome, verdict.reason_codes[0], tuple((one.line, one.amount) for one in verdict.benefits)
