"""A changed number tried on stored claims: what would change is said, nothing changes, and one at a time."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.errors import Poison, Transient
from pipeline.law.book import Book
from pipeline.operations import law_trial
from pipeline.operations.law_trial import try_number
from pipeline.queries.pages import NotFound
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

OFFICER = new_principal("officer", "siti")
B2 = dt.date(2019, 12, 2)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    opened.run(*e.member(), e.death("JKM-1"), e.accident("JKK-1"))
    yield opened
    opened.close()


def test_what_another_number_would_have_paid_is_said_and_nothing_changes(site: Site) -> None:
    front, before = front_of(site), site.decisions()
    found = try_number(front, OFFICER, name="funeral", since=B2, written="12000000")
    assert [(one.claim_id, one.difference) for one in found.differences] == [("JKM-1", 2_000_000)]
    assert (found.claims, found.difference) == (2, 2_000_000)
    assert try_number(front, OFFICER, name="funeral", since=B2, written="10000000").differences == ()
    assert site.decisions() == before and front.book is Book.load()


def test_what_cannot_be_tried_is_refused_with_its_reason(site: Site) -> None:
    front = front_of(site)
    for name, since in (("none", B2), ("funeral", dt.date(2020, 1, 1)), ("heirs_order", dt.date(2015, 7, 1))):
        with pytest.raises(NotFound):
            try_number(front, OFFICER, name=name, since=since, written="1")
    for written in ("-1", "1.5", "x", "9" * 30):
        with pytest.raises(Poison):
            try_number(front, OFFICER, name="funeral", since=B2, written=written)
    with pytest.raises(Denied):
        try_number(front, new_principal("clinic", "one"), name="funeral", since=B2, written="1")


def test_one_number_is_tried_at_a_time(site: Site) -> None:
    front, lock = front_of(site), law_trial._one_at_a_time
    with lock, pytest.raises(Transient):
        try_number(front, OFFICER, name="funeral", since=B2, written="1")
    assert try_number(front, OFFICER, name="funeral", since=B2, written="1").difference < 0


def test_a_percentage_is_tried_as_the_law_writes_it() -> None:
    book = Book.load().with_value("contribution_rate_jkm", dt.date(2015, 7, 1), "0.45")
    assert book.on(B2).contribution_rate_jkm.value == 45 and book.fingerprint != Book.load().fingerprint
    with pytest.raises(ValueError, match="percentage"):
        Book.load().with_value("contribution_rate_jkm", dt.date(2015, 7, 1), 1)
    with pytest.raises(KeyError):
        Book.load().with_value("contribution_rate_jkm", B2, "0.45")
