"""The law for people: each number with its source, on a day, through time, between two days, and where it is used."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import NotReady, Poison
from pipeline.law import inspection
from pipeline.law.declarations import Value
from pipeline.law.uses import USES, Use
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.pages import NotFound
from schemas.decisions import FieldError


@dataclass(frozen=True, slots=True)
class Dated:
    """What a number of the law says from `since` on, as its file has it. `value` None: there is no such thing."""

    name: str
    unit: str
    value: Any
    since: dt.date
    reference: str
    marker: str


@dataclass(frozen=True, slots=True)
class Change:
    """One number that says something else on the later day."""

    name: str
    unit: str
    before: Any
    after: Any
    reference: str


def read_law(front: FrontOffice, principal: Principal, *, day: dt.date) -> tuple[Dated, ...]:
    """Every number of the law on a day. Raises Denied, Poison."""
    grant_of(principal, "read_law")
    _require_known(front, day, "day")
    found = sorted(front.book.parameters.items())
    return tuple(_dated(name, one.unit, one.on(day)) for name, one in found)


@dataclass(frozen=True, slots=True)
class ParameterView:
    """One number through time, the oldest value first. `use` None: it is kept for its source and decides nothing."""

    name: str
    values: tuple[Dated, ...]
    use: Use | None


def read_parameter(front: FrontOffice, principal: Principal, name: str) -> ParameterView:
    """Raises Denied, NotFound."""
    grant_of(principal, "read_parameter")
    try:
        found = inspection.parameter(name, front.book)
    except NotReady:
        raise NotFound("the law has no number of this name; choose one of the list") from None
    return ParameterView(name, tuple(_dated(name, found.unit, one) for one in found.values), USES.get(name))


def compare_law(front: FrontOffice, principal: Principal, *, first: dt.date, second: dt.date) -> tuple[Change, ...]:
    """What changed between two days. Raises Denied, Poison."""
    grant_of(principal, "compare_law")
    for field, day in (("first", first), ("second", second)):
        _require_known(front, day, field)
    return tuple(
        Change(one.name, one.unit, one.before.written, one.after.written, one.after.reference)
        for one in inspection.differences(front.book, first, second)
    )


def _dated(name: str, unit: str, value: Value[Any]) -> Dated:
    return Dated(name, unit, value.written, value.since, value.reference, value.marker)


def _require_known(front: FrontOffice, day: dt.date, field: str) -> None:
    if not front.book.first_day <= day <= front.book.through:
        message = f"the law is known from {front.book.first_day} through {front.book.through}; give a day between"
        raise Poison("INVALID", FieldError(field, message))
