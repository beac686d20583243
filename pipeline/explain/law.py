"""Numbers of the law in words: a plain value with its unit, or a table with headings. NoText: it has no words."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.explain import figures
from pipeline.explain.texts import find, room, text

_COUNTS: Final = frozenset(
    {"cover_months", "day", "days", "max_years", "months", "months_after", "row", "wage_earner_max_months"}
)
_PERCENTS: Final = frozenset({"jkk", "jkm", "max", "min", "percent"})
_FOR_PROGRAMS: Final = frozenset({"mirror"})  # a name of our own for another row
_WORDS: Final = ("segment", "level", "heir", "layer", "line", "marker")  # of `words`, by their code


@dataclass(frozen=True, slots=True)
class LawTable:
    """`headings`: of the columns, where they have some. Each row has as many cells."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def parameter_title(name: str, language: str) -> str:
    """`funeral` -> `Biaya pemakaman`."""
    return text(language, "law", "parameters", name)


def is_table(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def written_value(value: Any, unit: str, language: str) -> str:
    """A plain value with its unit. `value` None: the law says that there is none."""
    if value is None:
        return text(language, "law", "values", "absent")
    if unit == "rupiah":
        return figures.rupiah(value, language)
    if unit == "text":
        return _word(str(value), language)
    return f"{_figure(value, language)} {text(language, 'law', 'units', unit)}"


def law_table(value: Any, unit: str, language: str) -> LawTable:
    """A table of the law. `value`: as its file has it."""
    if isinstance(value, Mapping):
        if all(isinstance(one, Mapping) for one in value.values()):
            return _records(list(value.values()), list(value), unit, language)
        rows = tuple((_heading(key, language), _cell(one, key, unit, language)) for key, one in value.items())
        return LawTable((), rows)
    if value and all(isinstance(one, Mapping) for one in value):
        return _records(value, None, unit, language)
    return LawTable((), tuple((_cell(one, "", unit, language),) for one in value))


def _records(records: Sequence[Mapping[str, Any]], keys: list[str] | None, unit: str, language: str) -> LawTable:
    """`keys`: the names of the rows, unless a column says it better."""
    columns = [key for key in dict.fromkeys(key for one in records for key in one) if key not in _FOR_PROGRAMS]
    is_named = keys is not None and "name" not in columns
    headings = [_heading(column, language) for column in columns]
    rows = [
        [_cell(one.get(column), column, unit, language) if column in one else "" for column in columns]
        for one in records
    ]
    if is_named and keys is not None:
        headings = ["", *headings]
        rows = [[_word(key, language), *row] for key, row in zip(keys, rows, strict=True)]
    return LawTable(tuple(headings), tuple(map(tuple, rows)))


def _heading(key: str, language: str) -> str:
    columns: Mapping[str, str] = find(language, "law", "columns")
    return columns[key] if key in columns else _word(key, language)


def _cell(value: Any, key: str, unit: str, language: str) -> str:
    if value is None:
        return text(language, "law", "values", "rest")
    if isinstance(value, bool):
        return text(language, "law", "values", "yes" if value else "no")
    if isinstance(value, dt.date):
        return figures.day(value, language)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{_heading(name, language)} {_cell(one, name, unit, language)}" for name, one in value.items()
        )
    if isinstance(value, list | tuple):
        return ("; " if value and isinstance(value[0], Mapping) else ", ").join(
            _cell(one, key, unit, language) for one in value
        )
    if key in _PERCENTS or (unit.startswith("percent") and _is_number(value) and key not in _COUNTS | {"up_to"}):
        return figures.percent(value, language)
    if isinstance(value, int):
        is_money = key not in _COUNTS and (unit.startswith("rupiah") or key == "up_to")
        return figures.rupiah(value, language) if is_money else str(value)
    return str(value) if key in ("name", "law") else _word(str(value), language)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.replace(".", "", 1).isdecimal())


def _figure(value: Any, language: str) -> str:
    """A percentage with a fraction is text in its file."""
    return str(value).replace(".", text(language, "words", "figures", "decimal"))


def _word(code: str, language: str) -> str:
    values: Mapping[str, str] = find(language, "law", "values")
    if code in values:
        return values[code]
    if code in ("JKK", "JKM"):
        return code
    words = room(language, "words")
    for name in _WORDS:
        found = words.get(name, {}).get(code)
        if isinstance(found, str):
            return found
    return text(language, "law", "values", code)
