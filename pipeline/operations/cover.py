"""Cover: whether a worker is covered on a day, as far as the asking principal may know."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.explain import Language, short
from pipeline.explain.coverage import cover_reason
from pipeline.explain.words import law_text
from pipeline.law import references
from pipeline.law.book import Book
from pipeline.law.declarations import Law
from pipeline.membership.arrears import law_on
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
    """`answer`: yes, no or officer. `words`, `why` (a sentence), `next` (what would mend it) and `law` (the article)
    say why; None where nothing stands in the way. `unpaid`: rupiah. `paid_through`: the last month that was paid.

    Who may know the answer only hears no number, day, month or sum of the membership: they are None.
    """

    answer: str
    program: str
    day: dt.date
    member_number: str | None = None
    reason: str | None = None
    words: str | None = None
    why: str | None = None
    next: str | None = None
    law: str | None = None
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
        members = [one for one in members if is_own_member(principal, one, day)]
        if not members:
            raise NotFound("no worker of yours has this number; register the member first")
    memberships: list[Member | None] = [*members] or [None]
    answers = [(coverage_answer(one, program, day, front.book), one) for one in memberships]
    found, best = min(answers, key=lambda one: ("yes", "officer", "no").index(one[0].answer))
    said = _said(found.reason, day, front.book, language)
    if grant.view == "answer":
        return Cover(found.answer, program, day, None, *said)
    owed = arrears(best, day, front.book) if best is not None else ()
    return Cover(
        found.answer,
        program,
        day,
        best.number if best is not None else None,
        *said,
        found.since,
        found.until,
        found.paid_through,
        sum(one.owed.amount or 0 for one in owed),
    )


def _said(
    code: str, day: dt.date, book: Book, language: Language
) -> tuple[str, str | None, str | None, str | None, str | None]:
    """(code, short words, sentence, remedy, article)."""
    if code == "OK":
        return code, None, None, None, None
    origin = _ORIGINS[code](law_on(book, day), day)
    law = law_text(origin.reference, origin.marker, language)
    return code, short(code, language), *cover_reason(code, language), law


# What the decision table cites for each code (`pipeline.claims.rules.eligibility`).
_ORIGINS: Final[Mapping[str, Callable[[Law, dt.date], references.Origin]]] = {
    "SEG_PMI_OUT_OF_SCOPE": lambda law, day: law.pmi_death,
    "MEM_NOT_REGISTERED": lambda law, day: references.REGISTRATION,
    "MEM_PROGRAM_NOT_HELD": lambda law, day: references.PROGRAM,
    "MEM_NOT_COVERED_YET": lambda law, day: references.START_OF_COVER.on(day),
    "MEM_SAME_DAY": lambda law, day: references.SAME_DAY,
    "MEM_LAPSED": lambda law, day: law.bpu_arrears_limit_months,
    "MEM_BPU_ARREARS_1_TO_3": lambda law, day: law.bpu_arrears_limit_months,
    "MEM_PAYER_ARREARS": lambda law, day: law.bpu_arrears_limit_months,
    "MEM_PU_ARREARS_GT3": lambda law, day: law.pu_arrears_limit_months,
    "MEM_PU_ARREARS_LE3": lambda law, day: law.pu_arrears_limit_months,
}
