"""The members of a cooperative or an employer: who is covered, who is about to lapse, what is to be paid."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.coverage.calls import Call, call_for, due_for
from pipeline.coverage.people import STATES, state_on
from pipeline.explain import Language
from pipeline.explain.calls import call_message
from pipeline.law.book import Book
from pipeline.membership.member import Member
from pipeline.operations.coverage_keeping import MOST_WAITED_FOR, coverage_book_of, keep, require_day
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import is_own_member, own_members
from pipeline.queries.coverage_counts import members_listed
from pipeline.queries.registry import members_among, names_of

MOST_LISTED: Final = 5_000  # members; two seconds
GROUPS: Final = ("lapses", "lapsed", "waiting", "covered", "left")  # who needs something first
_NO_DAY: Final = dt.date.max


@dataclass(frozen=True, slots=True)
class ProtectedMember:
    """One member. `group`: lapses (covered until this month ends, unless something is paid), lapsed, waiting for the
    first contribution, covered, left. `kind`, `months`, `amount`, `fine`, `until`: as `Call` has them, of what there is
    to pay; None and empty: nothing. `amount` None: the wage is not known. `message`: to send as it is; None: there is
    nobody to tell.
    """

    group: str
    member_number: str
    name: str | None
    kind: str | None
    months: tuple[str, ...]
    amount: int | None
    fine: int
    until: dt.date | None
    message: str | None


@dataclass(frozen=True, slots=True)
class DueDay:
    """What is to be paid until a day: members, and rupiah with fines. `until` None: cover begins on the day of payment,
    or where `is_late`, an employer owes it. `unknown`: members whose amount is not known."""

    until: dt.date | None
    is_late: bool
    members: int
    amount: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Protection:
    """`counts`: members by group, of GROUPS. `dues`: the next day first. `rows`: who needs something first.
    `is_cut`: there are more members; ask by cooperative."""

    day: dt.date
    counts: dict[str, int]
    dues: tuple[DueDay, ...]
    rows: tuple[ProtectedMember, ...]
    is_cut: bool


def list_protection(
    front: FrontOffice,
    principal: Principal,
    *,
    day: dt.date | None = None,
    cooperative: str | None = None,
    language: Language = "id",
) -> Protection:
    """`cooperative`: as the picture names it, or its number. An employer or a cooperative sees its own members alone.

    Raises Denied, Poison where the law of the day is not known, NotReady where too many members wait to be counted.
    """
    grant = grant_of(principal, "list_protection")
    day = require_day(front, day)
    coverage = coverage_book_of(front)
    keep(coverage, front.book, MOST_WAITED_FOR)
    whose = own_members(principal) if grant.reach == "own" else None
    with coverage.reading() as connection:
        numbers = members_listed(connection, whose, cooperative, MOST_LISTED + 1)
    members = members_among(front.store, numbers[:MOST_LISTED], [])
    if grant.reach == "own":
        members = [one for one in members if is_own_member(principal, one)]
    names = names_of(front.store, [one.number for one in members])
    found = [_row(one, state, day, front.book, names.get(one.number), language) for one in members
             if (state := state_on([one], day, front.book)) is not None]  # fmt: skip
    found.sort(key=lambda one: (GROUPS.index(one.group), one.until or _NO_DAY, one.member_number))
    counts = {name: sum(one.group == name for one in found) for name in GROUPS}
    return Protection(day, counts, tuple(_dues(found)), tuple(found), len(numbers) > MOST_LISTED)


def _row(
    member: Member, state: str, day: dt.date, book: Book, name: str | None, language: Language
) -> ProtectedMember:  # fmt: skip
    assert state in STATES
    call = call_for(member, day, book)
    due = call or due_for(member, day, book)
    group = "lapses" if call is not None and call.kind == "lapses" and state == "covered" else state
    if due is None:
        return ProtectedMember(group, member.number, name, None, (), None, 0, None, None)
    message = _message(call, name or member.number, language) if call is not None else None
    return ProtectedMember(
        *(group, member.number, name, due.kind, due.months, due.amount, due.fine),
        *(due.until, message),
    )  # fmt: skip


def _message(call: Call, name: str, language: Language) -> str:
    return call_message(call.kind, name, call.months, call.amount, call.fine, call.until, call.payer, language)


def _dues(rows: Iterable[ProtectedMember]) -> list[DueDay]:
    found: dict[tuple[dt.date, bool], list[ProtectedMember]] = {}
    for row in rows:
        if row.kind is not None:
            found.setdefault((row.until or _NO_DAY, row.kind == "employer"), []).append(row)
    return [
        DueDay(
            until if until != _NO_DAY else None,
            is_late,
            len(some),
            sum((one.amount or 0) + one.fine for one in some),
            sum(one.amount is None for one in some),
        )
        for (until, is_late), some in sorted(found.items())
    ]
