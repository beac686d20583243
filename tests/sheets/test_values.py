"""Values out of cells: read in one way or not at all, and each refusal says what to do."""

import ast
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.explain import LANGUAGES
from pipeline.explain.sheets import cell_fault
from pipeline.explain.texts import find
from pipeline.sheets.cells import Cell, CellFault, letter
from pipeline.sheets.headers import normal
from pipeline.sheets.values import (
    day_of,
    employer_number_of,
    member_number_of,
    month_of,
    nik_of,
    rupiah_of,
    text_of,
)

ROOT = Path(__file__).parents[2]
NIK = "3603010101900001"


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (nik_of, NIK, NIK),
        (nik_of, "3603 0101 0190 0001", NIK),
        (nik_of, "36.03.01.010190.0001", NIK),
        (member_number_of, "19-110000.014", "19110000014"),
        (member_number_of, "1911000001a", "1911000001A"),
        (employer_number_of, "ab123456", "AB123456"),
        (day_of, "31/12/1990", dt.date(1990, 12, 31)),
        (day_of, "1-2-1990", dt.date(1990, 2, 1)),
        (day_of, "1990-12-31", dt.date(1990, 12, 31)),
        (day_of, "1990-12-31 00:00:00", dt.date(1990, 12, 31)),
        (day_of, "31 Desember 1990", dt.date(1990, 12, 31)),
        (day_of, "3 agt. 1990", dt.date(1990, 8, 3)),
        (day_of, "Tangerang, 05-03-1975", dt.date(1975, 3, 5)),
        (day_of, "Kota Tangerang,5 Maret 1975", dt.date(1975, 3, 5)),
        (day_of, "33238", dt.date(1990, 12, 31)),
        (month_of, "2026-11", "2026-11"),
        (month_of, "11/2026", "2026-11"),
        (month_of, "Nopember 2026", "2026-11"),
        (month_of, "01/11/2026", "2026-11"),
        (rupiah_of, "4500000", 4_500_000),
        (rupiah_of, "Rp 4.500.000,00", 4_500_000),
        (rupiah_of, "4,500,000.00", 4_500_000),
        (rupiah_of, "4.500", 4_500),
        (text_of, "  Siti   Aminah ", "Siti Aminah"),
    ],
)
def test_a_value_is_read_in_each_way_that_offices_write_it(
    read: Callable[[Cell], Any], written: str, value: Any
) -> None:
    assert read(Cell(written)) == value


@pytest.mark.parametrize(
    ("read", "cell", "code"),
    [
        (nik_of, Cell("3,67E+15"), "NIK_IS_NUMBER"),
        (nik_of, Cell("3603010101900001.0", "number"), "NIK_IS_NUMBER"),
        (nik_of, Cell("360301010190000"), "NIK_DIGITS"),
        (nik_of, Cell("36030101O1900001"), "NIK_LETTERS"),
        (nik_of, Cell("\uff13603010101900001"), "NIK_LETTERS"),
        (nik_of, Cell(""), "EMPTY"),
        (nik_of, Cell("", "formula"), "FORMULA"),
        (nik_of, Cell("#N/A", "error"), "CELL_ERROR"),
        (member_number_of, Cell("1911000014", "number"), "ZEROS_LOST"),
        (member_number_of, Cell("1.91E+10"), "NUMBER_IN_POWERS"),
        (member_number_of, Cell("191100000145"), "NUMBER_SHAPE"),
        (day_of, Cell("12/31/1990"), "DATE_MONTH_FIRST"),
        (day_of, Cell("31/02/1990"), "DATE_NO_SUCH_DAY"),
        (day_of, Cell("Tangerang, 27458"), "DATE_SHAPE"),
        (day_of, Cell("Tangerang 05-03-1975"), "DATE_SHAPE"),
        (day_of, Cell("31/12/90"), "DATE_SHORT_YEAR"),
        (day_of, Cell("31/12/1790"), "DATE_YEAR"),
        (day_of, Cell("kemarin"), "DATE_SHAPE"),
        (day_of, Cell("1991"), "DATE_SHAPE"),
        (month_of, Cell("13/2026"), "MONTH_SHAPE"),
        (rupiah_of, Cell("4,500"), "MONEY_TWO_WAYS"),
        (rupiah_of, Cell("2,5 juta"), "MONEY_SHAPE"),
        (rupiah_of, Cell("-1"), "MONEY_NEGATIVE"),
        (rupiah_of, Cell("12.5", "number"), "MONEY_FRACTION"),
        (rupiah_of, Cell("9" * 14, "number"), "MONEY_TOO_MUCH"),
        (text_of, Cell("x" * 201), "TOO_LONG"),
        (text_of, Cell("Si\u202eti"), "UNSEEN_LETTERS"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused_with_a_remedy(
    read: Callable[[Cell], Any], cell: Cell, code: str
) -> None:
    with pytest.raises(CellFault) as fault:
        read(cell)
    assert fault.value.code == code
    for language in LANGUAGES:
        said = cell_fault(code, fault.value.facts, language)
        assert said.endswith(".") and (not cell.text or cell.text not in said)


def test_a_date_that_reads_both_ways_is_refused_in_a_column_with_months_in_front() -> None:
    assert day_of(Cell("01/02/1990")) == dt.date(1990, 2, 1)
    with pytest.raises(CellFault, match="DATE_AMBIGUOUS"):
        day_of(Cell("01/02/1990"), is_american=True)
    assert day_of(Cell("31/12/1990"), is_american=True) == dt.date(1990, 12, 31)
    assert day_of(Cell("02/02/1990"), is_american=True) == dt.date(1990, 2, 2)


def test_spellings_of_one_title_are_one() -> None:
    assert {normal(one) for one in ("No. KTP", " no ktp*", "NO-KTP (16 digit)", "N\u00f3 KTP")} == {"no ktp"}


def test_columns_are_named_as_the_spreadsheet_program_names_them() -> None:
    assert [letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def codes_of(*classes: str, functions: tuple[str, ...] = ()) -> set[str]:
    found = set()
    for path in (*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "agents").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (*classes, *functions) and node.args:
                first = node.args[0]
                values = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {str(one.value) for one in values if isinstance(one, ast.Constant)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_code_of_a_sheet_has_a_text_and_each_text_a_code(language: str) -> None:
    refusals = codes_of("SheetRefused", functions=("refuse",))
    assert set(find(language, "sheets", "refusals")) == refusals
    texts = set(find(language, "sheets", "faults"))
    written = constants_of("pipeline/sheets", "pipeline/enrolment", "pipeline/claim_sheets", "pipeline/coverage")
    assert texts <= written and codes_of("CellFault", "NikFault") <= texts
    assert {one for one in written if re.fullmatch("[A-Z]+(_[A-Z]+)+", one)} <= texts | refusals


def constants_of(*rooms: str) -> set[str]:
    paths = [path for room in rooms for path in (ROOT / room).glob("*.py")]
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
