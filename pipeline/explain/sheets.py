"""Faults of a sheet in words: why a file or a cell cannot be taken, and what to do."""

from collections.abc import Mapping
from typing import Final

from pipeline.explain import figures
from pipeline.explain.texts import text

_COUNTS: Final = frozenset({"rows", "letters"})  # large enough to be grouped


def sheet_refusal(code: str, facts: Mapping[str, str | int], language: str) -> str:
    """Of a whole sheet, in a sentence with its remedy. Raises NoText."""
    return _said("refusals", code, facts, language)


def cell_fault(code: str, facts: Mapping[str, str | int], language: str) -> str:
    """Of one cell or row, in a sentence with its remedy. Raises NoText."""
    return _said("faults", code, facts, language)


def _said(kind: str, code: str, facts: Mapping[str, str | int], language: str) -> str:
    said = {name: _grouped(value, language) if name in _COUNTS else value for name, value in facts.items()}
    return text(language, "sheets", kind, code).format_map(said)


def _grouped(value: str | int, language: str) -> str:
    return figures.rupiah(int(value), language).removeprefix("Rp").strip()
