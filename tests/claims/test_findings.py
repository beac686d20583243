"""Findings of the office: whose hand they are, and what is refused because it would change nothing."""

from typing import Any

import pytest

from pipeline.errors import Poison
from tests.support import events as e
from tests.support.scene import Scene

A, SITI = "urn:santunan:officer:a", "urn:santunan:office:siti"
OFFICER_SITI = "urn:santunan:officer:siti"
INSPECTOR = {"by": "labour_inspector", "decided_on": "2024-07-08"}
PROGRAMS = [{"program": "JKK", "since": "2024-07-08"}, {"program": "JKM", "since": "2024-07-08"}]
LATE = [
    e.registered(time="2024-07-08T08:00:00", registered_on="2024-07-08", programs=PROGRAMS),
    e.paid("2024-07", "2024-07", "2024-07-08"),
]


def found(scene: Scene, hour: int = 9, source: str = SITI, **sections: Any) -> str | None:
    """What the office adds; the reason for which it is refused, None where it is taken."""
    return scene.refused(e.evidence("K1", f"2024-07-09T{hour:02}:00:00", source=source, **sections))


def ruled(scene: Scene, verdict: str, source: str, **data: Any) -> dict[str, Any]:
    return e.review("K1", scene.latest()["revision"], verdict, "2024-07-10T10:00:00", source=source, **data)


FINDINGS = {
    "determination": {**INSPECTOR, "work_related": True},
    "working_found": {"works": True, "found_on": "2024-07-08", "registered_on": "2019-11-01"},
    "court_decision": {"ruling": "names_heir", "decided_on": "2024-07-08"},
    "project_dues": {"project_number": "P-1", "paid_on": "2024-07-08"},
}


@pytest.mark.parametrize("section", FINDINGS)
def test_who_wrote_a_finding_does_not_rule_on_the_claim(section: str) -> None:
    scene = Scene(*e.member(), e.accident(documents=["ktp"]))
    assert found(scene, **{section: FINDINGS[section]}) is None
    assert scene.refused(ruled(scene, "reject", OFFICER_SITI)) == "REVIEW_OWN_CLAIM"
    assert scene.refused(ruled(scene, "reject", A)) is None


def test_a_determination_is_the_one_hand_of_who_wrote_it() -> None:
    scene = Scene(
        *e.member(amount=300_000_000),
        e.accident(conclusion=None, medical={"disabilities": [{"part": "other_toe"}]}),
    )
    assert found(scene, determination={**INSPECTOR, "work_related": True, "disability_percent": "2"}) is None
    assert (scene.result()[1], scene.moved()) == (["REV_SECOND_OFFICER"], 0)
    scene.take(ruled(scene, "approve", A))
    assert scene.moved() == 300_000_000 * 80 * 2 // 100


@pytest.mark.parametrize("code", ["MEM_NOT_COVERED_YET", "MEM_SAME_DAY", "WAGE_UNKNOWN", "CLM_SAME_EVENT"])
def test_advice_that_settles_nothing_is_refused(code: str) -> None:
    scene = Scene(*e.member(), e.accident())
    advice = {"settles": ["REF_PAK", code], "advisor": "labour_inspector", "decided_on": "2024-07-08"}
    with pytest.raises(Poison) as caught:
        scene.take(e.evidence("K1", "2024-07-09T09:00:00", source=SITI, advice=advice))
    assert caught.value.reason == "FINDING_UNFIT"
    message = caught.value.errors[0].message
    assert code in message and "REF_PAK" not in message and "`determination`" in message
    assert found(scene, advice={**advice, "settles": ["REF_PAK"]}) is None


@pytest.mark.parametrize(
    ("says", "lacks"),
    [
        ({"work_related": True}, "write `liable`"),
        ({"disability_percent": "10", "liable": "BPJS"}, "send `medical`"),
        ({"liable": "BPJS"}, None),
        ({"liable": "EMPLOYER"}, None),
    ],
)
def test_a_determination_that_speaks_of_something_else_says_what_it_lacks(
    says: dict[str, Any], lacks: str | None
) -> None:
    scene = Scene(*LATE, e.accident(time="2024-07-08T20:00:00"))
    assert scene.result()[:2] == ("REJECTED", ["MEM_NOT_COVERED_YET"])
    event = e.evidence("K1", "2024-07-09T09:00:00", source=SITI, determination={**INSPECTOR, **says})
    if lacks is None:
        scene.take(event)
        assert scene.latest()["liable"] == says["liable"]
        return
    with pytest.raises(Poison) as caught:
        scene.take(event)
    assert caught.value.reason == "FINDING_UNFIT"
    assert lacks in caught.value.errors[0].message
    assert scene.case().determination is None


@pytest.mark.parametrize(
    ("day", "reason"),
    [("2019-10-31", "FINDING_UNFIT"), ("2019-11-01", None), ("2019-11-02", None), ("2019-11-03", "FINDING_UNFIT")],
)
def test_a_visit_names_a_registration_that_there_is(day: str, reason: str | None) -> None:
    scene = Scene(*e.member(), e.accident())
    assert found(scene, working_found={"works": True, "found_on": "2024-07-08", "registered_on": day}) == reason


def test_what_was_taken_in_before_is_not_refused_in_a_rerun() -> None:
    scene = Scene(*e.member(), e.accident())
    scene.desk.is_rerun = True
    advice = {"settles": ["MEM_SAME_DAY"], "advisor": "labour_inspector", "decided_on": "2024-07-08"}
    assert found(scene, advice=advice) is None


@pytest.mark.parametrize("section", [*FINDINGS, "employment"])
@pytest.mark.parametrize("kind", ["clinic", "hospital", "employer", "cooperative", "desk", "office"])
def test_a_section_is_written_by_its_writers_only(section: str, kind: str) -> None:
    writers = {"employment": {"employer", "office"}, "court_decision": {"desk", "office"}}.get(section, {"office"})
    data = FINDINGS.get(section, {"employer_number": "KAYU0001"})
    scene = Scene(*e.member(), e.accident())
    assert found(scene, source=f"urn:santunan:{kind}:x", **{section: data}) == (
        None if kind in writers else "SECTION_NOT_ALLOWED"
    )
