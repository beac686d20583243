"""What is kept about a person: one person is planted in everything that is kept, and every table with a trace of him is
named, on both engines. A table that is new fails until it is listed."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.errors import Poison
from pipeline.operations.coverage_keeping import coverage_book_of, keep
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.personal_data import read_kept
from pipeline.queries.personal_data import NOT_PERSONAL, TABLES
from pipeline.store.access_book import AccessBook, open_access
from pipeline.store.access_rows import AuditRecord
from pipeline.store.coverage_tables import known_workers
from pipeline.store.draft_book import drafts
from pipeline.store.paper_book import Paper, PaperBook
from pipeline.store.refused_event_tables import refused_event_steps
from pipeline.store.tables import metadata
from pipeline.store.webhook_tables import webhook_deliveries
from pipeline.store.work_book import work_holders
from schemas.clock import microseconds
from tests.support import events as e
from tests.support.front import NOW, front_of
from tests.support.site import Site

OPERATOR, AUDITOR, OFFICER = (new_principal(kind, "ani") for kind in ("operator", "auditor", "officer"))
NUMBER, NIK, OTHER_NIK, CLAIM = "20000000077", "3671014107850007", "3671014107850118", "CANARY-77"
NAME, STORY, ICD = "Kunyit Canary", "terpeleset dari perancah kuning", "S72.301Q"
CANARIES = (NUMBER, NIK, NAME, STORY, ICD, CLAIM)
SHA = "5" * 64
MICROSECONDS = microseconds(NOW)
WIFE_NIK, CHILD = "3671016607850009", "Melati Canary"
STRANGER, STRANGER_NIK = "20000000088", "3671010101800088"


@pytest.fixture
def book(site: Site) -> Iterator[AccessBook]:
    with open_access(site.url) as access:
        yield access


@pytest.fixture
def front(site: Site, book: AccessBook) -> FrontOffice:
    return replace(front_of(site), access=book, put_on_record=book.write)


def who(**change: Any) -> dict[str, Any]:
    return {"member_number": NUMBER, "nik": NIK, "name": NAME} | change


def plant(site: Site, front: FrontOffice, book: AccessBook) -> None:
    """The person in everything that is kept, beside somebody else."""
    site.run(*e.member(STRANGER, STRANGER_NIK), e.accident("OTHER-1", number=STRANGER))
    months = [e.paid("2019-11", "2026-12", "2019-11-02", NUMBER), e.wage("2019-11", 4_000_000, NUMBER)]
    site.run(e.registered(NUMBER, NIK, name=NAME, channel="Koperasi", region="Tangerang"), *months)
    for year in range(2013, 2020):
        site.run(*[e.paid(f"{year}-{month:02}", f"{year}-{month:02}", "2019-11-02", NUMBER) for month in range(1, 13)])
    what = {"occurred_at": "2024-07-07T10:00:00+07:00", "chronology": STORY}
    medical = {"unable_to_work_days": 30, "diagnosis": ICD}
    attachments = [{"sha256": SHA, "document": "visum"}]
    site.run(e.accident(CLAIM, number=NUMBER, member=who(), accident=what, medical=medical, attachments=attachments))
    site.run(e.accident("REFUSED-1", number=NUMBER, member=who(), accident=what, medical={"unable_to_work_days": "x"}))
    keep(coverage_book_of(front), front.book)
    PaperBook(book).add(Paper(SHA, "application/pdf", 10), "urn:santunan:clinic:one", NOW)
    book.write(AuditRecord(NOW, AUDITOR.name, "claim.person", CLAIM, reason="asked"))
    with site.store.engine.begin() as connection:
        [refused, *others] = connection.exec_driver_sql(
            'SELECT topic, "partition", "offset" FROM dead_letters'
        ).fetchall()
        assert others == [], site.rows("SELECT reason, errors FROM dead_letters")
        place = {"topic": refused[0], "partition": refused[1], "offset": refused[2]}
        connection.execute(
            refused_event_steps.insert().values(**place, step="asked", clock=MICROSECONDS, who=OPERATOR.name)
        )
        connection.execute(
            drafts.insert().values(
                id="d", principal="p", kind="accident", step="who", event_id="x", created_at=MICROSECONDS,
                changed_at=MICROSECONDS, answers=f'{{"member.number": ["{NUMBER}"], "member.name": ["{NAME}"]}}',
            )
        )  # fmt: skip
        connection.execute(
            webhook_deliveries.insert().values(
                id="w", webhook="h", decision_id=f"{CLAIM}.r1", body=f'{{"claim_id": "{CLAIM}"}}'.encode(),
                created_at=MICROSECONDS, attempts=0,
            )
        )  # fmt: skip
        connection.execute(
            work_holders.insert().values(
                claim_id=CLAIM, referral_id=f"{CLAIM}.f1", principal=OFFICER.name, given_by=OFFICER.name,
                taken_at=MICROSECONDS, lapses_at=MICROSECONDS,
            )
        )  # fmt: skip
        connection.execute(
            known_workers.insert().values(
                id="0" * 64,
                nik=NIK,
                name=NAME,
                region="",
                sector="",
                cooperative="",
                office="o",
                listed_on="2024-01-01",
            )
        )


def tables_with(site: Site, canaries: tuple[str, ...]) -> set[str]:
    """All tables of the store in which a row has one of these."""
    found = set()
    with site.store.reader() as connection:
        for name, table in metadata.tables.items():
            for row in connection.execute(select(table)):
                said = " ".join(one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in row)
                if any(canary in said for canary in canaries):
                    found.add(name)
                    break
    return found


def test_each_table_with_a_trace_of_the_person_is_named(site: Site, front: FrontOffice, book: AccessBook) -> None:
    plant(site, front, book)
    found = read_kept(front, OPERATOR, NUMBER, "asked by the member", "en")
    named = {one.kept.where for one in found.tables if not one.kept.where.startswith("topic ")}
    kept = tables_with(site, CANARIES)
    assert named >= kept, kept - named
    # What has no canary in plain bytes, but is about the person all the same.
    assert named - kept <= {"dead_letters", "papers", "refused_event_steps", "member_months", "report_drafts"}
    other_engine = {"outputs", "persons"} if site.store.is_embedded else {"log"}
    assert named == set(TABLES) - other_engine
    topics = [one.kept.where for one in found.tables if one.kept.where.startswith("topic ")]
    assert bool(topics) != site.store.is_embedded
    assert (found.memberships, found.claims, found.niks) == ((NUMBER,), (CLAIM,), 1)
    assert all(canary not in repr(found) for canary in (NIK, NAME, STORY, ICD))


def test_each_table_is_listed_as_personal_or_not() -> None:
    assert set(metadata.tables) == {*TABLES, *NOT_PERSONAL} and not set(TABLES) & set(NOT_PERSONAL)


def test_tables_that_are_not_listed_hold_nothing_of_the_person(
    site: Site, front: FrontOffice, book: AccessBook
) -> None:
    plant(site, front, book)
    assert not tables_with(site, CANARIES) & set(NOT_PERSONAL)
    assert tables_with(site, ("history.events",)) & set(NOT_PERSONAL)  # the search looks there, too


def test_by_nik_or_number_it_is_the_same_person_and_nobody_else(
    site: Site, front: FrontOffice, book: AccessBook
) -> None:
    plant(site, front, book)
    by_number, by_nik = (read_kept(front, AUDITOR, one, "asked", "id") for one in (NUMBER, NIK))
    counts = [
        [(one.kept.where, one.kept.rows) for one in found.tables if one.kept.where != "audit_records"]
        for found in (by_number, by_nik)
    ]
    assert counts[0] == counts[1]
    rows = {one.kept.where: one.kept for one in by_nik.tables}
    assert (rows["cases"].rows, rows["decisions"].rows, rows["known_workers"].rows) == (1, 1, 1)
    assert rows["ledger"].since == dt.datetime.fromisoformat("2019-11-01T08:00:00+07:00")
    stranger = {one.kept.where for one in read_kept(front, AUDITOR, STRANGER_NIK, "asked", "id").tables}
    assert not stranger & {"known_workers", "dead_letters", "report_drafts", "papers", "webhook_deliveries"}


def plant_heirs(site: Site, book: AccessBook) -> None:
    """A wife with a NIK and a child with a name alone, in free text of another's claim, of its ruling and elsewhere."""
    site.run(*e.member(STRANGER, STRANGER_NIK))
    story = {"occurred_at": "2024-07-07T10:00:00+07:00", "chronology": f"istrinya, NIK {WIFE_NIK}, ada di tempat"}
    escaped = json.dumps(e.accident("OTHER-1", number=STRANGER, accident=story)).replace("60785", "6\\u0030785")
    site.run(escaped.encode(), e.accident("OTHER-2", "2024-08-08", STRANGER, conclusion=None))
    reason = f"menurut anaknya, {CHILD.upper().replace(' ', '  ')}."
    site.run(e.review("OTHER-2", 1, "reassess", "2024-08-10T10:00:00", reason=reason))
    site.run(e.wage("2024-11", 4_100_000, STRANGER, source="urn:santunan:employer:one") | {"note": CHILD})
    site.run(f"no event, of {CHILD}".encode(), f"{WIFE_NIK}1 is no NIK, nor is {CHILD}ni a name".encode())
    book.write(AuditRecord(NOW, AUDITOR.name, "claim.person", "OTHER-1", reason=f"asked by {CHILD}"))
    with site.store.engine.begin() as connection:
        connection.execute(
            drafts.insert().values(
                id="d", principal="p", kind="accident", step="who", event_id="x", created_at=MICROSECONDS,
                changed_at=MICROSECONDS, answers=f'{{"member.number": ["{STRANGER}"], "story": ["with {CHILD}"]}}',
            )
        )  # fmt: skip


def test_heirs_are_found_in_what_is_about_others(site: Site, front: FrontOffice, book: AccessBook) -> None:
    plant_heirs(site, book)
    events = {"log"} if site.store.is_embedded else {"ledger", "topic history.events"}

    def named(**asked: Any) -> dict[tuple[str, bool], tuple[int, tuple[str, ...]]]:
        found = read_kept(front, AUDITOR, WIFE_NIK, "asked", "en", **asked)
        assert (found.memberships, found.claims, found.tables) == ((), (), ())
        return {(one.where, one.is_by_name): (one.rows, one.claims) for one in found.mentions}

    by_nik = {(where, False): (1, ("OTHER-1",)) for where in events}
    assert named() == by_nik
    elsewhere = {(where, True): (1, ()) for where in ("dead_letters", "report_drafts", "audit_records")}
    by_name = {(where, True): (1, ("OTHER-2",)) for where in events}
    refused = len(site.refusals()) - 1  # all but the one with words that only look like it
    elsewhere["dead_letters", True] = (refused, ())
    assert named(name=CHILD) == by_nik | by_name | elsewhere
    assert WIFE_NIK not in repr(book.records(50)) and CHILD not in book.records(1)[0].reason
    tables = {where for where, _ in named(name=CHILD) if not where.startswith("topic ")}
    kept = tables_with(site, (WIFE_NIK, CHILD, CHILD.upper().replace(" ", "  ")))
    assert tables >= kept, kept - tables
    for wrong in ("Si", "x" * 201):
        with pytest.raises(Poison):
            read_kept(front, AUDITOR, WIFE_NIK, "asked", "en", wrong)


def test_a_member_is_found_in_events_of_others_by_name_and_not_in_the_own_ones(
    site: Site, front: FrontOffice, book: AccessBook
) -> None:
    plant(site, front, book)
    own = read_kept(front, AUDITOR, NUMBER, "asked", "en")
    assert own.mentions == ()
    story = {"occurred_at": "2024-09-07T10:00:00+07:00", "chronology": f"bersama {NAME.lower()}, tetangganya"}
    site.run(e.accident("OTHER-2", "2024-09-07", STRANGER, accident=story))
    found = read_kept(front, AUDITOR, NUMBER, "asked", "en")
    assert {(one.is_by_name, one.rows, one.claims) for one in found.mentions} == {(True, 1, ("OTHER-2",))}
    assert found.tables[0] == own.tables[0], "what is the person's own stays apart"


def test_the_look_itself_is_on_record_before_the_answer(site: Site, front: FrontOffice, book: AccessBook) -> None:
    plant(site, front, book)
    found = read_kept(front, AUDITOR, NIK, "  asked by   the member ", "en")
    said = [(one.who, one.action, one.subject, one.reason) for one in found.readings]
    assert said[0] == (AUDITOR.name, "person.kept", NUMBER, "asked by the member")
    assert (AUDITOR.name, "claim.person", CLAIM, "asked") in said
    assert NIK not in repr(book.records(50))
    for member, reason in ((NIK, ""), (NIK, f"about {NIK}"), (NIK, "x" * 201), ("1", "x"), ("", "x")):
        with pytest.raises(Poison):
            read_kept(front, AUDITOR, member, reason, "en")
    with pytest.raises(Denied):
        read_kept(front, OFFICER, NIK, "x", "en")


@pytest.mark.parametrize("name", ["Éà Yé", "A. B. C.", "李小龙"])
def test_a_name_that_cannot_be_searched_for_is_refused_and_not_passed_over(front: FrontOffice, name: str) -> None:
    with pytest.raises(Poison) as refused:
        read_kept(front, OPERATOR, NIK, "asked by the family", "en", name)
    assert [one.field for one in refused.value.errors] == ["name"]
    assert read_kept(front, OPERATOR, NIK, "asked by the family", "en", f"{name} Siti").mentions == ()


def test_nothing_is_kept_about_who_is_not_known(front: FrontOffice) -> None:
    found = read_kept(front, AUDITOR, OTHER_NIK, "asked", "en")
    assert (found.tables, found.memberships, found.claims, found.niks, found.readings) == ((), (), (), 0, ())
    asked = read_kept(front, AUDITOR, "29999999999", "asked", "en")
    assert [one.kept.where for one in asked.tables] == ["audit_records"]  # this look
