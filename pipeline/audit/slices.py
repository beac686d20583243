"""Slices of a history that may be decided side by side: no person, claim or membership is in two of them.

Persons touch each other where one event names both, as a claim names a member, or a registration a number and a NIK.
What touches, directly or over others, is one component and goes to one slice; the daily clock goes to all. Which slice
an event belongs to is one byte of a file, and which one a claim belongs to a row of another, so that the processes of
the slices need no memory for it.
"""

import mmap
import shutil
import sqlite3
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson
from sqlalchemy import Connection

from pipeline.queries import history
from pipeline.queries.history import HistoryEvent

MOST_SLICES: Final = 250
_EVERY: Final = 255  # the event is of all slices
_EVENTS: Final = "events"
_CLAIMS: Final = "claims.db"


class Slice:
    """One slice, as its own process reads it."""

    def __init__(self, folder: Path, number: int) -> None:
        self._number = number
        with (folder / _EVENTS).open("rb") as file:
            self._events = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._claims = sqlite3.connect(f"file:{folder / _CLAIMS}?mode=ro", uri=True)
        self._at = 0

    def close(self) -> None:
        self._events.close()
        self._claims.close()

    def own_events(self, page: list[HistoryEvent]) -> list[HistoryEvent]:
        """Those of the next page of the history, read from its beginning."""
        places = self._events[self._at : self._at + len(page)]
        self._at += len(page)
        return [event for event, number in zip(page, places, strict=True) if number in (self._number, _EVERY)]

    def own_claims(self, claim_ids: Iterable[str]) -> set[str]:
        """A claim that no event names belongs to the first slice."""
        asked = set(claim_ids)
        wanted = orjson.dumps(list(asked)).decode()
        found = dict(self._claims.execute(_OF_CLAIMS, (wanted,)).fetchall())
        return {claim_id for claim_id in asked if found.get(claim_id, 0) == self._number}


class Slicing:
    """The files of the slices, in a folder of this user alone; removed when it is closed. `sizes`: events of each."""

    def __init__(self, connection: Connection, number: int, last: int) -> None:
        """Reads every event up to the number `last`."""
        self.folder = Path(tempfile.mkdtemp(prefix="santunan-slices-"))
        try:
            components = _Components()
            for page in history.history(connection, last=last):
                for event in page:
                    components.add(event.raw)
            self.events = len(components.places)
            self.sizes = self._write(components, number)
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder)

    def _write(self, components: "_Components", number: int) -> list[int]:
        slices, sizes = components.dealt(number)
        with (self.folder / _EVENTS).open("wb") as file:
            roots = (components.root(one) if one >= 0 else one for one in components.places)
            file.write(bytes(_EVERY if root < 0 else slices[root] for root in roots))
        with closing(sqlite3.connect(self.folder / _CLAIMS)) as claims, claims:
            claims.execute("CREATE TABLE claims (claim_id PRIMARY KEY, slice) WITHOUT ROWID")
            rows = ((claim_id, slices[components.root(one)]) for claim_id, one in components.claims())
            claims.executemany("INSERT INTO claims VALUES (?, ?)", rows)
        return sizes


class _Components:
    """Names that touch each other. `places`: of each event a name, as its number; -1: it names nothing."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._parents = array("q")
        self.places = array("q")

    def add(self, raw: bytes) -> None:
        names = [self._number(name) for name in _names(raw)]
        for one, other in zip(names, names[1:], strict=False):
            first, second = self.root(one), self.root(other)
            if first != second:
                self._parents[max(first, second)] = min(first, second)
        self.places.append(names[0] if names else -1)

    def root(self, number: int) -> int:
        parents = self._parents
        while parents[number] != number:
            parents[number] = number = parents[parents[number]]
        return number

    def claims(self) -> Iterator[tuple[str, int]]:
        return ((name, number) for (kind, name), number in self._numbers.items() if kind == "claim_id")

    def dealt(self, number: int) -> tuple[dict[int, int], list[int]]:
        """The slice of each component, by its root, and how many events each has: the next one to the smallest."""
        weights: dict[int, int] = {}
        for one in self.places:
            if one >= 0:
                root = self.root(one)
                weights[root] = weights.get(root, 0) + 1
        sizes = [0] * number
        slices = {}
        for root, weight in weights.items():
            smallest = sizes.index(min(sizes))
            slices[root] = smallest
            sizes[smallest] += weight
        return slices, sizes

    def _number(self, name: tuple[str, str]) -> int:
        found = self._numbers.setdefault(name, len(self._parents))
        if found == len(self._parents):
            self._parents.append(found)
        return found


def _names(raw: bytes) -> list[tuple[str, str]]:
    """What an event names by which another one may find it: its claim, numbers of members, NIKs."""
    try:
        data: Any = orjson.loads(raw)["data"]
        parts = data, data.get("member") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return [("damaged", "")]  # the replay says what is wrong with it, once
    found = []
    for part in parts:
        for kind in ("claim_id", "member_number", "nik"):
            name = part.get(kind)
            if isinstance(name, str):
                found.append((kind, name))
    return found


_OF_CLAIMS: Final = "SELECT claim_id, slice FROM claims WHERE claim_id IN (SELECT value FROM json_each(?))"
