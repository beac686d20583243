"""What is cited beside a check, a line or a number was in force on the day of the event, or says that it was not."""

import datetime as dt
import re

import pytest

from pipeline.law import references
from pipeline.law.book import FIRST_DAY, Book
from pipeline.law.references import Dated, Reference
from tests.explain.examples import decided

day = dt.date.fromisoformat
# First days (rules.md section 1). The procedures of PP 44/2015 came within its first half-year and count from its day.
IN_FORCE = {
    "PP 44/2015": FIRST_DAY,
    "PP 45/2015": FIRST_DAY,
    "PP 46/2015": FIRST_DAY,
    "Permenaker 26/2015": FIRST_DAY,
    "Permenaker 44/2015": FIRST_DAY,
    "UU 13/2003": FIRST_DAY,
    "Perpres 109/2013": FIRST_DAY,
    "Perpres 7/2019": day("2019-01-29"),
    "PP 82/2019": day("2019-12-02"),
    "PP 49/2020": day("2020-08-01"),
    "PP 37/2021": day("2021-02-01"),
    "Permenaker 5/2021": day("2021-04-01"),
    "Permenaker 4/2023": day("2023-02-22"),
    "PP 49/2023": day("2023-11-07"),
    "PP 6/2025": day("2025-02-01"),
    "PP 7/2025": day("2025-02-01"),
    "Permenaker 1/2025": day("2025-02-24"),
    "PP 50/2025": day("2025-12-22"),
}
NAMED = re.compile(r"(?:UU|PP|Perpres|Permenaker) \d+/\d{4}")
# A later law after these words is named for what it says, and not as the law of the day.
LATER = re.compile(r"(?:taken as in|taken as under|before|kept by) (?:UU|PP|Perpres|Permenaker) \d+/\d{4}")


def too_late(reference: str, on: dt.date) -> list[str]:
    """The laws that a reference cites and that were not in force."""
    return [law for law in NAMED.findall(LATER.sub("", reference)) if IN_FORCE[law] > on]


def test_each_number_of_the_law_cites_what_was_in_force_when_it_began() -> None:
    found = {
        (name, str(value.since)): laws
        for name, parameter in Book.load().parameters.items()
        for value in parameter.values
        if (laws := too_late(value.reference, value.since))
    }
    assert found == {}


DATED = {name: value for name, value in vars(references).items() if isinstance(value, Dated)}


@pytest.mark.parametrize("name", DATED)
def test_a_dated_reference_changes_on_the_first_day_of_its_law(name: str) -> None:
    dated = DATED[name]
    for (_, before), (since, after) in zip(dated.since, dated.since[1:], strict=False):
        assert dated.on(since - dt.timedelta(days=1)) == before
        assert dated.on(since) == dated.on(since + dt.timedelta(days=1)) == after
        assert too_late(after.reference, since) == []
    assert too_late(dated.on(FIRST_DAY).reference, FIRST_DAY) == []


def test_no_undated_reference_cites_a_law_that_came_later() -> None:
    undated = [one for one in vars(references).values() if isinstance(one, Reference)]
    assert len(undated) > 20
    assert [one.reference for one in undated if too_late(one.reference, FIRST_DAY)] == []


def test_every_decided_case_cites_the_law_of_its_day() -> None:
    found = set()
    for name, decision in decided().items():
        for one in (*decision.trace, *decision.benefits):
            for law in too_late(one.reference, max(decision.event_date, FIRST_DAY)):
                found.add((name, getattr(one, "check", None) or one.line, law))  # type: ignore[union-attr]
    assert found == set()
