"""Rows against the registry: who is registered already, by number, by NIK, or likely under a NIK with a slip. Pure.

Who may not see another's member learns that a NIK or number is taken, and nothing else of it: two memberships of one
person make each claim wait for an officer, so an import must not be silent about it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.enrolment.doubles import are_similar, compared
from pipeline.enrolment.rows import MemberRow
from pipeline.law.calendar import month_index
from pipeline.membership.columns import long_at, short_column
from pipeline.membership.facts import Enrolment, enrolment_of
from pipeline.membership.member import Member
from schemas.membership import MemberRegistered, WageReported

PREFIX_DIGITS: Final = 12  # of a NIK: region and date of birth; a slip behind them is the likeliest one


@dataclass(frozen=True, slots=True)
class Found:
    """What the registry knows of some rows. `own`: numbers of members that are the sender's; `left`: of members whose
    registration has ended, so that anybody may register them anew. `neighbours`: by the first
    digits of a NIK (number, NIK, name or None); `same_day`: by the day of birth (number, name); of likely doubles
    alone."""

    members: Mapping[str, Member] = field(default_factory=dict)
    numbers_of_nik: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    neighbours: Mapping[str, Sequence[tuple[str, str, str | None]]] = field(default_factory=dict)
    same_day: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


def check_known(row: MemberRow, found: Found) -> None:
    """Adds faults and questions of a row that the registry knows already."""
    number, nik = row.get("member_number"), row.get("nik")
    member = found.members.get(number) if number is not None else None
    if member is not None and nik is not None:
        _check_member(row, member, number, found)
    if nik is None:
        return
    others = [one for one in found.numbers_of_nik.get(nik, ()) if one != number]
    if others:
        if number is None and len(others) == 1 and others[0] in found.own:
            row.add("member_number", "NUMBER_KNOWN", number=others[0])
        else:
            row.add("nik", "NIK_REGISTERED", "question")
    if (name := row.get("name")) is not None:
        named = [one for other, of, one in _likely(row, nik, found) if one and of != nik and other != number]
        if any(are_similar(compared(name), compared(one)) for one in named):
            row.add("name", "LIKELY_REGISTERED", "question")


def _likely(row: MemberRow, nik: str, found: Found) -> list[tuple[str, str | None, str | None]]:
    """(number, NIK, name) of who has a NIK like this one's, or was born on the same day and has another NIK."""
    beside: list[tuple[str, str | None, str | None]] = [*found.neighbours.get(nik[:PREFIX_DIGITS], ())]
    if nik in found.numbers_of_nik or (born := row.get("birth_date")) is None:
        return beside
    return [*beside, *((number, None, name) for number, name in found.same_day.get(born.isoformat(), ()))]


def _check_member(row: MemberRow, member: Member, number: str, found: Found) -> None:
    if number not in found.own:
        day = row.get("registered_on")
        if number not in found.left or member.nik != row.get("nik") or not _is_after(member, day):
            row.add("member_number", "NUMBER_OF_OTHERS")
    elif member.nik != row.get("nik"):
        row.add("member_number", "NUMBER_OF_ANOTHER")
    elif (day := row.get("registered_on")) is not None and all(one.registered_on != day for one in member.enrolments):
        known = member.enrolments[-1].registered_on
        if not any(known <= end.ended_on < day for end in member.ends):
            row.add("registered_on", "REGISTERED_BEFORE", "question", day=known.isoformat())


def _is_after(member: Member, day: dt.date | None) -> bool:
    """Whether a registration of this day lies behind all that others registered."""
    return day is None or all(end.ended_on < day for end in member.ends)


def is_unchanged(member: Member | None, events: Sequence[Any]) -> bool:
    """Whether the registry has all that these events say. A name is not kept there, and changes nothing."""
    if member is None:
        return False
    for event in events:
        if isinstance(event, MemberRegistered):
            wanted = _facts(enrolment_of(event.data, 0, event.source))
            newest = [one for one in member.enrolments if one.registered_on == event.data.registered_on][-1:]
            if not newest or _facts(newest[0]) != wanted:
                return False
        else:
            assert isinstance(event, WageReported)
            months = short_column(member.wage_months)
            month = month_index(event.data.month)
            at = [place for place, one in enumerate(months) if one == month]
            if not at or long_at(member.wage_amounts, at[-1]) != event.data.wage:
                return False
    return True


def _facts(enrolment: Enrolment) -> tuple[Any, ...]:
    return tuple(enrolment._replace(known=0, writer=None))
