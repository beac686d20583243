"""Rows of the sheet of members by themselves: the structure of a NIK, ages, programs of a segment, contributions."""

import datetime as dt
from typing import Any

import pytest

from pipeline.enrolment.check import MemberCheck
from pipeline.enrolment.doubles import are_similar, compared
from pipeline.enrolment.events import content_id
from pipeline.enrolment.niks import facts_of, faults_of
from pipeline.enrolment.registry import Found
from pipeline.enrolment.report import CheckedRow
from pipeline.law.book import Book
from pipeline.law.calendar import due_date, month_index
from pipeline.sheets.cells import Cell, Row
from schemas.membership import MemberRegistered
from tests.support.member_sheets import nik_of

TODAY = dt.date(2026, 11, 29)
BORN = dt.date(1990, 1, 31)
GOOD = {
    "nik": nik_of(BORN, "P", 7),
    "name": "Siti Aminah",
    "birth_date": "31/01/1990",
    "sex": "P",
    "member_number": "19110000014",
    "segment": "BPU",
    "registered_on": "02/11/2026",
    "programs": "JKK, JKM",
    "income": "2500000",
}


class Rows:
    american: frozenset[str] = frozenset()

    def __init__(self, *rows: dict[str, str]) -> None:
        self._rows = rows

    def rows(self) -> Any:
        for number, row in enumerate(self._rows, 2):
            yield Row(number, {name: Cell(text) for name, text in row.items() if text}, {})


def checked(*rows: dict[str, str], today: dt.date = TODAY) -> list[CheckedRow]:
    now = dt.datetime(today.year, today.month, today.day, tzinfo=dt.UTC)
    check = MemberCheck(Rows(*rows), "urn:santunan:cooperative:maju", Book.load(), lambda _: Found(), now, today)
    return list(check.rows())


def codes(**changes: str) -> list[str]:
    [row] = checked(GOOD | changes)
    return [fault.code for fault in row.faults]


EMPLOYEE = {"segment": "PU", "programs": "JKK, JKM, JHT, JP", "scale": "menengah", "risk_class": "sedang"}


@pytest.mark.parametrize(
    ("changes", "savings"),
    [
        ({}, 0),
        ({"programs": "JKK, JKM, JHT"}, 52_000),  # 2 % of the base income of 2,600,000
        (EMPLOYEE, 142_500 + 75_000),
        (EMPLOYEE | {"income": "11086299"}, 631_919 + 332_589),
        (EMPLOYEE | {"income": "11086300"}, 631_919 + 332_589),  # the limit of JP
        (EMPLOYEE | {"income": "12000000"}, 684_000 + 332_589),
        ({"segment": "PMI", "programs": "JKK, JKM, JHT", "income": ""}, None),
    ],
)
def test_jht_and_jp_are_expected_besides_what_cover_depends_on(changes: dict[str, str], savings: int | None) -> None:
    [row] = checked(GOOD | changes)
    assert row.expected is not None, row.faults
    assert row.expected.savings == savings
    [without] = checked(GOOD | changes | {"programs": "JKK, JKM"}) if "scale" not in changes else [row]
    assert without.expected is not None and row.expected.amount == without.expected.amount


@pytest.mark.parametrize(
    ("nik", "found"),
    [
        ("3603014101900001", (dt.date(1990, 1, 1), "P")),
        ("3603013112900001", (dt.date(1990, 12, 31), "L")),
        ("3603012911260001", (dt.date(2026, 11, 29), "L")),
        ("3603013011270001", (dt.date(1927, 11, 30), "L")),
        ("3603013202900001", (None, "L")),
        ("3603017202900001", (None, "P")),
    ],
)
def test_a_nik_says_birth_and_sex_and_women_are_forty_ahead(nik: str, found: Any) -> None:
    assert facts_of(nik, TODAY) == found


@pytest.mark.parametrize(
    ("nik", "code"),
    [
        ("9903014101900001", "NIK_PROVINCE"),
        ("1003014101900001", "NIK_PROVINCE"),
        ("3600014101900001", "NIK_DISTRICT"),
        ("3603004101900001", "NIK_DISTRICT"),
        ("3699014101900001", "NIK_REGENCY"),
        ("3603014101900000", "NIK_SERIAL"),
        ("3603013202900001", "NIK_NO_SUCH_DAY"),
    ],
)
def test_a_nik_that_cannot_be_is_named(nik: str, code: str) -> None:
    assert [one.code for one in faults_of(nik, None, None, TODAY)] == [code]


def test_a_nik_of_a_former_province_is_one() -> None:
    assert [one.code for one in faults_of("5403014101900001", None, None, TODAY)] == ["NIK_REGENCY"]


def test_day_and_month_that_changed_places_are_named_and_a_person_may_know_better() -> None:
    born = {"birth_date": "02/01/1990", "nik": nik_of(dt.date(1990, 2, 1), "P", 7)}
    assert codes(**born) == ["NIK_BIRTH_SWAPPED"]
    assert codes(birth_date="30/01/1990") == ["NIK_BIRTH_DATE"]
    assert codes(sex="L") == ["NIK_SEX"] and codes(sex="L", decision="tetap") == []
    assert codes(nik="9903017101900001", decision="tetap") == ["NIK_PROVINCE"]


@pytest.mark.parametrize(
    ("born", "found"),
    [
        (dt.date(2011, 11, 3), ["TOO_YOUNG"]),
        (dt.date(2011, 11, 2), ["YOUNG"]),
        (dt.date(2008, 11, 3), ["YOUNG"]),
        (dt.date(2008, 11, 2), []),
        (dt.date(1961, 11, 3), []),
        (dt.date(1961, 11, 2), ["TOO_OLD"]),
    ],
)
def test_ages_at_registration_turn_on_the_birthday(born: dt.date, found: list[str]) -> None:
    assert codes(birth_date=f"{born:%d/%m/%Y}", nik=nik_of(born, "P", 7)) == found


@pytest.mark.parametrize(
    ("segment", "scale", "programs", "found"),
    [
        ("BPU", "", "JKK, JKM, JHT", []),
        ("BPU", "", "JKK", ["PROGRAMS_MISSING"]),
        ("BPU", "", "JKK, JKM, JP", ["PROGRAMS_CLOSED"]),
        ("PU", "mikro", "JKK, JKM", []),
        ("PU", "mikro", "JKK, JKM, JHT, JP", []),
        ("PU", "koperasi", "JKK, JKM", []),
        ("PU", "kecil", "JKK, JKM", ["PROGRAMS_MISSING"]),
        ("PU", "kecil", "JKK, JKM, JHT", []),
        ("PU", "menengah", "JKK, JKM, JHT", ["PROGRAMS_MISSING"]),
        ("PU", "besar", "JKK, JKM, JHT, JP", []),
        ("PU", "", "JKK, JKM", ["SCALE_NEEDED"]),
        ("PU", "", "JKK, JKM, JHT, JP", []),
        ("JAKON", "", "JKK, JKM", []),
        ("JAKON", "", "JKK, JKM, JHT", ["PROGRAMS_CLOSED"]),
        ("PMI", "", "JKK, JKM, JHT", []),
    ],
)
def test_programs_are_those_that_the_law_opens_to_the_segment(
    segment: str, scale: str, programs: str, found: list[str]
) -> None:
    assert codes(segment=segment, scale=scale, programs=programs, risk_class="rendah") == found


@pytest.mark.parametrize(
    ("today", "changes", "amount", "full"),
    [
        (TODAY, {"sector": "transportasi"}, 16_400, 32_800),
        (TODAY, {"sector": "lainnya"}, 16_400, 32_800),
        (TODAY, {"funded_by": "APBN"}, 32_800, 32_800),
        (dt.date(2026, 3, 31), {"sector": "lainnya", "registered_on": "02/03/2026"}, 32_800, 32_800),
        (dt.date(2026, 3, 31), {"sector": "transportasi", "registered_on": "02/03/2026"}, 16_400, 32_800),
        (dt.date(2027, 1, 1), {"sector": "lainnya"}, 32_800, 32_800),
        (dt.date(2027, 3, 31), {"sector": "transportasi"}, 16_400, 32_800),
        (dt.date(2027, 4, 1), {"sector": "transportasi"}, 32_800, 32_800),
        (TODAY, {"income": "0"}, 8_400, 16_800),
        (TODAY, {"income": "1.099.999"}, 8_400, 16_800),
        (TODAY, {"income": "20.200.000"}, 106_900, 213_800),
        (TODAY, {"segment": "PU", "scale": "mikro", "risk_class": "rendah"}, 21_000, 21_000),
    ],
)
def test_the_contribution_to_expect_is_that_of_the_law(
    today: dt.date, changes: dict[str, str], amount: int, full: int
) -> None:
    [row] = checked(GOOD | changes, today=today)
    assert row.status == "good" and row.expected is not None
    assert (row.expected.amount, row.expected.full) == (amount, full)
    segment, month = changes.get("segment", "BPU"), month_index(row.expected.month)
    assert row.expected.due_on == due_date(segment, month, Book.load())


def test_a_member_names_the_row_of_the_table_and_the_day() -> None:
    [row] = checked(GOOD)
    assert row.expected is not None and (row.expected.row, row.expected.base) == (9, 2_600_000)
    assert row.expected.due_on == dt.date(2026, 11, 16)  # the 15th is a Sunday


def test_a_missing_number_is_asked_for_and_its_contribution_is_not_expected_yet() -> None:
    [row] = checked(GOOD | {"member_number": ""})
    assert row.status == "number_needed" and row.events == () and row.faults[0].code == "NUMBER_NEEDED"


def test_a_row_that_repeats_another_is_passed_over_and_one_that_differs_is_asked_about() -> None:
    assert [row.status for row in checked(GOOD, GOOD)] == ["good", "repeated"]
    rows = checked(GOOD, GOOD | {"name": "Sitti Aminah"})
    assert [[one.code for one in row.faults] for row in rows] == [["NIK_TWICE"], ["NIK_TWICE"]]
    left = checked(GOOD, GOOD | {"name": "Sitti Aminah", "decision": "lewati"})
    assert [row.status for row in left] == ["good", "left_out"]


def test_names_are_compared_without_titles_and_signs() -> None:
    assert compared("H. Moh. Ali Akbar, S.H.") == compared("ali akbar") == "ali akbar"
    assert are_similar(compared("Siti Aminah"), compared("SITTI AMINAH"))
    assert are_similar(compared("Aminah Siti"), compared("Siti Aminah"))
    assert not are_similar(compared("Siti Aminah"), compared("Siti Aisyah"))


def test_an_id_follows_from_the_content_and_could_be_no_nik() -> None:
    ids = {content_id(MemberRegistered, {"nik": str(one)}, "urn:santunan:office:a") for one in range(2_000)}
    assert len(ids) == 2_000 and not any(part.isdigit() and len(part) > 8 for one in ids for part in one.split("-"))
    assert len({content_id(MemberRegistered, {"a": 1}, source) for source in ("urn:a", "urn:b")}) == 2
