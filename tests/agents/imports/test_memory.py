"""The memory of a check: a sheet that is three times as long needs hardly more of it."""

import tracemalloc
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.imports.intake import MEMBERS, Desk
from agents.imports.reader import read_sheet
from agents.imports.writer import Corrected
from pipeline.access.principals import new_principal
from pipeline.enrolment.registry import Found
from pipeline.law.book import Book
from pipeline.operations import imports
from tests.bench.sheets import person
from tests.support.front import NOW
from tests.support.member_sheets import as_csv

FEW, MANY = 2_200, 6_000  # beyond 2,000 the report keeps no more faults
MOST_BYTES_A_ROW = 200  # some 60 for the search for doubles, and what was not asked for before


def sheet_of(rows: int) -> bytes:
    """Every second row with a fault."""
    return as_csv([person(at) | ({"Segmen": "tani"} if at % 2 else {}) for at in range(rows)])


def peak_of(data: bytes, rows: int) -> int:
    """Bytes at most while a sheet is checked, what is ready kept, and the corrected rows made one by one."""
    front = cast(Any, SimpleNamespace(now=lambda: NOW, book=Book.load()))
    desk = Desk(front, new_principal("cooperative", "maju"), MEMBERS, keeps=True, corrects=True)
    with read_sheet(data, MEMBERS.columns) as sheet:
        tracemalloc.start(1)
        found = desk.check(sheet, "id")
        corrected = sum(bool(note) for _, note, _ in Corrected(sheet, desk.notes, "id")._rows())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found["counts"]["faulty"] == corrected == rows // 2
    assert desk.kept is not None and len(desk.kept) >= rows // 2
    return peak


def test_a_check_needs_few_bytes_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "_known", lambda *asked: Found())  # the registry is asked for 200 rows at once
    monkeypatch.setattr(imports, "_count_new", lambda front: None)
    few, many = (peak_of(sheet_of(rows), rows) for rows in (FEW, MANY))
    assert (many - few) / (MANY - FEW) < MOST_BYTES_A_ROW
