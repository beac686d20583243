"""What a check of members says of the contributions to expect."""

import datetime as dt

import pytest

from agents.imports.answers import document_of, dues_of, faults_shown, left_out_of, lines_of
from pipeline.enrolment.report import CheckedRow, Due, RowFault, SheetReport

DUE_ON = dt.date(2026, 11, 16)


@pytest.mark.parametrize(("days", "is_past"), [(-1, False), (0, False), (1, True)])
def test_a_last_day_that_is_over_is_not_asked_for(days: int, is_past: bool) -> None:
    report = SheetReport("id", today=DUE_ON + dt.timedelta(days=days))
    report.dues["2026-11", DUE_ON] = Due(2, 22_800, 45_600)
    document = document_of(report, "id")
    assert [one["is_past"] for one in document["contributions"]["dues"]] == [is_past]
    [line] = dues_of(document, "id")
    assert ("dibayar paling lambat 16 November 2026" in line) is not is_past
    assert ("16 November 2026, sudah lewat. Perlindungan mulai pada hari dibayar." in line) is is_past


def test_a_column_that_the_sheet_lacks_is_said_once_for_all_rows_and_kept_for_each() -> None:
    report = SheetReport("id")
    for number in range(2, 7):
        missing, wrong = RowFault("income", "INCOME_NEEDED", {}), RowFault("nik", "NIK_LETTERS", {})
        faults = (missing, wrong) if number < 4 else (missing,)
        row = CheckedRow(number, "faulty", faults, None, ())
        report.add(row, {"income": str(number), "nik": f"B{number}", None: str(number)})
    document = document_of(report, "id")
    assert len(document["faults"]) == 7
    shown = faults_shown(document, "id")
    assert [one["place"] for one in shown] == ["2, 3, 4, … (5)", "B2", "B3"]
    assert shown[0]["detail"].endswith("ganti judul kolomnya menjadi: Upah atau penghasilan.")
    assert shown[1:] == [one for one in document["faults"] if one["code"] == "NIK_LETTERS"]


def test_the_lines_say_which_rows_and_columns_were_not_read() -> None:
    report = SheetReport("id", skipped={"total": [9]}, unread=["HP"])
    lines = list(left_out_of(document_of(report, "id"), "id"))
    assert lines == ["Baris yang bukan orang, tidak dibaca: 9 (jumlah).", "Kolom yang tidak dibaca: HP."]
    assert lines == list(lines_of(document_of(report, "id"), "x.csv", "id"))[-2:]
