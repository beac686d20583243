"""Questions about the law itself: is the book sound, what does a parameter say, what changed between two days.

The logic behind `santunan rules`. Returns data; the command lays it out. Pure except for what `Book.load` reads.
"""

import datetime as dt
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pipeline.errors import BadRuleBook, NotReady
from pipeline.law.book import Book
from pipeline.law.declarations import Value
from pipeline.law.parameter_file import Parameter


@dataclass(frozen=True, slots=True)
class Soundness:
    """What was checked: `values` dated values of `parameters`, on each day from `first` to `last`."""

    parameters: int
    values: int
    days: int
    first: dt.date
    last: dt.date
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter, or one entry of a table (`key`), that says something else on the later day.

    An entry that is not there is None; `before` and `after` are the whole values with their sources.
    """

    name: str
    unit: str
    before: Value[Any]
    after: Value[Any]
    entries: tuple[tuple[str, Any, Any], ...]


def faults(directory: Path | None = None) -> tuple[str, ...]:
    """One sentence for each fault of the book in `directory`; empty where it can be used."""
    try:
        check(directory)
    except BadRuleBook as error:
        return error.faults
    return ()


def check(directory: Path | None = None) -> Soundness:
    """Load the book and ask for every parameter on every day up to the end of next year.

    Raises BadRuleBook with every fault.
    """
    book = Book.load(directory)
    days = (book.through - book.first_day).days + 1
    for offset in range(days):
        day = book.first_day + dt.timedelta(days=offset)
        for one in book.parameters.values():
            one.on(day)
    values = sum(len(parameter.values) for parameter in book.parameters.values())
    return Soundness(len(book.parameters), values, days, book.first_day, book.through, book.fingerprint)


def parameter(name: str, book: Book) -> Parameter:
    """Raises NotReady, with the nearest names, where there is no such parameter."""
    found = book.parameters.get(name)
    if found is None:
        near = get_close_matches(name, book.parameters, 3)
        hint = f"did you mean {', '.join(near)}?" if near else "`santunan rules show` lists them all"
        raise NotReady(f"there is no parameter {name}; {hint}")
    return found


def values_of(name: str, book: Book, on: dt.date | None = None) -> tuple[Value[Any], ...]:
    """What a parameter says through time, or on one day. Raises NotReady (no such parameter), NoLaw (that day)."""
    found = parameter(name, book)
    return found.values if on is None else (found.on(on),)


def differences(book: Book, first: dt.date, second: dt.date) -> tuple[Difference, ...]:
    """Every parameter that says something else on `second` than on `first`, by name; of tables the entries too.

    A new reference alone, the number being the same, is no change. Raises NoLaw before 2015-07-01.
    """
    found: list[Difference] = []
    for name, one in sorted(book.parameters.items()):
        old, new = one.on(first), one.on(second)
        if (old.value, old.absent) != (new.value, new.absent):
            found.append(Difference(name, one.unit, old, new, _entries(old.written, new.written)))
    return tuple(found)


def _entries(old: Any, new: Any) -> tuple[tuple[str, Any, Any], ...]:
    """The rows of a table that differ, as (row, before, after); a single number has none."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = list(dict.fromkeys((*old, *new)))
        rows = [(str(key), old.get(key), new.get(key)) for key in keys]
    elif isinstance(old, list) and isinstance(new, list):
        longest = max(len(old), len(new))
        rows = [(str(at + 1), _at(old, at), _at(new, at)) for at in range(longest)]
    else:
        return ()
    return tuple(row for row in rows if row[1] != row[2])


def _at(rows: list[Any], at: int) -> Any:
    return rows[at] if at < len(rows) else None
