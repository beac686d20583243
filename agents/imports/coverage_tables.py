"""The coverage picture and the list of calls as rows of a file, the same from the command line, the console and the API."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Final

from agents.imports.tables import Cell
from pipeline.explain import Language
from pipeline.explain.calls import call_kind
from pipeline.explain.coverage import column_title, group_title, table_title
from pipeline.explain.figures import month
from pipeline.operations.coverage_calls import CallList
from pipeline.operations.coverage_picture import CoverageRow, Picture, region_title

COUNTS: Final = (
    *("people", "known", "never", "left", "waiting", "lapsed"),
    *("covered", "at_risk", "registered", "jkk", "jkm", "jht", "jp"),
)
PARQUET: Final = tuple(one.name for one in fields(CoverageRow))
_CALLS: Final = ("kind", "name", "member_number", "cooperative", "months", "amount", "fine", "until", "payer", "message")


def all_rows(picture: Picture) -> tuple[CoverageRow, ...]:
    return (picture.total, *picture.rows, *picture.months)


def picture_titles(language: Language) -> list[str]:
    return [column_title(name, language) for name in ("table", "key", "group", *COUNTS)]


def picture_rows(picture: Picture, language: Language) -> Iterator[list[Cell]]:
    """Empty cells are left out: see `CoverageRow`."""
    for row in all_rows(picture):
        counts = [getattr(row, name) for name in COUNTS]
        yield [table_title(row.table, language), row.key, row_title(row, language), *counts]


def row_title(row: CoverageRow, language: Language) -> str:
    if row.table == "total":
        return table_title("total", language)
    if row.table == "months":
        return month(row.key, language)
    return group_title(row.table, row.key, row.groups, language, region_title)


def parquet_rows(picture: Picture) -> list[tuple[object, ...]]:
    return [tuple(asdict(row).values()) for row in all_rows(picture)]


def call_titles(language: Language) -> list[str]:
    return [column_title(name, language) for name in _CALLS]


def call_rows(calls: CallList, language: Language) -> Iterator[list[Cell]]:
    for row in calls.rows:
        yield [
            *(call_kind(row.kind, language), row.name, row.member_number, row.cooperative, ", ".join(row.months)),
            *(row.amount, row.fine, row.until, row.payer, row.message),
        ]
