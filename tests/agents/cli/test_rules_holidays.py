"""`santunan rules holidays`: makes the file of public holidays from a package, without touching a past deadline."""

import datetime as dt
import re
import sys
from pathlib import Path

import pytest

from agents.cli.rules import holidays
from pipeline.errors import NotReady
from pipeline.law.book import FIRST_DAY, Book
from pipeline.law.holidays import holiday_file
from pipeline.law.parameter_file import ParameterFile
from tests.support.command_line import santunan

FILE = Path(__file__).parents[3] / "pipeline" / "law" / "parameters" / "public_holidays.yaml"
NEW_YEAR = dt.date(2028, 1, 1)


def without_description(text: str) -> str:
    """Its description is part of the book's fingerprint, so it changes together with the days."""
    return text.split("\n", 1)[1]


def test_the_file_of_the_book_is_what_the_function_writes() -> None:
    written = FILE.read_text(encoding="utf-8")
    days = {dt.date.fromisoformat(day): name for day, name in re.findall(r"- (\S+)  # (.+)", written)}
    [source] = set(re.findall(r"(holidays [0-9.]+[0-9])", written))
    [checked_on] = re.findall(r"checked_on: (\S+)", written)
    made = holiday_file(days, range(2015, 2029), dt.date.fromisoformat(checked_on), source)
    assert without_description(made) == without_description(written)


def test_the_command_prints_a_sound_parameter_of_the_years() -> None:
    """Which movable days there are is the package's to say, and may differ from version to version."""
    ran = santunan("rules", "holidays", "2015", "2028", "2026-11-22")
    assert (ran.status, ran.err) == (0, "")
    read = ParameterFile("public_holidays", ran.out, FIRST_DAY)
    assert read.faults == [] and read.parameter is not None
    kept = Book.load().parameters["public_holidays"].values
    assert [one.since for one in read.parameter.values] == [one.since for one in kept]
    fixed = {dt.date(year, *day) for year in range(2015, 2028) for day in ((8, 17), (12, 25))}
    assert fixed <= {day for one in read.parameter.values for day in one.value}
    assert "made by `santunan rules holidays`" in ran.out


@pytest.mark.parametrize(("name", "marker"), [("Tahun Baru", "VERIFIED-2"), ("Nyepi (perkiraan)", "RECALLED")])
def test_a_year_with_an_estimated_date_is_marked_as_recalled(name: str, marker: str) -> None:
    text = holiday_file({NEW_YEAR: name}, range(2028, 2029), NEW_YEAR, "a list")
    assert f"marker: {marker}\n" in text
    assert ("some dates estimated" in text) == (marker == "RECALLED")


def test_without_the_package_the_command_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(NotReady, match=r"pip install 'santunan\[dev\]'"):
        holidays(2027, 2028, NEW_YEAR)


@pytest.mark.parametrize(
    "arguments", [("2027", "2026", "2026-11-22"), ("2014", "2026", "2026-11-22"), ("2026", "2027")]
)
def test_years_that_make_no_range_are_a_typing_error(arguments: tuple[str, ...]) -> None:
    assert santunan("rules", "holidays", *arguments).status == 2


def test_the_help_fits_eighty_columns_and_shows_an_example() -> None:
    told = santunan("rules", "holidays", "--help").out
    assert "Examples:" in told and max(map(len, told.splitlines())) <= 80
