"""Tables as files to work with: CSV, XLSX and Parquet. No cell becomes a formula. Parquet needs the extra `parquet`."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.errors import NotReady

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")
Cell = str | int | dt.date | None


def csv_of(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """With semicolons and the mark by which Excel knows UTF-8."""
    written = io.BytesIO()  # a StringIO needs four times as much
    file = io.TextIOWrapper(written, "utf-8-sig", newline="")
    out = csv.writer(file, delimiter=";", lineterminator="\r\n")
    out.writerow([harmless(one) for one in titles])
    out.writerows([harmless(one) for one in row] for row in rows)
    file.flush()
    return written.getvalue()


def xlsx_of(name: str, titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    import xlsxwriter  # here, for who only reads tables on the screen

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(name)
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.set_column(0, len(titles) - 1, 20)
        sheet.freeze_panes(1, 0)
        for at, title in enumerate(titles):
            sheet.write_string(0, at, title, bold)
        for down, row in enumerate(rows, 1):
            for at, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(down, at, dt.datetime.combine(cell, dt.time()), day)
                elif isinstance(cell, int):
                    sheet.write_number(down, at, cell)
                elif cell:
                    sheet.write_string(down, at, cell, text)
    return file.getvalue()


def parquet_of(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Raises NotReady where the extra is not installed."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise NotReady("Parquet needs a package of its own: pip install 'santunan[parquet]'") from None
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    table = arrow.table({name: list(column) for name, column in zip(names, columns, strict=True)})
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def harmless(cell: Cell) -> str | int:
    """As text for a spreadsheet program, which would take the sign in front for a formula."""
    if isinstance(cell, int):
        return cell
    written = "" if cell is None else cell.isoformat() if isinstance(cell, dt.date) else cell
    return f"'{written}" if written.startswith(DANGEROUS) else written
