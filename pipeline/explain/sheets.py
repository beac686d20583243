"""Faults of a sheet in words: why a file or a cell cannot be taken, and what to do."""

from collections.abc import Mapping
from typing import Final

from pipeline.explain import figures
from pipeline.explain.texts import text

_SUMS: Final = frozenset({"owed", "missing", "more"})


def sheet_refusal(code: str, facts: Mapping[str, str | int], language: str) -> str:
    """Of a whole sheet, in a sentence with its remedy. Raises NoText."""
    return _said("refusals", code, facts, language)


def cell_fault(code: str, facts: Mapping[str, str | int], language: str) -> str:
    """Of one cell or row, in a sentence with its remedy. Raises NoText."""
    return _said("faults", code, facts, language)


def _said(kind: str, code: str, facts: Mapping[str, str | int], language: str) -> str:
    said = {name: _shown(name, value, language) for name, value in facts.items()}
    return figures.filled(text(language, "sheets", kind, code), language, **said)


def _shown(name: str, value: str | int, language: str) -> str | int:
    if name in _SUMS:
        return figures.rupiah(int(value), language)
    return figures.day(str(value), language) if name == "day" else value


def sheet_text(language: str, *path: str, **values: str | int) -> str:
    """A text of `sheets`, filled in. Raises NoText."""
    return figures.filled(text(language, "sheets", *path), language, **values)
