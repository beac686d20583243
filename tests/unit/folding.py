"""A member folded from event documents, each known at its own `time`, in the order they are given."""

import datetime as dt
from typing import Any

from pipeline.member import Member
from schemas.events import parse
from tests import events as make


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
