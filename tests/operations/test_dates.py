"""Dates that cannot be yet are refused at the door; every date of every event is one of them or may lie ahead."""

import dataclasses
import datetime as dt
import types
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from pipeline.errors import Poison
from pipeline.operations.dates import _DAYS, _MOMENTS, late_dates, require_past
from schemas.events import EVENT_WRITERS, parse
from tests.support import events as e
from tests.support.front import NOW

# What begins or ends on a day, and what says of which registration something is told.
AHEAD: Final = {"registered_on", "ended_on", "employment_ended_on", "programs.since", "programs.until"} | {
    "working_found.registered_on"
}
OURS: Final = {"day"}  # of the daily clock, which no principal sends


def dates_of(kind: Any, path: str = "") -> Iterator[str]:
    """The path of every day and moment within a type, without places in lists."""
    if kind in (dt.date, dt.datetime) or (not isinstance(kind, types.UnionType) and "datetime" in str(kind).lower()):
        yield path
        return
    if get_origin(kind) is not None or isinstance(kind, types.UnionType):
        for one in get_args(kind):
            yield from dates_of(one, path)
    elif dataclasses.is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        for name, one in get_type_hints(kind).items():
            if not name.startswith("_") and name not in ("model_config",):
                yield from dates_of(one, f"{path}.{name}".removeprefix("."))


def test_each_date_of_each_event_is_judged_or_may_lie_ahead() -> None:
    found = {path for kind in EVENT_WRITERS for path in dates_of(get_type_hints(kind)["data"])}
    assert found - AHEAD - OURS == {*_DAYS, *_MOMENTS, "children.birth_date"}
    assert found >= AHEAD


def with_date(path: str, value: str) -> Any:
    """An accident, or another event, that has this date."""
    section, _, name = path.partition(".")
    bases = {"paid_on": e.paid("2024-07", "2024-07", "2024-07-01"), "birth_date": e.registered()}
    bases["failed_on"] = e.failed("K1.r1.member", "2024-07-01")
    made = bases.get(path) or e.evidence("K1", "2024-07-08T08:00:00")
    needed: dict[str, Any] = {
        "accident": {"occurred_at": "2024-07-07T10:00:00+07:00"},
        "advice": {"settles": ["REF_MEDICAL_ADVISOR"], "advisor": "medical_advisor"},
        "conclusion": {"work_related": True},
        "court_decision": {"ruling": "names_heir"},
        "determination": {"by": "minister", "work_related": True},
        "project_dues": {"project_number": "P1"},
        "working_found": {"works": True, "registered_on": "2024-01-01"},
    }
    if not name:
        made["data"][section] = value
    elif name == "death.died_on":
        made["data"]["medical"] = {"death": {"died_on": value}}
    else:
        made["data"][section] = needed.get(section, {}) | {name: value}
    return made


@pytest.mark.parametrize("path", [*_DAYS, *_MOMENTS])
def test_a_date_more_than_a_day_ahead_is_refused_by_its_name(path: str) -> None:
    def written(moment: dt.datetime) -> str:
        return moment.isoformat() if path in _MOMENTS else moment.date().isoformat()

    require_past(parse(e.raw(with_date(path, written(NOW + dt.timedelta(days=1))))), NOW)
    for late in (dt.timedelta(days=2), dt.timedelta(days=26_000)):
        with pytest.raises(Poison) as refused:
            require_past(parse(e.raw(with_date(path, written(NOW + late)))), NOW)
        assert [one.field for one in refused.value.errors] == [f"data.{path}"]


def test_every_late_date_is_named_at_once_and_children_by_their_place() -> None:
    children = [{"birth_date": "2010-01-01"}, {"birth_date": "2099-01-01"}]
    made = e.death("M1", "2099-07-07", children=children)
    with pytest.raises(Poison) as refused:
        require_past(parse(e.raw(made)), NOW)
    assert {one.field for one in refused.value.errors} == {"data.death.died_on", "data.children.1.birth_date"}


@pytest.mark.parametrize("data", [None, 7, [], "x", {"children": 7}, {"children": [7, None, []]}, {"accident": [1]}])
def test_what_is_no_event_has_no_late_date(data: object) -> None:
    assert late_dates(data, NOW) == ()
    assert late_dates({"accident": {"occurred_at": "2099-07-07T10:00:00"}, "birth_date": data}, NOW) == ()


def test_what_may_lie_ahead_is_taken_in() -> None:
    for made in (e.registered(registered_on="2099-01-01"), e.paid("2099-01", "2099-02", "2024-01-01")):
        event = parse(e.raw(made))
        assert "2099" in event.model_dump_json() and require_past(event, NOW) is None  # type: ignore[func-returns-value]
