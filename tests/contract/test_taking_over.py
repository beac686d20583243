"""A worker takes over where another stopped: what that one stored and did not publish goes first, in its order."""

import json
from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.errors import Transient
from pipeline.law.book import Book
from pipeline.messages.records import Chunk, Message
from pipeline.processing.processor import Processor
from pipeline.store.unit_of_work import Transaction
from schemas import topics
from tests.contract.conftest import MakeSite
from tests.support import events as e
from tests.support.site import GROUP, Site

MEMBERS, CLAIMS = (topics.MEMBERS, 0), (topics.ACCIDENTS, 0)


@pytest.fixture
def book() -> Book:
    return Book.load()


@pytest.fixture
def successor(site: Site, book: Book) -> Processor:
    return Processor(site.store, book, GROUP)


def revisions(messages: list[Message]) -> list[int]:
    """Of decisions, in the order published."""
    return [json.loads(one.value)["data"]["revision"] for one in messages if one.topic == topics.DECISIONS]


def send(site: Site) -> None:
    """A claim of somebody unknown, then the member: a decision each."""
    site.send(e.accident(), topic=topics.ACCIDENTS)
    site.send(*e.member(), topic=topics.MEMBERS)


def test_what_is_stored_and_not_published_comes_in_the_order_in_which_it_was_stored(
    site: Site, successor: Processor
) -> None:
    send(site)
    claim, member = site.chunk(0, 1, topics.ACCIDENTS), site.chunk(0, 4, topics.MEMBERS)
    published = [*site.process(claim), *site.process(member)]
    assert successor.take_over({MEMBERS: 4, CLAIMS: 1}) == ([], [])
    left, outputs = successor.take_over({MEMBERS: 0, CLAIMS: 0, (topics.DEATHS, 0): 0})
    assert left == [Chunk(*MEMBERS, 0, 4, ()), Chunk(*CLAIMS, 0, 1, ())]
    assert outputs == published and (site.store.is_embedded or revisions(outputs) == [1, 2, 3, 4])
    left, outputs = successor.take_over({MEMBERS: 2, CLAIMS: 1})
    assert left == [Chunk(*MEMBERS, 2, 4, ())] and outputs == published[len(published) - len(outputs) :]


def test_where_another_worker_stored_meanwhile_nothing_is_until_that_is_taken_over(
    site: Site, successor: Processor
) -> None:
    """One that was stopped for long and goes on: what it stored would else be published after what followed from it."""
    send(site)
    published = {MEMBERS: 0, CLAIMS: 0}
    assert site.processor.take_over(published) == ([], [])
    assert successor.take_over(published) == ([], [])
    site.process(site.chunk(0, 1, topics.ACCIDENTS))
    with pytest.raises(Transient, match=r"another worker has stored events of claims\.accidents/0 meanwhile"):
        successor.process(site.chunk(0, 4, topics.MEMBERS))
    assert site.rows("SELECT max(\"next\") FROM positions WHERE topic = 'members.events'") == [(None,)]
    left, _ = successor.take_over(published)
    assert left == [Chunk(*CLAIMS, 0, 1, ())]
    successor.process(site.chunk(0, 4, topics.MEMBERS))
    with pytest.raises(Transient, match="another worker has stored"):
        site.process(Chunk(topics.DEATHS, 0, 0, 1, ()))
    assert check(site.store) == []


@pytest.mark.parametrize("commits", [["unheard"], ["lost", "unheard", "unheard"]], ids="-".join)
def test_a_turn_that_was_stored_without_hearing_of_it_is_no_strangers(
    make_site: MakeSite, book: Book, monkeypatch: pytest.MonkeyPatch, commits: list[str]
) -> None:
    """The database goes away before it commits, or before it can say that it did."""
    expected, site = make_site(), make_site()
    send(expected)
    published = expected.process(expected.chunk(0, 4, topics.MEMBERS), expected.chunk(0, 1, topics.ACCIDENTS))
    send(site)
    processor = Processor(site.store, book, GROUP, retries=1)
    processor.take_over({MEMBERS: 0, CLAIMS: 0})
    commit, fates = Transaction.commit, list(commits)

    def go_away(self: Any) -> None:
        fate = fates.pop(0) if fates else "heard"
        if fate != "lost":
            commit(self)
        if fate != "heard":
            raise Transient("the connection was lost")

    monkeypatch.setattr("pipeline.processing.processor.FIRST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(Transaction, "commit", go_away)
    outputs = processor.process(site.chunk(0, 4, topics.MEMBERS), site.chunk(0, 1, topics.ACCIDENTS))
    assert fates == []
    assert revisions([one for of_chunk in outputs for one in of_chunk]) == revisions(published)
    assert site.rows("SELECT count(*) FROM decisions") == [(1,)] and check(site.store) == []
    processor.process(Chunk(topics.DEATHS, 0, 0, 1, ()))
