"""A claim that was refused, or waits, because of another one is assessed again when that one changes."""

from typing import Any

import pytest

from tests.support import events as e
from tests.support.scene import Scene

OTHER = ("20000000022", "3671010101800002")
SECOND_CLINIC = "urn:santunan:clinic:plkk-0099"
SECOND_OFFICER = "urn:santunan:officer:b"
DUPLICATE = ("REJECTED", ["CLM_DUPLICATE"], 0)
SAME_EVENT = ("REFERRED", ["CLM_SAME_EVENT"], 0)


def again(claim_id: str = "K2", **change: Any) -> Any:
    return e.accident(claim_id, **{"time": "2024-07-08T08:00:00"} | change)


@pytest.fixture
def scene() -> Scene:
    return Scene(*e.member(), e.accident())


def test_the_duplicate_of_a_report_that_an_officer_rejects_waits_for_an_officer(scene: Scene) -> None:
    scene.take(again())
    assert scene.result("K2") == DUPLICATE
    scene.take(e.review("K1", 1, "reject", "2024-07-10T10:00:00"))
    assert scene.result("K2") == ("REFERRED", ["REV_NEW_FACTS"], 0)
    assert scene.latest("K2")["indicative_total"] == 4_000_000
    assert scene.latest("K2")["caused_by"]["source"] == e.OFFICER
    assert scene.accounts("K2") == {}
    scene.take(e.review("K2", 2, "approve", "2024-07-11T10:00:00", source=SECOND_OFFICER))
    assert scene.result("K2") == ("APPROVED", ["OK"], 4_000_000)


def test_a_claim_that_waited_for_a_report_that_an_officer_rejects_waits_for_an_officer(scene: Scene) -> None:
    scene.take(again(costs={"transport": {"land": 500_000}}, documents=[*e.JKK_PAPERS, "transport_receipt"]))
    assert scene.result("K2") == SAME_EVENT
    scene.take(e.review("K1", 1, "reject", "2024-07-10T10:00:00"))
    assert scene.result("K2") == ("REFERRED", ["REV_NEW_FACTS"], 0)


def test_a_claim_that_waited_for_a_report_that_the_law_rejects_is_decided(scene: Scene) -> None:
    scene = Scene(
        *e.member(),
        e.accident(conclusion=None),
        again(costs={"transport": {"land": 500_000}}, documents=[*e.JKK_PAPERS, "transport_receipt"]),
    )
    assert scene.result("K2") == SAME_EVENT
    no = {"work_related": False, "concluded_on": "2024-07-09"}
    scene.take(e.evidence("K1", "2024-07-09T10:00:00", conclusion=no))
    assert scene.result("K1") == ("REJECTED", ["JKK_NOT_WORK_RELATED"], 0)
    assert scene.result("K2") == ("APPROVED", ["OK"], 4_500_000)


def test_the_duplicate_of_a_claim_that_moves_to_another_member_waits_for_an_officer(scene: Scene) -> None:
    for document in (*e.member(*OTHER), again()):
        scene.take(document)
    scene.take(e.evidence("K1", "2024-07-09T10:00:00", member={"member_number": OTHER[0]}))
    assert scene.result("K2") == DUPLICATE  # until the move is confirmed it is the first person's
    scene.take(e.review("K1", 2, "approve", "2024-07-10T10:00:00"))
    assert scene.result("K2") == ("REFERRED", ["REV_NEW_FACTS"], 0)


def test_a_death_refused_as_work_related_waits_when_the_accident_claim_is_rejected() -> None:
    died = {"death": {"died_on": "2024-07-07"}, "heirs": {"relatives": [{"relation": "widow"}]}}
    scene = Scene(*e.member(), e.accident(medical=None, documents=[*e.JKK_PAPERS, *e.JKM_PAPERS], **died))
    assert scene.result()[0] == "APPROVED"
    scene.take(e.death(time="2024-07-20T09:00:00"))
    assert scene.result("M1") == ("REJECTED", ["JKM_WORK_RELATED"], 0)
    scene.take(e.review("K1", 1, "reject", "2024-07-21T10:00:00"))
    assert scene.result("M1")[0] == "REJECTED", "one officer alone changes nothing of so much money"
    scene.take(e.review("K1", 2, "reject", "2024-07-21T11:00:00", source=SECOND_OFFICER))
    assert scene.result("K1")[0] == "REJECTED"
    assert scene.result("M1")[:2] == ("REFERRED", ["REV_NEW_FACTS"])


def test_of_three_reports_the_second_takes_the_place_of_the_first(scene: Scene) -> None:
    scene.take(again())
    scene.take(again("K3", time="2024-07-09T08:00:00"))
    decided = len(scene.of("decision"))
    scene.take(e.review("K1", 1, "reject", "2024-07-10T10:00:00"))
    assert [one["claim_id"] for one in scene.of("decision")[decided:]] == ["K1", "K2"]
    assert scene.result("K3") == DUPLICATE
    scene.take(e.review("K2", 2, "reject", "2024-07-11T10:00:00"))
    assert scene.result("K3") == ("REFERRED", ["REV_NEW_FACTS"], 0)


def test_nothing_new_is_said_where_nothing_changes(scene: Scene) -> None:
    scene.take(again())
    scene.take(e.accident("K3", "2024-09-09", conclusion=None))
    decided = len(scene.of("decision"))
    scene.take(e.evidence("K1", "2024-07-11T10:00:00", documents=["family_card"], source=e.OFFICE))
    assert [one["claim_id"] for one in scene.of("decision")[decided:]] == ["K1"]


def test_a_refusal_for_another_reason_stays(scene: Scene) -> None:
    no = {"work_related": False, "concluded_on": "2024-08-08"}
    scene.take(e.accident("K2", "2024-08-08", conclusion=no))
    decided = len(scene.of("decision"))
    scene.take(e.review("K1", 1, "reject", "2024-08-10T10:00:00"))
    assert [one["claim_id"] for one in scene.of("decision")[decided:]] == ["K1"]


def test_a_rejected_event_leaves_no_trace_on_the_claims_that_depend(scene: Scene) -> None:
    scene.take(again())
    assert scene.refused(e.review("K1", 9, "reject", "2024-07-10T10:00:00")) == "REVIEW_STALE"
    scene.take(e.day_passed("2024-07-11"))
    assert scene.result("K2") == DUPLICATE


# --- evidence for a claim that nobody opened


def test_who_sent_evidence_for_an_unknown_claim_is_told_after_a_whole_day() -> None:
    scene = Scene(*e.member(), e.evidence("K7", "2024-07-08T23:59:00", documents=["ktp"], source=e.CLINIC))
    scene.take(e.day_passed("2024-07-08"))
    assert scene.of("evidence") == []
    scene.take(e.day_passed("2024-07-09"))
    (told,) = scene.of("evidence")
    assert (told["claim_id"], told["sources"], told["reason"]) == ("K7", [e.CLINIC], "CLAIM_UNKNOWN")
    scene.take(e.day_passed("2024-07-10"))
    assert len(scene.of("evidence")) == 1, "once"
    scene.take(e.evidence("K7", "2024-07-11T08:00:00", documents=["ktp"], source=SECOND_CLINIC))
    scene.take(e.day_passed("2024-07-12"))
    assert scene.of("evidence")[-1]["sources"] == [e.CLINIC, SECOND_CLINIC]


def test_evidence_whose_claim_came_is_not_told() -> None:
    scene = Scene(*e.member(), e.evidence("K1", "2024-07-06T10:00:00", documents=["ktp"], source=e.OFFICE))
    scene.take(e.accident())
    scene.take(e.day_passed("2024-07-09"))
    assert scene.of("evidence") == []
