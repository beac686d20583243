"""Published decisions by claim and outcome: the published bytes, in the order in which they were made."""

import json

import pytest

from pipeline.queries.claim import status_of
from pipeline.queries.decisions import published
from pipeline.queries.pages import NotFound
from schemas import topics
from schemas.codes import Outcome
from tests.support import events as e
from tests.support.site import Site


def in_topic(office: Site, **wanted: str) -> list[bytes]:
    values = [message.value for message in office.published if message.topic == topics.DECISIONS]
    return [one for one in values if wanted.items() <= json.loads(one)["data"].items()]


@pytest.mark.parametrize("claim", ["K1", "K3", "K0"])
def test_the_decisions_of_a_claim_are_those_of_the_topic(claim: str, office: Site) -> None:
    assert list(published(office.store, claim_id=claim).rows) == in_topic(office, claim_id=claim)


@pytest.mark.parametrize("outcome", ["APPROVED", "REJECTED", "REFERRED", "PENDING"])
def test_the_decisions_of_an_outcome_are_those_of_the_topic(outcome: Outcome, office: Site) -> None:
    rows = list(published(office.store, outcome=outcome).rows)
    assert rows and rows == in_topic(office, outcome=outcome)


def test_claim_and_outcome_go_together(office: Site) -> None:
    page = published(office.store, claim_id="K6", outcome="REJECTED")
    assert list(page.rows) == in_topic(office, claim_id="K6", outcome="REJECTED") and len(page.rows) == 1


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_pages_hold_each_decision_once(limit: int, office: Site) -> None:
    found, after = [], None
    while True:
        page = published(office.store, limit=limit, after=after)
        found += page.rows
        assert page.more == 10 - len(found)
        if page.cursor is None:
            break
        after = page.cursor
    assert found == in_topic(office)


@pytest.mark.parametrize("decision", ["K1", "K1.r9", "K1.rx", ".r1", f"K1.r{10**20}"])
def test_a_page_after_a_decision_that_is_none_is_one_sentence(decision: str, office: Site) -> None:
    with pytest.raises(NotFound, match="there is no decision"):
        published(office.store, after=decision)


def test_the_status_of_a_claim_is_its_latest_decision_with_its_payments(office: Site) -> None:
    status = status_of(office.store, "K1")
    assert (status.decision.revision, status.open_codes) == (2, ())
    assert [payment.amount for payment in status.payments] == [4_000_000]
    assert status_of(office.store, "K3").open_codes == ("REF_PAK",)


@pytest.mark.parametrize(
    ("verdict", "more", "is_told"),
    [
        ("reject", {}, True),
        ("change", {"changes": [{"line": "transport", "amount": 900_000, "reason": "receipt"}]}, True),
        ("request_documents", {"documents": ["visum"]}, True),
        ("approve", {}, False),
    ],
)
def test_the_reason_of_the_officer_who_decided_is_told(
    verdict: str, more: dict[str, object], is_told: bool, office: Site
) -> None:
    assert status_of(office.store, "K3").officer_reason is None
    revision = status_of(office.store, "K3").decision.revision
    office.run(e.review("K3", revision, verdict, "2024-10-01T10:00:00", reason="the witness was heard", **more))
    assert (status_of(office.store, "K3").officer_reason == "the witness was heard") is is_told


def test_a_claim_of_which_only_evidence_came_has_no_status(office: Site) -> None:
    office.run(e.evidence("K0", "2024-10-01T10:00:00", documents=["ktp"]))
    with pytest.raises(NotFound, match="only evidence came"):
        status_of(office.store, "K0")
    with pytest.raises(NotFound, match="shows what there is"):
        status_of(office.store, "K00")
