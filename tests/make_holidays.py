"""Writes pipeline/law/parameters/public_holidays.yaml from the package `holidays`:

    python tests/make_holidays.py 2015 2027 2026-11-22

with the first year, the last year and the day on which somebody compared the result with the decrees. Run it when
a year's decree is published, and read the difference before it is committed: a past deadline must not change.
"""

import datetime as dt
import sys
from pathlib import Path

import holidays

FILE = Path(__file__).parents[1] / "pipeline" / "law" / "parameters" / "public_holidays.yaml"
FIRST_DAY = dt.date(2015, 7, 1)
ESTIMATED = "perkiraan"  # the package's word for a date that no decree has set yet
HEAD = """\
description: Public holidays without joint leave (cuti bersama), made by `python tests/make_holidays.py`
unit: dates
values:
"""


def year_entry(year: int) -> str:
    """The YAML of one year; a year with estimated dates is marked as not verified."""
    found = holidays.country_holidays("ID", years=year, language="id", categories=("public",))
    names = {day: name.replace("; ", ", ") for day, name in sorted(found.items())}
    is_estimated = any(ESTIMATED in name for name in names.values())
    reference = f"Joint decree of three ministers on the holidays of {year}, as in holidays {holidays.__version__}"
    lines = [f"  {max(dt.date(year, 1, 1), FIRST_DAY)}:", "    value:"]
    lines += [f"      - {day}  # {name}" for day, name in names.items()]
    if is_estimated:
        reference += "; some dates estimated"
    lines += [f'    reference: "{reference}"', f"    marker: {'RECALLED' if is_estimated else 'VERIFIED-2'}"]
    return "\n".join(lines) + "\n"


def document(first: int, last: int, checked_on: str) -> str:
    return HEAD + "".join(year_entry(year) for year in range(first, last + 1)) + f"checked_on: {checked_on}\n"


if __name__ == "__main__":
    FILE.write_text(document(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]), encoding="utf-8")
