"""Provinces and regencies by their codes, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def _regions() -> Mapping[str, Mapping[str, str]]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = (Path(__file__).parent / "regions.yaml").read_bytes()
    found: Mapping[str, Mapping[str, str]] = yaml.load(raw, Loader=loader)  # noqa: S506 (a safe loader)
    return found


@cache
def provinces() -> frozenset[str]:
    """Codes of two digits, those of former provinces too."""
    return frozenset(_regions()["provinces"]) | frozenset(_regions()["former"])


def regency_name(code: str) -> str | None:
    """Of four digits; None: there is none today. Regencies were split, and a NIK keeps the code of its day."""
    return _regions()["regencies"].get(code)


def regency_codes() -> Mapping[str, str]:
    """Code of four digits -> name, of today's regencies and cities."""
    return _regions()["regencies"]


def province_name(code: str) -> str | None:
    """Of two digits, of today's provinces."""
    return _regions()["provinces"].get(code)
