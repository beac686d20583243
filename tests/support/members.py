"""Members folded from event documents, each known at its own `time`, and what is so of them on a day."""

import datetime as dt
from typing import Any

from pipeline.law.book import Book
from pipeline.membership.coverage import Standing, standing
from pipeline.membership.member import Member
from schemas.events import parse
from tests.support import events as make


def fold(*documents: Any, number: str = make.NUMBER) -> Member:
    member = Member.new(number)
    for document in documents:
        event = parse(make.raw(document))
        member = member.apply(event, event.time)  # type: ignore[arg-type]
    return member


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def changed_programs(*programs: dict[str, str], time: str) -> Any:
    return make.event("member.programs-changed", {"member_number": make.NUMBER, "programs": programs}, time=time)


def ended(on: str, *, time: str = "") -> Any:
    data = {"member_number": make.NUMBER, "ended_on": on}
    return make.event("member.ended", data, time=time or f"{on}T17:00:00")


def held(program: str, since: str, until: str | None = None) -> dict[str, str]:
    return {"program": program, "since": since} | ({"until": until} if until else {})


def paid_monthly(first: str, last: str, on_the: str = "10", number: str = make.NUMBER) -> list[Any]:
    """Each month paid in that month."""
    return [make.paid(month, month, f"{month}-{on_the}", number) for month in make.months(first, last)]


def bpu(*documents: Any, registered_on: str = "2023-01-05", **change: Any) -> Member:
    """A self-employed member with JKK and JKM who declared 1,000,000 a month."""
    programs = [held("JKK", registered_on), held("JKM", registered_on)]
    data: dict[str, Any] = {"segment": "BPU", "registered_on": registered_on, "declared_income": 1_000_000}
    data["programs"] = programs
    return fold(make.registered(time=f"{registered_on}T08:00:00", **(data | change)), *documents)


def on(member: Member, text: str, program: str = "JKK", *, is_disease: bool = False) -> Standing:
    return standing(member, program, day(text), Book.load(), is_disease=is_disease)


def start_of_cover(found: Standing) -> str:
    """What row 6 makes of it."""
    if found.is_not_covered_yet:
        return "not yet"
    return "start day" if found.is_start_day else "covered"
