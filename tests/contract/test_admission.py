"""What was accepted stays accepted: a check of admission concerns what is taken in, and nothing that is stored."""

import re

import pytest

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from pipeline.messages import admission
from schemas import topics
from tests.support import events as e
from tests.support.site import Site

OLD = "JKK-3174099912310077"


def test_a_claim_under_an_old_name_goes_on_and_replays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(admission, "_LONG_NUMBER", re.compile("(?!)"))
        before.setattr(admission, "_INVISIBLE", re.compile("(?!)"))
        place = {"occurred_at": "2024-07-07T10:00:00+07:00", "place": "\u3164"}
        site.run(*e.member(), e.accident(OLD, accident=place, conclusion=None, documents=["ktp"]))
    site.run(
        e.evidence(OLD, "2024-07-09T10:00:00", documents=e.JKK_PAPERS),
        e.evidence(OLD, "2024-07-10T10:00:00", conclusion={"work_related": True, "concluded_on": "2024-07-10"}),
        e.settled(f"{OLD}.r3.member", 4_000_000, "2024-07-20"),
        e.appeal(OLD, "2024-08-05T10:00:00"),
    )
    outcomes = [outcome for _, _, outcome, _, _ in site.decisions()]
    assert outcomes[:3] == ["PENDING", "PENDING", "APPROVED"]
    assert site.refusals() == [] and replay(site.store).differences == ()
    assert check(site.store) == []


def test_no_new_claim_is_opened_under_such_a_name(site: Site) -> None:
    site.run(*e.member(), e.accident(OLD), topic=topics.HISTORY)
    assert site.refusals() == [(4, "INVALID")] and site.decisions() == []


def test_an_event_id_counts_within_its_source(site: Site) -> None:
    one = e.accident("K1", id="1", source=e.CLINIC, report=None, conclusion=None)
    other = e.death("M1", id="1", source=e.OFFICE)
    again = e.death("M2", id="1", source=e.OFFICE)
    site.run(*e.member(), one, other, one, other, again)
    assert {claim_id for claim_id, *_ in site.decisions()} == {"K1", "M1"}
    assert site.refusals() == [(8, "ID_REUSED")]
    (report,) = site.reports
    assert (report.accepted, report.duplicates) == (6, 2)
