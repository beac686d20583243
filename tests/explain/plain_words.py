"""Words that no letter for a family holds, each with the plain one to write; and two negations in one breath."""

import re
from typing import Final

# jargon of courts and insurers, loan words, and abbreviations that only clerks know -> the plain word
JARGON: Final = {
    "id": {
        "a quo": "ini",
        "yuridis": "menurut hukum",
        "inkracht": "berkekuatan tetap",
        "wanprestasi": "ingkar janji",
        "subrogasi": "penggantian",
        "mutatis mutandis": "dengan penyesuaian",
        "et repertum": "hasil visum",
        "kausalitas": "sebab akibat",
        "litigasi": "sidang pengadilan",
        "legalisir": "salinan yang disahkan",
        "diktum": "isi putusan",
        "jo": "bersama dengan",
        "vide": "lihat",
        "kadaluwarsa": "lewat batas waktu",
        "daluwarsa": "lewat batas waktu",
        "verifikasi": "pemeriksaan",
        "klarifikasi": "penjelasan",
        "konfirmasi": "kepastian",
        "kompensasi": "ganti rugi",
        "notifikasi": "pemberitahuan",
        "eligibilitas": "syarat",
        "indikatif": "perkiraan sementara",
        "reimbursement": "penggantian",
        "submit": "serahkan",
        "upload": "kirimkan",
        "update": "perbarui",
        "error": "kekeliruan",
        "pending": "menunggu",
        "default": "menunggak",
        "tranche": "tahap",
        "otomatis": "dengan sendirinya",
        "sistem": "program",
        "PAK": "penyakit akibat kerja",
        "STMB": "santunan selama tidak mampu bekerja",
        "PLKK": "klinik atau rumah sakit",
        "BPU": "pekerja mandiri",
        "NPP": "nomor pemberi kerja",
        "Permenaker": "peraturan",
        "PP": "peraturan",
        "UU": "undang-undang",
        "pasal": "peraturan",
        "Anda": "Bapak/Ibu",
    },
    "en": {
        "hereby": "(leave it out)",
        "herein": "here",
        "aforementioned": "this",
        "pursuant": "by",
        "notwithstanding": "although",
        "heretofore": "before",
        "indemnity": "compensation",
        "subrogation": "reimbursement",
        "adjudicate": "decide",
        "adjudication": "decision",
        "ineligible": "not entitled",
        "indicative": "an estimate",
        "remit": "pay",
        "terminate": "end",
        "commence": "start",
        "forthwith": "at once",
        "deceased": "the member who died",
        "article": "the law",
        "Permenaker": "the law",
        "PP": "the law",
        "UU": "the law",
    },
}

_NEGATION: Final = {
    "id": r"tidak|bukan|belum|tanpa|jangan|tak",
    "en": r"not|no|never|without|nobody|nothing|neither|cannot|un(?:registered|paid|known|certain)",
}
_TITLES: Final = {language: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for language, words in _NEGATION.items()}
# two in one clause; a clause ends with a mark of punctuation or with a word that begins another
_END: Final = {
    "id": r"sehingga|karena|tetapi|dan|atau|yang|bila|apakah",
    "en": r"so|because|but|and|or|which|that|who|if|whether|by",
}
_TWICE: Final = {
    language: re.compile(
        rf"\b(?:{words})\b(?:(?!\b(?:{_END[language]})\b)[^.,;:()“”\n])*\b(?:{words})\b", re.IGNORECASE
    )
    for language, words in _NEGATION.items()
}
# a negated statement whose result follows it: "tidak menunggak: tidak terpenuhi"
_NOT_MET: Final = {
    "id": re.compile(r"\b(?:tidak|bukan|belum|tanpa)\b[^.]*: tidak terpenuhi"),
    "en": re.compile(r"\b(?:not|no|never|without)\b[^.]*: not met"),
}


def negations(text: str, language: str) -> list[str]:
    """The words of negation in a text."""
    return _TITLES[language].findall(text)


def double_negations(text: str, language: str) -> list[str]:
    """Where a text says no twice in one breath."""
    flat = " ".join(text.split())
    return [found.group() for pattern in (_TWICE, _NOT_MET) for found in pattern[language].finditer(flat)]


def jargon(text: str, language: str) -> list[str]:
    """The words of a text that the list names, with what to write instead."""
    return [
        f"{word}: write {plain!r}"
        for word, plain in JARGON[language].items()
        if re.search(rf"\b{re.escape(word)}\b", text, 0 if word.isupper() else re.IGNORECASE)
    ]
