"""All tables of one picture together, as an attacker reads them: no combination gives back what was left out."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from pipeline.access.principals import new_principal
from pipeline.coverage.people import PROGRAMS, STATES, Counts
from pipeline.coverage.suppression import LEAST
from pipeline.operations import coverage_picture
from pipeline.operations.coverage_picture import CoverageRow, Picture, read_coverage
from tests.coverage.test_suppression import solved

FAMILIES = (STATES, ("known",), ("at_risk",), *((program.lower(),) for program in PROGRAMS))
ONE = Fraction(1)
Group = tuple[str, str, str]


class NoReading:
    """A book whose counts are handed in."""

    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...
    def reading(self) -> "NoReading":
        return self


def some_groups(random: Random) -> dict[Group, Counts]:
    """Few people in many groups, so that much must be left out."""
    regions = random.sample(["3603", "3671", "3674", "3273", "3204", "1101", ""], random.randrange(2, 7))
    found = {}
    for region in regions:
        for sector in random.sample(["transport", "trade", "", "fishing"], random.randrange(1, 4)):
            for cooperative in random.sample(["A", "B", "C", ""], random.randrange(1, 4)):
                states = [random.choice((0, 0, 0, 1, 2, 3, 4, 5, 6, 12, 40)) for _ in STATES]
                covered = states[-1]
                programs = [random.choice((covered, covered, max(covered - 1, 0))) for _ in PROGRAMS]
                known = random.randrange(states[0], sum(states) + 1)
                found[region, sector, cooperative] = (
                    *(sum(states), known, *states, random.randrange(covered + 1), *programs),
                )  # fmt: skip
    return found


def picture_of(groups: dict[Group, Counts], monkeypatch: pytest.MonkeyPatch) -> Picture:
    class Front:
        class book:  # noqa: N801 (in the place of a rule book)
            first_day, through = dt.date.min, dt.date.max

        store = None

    for name, answer in (
        ("counts_by_group", groups), ("counts_by_month", []), ("coverage_book_of", NoReading()), ("keep", 0),
        ("refused_claims", []),
    ):  # fmt: skip
        monkeypatch.setattr(coverage_picture, name, lambda *_, answer=answer: answer)
    front: Any = Front()
    return read_coverage(front, new_principal("office", "tangerang"), day=dt.date(2026, 7, 20))


def cells(row: CoverageRow, family: tuple[str, ...]) -> list[int | None]:
    """As a reader has them; of one measure, the other cell is all who are not in it."""
    found = [getattr(row, name) for name in family]
    if len(found) > 1:
        return found
    return [found[0], row.people - found[0] if row.people is not None and found[0] is not None else None]


def tables_of(picture: Picture) -> Iterator[tuple[CoverageRow, list[CoverageRow]]]:
    """(the row with the sums, the rows that add up to it)."""
    for table in ("provinces", "sectors", "cooperatives"):
        yield picture.total, [row for row in picture.rows if row.table == table]
    for whole in [row for row in picture.rows if row.table == "provinces"]:
        within = [row for row in picture.rows if row.table == "regencies" and row.key[:2] == whole.key]
        if within and whole.key:
            yield whole, within


def given_back(picture: Picture, family: tuple[str, ...]) -> set[int]:
    """Cells left out that some sum of all tables gives."""
    rows = [picture.total, *picture.rows]
    width = max(2, len(family))
    unknown = {(id(row), at): number * width + at for number, row in enumerate(rows)
               for at, cell in enumerate(cells(row, family)) if cell is None}  # fmt: skip
    equations = [{unknown[id(row), at]: ONE for at in range(width) if (id(row), at) in unknown} for row in rows]
    for whole, parts in tables_of(picture):
        for at in range(width):
            column = {unknown[id(part), at]: ONE for part in parts if (id(part), at) in unknown}
            if parts and (id(whole), at) in unknown:
                column[unknown[id(whole), at]] = -ONE
            equations.append(column)
    return solved([equation for equation in equations if equation])


@pytest.mark.parametrize("seed", range(120))
def test_all_tables_together_give_nothing_back(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = some_groups(Random(seed))
    picture = picture_of(groups, monkeypatch)
    if picture.total.people is None:
        return
    for whole, parts in tables_of(picture):
        assert not parts or whole.people == sum(part.people or 0 for part in parts)
    for family in FAMILIES:
        assert given_back(picture, family) == set(), family
        for row in [picture.total, *picture.rows]:
            found = cells(row, family)
            assert not any(one is not None and 0 < one < LEAST for one in found), (row, family)


def test_these_groups_need_something_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [picture_of(some_groups(Random(seed)), monkeypatch) for seed in range(20)]
    assert sum(row.covered is None for one in pictures for row in one.rows) > 50
    assert sum(row.covered is not None for one in pictures for row in one.rows) > 50


def test_an_attacker_finds_a_cell_that_is_left_out_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the search above is known to find what there is to find."""
    groups = {("3603", "", "A"): 30, ("3671", "", "A"): 40, ("3273", "", "A"): 50}
    counts = {group: (many, many, 0, 0, 0, 10, many - 10, 0, *[many - 10] * 4) for group, many in groups.items()}
    picture = picture_of(counts, monkeypatch)
    assert given_back(picture, STATES) == set()
    alone = [row if row.key != "3273" else replace(row, covered=None) for row in picture.rows]
    broken = Picture(picture.day, picture.total, tuple(alone), picture.months, picture.refused)
    assert len(given_back(broken, STATES)) == 1
