"""Published counts: none under five, and none that the published ones give back."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.coverage.people import MEASURES, PROGRAMS, STATES, Counts
from pipeline.coverage.suppression import (
    LEAST,
    OTHERS,
    PublishedRow,
    added,
    published_rows,
    published_table,
    published_total,
)

FAMILIES = (STATES, ("known",), ("at_risk",), *((program,) for program in PROGRAMS))


def counts_of(states: list[int], known: int | None = None, at_risk: int = 0, programs: int | None = None) -> Counts:
    """Everybody is known, and who is covered has all programs, unless said."""
    held = states[-1] if programs is None else programs
    return (sum(states), sum(states) if known is None else known, *states, at_risk, held, held, held, held)


@st.composite
def some_counts(draw: st.DrawFn) -> Counts:
    states = draw(st.lists(st.sampled_from([0, 0, 1, 2, 4, 5, 7, 30]), min_size=5, max_size=5))
    part = st.integers(0, states[-1])
    return counts_of(states, draw(st.integers(states[0], sum(states))), draw(part), draw(st.one_of(st.none(), part)))


def cells(counts: Counts, family: tuple[str, ...]) -> list[int]:
    found = [counts[MEASURES.index(name)] for name in family]
    return found if len(found) > 1 else [found[0], counts[0] - found[0]]


def shown(row: PublishedRow, family: tuple[str, ...]) -> list[int | None]:
    """As a reader has it: of two columns, the other one follows from the people of the row."""
    found = [row.counts[name] for name in family]
    if len(found) > 1:
        return found
    return [found[0], row.people - found[0] if row.people is not None and found[0] is not None else None]


def solved(equations: list[dict[int, Fraction]]) -> set[int]:
    """The unknowns that some sum of the equations gives, by elimination: it tries all sums at once."""
    pivots: dict[int, dict[int, Fraction]] = {}
    for equation in equations:
        row = dict(equation)
        for pivot in list(row):
            if pivot in pivots and pivot in row:
                row = minus(row, pivots[pivot], row[pivot])
        if not row:
            continue
        pivot = next(iter(row))
        row = {at: value / row[pivot] for at, value in row.items()}
        pivots = {at: minus(other, row, other.get(pivot, Fraction(0))) for at, other in pivots.items()}
        pivots[pivot] = row
    return {pivot for pivot, row in pivots.items() if len(row) == 1}


def minus(row: dict[int, Fraction], other: dict[int, Fraction], times: Fraction) -> dict[int, Fraction]:
    found = dict(row)
    for at, value in other.items():
        found[at] = found.get(at, Fraction(0)) - value * times
    return {at: value for at, value in found.items() if value}


def recovered(rows: list[PublishedRow], total: PublishedRow, family: tuple[str, ...]) -> set[int]:
    """The cells left out that follow from the table: each row adds up to its people, each column to the total."""
    table = [shown(row, family) for row in [*rows, total]]
    width = len(table[0])
    unknown = {(row, at): row * width + at for row, found in enumerate(table) for at in range(width)
               if found[at] is None}  # fmt: skip
    one = Fraction(1)
    equations = [
        {unknown[row, at]: one for at in range(width) if (row, at) in unknown}
        for row in range(len(table))
    ]  # fmt: skip
    last = len(rows)
    for at in range(width):
        column = {unknown[row, at]: one for row in range(last) if (row, at) in unknown}
        if (last, at) in unknown:
            column[unknown[last, at]] = -one
        equations.append(column)
    return solved([equation for equation in equations if equation])


@settings(max_examples=150, deadline=None)
@given(st.lists(some_counts(), min_size=1, max_size=7))
def test_no_sum_of_published_counts_gives_one_that_was_left_out(groups: list[Counts]) -> None:
    named = {f"g{number}": counts for number, counts in enumerate(groups)}
    total = published_total(added(groups))
    rows = published_rows(named)
    for family in FAMILIES:
        assert recovered(rows, total, family) == set() if rows else True
        for row in [*rows, total]:
            found = shown(row, family)
            assert not any(one is not None and 0 < one < LEAST for one in found), (row, family)


@settings(max_examples=100, deadline=None)
@given(st.lists(some_counts(), min_size=2, max_size=7))
def test_what_a_row_or_a_column_leaves_out_is_no_small_sum(groups: list[Counts]) -> None:
    rows = published_rows({f"g{number}": counts for number, counts in enumerate(groups)})
    for row in rows:
        assert row.people is not None and row.people >= LEAST
        for family in FAMILIES:
            found = shown(row, family)
            if None in found:
                rest = row.people - sum(one for one in found if one is not None)
                assert rest == 0 or rest >= LEAST


def test_published_counts_are_the_true_ones() -> None:
    groups = {"a": counts_of([10, 0, 0, 10, 80], 90), "b": counts_of([20, 0, 0, 13, 40], 50)}
    rows = {row.key: row for row in published_rows(groups)}
    assert rows["a"].counts["covered"] == 80 and rows["a"].counts["known"] == 90
    assert rows["b"].people == 73 and None not in rows["b"].counts.values()


def test_small_groups_are_one_row_with_a_larger_one() -> None:
    groups = {"a": counts_of([0, 0, 0, 0, 90]), "b": counts_of([0, 0, 0, 0, 30]), "c": counts_of([0, 0, 0, 0, 2])}
    rows = published_rows(groups)
    assert [(row.key, row.people, row.merged) for row in rows] == [("a", 90, 1), (OTHERS, 32, 2)]


def test_one_small_cell_takes_three_others_with_it() -> None:
    groups = {"a": counts_of([0, 0, 0, 3, 90]), "b": counts_of([0, 0, 0, 30, 60]), "c": counts_of([0, 0, 0, 50, 70])}
    rows = {row.key: row for row in published_rows(groups)}
    hidden = {key: {name for name in STATES if row.counts[name] is None} for key, row in rows.items()}
    assert hidden == {"a": {"lapsed", "covered"}, "b": {"lapsed", "covered"}, "c": set()}


def test_a_total_under_five_is_left_out_as_a_whole() -> None:
    assert published_total(counts_of([0, 0, 0, 3, 0])).people is None
    assert published_rows({"a": counts_of([0, 0, 0, 3, 0])}) == []


def test_who_is_covered_by_a_program_does_not_give_the_covered_away() -> None:
    groups = {"a": counts_of([0, 0, 0, 3, 90]), "b": counts_of([0, 0, 0, 30, 60]), "c": counts_of([0, 0, 0, 50, 70])}
    rows = {row.key: row for row in published_rows(groups)}
    assert [rows[key].counts["JKK"] for key in "abc"] == [None, None, 70]


def test_a_difference_under_five_is_left_out_as_well() -> None:
    total = published_total(counts_of([0, 0, 0, 0, 90], programs=87))
    assert (total.counts["covered"], total.counts["JKK"]) == (90, None)
    assert published_total(counts_of([0, 0, 0, 0, 90], programs=85)).counts["JKK"] == 85


@settings(max_examples=100, deadline=None)
@given(st.lists(some_counts(), min_size=1, max_size=6))
def test_the_law_that_all_covered_hold_jkk_gives_no_sum_away(groups: list[Counts]) -> None:
    """One who knows it puts the counts of JKK where those of the covered are left out."""
    groups = [(*one[:8], one[6], *one[9:]) for one in groups]
    rows = published_rows({f"g{number}": one for number, one in enumerate(groups)})
    total = published_total(added(groups))
    known = [
        PublishedRow(row.key, row.people, {**row.counts, "covered": row.counts["covered"] or row.counts["JKK"]})
        for row in [*rows, total]
    ]  # fmt: skip
    if rows:
        assert recovered(known[:-1], known[-1], STATES) == set()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(some_counts(), min_size=1, max_size=4), min_size=1, max_size=4))
def test_tables_within_a_row_of_another_table_give_nothing_back(provinces: list[list[Counts]]) -> None:
    """Provinces add up to the total, and regencies to their province: the sums of all these tables together."""
    total = published_total(added(added(one) for one in provinces))
    rows = published_rows({f"p{at}": added(one) for at, one in enumerate(provinces)})
    within = {
        row.key: published_rows({f"r{at}": one for at, one in enumerate(provinces[int(row.key[1:])])}, row)
        for row in rows if row.merged == 1 and row.key != OTHERS
    }  # fmt: skip
    for family in FAMILIES:
        every = [total, *rows, *(one for some in within.values() for one in some)]
        width = max(2, len(family))
        unknown = {(id(row), at): number * width + at for number, row in enumerate(every) if row.people is not None
                   for at, cell in enumerate(shown(row, family)) if cell is None}  # fmt: skip
        one = Fraction(1)
        equations = [{unknown[id(row), at]: one for at in range(width) if (id(row), at) in unknown} for row in every]
        for whole, parts in [(total, rows), *((row, within[row.key]) for row in rows if row.key in within)]:
            for at in range(width):
                column = {unknown[id(part), at]: one for part in parts if (id(part), at) in unknown}
                if (id(whole), at) in unknown:
                    column[unknown[id(whole), at]] = -one
                if parts:
                    equations.append(column)
        assert solved([equation for equation in equations if equation]) == set()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 0, 1, 2, 4, 5, 7, 30]), min_size=4, max_size=4), min_size=1, max_size=7))
def test_no_sum_of_a_published_table_gives_a_small_count(groups: list[list[int]]) -> None:
    rows = published_table({f"{at:02}": cells for at, cells in enumerate(groups)})
    names = {(at, column): 4 * at + column for at in range(len(rows)) for column in range(4)}
    equations = []
    for at, row in enumerate(rows):
        # Each row adds up to its people, and each column to the total, which is the last row.
        equations.append({names[at, column]: Fraction(1) for column in range(4) if row.cells[column] is None})
    for column in range(4):
        equation = {
            names[at, column]: Fraction(-1 if row.merged == 0 else 1)
            for at, row in enumerate(rows)
            if row.cells[column] is None
        }
        equations.append(equation)
    assert solved([one for one in equations if one]) == set()
    assert all(count is None or count == 0 or count >= LEAST for row in rows for count in row.cells)
    assert all(row.people >= LEAST for row in rows)
