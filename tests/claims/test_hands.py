"""Two persons stand behind money above the limit, in either direction; rulings that cannot be are refused."""

from typing import Any

import pytest

from tests.support import events as e
from tests.support.scene import Scene

A, B = "urn:santunan:officer:a", "urn:santunan:officer:b"
SITI = "urn:santunan:office:siti"
LIMIT = 100_000_000
FATAL = {"death": {"died_on": "2024-07-07", "cause": "accident"}}
DEAD = {"medical": FATAL, "documents": [*e.JKK_PAPERS, *e.JKM_PAPERS], "heirs": {"relatives": [{"relation": "widow"}]}}
SECOND = ["REV_SECOND_OFFICER"]


def ruled(scene: Scene, verdict: str, source: str = A, claim_id: str = "K1", **change: Any) -> Any:
    """A review of the latest revision."""
    revision = scene.latest(claim_id)["revision"]
    return e.review(claim_id, revision, verdict, "2024-07-20T08:00:00", source=source, **change)


def changed(line: str, amount: int) -> dict[str, Any]:
    return {"changes": [{"line": line, "amount": amount, "reason": "dilihat"}]}


def approved_death() -> Scene:
    """Rp214,000,000 that the law alone has ordered."""
    scene = Scene(*e.member(), e.accident(**DEAD))
    assert scene.result() == ("APPROVED", ["OK"], 214_000_000)
    return scene


def detour() -> Scene:
    """Rp4,000,000 that wait for an officer."""
    return Scene(*e.member(), e.accident(accident={"occurred_at": "2024-07-07T10:00:00+07:00", "detour": True}))


@pytest.mark.parametrize("verdict", ["reject", "change"])
def test_taking_much_back_needs_two(verdict: str) -> None:
    scene = approved_death()
    what = changed("jkk_death", 0) if verdict == "change" else {}
    scene.take(ruled(scene, verdict, **what))
    assert scene.result()[:2] == ("REFERRED", SECOND)
    assert scene.moved() == 214_000_000
    assert scene.refused(ruled(scene, verdict, **what)) == "REVIEW_SAME_OFFICER"
    scene.take(ruled(scene, verdict, B, **what))
    assert scene.moved() == scene.last["total"] == (0 if verdict == "reject" else 22_000_000)
    assert sum(one["amount"] for one in scene.last["recoveries"]) == 214_000_000 - scene.moved()


def test_a_reassessment_that_moves_much_needs_two() -> None:
    scene = Scene(*e.member(), e.accident())
    scene.take(ruled(scene, "change", **changed("stmb", 200_000_000)))
    scene.take(ruled(scene, "change", B, **changed("stmb", 200_000_000)))
    assert scene.moved() == 200_000_000
    scene.take(ruled(scene, "reassess"))
    assert (scene.result()[1], scene.moved()) == (SECOND, 200_000_000)
    scene.take(ruled(scene, "reassess", B))
    assert (scene.result(), scene.moved()) == (("APPROVED", ["OK"], 4_000_000), 4_000_000)


@pytest.mark.parametrize(("amount", "waits"), [(LIMIT, False), (LIMIT + 1, True)])
def test_the_limit_is_what_a_ruling_moves(amount: int, waits: bool) -> None:
    scene = Scene(*e.member(), e.accident(conclusion=None))
    scene.take(ruled(scene, "change", **changed("stmb", amount)))
    assert (scene.result()[1] == SECOND) is waits
    assert scene.moved() == (0 if waits else amount)


def test_what_two_confirmed_is_not_counted_again() -> None:
    scene = approved_death()
    scene.take(ruled(scene, "change", **changed("funeral", 30_000_000)))
    assert scene.moved() == 234_000_000  # one officer moved 20 million on a claim of 214


def test_many_small_rulings_of_one_officer_add_up() -> None:
    scene = Scene(*e.member(), e.accident())
    for amount in (54_000_000, 94_000_000, 104_000_000):
        scene.take(ruled(scene, "change", **changed("stmb", amount)))
        assert scene.moved() == amount
    scene.take(ruled(scene, "change", **changed("stmb", 105_000_000)))
    assert (scene.result()[1], scene.moved()) == (SECOND, 104_000_000)
    scene.take(ruled(scene, "change", B, **changed("stmb", 105_000_000)))
    assert scene.moved() == 105_000_000


def test_late_compensation_is_no_way_around_the_limit() -> None:
    scene = Scene(*e.member(), e.accident())
    scene.take(ruled(scene, "change", **changed("late_payment_compensation", 200_000_000)))
    assert (scene.result()[1], scene.moved()) == (SECOND, 4_000_000)


def test_an_advice_is_the_hand_of_who_wrote_it() -> None:
    advice = {"settles": ["REF_MEDICAL_ADVISOR"], "advisor": "officer", "decided_on": "2024-07-08"}
    scene = Scene(*e.member(amount=30_000_000), e.accident(medical={"permanent_total": True}))
    scene.take(e.evidence("K1", "2024-07-08T09:00:00", source=SITI, advice=advice))
    assert (scene.result()[1], scene.moved()) == (SECOND, 0)
    assert scene.refused(ruled(scene, "approve", "urn:santunan:officer:siti")) == "REVIEW_OWN_CLAIM"
    scene.take(ruled(scene, "approve", A))
    assert scene.moved() == 30_000_000 * 56 + 12_000_000


def test_an_amount_approved_on_file_is_the_hand_of_who_wrote_it() -> None:
    scene = Scene(*e.member(), e.accident(costs={"return_to_work": 300_000_000}))
    scene.take(e.evidence("K1", "2024-07-08T09:00:00", approved={"return_to_work": 300_000_000}))
    assert (scene.result()[1], scene.moved()) == (SECOND, 0)
    scene.take(ruled(scene, "approve", A))
    assert scene.moved() > LIMIT


@pytest.mark.parametrize("hand", ["opener", "conclusion", "advice"])
def test_who_had_a_hand_in_a_claim_does_not_rule_on_it(hand: str) -> None:
    advice = {"settles": ["JKK_ROUTE_CHECK"], "advisor": "labour_inspector", "decided_on": "2024-07-08"}
    opener = SITI if hand == "opener" else e.OFFICE
    scene = Scene(*e.member(), e.accident(source=opener, documents=["ktp"]))
    if hand == "conclusion":
        closed = {"work_related": True, "concluded_on": "2024-07-07"}
        scene.take(e.evidence("K1", "2024-07-08T09:00:00", source=SITI, conclusion=closed))
    if hand == "advice":
        scene.take(e.evidence("K1", "2024-07-08T09:00:00", source=SITI, advice=advice))
    assert scene.refused(ruled(scene, "reject", "urn:santunan:officer:siti")) == "REVIEW_OWN_CLAIM"
    assert scene.refused(ruled(scene, "reject", A)) is None


def test_a_ruling_that_replaces_one_that_waits_says_so() -> None:
    scene = approved_death()
    scene.take(ruled(scene, "reject"))
    scene.take(ruled(scene, "change", B, **changed("funeral", 11_000_000)))
    [check] = [one for one in scene.last["trace"] if one[0] == "second_hand"]
    assert (check[1], check[2]["replaced"], check[2]["officer"]) == ("met", A, B)
    scene.take(e.evidence("K1", "2024-07-21T08:00:00", documents=["visum"]))
    assert not [one for one in scene.last["trace"] if one[0] == "second_hand"]


# --- rulings that cannot be


@pytest.mark.parametrize(
    ("opening", "line", "refusal"),
    [
        (e.accident, "funeral", "REVIEW_LINE_IMPOSSIBLE"),
        (e.accident, "jkk_death", "REVIEW_LINE_IMPOSSIBLE"),
        (e.accident, "jkm_death", "REVIEW_LINE_IMPOSSIBLE"),
        (e.accident, "stmb", None),
        (e.death, "stmb", "REVIEW_LINE_IMPOSSIBLE"),
        (e.death, "jkk_death", "REVIEW_LINE_IMPOSSIBLE"),
        (e.death, "funeral", None),
    ],
)
def test_a_line_the_claim_cannot_have_is_refused(opening: Any, line: str, refusal: str | None) -> None:
    scene = Scene(*e.member(), opening("K1"))
    assert scene.refused(ruled(scene, "change", **changed(line, 5_000_000))) == refusal
    assert scene.refused(ruled(scene, "change", **changed(line, 0))) is None


def test_an_approval_that_settles_nothing_is_refused() -> None:
    early = e.registered(registered_on="2014-01-01", programs=[{"program": "JKK", "since": "2014-01-01"}])
    claim = e.accident(day="2015-06-30", time="2015-07-05T08:00:00")
    scene = Scene(early | {"time": "2014-01-01T08:00:00+07:00"}, claim)
    assert scene.result()[1] == ["RULE_BEFORE_2015_07_01"]
    late = e.review("K1", 1, "approve", "2015-07-06T08:00:00")
    assert scene.refused(late) == "REVIEW_CHANGE_NEEDED"
    assert scene.refused(late | {"data": late["data"] | {"verdict": "change"} | changed("stmb", 1_000_000)}) is None


CHILDREN = [{"birth_date": f"{year}-03-01", "level": "SD"} for year in (2014, 2015, 2016)]


@pytest.mark.parametrize(
    ("children", "refusal"),
    [((), "REVIEW_CHILDREN"), ((1, 1), "REVIEW_CHILDREN"), ((1, 4), "REVIEW_CHILDREN"), ((1, 3), None)],
)
def test_the_children_of_a_scholarship_are_named(children: tuple[int, ...], refusal: str | None) -> None:
    scene = Scene(*e.member(), e.death("K1", children=CHILDREN))
    assert scene.result()[1] == ["BEN_CHILD_CHOICE"]
    assert scene.refused(ruled(scene, "approve", children=list(children))) == refusal
    if refusal is None:
        assert scene.result()[0] == "APPROVED"
        assert scene.case().progress.chosen_children == (1, 3)


def test_more_children_than_are_paid_for_are_refused() -> None:
    scene = Scene(*e.member(), e.death("K1", children=CHILDREN))
    assert scene.refused(ruled(scene, "approve", children=[1, 2, 3])) == "REVIEW_CHANGE_NEEDED"


def test_a_paper_on_file_that_is_asked_for_again_is_missing_until_it_comes() -> None:
    scene = detour()
    scene.take(ruled(scene, "request_documents", documents=["ktp"]))
    assert (scene.result()[:2], scene.last["missing"]) == (("PENDING", ["DOC_REQUESTED"]), ["ktp"])
    scene.take(e.evidence("K1", "2024-07-21T08:00:00", documents=["visum"]))
    assert scene.last["missing"] == ["ktp"]
    scene.take(e.evidence("K1", "2024-07-22T08:00:00", documents=["ktp"]))
    assert scene.result()[:2] == ("REFERRED", ["JKK_ROUTE_CHECK"])


@pytest.mark.parametrize(
    "next_event", [e.appeal("K1", "2024-08-05T10:00:00"), e.settled("K1.r2.member", 1_000_000, "2024-07-22")]
)
def test_a_claim_that_an_officer_paid_to_a_number_nobody_registered_takes_events(next_event: Any) -> None:
    """A program that looked for the membership failed at them: they were set aside as BUG."""
    scene = Scene(e.accident())
    scene.take(ruled(scene, "change", **changed("stmb", 1_000_000)))
    assert scene.result() == ("APPROVED", ["OK", "REV_CHANGED"], 1_000_000)
    scene.take(next_event)
    assert scene.moved() == 1_000_000
