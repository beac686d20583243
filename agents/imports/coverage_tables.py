"""The coverage picture and the list of calls as rows of a file, the same from the command line and the console."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Final

from agents.imports.tables import Cell
from pipeline.explain import Language, day, rupiah
from pipeline.explain.calls import call_kind
from pipeline.explain.coverage import column_title, coverage_text, group_title, table_title
from pipeline.explain.figures import month
from pipeline.operations.coverage_calls import CallList
from pipeline.operations.coverage_picture import CoverageRow, Picture, region_title

COUNTS: Final = (
    *("people", "known", "never", "left", "waiting", "lapsed"),
    *("covered", "at_risk", "registered", "jkk", "jkm", "jht", "jp"),
)
PARQUET: Final = tuple(one.name for one in fields(CoverageRow))
_CALLS: Final = (
    "kind",
    "name",
    "member_number",
    "cooperative",
    "months",
    "amount",
    "fine",
    "until",
    "payer",
    "message",
)


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


def shown_count(value: int | None, language: Language) -> str:
    """With dots between thousands; a dash where it is left out."""
    return coverage_text(language, "left_out") if value is None else rupiah(value, language).removeprefix("Rp")


def sentences(picture: Picture, language: Language) -> Iterator[str]:
    """What the picture finds, in words."""
    total, refused = picture.total, picture.refused
    counts = {
        name: shown_count(getattr(total, name), language) for name in ("known", "registered", "covered", "at_risk")
    }
    yield coverage_text(language, "finding", day=day(picture.day, language), share=_share(total, language), **counts)
    yield coverage_text(language, "risk", **counts)
    yield coverage_text(
        language,
        "refused",
        claims=shown_count(refused.claims, language),
        deaths=shown_count(refused.deaths, language),
        amount=rupiah(refused.amount, language) if refused.amount is not None else coverage_text(language, "left_out"),
    )


def share_of(row: CoverageRow) -> int | None:
    """Percent of the people who are covered; None: left out."""
    return round(100 * row.covered / row.people) if row.people and row.covered is not None else None


def _share(total: CoverageRow, language: Language) -> str:
    percent = share_of(total)
    if percent is None:
        return coverage_text(language, "no_share")
    return coverage_text(language, "share", percent=percent, people=shown_count(total.people, language))
