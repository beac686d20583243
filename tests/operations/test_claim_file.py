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
from pipeline.operations.claim_file import CaseView, changed_since, read_case
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
            read_case(replace(front, put_on_record=note), OFFICER, "K2", "id")


def _fail(record: AuditRecord) -> None:
    raise Transient("the store does not answer")


# --- what an officer must answer


def test_the_question_has_the_facts_and_papers_that_answer_it(site: Site) -> None:
    [question] = read(site).questions
    assert (question.code, question.text) == ("REF_VIOLENCE", "Apakah kekerasan ini berhubungan dengan pekerjaan?")
    assert {one.section for one in question.facts} == {"accident", "report", "conclusion"}
    scans = [{"sha256": letter * 64, "document": kind} for letter, kind in (("a", "visum"), ("b", "ktp"))]
    site.run(e.evidence("K2", "2024-07-10T08:00:00", documents=["ktp"], attachments=scans))
    found = read(site)
    assert [one.document for one in found.papers] == ["visum", "ktp"]
    assert [(one.document, one.source, one.media_type) for one in found.questions[0].papers] == [
        ("visum", e.OFFICE, None)
    ]


def test_the_second_officer_reads_the_ruling_that_waits_and_why(site: Site) -> None:
    changes = [{"line": "stmb", "amount": 900_000_000, "reason": "x"}]
    site.run(
        e.review("K2", 2, "request_documents", "2024-07-11T10:00:00", documents=["ktp"], reason="KTP tidak terbaca"),
        e.review("K2", 3, "change", "2024-07-12T10:00:00", changes=changes, reason="upah menurut slip gaji"),
    )
    found = read(site)
    assert [one.code for one in found.questions] == ["REV_SECOND_OFFICER"]
    assert "Rp900.000.000" in found.questions[0].text
    assert found.waits_for_second is not None
    assert (found.waits_for_second.who, found.waits_for_second.text) == (e.OFFICER, "upah menurut slip gaji")
    assert [one.text for one in found.rulings] == ["upah menurut slip gaji", "KTP tidak terbaca"]


def test_an_appeal_is_read_with_its_ground(site: Site) -> None:
    data = {"claim_id": "K1", "ground": "Upah saya lebih tinggi."}
    site.run(e.event("claim.appealed", data, source=e.DESK, time="2024-08-01T10:00:00"))
    found = read(site, "K1")
    assert [one.code for one in found.questions] == ["CLM_APPEALED"]
    assert [(one.who, one.text) for one in found.grounds] == [(e.DESK, "Upah saya lebih tinggi.")]


def test_what_changed_since_a_revision_is_named_by_field(site: Site) -> None:
    happened = {"occurred_at": "2024-07-07T11:00:00+07:00", "kind": "violence", "chronology": SECRETS["chronology"]}
    site.run(e.evidence("K2", "2024-07-10T08:00:00", accident=happened, documents=["ktp", "attendance"]))
    revision = read(site).revision
    changes = changed(site, revision - 1)
    assert ("Kapan terjadi", "7 Juli 2024 10:00 WIB", "7 Juli 2024 11:00 WIB") in changes
    assert any("daftar hadir" in (after or "") and "daftar hadir" not in (before or "") for _, before, after in changes)
    assert not any(label == "Kronologi" for label, _, _ in changes), "it is as it was"
    assert changes[-1] == ("", "diteruskan kepada petugas, Rp0", "diteruskan kepada petugas, Rp0")
    assert changed(site, revision) == changed(site, 99) == []


def changed(site: Site, revision: int, principal: object = OFFICER) -> list[tuple[str, str | None, str | None]]:
    found = changed_since(front_of(site), principal, "K2", revision, "id")  # type: ignore[arg-type]
    return [(one.label, one.before, one.after) for one in found]
