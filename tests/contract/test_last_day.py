"""The last day that has passed: in every partition, before today, on both engines."""

import datetime as dt
from typing import Any

import pytest

from pipeline.queries.days import WINDOW, last_day_passed
from schemas import topics
from tests.support import events as e
from tests.support.site import Site

TODAY = dt.date(2026, 3, 2)


def day(written: str, partition: int, **changes: Any) -> Any:
    return e.day_passed(written) | {"id": f"day-{written}/{partition}"} | changes


def passed(site: Site, *days: tuple[str, int]) -> dt.date | None:
    for written, partition in days:
        site.run(day(written, partition), topic=topics.MEMBERS, partition=partition)
    return last_day_passed(site.store, 2, TODAY)


@pytest.mark.parametrize(
    ("days", "last"),
    [
        ([], None),
        ([("2026-02-28", 0), ("2026-02-28", 1)], "2026-02-28"),
        ([("2026-02-28", 0), ("2026-02-28", 1), ("2026-03-01", 0)], "2026-02-28"),
        ([("2026-02-28", 0), ("2026-02-28", 1), ("2026-03-01", 0), ("2026-03-01", 1)], "2026-03-01"),
        ([("2025-12-31", 1), ("2026-02-28", 0), ("2026-02-28", 1)], "2026-02-28"),
        ([("2026-02-28", 0)], str(dt.date(2026, 2, 28) - WINDOW)),
    ],
)
def test_a_day_has_passed_when_it_has_in_every_partition(
    site: Site, days: list[tuple[str, int]], last: str | None
) -> None:
    found = passed(site, *days)
    assert (str(found) if found else None) == last


def test_a_day_that_is_not_over_yet_does_not_count(site: Site) -> None:
    """Somebody's mistake must not silence the clock until that day has come."""
    ahead = [day(str(TODAY), partition, time="2026-03-02T00:00:00+07:00") for partition in range(2)]
    for partition, one in enumerate(ahead):
        site.run(one, topic=topics.MEMBERS, partition=partition)
    assert passed(site) is None
    assert str(passed(site, ("2026-03-01", 0), ("2026-03-01", 1))) == "2026-03-01"


def test_a_day_of_another_sender_or_of_history_is_not_the_clock_of_this_machine(site: Site) -> None:
    site.run(e.day_passed("2026-02-28"), topic=topics.HISTORY)
    site.run(day("2026-02-28", 0, source="urn:santunan:system:other"), topic=topics.MEMBERS)
    assert site.refusals() == [] and passed(site) is None
