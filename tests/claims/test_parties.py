"""A claim belongs to a person, its sections to who wrote them: who may change what, and what waits for an officer."""

from typing import Any

import pytest

from schemas.claims import SECTION_WRITERS
from tests.support import events as e
from tests.support.scene import Scene

OTHER, OTHER_NIK = "20000000022", "3671010101800002"
SECOND_NUMBER = "20000000033"  # of the same person as e.NUMBER
CLINIC_A, CLINIC_B = "urn:santunan:clinic:a", "urn:santunan:clinic:b"
LATER = e.registered(SECOND_NUMBER, e.NIK, time="2024-06-01T08:00:00", registered_on="2024-12-01")
PEOPLE = [*e.member(), *e.member(OTHER, OTHER_NIK), LATER]
CLOSED = {"conclusion": {"work_related": True, "concluded_on": "2024-07-07"}}


def people() -> list[Any]:
    return [*e.member(), *e.member(OTHER, OTHER_NIK)]


def reported(source: str = CLINIC_A, claim_id: str = "K1", **change: Any) -> Any:
    """A claim as a clinic sends it: without the report and the conclusion, which others write."""
    return e.accident(claim_id, source=source, **({"report": None, "conclusion": None} | change))


def concluded(claim_id: str = "K1", time: str = "2024-07-08T08:00:00") -> Any:
    report = {"reported_at": "2024-07-07T15:00:00+07:00"}
    return e.evidence(claim_id, time, report=report, **CLOSED)


# --- the person of a claim

NAMES = {
    "the same number": ({"member_number": e.NUMBER}, None),
    "the same person by NIK": ({"nik": e.NIK}, None),
    "another number of the same person": ({"member_number": SECOND_NUMBER}, None),
    "another number": ({"member_number": OTHER}, "CLAIM_OTHER_MEMBER"),
    "another NIK": ({"nik": OTHER_NIK}, "CLAIM_OTHER_MEMBER"),
    "the number with another NIK": ({"member_number": e.NUMBER, "nik": OTHER_NIK}, "CLAIM_OTHER_MEMBER"),
    "a number nobody has": ({"member_number": "20000000099"}, "CLAIM_OTHER_MEMBER"),
}


@pytest.mark.parametrize("writer", sorted(SECTION_WRITERS))
@pytest.mark.parametrize("name", NAMES)
def test_only_the_office_may_name_another_person(name: str, writer: str) -> None:
    reference, refusal = NAMES[name]
    scene = Scene(*PEOPLE, e.accident(medical={"unable_to_work_days": 30}))
    source = f"urn:santunan:{writer}:x"
    found = scene.refused(e.evidence("K1", "2024-07-09T08:00:00", source=source, member=reference))
    assert found == (None if writer == "office" else refusal)
    if writer == "office" and refusal:
        assert scene.result()[0] == "REFERRED"
        assert "CLM_OTHER_MEMBER" in scene.result()[1]
    assert scene.accounts() == {(e.NUMBER, "member"): 4_000_000}


@pytest.mark.parametrize("number", [OTHER, "20000000099"])
def test_no_event_is_sent_under_the_number_of_another_person(number: str) -> None:
    scene = Scene(*PEOPLE, e.accident())
    late = {"member_number": number}
    settlement = e.settled("K1.r1.member", 4_000_000, "2024-07-09")
    for document in (
        e.review("K1", 1, "reassess", "2024-07-09T08:00:00", **late),
        e.evidence("K1", "2024-07-09T08:00:00", documents=["visum"], **late),
        settlement | {"data": settlement["data"] | late},
        e.event("payout.failed", e.failed("K1.r1.member", "2024-07-09")["data"] | late, source=e.PAYMENTS),
        e.event("claim.appealed", {"claim_id": "K1"} | late, source=e.DESK),
    ):
        assert scene.refused(document) == "CLAIM_OTHER_MEMBER", document["type"]
        assert scene.refused(document | {"data": document["data"] | {"member_number": e.NUMBER}}) is None


def test_a_corrected_person_is_confirmed_by_an_officer_and_money_goes_by_person() -> None:
    scene = Scene(*people(), e.accident())
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", member={"member_number": OTHER}))
    assert scene.result() == ("REFERRED", ["REV_NEW_FACTS", "CLM_OTHER_MEMBER"], 0)
    scene.take(e.review("K1", 2, "approve", "2024-07-10T08:00:00"))
    assert scene.result() == ("APPROVED", ["OK"], 4_000_000)
    assert scene.accounts() == {(OTHER, "member"): 4_000_000}
    back = {"member_number": e.NUMBER, "payee": "member", "amount": 4_000_000, "recover_by": "2024-08-09"}
    assert scene.last["recoveries"] == [back]
    assert len({one["payout_id"] for one in scene.of("payout")}) == 3


def test_a_foreign_clinic_takes_no_waiting_claim_for_its_own_worker() -> None:
    scene = Scene(*people(), reported(), concluded())
    assert scene.refused(reported(CLINIC_B, number=OTHER)) == "CLAIM_ID_TAKEN"
    assert scene.result()[0] == "APPROVED"
    assert scene.accounts() == {(e.NUMBER, "member"): 4_000_000}


def test_a_claim_by_nik_stays_with_the_membership_that_was_paid() -> None:
    scene = Scene(*e.member(), e.accident(number=None, member={"nik": e.NIK}))
    assert scene.accounts() == {(e.NUMBER, "member"): 4_000_000}
    scene.take(e.registered(SECOND_NUMBER, e.NIK, time="2024-07-08T08:00:00", registered_on="2024-07-08"))
    scene.take(e.settled("K1.r1.member", 4_000_000, "2024-07-09"))
    assert scene.accounts() == {(e.NUMBER, "member"): 4_000_000}


# --- the sections of a claim


@pytest.mark.parametrize("source", [CLINIC_B, "urn:santunan:hospital:b"])
def test_what_no_party_sends_waits_and_does_not_count(source: str) -> None:
    scene = Scene(*people(), reported(documents=["ktp"]), concluded())
    assert scene.result()[0] == "PENDING"
    stranger = e.evidence("K1", "2024-07-09T08:00:00", source=source, documents=e.JKK_PAPERS)
    assert scene.take(stranger) == []
    assert [(number, one.source) for number, one in scene.case().waiting] == [(3, source)]
    scene.take(e.evidence("K1", "2024-07-09T09:00:00", source=source, documents=["visum"], member_number=e.NUMBER))
    assert scene.case().is_party(source, 4)
    assert scene.result()[0] == "PENDING"  # what it sent as a stranger still does not count
    scene.take(stranger | {"id": "again"})
    assert scene.result()[0] == "APPROVED"


def test_the_employer_of_the_member_is_a_party() -> None:
    scene = Scene(*people(), reported(documents=["ktp"]), concluded())
    for who, is_party in (("tng00001", True), ("tng00002", False)):
        source = f"urn:santunan:employer:{who}"
        scene.take(e.evidence("K1", "2024-07-09T08:00:00", source=source, documents=["attendance"]))
        assert scene.case().is_party(source, 9) is is_party


def test_evidence_before_the_claim_is_judged_when_the_claim_comes() -> None:
    early = e.evidence("K1", "2024-07-07T12:00:00", source=CLINIC_B, documents=e.JKK_PAPERS)
    named = e.evidence("K1", "2024-07-07T12:00:00", source="urn:santunan:clinic:c", documents=["ktp"])
    named["data"]["member_number"] = e.NUMBER
    scene = Scene(*people(), early, named, reported(documents=None), concluded())
    assert [one.source for _, one in scene.case().waiting] == [CLINIC_B]
    assert scene.case().documents == frozenset({"ktp"})


def test_a_party_adds_what_nobody_wrote_and_changes_only_its_own() -> None:
    costs = {"transport": {"land": 500_000}}
    scene = Scene(*people(), reported(documents=[*e.JKK_PAPERS, "transport_receipt"]), concluded())
    scene.take(e.evidence("K1", "2024-07-08T09:00:00", source=CLINIC_A, documents=["visum"]))
    assert scene.result() == ("APPROVED", ["OK"], 4_000_000)
    named = {"source": CLINIC_B, "member_number": e.NUMBER}
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", medical={"unable_to_work_days": 300}, **named))
    found = scene.latest()
    assert (found["outcome"], found["reason_codes"]) == ("REFERRED", ["CLM_OTHER_SOURCE"])
    assert found["indicative_total"] > 4_000_000
    [check] = [one for one in found["trace"] if one[0] == "one_source"]
    assert check[2] == {"sections": "medical", "writer": CLINIC_A, "other": CLINIC_B}
    scene.take(e.review("K1", found["revision"], "reject", "2024-07-09T10:00:00"))
    assert scene.result() == ("REJECTED", ["REV_REJECTED"], 0)
    assert scene.case().medical is not None
    assert scene.case().medical.unable_to_work_days == 30
    scene.take(e.evidence("K1", "2024-07-10T08:00:00", costs=costs, **named))
    assert scene.case().writers["costs"] == CLINIC_B


def test_an_officer_who_accepts_another_version_makes_it_count() -> None:
    scene = Scene(*people(), reported(), concluded())
    named = {"source": CLINIC_B, "member_number": e.NUMBER}
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", medical={"unable_to_work_days": 60}, **named))
    scene.take(e.review("K1", 3, "approve", "2024-07-09T10:00:00"))
    assert scene.result() == ("APPROVED", ["OK"], 8_000_000)
    assert scene.case().writers["medical"] == CLINIC_B
    scene.take(e.evidence("K1", "2024-07-10T08:00:00", source=CLINIC_A, medical={"unable_to_work_days": 1}))
    assert "CLM_OTHER_SOURCE" in scene.result()[1]


def test_another_version_that_changes_nothing_stops_nobody() -> None:
    scene = Scene(*people(), reported(), concluded())
    happened = {"occurred_at": "2024-07-07T10:00:00+07:00", "place": "Gudang"}
    employer = {"source": "urn:santunan:employer:tng00001"}
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", accident=happened, **employer))
    assert scene.result() == ("APPROVED", ["OK"], 4_000_000)


def test_the_owners_new_word_ends_the_contest() -> None:
    scene = Scene(*people(), reported(), concluded())
    named = {"source": CLINIC_B, "member_number": e.NUMBER}
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", medical={"unable_to_work_days": 60}, **named))
    scene.take(e.evidence("K1", "2024-07-09T09:00:00", source=CLINIC_A, medical={"unable_to_work_days": 30}))
    assert scene.result() == ("APPROVED", ["OK"], 4_000_000)


@pytest.mark.parametrize("source", [CLINIC_A, e.OFFICE])
def test_new_facts_that_move_effective_money_wait_whoever_decided(source: str) -> None:
    scene = Scene(*people(), reported(), concluded())
    for days in (360, 0):
        scene.take(e.evidence("K1", "2024-07-09T08:00:00", source=source, medical={"unable_to_work_days": days}))
        assert scene.result()[:2] == ("REFERRED", ["REV_NEW_FACTS"])
    assert scene.accounts() == {(e.NUMBER, "member"): 4_000_000}


def test_whom_the_office_named_before_the_claim_is_confirmed_by_an_officer() -> None:
    early = e.evidence("K1", "2024-07-07T12:00:00", member={"member_number": OTHER})
    scene = Scene(*people(), early, e.accident("K1", source=CLINIC_A, report=None, conclusion=None), concluded())
    assert scene.result() == ("REFERRED", ["CLM_OTHER_MEMBER"], 0)


# --- whose members


OWN, FOREIGN = "urn:santunan:employer:tng00001", "urn:santunan:employer:tng00002"


@pytest.mark.parametrize("kind", ["member.wage-reported", "member.contribution-paid", "member.ended"])
@pytest.mark.parametrize(
    ("source", "refusal"), [(OWN, None), (FOREIGN, "MEMBER_OTHER_EMPLOYER"), (e.OFFICE, None), (e.CLINIC, None)]
)
def test_an_employer_writes_its_own_members_only(kind: str, source: str, refusal: str | None) -> None:
    data = {
        "member.wage-reported": {"month": "2024-06", "wage": 100_000_000},
        "member.contribution-paid": {"months": ["2027-01"], "paid_on": "2024-06-30"},
        "member.ended": {"ended_on": "2024-06-30"},
    }[kind]
    scene = Scene(*e.member())
    document = e.event(kind, {"member_number": e.NUMBER} | data, source=source, time="2024-06-30T18:00:00")
    expected = "SOURCE_NOT_ALLOWED" if source == e.CLINIC else refusal
    assert scene.refused(document) == expected


def test_a_member_is_registered_anew_by_another_employer_after_the_end_alone() -> None:
    anew = e.registered(time="2024-06-30T18:00:00", registered_on="2024-07-01") | {"source": FOREIGN}
    anew["data"]["employer"] = {"number": "TNG00002"}
    scene = Scene(*e.member())
    assert scene.refused(anew) == "MEMBER_OTHER_EMPLOYER"
    scene.take(
        e.event("member.ended", {"member_number": e.NUMBER, "ended_on": "2024-06-29"}, time="2024-06-30T08:00:00")
    )
    assert scene.refused(anew) is None
    other_nik = anew | {"data": anew["data"] | {"nik": OTHER_NIK}}
    assert scene.refused(other_nik) == "MEMBER_OTHER_EMPLOYER"


def test_the_collecting_bank_writes_contributions_and_nothing_else_of_a_member() -> None:
    scene = Scene(*e.member())
    paid = {"member_number": e.NUMBER, "months": ["2027-01"], "paid_on": "2024-06-30"}
    assert (
        scene.refused(e.event("member.contribution-paid", paid, source=e.PAYMENTS, time="2024-07-01T08:00:00")) is None
    )
    wage = {"member_number": e.NUMBER, "month": "2024-06", "wage": 1}
    late = e.event("member.wage-reported", wage, source=e.PAYMENTS, time="2024-07-01T08:00:00")
    assert scene.refused(late) == "SOURCE_NOT_ALLOWED"


def test_a_payment_the_employer_tells_after_the_accident_waits_for_an_officer() -> None:
    before = [e.registered(), e.wage("2019-11", 4_000_000), e.paid("2019-11", "2023-12", "2019-12-10")]
    late = {"member_number": e.NUMBER, "months": e.months("2024-01", "2024-06"), "paid_on": "2024-06-30"}
    told = e.event("member.contribution-paid", late, source=OWN, time="2024-07-08T09:00:00")
    scene = Scene(*before, told, e.accident("K1", time="2024-07-08T20:00:00"))
    assert scene.result() == ("REFERRED", ["MEM_BACKDATED_PAYMENT"], 0)
    scene.take(e.review("K1", 1, "approve", "2024-07-09T08:00:00"))
    assert scene.result()[0] == "APPROVED"
    bank = Scene(*before, told | {"source": e.PAYMENTS}, e.accident("K1", time="2024-07-08T20:00:00"))
    assert bank.result()[0] == "APPROVED"
