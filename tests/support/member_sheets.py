"""Sheets of members for tests: any number of good rows, faults planted in some, in each dialect that offices write."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import xlsxwriter

TITLES: Final = (
    *("NIK", "Nama", "Tanggal lahir", "Jenis kelamin", "Nomor KPJ", "Segmen", "Tanggal daftar", "Program"),
    *("Penghasilan", "Sektor", "Skala usaha", "Tingkat risiko", "Keputusan"),
)
LETTERS: Final = dict(zip(TITLES, "ABCDEFGHIJKLM", strict=True))
_FIRST: Final = ("Siti", "Budi", "Agus", "Dewi", "Eko", "Fitri", "Gilang", "Hana", "Indra", "Joko", "Kartika", "Made")
_LAST: Final = ("Santoso", "Wijaya", "Saputra", "Hidayat", "Rahman", "Lestari", "Kusuma", "Nugroho", "Siregar")
Cells = dict[str, str]


class Planted(NamedTuple):
    """`place`: where the fault is; `code`: which."""

    place: str
    code: str


def nik_of(born: dt.date, sex: str, serial: int, region: str = "360301") -> str:
    day = born.day + (40 if sex == "P" else 0)
    return f"{region}{day:02d}{born:%m%y}{serial:04d}"


def good_row(at: int) -> Cells:
    """The `at`-th person, each with a birthday of its own: self-employed, and every tenth an employee."""
    born, sex = dt.date(1965, 1, 1) + dt.timedelta(days=13 * at % 14_003), "LP"[at % 2]
    row = dict.fromkeys(TITLES, "")
    row |= {
        "NIK": nik_of(born, sex, at % 9_000 + 1),
        "Nama": f"{_FIRST[at % 12]} {_LAST[at // 12 % 9]}",
        "Tanggal lahir": f"{born:%d/%m/%Y}",
        "Jenis kelamin": sex,
        "Nomor KPJ": f"{19_110_000_000 + at}",
        "Segmen": "BPU",
        "Tanggal daftar": "01/07/2026",
        "Program": "JKK, JKM",
        "Penghasilan": f"{1_500_000 + at % 7 * 500_000}",
        "Sektor": ("transportasi", "lainnya")[at % 3 == 0],
    }
    if at % 10 == 9:
        row |= {"Segmen": "PU", "Program": "JKK, JKM, JHT, JP", "Skala usaha": "menengah", "Tingkat risiko": "sedang"}
        row["Sektor"] = ""
    return row


def good_rows(count: int, start: int = 0) -> list[Cells]:
    return [good_row(at) for at in range(start, start + count)]


def _nik(change: Callable[[str], str]) -> Callable[[Cells], Cells]:
    return lambda row: {"NIK": change(row["NIK"])}


def _set(title: str, value: str) -> Callable[[Cells], Cells]:
    return lambda row: {title: value}


def _born(born: dt.date) -> Callable[[Cells], Cells]:
    return lambda row: {
        "Tanggal lahir": f"{born:%d/%m/%Y}",
        "NIK": nik_of(born, row["Jenis kelamin"], int(row["NIK"][12:])),
    }


# (column, code, what is changed in a row): thirty kinds that each row has by itself.
KINDS: Final[Sequence[tuple[str, str, Callable[[Cells], Cells]]]] = (
    ("NIK", "NIK_IS_NUMBER", _set("NIK", "3,67E+15")),
    ("NIK", "NIK_DIGITS", _nik(lambda nik: nik[:-1])),
    ("NIK", "NIK_LETTERS", _nik(lambda nik: nik[:5] + "O" + nik[6:])),
    ("NIK", "NIK_PROVINCE", _nik(lambda nik: "99" + nik[2:])),
    ("NIK", "NIK_DISTRICT", _nik(lambda nik: nik[:4] + "00" + nik[6:])),
    ("NIK", "NIK_SERIAL", _nik(lambda nik: nik[:12] + "0000")),
    ("NIK", "NIK_NO_SUCH_DAY", _nik(lambda nik: nik[:6] + "3202" + nik[10:])),
    ("NIK", "NIK_BIRTH_DATE", _nik(lambda nik: nik[:10] + f"{(int(nik[10:12]) + 1) % 100:02d}" + nik[12:])),
    ("NIK", "NIK_SEX", lambda row: {"Jenis kelamin": "L" if row["Jenis kelamin"] == "P" else "P"}),
    ("Nama", "EMPTY", _set("Nama", "")),
    ("Tanggal lahir", "DATE_SHAPE", _set("Tanggal lahir", "lupa")),
    (
        "Tanggal lahir",
        "DATE_SHORT_YEAR",
        lambda row: {"Tanggal lahir": row["Tanggal lahir"][:6] + row["Tanggal lahir"][8:]},
    ),
    ("Tanggal lahir", "DATE_NO_SUCH_DAY", _set("Tanggal lahir", "31/02/1990")),
    ("Tanggal lahir", "DATE_YEAR", _set("Tanggal lahir", "31/01/1790")),
    ("Tanggal lahir", "TOO_YOUNG", _born(dt.date(2015, 5, 5))),
    ("Jenis kelamin", "NOT_IN_LIST", _set("Jenis kelamin", "X")),
    ("Nomor KPJ", "ZEROS_LOST", lambda row: {"Nomor KPJ": row["Nomor KPJ"][1:]}),
    ("Nomor KPJ", "NUMBER_IN_POWERS", _set("Nomor KPJ", "1,91E+10")),
    ("Nomor KPJ", "NUMBER_SHAPE", lambda row: {"Nomor KPJ": row["Nomor KPJ"] + "7"}),
    ("Segmen", "NOT_IN_LIST", _set("Segmen", "tani")),
    ("Tanggal daftar", "REGISTERED_LATER", _set("Tanggal daftar", "01/07/2027")),
    ("Tanggal daftar", "EMPTY", _set("Tanggal daftar", "")),
    ("Program", "PROGRAMS_UNKNOWN", _set("Program", "lengkap")),
    ("Program", "PROGRAMS_MISSING", _set("Program", "JKK")),
    ("Program", "PROGRAMS_CLOSED", _set("Program", "JKK, JKM, JP")),
    ("Penghasilan", "INCOME_NEEDED", _set("Penghasilan", "")),
    ("Penghasilan", "MONEY_TWO_WAYS", _set("Penghasilan", "2,500")),
    ("Penghasilan", "MONEY_SHAPE", _set("Penghasilan", "2,5 juta")),
    ("Penghasilan", "MONEY_NEGATIVE", _set("Penghasilan", "-2500000")),
    ("Sektor", "NOT_IN_LIST", _set("Sektor", "dagang")),
    ("Keputusan", "NOT_IN_LIST", _set("Keputusan", "entah")),
)
# Two rows each: the later one becomes what doubles the earlier one.
PAIRS: Final[Sequence[tuple[str, str, Callable[[Cells, Cells], Cells]]]] = (
    ("NIK", "NIK_TWICE", lambda one, row: {k: one[k] for k in ("NIK", "Tanggal lahir", "Jenis kelamin")}),
    ("Nomor KPJ", "NUMBER_TWICE", lambda one, row: {"Nomor KPJ": one["Nomor KPJ"]}),
    (
        *("Nama", "LIKELY_SAME"),
        lambda one, row: {
            **{k: one[k] for k in ("Tanggal lahir", "Jenis kelamin")},
            "NIK": one["NIK"][:12] + "9876",
            "Nama": one["Nama"].upper() + "H",
        },
    ),
)


def planted(rows: Sequence[Cells], first_row: int = 2) -> tuple[list[Cells], set[Planted]]:
    """The same rows with two faults of each kind, never in a row of an employee; and where they are. `first_row`: the
    number of the first row in the sheet."""
    changed = [dict(row) for row in rows]
    found: set[Planted] = set()
    places = [at for at in range(5, len(rows), max(1, len(rows) // 90)) if at % 10 != 9]
    for column, code, change in (*KINDS, *KINDS):
        at = places.pop(0)
        changed[at] |= change(changed[at])
        found.add(Planted(f"{LETTERS[column]}{first_row + at}", code))
    for column, code, double in (*PAIRS, *PAIRS):
        one, other = places.pop(0), places.pop(0)
        changed[other] |= double(changed[one], changed[other])
        found |= {Planted(f"{LETTERS[column]}{first_row + at}", code) for at in (one, other)}
    return changed, found


# --- dialects


def as_csv(
    rows: Sequence[Cells],
    delimiter: str = ";",
    encoding: str = "utf-8",
    above: Sequence[str] = (),
    titles: Sequence[str] = TITLES,
) -> bytes:
    file = io.StringIO(newline="")
    out = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    for line in above:
        out.writerow([line])
    out.writerow(titles)
    out.writerows([row[title] for title in titles] for row in rows)
    return file.getvalue().encode(encoding)


def as_excel(
    rows: Sequence[Cells], *, dates: bool = False, merged: bool = False, titles: Sequence[str] = TITLES
) -> bytes:
    """`dates`: days are dates of Excel; `merged`: a header over two lines below a title, and a total at the end."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet("Data")
        top = 0
        if merged:
            sheet.merge_range(0, 0, 0, 6, "DAFTAR PESERTA KOPERASI")
            sheet.merge_range(2, 0, 2, 3, "Data diri")
            sheet.merge_range(2, 4, 2, len(titles) - 1, "Kepesertaan")
            top = 3
        sheet.write_row(top, 0, titles)
        for down, row in enumerate(rows, top + 1):
            for right, title in enumerate(titles):
                _write(sheet, down, right, row[title], is_day=dates and title.startswith("Tanggal"))
        if merged:
            sheet.write_row(top + len(rows) + 2, 0, ["", "Jumlah", len(rows)])
            sheet.write_row(top + len(rows) + 4, 1, ["Ketua koperasi"])
    return file.getvalue()


def _write(sheet: Any, down: int, right: int, text: str, *, is_day: bool) -> None:
    day = _day(text) if is_day else None
    if day is not None:
        sheet.write_datetime(down, right, day)
        return
    sheet.write_string(down, right, text)


def _day(text: str) -> dt.datetime | None:
    """None: a planted fault, which Excel keeps as text; as it does a day before its own first one."""
    try:
        found = dt.datetime.strptime(text, "%d/%m/%Y")
    except ValueError:
        return None
    return found if found.year >= 1900 else None


class Dialect(NamedTuple):
    """`write`: rows to bytes; `first_row`: the number of the first of them."""

    write: Callable[[Sequence[Cells]], bytes]
    first_row: int = 2


def dialects_of(titles: Sequence[str]) -> dict[str, Dialect]:
    text, excel = partial(as_csv, titles=titles), partial(as_excel, titles=titles)
    return {
        "semicolon": Dialect(text),
        "comma and BOM": Dialect(lambda rows: text(rows, ",", "utf-8-sig")),
        "tab": Dialect(lambda rows: text(rows, "\t")),
        "Windows-1252": Dialect(lambda rows: text(rows, ";", "cp1252", ["Daftar \u2013 Caf\u00e9"]), 3),
        "UTF-16": Dialect(lambda rows: text(rows, "\t", "utf-16")),
        "Excel": Dialect(excel),
        "Excel dates": Dialect(lambda rows: excel(rows, dates=True)),
        "merged header and totals": Dialect(lambda rows: excel(rows, merged=True), 5),
    }


DIALECTS: Final[Mapping[str, Dialect]] = dialects_of(TITLES)
