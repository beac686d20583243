"""Doubles within one sheet: one NIK or one number twice, and persons who are likely the same. Pure.

Likely the same are two rows with one date of birth and similar names under two NIKs; a person decides. What is found
does not depend on the order of the rows.
"""

import datetime as dt
import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import combinations, groupby
from typing import Final, NamedTuple

from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.utils import default_process

LEAST_SIMILAR: Final = 85.0  # percent: SITI AMINAH and SITTI AMINAH are 96, SITI AMINAH and SITI AISYAH are 82
_MOST_PAIRED: Final = 200  # rows of one date of birth that are all compared; beyond, each with its neighbours by name
_NEIGHBOURS: Final = 20
_SORTED_TOGETHER: Final = 5_000  # rows
_NONE: Final = 0
_TITLES: Final = re.compile(r"\b(?:h|hj|haji|hajah|drs?|dra|ir|se|sh|spd|skom|st|mm|alm|almh|bin|binti|muh|moh)\b")


class Person(NamedTuple):
    """What is compared of one row. `nik`: as a number."""

    number: int
    name: str
    nik: int


def compared(name: str) -> str:
    """A name without titles and signs, in small letters: `H. Moh. Ali, S.H.` -> `ali`."""
    plain = default_process(name.replace(".", "").replace("'", ""))
    without = " ".join(_TITLES.sub(" ", plain).split())
    return without or plain


def are_similar(one: str, other: str) -> bool:
    """Of two names as `compared` gives them."""
    return token_sort_ratio(one, other, score_cutoff=LEAST_SIMILAR) > 0


class Doubles:
    """Of one sheet: `note` each row, then ask. `left_out`: rows a person has said to leave out; they double nothing.

    Numbers in columns, some 60 bytes a row: a sheet of 100,000 rows would else cost as much as all that reads it.
    """

    def __init__(self) -> None:
        self._rows = array("I")
        self._niks, self._numbers, self._contents = array("Q"), array("Q"), array("Q")
        self._born, self._name_ends, self._names = array("I"), array("Q"), bytearray()
        self._found: _Found | None = None

    def note(
        self, number: int, *, nik: str | None, member_number: str | None, name: str | None, born: dt.date | None,
        content: bytes,
    ) -> None:  # fmt: skip
        """`content`: a digest of all values, by which a row that only repeats another one is known."""
        self._rows.append(number)
        self._niks.append(_of_nik(nik))
        self._numbers.append(_of_number(member_number))
        self._contents.append(int.from_bytes(content))
        self._born.append(born.toordinal() if born is not None and nik is not None and name is not None else _NONE)
        self._names += compared(name).encode() if name is not None else b""
        self._name_ends.append(len(self._names))

    def first_of_same(self, number: int, nik: str) -> int | None:
        """The row that this one repeats word for word; None: it repeats none, or is the first."""
        rows = self._settled().of_nik.get(_of_nik(nik), ())
        own = next((content for row, content in rows if row == number), None)
        first = next((row for row, content in rows if content == own), number)
        return first if first != number else None

    def other_with_nik(self, number: int, nik: str) -> int | None:
        """Another row of the same NIK that says something else."""
        rows = self._settled().of_nik.get(_of_nik(nik), ())
        own = next((content for row, content in rows if row == number), None)
        return next((row for row, content in rows if content != own), None)

    def other_with_number(self, number: int, member_number: str, nik: str) -> int | None:
        """A row with this membership number and another NIK."""
        rows = self._settled().of_number.get(_of_number(member_number), ())
        return next((row for row, other in rows if row != number and other != _of_nik(nik)), None)

    def likely_same(self, number: int) -> int | None:
        """A row of likely the same person under another NIK."""
        return self._settled().likely.get(number)

    def _settled(self) -> "_Found":
        """What the columns say, once all rows are noted."""
        if self._found is None:
            of_nik = {
                self._niks[some[0]]: [(self._rows[at], self._contents[at]) for at in some]
                for some in _equal(self._niks)
            }
            of_number = {
                self._numbers[some[0]]: [(self._rows[at], self._niks[at]) for at in some]
                for some in _equal(self._numbers)
            }
            same_day = ([self._person(at) for at in some] for some in _equal(self._born))
            self._found = _Found(of_nik, of_number, dict(_pairs(same_day)))
        return self._found

    def _person(self, at: int) -> Person:
        start = self._name_ends[at - 1] if at else 0
        return Person(self._rows[at], self._names[start : self._name_ends[at]].decode(), self._niks[at])


class _Found(NamedTuple):
    """Of what several rows have: (row, content) by NIK, (row, NIK) by membership number, and the likely other row."""

    of_nik: dict[int, list[tuple[int, int]]]
    of_number: dict[int, list[tuple[int, int]]]
    likely: dict[int, int]


def _of_nik(nik: str | None) -> int:
    return int(nik) + 1 if nik is not None else _NONE


def _of_number(member_number: str | None) -> int:
    """Eleven digits or letters as a number."""
    return int(member_number, 36) + 1 if member_number is not None else _NONE


def _equal(column: "array[int]") -> Iterator[list[int]]:
    """Places that have one value, in their order; of values that several have.

    A share of the values at a time: to sort all at once needs 80 bytes a row, more than the columns.
    """
    shares = len(column) // _SORTED_TOGETHER + 1
    for share in range(shares):
        places = [at for at, value in enumerate(column) if value % shares == share and value != _NONE]
        places.sort(key=column.__getitem__)
        for _, some in groupby(places, key=column.__getitem__):
            if len(same := list(some)) > 1:
                yield same


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
