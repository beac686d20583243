"""Who has which claim, on both engines: one officer at a time, for a time, and for one question."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.access.principals import new_principal
from pipeline.queries.queue import Reader, Wanted, count_waiting, waiting
from pipeline.store import open_store, revisions
from pipeline.store.access_book import AccessBook, open_access
from pipeline.store.connect import migrate
from pipeline.store.work_book import Held, WorkBook
from tests.support import events as e
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SITI, BUDI = "urn:santunan:officer:siti", "urn:santunan:officer:budi"


@pytest.fixture
def access(site: Site) -> Iterator[AccessBook]:
    with open_access(site.url) as opened:
        yield opened


@pytest.fixture
def book(access: AccessBook) -> WorkBook:
    return WorkBook(access, hours=2)


def audit(access: AccessBook) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.who, one.action, one.subject, one.reason) for one in access.records(10)]


def test_who_comes_second_learns_who_has_it(book: WorkBook, access: AccessBook) -> None:
    book.give("K1", "K1.f1", SITI, SITI, NOW)
    with pytest.raises(Held) as refused:
        book.give("K1", "K1.f1", BUDI, BUDI, NOW + HOUR)
    assert refused.value.holder.principal == SITI and refused.value.holder.taken_at == NOW
    book.give("K1", "K1.f1", SITI, SITI, NOW + HOUR)  # again is for longer
    found = book.holder("K1", "K1.f1", NOW + 2 * HOUR)
    assert found is not None and found.lapses_at == NOW + 3 * HOUR
    assert audit(access) == [(SITI, "work.take", "K1", None)] * 2


def test_of_many_at_once_one_gets_it(book: WorkBook) -> None:
    def attempt(number: int) -> bool:
        name = f"urn:santunan:officer:o{number}"
        try:
            book.give("K1", "K1.f1", name, name, NOW)
        except Held:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(attempt, range(12))) == 1


def test_it_lapses_with_time_and_with_the_question(book: WorkBook) -> None:
    book.give("K1", "K1.f1", SITI, SITI, NOW)
    assert book.holder("K1", "K1.f2", NOW) is None, "another question is free"
    assert book.give("K1", "K1.f2", BUDI, BUDI, NOW).principal == BUDI
    assert book.holder("K1", "K1.f2", NOW + 2 * HOUR) is None, "two hours are over"
    assert book.give("K1", "K1.f2", SITI, SITI, NOW + 2 * HOUR).principal == SITI


def test_what_one_has_is_handed_over_and_released(book: WorkBook, access: AccessBook) -> None:
    book.give("K1", "K1.f1", SITI, SITI, NOW)
    book.give("K1", "K1.f1", BUDI, SITI, NOW)
    with pytest.raises(Held):
        book.give("K1", "K1.f1", SITI, SITI, NOW)
    assert not book.release("K1", SITI, NOW) and book.release("K1", BUDI, NOW)
    assert book.holder("K1", "K1.f1", NOW) is None
    assert audit(access)[1:] == [(SITI, "work.hand_over", "K1", BUDI), (BUDI, "work.release", "K1", None)]


def test_officers_who_may_act_are_named(book: WorkBook, access: AccessBook) -> None:
    for kind, who in (("officer", "siti"), ("officer", "gone"), ("auditor", "ani")):
        access.add(new_principal(kind, who, who), "test", NOW)
    access.disable("urn:santunan:officer:gone", "test", NOW)
    assert book.officers() == (SITI,)


# --- the queue


def disease(claim: str, day: str, number: str, **change: object) -> object:
    happened = {"occurred_at": f"{day}T10:00:00+07:00", "kind": "occupational_disease", "diagnosed_on": day}
    return e.accident(claim, day, number, accident=happened, **change)


def fill(site: Site) -> None:
    """Urgent to less urgent: C (a death, 3 working days), A, B (the same day; less money), D (a week later)."""
    people = [(f"2000000010{one}", f"367101010180010{one}") for one in range(4)]
    for number, nik in people:
        site.run(*e.member(number, nik, amount=8_000_000 if number.endswith("0") else 4_000_000))
    numbers = [number for number, _ in people]
    missing = {"died_on": "2024-07-01", "missing_person": True}
    site.run(
        disease("B", "2024-07-01", numbers[1]),
        disease("A", "2024-07-01", numbers[0]),
        e.death("C", "2024-07-01", numbers[2], death=missing, documents=[*e.JKM_PAPERS, "court_letter"]),
        disease("D", "2024-07-08", numbers[3]),
    )


def test_work_is_ordered_by_deadline_then_age_then_money_and_filtered(site: Site, access: AccessBook) -> None:
    fill(site)
    book = WorkBook(access)
    rows = waiting(site.store, reader=Reader(SITI, NOW)).rows
    assert [one.claim_id for one in rows] == ["C", "A", "B", "D"]
    assert [one.answer_by for one in rows] == [dt.date(2024, 7, day) for day in (4, 10, 10, 17)]
    assert (rows[1].indicative_total or 0) > (rows[2].indicative_total or 0) > 0
    book.give("A", rows[1].referral_id, SITI, SITI, NOW)
    book.give("B", rows[2].referral_id, BUDI, BUDI, NOW)

    def found(**wanted: object) -> list[str]:
        asked = Wanted(**wanted)  # type: ignore[arg-type]
        names = [one.claim_id for one in waiting(site.store, wanted=asked, reader=Reader(SITI, NOW)).rows]
        assert count_waiting(site.store, asked, Reader(SITI, NOW)).all == len(names)
        return names

    assert found(whose="own") == ["A"] and found(whose="others") == ["B"] and found(whose="free") == ["C", "D"]
    assert found(program="JKM") == ["C"] and found(question="REF_PAK") == ["A", "B", "D"]
    assert found(question="REF") == [] and found(question="%") == []
    assert found(overdue=True) == ["C", "A", "B", "D"] and found(came_back=True) == []
    early = Reader(SITI, dt.datetime(2024, 7, 10, 16, 59, tzinfo=dt.UTC))  # still the 10th in Jakarta
    late = Reader(SITI, dt.datetime(2024, 7, 10, 17, tzinfo=dt.UTC))
    for reader, overdue in ((early, 1), (late, 3)):
        assert count_waiting(site.store, Wanted(), reader).overdue == overdue
    site.run(e.review("A", 1, "reject", "2024-07-20T10:00:00"))
    assert [one.claim_id for one in waiting(site.store, reader=Reader(SITI, NOW)).rows] == ["C", "B", "D"]


def test_what_came_back_is_marked_with_why(site: Site) -> None:
    fill(site)
    big = {"changes": [{"line": "stmb", "amount": 900_000_000, "reason": "x"}]}
    site.run(
        e.review("A", 1, "reject", "2024-07-20T10:00:00"),
        e.appeal("A", "2024-07-21T10:00:00"),
        e.review("B", 1, "change", "2024-07-20T10:00:00", **big),
    )
    kinds = {one.claim_id: one.came_back for one in waiting(site.store).rows}
    assert kinds == {"A": "appeal", "B": None, "C": None, "D": None}, (
        "B waits for its second officer for the first time"
    )
    other = {"changes": [{"line": "stmb", "amount": 800_000_000, "reason": "y"}]}
    site.run(e.review("B", 2, "change", "2024-07-22T10:00:00", source="urn:santunan:officer:b", **other))
    kinds = {one.claim_id: one.came_back for one in waiting(site.store).rows}
    assert kinds["B"] == "confirmation"
    assert {one.claim_id for one in waiting(site.store, wanted=Wanted(came_back=True)).rows} == {"A", "B"}


def test_age_and_deadline_stay_where_only_the_question_changes(site: Site) -> None:
    fill(site)
    before = {one.claim_id: (one.since, one.answer_by) for one in waiting(site.store).rows}
    site.run(
        e.review(
            "B", 1, "change", "2024-07-20T10:00:00", changes=[{"line": "stmb", "amount": 900_000_000, "reason": "x"}]
        )
    )
    found = {one.claim_id: one for one in waiting(site.store).rows}["B"]
    assert found.codes == ("REV_SECOND_OFFICER",) and (found.since, found.answer_by) == before["B"]


def test_open_referrals_of_an_older_store_get_their_place(site: Site) -> None:
    fill(site)
    before = [(one.claim_id, one.since, one.codes) for one in waiting(site.store).rows]
    site.close()
    assert migrate(site.url, "0009") == "0009" and migrate(site.url) == revisions.HEAD
    again = open_store(site.url)
    assert [(one.claim_id, one.since, one.codes) for one in waiting(again).rows] == before
    again.close()
    reopened = Site(site.url)
    reopened.run(e.review("A", 1, "reject", "2024-07-20T10:00:00"), partition=1)
    assert [one.claim_id for one in waiting(reopened.store).rows] == ["C", "B", "D"]
    reopened.close()
