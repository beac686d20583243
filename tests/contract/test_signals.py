"""Signals on both engines: what they are found in, who sees them, and that they change nothing."""

import datetime as dt
from typing import Any

import pytest

from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.operations.signals import list_claim_signals, list_signals
from pipeline.queries.signal_facts import material
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

AUDITOR, OFFICER = new_principal("auditor", "ani"), new_principal("officer", "siti")
SINCE = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)


def year() -> list[Any]:
    """An accident from three clinics, a wage that jumped before an accident, and one soon after cover began."""
    late = {"registered_on": "2026-05-01", "programs": [{"program": "JKK", "since": "2026-05-01"}]}
    numbers = {"20000000022": "3671010101800002", "20000000044": "3671010101800004"}
    return [
        *e.member(),
        *[one for number, nik in numbers.items() for one in e.member(number, nik)],
        e.registered("20000000033", "3671010101800003", time="2026-05-01T08:00:00", **late),
        e.paid("2026-05", "2026-12", "2026-05-01", "20000000033"),
        e.wage("2026-05", 4_000_000, "20000000033", time="2026-05-02T08:00:00"),
        e.wage("2026-04", 30_000_000, "20000000022", time="2026-04-25T09:00:00"),
        *[
            e.accident(f"K{at}", "2026-05-05", source=f"urn:santunan:clinic:c{at}", report=None, conclusion=None)
            for at in range(3)
        ],
        e.accident("JUMP", "2026-05-15", "20000000022"),
        e.accident("EARLY", "2026-05-06", "20000000033"),
        e.accident("OLD", "2025-01-05", "20000000044", source="urn:santunan:clinic:c9", report=None, conclusion=None),
    ]


def test_signals_name_their_evidence(site: Site) -> None:
    site.run(*year())
    front = front_of(site)
    found = {one.rule: one for one in list_signals(front, OFFICER).signals}
    assert found.keys() == {"many_clinics", "wages_doubled", "early_reports"}
    assert found["many_clinics"].claims == ("K0", "K1", "K2")
    assert found["wages_doubled"].facts == {"wage": 30_000_000, "wage_before": 4_000_000}
    assert found["early_reports"].claims == ("EARLY",) and found["early_reports"].facts["days"] in (4, 5)
    assert [one.rule for one in list_claim_signals(front, OFFICER, "K1").signals] == ["many_clinics"]
    assert list_claim_signals(front, OFFICER, "OLD").signals == ()
    assert "OLD" not in {one.claim_id for one in material(site.store, front.book, SINCE).claims}


def test_signals_show_no_person_and_move_nothing(site: Site) -> None:
    site.run(*year())
    tables = [f"SELECT * FROM {name} ORDER BY 1, 2" for name in ("cases", "decisions", "ledger", "work_holders")]  # noqa: S608
    before = [site.rows(statement) for statement in tables]
    said = repr(list_signals(front_of(site), AUDITOR))
    assert [site.rows(statement) for statement in tables] == before
    assert "3671" not in said and e.NUMBER not in said


def test_those_about_officers_are_for_auditors_alone(site: Site) -> None:
    disease = {"occurred_at": "2026-05-05T10:00:00+07:00", "kind": "occupational_disease"}
    members = [one for at in range(90) for one in e.member(f"2100000{at:04}", f"36710202029{at:05}")]
    claims = [
        e.accident(f"K{at}", "2026-05-05", f"2100000{at:04}", accident=disease | {"diagnosed_on": "2026-05-05"})
        for at in range(90)
    ]
    rulings = [
        e.review(
            f"K{at}", 1, "reject" if at < 30 else "approve", "2026-06-01T10:00:00",
            source=f"urn:santunan:officer:{'abc'[at // 30]}", answers=["REF_PAK"] if at >= 30 else [],
        )
        for at in range(90)
    ]  # fmt: skip
    site.run(*members, *claims, *rulings)
    front = front_of(site)
    [signal] = [one for one in list_signals(front, AUDITOR).signals if one.rule == "officer_rulings"]
    assert signal.subject == "urn:santunan:officer:a" and signal.facts["count"] == 30
    assert all(one.rule != "officer_rulings" for one in list_signals(front, OFFICER).signals)
    assert all(one.rule != "officer_rulings" for one in list_claim_signals(front, OFFICER, "K1").signals)
    with pytest.raises(Denied):
        list_signals(front, new_principal("office", "tangerang"))


def test_signals_are_looked_for_again_after_a_while(site: Site) -> None:
    front = front_of(site)
    assert list_signals(front, AUDITOR).signals == ()
    site.run(*year())
    assert list_signals(front, AUDITOR).signals == ()
    front.signals.found = None
    assert len(list_signals(front, AUDITOR).signals) == 3
