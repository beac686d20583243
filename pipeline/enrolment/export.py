"""Members of the registry as rows of the sheet that `members import` reads. Pure.

A row says what the sheet can hold. What it cannot (another payer, a program that began or ended on another day) would
be changed by an import, so such a row says that an import leaves it out. Sex and decisions are not kept, and not here.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline.enrolment.columns import CHOICES, COLUMNS, spelling_of
from pipeline.enrolment.events import events_of
from pipeline.enrolment.registry import is_unchanged
from pipeline.enrolment.rows import read_row
from pipeline.law.calendar import month_index
from pipeline.membership.columns import long_at, short_column
from pipeline.membership.facts import Enrolment, enrolment_of
from pipeline.membership.member import Member
from pipeline.messages.intake import read_event
from pipeline.sheets.cells import Cell, Row
from schemas.membership import MemberRegistered

EXPORTED: Final = tuple(column for column in COLUMNS if column.name != "sex")
_WITH_DEFAULTS: Final = ("wage_basis", "sector", "funded_by")
_WAGE_EARNERS: Final = frozenset({"PU", "JAKON"})
Values = dict[str, Any]


def values_of(member: Member, registrations: Iterable[MemberRegistered]) -> Values:
    """By column, of the newest registration; what is not known is left out. `registrations`: the events of this member
    in the order in which they were read: the name, the employer's name, and what was not left to its default."""
    enrolment = newest_of(member)
    told = None
    for event in registrations:
        if _facts(enrolment_of(event.data, 0, event.source)) == _facts(enrolment):
            told = event.data
    values: Values = {
        "nik": enrolment.nik,
        "birth_date": enrolment.birth_date,
        "member_number": member.number,
        "segment": enrolment.segment,
        "registered_on": enrolment.registered_on,
        "programs": ", ".join(program for program, *_ in enrolment.programs),
        "income": enrolment.declared_income if enrolment.segment == "BPU" else _wage_of(member, enrolment),
        "employer_number": enrolment.employer_number,
        "scale": enrolment.scale,
        "risk_class": enrolment.risk_class,
        "channel": enrolment.channel,
        "region": enrolment.region,
    }
    if told is not None:
        values |= {"name": told.name, "employer_name": told.employer.name if told.employer is not None else None}
        values |= {name: getattr(told, name) for name in _WITH_DEFAULTS if name in told.model_fields_set}
    return {name: value for name, value in values.items() if value is not None}


def newest_of(member: Member) -> Enrolment:
    """Of a registered member: the registration of the newest day, as it became known last."""
    return [one for one in member.enrolments if one.registered_on == member.registered_on][-1]


def would_change(member: Member, values: Values, source: str, now: dt.datetime) -> bool:
    """Whether an import of this row, by `source`, would change the member. A row that an import finds fault with
    changes nothing."""
    row = read_row(Row(1, {name: _cell(value) for name, value in spelled_in(values, "id").items()}, {}), frozenset())
    earns = row.get("segment") in (*_WAGE_EARNERS, "BPU")
    if row.faults or (earns and "income" not in row.values):
        return False
    return not is_unchanged(member, [read_event(one) for one in events_of(row, source, now)])


def spelled_in(values: Mapping[str, Any], language: str) -> Values:
    """With the words of the lists: `transport` -> `transportasi`."""
    return {name: spelling_of(name, value, language) if name in CHOICES else value for name, value in values.items()}


def _wage_of(member: Member, enrolment: Enrolment) -> int | None:
    """Rupiah of the month of registration, as an import writes it. None: of no wage earner, or not reported."""
    if enrolment.segment not in _WAGE_EARNERS:
        return None
    month = month_index(f"{enrolment.registered_on:%Y-%m}")
    at = [place for place, one in enumerate(short_column(member.wage_months)) if one == month]
    return long_at(member.wage_amounts, at[-1]) if at else None


def _cell(value: str | int | dt.date) -> Cell:
    """As the reader of a sheet makes it."""
    if isinstance(value, dt.date):
        return Cell(value.isoformat(), "date")
    return Cell(str(value), "number") if isinstance(value, int) else Cell(value.replace("\xa0", " ").strip())


def _facts(enrolment: Enrolment) -> tuple[Any, ...]:
    return tuple(enrolment._replace(known=0))
