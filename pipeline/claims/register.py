"""The register of a desk: members, cases and claims, found by membership number, NIK or claim id.

The caller loads it (`add_*`) and stores what `changed_*` names. An event changes it all or not at all: what it changes
is noted until `keep`, and `roll_back` restores the state before the event. Pure.
"""

from collections import defaultdict
from collections.abc import Set
from typing import Final

from pipeline.claims.case import Case
from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.double_payment import PaidLines
from pipeline.membership.member import Member

_NONE: Final[Set[str]] = frozenset()


class Register:
    """`paid`: the lines that are paid once a person and event; None: they are not checked (a history that was)."""

    def __init__(self, paid: PaidLines | None = None) -> None:
        self.paid = paid
        self.members: dict[str, Member] = {}
        self.numbers_by_nik: dict[str, set[str]] = {}
        self.cases: dict[str, Case] = {}
        self.summaries: dict[str, ClaimSummary] = {}
        self.claims_by_name: defaultdict[str, set[str]] = defaultdict(set)  # of a number or a NIK
        self.changed_members: set[str] = set()
        self.changed_cases: set[str] = set()
        # The state before the event that is being taken; None: there was none.
        self._members_before: dict[str, Member | None] = {}
        self._cases_before: dict[str, Case | None] = {}
        self._summaries_before: dict[str, ClaimSummary | None] = {}

    # --- loading

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
            self._forget_names(before)  # evidence named another member
        if number is not None:
            self.claims_by_name[number].add(claim_id)
        if nik is not None:
            self.claims_by_name[nik].add(claim_id)

    # --- looking up

    def numbers_of(self, nik: str | None) -> Set[str]:
        """The membership numbers registered under a NIK."""
        return self.numbers_by_nik.get(nik, _NONE) if nik is not None else _NONE

    def claims_of(self, number: str | None, nik: str | None) -> Set[str]:
        """The claims that name a person by this number or this NIK."""
        by_name = self.claims_by_name
        return by_name.get(number or "", _NONE) | by_name.get(nik or "", _NONE)

    def other_niks(self, summary: ClaimSummary) -> Set[str]:
        """The NIKs under which the memberships of a claim's person were registered before."""
        numbers = self.numbers_of(summary.nik) | {summary.member_number or ""}
        members = [self.members[number] for number in numbers if number in self.members]
        return {enrolment.nik for member in members for enrolment in member.enrolments} - {summary.nik}

    # --- changing, by the event that is being taken

    def change_member(self, member: Member) -> None:
        if member.number not in self._members_before:
            self._members_before[member.number] = self.members.get(member.number)
        self.add_member(member)

    def open_case(self, case: Case) -> None:
        self._cases_before[case.claim_id] = None
        self.cases[case.claim_id] = case

    def change_case(self, claim_id: str) -> Case:
        """The case as a copy that the event may change; the same one each time. The case must be there."""
        case = self.cases[claim_id]
        if claim_id not in self._cases_before:
            self._cases_before[claim_id] = case
            case = self.cases[claim_id] = case.copy()
        return case

    def change_summary(self, summary: ClaimSummary) -> None:
        if summary.claim_id not in self._summaries_before:
            self._summaries_before[summary.claim_id] = self.summaries.get(summary.claim_id)
        self.add_summary(summary)

    def summary_before(self, claim_id: str) -> ClaimSummary | None:
        """The claim as it was before the event that is being taken; None: it was not known, or has not changed."""
        return self._summaries_before.get(claim_id)

    def keep(self) -> None:
        """The event is applied."""
        if self._cases_before:
            self.changed_cases.update(self._cases_before)
        if self._members_before:
            self.changed_members.update(self._members_before)
        if self.paid is not None:
            self.paid.keep()
        self._forget_before()

    def roll_back(self) -> None:
        """The event is refused: everything is as it was before it."""
        for claim_id, case in self._cases_before.items():
            if case is None:
                del self.cases[claim_id]
            else:
                self.cases[claim_id] = case
        for claim_id, summary in self._summaries_before.items():
            self._forget_names(self.summaries.pop(claim_id))
            if summary is not None:
                self.add_summary(summary)
        for number, member in self._members_before.items():
            changed = self.members.pop(number)
            if changed.nik is not None:
                self.numbers_by_nik[changed.nik].discard(number)
            if member is not None:
                self.add_member(member)
        if self.paid is not None:
            self.paid.roll_back()
        self._forget_before()

    def _forget_before(self) -> None:
        self._members_before.clear()
        self._cases_before.clear()
        self._summaries_before.clear()

    def _forget_names(self, summary: ClaimSummary) -> None:
        for name in (summary.member_number, summary.nik):
            if name is not None:
                self.claims_by_name[name].discard(summary.claim_id)
