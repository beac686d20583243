"""Doubles within one sheet: one NIK or one number twice, and persons who are likely the same. Pure.

Likely the same are two rows with one date of birth and similar names under two NIKs; a person decides. What is found
does not depend on the order of the rows.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final, NamedTuple

from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.utils import default_process

LEAST_SIMILAR: Final = 85.0  # percent: SITI AMINAH and SITTI AMINAH are 96, SITI AMINAH and SITI AISYAH are 82
_MOST_PAIRED: Final = 200  # rows of one date of birth that are all compared; beyond, each with its neighbours by name
_NEIGHBOURS: Final = 20
_TITLES: Final = re.compile(r"\b(?:h|hj|haji|hajah|drs?|dra|ir|se|sh|spd|skom|st|mm|alm|almh|bin|binti|muh|moh)\b")


class Person(NamedTuple):
    """What is compared of one row."""

    number: int
    name: str
    nik: str


def compared(name: str) -> str:
    """A name without titles and signs, in small letters: `H. Moh. Ali, S.H.` -> `ali`."""
    plain = default_process(name.replace(".", "").replace("'", ""))
    without = " ".join(_TITLES.sub(" ", plain).split())
    return without or plain


def are_similar(one: str, other: str) -> bool:
    """Of two names as `compared` gives them."""
    return token_sort_ratio(one, other, score_cutoff=LEAST_SIMILAR) > 0


class Doubles:
    """Of one sheet: `note` each row, then ask. `left_out`: rows a person has said to leave out; they double nothing."""

    def __init__(self) -> None:
        self._niks: dict[str, list[tuple[int, bytes]]] = {}
        self._numbers: dict[str, list[tuple[int, str | None]]] = {}
        self._born: dict[dt.date, list[Person]] = {}
        self._likely: dict[int, int] | None = None

    def note(
        self, number: int, *, nik: str | None, member_number: str | None, name: str | None, born: dt.date | None,
        content: bytes,
    ) -> None:  # fmt: skip
        """`content`: a digest of all values, by which a row that only repeats another one is known."""
        if nik is not None:
            self._niks.setdefault(nik, []).append((number, content))
        if member_number is not None:
            self._numbers.setdefault(member_number, []).append((number, nik))
        if None not in (nik, name, born):
            assert nik is not None and name is not None and born is not None
            self._born.setdefault(born, []).append(Person(number, compared(name), nik))

    def first_of_same(self, number: int, nik: str) -> int | None:
        """The row that this one repeats word for word; None: it repeats none, or is the first."""
        rows = self._niks[nik]
        own = next(content for row, content in rows if row == number)
        first = next(row for row, content in rows if content == own)
        return first if first != number else None

    def other_with_nik(self, number: int, nik: str) -> int | None:
        """Another row of the same NIK that says something else."""
        rows = self._niks[nik]
        own = next(content for row, content in rows if row == number)
        return next((row for row, content in rows if content != own), None)

    def other_with_number(self, number: int, member_number: str, nik: str) -> int | None:
        """A row with this membership number and another NIK."""
        return next((row for row, other in self._numbers[member_number] if row != number and other != nik), None)

    def likely_same(self, number: int) -> int | None:
        """A row of likely the same person under another NIK."""
        if self._likely is None:
            self._likely = dict(_pairs(self._born.values()))
            self._born = {}
        return self._likely.get(number)


def _pairs(groups: Iterable[list[Person]]) -> Iterator[tuple[int, int]]:
    for group in groups:
        if len(group) <= _MOST_PAIRED:
            couples: Iterable[tuple[Person, Person]] = combinations(group, 2)
        else:
            group.sort(key=lambda person: person.name)
            couples = ((one, other) for at, one in enumerate(group) for other in group[at + 1 : at + 1 + _NEIGHBOURS])
        for one, other in couples:
            if one.nik != other.nik and are_similar(one.name, other.name):
                yield one.number, other.number
                yield other.number, one.number
