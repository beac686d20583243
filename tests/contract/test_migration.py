"""A store that the version before wrote is taken over with its data, goes on, and goes back.

`data/version_0001.sql` is such a store, as text: five claims, one of which moved to another member after it was paid.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from pipeline.queries.coverage import members_of
from pipeline.store import migrate
from pipeline.store.rows import progress_of
from tests.support import events as e
from tests.support.site import Site

OTHER = "20000000022"
EMPLOYER = "urn:santunan:employer:tng00001"
NUMBERS = (e.NUMBER, OTHER, "20000000033")
DOCUMENTS = "SELECT number, document FROM members"
BEFORE = Path(__file__).parent / "data" / "version_0001.sql"
MONEY = [
    ("K1", 1, "member", e.NUMBER, "pay", 4_000_000),
    ("K2", 1, "member", OTHER, "pay", 4_000_000),
    ("K2", 2, "member", OTHER, "pay", 2_000_000),
    ("K3", 2, "member", e.NUMBER, "pay", 4_000_000),
    ("K3", 3, "member", e.NUMBER, "recover", 4_000_000),
]


@pytest.fixture
def before(tmp_path: Path) -> Site:
    file = tmp_path / "before.db"
    with sqlite3.connect(file) as connection:
        connection.executescript(BEFORE.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return Site(f"sqlite:///{file}")


def accounts(site: Site) -> dict[str, dict[tuple[str, str], int]]:
    rows = site.rows("SELECT claim_id, progress FROM cases ORDER BY claim_id")
    return {claim_id: progress_of(progress).accounts for claim_id, progress in rows}


def test_what_was_decided_stays_and_is_counted_apart(before: Site) -> None:
    assert before.rows("SELECT * FROM payouts ORDER BY claim_id, revision") == MONEY
    assert accounts(before)["K2"] == {(OTHER, "member"): 6_000_000}
    found = replay(before.store)
    assert (found.decisions, found.others, found.differences) == (0, 10, ())
    breaches = [str(one) for one in check(before.store)]
    assert breaches == [
        "invariant 3: claim K2: Rp6,000,000 were published for Rp6,000,000, or to another person"
    ]  # what the version before did wrong is told, and the next decision of the claim names the person who was paid


def test_the_work_goes_on_by_the_rules_of_today(before: Site) -> None:
    later = [
        e.review("K4", 1, "approve", "2026-01-08T08:00:00", children=[1, 3]),
        e.evidence("K4", "2026-01-08T09:00:00", documents=["membership_card"]),  # a paper of today
        e.review("K5", 1, "approve", "2026-01-08T08:00:00"),
        e.evidence("K1", "2026-01-08T08:00:00", source="urn:santunan:clinic:stranger", documents=["visum"]),
        e.evidence("K2", "2026-01-09T08:00:00", documents=["visum"]),
        e.review("K2", 4, "approve", "2026-01-10T08:00:00"),
    ]
    before.run(*(one | {"id": f"later-{place}"} for place, one in enumerate(later)), partition=1)
    assert before.rows("SELECT reason, errors FROM dead_letters") == []
    latest = {claim_id: (outcome, codes[0]) for claim_id, _, outcome, codes, _ in before.decisions()}
    assert latest["K4"] == latest["K5"] == latest["K2"] == ("APPROVED", "OK")
    assert accounts(before)["K2"] == {(OTHER, "member"): 0, (e.NUMBER, "member"): 6_000_000}
    found = replay(before.store)
    assert (found.differences, found.others) == ((), 10)
    assert check(before.store) == []


def test_it_goes_back_and_up_again(before: Site) -> None:
    kept, url = accounts(before), before.url
    before.close()
    assert migrate(url, "0001") == "0001"
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT * FROM payouts ORDER BY claim_id, revision").fetchall() == [
            (*row[:3], *row[4:]) for row in MONEY
        ]
        (text,) = connection.execute("SELECT progress FROM cases WHERE claim_id = 'K2'").fetchone()
    connection.close()
    assert '"ordered":{"member":6000000}' in text and "accounts" not in text
    again = Site(url)
    assert accounts(again) == kept
    again.close()


def test_a_store_of_today_goes_down_and_up(site: Site) -> None:
    site.run(
        *e.member(), e.accident(), e.accident("K2", "2024-08-07"), e.review("K2", 1, "reject", "2024-08-08T08:00:00")
    )
    kept, url = accounts(site), site.url
    site.close()
    migrate(url, "0001")
    migrate(url)
    again = Site(url)
    assert accounts(again) == kept
    assert check(again.store) == []
    again.close()


def longs(months: int) -> list[Any]:
    """Monthly facts of one member, the last three of them late, at once, and from a source that confirms nothing."""
    facts: list[Any] = [e.registered()]
    for month in e.months("2019-11", "2026-10")[:months]:
        facts += [e.wage(month, 4_000_000), e.paid(month, month, f"{month}-20") | {"source": EMPLOYER}]
    at_once = [e.paid(month, month, "2019-12-24", time="2026-12-24T08:00:00") for month in ("2019-09", "2019-10")]
    return [*facts, e.wage("2019-12", 4_500_000, time="2026-12-01T08:00:00"), *at_once]


@pytest.mark.parametrize("months", [0, 1, 22, 23, 24, 40, 80])
def test_the_months_of_a_member_leave_the_document_and_come_back(site: Site, months: int) -> None:
    site.run(*longs(months), *e.member(OTHER, "3671010101800002"), e.registered("20000000033", "3671010101800003"))
    kept, url = whole(site), site.url
    site.close()
    migrate(url, "0004")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        documents = {number: json.loads(text) for number, text in connection.execute(text(DOCUMENTS))}
    engine.dispose()
    one = documents[e.NUMBER]
    known = one["paid_at_once"]
    assert (one["number"], one["version"], len(known)) == (e.NUMBER, 4 + 2 * months, 16)
    assert (one["paid_by"].count("c"), one["paid_by"].count("u")) == (2, months)
    assert (len(one["paid_months"]), len(one["paid_known"])) == (8 * (months + 2), 16 * (months + 2))
    migrate(url)
    again = Site(url)
    assert whole(again) == kept
    later = [e.paid("2026-11", "2026-11", "2026-12-26"), e.wage("2026-11", 4_000_000, time="2026-12-26T08:00:00")]
    again.run(*later, partition=1)
    [(number, version, *_), *_] = whole(again)
    assert (number, version) == (e.NUMBER, 6 + 2 * months)
    assert check(again.store) == [] and replay(again.store).differences == ()
    again.close()


def whole(site: Site) -> list[tuple[Any, ...]]:
    """Every member by value, wherever a segment ends."""
    found = [one for number in NUMBERS for one in members_of(site.store, number=number)]
    return [
        (one.number, one.version, one.enrolments, one.latest_known, one.latest_unconfirmed, one.months) for one in found
    ]
