"""Writes the parameter file of public holidays from a list of days; `santunan rules holidays` supplies the list.

Run once a year, when the decree on next year's holidays is published. Read the difference before it is committed: a
past deadline must not change.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from pipeline.law.book import FIRST_DAY

ESTIMATED: Final = "perkiraan"  # in the name of a date that no decree has set yet
_HEAD: Final = """\
description: Public holidays without joint leave (cuti bersama), made by `santunan rules holidays`
unit: dates
values:
"""


def holiday_file(days: Mapping[dt.date, str], years: range, checked_on: dt.date, source: str) -> str:
    """The YAML text. `days`: each holiday with its Indonesian name; `source`: named in every reference.

    `checked_on`: the day on which a person compared the days with the decrees.
    """
    return _HEAD + "".join(_year(days, year, source) for year in years) + f"checked_on: {checked_on}\n"


def _year(days: Mapping[dt.date, str], year: int, source: str) -> str:
    """One year; with estimated dates it is marked as not verified."""
    names = {day: name.replace("; ", ", ") for day, name in sorted(days.items()) if day.year == year}
    is_estimated = any(ESTIMATED in name for name in names.values())
    reference = f"Joint decree of three ministers on the holidays of {year}, as in {source}"
    lines = [f"  {max(dt.date(year, 1, 1), FIRST_DAY)}:", "    value:"]
    lines += [f"      - {day}  # {name}" for day, name in names.items()]
    if is_estimated:
        reference += "; some dates estimated"
    lines += [f'    reference: "{reference}"', f"    marker: {'RECALLED' if is_estimated else 'VERIFIED-2'}"]
    return "\n".join(lines) + "\n"
