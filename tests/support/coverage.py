"""Coverage for tests: generated lives of members, and a slow count of them by the plain functions of membership."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from pipeline.coverage.people import MEASURES, PROGRAMS
from pipeline.law.book import Book
from pipeline.law.calendar import month_of, month_start, month_text
from pipeline.membership.arrears import law_on
from pipeline.membership.coverage import period_on, spell_on, standing
from pipeline.membership.member import Member
from tests.support import events as e

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2026, 6, 30)
days = st.dates(FIRST, LAST)


@st.composite
def lives(draw: st.DrawFn, number: str, nik: str) -> list[Any]:
    """Registration, payments in any order and in advance or late, perhaps an end and a return."""
    start = draw(days)
    events = [_registration(draw, number, nik, start)]
    for _ in range(draw(st.integers(0, 6))):
        first = draw(st.integers(month_of(start) - 1, month_of(LAST)))
        months = (month_text(first), month_text(first + draw(st.integers(0, 5))))
        paid_on = draw(st.dates(start, LAST))
        events.append(e.paid(*months, paid_on.isoformat(), number))
    if draw(st.booleans()):
        ended = draw(st.dates(start, LAST))
        events.append(e.event("member.ended", {"member_number": number, "ended_on": ended.isoformat()},
                              time=f"{ended}T20:00:00"))  # fmt: skip
        if draw(st.booleans()) and ended < LAST:
            events.append(_registration(draw, number, nik, draw(st.dates(ended + dt.timedelta(days=1), LAST))))
    return events


def _registration(draw: st.DrawFn, number: str, nik: str, day: dt.date) -> Any:
    segment = draw(st.sampled_from(["BPU", "BPU", "PU"]))
    programs = draw(st.sampled_from([("JKK", "JKM"), ("JKK", "JKM", "JHT"), ("JKM",)]))
    more = {"declared_income": 2_000_000, "channel": draw(st.sampled_from(["Kop A", "Kop B"]))}
    data = {
        "segment": segment,
        "registered_on": day.isoformat(),
        "programs": [{"program": one, "since": day.isoformat()} for one in programs],
        "employer": {"number": "TNG00001", "scale": "small", "risk_class": "low"} if segment == "PU" else None,
        **(more if segment == "BPU" else {}),
    }
    found = e.registered(number, nik, time=f"{day}T08:00:00", **data)
    if segment == "BPU":
        del found["data"]["employer"]
    return found


def plain_counts(persons: dict[str, list[Member]], known: dict[str, dt.date], day: dt.date, book: Book) -> list[int]:
    """Each person by `standing`, one by one: what a claim would find."""
    total = dict.fromkeys(MEASURES, 0)
    for person in persons.keys() | known.keys():
        members = persons.get(person, [])
        states = [one for member in members if (one := _state(member, day, book)) is not None]
        listed = person in known and known[person] <= day
        if not states and not listed:
            continue
        total["people"] += 1
        total["known"] += listed
        order = ("never", "left", "waiting", "lapsed", "covered")
        state = max(states, key=order.index) if states else "never"
        total[state] += 1
        covering = [one for one in members if _state(one, day, book) == "covered"]
        total["at_risk"] += bool(covering) and all(_lapses_with_the_month(one, day, book) for one in covering)
        for program in PROGRAMS:
            total[program] += any(_holds(one, program, day, book) for one in members)
    return list(total.values())


def _holds(member: Member, program: str, day: dt.date, book: Book) -> bool:
    found = standing(member, program, day, book)
    return found.program_held and not found.is_not_covered_yet and not found.is_lapsed


def _state(member: Member, day: dt.date, book: Book) -> str | None:
    period = period_on(member, day, book)
    if period is None:
        return None
    if period.last < day.toordinal():
        return "left"
    if any(_holds(member, program, day, book) for program in ("JKK", "JKM")):
        return "covered"
    return "lapsed" if standing(member, "JKK", day, book).is_lapsed else "waiting"


def _lapses_with_the_month(member: Member, day: dt.date, book: Book) -> bool:
    """Whether a whole run of months is unpaid by `day`, so that the next month begins without cover."""
    period = period_on(member, day, book)
    spell = spell_on(period, day, book) if period is not None else None
    if period is None or spell is None or period.enrolment.segment != "BPU":
        return False
    month = month_of(day)
    first = month - law_on(book, month_start(month + 1)).bpu_arrears_limit_months.value + 1
    paid = [period.paid_on(one) for one in range(first, month + 1)]
    return first >= spell.first_owed and not any(one is not None and one <= day.toordinal() for one in paid)
