"""The book of drafts on both engines: merged by step, one owner's alone, sent once, and gone in time."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest

from pipeline.store.access_book import open_access
from pipeline.store.draft_book import MOST_DRAFTS, DraftBook
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ONE, TWO = "urn:santunan:clinic:one", "urn:santunan:clinic:two"


@pytest.fixture
def book(site: Site) -> Iterator[DraftBook]:
    with open_access(site.url) as access:
        yield DraftBook(access, 3 * HOUR)


def save(
    book: DraftBook, name: str = "a", step: str = "who", owner: str = ONE, now: dt.datetime = NOW, **own: str
) -> None:
    answers = {field: [value] for field, value in own.items()}
    assert book.save(owner, name, "accident", step, tuple(own), answers, now) is not None


def test_each_step_replaces_its_own_answers_and_keeps_the_others(book: DraftBook) -> None:
    save(book, member="1", day="x")
    save(book, step="what", day="2")
    save(book, step="what", day="")
    found = book.get(ONE, "a", NOW)
    assert found is not None and (found.answers, found.step) == ({"member": ["1"]}, "what")
    assert "1" not in repr(found)


def test_two_tabs_at_two_steps_lose_nothing_of_each_other(book: DraftBook) -> None:
    save(book, member="1")
    threads = [threading.Thread(target=save, args=(book,), kwargs={f"field{n}": str(n)}) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = book.get(ONE, "a", NOW)
    assert found is not None and len(found.answers) == 13


def test_a_draft_is_its_owners_alone(book: DraftBook) -> None:
    save(book, member="1")
    assert book.get(TWO, "a", NOW) is None and book.all(TWO, NOW) == []
    assert book.save(TWO, "a", "accident", "who", ("member",), {"member": ["2"]}, NOW) is None
    assert book.save(ONE, "a", "death", "who", ("member",), {"member": ["2"]}, NOW) is None
    book.discard(TWO, "a")
    book.forget_answers(TWO, "a")
    found = book.get(ONE, "a", NOW)
    assert found is not None and found.answers == {"member": ["1"]}
    book.discard(ONE, "a")
    assert book.get(ONE, "a", NOW) is None


def test_what_nobody_changed_for_a_while_is_not_shown_and_then_deleted(book: DraftBook, site: Site) -> None:
    save(book, "a", member="1")
    save(book, "b", member="2", now=NOW + HOUR)
    later = NOW + 3 * HOUR
    assert book.get(ONE, "a", later) is None and book.begin_sending(ONE, "a", later) is None
    save(book, "c", member="3", now=later)
    assert site.rows("SELECT id FROM report_drafts ORDER BY id") == [("b",), ("c",)]
    assert [one.id for one in book.all(TWO, later + HOUR)] == []
    assert site.rows("SELECT id FROM report_drafts") == [("c",)], "whoever looks first lets it go"
    assert [one.id for one in book.all(ONE, later + HOUR)] == ["c"]


def test_what_was_received_is_not_changed_and_keeps_its_receipt_without_the_answers(book: DraftBook) -> None:
    save(book, member="1")
    first, second = book.begin_sending(ONE, "a", NOW), book.begin_sending(ONE, "a", NOW + HOUR)
    assert first is not None and second is not None
    assert (first.sending_at, first.event_id) == (second.sending_at, second.event_id) == (NOW, first.event_id)
    book.received(ONE, "a", {"claim_id": "JKK-1"})
    save(book, member="9")
    book.forget_answers(ONE, "a")
    found = book.get(ONE, "a", NOW)
    assert found is not None and (found.answers, found.receipt) == ({}, {"claim_id": "JKK-1"})


def test_what_was_refused_is_corrected_and_sent_as_another_report(book: DraftBook) -> None:
    save(book, member="1")
    first = book.begin_sending(ONE, "a", NOW)
    book.received(ONE, "a", {"claim_id": "JKK-1"})
    book.stop_sending(ONE, "a")
    save(book, member="2")
    second = book.begin_sending(ONE, "a", NOW + HOUR)
    assert first is not None and second is not None and second.receipt is None
    assert second.event_id != first.event_id and second.answers == {"member": ["2"]}


def test_of_too_many_drafts_the_oldest_goes(book: DraftBook) -> None:
    for number in range(MOST_DRAFTS + 1):
        save(book, f"d{number}", member="1", now=NOW + dt.timedelta(seconds=number))
    found = book.all(ONE, NOW + HOUR)
    assert len(found) == MOST_DRAFTS and found[0].id == f"d{MOST_DRAFTS}" and found[-1].id == "d1"
