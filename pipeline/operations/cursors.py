"""Cursors of the feed of decisions: a place for each partition, since several workers commit out of order. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from pipeline.errors import Poison
from schemas.decisions import FieldError

MOST_CURSOR_LETTERS: Final = 6_000  # of 256 partitions
_CURSOR: Final = re.compile(r"[0-9]{1,3}-[0-9]{1,18}(?:\.[0-9]{1,3}-[0-9]{1,18})*")


def cursor_of(places: Mapping[int, int]) -> str:
    """`0-12.3-7`: in partition 0 up to the place 12, in partition 3 up to 7."""
    return ".".join(f"{partition}-{place}" for partition, place in sorted(places.items()))


def places_of(cursor: str) -> dict[int, int]:
    """The inverse of `cursor_of`; none of an empty one. Raises Poison where it is none."""
    if not cursor:
        return {}
    if len(cursor) > MOST_CURSOR_LETTERS or _CURSOR.fullmatch(cursor) is None:
        raise no_cursor()
    return {int(partition): int(place) for partition, place in (one.split("-") for one in cursor.split("."))}


def advanced(cursor: str, ends: Mapping[int, int]) -> str:
    """The cursor, in each partition of `ends` at this place at least. Raises Poison where it is none."""
    places = places_of(cursor)
    return cursor_of(places | {partition: max(end, places.get(partition, 0)) for partition, end in ends.items()})


def no_cursor() -> Poison:
    """Of `after`, where it is none of this list."""
    return Poison("INVALID", FieldError("after", "this is no cursor of this list; give the one of the page before"))
