"""The structure of a NIK: province, regency, district, date of birth (women + 40), serial number. Pure.

Source: Permendagri on population administration, as quoted by the civil registry; `rules.md` holds no article.
"""

import datetime as dt
from typing import Final, NamedTuple

from pipeline.enrolment.region_book import provinces, regency_name

WOMEN_AHEAD: Final = 40  # added to the day of birth
_OLDEST_YEARS: Final = 100


class NikFault(NamedTuple):
    """`code`: a text of `sheets.faults`. `is_certain`: no NIK is so; else a person may know better."""

    code: str
    is_certain: bool


class NikFacts(NamedTuple):
    """What a NIK says. `birth_date`: within the hundred years before `today`; None: there is no such day."""

    birth_date: dt.date | None
    sex: str


def facts_of(nik: str, today: dt.date) -> NikFacts:
    """`nik`: 16 digits. `sex`: L or P, as on the KTP."""
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    sex = "P" if day > WOMEN_AHEAD else "L"
    day -= WOMEN_AHEAD if sex == "P" else 0
    century = today.year - today.year % 100
    full = century + year if century + year <= today.year else century - 100 + year
    try:
        return NikFacts(dt.date(full, month, day), sex)
    except ValueError:
        return NikFacts(None, sex)


def faults_of(nik: str, birth_date: dt.date | None, sex: str | None, today: dt.date) -> list[NikFault]:
    """`birth_date`, `sex`: as the sheet says; None: it does not."""
    found = []
    if nik[:2] not in provinces():
        found.append(NikFault("NIK_PROVINCE", True))
    elif nik[2:4] == "00" or nik[4:6] == "00":
        found.append(NikFault("NIK_DISTRICT", True))
    elif regency_name(nik[:4]) is None:
        found.append(NikFault("NIK_REGENCY", False))
    if nik[12:] == "0000":
        found.append(NikFault("NIK_SERIAL", True))
    facts = facts_of(nik, today)
    if facts.birth_date is None:
        found.append(NikFault("NIK_NO_SUCH_DAY", True))
    elif birth_date is not None and not _is_same_day(facts.birth_date, birth_date):
        is_swapped = birth_date.day <= 12 and _is_same_day(facts.birth_date, _swapped(birth_date))
        found.append(NikFault("NIK_BIRTH_SWAPPED" if is_swapped else "NIK_BIRTH_DATE", False))
    if facts.birth_date is not None and sex is not None and sex != facts.sex:
        found.append(NikFault("NIK_SEX", False))
    return found


def _is_same_day(said: dt.date, given: dt.date) -> bool:
    """A NIK has two digits of the year: somebody of a hundred and one is not taken for a child."""
    return (said.day, said.month, said.year % _OLDEST_YEARS) == (given.day, given.month, given.year % _OLDEST_YEARS)


def _swapped(day: dt.date) -> dt.date:
    """Day and month changed for each other."""
    return dt.date(day.year, day.day, day.month)
