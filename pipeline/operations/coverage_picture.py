"""The coverage picture: who is known, registered and covered on a day, in the fixed list of tables that is published.

Tables: the total, provinces, regencies of a province, sectors, cooperatives and employers, and the ends of months.
Counts under five are left out, and as many others as keep them so (`pipeline.coverage.suppression`).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.coverage.people import MEASURES, Counts
from pipeline.coverage.regions import region_title as region_title  # for who shows a picture
from pipeline.coverage.suppression import LEAST, OTHERS, PublishedRow, added, published_rows, published_total
from pipeline.law.book import Book
from pipeline.law.calendar import month_text
from pipeline.membership.arrears import law_on
from pipeline.operations.coverage_keeping import MOST_WAITED_FOR, coverage_book_of, keep, require_day
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.coverage_counts import RefusedClaim, counts_by_group, counts_by_month, refused_claims
from pipeline.store.coverage_rows import Group

TABLES: Final = ("provinces", "regencies", "sectors", "cooperatives")


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One row of one table. `key`: a Kemendagri code, a sector, a cooperative; `*`: all groups too small for a row,
    `groups` of them; empty: not known. None: left out, since the count, or one that follows from it, is under five.

    The states add up to `people`: never registered, left, waiting for the first contribution, lapsed, covered.
    `registered`: waiting, lapsed or covered. `at_risk`: covered, until this month ends, unless a contribution is paid.
    """

    table: str
    key: str
    groups: int
    people: int | None
    known: int | None
    never: int | None
    left: int | None
    waiting: int | None
    lapsed: int | None
    covered: int | None
    at_risk: int | None
    registered: int | None
    jkk: int | None
    jkm: int | None
    jht: int | None
    jp: int | None


@dataclass(frozen=True, slots=True)
class RefusedForWantOfCover:
    """Claims refused since there was no cover. `amount`: rupiah that the families of `deaths` (JKM) went without, by
    the law of the day of death, scholarships not counted. What an accident would have been paid is not known."""

    claims: int | None
    deaths: int | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """`rows`: of all tables but the total and the months. `months`: the end of each, `key` is `2019-11`."""

    day: dt.date
    total: CoverageRow
    rows: tuple[CoverageRow, ...]
    months: tuple[CoverageRow, ...]
    refused: RefusedForWantOfCover


def read_coverage(front: FrontOffice, principal: Principal, *, day: dt.date | None = None) -> Picture:
    """The picture at the end of `day` (None: today), from the facts known now.

    Raises Denied, Poison where the law of the day is not known, NotReady where too many members wait to be counted.
    """
    grant_of(principal, "read_coverage")
    day = require_day(front, day)
    coverage = coverage_book_of(front)
    keep(coverage, front.book, MOST_WAITED_FOR)
    with coverage.reading() as connection:
        groups = counts_by_group(connection, day)
        months = counts_by_month(connection, day)
    total = added(groups.values())
    return Picture(
        day,
        _row("total", published_total(total)),
        tuple(_tables(groups)),
        tuple(_row("months", published_total(counts, month_text(month))) for month, counts in months),
        _refused(refused_claims(front.store, day), front.book),
    )


def _tables(groups: Mapping[Group, Counts]) -> list[CoverageRow]:
    provinces = published_rows(_by(groups, lambda one: one[0][:2]))
    found = [_row("provinces", one) for one in provinces]
    for province in provinces:
        if province.merged == 1 and province.key:
            within = {group: counts for group, counts in groups.items() if group[0][:2] == province.key}
            found += [
                _row("regencies", one, province.key)
                for one in published_rows(_by(within, lambda one: one[0]), province)
            ]
    found += [_row("sectors", one) for one in published_rows(_by(groups, lambda one: one[1]))]
    return found + [_row("cooperatives", one) for one in published_rows(_by(groups, lambda one: one[2]))]


def _by(groups: Mapping[Group, Counts], key: Callable[[Group], str]) -> dict[str, Counts]:
    found: dict[str, list[int]] = {}
    for group, counts in groups.items():
        own = found.setdefault(key(group), [0] * len(MEASURES))
        for at, count in enumerate(counts):
            own[at] += count
    return {name: tuple(counts) for name, counts in found.items()}


def _row(table: str, row: PublishedRow, province: str = "") -> CoverageRow:
    counts = row.counts
    not_registered = _sum(counts["never"], counts["left"])
    registered = row.people - not_registered if row.people is not None and not_registered is not None else None
    return CoverageRow(
        table=table,
        key=f"{province}{row.key}" if row.key == OTHERS else row.key,
        groups=row.merged,
        people=row.people,
        registered=registered,
        **{name.lower(): counts[name] for name in MEASURES[1:]},
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return one + other if one is not None and other is not None else None


def _refused(claims: list[RefusedClaim], book: Book) -> RefusedForWantOfCover:
    """Both or none: the accidents are the difference."""
    deaths = [one for one in claims if one.program == "JKM"]
    if any(0 < count < LEAST for count in (len(claims), len(deaths), len(claims) - len(deaths))):
        claims_shown = None if 0 < len(claims) < LEAST else len(claims)
        return RefusedForWantOfCover(claims_shown, None, None)
    return RefusedForWantOfCover(len(claims), len(deaths), sum(_lost(one.event_date, book) for one in deaths))


def _lost(day: dt.date, book: Book) -> int:
    """Rupiah of a death: the lump sum, the periodic months and the funeral."""
    law = law_on(book, day)
    return law.jkm_death.value + law.periodic_monthly.value * law.periodic_months.value + law.funeral.value
