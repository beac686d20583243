"""Columns of the sheets of accidents and of deaths, the choices of those that have a list, and papers by name. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from pipeline.enrolment.columns import BY_NAME as OF_MEMBERS
from pipeline.enrolment.columns import CHOICES as CHOICES_OF_MEMBERS
from pipeline.enrolment.columns import spelled
from pipeline.sheets.cells import SheetRefused
from pipeline.sheets.headers import Column
from schemas.claims import SECTION_WRITERS
from schemas.clock import ZONES

Kind = Literal["accident", "death"]

_PERSON: Final = (
    OF_MEMBERS["member_number"],
    OF_MEMBERS["nik"]._replace(is_needed=False),
    OF_MEMBERS["name"]._replace(is_needed=False),
)
# Without brackets; what stands in brackets is no part of a title.
_WITH_ZONES: Final = tuple(
    f"{title} {zone}" for title in ("Jam kecelakaan", "Jam kejadian", "Jam", "Pukul", "Waktu") for zone in ZONES
)
_DIED_ON: Final = Column("died_on", "Tanggal meninggal", "Date of death", ("Tgl meninggal", "Meninggal", "Wafat"))
_DOCUMENTS: Final = Column("documents", "Dokumen", "Papers", ("Berkas", "Kelengkapan", "Dokumen yang ada", "Documents"))
_OF_ACCIDENTS: Final = (
    Column(
        *("occurred_on", "Tanggal kecelakaan", "Date of accident"),
        ("Tgl kecelakaan", "Tanggal kejadian", "Tgl kejadian", "Tanggal kejadian kecelakaan", "Accident date"),
        is_needed=True,
    ),
    Column(
        *("occurred_at", "Jam kecelakaan", "Time of accident"),
        ("Jam", "Pukul", "Waktu", "Jam kejadian", "Waktu kejadian", "Time", *_WITH_ZONES),
        is_needed=True,
    ),
    Column("zone", "Zona waktu", "Time zone", ("Zona", "Zone", "Waktu setempat")),
    Column("kind", "Jenis kejadian", "Kind", ("Jenis", "Jenis kecelakaan", "Jenis kasus"), is_needed=True),
    Column("setting", "Keadaan", "Setting", ("Keadaan saat terjadi", "Situasi", "Saat kejadian"), is_needed=True),
    Column("traffic", "Lalu lintas", "Traffic", ("Kecelakaan lalu lintas", "Laka lantas", "KLL")),
    Column("diagnosed_on", "Tanggal diagnosis", "Date of diagnosis", ("Tgl diagnosis", "Tanggal diagnosa")),
    Column("place", "Tempat kejadian", "Place", ("Tempat", "Lokasi", "Lokasi kejadian", "Tempat kecelakaan")),
    Column("chronology", "Kronologi", "Course of events", ("Kronologis", "Uraian kejadian", "Uraian")),
    Column("diagnosis", "Diagnosis", "Diagnosis", ("Diagnosa", "Diagnosis dokter")),
    Column(
        *("unable_days", "Hari tidak bekerja", "Days unable to work"),
        ("Hari tidak mampu bekerja", "Lama tidak bekerja", "Istirahat", "Lama istirahat"),
    ),
    Column("treatment", "Biaya perawatan", "Cost of treatment", ("Biaya", "Biaya pengobatan", "Total biaya")),
    Column(
        "transport", "Biaya angkutan", "Cost of transport", ("Biaya transportasi", "Biaya pengangkutan", "Ambulans")
    ),
    Column("jasa_raharja", "Dibayar Jasa Raharja", "Paid by Jasa Raharja", ("Jasa Raharja",)),
    Column("reported_on", "Tanggal lapor", "Reported on", ("Tgl lapor", "Tanggal laporan")),
)
_OF_DEATHS: Final = (
    _DIED_ON._replace(is_needed=True),
    Column("cause", "Sebab meninggal", "Cause of death", ("Sebab", "Penyebab", "Penyebab kematian"), is_needed=True),
    Column("relatives", "Keluarga", "Family", ("Ahli waris", "Hubungan keluarga", "Keluarga yang ditinggalkan")),
    Column("children", "Anak", "Children", ("Tanggal lahir anak", "Anak anak")),
)
_END: Final = (_DOCUMENTS, OF_MEMBERS["decision"])
COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = {
    "accident": (*_PERSON, *_OF_ACCIDENTS, _DIED_ON, *_END),
    "death": (*_PERSON, *_OF_DEATHS, *_END),
}
# Of a sheet that says by its titles what it is about: a death beside an accident is a finding about the accident.
ALL: Final = tuple(
    {one.name: one._replace(is_needed=False) for one in (*COLUMNS["accident"], *COLUMNS["death"])}.values()
)
BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in ALL}

# The first spelling is the Indonesian one of lists and templates, the second the English one, as pages say them.
CHOICES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "zone": {
        "WIB": ("WIB", "WIB", "Waktu Indonesia Barat", "UTC+7", "GMT+7"),
        "WITA": ("WITA", "WITA", "Waktu Indonesia Tengah", "UTC+8", "GMT+8"),
        "WIT": ("WIT", "WIT", "Waktu Indonesia Timur", "UTC+9", "GMT+9"),
    },
    "kind": {
        "injury": ("cedera", "injury", "kecelakaan", "kecelakaan kerja", "luka"),
        "occupational_disease": ("penyakit akibat kerja", "occupational disease", "PAK", "penyakit"),
        "sudden_death": ("meninggal mendadak", "sudden death"),
        "violence": ("kekerasan", "violence", "penganiayaan"),
    },
    "setting": {
        "workplace": ("di tempat kerja", "at the workplace", "tempat kerja", "lokasi kerja"),
        "commuting": ("berangkat atau pulang kerja", "on the way to or from work", "berangkat kerja", "pulang kerja"),
        "duty_travel": ("perjalanan dinas", "on duty travel", "dinas", "dinas luar"),
        "errand": ("tugas di luar tempat kerja", "on an errand for work", "tugas luar"),
        "company_event": ("acara perusahaan", "at an event of the company"),
        "private": ("urusan pribadi", "on private business", "pribadi"),
    },
    "traffic": {
        "none": ("bukan", "no", "tidak"),
        "single_vehicle": ("satu kendaraan", "one vehicle", "tunggal", "kecelakaan tunggal"),
        "several_vehicles": ("beberapa kendaraan", "several vehicles", "tabrakan"),
    },
    "cause": {
        "illness": ("sakit", "illness"),
        "accident": ("kecelakaan", "accident"),
        "suicide": ("bunuh diri", "suicide"),
        "unknown": ("belum diketahui", "not known yet", "tidak diketahui"),
    },
    "decision": CHOICES_OF_MEMBERS["decision"],
}
SPELLED: Final[Mapping[str, dict[str, str]]] = {column: spelled(words) for column, words in CHOICES.items()}

RELATIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "widow": ("istri (janda)", "widow", "istri", "janda", "wife"),
    "widower": ("suami (duda)", "widower", "suami", "duda", "husband"),
    "child": ("anak", "child", "anak anak"),
    "parent": ("orang tua", "parent", "ayah", "ibu", "bapak"),
    "grandparent": ("kakek atau nenek", "grandparent", "kakek", "nenek"),
    "grandchild": ("cucu", "grandchild"),
    "sibling": ("saudara kandung", "sibling", "kakak", "adik", "saudara"),
    "parent_in_law": ("mertua", "parent-in-law"),
    "other": ("lainnya", "other", "lain"),
}
LEVELS: Final = ("TK", "SD", "SMP", "SMA", "PT", "TRAINING")
PAPERS: Final[Mapping[str, tuple[str, ...]]] = {
    "membership_card": ("kartu peserta", "membership card", "kartu peserta BPJS Ketenagakerjaan", "KPJ", "kartu BPJS"),
    "ktp": ("KTP", "identity card", "KTP atau bukti identitas lain", "fotokopi KTP"),
    "doctor_letter": ("surat dokter", "doctor's letter", "surat keterangan dokter", "keterangan dokter"),
    "transport_receipt": ("kuitansi angkutan", "receipt for transport", "kuitansi biaya pengangkutan"),
    "treatment_receipt": (
        *("kuitansi perawatan", "receipt for treatment", "kuitansi biaya perawatan dan pengobatan"),
        *("kuitansi pengobatan", "kuitansi", "kwitansi", "kwitansi perawatan", "kwitansi pengobatan"),
    ),
    "police_report": ("laporan polisi", "police report", "LP"),
    "jasa_raharja_letter": ("surat Jasa Raharja", "letter from Jasa Raharja", "surat keterangan Jasa Raharja"),
    "attendance": ("daftar hadir", "attendance list", "daftar hadir kerja", "absensi"),
    "assignment_letter": ("surat tugas", "assignment letter", "SPT"),
    "police_letter": ("surat polisi", "letter from the police", "surat keterangan kepolisian"),
    "visum": ("visum", "visum et repertum", "hasil visum"),
    "death_certificate": ("akta kematian", "death certificate", "surat kematian"),
    "heir_letter": ("surat ahli waris", "heir letter", "surat keterangan ahli waris"),
    "family_card": ("kartu keluarga", "family card", "KK"),
    "project_number": ("nomor proyek", "project number", "nomor kepesertaan proyek konstruksi"),
    "court_letter": ("surat pengadilan", "court letter", "penetapan pengadilan"),
    "rescue_letter": ("surat Basarnas", "letter from Basarnas"),
}

# The section of a claim that each column is about; who may not write the section leaves the column empty.
SECTION_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("diagnosis", "unable_days"), "medical"),
    **dict.fromkeys(("treatment", "transport", "jasa_raharja"), "costs"),
    "reported_on": "report",
    "relatives": "heirs",
    "children": "children",
}
_MEDICAL_DEATH: Final = {"accident": "medical", "death": "death"}


def section_of(column: str, kind: Kind) -> str | None:
    return _MEDICAL_DEATH[kind] if column == "died_on" else SECTION_OF.get(column)


def columns_for(kind: Kind, sender_kind: str) -> tuple[Column, ...]:
    """Those of a template: without what this kind of sender may not say."""
    allowed = SECTION_WRITERS.get(sender_kind, frozenset())
    return tuple(one for one in COLUMNS[kind] if (section := section_of(one.name, kind)) is None or section in allowed)


def kind_of(names: Sequence[str]) -> Kind:
    """What a sheet with these columns is about. Raises SheetRefused where it does not say so, or lacks a column."""
    if "occurred_on" not in names and "died_on" not in names:
        titles = f"{BY_NAME['occurred_on'].title} ({BY_NAME['died_on'].title})"
        raise SheetRefused("COLUMN_MISSING", {"columns": titles})
    kind: Kind = "accident" if "occurred_on" in names else "death"
    missing = [one.title for one in COLUMNS[kind] if one.is_needed and one.name not in names]
    if missing:
        raise SheetRefused("COLUMN_MISSING", {"columns": ", ".join(missing)})
    return kind
