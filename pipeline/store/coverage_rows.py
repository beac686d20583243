"""Rows of coverage: known workers, what a person adds to the counts, and the statements that write them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, bindparam, text

from pipeline.membership.member import Member
from pipeline.store.coverage_tables import GROUP_COLUMNS, MEASURE_COLUMNS, coverage_days, coverage_months

KNOWN: Final = "known:"  # before the id of a worker who is in a list alone

Group = tuple[str, str, str]  # region, sector, cooperative


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """One worker of a list. `id`: see `coverage_tables`. `member_number`, `verdict`: what a person decided."""

    id: str
    nik: str | None
    name: str
    birth_date: dt.date | None
    region: str
    sector: str
    cooperative: str
    office: str
    listed_on: dt.date
    member_number: str | None = None
    verdict: str | None = None

    def __repr__(self) -> str:
        return f"KnownWorker({self.id[:8]}…)"  # personal data shall not reach a log


class PersonCounts(NamedTuple):
    """What a person adds to the counts of a group: (day number, counts) each."""

    group: Group
    changes: list[tuple[int, tuple[int, ...]]]


class MemberRow(NamedTuple):
    """What is kept of a membership, for lists of who must be called. `call_from`: a day number."""

    number: str
    person: str
    birth_date: str
    owner: str
    writer: str
    cooperative: str
    call_from: int | None


class Concerned(NamedTuple):
    """One person with all memberships, and the lists that have it."""

    person: str
    members: list[Member]
    known: list[KnownWorker]


def known_of(row: Any) -> KnownWorker:
    born = dt.date.fromisoformat(row.birth_date) if row.birth_date else None
    listed_on = dt.date.fromisoformat(row.listed_on)
    group = (row.region, row.sector, row.cooperative)
    return KnownWorker(row.id, row.nik, row.name, born, *group, row.office, listed_on, row.member_number, row.verdict)


def person_of(one: KnownWorker, persons: Mapping[str, str]) -> str:
    if one.verdict == "same" and one.member_number is not None and one.member_number in persons:
        return persons[one.member_number]
    return one.nik or f"{KNOWN}{one.id}"


KNOWN_COLUMNS: Final = (
    "id", "nik", "name", "birth_date", "region", "sector", "cooperative", "office", "listed_on"
)  # fmt: skip


def known_row(one: KnownWorker) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in KNOWN_COLUMNS}
    return row | {
        "birth_date": one.birth_date.isoformat() if one.birth_date else None,
        "listed_on": one.listed_on.isoformat(),
    }


def _columns(table: Table) -> str:
    names = table.c.keys()
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({quoted}) VALUES ({', '.join(f':{name}' for name in names)})"  # noqa: S608 (names of our own)


def written_text(statement: str, table: Table) -> Any:
    """A statement whose parameters are named as columns of the table, and stored as those are."""
    return text(statement).bindparams(
        *[bindparam(one.name, type_=one.type) for one in table.c if f":{one.name}" in statement]
    )


def if_new(table: Table) -> Any:
    return text(f"{_columns(table)} ON CONFLICT DO NOTHING")


def in_place_of(table: Table, key: str) -> Any:
    names = [column.name for column in table.c]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    return written_text(f"{_columns(table)} ON CONFLICT ({key}) DO UPDATE SET {changed}", table)


def _added_to(table: Table, unit: str) -> Any:
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in MEASURE_COLUMNS)
    return text(f"{_columns(table)} ON CONFLICT ({unit}, {', '.join(GROUP_COLUMNS)}) DO UPDATE SET {added}")


ADDED: Final = {
    coverage_days.name: _added_to(coverage_days, "day"),
    coverage_months.name: _added_to(coverage_months, "month"),
}
