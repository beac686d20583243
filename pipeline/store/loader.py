"""Loads members and cases of a batch in a few set-based queries, with the persons concerned locked.

A person's numbers, and claims that name a person by NIK, may lie in several partitions. So the order is: read (who
is concerned?), lock those persons in sorted order, read again what may have moved while the lock was waited for.
Never imports a driver: the engines differ in how they answer `pipeline.store.lookups`.
"""

import datetime as dt
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from pipeline.claims.case import Case
from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.desk import Desk
from pipeline.claims.double_payment import PaidLines
from pipeline.claims.requirements import NEAR_DAYS, Requirements, requirements_of
from pipeline.errors import Transient
from pipeline.processing.ports import LoadedDesk
from pipeline.store.lookups import Concerned, Lookups
from pipeline.store.rows import members_of, progress_of
from schemas.claims import AccidentClaimed, DeathClaimed, EvidenceAdded
from schemas.clock import clock_of
from schemas.events import parse

_new: Final = tuple.__new__  # twice as fast as calling a named tuple
SUMMARY_COLUMNS: Final = (
    "claim_id",
    "version",
    "opened_order",
    "member_number",
    "nik",
    "revision",
    "program",
    "event_date",
    "asked",
    "outcome",
    "effective_lines",
)
_MAY_DEPEND: Final = frozenset({"REJECTED", "REFERRED"})  # outcomes whose reason may lie in another claim
_ROUNDS: Final = 16  # a claim names a member, whose claims name another …: in practice one or two


class Loader:
    """One loading: fills a desk with all that the events of a batch will read."""

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._loaded = LoadedDesk(desk)
        self._desk = desk
        self._lookups = lookups
        self._numbers: set[str] = set()  # asked for, registered or not
        self._named: set[str] = set()  # of them and of the NIKs, those that an event or a case names
        self._niks: set[str] = set()  # whose memberships are read
        self._former: set[str] = set()  # of memberships found by NIK: only paid lines may be kept under them
        self._claims: set[str] = set()
        self._paid_lines: list[Any] = []
        self._whole: set[str] = set()  # numbers and NIKs whose claims are needed whole: a fact may reach them
        self._locked: set[str] = set()
        self._completed: set[str] = set()  # NIKs whose memberships and claims were read under the locks
        self._days: set[int] = set()  # partitions
        self._accident_days: set[dt.date] = set()

    def run(self, wanted: Iterable[tuple[int, Requirements]]) -> LoadedDesk:
        """`wanted`: by partition."""
        numbers: set[str] = set()
        claims: set[str] = set()
        due_by: dict[int, dt.date] = {}
        own: set[int] = set()
        for partition, requirements in wanted:
            own.add(partition)
            numbers |= requirements.member_numbers
            claims |= requirements.claim_ids
            self._name(requirements.niks)
            self._accident_days |= requirements.accident_days
            if requirements.needs_cases_of_members:
                self._whole |= requirements.member_numbers | requirements.niks
            if requirements.due_by is not None:
                due_by[partition] = max(requirements.due_by, due_by.get(partition, requirements.due_by))
        for partition, day in sorted(due_by.items()):
            numbers |= self._put_cases(self._lookups.cases_due(partition, day))
        self._expand(numbers, claims)
        self._follow()
        self._lock_and_complete(own)
        more = self._dependents() | self._neighbours()
        while more:
            self._expand(set(), more)
            self._follow()
            if not self._is_locked(own):
                self._lock_and_complete(own)
            more = self._neighbours()
        # Paid lines are kept under the person and the day they were paid for. All lines of one claim are kept under one
        # person, so few claims remain to be asked for by their id.
        paying = {one.claim_id for one in self._desk.summaries.values() if one.effective_lines}
        if others := paying.difference([row[-1] for row in self._paid_lines]):
            self._paid_lines += self._lookups.paid_lines_of(sorted(others))
        if self._desk.paid is not None:
            self._desk.paid = PaidLines(self._paid_lines)
        return self._loaded

    def _expand(self, numbers: set[str], claims: set[str]) -> None:
        """Read cases and members until none of them names one that was not read."""
        self._named |= numbers
        for _ in range(_ROUNDS):
            claims, numbers = claims - self._claims, numbers - self._numbers
            if claims or numbers:
                self._claims |= claims
                self._numbers |= numbers
                cases, *members = self._lookups.cases_and_members(sorted(claims), sorted(numbers))
                claims, numbers = set(), self._put_cases(cases)
                self._named |= numbers
                self._put_members(*members)
                if not numbers <= self._numbers:
                    continue
            claims = self._whole_claims() if self._whole else set()
            if claims <= self._claims:
                return
        raise AssertionError("a chain of claims and members longer than any that the rules can make")

    def _lock_and_complete(self, own: Set[int]) -> None:
        """Lock the persons, then read their other memberships and claims; where that leads to more, all once more.

        `own`: partitions that the transaction has locked. Of the others with a case here the day is shared, before the
        persons are locked: a day that passes there meanwhile could overlook what this batch, the earlier one, makes
        due.
        """
        for _ in range(_ROUNDS):
            persons, foreign = self._locked | self._persons(), self._days | self._foreign(own)
            self._completed = set(self._niks)
            asked: Set[str] = frozenset()
            if persons != self._locked or foreign != self._days:
                asked, self._locked, self._days = persons, persons, foreign
                self._paid_lines.clear()  # of all persons, once more
            # Members and cases on the desk by their own names, too: they may have moved to another person meanwhile.
            of = (sorted(self._numbers), sorted(self._completed), sorted(self._desk.cases))
            self._complete(self._lookups.lock_and_read(sorted(asked), sorted(self._days), *of))
            self._follow()
            if self._is_locked(own):
                return
        raise Transient("the persons of these events changed while their locks were waited for")

    def _is_locked(self, own: Set[int]) -> bool:
        """Whether nobody else can change what is on the desk, and it has all that is kept under these persons."""
        is_complete = self._niks == self._completed
        return is_complete and self._persons() <= self._locked and self._foreign(own) <= self._days

    def _complete(self, concerned: Concerned) -> None:
        self._paid_lines += concerned.paid_lines
        cases = concerned.cases
        moved = set()
        desk = self._desk
        for number, version in concerned.memberships:
            known = desk.members.get(number)
            if known is None or known.version != version:
                moved.add(number)
        if moved:
            numbers, niks = moved - self._numbers, set(self._niks)
            self._numbers |= moved
            self._put_members(*self._lookups.members(sorted(moved)))
            self._follow()
            if numbers or self._niks != niks:
                cases = [*cases, *self._lookups.cases_of(sorted(numbers), sorted(self._niks - niks))]
        again: set[str] = set()
        for row in cases:
            self._put_summary(row)
            # Asked for and not there, or of another version: somebody wrote it while we waited.
            if row.claim_id in self._claims and self._loaded.case_versions.get(row.claim_id) != row.version:
                again.add(row.claim_id)
        if again:
            self._claims -= again
        self._expand(set(), again)

    def _dependents(self) -> set[str]:
        """Claims of these persons that may have to be assessed again after another one; of the persons that they name
        in their turn nothing is assessed again, so the way ends there."""
        names = self._numbers | self._niks
        return {
            claim_id
            for claim_id, one in self._desk.summaries.items()
            if one.outcome in _MAY_DEPEND and (one.member_number in names or one.nik in names)
        } - self._claims

    def _neighbours(self) -> set[str]:
        """Claims for accidents of about the same day: only their whole cases tell the time."""
        days = {day + dt.timedelta(days=one) for day in self._accident_days for one in range(-NEAR_DAYS, NEAR_DAYS + 1)}
        return {
            claim_id
            for claim_id, one in self._desk.summaries.items()
            if one.program == "JKK" and one.event_date in days
        } - self._claims

    def _foreign(self, own: Set[int]) -> set[int]:
        return {case.partition for case in self._desk.cases.values()} - own

    def _follow(self) -> None:
        """From the memberships on the desk to all their NIKs: an event of an earlier clock knows one by a former NIK.

        Where a membership was found by NIK alone, the way ends there: else a list of members who were once entered
        with the NIKs of their neighbours would be one person from end to end.
        """
        for member in self._desk.members.values():
            is_near = member.number in self._named or member.nik in self._named
            (self._niks if is_near else self._former).update([enrolment.nik for enrolment in member.enrolments])

    def _persons(self) -> set[str]:
        """Who is concerned: by NIK, or by number where the number is not registered."""
        members = self._desk.members  # of some only wages and payments are known, and no NIK
        return (
            self._niks
            | self._former
            | {number for number in self._numbers if number not in members or not members[number].is_registered}
        )

    def _whole_claims(self) -> set[str]:
        for number in list(self._whole):
            member = self._desk.members.get(number)
            if member is not None:
                self._whole.update(enrolment.nik for enrolment in member.enrolments)
        wanted = sorted(self._whole)
        return {row.claim_id for row in self._lookups.cases_of(wanted, wanted)}

    def _put_members(self, heads: Sequence[Any], months: Sequence[Any]) -> None:
        for member in members_of(heads, months):
            self._desk.add_member(member)
            self._loaded.member_versions[member.number] = member.version

    def _put_cases(self, rows: Sequence[Any]) -> set[str]:
        """Whole cases on the desk; returns the numbers that they name.

        A case names its person twice: by its facts, and by its summary, by which the person's other claims find it. A
        summary may name whom the facts do not: whose claim it was, until an officer confirms that it is another's.
        """
        named: set[str] = set()
        cases = {row.claim_id: _empty_case(row) for row in rows}
        self._claims |= cases.keys()
        for row in rows:
            self._loaded.case_versions[row.claim_id] = row.version
            self._put_summary(row)
            if row.member_number is not None:
                named.add(row.member_number)
            if row.nik is not None:
                self._name({row.nik})
        folded = groupby(self._lookups.events(sorted(cases)), key=lambda row: row[0]) if cases else ()
        for claim_id, events in folded:
            _fold(cases[claim_id], events)
        for case in cases.values():
            self._desk.add_case(case)
            requirements = requirements_of(case)
            named |= requirements.member_numbers
            self._name(requirements.niks)
            self._accident_days |= requirements.accident_days
        return named

    def _name(self, niks: Set[str]) -> None:
        self._named |= niks
        self._niks |= niks

    def _put_summary(self, row: Any) -> None:
        if row.event_date is not None:
            self._desk.add_summary(summary_of(row))


@lru_cache(maxsize=4096)
def _codes(text: str | None) -> frozenset[str]:
    """Few sets, each in thousands of claims: one object for all."""
    return frozenset(text.split(",")) if text else frozenset()


_day = lru_cache(maxsize=16_384)(dt.date.fromisoformat)


def summary_of(row: Any) -> ClaimSummary:
    """What other claims of the person must know of this one; `row` is one of `cases` that was decided."""
    return _new(
        ClaimSummary,
        (
            row.claim_id,
            row.opened_order,
            row.member_number,
            row.nik,
            row.revision,
            row.program,
            _day(row.event_date),
            _codes(row.asked),
            row.outcome,
            _codes(row.effective_lines),
        ),
    )


def _empty_case(row: Any) -> Case:
    return Case(row.claim_id, row.key, row.partition, row.opened_order, progress=progress_of(row.progress))


def _fold(case: Case, events: Iterable[Any]) -> None:
    for _claim_id, clock, raw in events:
        event = parse(raw)
        if isinstance(event, AccidentClaimed | DeathClaimed | EvidenceAdded):
            case.apply(event, clock_of(clock))
