"""Members, persons and claims that the register must hold before an event is taken. Pure."""

import datetime as dt
from typing import Any, Final, NamedTuple, get_args

from pipeline.claims.case import Case
from schemas.claims import Accident
from schemas.clock import local_day
from schemas.days import DayPassed
from schemas.events import IntakeEvent, MemberEvent
from schemas.membership import MemberRegistered

MEMBER_EVENTS: Final = get_args(MemberEvent)
_NONE: Final[frozenset[str]] = frozenset()
_NO_DAYS: Final[frozenset[dt.date]] = frozenset()
# Two accidents within 24 hours may have days that are two apart: 22:30 in Jakarta, and 00:30 in Papua a day later.
NEAR_DAYS: Final = 2


class Requirements(NamedTuple):
    member_numbers: frozenset[str] = frozenset()
    niks: frozenset[str] = frozenset()
    claim_ids: frozenset[str] = frozenset()
    needs_cases_of_members: bool = False  # whole cases of these members: a fact may change what was decided
    due_by: dt.date | None = None  # whole cases of the partition with `wake_on` up to this day, which has begun
    accident_days: frozenset[dt.date] = _NO_DAYS  # whole cases of the persons' accidents near them: which is which?


def requirements(event: IntakeEvent) -> Requirements:
    """What the event itself names; a case's own member comes with `requirements_of`."""
    if type(event) is DayPassed:  # fast: see docs/performance.md
        return Requirements(due_by=day_begun(event))
    fields: dict[str, Any] = vars(event.data)  # fast: see docs/performance.md
    if type(event) in MEMBER_EVENTS:
        persons = frozenset((fields["nik"],)) if type(event) is MemberRegistered else _NONE
        return Requirements(frozenset((fields["member_number"],)), persons, needs_cases_of_members=True)
    numbers: list[str | None] = [fields.get("member_number")]
    nik: str | None = None
    if (reference := fields.get("member")) is not None:
        numbers.append(reference.member_number)
        nik = reference.nik
    return Requirements(
        frozenset([one for one in numbers if one]),
        frozenset((nik,)) if nik else _NONE,
        frozenset((fields["claim_id"],)),
        accident_days=_days_of([fields.get("accident")]),
    )


def requirements_of(case: Case) -> Requirements:
    """The persons that an assessment of this case reads: its own, whom another version names, and, before it is open,
    those of the evidence that waits."""
    references = [case.member]
    accidents = [case.accident]
    if "member" in case.proposals:
        references.append(case.proposals["member"][1])
    if "accident" in case.proposals:
        accidents.append(case.proposals["accident"][1])
    numbers: set[str | None] = set()
    if case.program is None:
        for _, held in case.waiting:
            fields: dict[str, Any] = vars(held.data)
            numbers.add(fields.get("member_number"))
            references.append(fields.get("member"))
            accidents.append(fields.get("accident"))
    numbers.update(one.member_number for one in references if one is not None)
    niks = {one.nik for one in references if one is not None}
    return Requirements(
        frozenset(one for one in numbers if one),
        frozenset(one for one in niks if one),
        accident_days=_days_of(accidents),
    )


def _days_of(accidents: list[Accident | None]) -> frozenset[dt.date]:
    return frozenset([local_day(one.occurred_at) for one in accidents if one is not None])


def day_begun(event: DayPassed) -> dt.date:
    """The day that has begun where the event says that the one before it is over."""
    return event.data.day + dt.timedelta(days=1)
