"""The child process that opens a sheet: reads it on standard input, writes rows as JSON lines, within limits.

A sheet of a few kB can make calamine ask for 512 GiB and abort the process, so nothing opens one beside anything else.
Run as a file, apart from this project: it imports nothing of ours.

Lines: `{"sheet": NAME}`, then `[NUMBER, [CELL, ...]]` for each row that is not empty, last `{"end": ROWS, "us": [...]}`
with the (sheet, column) that hold a date which only month/day/year explains. Cells: text, a number, null, `{"d": DAY}`,
`{"t": TIME}`, `{"f": 1}` a formula, `{"e": TEXT}` an error or another thing. Status 3: refused, with a code on standard
error.
"""

import codecs
import csv
import datetime as dt
import io
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from xml.etree import ElementTree

import orjson

MOST_UNPACKED = 200 << 20
MOST_MEMORY = 1 << 30
MOST_SECONDS = 20
MOST_WRITTEN = 400 << 20
MOST_ROWS = 120_000  # 100,000 members, and what stands above and below them
MOST_COLUMNS = 200
MOST_LETTERS = 2_000  # of one cell
REFUSED = 3

_CHUNK = 1 << 20
_SLASHES = re.compile(r"\s*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})\s*")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_FORMULA_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]{0,200}>\s*<(?:\w+:)?f[\s/>]')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_TEXT_ESCAPE = re.compile(r"'(?=[=+\-@'])")  # a sheet of ours writes it so that nothing becomes a formula


def refuse(code: str) -> NoReturn:
    sys.stderr.write(code)
    sys.stderr.flush()
    raise SystemExit(REFUSED)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    raw = sys.stdin.buffer.read()
    if raw.startswith(b"PK"):
        write(of_excel(raw, is_slow="--slow" in sys.argv))
    else:
        refuse_other(raw)
        write([("", of_text(raw))])
    sys.stdout.buffer.flush()


def write(sheets: Iterable[tuple[str, Iterable[list[Any]]]]) -> None:
    out = sys.stdout.buffer
    american: list[tuple[int, int]] = []
    rows = 0
    for place, (name, found) in enumerate(sheets):
        out.write(orjson.dumps({"sheet": name}) + b"\n")
        for number, row in enumerate(found, 1):
            while row and (row[-1] is None or row[-1] == ""):
                row.pop()
            if not row:
                continue
            rows += 1
            if rows > MOST_ROWS:
                refuse("TOO_MANY_ROWS")
            if len(row) > MOST_COLUMNS:
                refuse("TOO_MANY_COLUMNS")
            for at, cell in enumerate(row):
                if isinstance(cell, str):
                    if len(cell) > MOST_LETTERS:
                        refuse("CELL_TOO_LONG")
                    if is_american(cell):
                        american.append((place, at))
            if len(american) > _CHUNK:
                american = sorted(set(american))
            out.write(orjson.dumps([number, row]) + b"\n")
    out.write(orjson.dumps({"end": rows, "us": sorted(set(american))}) + b"\n")


def is_american(cell: str) -> bool:
    """Whether only month/day/year explains it."""
    if len(cell) > 14 or (found := _SLASHES.fullmatch(cell)) is None:
        return False
    return int(found[1]) <= 12 < int(found[2])


def refuse_other(raw: bytes) -> None:
    head = raw[:4096]
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        refuse("ENCRYPTED" if "EncryptedPackage".encode("utf-16-le") in raw else "OLD_EXCEL")
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf", b"Rar!", b"7z\xbc\xaf")):
        refuse("NO_SHEET")
    if re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|<html|<table|<!doctype)", head, re.IGNORECASE):
        refuse("WEB_PAGE")
    if not raw.strip():
        refuse("EMPTY")


# CSV


def of_text(raw: bytes) -> Iterator[list[Any]]:
    text = decoded(raw)
    if hint := re.match(r"sep=([;,\t|])\r?\n", text):
        delimiter, text = hint[1], text[hint.end() :]  # no row to the spreadsheet program
    else:
        delimiter = delimiter_of(text)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [of_field(cell) for cell in row]
    except csv.Error:
        refuse("BROKEN_CSV")


def of_field(cell: str) -> Any:
    cell = cell.replace("\xa0", " ").strip()
    if cell[:1] == "'":
        return _TEXT_ESCAPE.sub("", cell, count=1)
    if cell[:1] == "=":
        return {"f": 1}
    if cell[:1] == "#" and cell.rstrip("!?") in ("#N/A", "#REF", "#NAME", "#VALUE", "#DIV/0", "#NUM", "#NULL"):
        return {"e": cell}
    return cell


def decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", errors="replace")
    elif raw[:400].count(b"\0") > len(raw[:400]) // 4:  # UTF-16 that lost its mark
        text = raw.decode("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    if "\0" in text or "\ufffd" in text:
        refuse("NO_SHEET")
    return text


def delimiter_of(text: str) -> str:
    """The one by which most rows of the beginning have one and the same width, the wider the better."""
    head = text[:65_536]
    best, most = ",", 0
    for delimiter in ";,\t|":
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            continue
        wide = [width for width in widths if width > 1]
        score = max((wide.count(width) * (width - 1) for width in set(wide)), default=0)
        if score > most:
            best, most = delimiter, score
    return best


# XLSX


def of_excel(raw: bytes, *, is_slow: bool) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    try:
        packed = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError):
        refuse("DAMAGED")
    with packed:
        names = require_harmless(packed)
        formulas = {name: formula_cells(packed, path) for name, path in worksheets(packed, names).items()}
    yield from (of_openpyxl if is_slow else of_calamine)(raw, formulas)


def require_harmless(packed: zipfile.ZipFile) -> dict[str, str]:
    """Names of its parts by their small spelling."""
    infos = packed.infolist()
    names = {one.filename.lower().lstrip("/"): one.filename for one in infos}
    if any(one.flag_bits & 1 for one in infos):
        refuse("ENCRYPTED")
    if sum(one.file_size for one in infos) > MOST_UNPACKED or len(infos) > 1000:
        refuse("UNFOLDS_TOO_MUCH")
    if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in infos):
        refuse("DAMAGED")
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        refuse("MACROS")
    if "xl/connections.xml" in names or any(name.startswith("xl/externallinks/") for name in names):
        refuse("EXTERNAL_LINKS")
    if "xl/workbook.xml" not in names:
        refuse("OLD_EXCEL" if "mimetype" in names or "xl/workbook.bin" in names else "NO_SHEET")
    return names


def worksheets(packed: zipfile.ZipFile, names: dict[str, str]) -> dict[str, str]:
    """The part of each visible sheet, by name of the sheet, in their order."""
    try:
        book = ElementTree.fromstring(packed.read(names["xl/workbook.xml"]))  # noqa: S314 (this process has limits)
        relations = ElementTree.fromstring(packed.read(names["xl/_rels/workbook.xml.rels"]))  # noqa: S314
    except (ElementTree.ParseError, KeyError, zipfile.BadZipFile):
        refuse("DAMAGED")
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    found = {}
    for one in book.iter():
        if one.tag.rpartition("}")[2] == "sheet" and one.get("state", "visible") == "visible":
            target = targets.get(one.get(_RELATION) or one.get(_STRICT_RELATION), "").lower()
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path.startswith("xl/worksheets/") and path in names:
                found[one.get("name", "")] = names[path]
    return found


def formula_cells(packed: zipfile.ZipFile, path: str) -> set[tuple[int, int]]:
    """(row from 1, column from 0) of the cells that hold a formula: what they show is of the day they were saved."""
    found: set[tuple[int, int]] = set()
    rest = b""
    try:
        with packed.open(path) as part:
            while some := part.read(_CHUNK):
                chunk = rest + some
                if _FORMULA.search(chunk):
                    cells = _FORMULA_CELL.findall(chunk)
                    if not cells and len(rest) < len(chunk) - _CHUNK // 2:
                        refuse("FORMULAS")
                    found.update((int(row), column_of(name)) for name, row in cells)
                rest = chunk[-1024:]
    except (zipfile.BadZipFile, EOFError, ValueError):
        refuse("DAMAGED")
    return found


def column_of(name: bytes) -> int:
    index = 0
    for sign in name:
        index = index * 26 + sign - 64
    return index - 1


def of_calamine(raw: bytes, formulas: dict[str, set[tuple[int, int]]]) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    for name, inside in formulas.items():
        sheet = book.get_sheet_by_name(name)
        _, right = sheet.start or (0, 0)  # rows are handed out from the first one on, columns are not
        yield name, placed(sheet.iter_rows(), right, inside)


def placed(rows: Iterable[Any], right: int, formulas: set[tuple[int, int]]) -> Iterator[list[Any]]:
    margin: list[Any] = [None] * right
    for number, row in enumerate(rows, 1):
        if row.count(None) == len(row):
            yield []
            continue
        cells = margin + [of_value(value) for value in row]
        if formulas:
            for at in range(len(cells)):
                if (number, at) in formulas:
                    cells[at] = {"f": 1}
        yield cells


def of_openpyxl(raw: bytes, formulas: dict[str, set[tuple[int, int]]]) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    """Slower, and bounded in its columns, where calamine gives up: a sheet with one cell in its last corner."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    for name, inside in formulas.items():
        rows = book[name].iter_rows(max_col=MOST_COLUMNS, values_only=True)
        yield name, placed(rows, 0, inside)


def of_value(value: Any) -> Any:
    if isinstance(value, str):
        value = value.replace("\xa0", " ").strip()
        is_error = value[:1] == "#" and value.rstrip("!?") in ("#N/A", "#REF", "#NAME", "#VALUE", "#DIV/0", "#NUM")
        return {"e": value} if is_error else value
    if value is None or isinstance(value, bool):
        return None if value is None else {"e": str(value)}
    if isinstance(value, int | float):
        return value
    if isinstance(value, dt.datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, dt.time):
        return {"t": value.isoformat("minutes")}
    return {"e": type(value).__name__}


if __name__ == "__main__":
    main()
