"""A long list on several pages, by the place of the first row."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

MOST_ROWS: Final = 100


class Part(NamedTuple):
    """`first`, `last`: places of what is shown, from 1 on. `before`, `after`: where the neighbours begin."""

    rows: Sequence[Any]
    first: int
    last: int
    total: int
    before: int | None
    after: int | None


def part_of(rows: Sequence[Any], start: str) -> Part:
    """`start`: as it stands in the address; what is no place in the list is its beginning."""
    found = int(start) if start.isascii() and start.isdecimal() and len(start) < 10 else 0
    begin = found if found < len(rows) else 0
    end = min(begin + MOST_ROWS, len(rows))
    before = max(0, begin - MOST_ROWS) if begin else None
    return Part(rows[begin:end], begin + 1, end, len(rows), before, end if end < len(rows) else None)
