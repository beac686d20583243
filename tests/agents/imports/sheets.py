"""Files of sheets for tests: XLSX as Excel writes it, and files that do harm."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter

HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = b"</sheetData></worksheet>"


def excel(rows: Sequence[Sequence[Any]], *, name: str = "Anggota") -> bytes:
    """A text stays text; a number, a day and a formula (a text that begins with `=`) are what they are."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet(name)
        for down, row in enumerate(rows):
            for right, value in enumerate(row):
                if isinstance(value, str) and not value.startswith("="):
                    sheet.write_string(down, right, value)
                else:
                    sheet.write(down, right, value)
    return file.getvalue()


def with_part(file: bytes, part: str, content: bytes) -> bytes:
    """The same file with one part put in, or put in another's place."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in source.namelist():
            if name != part:
                packed.writestr(name, source.read(name))
        packed.writestr(part, content)
    return made.getvalue()


def inline(place: str, text: str) -> bytes:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()
