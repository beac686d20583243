"""The books of sign-ins and links on both engines: what is counted, taken once, ended and recorded."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.access.principals import Principal, new_principal
from pipeline.access.sessions import MOST_SESSIONS, MOST_WRONG_CODES
from pipeline.credentials import draw_secret
from pipeline.operations.sign_in import SignInRefused, sign_in
from pipeline.store.access_book import AccessBook, open_access
from pipeline.store.access_rows import UnknownAccess
from pipeline.store.link_book import LinkBook, LinkGone
from pipeline.store.sign_in_book import CodeUsed, SignInBook
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
OFFICER = new_principal("officer", "siti")
CLINIC = new_principal("clinic", "plkk-0012")
HAND, PASSWORD = "machine:budi", "empat kucing naik"  # noqa: S105


@pytest.fixture
def access(site: Site) -> Iterator[AccessBook]:
    with open_access(site.url) as opened:
        for principal in (OFFICER, CLINIC):
            opened.add(principal, HAND, NOW)
            opened.set_password(principal.name, PASSWORD, HAND, NOW)
        yield opened


@pytest.fixture
def book(access: AccessBook) -> SignInBook:
    return SignInBook(access)


def begun(book: SignInBook, principal: Principal = CLINIC, at: dt.datetime = NOW, **given: Any) -> str:
    return book.begin(principal.name, "PASSWORD", "127.0.0.1", at, **given)


def at_once(work: Callable[[], Any], failure: type[BaseException], count: int = 6) -> int:
    """How many of several threads came through; the others failed so."""
    came, gate = [], threading.Barrier(count)

    def run() -> None:
        gate.wait()
        try:
            came.append(work())
        except failure:
            return

    threads = [threading.Thread(target=run) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return len(came)


def test_a_session_is_found_by_its_token_until_it_is_over(book: SignInBook) -> None:
    token = begun(book)
    found = book.session(token, NOW + SECOND)
    assert found is not None and found.principal == CLINIC and found.ends_at == NOW + 60 * MINUTE
    assert book.session(token, NOW + 60 * MINUTE) is None and book.session("a" * 43, NOW) is None
    assert book.session("no token", NOW) is None


@pytest.mark.parametrize(("seconds", "written"), [(29, 0), (30, 30), (31, 31)])
def test_a_request_is_written_to_half_a_minute(book: SignInBook, seconds: int, written: int) -> None:
    token = begun(book)
    book.session(token, NOW + seconds * SECOND)
    assert [one.seen_at for one in book.sessions(NOW + MINUTE)] == [NOW + written * SECOND]


def test_only_so_many_sessions_are_open_and_old_rows_are_deleted(book: SignInBook, site: Site) -> None:
    tokens = [begun(book, at=NOW + count * SECOND) for count in range(MOST_SESSIONS + 2)]
    begun(book, OFFICER)
    later = NOW + MINUTE
    assert [book.session(one, later) is not None for one in tokens] == [False, False, *[True] * MOST_SESSIONS]
    assert book.session(begun(book, at=NOW + 31 * DAY), NOW + 31 * DAY) is not None
    assert site.rows("SELECT count(*) FROM sessions") == [(1,)]


def test_failures_are_counted_each_also_at_the_same_time(book: SignInBook) -> None:
    def fail() -> None:
        book.fail(CLINIC.name, "PASSWORD", None, NOW)

    assert at_once(fail, KeyError, 9) == 9
    state = book.state(CLINIC.name)
    assert state is not None and (state.failures, state.paused_until) == (9, None)
    fail()
    state = book.state(CLINIC.name)
    assert state is not None and state.paused_until == NOW + 15 * MINUTE
    book.fail(CLINIC.name, "PASSWORD", None, NOW + 16 * MINUTE)
    state = book.state(CLINIC.name)
    assert state is not None and (state.failures, state.paused_until) == (1, None), "it begins anew after the pause"
    begun(book)
    state = book.state(CLINIC.name)
    assert state is not None and state.failures == 0


def test_of_sign_ins_with_one_code_at_the_same_time_one_works(book: SignInBook) -> None:
    book.replace_factor(OFFICER.name, draw_secret(), HAND, NOW)
    assert at_once(lambda: begun(book, OFFICER, step=100), CodeUsed) == 1
    with pytest.raises(CodeUsed):
        begun(book, OFFICER, step=99)
    assert begun(book, OFFICER, step=101)


def test_a_code_in_a_session_is_of_that_session_and_taken_once(book: SignInBook) -> None:
    book.replace_factor(OFFICER.name, draw_secret(), HAND, NOW)
    first, second = (begun(book, OFFICER, step=step, code_at=NOW) for step in (1, 2))
    session = book.session(first, NOW)
    assert session is not None and (session.principal.code_at, session.way) == (NOW, "PASSWORD")
    later = NOW + MINUTE
    assert at_once(lambda: book.take_code(session, 3, None, later), CodeUsed) == 1
    seen = [book.session(token, later) for token in (first, second)]
    assert [one.principal.code_at for one in seen if one is not None] == [later, NOW]


def test_so_many_wrong_codes_end_a_session_also_when_they_come_at_once(book: SignInBook, access: AccessBook) -> None:
    token, other = begun(book, OFFICER), begun(book, OFFICER)
    session = book.session(token, NOW)
    assert session is not None and session.principal.code_at is None
    for _ in range(MOST_WRONG_CODES - 1):
        book.refuse_code(session, None, NOW)
    assert book.session(token, NOW) is not None
    at_once(lambda: book.refuse_code(session, None, NOW), CodeUsed)
    assert book.session(token, NOW) is None and book.session(other, NOW) is not None
    ends = [one for one in access.records(20) if (one.action, one.reason) == ("session.end", "CODES")]
    assert len(ends) == 1


def test_a_right_code_forgives_the_wrong_ones(book: SignInBook) -> None:
    book.replace_factor(OFFICER.name, draw_secret(), HAND, NOW)
    session = book.session(token := begun(book, OFFICER), NOW)
    assert session is not None
    for step in (1, 2):
        for _ in range(MOST_WRONG_CODES - 1):
            book.refuse_code(session, None, NOW)
        book.take_code(session, step, None, NOW)
    assert book.session(token, NOW) is not None


def test_a_disabled_person_gets_no_session_also_at_the_last_moment(book: SignInBook, access: AccessBook) -> None:
    access.disable(CLINIC.name, HAND, NOW)
    with pytest.raises(UnknownAccess, match="disabled"):
        begun(book)
    with pytest.raises(SignInRefused):
        sign_in(book, NOW, name=CLINIC.name, password=PASSWORD)


def test_a_factor_that_was_confirmed_is_replaced_by_an_operator_alone(book: SignInBook) -> None:
    assert book.offer_factor(OFFICER.name, "FIRST", OFFICER.name, NOW)
    assert book.offer_factor(OFFICER.name, "SECOND", OFFICER.name, NOW), "nothing was sent of the first one"
    begun(book, OFFICER, step=1)
    assert not book.offer_factor(OFFICER.name, "THIRD", OFFICER.name, NOW)
    factor = book.factor(OFFICER.name)
    assert (
        factor is not None and (factor.secret, factor.confirmed_at) == ("SECOND", NOW) and "SECOND" not in repr(factor)
    )
    book.replace_factor(OFFICER.name, "FOURTH", HAND, NOW)
    assert not book.offer_factor(OFFICER.name, "FIFTH", OFFICER.name, NOW), "nor is the operator's by a password"


def test_of_uses_of_one_link_at_the_same_time_one_works(access: AccessBook) -> None:
    links = LinkBook(access)
    token = links.make("password", CLINIC.name, HAND, NOW)
    assert at_once(lambda: links.use_for_password(token, PASSWORD, None, NOW), LinkGone) == 1


def test_a_link_is_for_its_purpose_alone(access: AccessBook) -> None:
    links = LinkBook(access)
    password, demo = (links.make(one, CLINIC.name, HAND, NOW) for one in ("password", "demo"))
    assert links.make_first(HAND, NOW) is None, "there are principals"
    first = links.make("first-operator", None, HAND, NOW)
    operator = new_principal("operator", "ani")
    wrong: list[Callable[[], Any]] = [
        lambda: links.use_for_demo(password, NOW),
        lambda: links.use_for_demo(first, NOW),
        lambda: links.use_for_password(demo, PASSWORD, None, NOW),
        lambda: links.use_for_password(first, PASSWORD, None, NOW),
        lambda: links.use_for_first(password, operator, PASSWORD, None, NOW),
        lambda: links.use_for_first(demo, operator, PASSWORD, None, NOW),
        lambda: links.use_for_first(first, operator, PASSWORD, None, NOW),
    ]
    for use in wrong:
        with pytest.raises(LinkGone):
            use()
    assert [one.principal for one in access.accounts()] == [CLINIC, OFFICER]
    assert links.use_for_demo(demo, NOW) == links.use_for_password(password, PASSWORD, None, NOW) == CLINIC


def test_each_change_is_on_record_with_who_did_it(book: SignInBook, access: AccessBook) -> None:
    token = begun(book)
    book.fail(None, "UNKNOWN", "192.0.2.1", NOW)
    book.end(token, "127.0.0.1", NOW)
    assert not book.end(token, "127.0.0.1", NOW)
    book.offer_factor(OFFICER.name, "SECRET", OFFICER.name, NOW)
    begun(book, OFFICER, step=1)
    assert book.end_all(OFFICER.name, HAND, NOW) == 1
    LinkBook(access).make("password", CLINIC.name, HAND, NOW)
    found = [(one.who, one.action, one.result, one.reason) for one in access.records(8)]
    assert found == [
        (CLINIC.name, "session.begin", "done", "PASSWORD"),
        ("nobody", "session.begin", "refused", "UNKNOWN"),
        (CLINIC.name, "session.end", "done", None),
        (OFFICER.name, "access.factor", "done", None),
        (OFFICER.name, "factor.confirm", "done", None),
        (OFFICER.name, "session.begin", "done", "PASSWORD"),
        (HAND, "access.end", "done", None),
        (HAND, "access.link", "done", "password"),
    ]
