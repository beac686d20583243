"""Counts that may be published: those under five are left out, and so many others that no sum gives them back.

A table has a row a group and columns that add up to the people of the row; the rows add up to a total that is published
too. What is left out is an edge between its row and its column: it can be computed from what is published if and only
if the edge is on no circle (D. Gusfield, "A graph theoretic approach to statistical data security", 1988). So cells are
left out until every edge is on a circle. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.coverage.people import MEASURES, PROGRAMS, STATES, Counts

LEAST: Final = 5  # a smaller count could be somebody's neighbour
OTHERS: Final = "*"  # the row of the groups that are too small for one of their own
_ZERO: Final[Counts] = (0,) * len(MEASURES)
# Measures whose columns add up to the people of a row; of one alone, the other column is all who are not in it.
_FAMILIES: Final[tuple[tuple[str, ...], ...]] = (
    STATES, ("known",), ("at_risk",), *((program,) for program in PROGRAMS)
)  # fmt: skip

# Who is in the first is in the second, so that their difference is a count as well.
_PART_OF: Final = dict.fromkeys((*PROGRAMS, "at_risk"), "covered") | {"known": "never"}

Cells = list[int]
Hidden = set[tuple[int, int]]  # (row, column)


class PublishedRow(NamedTuple):
    """`people` and `counts` by measure; None: left out. `merged`: how many groups are in it."""

    key: str
    people: int | None
    counts: Mapping[str, int | None]
    merged: int = 1


def published_total(counts: Counts, key: str = "") -> PublishedRow:
    """One row by itself, such as the total or a month."""
    if 0 < counts[0] < LEAST:
        return PublishedRow(key, None, dict.fromkeys(MEASURES[1:]))
    return PublishedRow(key, counts[0], _total_cells(counts))


def published_rows(groups: Mapping[str, Counts], whole: PublishedRow | None = None) -> list[PublishedRow]:
    """The rows of one table, the largest group first, others last. Its total is published as `whole`, which may be a
    row of another table; None: by itself, as `published_total`. What `whole` leaves out is left out in every row."""
    merged = _merged({key: counts for key, counts in groups.items() if counts[0]})
    total = added(counts for _, counts, _ in merged)
    if total[0] < LEAST:
        return []
    of_total = whole.counts if whole is not None else _total_cells(total)
    found: list[dict[str, int | None]] = [{} for _ in merged]
    for family in _FAMILIES:
        table = [_cells(counts, family) for _, counts, _ in merged]
        left_out = {at for at, name in enumerate(family) if of_total[name] is None}
        telling = {
            (row, 0) for row, (_, counts, _) in enumerate(merged) if _is_telling(counts, family, found[row])
        }  # fmt: skip
        hidden = _hidden_of_table(table, left_out if len(family) > 1 or not left_out else {0, 1}, telling)
        for row, cells in enumerate(table):
            found[row] |= {name: None if (row, at) in hidden else cells[at] for at, name in enumerate(family)}
    return [
        PublishedRow(key, counts[0], cells, size)
        for (key, counts, size), cells in zip(merged, found, strict=True)
    ]  # fmt: skip


def added(counts: Iterable[Counts]) -> Counts:
    return tuple(map(sum, zip(_ZERO, *counts, strict=True)))


def _cells(counts: Counts, family: tuple[str, ...]) -> Cells:
    found = [counts[MEASURES.index(name)] for name in family]
    return found if len(found) > 1 else [found[0], counts[0] - found[0]]


def _total_cells(counts: Counts) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for family in _FAMILIES:
        cells = _cells(counts, family)
        hidden = _hidden_of_total(cells, {0} if _is_telling(counts, family, found) else set())
        found |= {name: None if at in hidden else cells[at] for at, name in enumerate(family)}
    return found


def _is_telling(counts: Counts, family: tuple[str, ...], shown: Mapping[str, int | None]) -> bool:
    """Whether this count gives another one away, as who is covered by JKK is nearly everybody who is covered.

    `shown`: the states of the row, where they are left out or not.
    """
    name = family[0]
    whole = _PART_OF.get(name)
    if whole is None:
        return False
    part, known = counts[MEASURES.index(name)], counts[MEASURES.index(whole)]
    gap = abs(known - part)
    return 0 < gap < LEAST or (name in PROGRAMS and shown[whole] is None)


def _merged(groups: Mapping[str, Counts]) -> list[tuple[str, Counts, int]]:
    """Groups of few people become one row, together with as many larger ones as it needs to have enough."""
    ordered = sorted(groups.items(), key=lambda one: (-one[1][0], one[0]))
    small: list[Counts] = []
    while ordered and (ordered[-1][1][0] < LEAST or (small and (len(small) == 1 or added(small)[0] < LEAST))):
        small.append(ordered.pop()[1])
    rows = [(key, counts, 1) for key, counts in ordered]
    return [*rows, (OTHERS, added(small), len(small))] if small else rows


def _hidden_of_total(cells: Cells, telling: set[int]) -> set[int]:
    hidden = telling | {at for at, count in enumerate(cells) if 0 < count < LEAST}
    while hidden and len(hidden) < len(cells) and _is_too_little([cells[at] for at in hidden]):
        others = [at for at in range(len(cells)) if at not in hidden]
        hidden.add(min(others, key=lambda at: (not cells[at], cells[at])))
    return hidden


def _is_too_little(hidden: Sequence[int]) -> bool:
    """Whether what is left out of one row or column says too much by its sum, which everybody can compute."""
    return len(hidden) == 1 or 0 < sum(hidden) < LEAST


def _hidden_of_table(table: list[Cells], of_total: set[int], telling: Hidden) -> Hidden:
    """Columns that the total leaves out are left out everywhere. The total is the last row of the graph."""
    last, width = len(table), len(table[0])
    if last == 1:
        return {(0, at) for at in of_total}
    hidden = telling | {(row, at) for row in range(last) for at in of_total}
    hidden |= {
        (row, at) for row, cells in enumerate(table) for at, count in enumerate(cells) if 0 < count < LEAST
    }  # fmt: skip
    edges = {(last, at) for at in of_total}
    while True:
        more = _more_in_rows(table, hidden) | _more_in_columns(table, hidden, of_total)
        if not more:
            bridges = _bridges(hidden | edges, last + 1, width) - edges
            if not bridges:
                return hidden
            more = _circle(table, hidden, min(bridges))
        hidden |= more


def _more_in_rows(table: list[Cells], hidden: Hidden) -> Hidden:
    found: Hidden = set()
    for row, cells in enumerate(table):
        own = [at for at in range(len(cells)) if (row, at) in hidden]
        if own and _is_too_little([cells[at] for at in own]):
            others = [at for at in range(len(cells)) if at not in own]
            found |= {(row, min(others, key=lambda at: (not cells[at], cells[at])))} if others else set()
    return found


def _more_in_columns(table: list[Cells], hidden: Hidden, of_total: set[int]) -> Hidden:
    found: Hidden = set()
    for at in range(len(table[0])):
        own = [row for row in range(len(table)) if (row, at) in hidden]
        if at in of_total or not own or not _is_too_little([table[row][at] for row in own]):
            continue
        others = [row for row in range(len(table)) if (row, at) not in hidden]
        if others:
            found.add((min(others, key=lambda row: (not table[row][at], table[row][at])), at))
    return found


def _circle(table: list[Cells], hidden: Hidden, bridge: tuple[int, int]) -> Hidden:
    """The cheapest cells that put this edge on a circle of four; cells of zero last, for zeros hide little."""
    row, column = bridge

    def price(corners: Hidden) -> tuple[int, int]:
        new = [table[one][at] for one, at in corners - hidden]
        return new.count(0), sum(new)

    return min(
        (
            {(row, at), (other, column), (other, at)}
            for other in range(len(table))
            if other != row
            for at in range(len(table[0]))
            if at != column
        ),
        key=price,
    )


def _bridges(edges: Hidden, rows: int, columns: int) -> Hidden:
    """Edges on no circle, by depth-first search without recursion."""
    beside: list[list[int]] = [[] for _ in range(rows + columns)]
    for row, column in edges:
        beside[row].append(rows + column)
        beside[rows + column].append(row)
    entered = [-1] * (rows + columns)
    lowest = [0] * (rows + columns)
    found: Hidden = set()
    clock = 0
    for start in range(rows + columns):
        if entered[start] >= 0:
            continue
        entered[start] = lowest[start] = clock
        clock += 1
        path = [(start, -1, iter(beside[start]))]
        while path:
            node, parent, following = path[-1]
            step = next(following, None)
            if step is None:
                path.pop()
                if path:
                    lowest[parent] = min(lowest[parent], lowest[node])
                    if lowest[node] > entered[parent]:
                        row, column = min(node, parent), max(node, parent) - rows
                        found.add((row, column))
            elif step != parent:
                if entered[step] < 0:
                    entered[step] = lowest[step] = clock
                    clock += 1
                    path.append((step, node, iter(beside[step])))
                else:
                    lowest[node] = min(lowest[node], entered[step])
    return found


class TableRow(NamedTuple):
    """`cells`: None where left out. `merged`: how many groups are in it; 0: the total."""

    key: str
    cells: list[int | None]
    merged: int
    people: int


def published_table(groups: Mapping[str, Sequence[int]]) -> list[TableRow]:
    """A table whose cells add up to the people of a row, and whose rows to a total, which is its last row. The largest
    group comes first, those that are too small are one row. Empty where all are fewer than `LEAST`."""
    ordered = sorted(((key, list(cells)) for key, cells in groups.items() if any(cells)), key=lambda one: -sum(one[1]))
    rest: list[list[int]] = []
    while ordered and (sum(ordered[-1][1]) < LEAST or (rest and (len(rest) == 1 or sum(map(sum, rest)) < LEAST))):
        rest.append(ordered.pop()[1])
    rows = [(key, cells, 1) for key, cells in ordered]
    if rest:
        rows.append((OTHERS, [sum(column) for column in zip(*rest, strict=True)], len(rest)))
    table = [cells for _, cells, _ in rows]
    total = [sum(column) for column in zip(*table, strict=True)]
    if sum(total) < LEAST:
        return []
    of_total = _hidden_of_total(total, set())
    hidden = _hidden_of_table(table, of_total, set()) | {(len(rows), at) for at in of_total}
    rows.append(("", total, 0))
    return [
        TableRow(key, [None if (row, at) in hidden else count for at, count in enumerate(cells)], merged, sum(cells))
        for row, (key, cells, merged) in enumerate(rows)
    ]
