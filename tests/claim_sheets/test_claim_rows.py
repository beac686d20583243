"""Rows of accidents and deaths: lists in words, the data of the event, and words as the pages have them."""

import datetime as dt
from typing import Any, get_args

import pytest

from pipeline.claim_sheets.columns import CHOICES, COLUMNS, PAPERS, RELATIVES, Kind, columns_for
from pipeline.claim_sheets.rows import check_claim_row, data_of, read_claim_row
from pipeline.enrolment.columns import choices_of
from pipeline.explain import LANGUAGES
from pipeline.explain.sections import choices
from pipeline.explain.sheets import sheet_text
from pipeline.sheets.cells import Cell, CellFault, Row
from pipeline.sheets.headers import find_header, normal
from pipeline.sheets.values import days_of, time_of, zone_in
from schemas.claims import Sections
from schemas.clock import local_day
from schemas.codes import PaperName

NOW = dt.datetime(2026, 7, 20, 3, tzinfo=dt.UTC)
ACCIDENT = {
    "member_number": "19110000014",
    "occurred_on": "02/07/2026",
    "occurred_at": "08.30",
    "kind": "cedera",
    "setting": "tempat kerja",
}
DEATH = {"nik": "3603010101900001", "died_on": "02/07/2026", "cause": "sakit"}


def checked(kind: Kind, sender: str = "office", zone_of_sheet: str | None = None, **cells: str) -> Any:
    written = {"accident": ACCIDENT, "death": DEATH}[kind] | cells
    cells_of = {name: Cell(text) for name, text in written.items()}
    row = read_claim_row(Row(2, cells_of, {}), kind, frozenset(), zone_of_sheet)
    check_claim_row(row, kind, sender, NOW)
    return row


def codes(row: Any) -> set[tuple[str, str]]:
    return {(fault.column, fault.code) for fault in row.faults}


def test_an_accident_becomes_the_data_of_its_event() -> None:
    row = checked(
        *("accident", "office"),
        diagnosis="patah",
        unable_days="30 hari",
        treatment="4.500.000",
        transport="150000",
        documents="KTP dan surat dokter",
        reported_on="02/07/2026",
        died_on="05/07/2026",
    )
    assert row.faults == [] and data_of(row, "accident") == {
        "member": {"member_number": "19110000014"},
        "accident": {"kind": "injury", "setting": "workplace", "occurred_at": "2026-07-02T08:30:00+07:00"},
        "medical": {"diagnosis": "patah", "unable_to_work_days": 30, "death": {"died_on": "2026-07-05"}},
        "costs": {"treatment": 4_500_000, "transport": {"land": 150_000}},
        "documents": ["doctor_letter", "ktp"],
        "report": {"reported_at": "2026-07-02T08:30:00+07:00"},
    }


def test_a_death_becomes_the_data_of_its_event_with_the_family() -> None:
    row = checked("death", relatives="istri, anak, anak", children="05/06/2012 SD; 01/02/2024")
    assert row.faults == [] and data_of(row, "death") == {
        "member": {"nik": "3603010101900001"},
        "death": {"died_on": "2026-07-02", "cause": "illness"},
        "heirs": {"relatives": [{"relation": "widow"}, {"relation": "child"}, {"relation": "child"}]},
        "children": [
            {"birth_date": "2012-06-05", "in_school": True, "level": "SD"},
            {"birth_date": "2024-02-01", "in_school": False},
        ],
    }
    assert codes(checked("death", relatives="anak")) == {("children", "CHILDREN_NEEDED")}
    assert codes(checked("death", relatives="paman")) == {("relatives", "RELATIVES_UNKNOWN")}
    for written in ("2012 SD", "05/06/2012 kuliah", ";"):
        assert codes(checked("death", children=written)) == {("children", "CHILDREN_SHAPE")}, written
    assert codes(checked("death", "hospital", relatives="istri")) == {("relatives", "NOT_YOURS_TO_SAY")}


@pytest.mark.parametrize(
    ("day", "time", "code"),
    [("20/07/2026", "10:00", None), ("20/07/2026", "10:01", "TIME_TO_COME"), ("21/07/2026", "00:00", "DAY_TO_COME")],
)
def test_what_is_yet_to_come_is_a_fault_to_the_minute(day: str, time: str, code: str | None) -> None:
    found = {fault for _, fault in codes(checked("accident", occurred_on=day, occurred_at=time))}
    assert found == ({code} if code else set())


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        *((Cell(one), "08:30") for one in ("8.30", "08:30", "08.30 WIB", "pukul 8:30", "08:30:00", "08:30 wita")),
        (Cell("08:30", "time"), "08:30"),
        *((one, None) for one in (Cell("8,5"), Cell("24:00"), Cell("8.3", "number"), Cell("08:30 UTC"), Cell("8"))),
    ],
)
def test_a_time_is_read_in_one_way_or_not_at_all(cell: Cell, time: str | None) -> None:
    if time is not None:
        assert time_of(cell) == time
        return
    with pytest.raises(CellFault, match="TIME_SHAPE"):
        time_of(cell)


@pytest.mark.parametrize(
    ("title", "column", "time", "moment"),
    [
        (None, "", "08.30", "08:30:00+07:00"),
        (None, "", "08.30 WITA", "08:30:00+08:00"),
        (None, "wit", "08.30", "08:30:00+09:00"),
        (None, "Waktu Indonesia Tengah", "8:30 WITA", "08:30:00+08:00"),
        ("WITA", "", "08:30", "08:30:00+08:00"),
        ("WITA", "WIT", "08:30", None),
        (None, "WIB", "08:30 WITA", None),
        ("WIT", "", "08:30 WIB", None),
    ],
)
def test_the_zone_stands_in_the_title_a_column_or_behind_the_time(
    title: str | None, column: str, time: str, moment: str | None
) -> None:
    """The day that counts is the one that is written, whatever the zone."""
    row = checked("accident", zone_of_sheet=title, zone=column, occurred_at=time, reported_on="02/07/2026")
    if moment is None:
        assert codes(row) == {("zone" if column else "occurred_at", "ZONES_DIFFER")}
        return
    data = data_of(row, "accident")
    assert data["accident"]["occurred_at"] == data["report"]["reported_at"] == f"2026-07-02T{moment}"
    assert local_day(dt.datetime.fromisoformat(f"2026-07-02T{moment}")) == dt.date(2026, 7, 2)


@pytest.mark.parametrize(
    ("zone", "day", "time", "code"),
    [
        *(("WITA", "20/07/2026", time, code) for time, code in (("11:00", None), ("11:01", "TIME_TO_COME"))),
        *(("WIT", "20/07/2026", time, code) for time, code in (("12:00", None), ("12:01", "TIME_TO_COME"))),
        ("WIT", "21/07/2026", "00:00", "DAY_TO_COME"),
    ],
)
def test_what_is_yet_to_come_is_judged_where_it_happened(zone: str, day: str, time: str, code: str | None) -> None:
    found = {fault for _, fault in codes(checked("accident", occurred_on=day, occurred_at=time, zone=zone))}
    assert found == ({code} if code else set())


@pytest.mark.parametrize(("hour", "is_over"), [(14, False), (15, True)])
def test_a_day_that_has_begun_in_the_east_may_be_the_day_of_a_death(hour: int, is_over: bool) -> None:
    """At 15:00 UTC it is midnight in Jayapura, and 22:00 in Jakarta."""
    row = read_claim_row(Row(2, {name: Cell(text) for name, text in (DEATH | {"died_on": "21/07/2026"}).items()}, {}),
                         "death", frozenset())  # fmt: skip
    check_claim_row(row, "death", "office", NOW.replace(hour=hour))
    assert codes(row) == (set() if is_over else {("died_on", "DAY_TO_COME")})


def test_a_title_says_the_zone_of_the_sheet_with_or_without_brackets() -> None:
    for title in ("Jam (WITA)", "Jam kecelakaan WITA", "Pukul [wita]"):
        titles = ("Nomor KPJ", "Tanggal kecelakaan", title, "Jenis kejadian", "Keadaan")
        header = find_header([[Cell(one) for one in titles]], COLUMNS["accident"])
        assert header is not None and zone_in(header.titles["occurred_at"]) == "WITA", title
    assert [zone_in(one) for one in ("Jam", "Jam (WIB/WITA)", "Witan")] == [None, None, None]


def test_days_are_a_whole_number() -> None:
    assert [days_of(Cell(one)) for one in ("0", "30", "30 hari")] == [0, 30, 30]
    for one in ("-1", "1,5", "99999", "sebulan"):
        with pytest.raises(CellFault, match="DAYS_SHAPE"):
            days_of(Cell(one))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_have_the_words_of_the_pages(language: Any) -> None:
    paths = {
        "kind": "accident.kind",
        "setting": "accident.setting",
        "traffic": "accident.traffic",
        "cause": "death.cause",
    }
    for column, path in paths.items():
        assert dict(zip(CHOICES[column], choices_of(CHOICES[column], language), strict=True)) == choices(path, language)
    relatives = choices("heirs.relatives.relation", language)
    assert dict(zip(RELATIVES, choices_of(RELATIVES, language), strict=True)) == relatives
    assert set(PAPERS) == set(get_args(PaperName))
    for words in (*CHOICES.values(), PAPERS, RELATIVES):
        spelled = [normal(one) for spellings in words.values() for one in set(map(normal, spellings))]
        assert len(spelled) == len(set(spelled))
    for kind in get_args(Kind):
        assert all(sheet_text(language, "columns", "help", one.name) for one in COLUMNS[kind])


def test_a_template_has_no_column_that_its_sender_may_not_fill_in() -> None:
    assert {"diagnosis", "treatment", "died_on"} <= {one.name for one in columns_for("accident", "clinic")}
    employer = {one.name for one in columns_for("accident", "employer")}
    assert "reported_on" in employer and not {"diagnosis", "treatment", "died_on"} & employer
    assert set(get_args(Kind)) == {"accident", "death"} and "medical" in Sections.model_fields
