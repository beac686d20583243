"""The reader: files as offices write them become rows with places, and files that do harm are refused with a remedy."""

import datetime as dt
from typing import Any

import pytest

from agents.imports import child
from agents.imports.reader import MOST_BYTES, Sheet, read_sheet
from agents.imports.writer import Corrected
from pipeline.enrolment.columns import BY_NAME as OF_MEMBERS
from pipeline.explain import LANGUAGES
from pipeline.explain.sheets import sheet_refusal
from pipeline.sheets.cells import Cell, SheetRefused
from pipeline.sheets.headers import Column, find_header
from tests.agents.imports.sheets import HEAD, TAIL, excel, inline, with_part

COLUMNS = (
    Column("nik", "NIK", "NIK", ("No KTP", "Nomor Induk Kependudukan"), is_needed=True),
    Column("name", "Nama", "Name", ("Nama Lengkap",), is_needed=True),
    Column("birth_date", "Tanggal lahir", "Date of birth", ("Tgl Lahir",)),
    Column("income", "Penghasilan", "Income", ("Upah pokok",)),
)
NIK = "3603010101900001"


def rows_of(data: bytes) -> list[tuple[int, dict[str, str]]]:
    with read_sheet(data, COLUMNS) as sheet:
        return [(row.number, {name: cell.text for name, cell in row.cells.items()}) for row in sheet.rows()]


def read_all(data: bytes) -> tuple[Sheet, list[Any]]:
    with read_sheet(data, COLUMNS) as sheet:
        return sheet, list(sheet.rows())


LIST = f"NIK;Nama;Tgl. Lahir;Penghasilan\n{NIK};Siti;31/12/1990;2.500.000\n"


@pytest.mark.parametrize(
    "data",
    [
        LIST.encode(),
        LIST.encode("utf-8-sig"),
        LIST.encode("cp1252"),
        LIST.encode("utf-16"),
        LIST.encode("utf-16-le"),
        LIST.replace(";", ",").encode(),
        LIST.replace(";", "\t").replace("\n", "\r\n").encode("utf-16"),
        ("sep=;\n" + LIST).encode(),
        excel([["NIK", "Nama", "Tgl. Lahir", "Penghasilan"], [NIK, "Siti", "31/12/1990", "2.500.000"]]),
    ],
    ids=["utf-8", "BOM", "cp1252", "utf-16", "utf-16 without BOM", "comma", "tab", "sep=", "xlsx"],
)
def test_one_list_in_each_form_is_read_the_same(data: bytes) -> None:
    expected = {"nik": NIK, "name": "Siti", "birth_date": "31/12/1990", "income": "2.500.000"}
    assert rows_of(data) == [(2, expected)]


def test_letters_of_windows_are_read_as_they_are() -> None:
    assert (
        rows_of(f"NIK;Nama\n{NIK};Andr\u00e9 \u201cOe\u201d\n".encode("cp1252"))[0][1]["name"]
        == "Andr\u00e9 \u201cOe\u201d"
    )


def test_a_title_above_two_lines_of_header_and_numbers_below_it_are_no_rows() -> None:
    data = excel(
        [
            ["DAFTAR ANGGOTA KOPERASI"],
            [],
            ["No", "Data diri", "", "", "Upah"],
            ["", "No. KTP*", "Nama Lengkap", "Tgl Lahir", "pokok"],
            ["(1)", "(2)", "(3)", "(4)", "(5)"],
            [1, NIK, "Siti", dt.date(1990, 12, 31), 2500000],
        ]
    )
    assert rows_of(data) == [(6, {"nik": NIK, "name": "Siti", "birth_date": "1990-12-31", "income": "2500000"})]


def test_totals_signatures_and_a_repeated_header_are_left_out_and_named() -> None:
    data = f"No;NIK;Nama\n1;{NIK};Siti\n\nNo;NIK;Nama\n2;{NIK};Budi\n;Jumlah;2\n;;Ketua\nX;;\n".encode()
    sheet, rows = read_all(data)
    assert [row.number for row in rows] == [2, 5]
    assert sheet.skipped == {"header_again": [4], "total": [6], "below_total": [7], "other_columns": [8]}


def test_a_row_without_nik_above_the_total_is_read_so_that_its_fault_is_named() -> None:
    assert [number for number, _ in rows_of(f"NIK;Nama\n{NIK};Siti\n;Budi\n".encode())] == [2, 3]


def test_the_list_is_found_on_another_sheet_and_a_hidden_one_is_not_read() -> None:
    import io

    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, who in (("Penjelasan", ""), ("Lama", "Budi"), ("Anggota", "Siti")):
            sheet = book.add_worksheet(name)
            if who:
                sheet.write_row(0, 0, ["NIK", "Nama"])
                sheet.write_row(1, 0, [f"'{NIK}", who])
            else:
                sheet.write_row(0, 0, ["Isi lembar berikut"])
                sheet.activate()
            if name == "Lama":
                sheet.hide()
    assert rows_of(file.getvalue())[0][1]["name"] == "Siti"


def test_a_cell_keeps_what_excel_made_of_it() -> None:
    data = excel([["NIK", "Nama", "Tgl Lahir", "Upah pokok"], [3.603010101900001e15, "=A1", dt.date(1990, 1, 2), 12.5]])
    _, rows = read_all(data)
    cells = rows[0].cells
    assert cells["nik"].kind == "number" and cells["name"] == Cell("", "formula")
    assert cells["birth_date"] == Cell("1990-01-02", "date") and cells["income"] == Cell("12.5", "number")


def test_a_formula_of_a_csv_and_an_error_are_told_apart_from_text() -> None:
    _, rows = read_all(b'NIK,Nama,Upah pokok\n"=1+1",#N/A,\'=aman\n')
    assert rows[0].cells == {"nik": Cell("", "formula"), "name": Cell("#N/A", "error"), "income": Cell("=aman")}


def test_columns_with_a_month_in_front_are_named() -> None:
    sheet, _ = read_all(f"NIK;Nama;Tgl Lahir\n{NIK};Siti;12/31/1990\n".encode())
    assert sheet.american == {"birth_date"}
    assert read_all(LIST.encode())[0].american == frozenset()


def test_a_place_is_named_as_the_spreadsheet_program_names_it() -> None:
    sheet, rows = read_all(f"x;NIK;Nama\n1;{NIK};Siti\n".encode())
    assert sheet.place(rows[0].number, "name") == "C2" and rows[0].other == {"A": Cell("1")}


def test_a_sheet_with_a_cell_in_its_last_corner_is_read_all_the_same() -> None:
    """It makes calamine ask for 512 GiB, and abort: openpyxl reads it."""
    last = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    rows = b'<row r="1">' + inline("A1", "NIK") + inline("B1", "Nama") + b'</row><row r="2">' + inline("A2", NIK)
    data = with_part(excel([["x"]]), "xl/worksheets/sheet1.xml", HEAD + rows + b"</row>" + last + TAIL)
    assert rows_of(data) == [(2, {"nik": NIK})]


def harmful() -> dict[str, tuple[str, bytes]]:
    plain = excel([["NIK", "Nama"], [NIK, "Siti"]])
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    zeros = b" " * (child.MOST_UNPACKED + 1)
    return {
        "nothing": ("EMPTY", b"  \n"),
        "too large": ("TOO_LARGE", bytes(MOST_BYTES + 1)),
        "a picture": ("NO_SHEET", b"\x89PNG\r\n\x1a\n" + bytes(200)),
        "a zip of something": ("NO_SHEET", with_part(plain, "a", b"").replace(b"xl/workbook.xml", b"yl/workbook.xml")),
        "old Excel": ("OLD_EXCEL", ole),
        "a password": ("ENCRYPTED", ole + "EncryptedPackage".encode("utf-16-le")),
        "a web page": ("WEB_PAGE", b"\n<html><table><tr><td>NIK</td></tr></table></html>"),
        "half of it": ("DAMAGED", plain[: len(plain) // 2]),
        "no XML": ("DAMAGED", with_part(plain, "xl/workbook.xml", b"<workbook")),
        "macros": ("MACROS", with_part(plain, "xl/vbaProject.bin", b"x")),
        "links": ("EXTERNAL_LINKS", with_part(plain, "xl/externalLinks/externalLink1.xml", b"<x/>")),
        "a bomb": ("UNFOLDS_TOO_MUCH", with_part(plain, "xl/media/image1.png", zeros)),
        "no header": ("NO_HEADER", f"{NIK};Siti\n".encode()),
        "no NIK": ("COLUMN_MISSING", b"Nama;Tgl Lahir\nSiti;31/12/1990\n"),
        "two of one": ("COLUMN_TWICE", b"NIK;Nama;No KTP\n1;2;3\n"),
        "long rows": ("TOO_MANY_ROWS", b"NIK;Nama\n" + b"1;2\n" * child.MOST_ROWS),
        "wide rows": ("TOO_MANY_COLUMNS", b"NIK;Nama\n" + b"1;" * (child.MOST_COLUMNS + 1)),
        "a long cell": ("CELL_TOO_LONG", b"NIK;Nama\n1;" + b"x" * (child.MOST_LETTERS + 1)),
    }


@pytest.mark.parametrize(("code", "data"), harmful().values(), ids=harmful())
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(code: str, data: bytes) -> None:
    with pytest.raises(SheetRefused) as refused, read_sheet(data, COLUMNS):
        pass
    assert refused.value.code == code
    for language in LANGUAGES:
        said = sheet_refusal(code, refused.value.facts, language)
        assert said.endswith(".") and "{" not in said and NIK not in said


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.imports.reader._CHILD_SECONDS", 0.01)
    with pytest.raises(SheetRefused, match="TOO_SLOW"), read_sheet(LIST.encode(), COLUMNS):
        pass


def test_a_title_that_is_merged_down_over_the_header_is_named_and_comes_back() -> None:
    """As offices draw it: groups over two lines, and titles over both. Their data are in no other column."""
    rows = [["KOPERASI MELATI", None, None, None], ["No", "Identitas", None, "Nomor HP"], [None, "NIK", "Nama", None],
            [1, NIK, "Siti", "0812"]]  # fmt: skip
    with read_sheet(excel(rows), COLUMNS) as sheet:
        assert [row.number for row in sheet.rows()] == [4]
        assert sheet.unread == ["No", "Nomor HP"]
        written = Corrected(sheet, None, "id").csv().decode("utf-8-sig").splitlines()
    assert written[1].split(";")[:4] == ["1", NIK, "Siti", "0812"]
    page = [["KOPERASI MELATI", None], [None, "NIK", "Nama"], [1, NIK, "Siti"]]
    with read_sheet(excel(page), COLUMNS) as sheet:
        assert sheet.unread == []


def test_an_income_of_a_month_is_known_under_its_usual_titles() -> None:
    for title in ("Penghasilan/bln", "Gaji per bulan (Rp)", "UPAH / BULAN", "Pendapatan sebulan"):
        header = find_header([[Cell(one) for one in ("NIK", "Nama", title)]], (*COLUMNS[:2], OF_MEMBERS["income"]))
        assert header is not None and header.places["income"] == 2, title
