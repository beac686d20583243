"""The file of a claim: every fact with its writer, what happened, and no more of the person than is needed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.errors import NotReady, Transient
from pipeline.operations.claim_file import CaseView, read_case
from pipeline.queries.pages import NotFound
from pipeline.store.access_rows import AuditRecord
from tests.support import events as e
from tests.support.front import NOW, front_of
from tests.support.site import Site

OFFICER, AUDITOR = new_principal("officer", "siti"), new_principal("auditor", "ani")
CLINIC = "urn:santunan:clinic:plkk-0012"
SECRETS = {"nik": e.NIK, "name": "Sutinah Maryam", "diagnosis": "fraktur femur", "chronology": "jatuh dari tangga"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    happened = {"occurred_at": "2024-07-07T10:00:00+07:00", "kind": "violence", "chronology": SECRETS["chronology"]}
    member = {"member_number": e.NUMBER, "nik": e.NIK, "name": SECRETS["name"]}
    medical = {"unable_to_work_days": 30, "diagnosis": SECRETS["diagnosis"]}
    opened.run(
        *e.member(),
        e.accident("K1", "2024-05-05"),
        e.accident("K2", "2024-07-07", accident=happened, member=member, medical=medical),
        e.evidence(
            "K2", "2024-07-09T08:00:00", source=CLINIC, member_number=e.NUMBER, documents=["visum", "police_letter"]
        ),
    )
    yield opened
    opened.close()


def read(site: Site, claim_id: str = "K2", principal: object = OFFICER) -> CaseView:
    return read_case(front_of(site), principal, claim_id, "id")  # type: ignore[arg-type]


def test_an_officer_sees_each_fact_with_its_writer(site: Site) -> None:
    found = read(site)
    facts = {one.section: one for one in found.facts}
    assert ("Jenis kejadian", "kekerasan") in facts["accident"].rows
    assert ("Kronologi", SECRETS["chronology"]) in facts["accident"].rows
    assert ("Diagnosis", SECRETS["diagnosis"]) in facts["medical"].rows
    assert facts["accident"].writer == e.OFFICE
    assert "hasil visum" in dict(facts["documents"].rows)["Dokumen"]
    assert (found.outcome, found.member_number, found.nik) == ("REFERRED", e.NUMBER, f"{e.NIK[:4]}********{e.NIK[-4:]}")
    assert "REF_VIOLENCE" in [one.code for one in found.open]


def test_what_happened_is_listed_newest_first_with_what_it_led_to(site: Site) -> None:
    found = read(site)
    assert [one.kind for one in found.history] == ["decided", "evidence", "decided", "opened"][-len(found.history) :]
    assert [one.at for one in found.history] == sorted((one.at for one in found.history), reverse=True)
    assert found.history[-1].sections[0] == "peserta" and found.entries == len(found.history)
    assert {one.who for one in found.history if one.kind == "evidence"} == {CLINIC}


def test_other_claims_of_the_person_are_named(site: Site) -> None:
    assert [(one.claim_id, one.outcome) for one in read(site).others] == [("K1", "APPROVED")]
    assert [one.claim_id for one in read(site, "K1").others] == ["K2"]


def test_another_partys_version_of_a_section_is_shown_as_proposed(site: Site) -> None:
    medical = {"unable_to_work_days": 60}
    site.run(e.evidence("K1", "2024-07-10T08:00:00", source=CLINIC, member_number=e.NUMBER, medical=medical))
    found = [one for one in read(site, "K1").facts if one.section == "medical"]
    assert [(one.writer, one.is_proposed) for one in found] == [(e.OFFICE, False), (CLINIC, True)]


def test_nik_and_name_are_never_whole_and_an_auditor_sees_no_diagnosis(site: Site) -> None:
    for principal, hidden in ((OFFICER, {"nik", "name"}), (AUDITOR, set(SECRETS))):
        shown = json.dumps(orjson.loads(orjson.dumps(read(site, principal=principal))), ensure_ascii=False)
        assert {name for name, secret in SECRETS.items() if secret not in shown} == hidden, principal.kind


def test_who_does_not_rule_or_audit_reads_no_file(site: Site) -> None:
    for kind in ("clinic", "hospital", "employer", "desk", "payments", "operator"):
        with pytest.raises(Denied):
            read(site, principal=new_principal(kind, "one"))
    with pytest.raises(NotFound):
        read(site, "K9")


def test_who_sees_a_diagnosis_is_on_record_before_it_is_shown(site: Site) -> None:
    records: list[AuditRecord] = []
    front = front_of(site, records=records)
    read_case(front, OFFICER, "K2", "id")
    assert records == [AuditRecord(NOW, OFFICER.name, "case.read", "K2")]
    read_case(front, AUDITOR, "K2", "id")
    with pytest.raises(NotFound):
        read_case(front, OFFICER, "K9", "id")
    assert len(records) == 1, "what is masked, or not found, is no reading in full"
    for note, failure in ((None, NotReady), (_fail, Transient)):
        with pytest.raises(failure):
            read_case(replace(front, note=note), OFFICER, "K2", "id")


def _fail(record: AuditRecord) -> None:
    raise Transient("the store does not answer")
