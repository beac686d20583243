"""Sheets to send back: the empty template, and the sheet that came in with its faults beside the data.

Every text is written as text: a cell that begins with `=` becomes no formula, and a NIK stays what it is.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
import xlsxwriter

from agents.imports.aside import Aside
from agents.imports.reader import OWN_COLUMNS, Sheet
from pipeline.claim_sheets.columns import CHOICES as CLAIM_CHOICES
from pipeline.enrolment.columns import CHOICES as MEMBER_CHOICES
from pipeline.enrolment.columns import COLUMNS, choices_of
from pipeline.explain import Language
from pipeline.explain.sheets import sheet_text
from pipeline.explain.texts import LANGUAGES
from pipeline.sheets.cells import EMPTY, Cell, letter
from pipeline.sheets.headers import Column
from pipeline.sheets.values import zone_in

_TEMPLATE_ROWS: Final = 5_000  # that have lists and checks
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "'")
_WIDTH: Final = 22
_NO_MORE: Final = (0, b"")
_CHOICES: Final = {**CLAIM_CHOICES, **MEMBER_CHOICES}
_AS_TEXT: Final = frozenset({"nik", "member_number", "employer_number", "occurred_at", "children"})
_DAYS: Final = frozenset(
    {"birth_date", "registered_on", "paid_on", "occurred_on", "diagnosed_on", "died_on", "reported_on"}
)
_EXAMPLES: Final[Mapping[str, str]] = {
    "nik": "3603014101900001",
    "name": "Siti Aminah",
    "birth_date": "01/01/1990",
    "member_number": "19110000014",
    "registered_on": "02/11/2026",
    "programs": "JKK, JKM, JHT",
    "income": "2500000",
    "employer_number": "NP000001",
    "employer_name": "PT Maju",
    "channel": "Koperasi Maju Bersama",
    "region": "Kabupaten Tangerang",
    "month": "2026-11",
    "amount": "16400",
    "paid_on": "10/11/2026",
    "occurred_on": "02/11/2026",
    "occurred_at": "08:30",
    "diagnosed_on": "02/11/2026",
    "place": "Gudang A, Tangerang",
    "chronology": "Jatuh dari tangga saat mengambil barang",
    "diagnosis": "Patah tulang lengan kiri",
    "unable_days": "30",
    "treatment": "4500000",
    "transport": "150000",
    "jasa_raharja": "0",
    "reported_on": "03/11/2026",
    "died_on": "05/11/2026",
    "documents": "KTP, kartu peserta, surat dokter",
    "relatives": "istri, anak, anak",
    "children": "05/06/2012 SD; 01/02/2024",
}


def template_xlsx(language: Language, columns: Sequence[Column] = COLUMNS) -> bytes:
    """An empty list with formats, lists of choices and checks, and a sheet that explains each column."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "in_memory": True}) as book:
        sheet = book.add_worksheet(sheet_text(language, "columns", "list"))
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for at, column in enumerate(columns):
            form = text if column.name in _AS_TEXT else day if column.name in _DAYS else None
            sheet.set_column(at, at, _WIDTH, form)
            sheet.write_string(0, at, column.titled(language), bold)
            sheet.write_comment(0, at, sheet_text(language, "columns", "help", column.name))
            if check := _validation(column, at, language):
                sheet.data_validation(1, at, _TEMPLATE_ROWS, at, check)
        sheet.freeze_panes(1, 2)
        _explain(book, columns, language)
    return file.getvalue()


def template_csv(language: Language, columns: Sequence[Column] = COLUMNS) -> bytes:
    """Titles alone, with the mark by which Excel knows UTF-8."""
    return (";".join(column.titled(language) for column in columns) + "\r\n").encode("utf-8-sig")


def _validation(column: Column, at: int, language: Language) -> dict[str, Any] | None:
    if column.name in _CHOICES:
        return {"validate": "list", "source": choices_of(_CHOICES[column.name], language)}
    if column.name == "nik":
        cell = f"{letter(at)}2"
        said = sheet_text(language, "columns", "help", "nik")
        return {"validate": "custom", "value": f"=AND(ISTEXT({cell}),LEN({cell})=16)", "error_message": said[:255]}
    return None


def _explain(book: Any, columns: Sequence[Column], language: Language) -> None:
    sheet = book.add_worksheet(sheet_text(language, "columns", "explanation"))
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, _WIDTH)
    sheet.set_column(1, 1, 80)
    sheet.set_column(2, 3, _WIDTH)
    heads = ("what", "is_needed", "example")
    for at, name in enumerate(heads, 1):
        sheet.write_string(0, at, sheet_text(language, "columns", name), bold)
    for down, column in enumerate(columns, 1):
        help_text = sheet_text(language, "columns", "help", column.name)
        example = _EXAMPLES.get(column.name, "")
        if column.name in _CHOICES:
            choices = choices_of(_CHOICES[column.name], language)
            help_text += " " + sheet_text(language, "columns", "choose", choices=", ".join(choices))
            example = choices[0]
        needed = sheet_text(language, "columns", "needed") if column.is_needed else ""
        for at, value in enumerate((column.titled(language), help_text, needed, example)):
            sheet.write_string(down, at, value, wrapped)


class Corrected:
    """The sheet as it came in, with two columns behind it: what is wrong, and the contribution to expect in rupiah, or
    the number of the claim.

    `notes`: as the desk has them (`agents/imports/intake.py`), in the order of the rows; None: there are none.
    """

    def __init__(self, sheet: Sheet, notes: Aside | None, language: Language) -> None:
        self._sheet = sheet
        self._notes = notes
        self._language = language
        own = {sheet_text(one, "columns", name) for one in LANGUAGES for name in OWN_COLUMNS}
        header = sheet.header
        titles = {at: _titled(sheet, name, language) for name, at in header.places.items()}
        titles |= {at: title for at, title in header.others.items() if title not in own}
        self._titles = dict(sorted(titles.items()))
        self._names = {at: name for name, at in header.places.items()}
        names = {one.name for one in sheet.columns}
        result = ("contribution",) if "programs" in names else ("claim",) if "occurred_on" in names else ()
        self._own = ("faults", *result)
        self._asks = "decision" not in header.places and any(one.name == "decision" for one in sheet.columns)

    def xlsx(self) -> bytes:
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet(sheet_text(self._language, "columns", "list"))
            bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
            day = book.add_format({"num_format": "dd/mm/yyyy"})
            marked = book.add_format({"bg_color": "#fde8d0", "text_wrap": True})
            titles = self._head()
            sheet.set_column(0, len(titles) - 1, _WIDTH)
            sheet.freeze_panes(1, 0)
            for at, title in enumerate(titles):
                sheet.write_string(0, at, title, bold)
            for down, (cells, note, result) in enumerate(self._rows(), 1):
                for at, cell in enumerate(cells):
                    if cell.kind == "date":
                        sheet.write_datetime(down, at, dt.datetime.fromisoformat(cell.text), day)
                    elif cell.kind == "number":
                        sheet.write_number(down, at, float(cell.text))
                    elif cell.text:
                        sheet.write_string(down, at, cell.text, text)
                at = len(titles) - len(self._own)
                sheet.write_string(down, at, note, marked if note else None)
                if isinstance(result, str):
                    sheet.write_string(down, at + 1, result, text)
                elif result is not None:
                    sheet.write_number(down, at + 1, result)
        return file.getvalue()

    def csv(self) -> bytes:
        file = io.StringIO(newline="")
        out = csv.writer(file, delimiter=";", lineterminator="\r\n")
        out.writerow([_harmless(one) for one in self._head()])
        for cells, note, result in self._rows():
            written = [_harmless(_shown(cell)) for cell in cells]
            own = [note, "" if result is None else result]
            out.writerow([*written, *own[: len(self._own)]])
        return file.getvalue().encode("utf-8-sig")

    def _head(self) -> list[str]:
        decision = [_titled(self._sheet, "decision", self._language)] if self._asks else []
        own = [sheet_text(self._language, "columns", name) for name in self._own]
        return [*self._titles.values(), *decision, *own]

    def _rows(self) -> Iterator[tuple[list[Cell], str, int | str | None]]:
        notes = iter(self._notes or ())
        number, note = next(notes, _NO_MORE)
        for row in self._sheet.rows():
            cells = [
                row.cells.get(self._names[at], EMPTY) if at in self._names else row.other.get(letter(at), EMPTY)
                for at in self._titles
            ]
            cells += [EMPTY] if self._asks else []
            if number != row.number:
                yield cells, "", None
                continue
            faults, result = orjson.loads(note)
            number, note = next(notes, _NO_MORE)
            yield cells, "\n".join(faults), result


def _titled(sheet: Sheet, name: str, language: Language) -> str:
    """Ours, and the zone of times that its own one says."""
    title = next(column.titled(language) for column in sheet.columns if column.name == name)
    zone = zone_in(sheet.title(name)) if name == "occurred_at" else None
    return f"{title} ({zone})" if zone is not None else title


def _shown(cell: Cell) -> str:
    return dt.date.fromisoformat(cell.text).strftime("%d/%m/%Y") if cell.kind == "date" else cell.text


def _harmless(text: str) -> str:
    """As text for a spreadsheet program, which would take the sign in front for a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text
