"""A list of workers whom an office knows, row by row: values, faults, and the id by which no list doubles a worker.

Such a list is an import of its own and no event: no claim is judged by it. Pure.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pipeline.coverage.regions import region_of_name
from pipeline.enrolment.columns import WITH_PLACE
from pipeline.enrolment.niks import faults_of
from pipeline.sheets.cells import Cell, CellFault, Row
from pipeline.sheets.headers import Column
from pipeline.sheets.values import day_of, nik_of, text_of

COLUMNS: Final = (
    Column("name", "Nama", "Name", ("Nama lengkap", "Nama pekerja", "Nama anggota", "Full name"), True),
    Column("nik", "NIK", "NIK", ("No KTP", "Nomor KTP", "No Induk Kependudukan", "Nomor Induk Kependudukan")),
    Column("birth_date", "Tanggal lahir", "Date of birth", ("Tgl lahir", "TTL", *WITH_PLACE, "Lahir", "Birth date")),
    Column(
        *("region", "Kabupaten atau kota", "Region"),
        ("Kabupaten", "Kota", "Kab/Kota", "Kode wilayah", "Kode Kemendagri", "Wilayah", "Region code"),
    ),
    Column("sector", "Sektor", "Sector", ("Bidang kerja", "Bidang usaha", "Jenis usaha", "Pekerjaan", "Occupation")),
    Column("cooperative", "Koperasi", "Cooperative", ("Wadah", "Kelompok", "Nama koperasi", "UMKM", "Channel")),
)  # fmt: skip
_MOST_GROUP_LETTERS: Final = 80


class KnownFault(NamedTuple):
    """`place`: as people find it, such as C17. `code`: a text of `sheets.faults`."""

    row: int
    place: str
    column: str
    code: str
    facts: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class KnownRow:
    """One worker of a list. `id`: from the NIK, else from name and date of birth."""

    id: str
    nik: str | None
    name: str
    birth_date: dt.date | None
    region: str
    sector: str
    cooperative: str

    def __repr__(self) -> str:
        return f"KnownRow({self.id[:8]}…)"  # personal data shall not reach a log


def read_known(
    rows: Iterable[Row], place: Callable[[int, str], str], american: frozenset[str], today: dt.date
) -> Iterator[KnownRow | list[KnownFault]]:
    """Each row as a worker, or what is wrong with it. A row needs a name, and a NIK or a date of birth."""
    for row in rows:
        values: dict[str, Any] = {}
        faults: list[tuple[str, str, dict[str, str | int]]] = []
        for name, read in _READERS.items():
            cell = row.cells.get(name)
            if cell is None or cell.is_empty:
                continue
            try:
                values[name] = day_of(cell, is_american=name in american) if name == "birth_date" else read(cell)
            except CellFault as fault:
                faults.append((name, fault.code, dict(fault.facts)))
        faults += _faults_together(values, {name for name, _, _ in faults}, today)
        if faults:
            yield [KnownFault(row.number, place(row.number, name), name, code, facts) for name, code, facts in faults]
        else:
            yield _known(values)


def _faults_together(
    values: dict[str, Any], unread: set[str], today: dt.date
) -> Iterator[tuple[str, str, dict[str, str | int]]]:
    if "name" not in values and "name" not in unread:
        yield "name", "EMPTY", {}
    if not {"nik", "birth_date"} & (values.keys() | unread):
        yield "nik", "NIK_OR_BIRTH_DATE", {}
    if "nik" in values:
        for fault in faults_of(values["nik"], values.get("birth_date"), None, today):
            if fault.is_certain:
                yield "nik", fault.code, {}
    if "region" in values and not region_of_name(values["region"]):
        yield "region", "REGION_UNKNOWN", {}


def _known(values: dict[str, Any]) -> KnownRow:
    nik, name, born = values.get("nik"), values["name"], values.get("birth_date")
    who = nik or f"{name.casefold()}|{born}"
    return KnownRow(
        *(hashlib.sha256(who.encode()).hexdigest(), nik, name, born, region_of_name(values.get("region"))),
        *(values.get("sector", "").lower(), values.get("cooperative", "")),
    )


def _group(cell: Cell) -> str:
    return text_of(cell, _MOST_GROUP_LETTERS)


_READERS: Final[dict[str, Callable[[Cell], Any]]] = {
    "name": text_of,
    "nik": nik_of,
    "birth_date": day_of,
    "region": _group,
    "sector": _group,
    "cooperative": _group,
}
