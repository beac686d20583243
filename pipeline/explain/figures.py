"""Rupiah, dates, percentages and counted things as each language writes them. Values in, text out."""

import datetime as dt
import re
from collections.abc import Sequence

from pipeline.explain.texts import find, text
from schemas.clock import local

_PLACES = re.compile(r"\{(\w+)\}")
_ZONES = {dt.timedelta(hours=7): "WIB", dt.timedelta(hours=8): "WITA", dt.timedelta(hours=9): "WIT"}


def rupiah(amount: int | str, language: str) -> str:
    """`42000000` -> `Rp42.000.000` (id), `Rp42,000,000` (en). An exact fraction comes as text: `"3333333 1/3"`."""
    whole, _, fraction = str(amount).partition(" ")
    number = int(whole)
    return f"{'-' if number < 0 else ''}Rp{grouped(abs(number), language)}{' ' + fraction if fraction else ''}"


def grouped(number: int, language: str) -> str:
    """`18516` -> `18.516` (id), `18,516` (en)."""
    return f"{number:,}".replace(",", text(language, "words", "figures", "thousands"))


def day(date: dt.date | str, language: str) -> str:
    """`2025-02-24` -> `24 Februari 2025` (id), `24 February 2025` (en)."""
    if isinstance(date, str):
        date = dt.date.fromisoformat(date)
    return f"{date.day} {_month_name(date.month, language)} {date.year}"


def moment(written: str, language: str) -> str:
    """A day, or with a clock time `2024-03-05T00:10:00+09:00` -> `5 Maret 2024 00:10 WIT`."""
    if "T" not in written:
        return day(written, language)
    found = local(dt.datetime.fromisoformat(written))
    zone = _ZONES[found.utcoffset() or dt.timedelta()]
    return f"{day(found.date(), language)} {found:%H:%M} {zone}"


def month(year_month: str, language: str) -> str:
    """`2025-02` -> `Februari 2025`."""
    year, _, number = year_month.partition("-")
    return f"{_month_name(int(number), language)} {int(year)}"


def _month_name(number: int, language: str) -> str:
    name: str = find(language, "words", "months")[number - 1]
    return name


def percent(share: int | str, language: str) -> str:
    """`"4.5"` -> `4,5%` (id), `4.5%` (en)."""
    return str(share).replace(".", text(language, "words", "figures", "decimal")) + "%"


def counted(number: int | str, unit: str, language: str) -> str:
    """`3, "months"` -> `3 bulan`, `3 months`; `1` -> `1 month`."""
    one, many = find(language, "words", "units", unit)
    return f"{number} {one if str(number) == '1' else many}"


def filled(said: str, language: str, **values: str | int) -> str:
    """A text with its values; a whole number as the language writes it, but for that of a `row` or a year. A text with
    a number in it may have two forms, `{count} claim waits | {count} claims wait`: the first is for 1. The first value
    that is a number decides."""
    one, _, many = said.partition(" | ")
    numbers = (str(values[name]) for name in _PLACES.findall(one) if str(values[name]).isdecimal())
    form = one if not many or next(numbers, "") == "1" else many
    return form.format_map({name: _written(name, value, language) for name, value in values.items()})


def _written(name: str, value: str | int, language: str) -> str | int:
    return grouped(value, language) if isinstance(value, int) and name != "row" and not name.endswith("year") else value


def listed(items: Sequence[str], language: str) -> str:
    """`a, b dan c`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {text(language, 'words', 'figures', 'and')} {items[-1]}"
