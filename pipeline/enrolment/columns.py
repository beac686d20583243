"""Columns of the sheet of members, and the choices of those that have a list. Pure."""

from collections.abc import Mapping
from typing import Final

from pipeline.sheets.headers import Column, normal

_NIK: Final = ("No KTP", "Nomor KTP", "No Induk Kependudukan", "Nomor Induk Kependudukan", "No KTP / NIK", "NIK KTP")
# A date with the place before it: `Tangerang, 05-03-1975`.
WITH_PLACE: Final = tuple(f"Tempat{sign}{day} lahir" for sign in (" ", " dan ") for day in ("tanggal", "tgl"))
_INCOMES: Final = ("Upah", "Gaji", "Penghasilan", "Pendapatan")
_EACH_MONTH: Final = ("", " per bulan", " per bln", "/bulan", "/bln", " sebulan", " bulanan")
COLUMNS: Final = (
    Column("nik", "NIK", "NIK", (*_NIK, "ID number", "National ID"), is_needed=True),
    Column("name", "Nama", "Name", ("Nama lengkap", "Nama peserta", "Nama anggota", "Nama pekerja", "Full name"), True),
    Column(
        *("birth_date", "Tanggal lahir", "Date of birth"),
        ("Tgl lahir", "TTL", *WITH_PLACE, "Lahir", "Birth date", "Born"),
        is_needed=True,
    ),
    Column("sex", "Jenis kelamin", "Sex", ("L/P", "JK", "Kelamin", "Gender")),
    Column(
        *("member_number", "Nomor KPJ", "Membership number"),
        ("KPJ", "No KPJ", "Nomor peserta", "No peserta", "Nomor kartu peserta", "No kartu peserta"),
    ),
    Column("segment", "Segmen", "Segment", ("Jenis peserta", "Kepesertaan", "Jenis kepesertaan"), is_needed=True),
    Column(
        *("registered_on", "Tanggal daftar", "Registered on"),
        ("Tgl daftar", "Mulai", "Tanggal mulai", "Mulai kepesertaan", "Tanggal masuk", "Tgl masuk", "Start date"),
        is_needed=True,
    ),
    Column("programs", "Program", "Programs", ("Program yang diikuti", "Program diikuti"), is_needed=True),
    Column(
        *("income", "Upah atau penghasilan", "Wage or income"),
        ("Gaji pokok", *(f"{what}{often}" for what in _INCOMES for often in _EACH_MONTH)),
    ),
    Column("wage_basis", "Cara upah", "Wage basis", ("Upah dibayar", "Jenis upah")),
    Column("sector", "Sektor", "Sector", ("Bidang kerja", "Sektor kerja")),
    Column("funded_by", "Iuran dibayar oleh", "Paid by", ("Pembayar iuran", "Sumber iuran")),
    Column("employer_number", "NPP", "Employer number", ("Nomor NPP", "No NPP", "Nomor perusahaan")),
    Column("employer_name", "Pemberi kerja", "Employer", ("Perusahaan", "Nama perusahaan", "Company")),
    Column("scale", "Skala usaha", "Scale", ("Skala", "Skala perusahaan")),
    Column("risk_class", "Tingkat risiko", "Risk class", ("Risiko", "Risiko kerja", "Kelas risiko")),
    Column("channel", "Wadah", "Channel", ("Koperasi", "Kelompok", "Wadah atau koperasi", "Cooperative")),
    Column("region", "Kabupaten atau kota", "Region", ("Kabupaten", "Kota", "Kab/Kota", "Wilayah")),
    Column("decision", "Keputusan", "Decision", ("Keputusan Anda", "Your decision")),
)
BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in COLUMNS}

# Column: value -> spellings; the first is the Indonesian one of lists and templates, the second the English one.
CHOICES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "sex": {"L": ("L", "M", "Laki-laki", "Pria", "Lk", "Male"), "P": ("P", "F", "Perempuan", "Wanita", "Pr", "Female")},
    "segment": {
        "PU": ("PU", "PU", "Penerima upah", "Karyawan", "Pekerja penerima upah"),
        "BPU": ("BPU", "BPU", "Bukan penerima upah", "Mandiri", "Pekerja mandiri", "Pekerja bukan penerima upah"),
        "JAKON": ("JAKON", "JAKON", "Jasa konstruksi", "Konstruksi"),
        "PMI": ("PMI", "PMI", "Pekerja migran", "Pekerja migran Indonesia", "TKI"),
    },
    "wage_basis": {
        "monthly": ("bulanan", "monthly", "per bulan"),
        "daily": ("harian", "daily", "per hari"),
        "piece": ("borongan", "piece", "satuan"),
        "weather": ("menurut cuaca", "weather", "cuaca"),
    },
    "sector": {
        "transport": ("transportasi", "transport", "angkutan", "ojek", "ojol", "kurir", "pengemudi"),
        "other": ("lainnya", "other", "lain", "bukan transportasi"),
    },
    "funded_by": {
        "member": ("sendiri", "self", "peserta", "mandiri", "member"),
        "state_budget": ("APBN/APBD", "state budget", "APBN", "APBD", "pemerintah", "negara"),
    },
    "scale": {
        "micro": ("mikro", "micro", "usaha mikro"),
        "small": ("kecil", "small", "usaha kecil"),
        "medium": ("menengah", "medium", "usaha menengah"),
        "large": ("besar", "large", "usaha besar"),
        "cooperative": ("koperasi", "cooperative"),
    },
    "risk_class": {
        "very_low": ("sangat rendah", "very low", "I", "1"),
        "low": ("rendah", "low", "II", "2"),
        "medium": ("sedang", "medium", "III", "3"),
        "high": ("tinggi", "high", "IV", "4"),
        "very_high": ("sangat tinggi", "very high", "V", "5"),
    },
    "decision": {
        "take": ("tetap", "take", "tetap daftarkan", "benar", "orang lain", "berbeda", "sesuai KTP", "not same"),
        "leave": ("lewati", "leave out", "sama", "orang yang sama", "jangan", "same"),
    },
}
PROGRAMS: Final = ("JKK", "JKM", "JHT", "JP")


def choices_of(words: Mapping[str, tuple[str, ...]], language: str) -> list[str]:
    """The list of a column, as templates and faults show it."""
    return [spellings[1 if language == "en" else 0] for spellings in words.values()]


def spelling_of(column: str, value: str, language: str) -> str:
    """`transport` -> `transportasi`."""
    return CHOICES[column][value][1 if language == "en" else 0]


def spelled(words: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Each normal spelling, and the value that it means."""
    return {normal(one): value for value, spellings in words.items() for one in spellings}


SPELLED: Final[Mapping[str, dict[str, str]]] = {column: spelled(words) for column, words in CHOICES.items()}
