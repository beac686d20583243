"""What operators and auditors do, on both engines: refused events, access, state, search and the trail of a claim."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert

from pipeline.access.principals import BadPrincipal, Principal, new_principal
from pipeline.access.roles import Denied
from pipeline.errors import Poison, Transient
from pipeline.law.book import Book
from pipeline.law.due import law_due
from pipeline.operations.access import (
    add_access,
    disable_access,
    list_access,
    make_access_key,
    make_access_link,
    read_access_log,
    revoke_access_key,
)
from pipeline.operations.audit import find, read_person, read_trail
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.refused import (
    approve_original,
    ask_original,
    correct_refused,
    list_refused,
    read_original,
    read_refused,
    retry_refused,
)
from pipeline.operations.state import BACKUP, read_state
from pipeline.queries.backlog import Backlog, embedded_backlog
from pipeline.queries.dead_letters import dead_letters
from pipeline.queries.pages import NotFound
from pipeline.store.access_book import AccessBook, open_access
from pipeline.store.access_rows import AuditRecord, UnknownAccess
from pipeline.store.webhook_tables import webhook_deliveries
from tests.support import events as e
from tests.support.front import NOW, front_of
from tests.support.site import GROUP, Site

SITI, AGAIN = new_principal("operator", "siti"), new_principal("operator", "siti-2", "siti")
BUDI, CICI = new_principal("operator", "budi"), new_principal("operator", "cici")
AUDITOR = new_principal("auditor", "ani")
WRONG = e.accident("K1", source=e.CLINIC, conclusion=None, report=None, medical={"unable_to_work_days": "30"})
Ask = Callable[..., Any]


@pytest.fixture
def book(site: Site) -> Iterator[AccessBook]:
    with open_access(site.url) as access:
        for one in (SITI, BUDI, CICI, AUDITOR):
            access.add(one, "test", NOW)
        access.add(AGAIN, "test", NOW)
        yield access


@pytest.fixture
def front(site: Site, book: AccessBook) -> FrontOffice:
    return replace(front_of(site), access=book, put_on_record=book.write, names_of_person=book.names_of_person)


@pytest.fixture
def place(site: Site) -> str:
    """Of a refused accident."""
    site.run(*e.member(), WRONG)
    [found] = dead_letters(site.store)
    return found.place


def agreed(front: FrontOffice, place: str) -> None:
    ask_original(front, SITI, place, "the clinic asks why")
    approve_original(front, BUDI, place)


# --- refused events


def test_a_refused_event_says_what_is_wrong_and_nothing_of_what_it_says(
    site: Site, front: FrontOffice, place: str
) -> None:
    site.run(b"{")
    rows = list_refused(front, AUDITOR).rows
    assert [one.reason for one in rows] == ["NOT_JSON", "INVALID"] and rows[1].place == place
    found = read_refused(front, SITI, place)
    assert [one.field for one in found.event.faults] == ["data.medical.unable_to_work_days"]
    assert (found.event.source, found.is_correctable, found.sight) == (e.CLINIC, True, "closed")
    assert not read_refused(front, SITI, rows[0].place).is_correctable
    assert e.NUMBER not in repr(found) and e.NIK not in repr(found)


def test_two_persons_are_needed_to_see_what_an_event_says(front: FrontOffice, book: AccessBook, place: str) -> None:
    for one in (SITI, BUDI):
        with pytest.raises(Denied):
            read_original(front, one, place)
    with pytest.raises(Denied):
        approve_original(front, BUDI, place)  # nobody asked
    for reason in ("", "x" * 201, f"about {e.NIK}"):
        with pytest.raises(Poison):
            ask_original(front, SITI, place, reason)
    ask_original(front, SITI, place, "the clinic asks why")
    sights = [read_refused(front, one, place).sight for one in (SITI, AGAIN, BUDI, AUDITOR)]
    assert sights == ["asked", "asked", "may_agree", "closed"]
    for same in (SITI, AGAIN):
        with pytest.raises(Denied):
            approve_original(front, same, place)
    with pytest.raises(Denied):
        read_original(front, SITI, place)
    approve_original(front, BUDI, place)
    assert json.loads(read_original(front, SITI, place)) == WRONG
    assert json.loads(read_original(front, BUDI, place)) == WRONG
    with pytest.raises(Denied):
        read_original(front, CICI, place)
    tomorrow = replace(front, now=lambda: NOW + dt.timedelta(hours=24))
    with pytest.raises(Denied):
        read_original(tomorrow, SITI, place)
    done = [(one.who, one.action, one.subject) for one in book.records(10)]
    assert [one for one in done if one[1].startswith("dead-letter")] == [
        (SITI.name, "dead-letter.ask", place),
        (BUDI.name, "dead-letter.approve", place),
        (SITI.name, "dead-letter.original", place),
        (BUDI.name, "dead-letter.original", place),
    ]


def test_a_corrected_event_is_sent_as_its_senders_and_is_applied(site: Site, front: FrontOffice, place: str) -> None:
    good = json.loads(json.dumps(WRONG))
    good["data"]["medical"]["unable_to_work_days"] = 30
    with pytest.raises(Denied):
        correct_refused(front, SITI, place, e.raw(good))
    agreed(front, place)
    for change in ({"source": e.OFFICE}, {"id": "another"}):
        with pytest.raises(Poison, match="INVALID"):
            correct_refused(front, SITI, place, e.raw(good | change))
    for wrong in (e.raw(WRONG), b"{"):
        with pytest.raises(Poison):
            correct_refused(front, SITI, place, wrong)
    assert not read_refused(front, SITI, place).event.is_sent_again
    correct_refused(front, SITI, place, e.raw(good))
    assert read_refused(front, SITI, place).event.is_sent_again and list_refused(front, SITI).rows == ()
    assert dead_letters(site.store) == [] and len(dead_letters(site.store, with_retried=True)) == 1
    site.run()
    assert read_refused(front, SITI, place).event.is_applied
    [(source,)] = site.rows("SELECT source FROM ledger WHERE claim_id = 'K1'")
    assert source == e.CLINIC
    assert [one.step for one in read_refused(front, SITI, place).steps] == ["asked", "approved", "corrected"]


def test_an_event_is_sent_again_by_one_operator_and_marked(front: FrontOffice, place: str) -> None:
    sent = []
    able = replace(front, resend=sent.append)
    retry_refused(able, SITI, place)
    assert [one.place for one in sent] == [place] and list_refused(able, SITI).rows == ()

    def away(_: object) -> None:
        raise Transient("the broker is away")

    with pytest.raises(Transient):
        retry_refused(replace(front, resend=away), SITI, place)
    assert len(read_refused(front, SITI, place).steps) == 1, "what was not sent is not marked"


def test_refused_events_come_page_by_page_the_newest_first(
    site: Site, front: FrontOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.operations.refused.ROWS", 2)
    for number in range(5):
        site.run(b"{%d" % number)
    seen: list[str] = []
    after = ""
    while True:
        found = list_refused(front, SITI, after=after)
        assert found.more == 5 - len(seen) - len(found.rows)
        seen += [one.place for one in found.rows]
        if found.cursor is None:
            break
        after = found.cursor
    assert [int(one.rpartition("/")[2]) for one in seen] == [4, 3, 2, 1, 0]
    for wrong in ("x", "a/0/1", "history.events/0/99"):
        with pytest.raises(NotFound):
            list_refused(front, SITI, after=wrong)


# --- access


def test_an_operator_gives_and_takes_access_and_all_of_it_is_logged(front: FrontOffice, book: AccessBook) -> None:
    name = add_access(front, SITI, kind="clinic", who="plkk-0012", person=None)
    key_id, token = make_access_key(front, SITI, name, "front desk")
    assert token.startswith("stn_") and make_access_link(front, SITI, name)
    [found] = [one for one in list_access(front, SITI) if one.account.principal.name == name]
    assert [one.id for one in found.keys] == [key_id] and not found.ways.has_password
    revoke_access_key(front, SITI, key_id)
    disable_access(front, SITI, name)
    use = book.use_key(token, NOW)
    assert use is not None and use.refusal == "DISABLED"
    actions = [one.action for one in read_access_log(front, SITI) if one.who == SITI.name]
    assert actions == ["access.disable", "access.revoke", "access.link", "access.key", "access.add"]


def test_what_may_not_be_is_refused(front: FrontOffice) -> None:
    for own in (SITI.name, AGAIN.name):
        with pytest.raises(Denied):
            disable_access(front, SITI, own)
    with pytest.raises(BadPrincipal):
        add_access(front, SITI, kind="officer", who="siti-3", person="siti")  # nobody is operator and officer
    for change in (disable_access, make_access_link):
        with pytest.raises(UnknownAccess):
            change(front, SITI, "urn:santunan:clinic:nobody")
    for ask in (list_access, read_access_log, read_state):
        with pytest.raises(Denied):
            ask(front, AUDITOR)


# --- state


def test_the_state_says_what_waits_what_failed_and_how_old_the_backup_is(
    site: Site, front: FrontOffice, book: AccessBook, place: str
) -> None:
    today = dt.date(2026, 8, 1)
    site.run(
        e.accident(
            "K2",
            accident={"occurred_at": "2024-07-07T10:00:00+07:00", "kind": "violence"},
            documents=[*e.JKK_PAPERS, "visum", "police_letter"],
        )
    )
    late = Backlog("claims.accidents", 0, 3, int((NOW - dt.timedelta(minutes=2)).timestamp() * 1000))
    found = read_state(replace(front, backlog=lambda: (late, Backlog("claims.deaths", 0, 0, None))), SITI)
    assert (found.waiting, found.waits_since, found.is_worker_late) == (3, NOW - dt.timedelta(minutes=2), True)
    assert (found.referrals, found.refused, found.backup_at) == (1, 1, None)
    assert found.is_backup_late == site.store.is_embedded and found.law == law_due(Book.load(), today)
    book.write(AuditRecord(NOW - dt.timedelta(hours=30), "machine:root", BACKUP))
    fresh = replace(late, waiting=1, oldest_ms=int(NOW.timestamp() * 1000))
    found = read_state(replace(front, backlog=lambda: (fresh,)), SITI)
    assert not found.is_worker_late and not found.is_backup_late
    assert found.backup_at == NOW - dt.timedelta(hours=30)

    def away() -> tuple[Backlog, ...]:
        raise Transient("away")

    assert read_state(replace(front, backlog=away), SITI).backlog is None


def test_webhooks_that_fail_are_named_by_host_alone(front: FrontOffice, book: AccessBook) -> None:
    assert front.webhooks is not None
    hooks = {}
    for host in ("well.example", "fails.example"):
        made = front.webhooks.register(e.CLINIC, f"https://{host}/a-secret-path", "", NOW, most=9)
        assert made is not None
        hooks[host] = made[0]
    row = {"id": "msg_1", "webhook": hooks["fails.example"], "decision_id": "K1.r1", "body": b"{}", "created_at": 1}
    failed = row | {"attempts": 9, "next_at": None, "failed_at": 2, "outcome": "500"}
    waits = row | {"id": "msg_2", "attempts": 1, "next_at": 3, "failed_at": None, "outcome": None}
    with book.transaction() as transaction:
        transaction.connection.execute(insert(webhook_deliveries), [failed, waits])
        transaction.commit()
    found = read_state(front, SITI)
    assert [(one.host, one.failed) for one in found.webhooks] == [("fails.example", 1)]
    assert (found.all_webhooks, found.posts_waiting) == (2, 1)
    assert all("a-secret-path" not in one.host for one in found.webhooks)


def test_the_backlog_of_a_log_counts_what_no_worker_has_read(site: Site) -> None:
    if not site.store.is_embedded:
        assert site.log is None  # the broker has it: tests of the gateway over Kafka
        return
    site.run(*e.member())
    assert {one.waiting for one in embedded_backlog(site.store, GROUP)} == {0}
    site.send(e.accident(), now_ms=1_785_542_400_123)
    [found] = [one for one in embedded_backlog(site.store, GROUP) if one.waiting]
    assert (found.topic, found.waiting, found.oldest_ms) == ("history.events", 1, 1_785_542_400_123)


@pytest.mark.parametrize(
    ("today", "is_urgent", "years"),
    [("2026-11-29", False, []), ("2027-06-30", False, [2028]), ("2027-07-06", True, [2028])],
)
def test_the_holidays_that_are_missing_are_named_before_deadlines_reach_them(
    today: str, is_urgent: bool, years: list[int]
) -> None:
    found = law_due(Book.load(), dt.date.fromisoformat(today))
    assert (found.is_urgent, [one.year for one in found.holidays]) == (is_urgent, years)
    assert all(dt.date.fromisoformat(today) < since for _, since in found.coming)


def test_numbers_that_change_within_a_year_are_announced() -> None:
    found = law_due(Book.load(), dt.date(2026, 11, 29))
    assert found.coming == (("contribution_relief", dt.date(2027, 1, 1)), ("contribution_relief", dt.date(2027, 4, 1)))


# --- auditors


def test_an_auditor_finds_by_whatever_name_a_thing_has(site: Site, front: FrontOffice) -> None:
    event = e.accident("K1")
    site.run(*e.member(), event, e.accident("K.2-x", "2024-03-03"))
    for text in ("K1", " K1 ", "K1.r1.member"):
        assert [one.claim_id for one in find(front, AUDITOR, text).claims] == ["K1"], text
    for text in (e.NUMBER, e.NIK):
        found = find(front, AUDITOR, text)
        assert [one.claim_id for one in found.claims] == ["K1", "K.2-x"]
        assert [(one.number, one.nik) for one in found.members] == [(e.NUMBER, f"{e.NIK[:4]}********{e.NIK[-4:]}")]
        assert e.NIK not in repr(found)
    [row] = find(front, AUDITOR, event["id"]).events
    assert (row.claim_id, row.type) == ("K1", "santunan.claim.accident.v1")
    for text in (row.place, row.digest, row.digest.upper()):
        assert find(front, AUDITOR, text).events == (row,), text
    for text in ("nothing", "history.events/0/999", "0" * 64, "29999999999", "1" * 16):
        assert find(front, AUDITOR, text).is_empty, text
    for text in ("", " ", "x" * 257, "\0"):
        with pytest.raises(Poison):
            find(front, AUDITOR, text)


def test_the_trail_has_everything_about_a_claim_the_newest_first(
    site: Site, front: FrontOffice, book: AccessBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.run(*e.member(), e.accident("K1"), e.accident("K10", "2024-03-03"))
    site.run(e.settled("K1.r1.member", 4_000_000, "2024-07-20"))
    site.run(e.evidence("K1", "2024-07-21T08:00:00", documents=["no-such-paper"]))
    for subject in ("K1", f"K1 {'0' * 64}", "K10", "K"):
        book.write(AuditRecord(NOW, AUDITOR.name, "paper.read", subject))
    found = read_trail(front, AUDITOR, "K1", "en")
    assert found.cursor is None and [one.number for one in found.rows] == list(range(len(found.rows), 0, -1))
    kinds = [one.kind for one in found.rows]
    assert sorted(kinds) == ["audited", "audited", "decided", "decided", "event", "event", "refused"], kinds
    first_one = next(one for one in found.rows if one.revision == 1)
    assert (first_one.amount, first_one.moves) == (4_000_000, (("pay", "member", 4_000_000),))
    assert e.NIK not in repr(found)
    monkeypatch.setattr("pipeline.operations.audit.ROWS", 4)
    first = read_trail(front, AUDITOR, "K1", "en")
    rest = read_trail(front, AUDITOR, "K1", "en", before=int(str(first.cursor)))
    assert (*first.rows, *rest.rows) == found.rows and (first.more, rest.cursor) == (3, None)
    for claim in ("K2", "K-none", "\0"):
        with pytest.raises(NotFound):
            read_trail(front, AUDITOR, claim, "en")


def test_the_trail_says_what_each_event_speaks_of_and_ends_at_a_moment(site: Site, front: FrontOffice) -> None:
    site.run(*e.member(), e.accident("K1"), e.settled("K1.r1.member", 4_000_000, "2024-07-20"))
    site.run(e.evidence("K1", "2024-07-21T08:00:00", documents=["doctor_letter"]))
    revision = max(one.revision or 0 for one in read_trail(front, AUDITOR, "K1", "en").rows)
    site.run(e.review("K1", revision, "reject", "2024-07-22T10:00:00", reason="no work accident"))
    rows = read_trail(front, AUDITOR, "K1", "en").rows
    events = [one for one in rows if one.kind == "event"]
    said = {(one.what.split(".")[-2], one.papers, one.verdict, one.note, one.amount) for one in events}
    assert ("reviewed", (), "reject", "no work accident", None) in said
    assert ("evidence", ("doctor_letter",), None, None, None) in said
    assert ("settled", (), None, None, 4_000_000) in said
    for row in rows:
        upto = read_trail(front, AUDITOR, "K1", "en", known_on=row.at).rows
        assert upto == tuple(one for one in rows if one.at <= row.at)
    assert read_trail(front, AUDITOR, "K1", "en", known_on=rows[-1].at - dt.timedelta(seconds=1)).rows == ()


def test_a_person_is_shown_in_full_with_a_reason_that_is_kept(site: Site, front: FrontOffice, book: AccessBook) -> None:
    site.run(*e.member(), e.accident("K1", medical={"unable_to_work_days": 30, "diagnosis": "memar kepala"}))
    for reason in ("", "x" * 201, f"about {e.NIK}"):
        with pytest.raises(Poison):
            read_person(front, AUDITOR, "K1", reason, "id")
    assert [one for one in book.records(20) if one.action == "claim.person"] == []
    found = read_person(front, AUDITOR, "K1", "a complaint of the family", "id")
    assert found.member_number == e.NUMBER and "memar kepala" in repr(found.facts)
    [record] = [one for one in book.records(20) if one.action == "claim.person"]
    assert (record.who, record.subject, record.reason) == (AUDITOR.name, "K1", "a complaint of the family")
    principals: tuple[Principal, ...] = (SITI, new_principal("officer", "one"))
    for one in principals:
        with pytest.raises(Denied):
            read_person(front, one, "K1", "x", "id")
