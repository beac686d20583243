"""The desk: what follows from each event. The amounts are tested with the rules; here it is about when money moves."""

import datetime as dt
from typing import Any

import orjson
import pytest

from pipeline.claims.desk import Desk
from pipeline.errors import Poison
from pipeline.law.book import Book
from schemas.events import parse
from tests.support import events as e


class Scene:
    """A desk that takes documents in order, as the worker would, and keeps what left it."""

    def __init__(self, *documents: Any) -> None:
        self.desk = Desk(Book.load())
        self.out: list[dict[str, Any]] = []
        self.order = 0
        for document in documents:
            self.take(document)

    def take(self, document: Any) -> list[dict[str, Any]]:
        event = parse(e.raw(document))
        self.order += 1
        new = [orjson.loads(one.value) for one in self.desk.take(event, event.time, order=self.order)]
        self.out += new
        return new

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one["data"] for one in self.out if one["type"].startswith(f"santunan.{kind}")]

    @property
    def last(self) -> dict[str, Any]:
        return self.of("decision")[-1]

    def moved(self) -> int:
        return sum(one["amount"] if one["direction"] == "pay" else -one["amount"] for one in self.of("payout"))


def test_an_approved_claim_makes_one_decision_and_one_payout() -> None:
    scene = Scene(*e.member(), e.accident())
    assert scene.last["outcome"] == "APPROVED", scene.last
    assert [(one["line"], one["amount"]) for one in scene.last["benefits"]] == [("stmb", 4_000_000)]
    assert scene.moved() == scene.last["total"] == 4_000_000
    assert [one["type"] for one in scene.out] == ["santunan.decision.made.v1", "santunan.payout.ordered.v1"]


def test_a_pending_claim_is_finished_by_sending_what_was_missing_and_nothing_else() -> None:
    scene = Scene(*e.member(), e.accident(documents=["ktp"]))
    assert (scene.last["outcome"], scene.last["missing"]) == ("PENDING", ["membership_card", "doctor_letter"])
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", documents=["membership_card", "doctor_letter"]))
    assert (scene.last["outcome"], scene.last["revision"], scene.last["supersedes"]) == ("APPROVED", 2, "K1.r1")
    assert scene.moved() == 4_000_000


def test_evidence_before_its_claim_waits_in_a_case_not_yet_opened() -> None:
    late = e.evidence("K1", "2024-07-07T19:00:00", documents=e.JKK_PAPERS, source=e.CLINIC, member_number=e.NUMBER)
    scene = Scene(*e.member(), late)
    assert scene.out == []
    scene.take(e.accident(documents=None))
    assert scene.last["outcome"] == "APPROVED"


def test_a_revision_moves_only_the_difference() -> None:
    scene = Scene(*e.member(), e.accident())
    scene.take(e.evidence("K1", "2024-07-20T08:00:00", medical={"unable_to_work_days": 45}))
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["REV_NEW_FACTS"])
    assert (scene.last["indicative_total"], scene.moved()) == (6_000_000, 4_000_000)
    scene.take(e.review("K1", 2, "approve", "2024-07-20T09:00:00"))
    assert [(one["direction"], one["amount"]) for one in scene.of("payout")] == [("pay", 4_000_000), ("pay", 2_000_000)]
    scene.take(e.evidence("K1", "2024-07-21T08:00:00", medical={"unable_to_work_days": 15}))
    scene.take(e.review("K1", 4, "approve", "2024-07-21T09:00:00"))
    assert scene.of("payout")[-1]["direction"] == "recover"
    assert scene.moved() == scene.last["total"] == 2_000_000
    back = {"member_number": e.NUMBER, "payee": "member", "amount": 4_000_000, "recover_by": "2024-08-20"}
    assert scene.last["recoveries"] == [back]


def test_a_referral_opens_with_the_decision_and_closes_when_an_officer_answers() -> None:
    scene = Scene(*e.member(), e.accident(accident={"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True}))
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["JKK_ROUTE_CHECK"])
    assert scene.moved() == 0
    scene.take(e.review("K1", 1, "approve", "2024-07-08T08:00:00"))
    assert scene.last["outcome"] == "APPROVED"
    assert [(one["state"], one["codes"]) for one in scene.of("referral")] == [
        ("opened", ["JKK_ROUTE_CHECK"]),
        ("closed", ["JKK_ROUTE_CHECK"]),
    ]


def test_a_review_of_an_older_revision_is_refused_with_what_changed() -> None:
    scene = Scene(*e.member(), e.accident(accident={"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True}))
    scene.take(
        e.evidence("K1", "2024-07-08T08:00:00", documents=["attendance"], source=e.CLINIC, member_number=e.NUMBER)
    )
    with pytest.raises(Poison) as refused:
        scene.take(e.review("K1", 1, "approve", "2024-07-09T08:00:00"))
    assert refused.value.reason == "REVIEW_STALE"
    assert "revision 2" in refused.value.errors[0].message


def test_new_facts_after_an_officers_rejection_wait_for_an_officer_again() -> None:
    scene = Scene(*e.member(), e.accident(accident={"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True}))
    scene.take(e.review("K1", 1, "reject", "2024-07-08T08:00:00"))
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REJECTED", ["REV_REJECTED"])
    scene.take(
        e.evidence("K1", "2024-07-09T08:00:00", documents=["attendance"], source=e.CLINIC, member_number=e.NUMBER)
    )
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["REV_NEW_FACTS"])
    assert scene.moved() == 0
    scene.take(e.review("K1", 3, "reassess", "2024-07-10T08:00:00"))
    assert scene.last["reason_codes"] == ["JKK_ROUTE_CHECK"]


def test_above_the_limit_a_second_other_officer_confirms() -> None:
    fatal = {"death": {"died_on": "2024-07-07", "cause": "accident"}, "unable_to_work_days": None}
    papers = [*e.JKK_PAPERS, "death_certificate", "heir_letter", "family_card"]
    scene = Scene(
        *e.member(),
        e.accident(
            accident={"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True},
            medical=fatal,
            documents=papers,
            heirs={"relatives": [{"relation": "widow"}]},
        ),
    )
    assert scene.last["indicative_total"] == 214_000_000
    scene.take(e.review("K1", 1, "approve", "2024-07-08T08:00:00"))
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["REV_SECOND_OFFICER"])
    with pytest.raises(Poison, match="REVIEW_SAME_OFFICER"):
        scene.take(e.review("K1", 2, "approve", "2024-07-08T09:00:00"))
    assert scene.moved() == 0
    scene.take(e.review("K1", 2, "approve", "2024-07-08T10:00:00", source="urn:santunan:officer:b"))
    assert (scene.last["outcome"], scene.moved()) == ("APPROVED", 214_000_000)


def test_an_appeal_opens_a_referral_and_moves_no_money() -> None:
    scene = Scene(*e.member(), e.accident(), e.appeal("K1", "2024-07-08T08:00:00"))
    assert scene.last["outcome"] == "APPROVED"
    assert scene.of("referral")[-1]["codes"] == ["CLM_APPEALED"]
    assert scene.moved() == 4_000_000


def test_a_later_membership_fact_that_changes_the_decision_is_referred() -> None:
    scene = Scene(*e.member(), e.accident())
    scene.take(e.wage("2024-06", 6_000_000, time="2024-08-01T08:00:00"))
    assert scene.last["outcome"] == "APPROVED", "a wage reported after the accident does not count"
    ended = {"member_number": e.NUMBER, "ended_on": "2024-06-30"}
    scene.take(e.event("member.ended", ended, time="2024-08-02T08:00:00"))
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["MEM_CHANGED_LATER"])
    assert scene.moved() == 4_000_000, "the money stays until an officer decides"


def test_a_payment_before_the_death_that_is_reported_after_it_counts_for_any_month() -> None:
    programs = [{"program": "JKM", "since": "2024-05-01"}]
    joined = {"segment": "BPU", "declared_income": 1_000_000, "employer": None, "programs": programs}
    scene = Scene(e.registered(registered_on="2024-05-01", time="2024-05-01T08:00:00", **joined))
    scene.take(e.paid("2024-05", "2024-05", "2024-05-02"))
    scene.take(e.death(day="2024-11-01"))
    assert scene.last["reason_codes"] == ["MEM_LAPSED"]
    scene.take(e.paid("2024-12", "2024-12", "2024-11-03", time="2024-11-03T09:00:00"))
    assert scene.last["revision"] == 1, "what was paid after the death for a later month changes nothing"
    scene.take(e.paid("2024-12", "2024-12", "2024-10-20", time="2024-11-05T09:00:00"))  # it had begun cover anew
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["MEM_CHANGED_LATER"])


def test_an_employer_who_pays_late_within_the_limit_sends_nothing_to_an_officer() -> None:
    scene = Scene(
        e.registered(),
        e.wage("2019-11", 4_000_000),
        e.paid("2019-11", "2019-11", "2019-11-02"),
        e.paid("2019-12", "2024-04", "2019-12-10"),
        e.accident(day="2024-07-07"),
    )
    assert scene.last["reason_codes"] == ["OK", "MEM_PU_ARREARS_LE3"]
    assert scene.take(e.paid("2024-05", "2024-05", "2024-08-01")) == []
    assert (scene.last["outcome"], scene.last["revision"]) == ("APPROVED", 1)


def test_a_late_settlement_is_compensated_once_at_one_per_cent_a_day() -> None:
    scene = Scene(*e.member(), e.death(day="2023-01-02", time="2023-01-20T08:00:00"))
    assert scene.last["pay_by"] == "2023-01-25"  # three working days after Friday the 20th
    scene.take(e.settled("M1.r1.heirs", 42_000_000, "2023-01-30"))
    assert scene.last["reason_codes"] == ["OK", "PAY_LATE_COMPENSATION"]
    assert (scene.last["total"], scene.moved()) == (44_100_000, 44_100_000)
    scene.take(e.settled("M1.r2.heirs", 2_100_000, "2023-03-01"))
    assert scene.last["total"] == 44_100_000, "compensation is not compensated"


def test_a_failed_payment_leaves_the_sum_alone_and_waits_for_a_person() -> None:
    scene = Scene(*e.member(), e.accident())
    payout = scene.of("payout")[0]["payout_id"]
    for _ in range(3):
        scene.take(e.failed(payout, "2024-07-10"))
    assert (scene.moved(), scene.of("referral")[-1]["codes"]) == (4_000_000, ["PAY_FAILED"])
    assert scene.desk.cases["K1"].progress.failed_payouts == (payout,), "it grows with each telling"
    scene.take(e.settled(payout, 4_000_000, "2024-07-11"))
    assert scene.of("referral")[-1]["state"] == "closed"


def test_a_settlement_of_another_amount_is_refused() -> None:
    scene = Scene(*e.member(), e.accident())
    with pytest.raises(Poison, match="SETTLEMENT_AMOUNT"):
        scene.take(e.settled(scene.of("payout")[0]["payout_id"], 1, "2024-07-11"))


def test_the_thirtieth_day_without_a_conclusion_is_noticed_without_anyone_writing() -> None:
    scene = Scene(*e.member(), e.accident(conclusion=None))
    assert scene.last["reason_codes"] == ["JKK_UNDER_CONCLUSION"]
    assert scene.take(e.day_passed("2024-08-04")) == []
    scene.take(e.day_passed("2024-08-05"))  # said as the thirtieth day begins
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("REFERRED", ["JKK_CONCLUSION_OVERDUE"])


def test_a_disease_covered_by_an_ended_employment_is_paid_by_the_wage_of_that_employment() -> None:
    scene = Scene(*e.member(amount=8_000_000))
    ended = {"member_number": e.NUMBER, "ended_on": "2023-06-30"}
    scene.take(e.event("member.ended", ended, time="2023-06-30T08:00:00"))
    programs = [{"program": "JKM", "since": "2024-01-01"}]
    joined = {"segment": "BPU", "declared_income": 1_000_000, "employer": None, "programs": programs}
    scene.take(e.registered(registered_on="2024-01-01", time="2024-01-01T08:00:00", **joined))
    scene.take(e.paid("2024-01", "2024-12", "2024-01-02"))
    disease = {
        "occurred_at": "2023-01-01T08:00:00+07:00",
        "kind": "occupational_disease",
        "diagnosed_on": "2024-07-07",
    }
    advice = {"settles": ["REF_PAK"], "advisor": "medical_advisor", "decided_on": "2024-07-07"}
    scene.take(e.accident(accident=disease, advice=advice))
    assert (scene.last["outcome"], scene.last["total"]) == ("APPROVED", 8_000_000)


def test_a_claim_by_nik_finds_the_membership_in_force() -> None:
    scene = Scene(*e.member(), e.accident(member={"nik": e.NIK}, number=None))
    assert (scene.last["outcome"], scene.last["member_number"], scene.last["key"]) == ("APPROVED", e.NUMBER, "K1")


def test_a_number_and_a_nik_of_two_persons_wait_for_the_office() -> None:
    scene = Scene(*e.member(), e.accident(member={"member_number": e.NUMBER, "nik": "3671010101800002"}))
    assert (scene.last["outcome"], scene.last["reason_codes"]) == ("PENDING", ["DOC_IDENTITY_MISMATCH"])
    scene.take(e.evidence("K1", "2024-07-09T08:00:00", identity={"matches": True}))
    assert scene.last["outcome"] == "APPROVED"


def test_a_number_that_nobody_has_beside_a_known_nik_waits_for_the_office() -> None:
    scene = Scene(*e.member(), e.accident(member={"member_number": "99999999999", "nik": e.NIK}))
    assert (scene.last["reason_codes"], scene.last["member_number"]) == (["DOC_IDENTITY_MISMATCH"], e.NUMBER)


def test_what_leaves_carries_no_nik() -> None:
    scene = Scene(*e.member(), e.accident(member={"nik": e.NIK, "name": "Canary Penanda"}, number=None))
    text = orjson.dumps(scene.out).decode()
    assert e.NIK not in text and "Canary" not in text


def test_the_clock_of_a_decision_is_jakartas() -> None:
    scene = Scene(*e.member(), e.accident(time="2024-07-07T13:00:00+00:00"))
    assert dt.datetime.fromisoformat(scene.last["decided_at"]).isoformat() == "2024-07-07T20:00:00+07:00"
