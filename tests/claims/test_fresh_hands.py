"""A hand counts for the money it stood behind, and for no later money; and only a review changes money ordered."""

from typing import Any

import pytest

from tests.claims.test_hands import DEAD, SECOND, SITI, A, B, changed, detour, ruled
from tests.support import events as e
from tests.support.scene import Scene

LONG = {"medical": {"unable_to_work_days": 3000}}  # Rp224,000,000


def answered() -> Scene:
    """An officer has answered where the way led; Rp4,000,000 are paid."""
    scene = detour()
    scene.take(ruled(scene, "approve", A))
    return scene


def advised() -> Scene:
    """The same by advice on file."""
    scene = detour()
    advice = {"settles": ["JKK_ROUTE_CHECK"], "advisor": "labour_inspector", "decided_on": "2024-07-08"}
    scene.take(e.evidence("K1", "2024-07-08T09:00:00", source=SITI, advice=advice))
    return scene


@pytest.mark.parametrize("make", [answered, advised])
@pytest.mark.parametrize("verdict", ["change", "approve"])
def test_who_stood_behind_little_money_does_not_stand_behind_much(make: Any, verdict: str) -> None:
    scene = make()
    assert scene.result() == ("APPROVED", ["OK"], 4_000_000)
    if verdict == "approve":
        scene.take(e.evidence("K1", "2024-07-19T08:00:00", **LONG))
        assert scene.result()[0] == "REFERRED"
    what = changed("stmb", 300_000_000) if verdict == "change" else {}
    scene.take(ruled(scene, verdict, B, **what))
    assert (scene.result()[1], scene.moved()) == (SECOND, 4_000_000)
    scene.take(ruled(scene, verdict, "urn:santunan:officer:c", **what))
    assert scene.moved() == scene.last["total"] > 200_000_000


def test_lines_an_officer_wrote_rest_on_that_ruling_alone() -> None:
    """Another officer has answered before money was decided; of the amount that one knew nothing."""
    unsure = {"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True, "recurrence": True}
    scene = Scene(*e.member(), e.accident(accident=unsure))
    scene.take(ruled(scene, "approve", A, answers=["JKK_ROUTE_CHECK"]))
    scene.take(ruled(scene, "change", B, **changed("stmb", 300_000_000)))
    assert (scene.result()[1], scene.moved()) == (SECOND, 0)


def test_two_who_answered_for_the_same_money_are_two() -> None:
    unsure = {"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True, "recurrence": True}
    scene = Scene(*e.member(), e.accident(accident=unsure, **LONG))
    scene.take(ruled(scene, "approve", A, answers=["JKK_ROUTE_CHECK"]))
    scene.take(ruled(scene, "approve", B))
    assert scene.moved() == scene.last["total"] > 200_000_000


def test_compensation_for_delay_hides_no_move_of_the_same_size() -> None:
    scene = Scene(*e.member(), e.accident(), e.settled("K1.r1.member", 4_000_000, "2024-07-09"))
    for officer in (A, B):
        scene.take(ruled(scene, "change", officer, **changed("stmb", 300_000_000)))
    assert scene.moved() == 300_000_000
    scene.take(ruled(scene, "reject", A))
    assert scene.result()[1] == SECOND
    scene.take(ruled(scene, "change", B, **changed("stmb", 120_000_000)))
    assert scene.result()[1] == SECOND
    scene.take(e.settled("K1.r1.member", 4_000_000, "2024-11-10"))  # corrected: more than 100 million for the days
    assert (scene.result()[1], scene.moved()) == (SECOND, 300_000_000)


# --- what else could change money that was ordered


def other_death(scene: Scene) -> None:
    """The office reports the same death as one at work, which bars the JKM claim."""
    scene.take(e.accident("K2", time="2024-07-10T08:00:00", **DEAD))
    if scene.result("K2")[0] == "REFERRED":
        scene.take(ruled(scene, "approve", A, "K2"))
        scene.take(ruled(scene, "approve", B, "K2"))
    assert scene.result("K2")[0] == "APPROVED"


TRIGGERS = {
    "appeal": e.appeal("K1", "2024-07-20T08:00:00"),
    "settlement": e.settled("K1.r1.heirs", 42_000_000, "2024-07-11", time="2024-07-20T08:00:00"),
    "papers": e.evidence("K1", "2024-07-20T08:00:00", documents=["visum"]),
}


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_no_money_is_asked_back_for_another_claim_without_an_officer(trigger: str) -> None:
    scene = Scene(*e.member(), e.death("K1"))
    assert scene.result() == ("APPROVED", ["OK"], 42_000_000)
    other_death(scene)
    scene.take(TRIGGERS[trigger])
    assert scene.accounts("K1") == {(e.NUMBER, "heirs"): 42_000_000}
    assert scene.result("K1")[:2] == ("REFERRED", ["REV_NEW_FACTS"])
    scene.take(ruled(scene, "reassess"))
    assert scene.result("K1")[0] == "REJECTED"
    assert scene.accounts("K1") == {}
