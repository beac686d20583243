"""Cover: whether a worker is covered on a day, as far as the asking principal may know."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.explain import Language, short
from pipeline.membership.contributions import arrears
from pipeline.membership.eligibility import coverage_answer
from pipeline.membership.member import Member
from pipeline.operations.cover_question import cover_faults
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import is_own_member
from pipeline.queries.coverage import members_of
from pipeline.queries.pages import NotFound

_NIK_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Cover:
    """`answer`: yes, no or officer. Of who may know the answer only, all else is None. `unpaid`: rupiah.

    `member_number`: of the membership that answers; None: it is not said, or nobody is registered.
    """

    answer: str
    program: str
    day: dt.date
    member_number: str | None = None
    reason: str | None = None
    words: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    paid_through: str | None = None
    unpaid: int | None = None


def check_cover(
    front: FrontOffice,
    principal: Principal,
    *,
    member: str,
    program: Literal["JKK", "JKM"],
    day: dt.date,
    language: Language,
) -> Cover:
    """`member`: membership number or NIK; of several memberships the best answer. It is what a claim would meet, as far
    as membership goes, and decides nothing.

    Raises Denied; Poison where the member or the day cannot be asked for; NotFound where an employer asks for a worker
    who is not its own.
    """
    grant = grant_of(principal, "check_cover")
    if faults := cover_faults(front, member, day):
        raise Poison("INVALID", *faults)
    is_nik = len(member) == _NIK_DIGITS
    members = members_of(front.store, nik=member) if is_nik else members_of(front.store, number=member)
    if grant.reach == "own":
        members = [one for one in members if is_own_member(principal, one)]
        if not members:
            raise NotFound("no worker of yours has this number; register the member first")
    memberships: list[Member | None] = [*members] or [None]
    answers = [(coverage_answer(one, program, day, front.book), one) for one in memberships]
    found, best = min(answers, key=lambda one: ("yes", "officer", "no").index(one[0].answer))
    if grant.view == "answer":
        return Cover(found.answer, program, day)
    owed = arrears(best, day, front.book) if best is not None else ()
    return Cover(
        found.answer,
        program,
        day,
        best.number if best is not None else None,
        found.reason,
        None if found.reason == "OK" else short(found.reason, language),
        found.since,
        found.until,
        found.paid_through,
        sum(one.owed.amount or 0 for one in owed),
    )
