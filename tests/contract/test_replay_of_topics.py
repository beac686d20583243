"""Replay from the topics alone: the same result as from the store, and each planted change is found and named."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings, read_settings
from agents.topic_history import read
from pipeline.audit.impact import impact
from pipeline.audit.replay import Replayed, replay
from pipeline.claims.benefits import compensation
from pipeline.law.book import Book
from pipeline.queries.pages import NotFound
from schemas import topics
from tests.support import events as e
from tests.support.parameters import funeral_file
from tests.support.site import GROUP, Site

SECOND = ("20000000022", "3671010101800002")


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Site]:
    """As it comes by several topics: members, claims, a day, a payment, what is refused and what is doubled."""
    site = Site(f"sqlite:///{tmp_path}/office.db", partitions=1)
    site.run(*e.member(), *e.member(*SECOND), topic=topics.MEMBERS)
    accident = e.accident("K1")
    site.run(accident, e.accident("K2", number=SECOND[0], documents=["ktp"]), b"no event", topic=topics.ACCIDENTS)
    site.run(e.day_passed("2024-08-01"), topic=topics.MEMBERS)
    site.run(accident, topic=topics.ACCIDENTS)
    site.run(e.settled("K1.r1.member", 4_000_000, "2024-09-02"), topic=topics.SETTLEMENTS)
    site.run(e.evidence("K2", "2024-07-20T10:00:00", documents=e.JKK_PAPERS), topic=topics.ACCIDENTS)
    site.run(e.death("M1", "2024-10-10", SECOND[0]), topic=topics.DEATHS)
    site.run(e.wage("2024-11", 9_000_000, SECOND[0]), e.accident("K9", number="Z0000000001"))
    yield site
    site.close()


def settings_of(site: Site) -> Settings:
    return read_settings(database_url=site.url, broker_url=site.url, group=GROUP)


def again(site: Site, **how: Any) -> Replayed:
    with read(settings_of(site)) as history:
        return replay(history, **how)


def alter(site: Site, topic: str, old: str, new: str) -> None:
    changed = f"CAST(replace(CAST(value AS TEXT), '{old}', '{new}') AS BLOB)"
    where = f"topic = '{topic}' AND instr(CAST(value AS TEXT), '{old}')"
    site.change([f"UPDATE log SET value = {changed} WHERE {where}"])  # noqa: S608


def named(found: Replayed) -> set[tuple[str, int]]:
    return {(one.claim_id, one.revision) for one in found.differences}


def test_topics_alone_lead_to_what_the_store_holds(filled: Site) -> None:
    with read(settings_of(filled)) as history:
        assert (history.refused, history.duplicates, history.unread, history.guessed) == (2, 1, 0, 0)
        assert (history.altered, history.twice) == ((), ())
        found = replay(history)
    stored = replay(filled.store)
    assert found.differences == () and found.outputs > 0
    assert (found.events, found.decisions, found.outputs) == (stored.events, stored.decisions, stored.outputs)


def test_the_tables_of_the_database_are_not_read(filled: Site) -> None:
    tables = ("ledger", "decisions", "payouts", "cases", "members", "dead_letters", "chunks")
    filled.change([f"DELETE FROM {name}" for name in tables])  # noqa: S608
    found = again(filled)
    assert found.decisions == 5 and found.differences == ()


def test_what_the_worker_has_not_read_is_no_difference(filled: Site) -> None:
    filled.send(e.accident("K7", "2024-03-03"), topic=topics.ACCIDENTS)
    with read(settings_of(filled)) as history:
        assert history.unread == 1
        assert replay(history).differences == ()


def test_one_claim_is_replayed_from_topics(filled: Site) -> None:
    assert again(filled, claim_id="K2").decisions == 2
    with pytest.raises(NotFound):
        again(filled, claim_id="K3")


def test_a_changed_parameter_is_found_from_topics(filled: Site, tmp_path: Path) -> None:
    book = Book.load(instead=funeral_file(tmp_path, 11_000_000))
    (found,) = again(filled, book=book).differences
    assert (found.claim_id, found.revision, found.rupiah) == ("M1", 1, 1_000_000)
    assert again(filled, book=book).differences == replay(filled.store, book=book).differences


@pytest.mark.parametrize("decide", [again, lambda site: replay(site.store)], ids=["topics", "store"])
def test_changed_code_is_found(
    filled: Site, monkeypatch: pytest.MonkeyPatch, decide: Callable[[Site], Replayed]
) -> None:
    """A program that forgets the funeral of the dead."""
    fixed = compensation._fixed

    def forgetful(line: str, *rest: Any) -> None:
        if line != "funeral":
            fixed(line, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(compensation, "_fixed", forgetful)
    (found,) = decide(filled).differences
    assert (found.claim_id, found.revision, found.rupiah) == ("M1", 1, -10_000_000)


@pytest.mark.parametrize(
    ("topic", "old", "new", "claims"),
    [
        (topics.ACCIDENTS, '"K1"', '"K8"', {("K1", 1), ("K8", 1)}),
        (topics.DEATHS, "2024-10-10", "2012-10-10", {("M1", 1)}),
        (topics.ACCIDENTS, '"documents":["ktp"]', '"documents":[', {("K2", 1), ("K2", 2)}),
        (topics.DECISIONS, '"total":42000000', '"total":92000000', {("M1", 1)}),
        (topics.PAYOUTS, '"direction":"pay","amount":42000000', '"direction":"pay","amount":43000000', {("M1", 1)}),
        (topics.REFERRALS, '"revision":1,', '"revision":7,', {("K1", 7)}),
    ],
)
def test_an_event_or_output_changed_in_its_topic_is_found(
    filled: Site, topic: str, old: str, new: str, claims: set[tuple[str, int]]
) -> None:
    assert again(filled).differences == ()
    alter(filled, topic, old, new)
    assert claims <= named(again(filled))


def test_the_impact_of_another_book_is_the_same_from_topics(filled: Site, tmp_path: Path) -> None:
    filled.run(e.failed("K2.r2.member", "2024-09-02"), e.appeal("K9", "2026-08-01T10:00:00"))
    book = Book.load(instead=funeral_file(tmp_path, 11_000_000))
    with read(settings_of(filled)) as history:
        found, same = impact(history, book), impact(history, Book.load())
    assert found == impact(filled.store, book) and found.claims == 4
    assert [(one.claim_id, one.difference) for one in found.differences] == [("M1", 1_000_000)]
    assert same.differences == ()


def test_an_event_taken_out_of_its_topic_is_named(filled: Site) -> None:
    filled.change([f"DELETE FROM log WHERE topic = '{topics.ACCIDENTS}' AND \"offset\" = 1"])  # noqa: S608
    found = again(filled)
    assert (found.altered, found.events) == ((f"{topics.ACCIDENTS}/0/1",), 0)


@pytest.mark.parametrize(
    ("topic", "gone", "place"),
    [
        (topics.ACCIDENTS, '"offset" < 2', "0/0 to 1"),
        (topics.ACCIDENTS, '"offset" >= 4', "0/4 to 4"),
        (topics.SETTLEMENTS, '"offset" = 0', "0/0 to 0"),
        (topics.DECISIONS, '"offset" = 0', "0/0 to 0"),
    ],
)
def test_a_topic_that_was_cut_off_is_named(filled: Site, topic: str, gone: str, place: str) -> None:
    """At its beginning, as retention does it, or at its end; what is left is not decided as if it were all."""
    filled.change([f"DELETE FROM log WHERE topic = '{topic}' AND {gone}"])  # noqa: S608
    found = again(filled)
    assert (found.altered[0], found.events) == (f"{topic}/{place}", 0)


def test_a_refused_event_changed_in_its_topic_is_named(filled: Site) -> None:
    alter(filled, topics.ACCIDENTS, "no event", "no_event")
    assert again(filled).altered == (f"{topics.ACCIDENTS}/0/2",)


def test_a_decision_published_twice_is_found(filled: Site) -> None:
    copied = '"partition", "offset" + 1000, timestamp_ms, key, value, headers'
    again_published = f"SELECT seq + 1000, topic, {copied} FROM log WHERE topic = '{topics.DECISIONS}' LIMIT 1"  # noqa: S608
    filled.change([f"INSERT INTO log {again_published}"])
    with read(settings_of(filled)) as history:
        assert ("K1", "published more than once") in {(one.claim_id, one.was) for one in replay(history).differences}


def test_nothing_is_left_behind(filled: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with read(settings_of(filled)) as history:
        assert [one.stat().st_mode & 0o077 for one in folder.iterdir()] == [0]
        replay(history, slices=2)
    assert list(folder.iterdir()) == []
