"""Rupiah, dates, percentages and counted things as each language writes them. Values in, text out."""

import datetime as dt
from collections.abc import Sequence

from pipeline.explain.texts import find, text
from schemas.clock import local

_ZONES = {dt.timedelta(hours=7): "WIB", dt.timedelta(hours=8): "WITA", dt.timedelta(hours=9): "WIT"}


def rupiah(amount: int | str, language: str) -> str:
    """`42000000` -> `Rp42.000.000` (id), `Rp42,000,000` (en). An exact fraction comes as text: `"3333333 1/3"`."""
    whole, _, fraction = str(amount).partition(" ")
    number = int(whole)
    grouped = f"{abs(number):,}".replace(",", text(language, "words", "figures", "thousands"))
    return f"{'-' if number < 0 else ''}Rp{grouped}{' ' + fraction if fraction else ''}"


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


def listed(items: Sequence[str], language: str) -> str:
    """`a, b dan c`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {text(language, 'words', 'figures', 'and')} {items[-1]}"
