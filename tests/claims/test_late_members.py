"""A membership fact assesses the claims of its person again (amendment 9)."""

import pytest

from tests.support import events as e
from tests.support.scene import Scene

UNKNOWN = ("REJECTED", ["MEM_NOT_REGISTERED"], 0)
REGISTERED, *REST = e.member()


@pytest.mark.parametrize(
    ("registered_at", "is_decided_anew"),
    [("2024-07-08T19:59:59", True), ("2024-07-08T20:00:00", True), ("2024-07-08T20:00:01", False)],
)
def test_a_claim_ahead_of_its_members_registration_is_decided_anew_for_a_day(
    registered_at: str, is_decided_anew: bool
) -> None:
    """The claim was received at 20:00; topics may be read a little apart."""
    scene = Scene(*REST, e.accident())
    assert scene.result() == UNKNOWN
    scene.take(e.registered(time=registered_at))
    expected = ("APPROVED", ["OK"], 4_000_000) if is_decided_anew else ("REFERRED", ["MEM_CHANGED_LATER"], 0)
    assert scene.result() == expected


def test_a_claim_is_not_decided_anew_over_an_officers_head() -> None:
    scene = Scene(*REST, e.accident(), e.review("K1", 1, "reject", "2024-07-08T08:00:00"))
    decided = len(scene.of("decision"))
    scene.take(e.registered(time="2024-07-08T09:00:00"))
    assert len(scene.of("decision")) == decided or scene.result()[0] == "REFERRED"


def test_a_claim_refused_for_a_known_member_is_not_decided_anew() -> None:
    late = e.registered(time="2024-07-07T08:00:00", registered_on="2024-07-08")
    scene = Scene(late, *REST, e.accident())
    assert scene.result()[0] == "REJECTED"
    scene.take(e.registered(time="2024-07-08T09:00:00"))
    assert scene.result() == ("REFERRED", ["MEM_CHANGED_LATER"], 0)


def test_a_claim_that_waits_for_a_wage_is_decided_when_it_comes() -> None:
    wage = REST[1]
    scene = Scene(REGISTERED, REST[0], REST[2], e.accident())
    waits = scene.result()
    assert waits[0] in ("PENDING", "REFERRED")
    scene.take(wage | {"time": "2024-07-08T09:00:00+07:00"})
    assert scene.result() == waits, "a wage known from the event day on never counts"
    decided = len(scene.of("decision"))
    scene.take(e.wage("2024-12", 9_000_000))
    assert len(scene.of("decision")) == decided, "nothing new is said where nothing changes"


def test_a_pending_claim_is_assessed_again_with_what_is_known_later() -> None:
    scene = Scene(REGISTERED, *REST, e.accident(documents=["ktp"]))
    assert scene.result()[0] == "PENDING"
    decided = len(scene.of("decision"))
    ended = e.event("member.ended", {"member_number": e.NUMBER, "ended_on": "2024-07-01"}, time="2024-07-09T08:00:00")
    scene.take(ended)
    assert len(scene.of("decision")) == decided + 1
    assert scene.result()[0] in ("REJECTED", "REFERRED")
