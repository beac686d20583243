"""Questions: readable in one session alone, gone with it, after a while and behind newer ones; never among drafts."""

import datetime as dt
from collections.abc import Iterator

import pytest

from pipeline.credentials import draw_token
from pipeline.store.access_book import open_access
from pipeline.store.asked_book import KEEPS, MOST_ASKED, AskedBook
from pipeline.store.draft_book import DraftBook
from tests.contract.test_draft_book import NOW, ONE
from tests.contract.test_draft_book import TWO as OTHER
from tests.support.site import Site

Books = tuple[AskedBook, DraftBook]
ASKED = {"member": ["20000000011"], "line": ["", "funeral"]}
TOKEN, LATER_TOKEN = draw_token(), draw_token()


@pytest.fixture
def books(site: Site) -> Iterator[Books]:
    with open_access(site.url) as access:
        yield AskedBook(access), DraftBook(access, dt.timedelta(hours=72))


def test_a_question_is_its_askers_alone_and_kept_as_it_was_asked(books: Books) -> None:
    asked, drafts = books
    found = asked.keep(ONE, "s1", TOKEN, ASKED, NOW)
    assert asked.get(ONE, TOKEN, found, NOW) == ASKED and len(found) == 22
    assert asked.get(OTHER, TOKEN, found, NOW) is None and asked.get(ONE, TOKEN, "nothing", NOW) is None
    assert drafts.get(ONE, found, NOW) is None and drafts.all(ONE, NOW) == []
    assert drafts.save(ONE, found, "accident", "who", ["member"], ASKED, NOW) is None, "it is no draft"


def test_a_question_opens_with_the_token_of_its_session_alone(books: Books, site: Site) -> None:
    asked, _ = books
    found, other = (asked.keep(ONE, "s1", TOKEN, ASKED, NOW) for _ in range(2))
    rows = [str(value) for row in site.rows("SELECT * FROM report_drafts") for value in row]
    assert not any(plain in value for plain in ("20000000011", "funeral", TOKEN) for value in rows)
    assert asked.get(ONE, LATER_TOKEN, found, NOW) is None, "of a later session of the same principal"
    for changed in ("SET principal = 'urn:santunan:clinic:x'", f"SET id = '{'x' * 22}'"):  # moved in the database
        with site.store.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE report_drafts {changed} WHERE id = '{other}'")
    assert asked.get("urn:santunan:clinic:x", TOKEN, "x" * 22, NOW) is None
    assert asked.get(ONE, TOKEN, found, NOW) == ASKED


def test_a_readable_question_of_a_version_before_is_as_if_it_were_not_there(books: Books, site: Site) -> None:
    asked, _ = books
    found = asked.keep(ONE, "s1", TOKEN, ASKED, NOW)
    with site.store.engine.begin() as connection:
        connection.exec_driver_sql('UPDATE report_drafts SET answers = \'{"member": ["20000000011"]}\'')
    assert asked.get(ONE, TOKEN, found, NOW) is None


def test_a_question_goes_after_a_while_and_with_its_session(books: Books) -> None:
    asked, _ = books
    old, own, other = (asked.keep(ONE, session, TOKEN, ASKED, NOW) for session in ("s1", "s1", "s2"))
    just_before = NOW + KEEPS - dt.timedelta(seconds=1)
    assert asked.get(ONE, TOKEN, old, just_before) == ASKED and asked.get(ONE, TOKEN, old, NOW + KEEPS) is None
    asked.forget(OTHER, "s1")
    assert asked.get(ONE, TOKEN, own, NOW) == ASKED
    asked.forget(ONE, "s1")
    assert asked.get(ONE, TOKEN, own, NOW) is None and asked.get(ONE, TOKEN, other, NOW) == ASKED
    asked.keep(OTHER, "s3", TOKEN, ASKED, NOW + KEEPS)
    with asked._access.reading() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM report_drafts").scalar()
    assert left == 1, "what is too old, of anybody, is deleted"


def test_many_questions_push_out_the_oldest_question_and_no_draft(books: Books) -> None:
    asked, drafts = books
    drafts.save(ONE, "d" * 22, "accident", "who", ["member"], ASKED, NOW)
    made = [asked.keep(ONE, "s1", TOKEN, ASKED, NOW + dt.timedelta(seconds=n)) for n in range(MOST_ASKED + 1)]
    later = NOW + dt.timedelta(minutes=5)
    assert asked.get(ONE, TOKEN, made[0], later) is None and asked.get(ONE, TOKEN, made[1], later) == ASKED
    assert [one.id for one in drafts.all(ONE, later)] == ["d" * 22]
