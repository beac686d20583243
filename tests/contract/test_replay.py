"""Replay, impact and invariants: the stored history decides the same again, and a change by hand is found."""

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from pipeline.audit.impact import ClaimChange, impact
from pipeline.audit.invariants import check
from pipeline.audit.ledger_check import verify
from pipeline.audit.replay import replay
from pipeline.law.book import Book
from pipeline.queries import history
from pipeline.store import open_reader
from pipeline.store.readable import address_of, opened
from schemas import topics
from schemas.clock import JAKARTA
from tests.support import events as e
from tests.support.parameters import funeral_file
from tests.support.site import Site

WRITES = ("INSERT INTO topics VALUES ('x', 1)", "DELETE FROM decisions", "CREATE TABLE x (y int)", "DROP TABLE cases")
SECOND = ("20000000022", "3671010101800002")


@pytest.fixture
def filled(site: Site) -> Site:
    """Two members; K1 paid and settled late, K2 pending and then decided, M1 a death, K9 of an unknown member."""
    site.run(
        *e.member(),
        *e.member(*SECOND),
        e.accident("K1"),
        e.accident("K2", number=SECOND[0], documents=["ktp"]),
        e.settled("K1.r1.member", 4_000_000, "2024-09-02"),
        e.accident("K9", number="Z0000000001"),
        e.day_passed("2024-08-01"),
        e.evidence("K2", "2024-07-20T10:00:00", documents=e.JKK_PAPERS),
        e.death("M1", "2024-10-10", SECOND[0]),
        b"no event",
        size=3,
    )
    return site


def published_in(site: Site) -> str:
    return "log" if site.store.is_embedded else "outputs"


def numbers(breaches: list[Any]) -> set[int]:
    """But those of the ledger, 8, which finds every change of a row: `test_ledger.py`."""
    return {one.invariant for one in breaches} - {8}


def test_the_whole_history_is_decided_again_as_it_was(filled: Site) -> None:
    found = replay(filled.store)
    assert (found.events, found.decisions, found.differences) == (15, 6, ())
    assert check(filled.store) == []


@pytest.mark.parametrize("look", [replay, verify, check], ids=lambda look: look.__name__)
@pytest.mark.parametrize("of_slices", [False, True], ids=["command", "slice"])
def test_what_only_looks_is_refused_every_write_by_the_database(
    filled: Site, look: Callable[[Any], object], of_slices: bool
) -> None:
    """Tried on the very connections that a replay, its slices and the verification of the ledger read on."""
    refused: list[str] = []

    def try_to_write(connection: Any, *_: Any) -> None:
        for statement in WRITES:
            with pytest.raises(Exception, match=r"(?i)read-?only"):
                connection.execute(statement)
            refused.append(statement)

    before = filled.rows("SELECT count(*) FROM decisions"), filled.rows("SELECT count(*) FROM topics")
    with closing(opened(address_of(filled.store)) if of_slices else open_reader(filled.url)) as reader:
        sqlalchemy_event.listen(reader.engine, "checkout", try_to_write)
        found: Any = look(reader)
    assert found == [] or getattr(found, "differences", getattr(found, "findings", None)) == ()
    assert set(refused) == set(WRITES)
    assert (filled.rows("SELECT count(*) FROM decisions"), filled.rows("SELECT count(*) FROM topics")) == before


def test_one_claim_is_decided_again_from_the_events_of_its_kin(filled: Site) -> None:
    found = replay(filled.store, claim_id="K2")
    assert found.decisions == 2 and found.differences == () and found.events < 15


@pytest.mark.parametrize(
    ("since", "until", "decisions"), [("2024-07-20", None, 3), (None, "2024-07-20", 3), ("2024-07-20", "2024-07-21", 1)]
)
def test_only_decisions_of_the_period_are_compared(filled: Site, since: str, until: str, decisions: int) -> None:
    first, end = (dt.datetime.fromisoformat(one).replace(tzinfo=JAKARTA) if one else None for one in (since, until))
    assert replay(filled.store, since=first, until=end).decisions == decisions


def test_progress_is_reported_by_events(filled: Site) -> None:
    reported: list[int] = []
    replay(filled.store, on_progress=reported.append)
    assert sum(reported) == 15


@pytest.mark.parametrize("page", [1, 2, 7, 1000])
def test_persons_that_move_are_decided_again_as_they_were(
    site: Site, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """A person in two partitions, a NIK that was corrected, a claim that evidence moved to another member."""
    monkeypatch.setattr(history, "PAGE", page)
    third, wrong = "20000000033", "3671010101800099"
    site.run(*e.member(), e.accident("K1"), e.accident("K2", "2024-08-08", conclusion=None))
    site.run(*e.member(*SECOND), *e.member(third, wrong), e.accident("K3", number=third), partition=1)
    site.run(e.registered(third, time="2024-07-20T08:00:00"), partition=1)
    site.run(e.accident("K4", "2024-07-07", third), e.wage("2024-07", 5_000_000, third), partition=1)
    site.run(e.evidence("K1", "2024-09-01T10:00:00", member={"member_number": SECOND[0]}))
    site.run(e.accident("K5", "2024-07-07"), e.day_passed("2024-12-31"))
    site.run(e.accident("K6", "2024-07-07", SECOND[0]), e.day_passed("2024-12-31"), partition=1)
    found = replay(site.store)
    assert (found.decisions, found.differences) == (len(site.decisions()), ())
    for claim_id in ("K1", "K3", "K5"):
        assert replay(site.store, claim_id=claim_id).differences == ()
    assert impact(site.store, Book.load()).differences == ()
    assert {claim_id: codes for claim_id, _, _, codes, _ in site.decisions()} == {
        "K1": ("REV_NEW_FACTS", "MEM_CHANGED_LATER", "CLM_OTHER_MEMBER"),
        "K2": ("MEM_MULTIPLE",),
        "K3": ("MEM_CHANGED_LATER",),
        "K4": ("CLM_DUPLICATE",),
        "K5": ("CLM_DUPLICATE",),
        "K6": ("OK",),  # K1 is not the second person's until it is confirmed
    }


def test_a_decision_taken_out_of_the_tables_is_found(filled: Site) -> None:
    filled.change(["DELETE FROM decisions WHERE claim_id = 'K2' AND revision = 2"])
    (found,) = replay(filled.store).differences
    assert (found.claim_id, found.revision, found.was) == ("K2", 2, "no decision")


def changed_book(tmp_path: Path) -> Book:
    """The book of today with a funeral benefit that is a million higher."""
    return Book.load(instead=funeral_file(tmp_path, 11_000_000))


def test_a_changed_parameter_is_reported_with_claim_and_rupiah(filled: Site, tmp_path: Path) -> None:
    (found,) = replay(filled.store, book=changed_book(tmp_path)).differences
    assert (found.claim_id, found.revision, found.rupiah) == ("M1", 1, 1_000_000)


def test_impact_lists_the_claims_that_would_end_otherwise(filled: Site, tmp_path: Path) -> None:
    found = impact(filled.store, changed_book(tmp_path))
    assert found.claims == 4
    assert found.differences == (ClaimChange("M1", "APPROVED", "APPROVED", 42_000_000, 43_000_000, 1_000_000),)
    assert (found.total, found.new_total, found.difference, found.waiting) == (42_000_000, 43_000_000, 1_000_000, 0)
    assert impact(filled.store, Book.load()).differences == ()
    assert len(filled.rows("SELECT 1 FROM decisions")) == 6, "nothing was written"


def test_a_published_decision_changed_by_hand_is_found(filled: Site) -> None:
    table, name = published_in(filled), "seq" if filled.store.is_embedded else "id"
    raw = filled.rows(f"SELECT {name}, value FROM {table} JOIN decisions ON output = {name} WHERE claim_id = 'M1'")[0]  # noqa: S608
    forged = bytes(raw[1]).replace(b"42000000", b"92000000")
    literal = f"x'{forged.hex()}'" if filled.store.is_embedded else f"'\\x{forged.hex()}'"
    filled.change([f"UPDATE {table} SET value = {literal} WHERE {name} = {raw[0]}"])  # noqa: S608
    (found,) = replay(filled.store).differences
    assert (found.claim_id, found.rupiah) == ("M1", -50_000_000)
    assert numbers(check(filled.store)) == {3, 4}


def test_an_event_taken_out_of_the_ledger_is_found(filled: Site) -> None:
    filled.change(["DELETE FROM ledger WHERE claim_id = 'M1'"])
    (found,) = replay(filled.store).differences
    assert (found.claim_id, found.would_be) == ("M1", "no decision")
    assert numbers(check(filled.store)) == {1, 4}


def alter(site: Site, old: str, new: str) -> str:
    """Change the bytes of the event that holds `old`; returns its place."""
    table, column = ("log", "value") if site.store.is_embedded else ("ledger", "raw")
    for topic, partition, offset, raw in site.rows(f'SELECT topic, "partition", "offset", {column} FROM {table}'):  # noqa: S608
        if topic in topics.INTAKE and old.encode() in bytes(raw):
            changed = bytes(raw).replace(old.encode(), new.encode()).hex()
            literal = f"x'{changed}'" if site.store.is_embedded else f"'\\x{changed}'"
            where = f"""topic = '{topic}' AND "partition" = {partition} AND "offset" = {offset}"""
            site.change([f"UPDATE {table} SET {column} = {literal} WHERE {where}"])  # noqa: S608
            return f"{topic}/{partition}/{offset}"
    raise AssertionError(f"no event holds {old}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dilihat di tempat", "dilihat di kantor"),  # no decision changes by it
        ('"K1"', '"K8"'),
        ('{"specversion"', '{"specversion'),  # no JSON any more
        ('"documents":["ktp"]', ""),
    ],
)
def test_bytes_of_an_event_changed_by_hand_are_found(filled: Site, old: str, new: str) -> None:
    filled.run(e.review("K2", 2, "reassess", "2024-08-02T10:00:00", reason="dilihat di tempat"))
    assert replay(filled.store).altered == ()
    place = alter(filled, old, new)
    found = replay(filled.store)
    assert (found.altered, found.events, found.differences) == ((place,), 0, ())
    altered, in_ledger = check(filled.store)
    assert str(altered) == f"invariant 1: {place}: the bytes of this event are not those that were accepted"
    assert in_ledger.invariant == 8 and place in in_ledger.what


def test_the_digest_of_an_event_changed_by_hand_is_found(filled: Site) -> None:
    digest = "zeroblob(32)" if filled.store.is_embedded else "decode(repeat('00', 32), 'hex')"
    filled.change([f"UPDATE ledger SET digest = {digest} WHERE claim_id = 'M1'"])  # noqa: S608
    assert len(replay(filled.store).altered) == len(replay(filled.store, claim_id="M1").altered) == 1
    assert replay(filled.store, claim_id="K9").altered == (), "the events of its kin alone"
    assert numbers(check(filled.store)) == {1}


def test_bytes_of_an_event_that_are_gone_are_found(filled: Site) -> None:
    if filled.store.is_embedded:
        filled.change(['DELETE FROM log WHERE topic = \'history.events\' AND "offset" = 8 AND "partition" = 0'])
    else:
        filled.change(['UPDATE ledger SET raw = NULL WHERE "offset" = 8'])
    assert replay(filled.store).altered == ("history.events/0/8",)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE positions SET next = next + 1 WHERE next IS NOT NULL", {1}),
        ("DELETE FROM dead_letters", {1}),
        ("DELETE FROM chunks WHERE id = (SELECT min(id) + 1 FROM chunks)", {1}),
        ("DELETE FROM decisions WHERE claim_id = 'K2' AND revision = 1", {2, 5}),
        ("UPDATE cases SET revision = revision + 1 WHERE claim_id = 'K2'", {2}),
        ("UPDATE payouts SET amount = amount + 1 WHERE claim_id = 'K1' AND revision = 1", {3}),
        ("DELETE FROM payouts WHERE claim_id = 'M1' AND payee = 'heirs'", {3}),
        ("UPDATE cases SET effective_total = 0 WHERE claim_id = 'M1'", {3}),
        ("DELETE FROM paid_lines WHERE claim_id = 'M1'", {3}),
        ("UPDATE decisions SET rule_version = 'B1_PP44+P1_PMK26_2015' WHERE claim_id = 'M1'", {6}),
    ],
)
def test_a_breach_of_each_invariant_is_found(filled: Site, statement: str, broken: set[int]) -> None:
    filled.change([statement])
    assert numbers(check(filled.store, replays=False)) == broken


def test_a_decision_published_twice_is_found(filled: Site) -> None:
    columns = "topic, key, value"
    if filled.store.is_embedded:
        log = '"partition", "offset", timestamp_ms'
        copied = f'seq + 1000, "partition", "offset" + 1000, timestamp_ms, {columns} FROM log JOIN decisions'
        again = f"INSERT INTO log (seq, {log}, {columns}) SELECT {copied} ON output = seq"  # noqa: S608
    else:
        copied = f"id + 1000, input_offset, {columns} FROM outputs JOIN decisions"
        again = f"INSERT INTO outputs (id, input_offset, {columns}) SELECT {copied} ON output = id"  # noqa: S608
    filled.change([f"{again} WHERE claim_id = 'M1'"])
    assert numbers(check(filled.store, replays=False)) == {5}


def test_a_published_canary_is_found(filled: Site) -> None:
    assert check(filled.store, replays=False, canaries=[b"Budi Santoso"]) == []
    assert numbers(check(filled.store, replays=False, canaries=[b"APPROVED"])) == {7}


def test_personal_data_of_a_claim_is_never_published(site: Site) -> None:
    accident = {"place": "Pasar Canary", "chronology": "Siti Canary jatuh", "occurred_at": "2024-07-07T10:00:00+07:00"}
    member = {"member_number": e.NUMBER, "nik": e.NIK, "name": "Siti Canary"}
    medical = {"unable_to_work_days": 30, "diagnosis": "S52.5 Canary"}
    bad = e.accident("K3", accident=accident, member=member | {"nik": "367101010180000X"})
    site.run(*e.member(), e.accident("K1", accident=accident, member=member, medical=medical), bad)
    assert len(site.decisions()) == 1 and len(site.refusals()) == 1
    assert check(site.store, canaries=[b"Canary", b"S52.5", e.NIK.encode()]) == []
