"""The list to act on: which members a cooperative, an employer or an office calls, with sum, day and words."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.coverage.calls import KINDS, Call, call_for
from pipeline.coverage.groups import cooperative_of, newest_enrolment
from pipeline.explain import Language
from pipeline.explain.calls import call_message
from pipeline.membership.member import Member
from pipeline.operations.coverage_keeping import MOST_WAITED_FOR, coverage_book_of, keep, require_day
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import is_own_member, own_members
from pipeline.queries.coverage_counts import members_to_call
from pipeline.queries.registry import members_among, names_of

MOST_CALLED: Final = 2_000  # nobody calls more in a week; a larger office asks by cooperative
_NO_DAY: Final = dt.date.max


@dataclass(frozen=True, slots=True)
class CallRow:
    """One member to call; see `Call`. `name` None: the registration has none. `message`: to send as it is."""

    kind: str
    member_number: str
    name: str | None
    cooperative: str
    months: tuple[str, ...]
    amount: int | None
    fine: int
    until: dt.date | None
    payer: str | None
    message: str


@dataclass(frozen=True, slots=True)
class CallList:
    """`rows`: the most urgent first. `is_cut`: there are more; ask by cooperative."""

    day: dt.date
    rows: tuple[CallRow, ...]
    is_cut: bool


def list_calls(
    front: FrontOffice,
    principal: Principal,
    *,
    day: dt.date | None = None,
    cooperative: str | None = None,
    language: Language = "id",
) -> CallList:
    """`cooperative`: as the picture names it, or its number. An employer or a cooperative sees its own members alone.

    Raises Denied, Poison where the law of the day is not known, NotReady where too many members wait to be counted.
    """
    grant = grant_of(principal, "list_calls")
    day = require_day(front, day)
    coverage = coverage_book_of(front)
    keep(coverage, front.book, MOST_WAITED_FOR)
    whose = own_members(principal) if grant.reach == "own" else None
    with coverage.reading() as connection:
        numbers = members_to_call(connection, day, whose, cooperative, MOST_CALLED + 1)
    is_cut = len(numbers) > MOST_CALLED
    members = members_among(front.store, numbers[:MOST_CALLED], [])
    if grant.reach == "own":
        members = [one for one in members if is_own_member(principal, one)]
    calls = [(one, call) for one in members if (call := call_for(one, day, front.book)) is not None]
    names = names_of(front.store, [call.member_number for _, call in calls])
    calls.sort(key=lambda one: (KINDS.index(one[1].kind), one[1].until or _NO_DAY, one[1].member_number))
    return CallList(day, tuple(_row(one, call, names, language) for one, call in calls), is_cut)


def _row(member: Member, call: Call, names: dict[str, str], language: Language) -> CallRow:
    enrolment = newest_enrolment([member])
    assert enrolment is not None  # who is called is registered
    name = names.get(member.number)
    words = call_message(
        call.kind, name or member.number, call.months, call.amount, call.fine, call.until, call.payer, language
    )
    return CallRow(
        kind=call.kind,
        member_number=member.number,
        name=name,
        cooperative=cooperative_of(enrolment),
        months=call.months,
        amount=call.amount,
        fine=call.fine,
        until=call.until,
        payer=call.payer,
        message=words,
    )
