"""Regions of workers: the code of a regency from its name or from a NIK. Pure."""

import re
from functools import cache
from typing import Final

from pipeline.enrolment.region_book import province_name, regency_codes

UNKNOWN: Final = ""
_NO_LETTER: Final = re.compile(r"[^a-z]+")
_SHORT: Final = {"kab": "kabupaten", "kota": "kota", "kabupaten": "kabupaten"}


def region_of_name(written: str | None) -> str:
    """`Kota Tangerang`, `Kab. Tangerang` or `3671` -> `3671`; UNKNOWN where no regency of today is named so.

    A name without `Kota` or `Kabupaten` is taken where only one regency has it.
    """
    if not written:
        return UNKNOWN
    digits = written.strip().replace(".", "")
    if digits in regency_codes():
        return digits
    return _codes_by_name().get(_plain(written), UNKNOWN)


def region_of_nik(nik: str | None) -> str:
    """The place where the NIK was first issued, which need not be where the person works; UNKNOWN where that regency
    is none of today's."""
    return nik[:4] if nik and nik[:4] in regency_codes() else UNKNOWN


def region_title(code: str) -> str | None:
    """The name of a province (two digits) or regency (four); None: unknown."""
    return province_name(code) if len(code) == 2 else regency_codes().get(code)


@cache
def _codes_by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    alone: dict[str, list[str]] = {}
    for code, name in regency_codes().items():
        plain = _plain(name)
        found[plain] = code
        alone.setdefault(plain.partition(" ")[2], []).append(code)
    return {name: codes[0] for name, codes in alone.items() if len(codes) == 1} | found


def _plain(name: str) -> str:
    words = _NO_LETTER.sub(" ", name.lower()).split()
    return " ".join([_SHORT.get(words[0], words[0]), *words[1:]]) if words else ""
