"""The coverage picture and the list of calls as rows of a file, the same from the command line and the console."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import Final

from agents.imports.tables import Cell
from pipeline.explain import Language, day, rupiah
from pipeline.explain.calls import call_kind
from pipeline.explain.coverage import column_title, coverage_text, group_title, table_title
from pipeline.explain.figures import grouped, month
from pipeline.operations.coverage_calls import CallList, CallRow
from pipeline.operations.coverage_picture import CoverageRow, Picture, region_title
from pipeline.operations.protection import ProtectedMember, Protection

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
_PROTECTION: Final = (
    "group",
    "name",
    "member_number",
    "kind",
    "months",
    "amount",
    "fine",
    "until",
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


def plain_rows(rows: Sequence[CallRow] | Sequence[ProtectedMember]) -> tuple[list[str], list[tuple[object, ...]]]:
    """Names and rows for programs; months as one text."""
    names = [one.name for one in fields(rows[0])] if rows else []
    return names, [tuple((asdict(row) | {"months": ",".join(row.months)}).values()) for row in rows]


def call_titles(language: Language) -> list[str]:
    return [column_title(name, language) for name in _CALLS]


def call_rows(calls: CallList, language: Language) -> Iterator[list[Cell]]:
    for row in calls.rows:
        yield [
            *(call_kind(row.kind, language), row.name, row.member_number, row.cooperative, ", ".join(row.months)),
            *(row.amount, row.fine, row.until, row.payer, row.message),
        ]


def protection_titles(language: Language) -> list[str]:
    return [column_title(name, language) for name in _PROTECTION]


def protection_rows(found: Protection, language: Language) -> Iterator[list[Cell]]:
    for row in found.rows:
        yield [
            *(coverage_text(language, "groups", row.group), row.name, row.member_number),
            *(call_kind(row.kind, language) if row.kind is not None else None, ", ".join(row.months)),
            *(row.amount, row.fine or None, row.until, row.message),
        ]


def protection_sentences(found: Protection, language: Language) -> Iterator[str]:
    """How many are protected, and what is to be paid until when; most important first."""
    counts = [
        f"{grouped(count, language)} {coverage_text(language, 'groups', name)}"
        for name, count in found.counts.items()
        if count
    ]
    yield coverage_text(language, "protected", day=day(found.day, language), counts=", ".join(counts))
    for due in found.dues:
        values: dict[str, str | int] = {"members": due.members, "amount": rupiah(due.amount, language)}
        if due.until is None:
            yield coverage_text(language, "due_late" if due.is_late else "due_now", **values)
        else:
            yield coverage_text(language, "due", until=day(due.until, language), **values)
        if due.unknown:
            yield coverage_text(language, "due_unknown", members=due.unknown)


def shown_count(value: int | None, language: Language) -> str:
    """With dots between thousands; a dash where it is left out."""
    return coverage_text(language, "left_out") if value is None else grouped(value, language)


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
