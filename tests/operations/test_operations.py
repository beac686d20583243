"""Operations: what each principal may do with its own things and with others', before any door."""

import datetime as dt
import inspect
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.principals import KINDS, Principal, new_principal
from pipeline.access.roles import ROLES, Denied
from pipeline.errors import Poison
from pipeline.operations import sign_in
from pipeline.operations.cover import check_cover
from pipeline.operations.fate import Fate, Followed
from pipeline.operations.front_office import FrontOffice, IdReused, Receipt
from pipeline.operations.reading import (
    explain_claim,
    list_claims,
    list_decisions,
    read_claim,
    read_receipt,
)
from pipeline.operations.reports import (
    add_evidence,
    appeal,
    report_accident,
    report_death,
    review,
    settle,
    submit_events,
)
from pipeline.operations.submission import OPERATION_OF
from pipeline.operations.work import list_work
from pipeline.queries.pages import NotFound
from schemas import topics
from schemas.days import DayPassed
from schemas.events import IntakeEvent
from tests.support import events as e
from tests.support.front import NOW, SiteIntake, front_of
from tests.support.site import Site

CLINIC, OTHER = new_principal("clinic", "plkk-0012"), new_principal("clinic", "plkk-0099")
OFFICE, DESK = new_principal("office", "tangerang"), new_principal("desk", "tangerang")
EMPLOYER, RIVAL = new_principal("employer", "np000001"), new_principal("employer", "np000002")
OFFICER, AGAIN = new_principal("officer", "siti"), new_principal("officer", "siti-2", "siti")
BUDI = new_principal("officer", "budi")
PAYMENTS, AUDITOR = new_principal("payments", "bank"), new_principal("auditor", "ani")
_NAMES = (
    "access audit claim_file cover coverage_calls coverage_picture dossier imports known known_workers law law_trial "
    "member_export papers payouts personal_data proofs protection reading refused reports rulings sessions signals "
    "state statistics webhooks work"
)
MODULES = [import_module(f"pipeline.operations.{name}") for name in _NAMES.split()]
ACCIDENT = {
    "member": {"member_number": e.NUMBER},
    "accident": {"occurred_at": "2024-07-07T10:00:00+07:00"},
    "medical": {"unable_to_work_days": 30},
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    opened.run(*e.member(), e.registered("20000000022", "3671010101800002", employer={"number": "NP000001"}))
    yield opened
    opened.close()


@pytest.fixture
def front(site: Site) -> FrontOffice:
    return front_of(site, OFFICER, AGAIN, BUDI)


def opened(site: Site, front: FrontOffice, key: str = "1", **change: Any) -> str:
    """A clinic's claim that a worker has read."""
    receipt = report_accident(front, CLINIC, key, ACCIDENT | change)
    site.run()
    assert receipt.claim_id is not None
    return receipt.claim_id


# --- every function has a row


def test_each_operation_has_a_row_and_each_row_an_operation() -> None:
    functions = {
        name
        for module in MODULES
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and not name.startswith("_")
    }
    assert functions | set(OPERATION_OF.values()) == ROLES.keys()
    assert set(OPERATION_OF) == set(IntakeEvent.__args__) - {DayPassed}


def test_what_has_no_row_begins_without_a_principal() -> None:
    begins = [one for _, one in inspect.getmembers(sign_in, inspect.isfunction) if one.__module__ == sign_in.__name__]
    begins = [one for one in begins if not one.__name__.startswith("_")]
    assert len(begins) > 5
    assert [one.__name__ for one in begins if "principal" in inspect.signature(one).parameters] == []


# --- who one is


def test_the_source_is_the_principals(site: Site, front: FrontOffice) -> None:
    claim = opened(site, front)
    [(source,)] = site.rows(f"SELECT source FROM ledger WHERE claim_id = '{claim}'")  # noqa: S608
    assert source == CLINIC.name


@pytest.mark.parametrize("source", [OTHER.name, e.OFFICE, e.OFFICER, "urn:santunan:system:clock"])
def test_an_event_in_another_name_is_refused_as_forged(source: str, front: FrontOffice) -> None:
    [answer] = submit_events(front, CLINIC, [e.raw(e.accident(source=source, conclusion=None, report=None))])
    assert isinstance(answer, Denied) and answer.reason == "SOURCE_FORGED"


def test_nobody_says_that_a_day_has_passed(front: FrontOffice) -> None:
    clock = Principal("urn:santunan:system:clock")
    with pytest.raises(Denied):
        submit_events(front, clock, [e.raw(e.day_passed("2026-07-31"))])


@pytest.mark.parametrize("kind", ["auditor", "operator"])
def test_who_sends_no_events_can_send_none(kind: str, front: FrontOffice) -> None:
    with pytest.raises(Denied):
        submit_events(front, new_principal(kind, "ani"), [])


# --- receipts


def test_the_same_report_again_has_the_same_receipt_before_and_after_it_is_read(site: Site, front: FrontOffice) -> None:
    first = report_accident(front, CLINIC, "1", ACCIDENT)
    again = report_accident(front, CLINIC, "1", ACCIDENT)
    site.run()
    later = report_accident(front_of(site), CLINIC, "1", ACCIDENT)  # another gateway, an hour later
    assert not first.is_repeated and again.is_repeated and later.is_repeated
    for one in (again, later):
        assert (one.claim_id, one.digest, one.offset) == (first.claim_id, first.digest, first.offset)
        assert one.received_at == first.received_at == NOW
    assert len(site.sent[topics.ACCIDENTS, 0]) == 1


@pytest.mark.parametrize("is_read", [False, True])
def test_another_report_under_the_same_key_is_refused(is_read: bool, site: Site, front: FrontOffice) -> None:
    report_accident(front, CLINIC, "1", ACCIDENT)
    if is_read:
        site.run()
        front = front_of(site)
    with pytest.raises(IdReused):
        report_accident(front, CLINIC, "1", ACCIDENT | {"medical": {"unable_to_work_days": 31}})
    report_accident(front, OTHER, "1", ACCIDENT)  # another sender's numbers are its own


def test_evidence_repeated_after_its_claim_was_read_is_the_same(site: Site, front: FrontOffice) -> None:
    """The membership number is filled in then, and was not before."""
    made = report_accident(front, CLINIC, "1", ACCIDENT)
    first = add_evidence(front, CLINIC, str(made.claim_id), "2", {"documents": ["ktp"]})
    site.run()
    for office in (front, front_of(site)):
        again = add_evidence(office, CLINIC, str(made.claim_id), "2", {"documents": ["ktp"]})
        assert again.is_repeated and again.digest == first.digest


def test_a_claim_without_a_name_gets_one_that_cannot_be_counted(front: FrontOffice) -> None:
    names = {report_accident(front, CLINIC, str(key), ACCIDENT).claim_id for key in range(20)}
    assert len(names) == 20 and len({str(name)[:8] for name in names}) == 20


def test_a_receipt_is_found_by_its_digest_by_its_sender_alone(site: Site, front: FrontOffice) -> None:
    receipt = report_accident(front, CLINIC, "1", ACCIDENT)
    soon = front.now() + dt.timedelta(minutes=1)
    assert read_receipt(front, CLINIC, receipt.digest) == Followed(receipt, Fate("waiting"), proof_by=soon)
    with pytest.raises(NotFound):
        read_receipt(front_of(site), CLINIC, receipt.digest)  # of another gateway, and not read yet
    site.run()
    for office in (front, front_of(site)):
        found = read_receipt(office, CLINIC, receipt.digest)
        fate = Fate("applied", claim_id=receipt.claim_id, revision=1)
        assert found == Followed(receipt, fate, proof_by=soon)
    for principal, digest in ((OTHER, receipt.digest), (CLINIC, "0" * 64), (CLINIC, "x" * 64), (CLINIC, "\0")):
        with pytest.raises(NotFound):
            read_receipt(front, principal, digest)


def test_events_of_one_request_are_answered_one_by_one(site: Site, front: FrontOffice) -> None:
    good = e.raw(e.accident(source=CLINIC.name, id="g", conclusion=None, report=None))
    answers = submit_events(front, CLINIC, [good, b"{", e.raw(e.accident()), good])
    assert [type(one) for one in answers] == [Receipt, Poison, Denied, Receipt]
    assert len(site.sent[topics.ACCIDENTS, 0]) == 2  # one request: the worker knows the second by its id


# --- own and foreign


@pytest.mark.parametrize("principal", [OTHER, RIVAL, new_principal("desk", "bogor")])
def test_a_foreign_claim_is_as_one_that_does_not_exist(principal: Principal, site: Site, front: FrontOffice) -> None:
    claim = opened(site, front)
    texts = set()
    for name in (claim, "K-none", "no name", "\0", "x" * 65):
        with pytest.raises(NotFound) as refused:
            read_claim(front, principal, name, "id")
        texts.add(str(refused.value))
    assert len(texts) == 1
    assert list_claims(front, principal).rows == () and list_decisions(front, principal, "id").rows == ()


def test_who_shows_the_membership_number_becomes_a_party_and_others_do_not(site: Site, front: FrontOffice) -> None:
    claim = opened(site, front)
    add_evidence(front, OTHER, claim, "1", {"documents": ["visum"]})
    site.run()
    with pytest.raises(NotFound):
        read_claim(front, OTHER, claim, "id")
    assert list_claims(front, OTHER).rows == () and list_decisions(front, OTHER, "id").rows == ()
    add_evidence(front, OTHER, claim, "2", {"documents": ["visum"], "member_number": e.NUMBER})
    site.run()
    assert read_claim(front, OTHER, claim, "id").claim_id == claim
    assert [row.claim_id for row in list_claims(front, OTHER).rows] == [claim]


def test_an_employer_sees_its_workers_claims_and_no_others(site: Site, front: FrontOffice) -> None:
    theirs = opened(site, front, member={"member_number": "20000000022"})
    foreign = opened(site, front, "2")
    assert read_claim(front, EMPLOYER, theirs, "id").claim_id == theirs
    for principal, claim in ((EMPLOYER, foreign), (RIVAL, theirs)):
        with pytest.raises(NotFound):
            read_claim(front, principal, claim, "id")


def test_an_employer_reports_its_own_workers_and_unknown_ones(front: FrontOffice) -> None:
    data = {key: value for key, value in ACCIDENT.items() if key != "medical"}
    for key, member in enumerate(({"member_number": "20000000022"}, {"member_number": "29999999999"})):
        report_accident(front, EMPLOYER, str(key), data | {"member": member})
    for key, member in enumerate(({"member_number": "20000000022"}, {"nik": "3671010101800002"})):
        with pytest.raises(NotFound):
            report_accident(front, RIVAL, str(key), data | {"member": member})


@pytest.mark.parametrize("day", ["2019-10-31", "2019-11-01", "2024-07-07"])
def test_an_employer_may_not_end_the_membership_of_another_ones_worker(day: str, front: FrontOffice) -> None:
    ended = {"member_number": "20000000022", "ended_on": day}
    answers = [
        submit_events(front, one, [e.raw(e.event("member.ended", ended, source=one.name))])[0]
        for one in (EMPLOYER, RIVAL, CLINIC)
    ]
    assert [type(one) for one in answers] == [Receipt, NotFound, Denied]


def test_only_a_party_appeals(site: Site, front: FrontOffice) -> None:
    claim = opened(site, front)
    for name in (claim, "K-none"):
        with pytest.raises(NotFound):
            appeal(front, DESK, name, "1", {"ground": "x"})
    assert appeal(front, OFFICE, claim, "1", {"ground": "x"}).claim_id == claim


# --- what an answer shows


def test_what_is_said_of_a_claim_depends_on_who_asks(site: Site, front: FrontOffice) -> None:
    site.run(e.accident("K1", source=e.OFFICE))
    add_evidence(front, CLINIC, "K1", "1", {"member_number": e.NUMBER, "documents": ["visum"]})
    site.run()
    shown = {one.kind: read_claim(front, one, "K1", "id") for one in (CLINIC, OFFICER, PAYMENTS, AUDITOR)}
    assert {one.outcome for one in shown.values()} == {"APPROVED"}
    assert shown["clinic"].total is None and shown["clinic"].amounts == () and shown["clinic"].reasons
    assert shown["officer"].total == shown["payments"].total == shown["auditor"].total == 4_000_000
    assert shown["payments"].reasons == () and shown["payments"].amounts
    with pytest.raises(Denied):
        explain_claim(front, CLINIC, "K1", "id")
    assert "K1" in explain_claim(front, OFFICER, "K1", "id").title
    assert explain_claim(replace(front, letter_place="Serang"), OFFICER, "K1", "id").head[1].startswith("Serang, ")


def test_cover_is_answered_with_no_more_than_one_may_know(front: FrontOffice) -> None:
    day = NOW.date().replace(year=2024)
    ask = {"member": e.NUMBER, "program": "JKK", "day": day, "language": "id"}
    clinic, officer = (check_cover(front, one, **ask) for one in (CLINIC, OFFICER))
    assert (clinic.answer, clinic.since, clinic.reason, clinic.unpaid) == ("yes", None, "OK", None)
    assert (clinic.member_number, clinic.until, clinic.paid_through) == (None, None, None)
    assert officer.since is not None and officer.member_number == e.NUMBER
    assert check_cover(front, CLINIC, **ask | {"member": e.NIK}).answer == "yes"
    refused = check_cover(front, CLINIC, **ask | {"member": "29999999999"})
    assert (refused.answer, refused.reason, refused.member_number) == ("no", "MEM_NOT_REGISTERED", None)
    assert check_cover(front, EMPLOYER, **ask | {"member": "20000000022"}).member_number == "20000000022"
    for foreign in (e.NUMBER, e.NIK, "29999999999"):
        with pytest.raises(NotFound):
            check_cover(front, EMPLOYER, **ask | {"member": foreign})
    for change in (
        {"member": "1"},
        {"member": "\0" * 11},
        {"day": day.replace(year=1950)},
        {"day": day.replace(year=2099)},
    ):
        with pytest.raises(Poison):
            check_cover(front, CLINIC, **ask | change)


def test_the_feed_goes_on_where_it_stopped(site: Site, front: FrontOffice) -> None:
    claims = [opened(site, front, str(key)) for key in range(3)]
    seen, after = [], ""
    while rows := (page := list_decisions(front, CLINIC, "id", after=after, limit=2)).rows:
        seen += [one.claim.claim_id for one in rows]
        after = str(page.cursor)
    assert seen == claims
    opened(site, front, "3")
    assert len(list_decisions(front, CLINIC, "id", after=after).rows) == 1
    for cursor in ("x", "-1", "0-" + "9" * 19, "0-²", "0-1.", "1", "0-1.0-2" * 1000):
        with pytest.raises(Poison):
            list_decisions(front, CLINIC, "id", after=cursor)


def test_a_list_of_claims_goes_page_by_page(site: Site, front: FrontOffice) -> None:
    claims = sorted(opened(site, front, str(key)) for key in range(5))
    first = list_claims(front, CLINIC, limit=3)
    rest = list_claims(front, CLINIC, after=str(first.cursor), limit=3)
    assert [row.claim_id for row in (*first.rows, *rest.rows)] == claims
    assert (first.more, rest.more, rest.cursor) == (1, 0, None)
    assert len(list_claims(front, AUDITOR).rows) == 5


# --- two hands


def disease(site: Site) -> None:
    happened = {
        "occurred_at": "2024-07-07T10:00:00+07:00",
        "kind": "occupational_disease",
        "diagnosed_on": "2024-07-07",
    }
    site.run(e.accident("K1", accident=happened))


def test_an_officer_rules_and_the_work_is_gone(site: Site, front: FrontOffice) -> None:
    disease(site)
    assert [one.claim_id for one in list_work(front, OFFICER).rows] == ["K1"]
    review(front, OFFICER, "1", {"claim_id": "K1", "revision": 1, "verdict": "reject", "reason": "x"})
    site.run()
    assert site.decisions()[-1][2] == "REJECTED" and list_work(front, AUDITOR).rows == ()


def test_two_names_of_one_person_are_one_hand(site: Site, front: FrontOffice) -> None:
    disease(site)
    ruling = {"claim_id": "K1", "revision": 1, "verdict": "reject", "reason": "x"}
    review(front, OFFICER, "1", ruling)
    site.run()
    for again in (ruling, {"revision": 2, **ruling}):
        with pytest.raises(Poison, match="REVIEW_OWN_CLAIM"):
            review(front, AGAIN, "2", again)
    event = e.review("K1", 2, "reject", "2026-07-01T08:00:00", source=AGAIN.name)
    [answer] = submit_events(front, AGAIN, [e.raw(event)])
    assert isinstance(answer, Poison)
    assert review(front, BUDI, "3", ruling).source == BUDI.name
    assert review(front, OFFICER, "4", ruling).source == OFFICER.name  # under one name the worker compares


def test_payments_settle_and_nobody_else(site: Site, front: FrontOffice) -> None:
    site.run(e.accident("K1"))
    data = {"payout_id": "K1.r1.member", "claim_id": "K1", "paid_on": "2024-07-20", "amount": 4_000_000}
    for kind in KINDS:
        if kind != "payments":
            with pytest.raises(Denied):
                settle(front, new_principal(kind, "one"), "1", data)
    settle(front, PAYMENTS, "1", data)
    site.run()
    assert read_claim(front, PAYMENTS, "K1", "id").paid[0][0] == 4_000_000
    assert isinstance(front.intake, SiteIntake)
    assert json.loads(front.intake.handed_in[-1])["data"]["member_number"] == e.NUMBER, "one order with its claim"


@pytest.mark.parametrize("kind", ["clinic", "employer", "cooperative", "officer", "payments", "auditor", "operator"])
def test_who_may_not_report_a_death_learns_nothing_of_the_report(kind: str, front: FrontOffice) -> None:
    with pytest.raises(Denied):
        report_death(front, new_principal(kind, "one"), "1", {"nonsense": 1})


def test_faults_of_a_report_are_named_all_at_once(front: FrontOffice) -> None:
    data = {"member": {}, "accident": {"occurred_at": "yesterday"}, "medical": {"unable_to_work_days": "30"}}
    with pytest.raises(Poison) as refused:
        report_accident(front, CLINIC, "1", data)
    assert {one.field for one in refused.value.errors} == {
        "data.member",
        "data.accident.occurred_at",
        "data.medical.unable_to_work_days",
    }
