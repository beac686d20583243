"""Counts of coverage: of a day by group, of the ends of months, and claims that were refused for want of cover.

Never writes. The counts are kept by `pipeline.store.coverage_book`; a count of a day is a sum over months and days.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.engine import Connection

from pipeline.law.calendar import month_of, month_start
from pipeline.store.coverage_rows import Group
from pipeline.store.coverage_tables import (
    GROUP_COLUMNS,
    MEASURE_COLUMNS,
    coverage_days,
    coverage_members,
    coverage_months,
)
from pipeline.store.readable import Readable
from pipeline.store.tables import cases, decisions

# Reasons that say there was no cover on the day of the event.
_WITHOUT_COVER: Final = frozenset(
    {"MEM_NOT_REGISTERED", "MEM_PROGRAM_NOT_HELD", "MEM_NOT_COVERED_YET", "MEM_LAPSED"}
)  # fmt: skip

Counts = tuple[int, ...]  # of `coverage.people.MEASURES`


class Whose(NamedTuple):
    """Members whose newest registration this source wrote, or names this number in small letters (None: no number)."""

    writer: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class RefusedClaim:
    """A claim whose latest decision refuses it for want of cover."""

    program: str
    event_date: dt.date
    reason: str


def counts_by_group(connection: Connection, day: dt.date) -> dict[Group, Counts]:
    """At the end of `day`."""
    month = month_of(day)
    found: dict[Group, list[int]] = {}
    groups = [coverage_months.c[name] for name in GROUP_COLUMNS]
    before = select(*groups, *_sums(coverage_months)).where(coverage_months.c.month < month).group_by(*groups)
    within = coverage_days.c.day.between(month_start(month).toordinal(), day.toordinal())
    of_days = [coverage_days.c[name] for name in GROUP_COLUMNS]
    this = select(*of_days, *_sums(coverage_days)).where(within).group_by(*of_days)
    for statement in (before, this):
        for region, sector, cooperative, *counts in connection.execute(statement):
            own = found.setdefault((region, sector, cooperative), [0] * len(MEASURE_COLUMNS))
            for at, count in enumerate(counts):
                own[at] += count
    return {group: tuple(counts) for group, counts in found.items() if any(counts)}


def counts_by_month(connection: Connection, day: dt.date) -> list[tuple[int, Counts]]:
    """(month, counts at its end) of each month up to that before `day`'s."""
    month = coverage_months.c.month
    statement = select(month, *_sums(coverage_months)).where(month < month_of(day)).group_by(month).order_by(month)
    found: list[tuple[int, Counts]] = []
    reached = [0] * len(MEASURE_COLUMNS)
    for at, *counts in connection.execute(statement):
        while found and found[-1][0] + 1 < at:  # a month in which nothing changed
            found.append((found[-1][0] + 1, tuple(reached)))
        reached = [one + more for one, more in zip(reached, counts, strict=True)]
        found.append((at, tuple(reached)))
    while found and found[-1][0] + 1 < month_of(day):
        found.append((found[-1][0] + 1, tuple(reached)))
    return found


def members_to_call(
    connection: Connection, day: dt.date, whose: Whose | None, cooperative: str | None, limit: int
) -> list[str]:
    """Numbers of members who owe a contribution for a month that has begun; who began to owe last comes first, for such
    cover can be saved. `whose`, `cooperative` None: of all."""
    wanted = _members_of(whose, cooperative).where(coverage_members.c.call_from <= day.toordinal())
    ordered = wanted.order_by(coverage_members.c.call_from.desc(), coverage_members.c.number)
    return list(connection.execute(ordered.limit(limit)).scalars())


def members_listed(connection: Connection, whose: Whose | None, cooperative: str | None, limit: int) -> list[str]:
    """Numbers of all members, in their order; `whose`, `cooperative` as `members_to_call`."""
    wanted = _members_of(whose, cooperative).order_by(coverage_members.c.number)
    return list(connection.execute(wanted.limit(limit)).scalars())


def _members_of(whose: Whose | None, cooperative: str | None) -> Select[Any]:
    column = coverage_members.c
    wanted = select(column.number)
    if whose is not None:
        own = column.writer == whose.writer
        wanted = wanted.where(own if whose.owner is None else or_(own, column.owner == whose.owner))
    if cooperative is not None:
        who = cooperative.casefold()
        registrars = [f"urn:santunan:{kind}:{who}" for kind in ("cooperative", "employer")]
        named = (column.cooperative == cooperative, column.owner == who, column.writer.in_(registrars))
        wanted = wanted.where(or_(*named))
    return wanted


def members_born_on(connection: Connection, days: Iterable[str]) -> list[tuple[str, str]]:
    """(number, day of birth) of the members who were born on one of these days."""
    wanted = select(coverage_members.c.number, coverage_members.c.birth_date).where(
        coverage_members.c.birth_date.in_(list(days))
    )
    return [(number, born) for number, born in connection.execute(wanted.order_by(coverage_members.c.number))]


def refused_claims(store: Readable, day: dt.date) -> list[RefusedClaim]:
    """Of events up to `day`, by their latest decision."""
    latest = and_(decisions.c.claim_id == cases.c.claim_id, decisions.c.revision == cases.c.revision)
    wanted = (
        select(decisions.c.program, decisions.c.event_date, decisions.c.reason_codes)
        .join_from(cases, decisions, latest)
        .where(cases.c.outcome == "REJECTED", decisions.c.event_date <= day.isoformat())
    )
    with store.reader() as connection:
        rows = connection.execute(wanted).all()
    found = []
    for row in rows:
        reason = next((one for one in row.reason_codes.split(",") if one in _WITHOUT_COVER), None)
        if reason is not None:
            found.append(RefusedClaim(row.program, dt.date.fromisoformat(row.event_date), reason))
    return found


def _sums(table: Any) -> list[Any]:
    return [func.sum(table.c[name]) for name in MEASURE_COLUMNS]
