"""Sheets of accidents for tests: any number of good rows, faults planted in some, in each dialect of offices."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tests.support import member_sheets
from tests.support.member_sheets import Cells, Dialect, Planted

TITLES: Final = (
    *("Nomor KPJ", "NIK", "Nama", "Tanggal kecelakaan", "Jam kecelakaan", "Jenis kejadian", "Keadaan"),
    *("Lalu lintas", "Tanggal diagnosis", "Diagnosis", "Hari tidak bekerja", "Biaya perawatan", "Tanggal meninggal"),
    *("Dokumen", "Keputusan"),
)
LETTERS: Final = dict(zip(TITLES, "ABCDEFGHIJKLMNO", strict=True))
FIRST_DAY: Final = dt.date(2026, 7, 1)  # the tests' own day is later
Change = Callable[[Cells], Cells]


def good_row(at: int) -> Cells:
    """An accident of the `at`-th member of `member_sheets`, in July 2026."""
    member = member_sheets.good_row(at)
    row = dict.fromkeys(TITLES, "")
    row |= {
        "Nomor KPJ": member["Nomor KPJ"],
        "NIK": member["NIK"] if at % 2 else "",
        "Nama": member["Nama"],
        "Tanggal kecelakaan": f"{FIRST_DAY + dt.timedelta(days=at % 15):%d/%m/%Y}",
        "Jam kecelakaan": f"{8 + at % 9:02d}.{at * 7 % 60:02d}",
        "Jenis kejadian": "cedera",
        "Keadaan": ("di tempat kerja", "perjalanan dinas")[at % 4 == 3],
        "Lalu lintas": ("", "satu kendaraan")[at % 4 == 3],
        "Diagnosis": "memar",
        "Hari tidak bekerja": f"{at % 20}",
        "Biaya perawatan": f"{1_000_000 + at * 1000}",
        "Dokumen": "KTP, kartu peserta",
    }
    return row


def good_rows(count: int, start: int = 0) -> list[Cells]:
    return [good_row(at) for at in range(start, start + count)]


def _set(title: str, value: str) -> Change:
    return lambda row: {title: value}


def _nik(change: Callable[[str], str]) -> Change:
    """Of a row that has one: every second."""
    return lambda row: {"NIK": change(row["NIK"])}


# (column, code, what is changed in a row): kinds that each row has by itself.
KINDS: Final[Sequence[tuple[str, str, Change]]] = (
    ("NIK", "NIK_IS_NUMBER", _set("NIK", "3,67E+15")),
    ("NIK", "NIK_DIGITS", _nik(lambda nik: nik[:-1])),
    ("NIK", "NIK_LETTERS", _nik(lambda nik: nik[:5] + "O" + nik[6:])),
    ("NIK", "NIK_PROVINCE", _nik(lambda nik: "99" + nik[2:])),
    ("NIK", "NIK_SERIAL", _nik(lambda nik: nik[:12] + "0000")),
    ("NIK", "NIK_NO_SUCH_DAY", _nik(lambda nik: nik[:6] + "3202" + nik[10:])),
    ("NIK", "PERSON_DIFFERS", _nik(lambda nik: nik[:12] + "9998")),
    ("Nomor KPJ", "ZEROS_LOST", lambda row: {"Nomor KPJ": row["Nomor KPJ"][1:]}),
    ("Nomor KPJ", "NUMBER_IN_POWERS", _set("Nomor KPJ", "1,91E+10")),
    ("Nomor KPJ", "NUMBER_SHAPE", lambda row: {"Nomor KPJ": row["Nomor KPJ"] + "7"}),
    ("Nomor KPJ", "PERSON_NEEDED", lambda row: {"Nomor KPJ": "", "NIK": ""}),
    ("Nomor KPJ", "PERSON_UNKNOWN", lambda row: {"Nomor KPJ": "7" + row["Nomor KPJ"][1:], "NIK": ""}),
    ("Tanggal kecelakaan", "EMPTY", _set("Tanggal kecelakaan", "")),
    ("Tanggal kecelakaan", "DATE_SHAPE", _set("Tanggal kecelakaan", "kemarin")),
    ("Tanggal kecelakaan", "DATE_SHORT_YEAR", _set("Tanggal kecelakaan", "05/07/26")),
    ("Tanggal kecelakaan", "DATE_NO_SUCH_DAY", _set("Tanggal kecelakaan", "31/06/2026")),
    ("Tanggal kecelakaan", "DATE_YEAR", _set("Tanggal kecelakaan", "05/07/1790")),
    ("Tanggal kecelakaan", "DAY_TO_COME", _set("Tanggal kecelakaan", "05/07/2027")),
    ("Jam kecelakaan", "EMPTY", _set("Jam kecelakaan", "")),
    ("Jam kecelakaan", "TIME_SHAPE", _set("Jam kecelakaan", "pagi")),
    ("Jenis kejadian", "NOT_IN_LIST", _set("Jenis kejadian", "jatuh")),
    ("Keadaan", "NOT_IN_LIST", _set("Keadaan", "sibuk")),
    ("Keadaan", "EMPTY", _set("Keadaan", "")),
    ("Lalu lintas", "TRAFFIC_NEEDED", lambda row: {"Keadaan": "pulang kerja", "Lalu lintas": ""}),
    ("Lalu lintas", "NOT_IN_LIST", _set("Lalu lintas", "macet")),
    ("Tanggal diagnosis", "DIAGNOSED_NEEDED", _set("Jenis kejadian", "penyakit akibat kerja")),
    ("Hari tidak bekerja", "DAYS_SHAPE", _set("Hari tidak bekerja", "dua minggu")),
    ("Biaya perawatan", "MONEY_TWO_WAYS", _set("Biaya perawatan", "4,500")),
    ("Biaya perawatan", "MONEY_SHAPE", _set("Biaya perawatan", "1,5 juta")),
    ("Biaya perawatan", "MONEY_NEGATIVE", _set("Biaya perawatan", "-500000")),
    ("Tanggal meninggal", "DIED_NEEDED", _set("Jenis kejadian", "meninggal mendadak")),
    ("Tanggal meninggal", "DIED_BEFORE", _set("Tanggal meninggal", "30/06/2026")),
    ("Dokumen", "PAPERS_UNKNOWN", _set("Dokumen", "KTP, foto")),
    ("Keputusan", "NOT_IN_LIST", _set("Keputusan", "entah")),
)


def planted(rows: Sequence[Cells], first_row: int = 2) -> tuple[list[Cells], set[Planted]]:
    """The same rows with two faults of each kind, and two pairs of one person on one day that differ; and where they
    are. `first_row`: the number of the first row in the sheet."""
    changed = [dict(row) for row in rows]
    found: set[Planted] = set()
    places = [at for at in range(5, len(rows), 2) if at % 4 == 1]  # each with a NIK, none on the way
    for column, code, change in (*KINDS, *KINDS):
        at = places.pop(0)
        changed[at] |= change(changed[at])
        found.add(Planted(f"{LETTERS[column]}{first_row + at}", code))
    for _ in range(2):
        one, other = places.pop(0), places.pop(0)
        changed[other] = changed[one] | {"Diagnosis": "patah tulang"}
        found |= {Planted(f"{LETTERS['Tanggal kecelakaan']}{first_row + at}", "CLAIM_TWICE") for at in (one, other)}
    return changed, found


def as_csv(rows: Sequence[Cells], delimiter: str = ";", encoding: str = "utf-8", above: Sequence[str] = ()) -> bytes:
    return member_sheets.as_csv(rows, delimiter, encoding, above, titles=TITLES)


DIALECTS: Final[Mapping[str, Dialect]] = member_sheets.dialects_of(TITLES)
