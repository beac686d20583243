"""Rows from which workers decide: a replay finds each one that does not follow from the events, and names it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Table, delete, insert, select, update

from pipeline.audit import kept_rows
from pipeline.audit.invariants import check
from pipeline.audit.kept_rows import KeptRows
from pipeline.audit.replay import replay
from pipeline.store.tables import cases, member_months, members
from tests.support import events as e
from tests.support.site import Site

OTHER = ("20000000022", "3671010101800002")
COLUMNS = [
    one
    for table in (members, member_months, cases)
    for one in table.columns
    if one.table is members or one.name != "version"  # that of a case counts batches, that of months only sorts them
]


@pytest.fixture
def filled(site: Site) -> Iterator[Site]:
    """A member with months in segments, an approved claim, one that waits for an officer, evidence before its claim."""
    months = [f"{year}-{month:02}" for year in range(2018, 2024) for month in range(1, 13)]
    site.run(*e.member(), *e.member(*OTHER), *(e.wage(month, 5_000_000) for month in months), size=20)
    site.run(
        e.accident("K1"), e.accident("K2", number=OTHER[0], conclusion=None), e.accident("K9", number="Z0000000001")
    )
    site.run(e.appeal("K9", "2026-08-01T10:00:00"), e.death("M1", "2024-10-10", OTHER[0]))
    site.run(e.evidence("K5", "2024-07-20T10:00:00", number=OTHER[0], documents=["ktp"]))
    assert replay(site.store).differences == ()
    yield site


def other(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value)[:-1] + bytes([bytes(value)[-1] ^ 1])
    if isinstance(value, int):
        return value + 1
    if value in ("APPROVED", "REJECTED", "REFERRED", "PENDING"):
        return "REJECTED" if value == "APPROVED" else "APPROVED"
    return (
        value.replace("2024", "2023")
        if value[:1] == "{" and "2024" in value
        else value[:-1] + ("7" if value[-1:] != "7" else "8")
    )


def tampered(site: Site, statement: Any) -> None:
    with site.store.engine.begin() as connection:
        assert connection.execute(statement).rowcount in (1, -1)  # of an insert PostgreSQL does not say it


def found(site: Site) -> dict[str, tuple[str, str]]:
    return {one.claim_id: (one.was, one.would_be) for one in replay(site.store).differences}


def a_row(site: Site, column: Column[Any]) -> Any:
    """One in which the column has a value."""
    with site.store.reader() as connection:
        chosen = select(column.table).where(column.is_not(None)).order_by(*column.table.primary_key).limit(1)
        return connection.execute(chosen).one()


def is_of(table: Table, row: Any) -> Any:
    key = list(table.primary_key)
    return (key[0] == row[0]) if len(key) == 1 else (key[0] == row[0]) & (key[1] == row[1])


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_column_changed_by_hand_is_found_and_named(filled: Site, column: Column[Any]) -> None:
    table = column.table
    row = a_row(filled, column)
    value = other(getattr(row, column.name))
    tampered(filled, update(table).where(is_of(table, row)).values({column.name: value}))
    shown = found(filled)
    name = row[0] if table is cases else f"member {row[0]}"
    assert name in shown
    if column.primary_key and table is not member_months:
        moved = value if table is cases else f"member {value}"
        assert shown[name][0] == f"no row in {table.name}" and shown[moved][1] == "no row: no event leads to one"
    else:
        assert column.name in shown[name][0] or (table is not cases and "months" in shown[name][0])
    assert any(one.invariant == 4 and name in one.what for one in check(filled.store))


@pytest.mark.parametrize("table", [members, member_months, cases], ids=str)
def test_a_row_taken_away_is_found(filled: Site, table: Table) -> None:
    row = a_row(filled, next(iter(table.primary_key)))
    tampered(filled, delete(table).where(is_of(table, row)))
    assert (row[0] if table is cases else f"member {row[0]}") in found(filled)


@pytest.mark.parametrize("table", [members, cases], ids=str)
def test_a_row_put_in_is_found(filled: Site, table: Table) -> None:
    row = a_row(filled, next(iter(table.primary_key)))
    tampered(filled, insert(table).values((*("ZZZ99",), *row[1:])))
    name = "ZZZ99" if table is cases else "member ZZZ99"
    assert found(filled) == {name: (f"a row in {table.name}", "no row: no event leads to one")}


def test_events_that_come_while_rows_are_compared_are_no_difference(
    filled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come between the history and the rows, and between a row and the second look at it."""
    monkeypatch.setattr(kept_rows, "_LATE_SECONDS", 0)
    coming = [[e.accident("K3", "2024-03-03"), e.member(*("20000000033", e.NIK))[0]], [e.wage("2024-11", 9_000_000)]]
    before, catch_up = KeptRows.differences, KeptRows._catch_up

    def late(self: KeptRows) -> Any:
        filled.run(*coming.pop(0))
        return before(self)

    def later(self: KeptRows) -> None:
        catch_up(self)
        if coming:
            filled.run(*coming.pop(0))

    monkeypatch.setattr(KeptRows, "differences", late)
    monkeypatch.setattr(KeptRows, "_catch_up", later)
    assert found(filled) == {} and coming == []


def test_a_row_changed_by_hand_is_found_while_events_come(filled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_rows, "_LATE_SECONDS", 0)
    tampered(filled, update(cases).where(cases.c.claim_id == "K1").values(asked="funeral"))
    days: Callable[[], Iterator[str]] = lambda: (f"2024-12-{day:02}" for day in range(1, 29))  # noqa: E731
    coming, catch_up = days(), KeptRows._catch_up

    def later(self: KeptRows) -> None:
        filled.run(e.accident(f"L{(day := next(coming))}", day, number=OTHER[0]))
        catch_up(self)

    monkeypatch.setattr(KeptRows, "_catch_up", later)
    assert found(filled) == {"K1": ("cases: asked", "other values, by the events")}
