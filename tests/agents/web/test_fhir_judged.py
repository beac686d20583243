"""What goes over `/fhir` is valid FHIR R4, as HAPI judges: each kind of answer of the gateway, and each sample."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schemas import topics
from schemas.sample_documents import sample_text, samples
from tests.agents.web.conftest import OWN, WORKER
from tests.agents.web.test_fhir import FHIR, SUBMIT, claim, eligibility, submit
from tests.agents.web.test_gateway import work_off
from tests.support import events as e
from tests.support.gateway import Client
from tests.support.hapi import Judge, running_judge
from tests.support.site import Site

Open = Callable[[str | None], Client]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with running_judge() as made:
        yield made


@pytest.fixture(scope="module")
def decided(url: str) -> None:
    """PAID-1 was paid; REFUSED-1 happened before there was cover; WAITS-1 lacks papers. Of the same worker as OWN-1."""
    site = Site(url, partitions=1)
    site.send(
        e.accident("PAID-1", "2024-03-07", number=WORKER),
        e.accident("REFUSED-1", "2019-10-07", number=WORKER),
        e.accident("WAITS-1", "2024-04-07", number=WORKER, documents=["ktp"]),
        e.settled("PAID-1.r1.member", 4_000_000, "2024-03-20"),
    )
    site.close()
    work_off(url, topics.HISTORY)


def found(client: Client, claim_id: str, language: str = "id") -> Any:
    answer = client.get(f"/fhir/ClaimResponse?identifier={claim_id}", Accept_Language=language)
    assert answer.status == 200 and answer.json["total"] == 1, answer.raw
    return answer.json


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(
    ("claim_id", "outcome", "holds"),
    [
        (OWN, "APPROVED", "addItem"),
        ("PAID-1", "APPROVED", "payment"),
        ("REFUSED-1", "REJECTED", "adjudication"),
        ("WAITS-1", "PENDING", "adjudication"),
        ("OFFICER-1", "REFERRED", "adjudication"),
    ],
)
def test_a_decided_claim_is_valid(
    claim_id: str, outcome: str, holds: str, language: str, client: Open, judge: Judge, decided: None
) -> None:
    bundle = found(client("office:one"), claim_id, language)
    response = bundle["entry"][0]["resource"]
    assert response["adjudication"][0]["reason"]["coding"][0]["code"] == outcome and holds in response
    assert judge.faults(bundle) == judge.faults(response) == []


def test_an_empty_search_is_valid(client: Open, judge: Judge) -> None:
    answer = client("desk:one").get("/fhir/ClaimResponse?identifier=NONE").json
    assert answer["total"] == 0 and judge.faults(answer) == []


def test_a_queued_claim_is_valid(client: Open, judge: Judge) -> None:
    answer = submit(client("clinic:judged"), claim("j-1", "clinic:judged")).json
    assert answer["outcome"] == "queued" and judge.faults(answer) == []


@pytest.mark.parametrize(
    ("sender", "member", "day", "answer"),
    [
        ("clinic:plkk-0012", WORKER, "2024-07-07", "yes"),
        ("office:one", WORKER, "2024-07-07", "yes"),
        ("office:one", WORKER, "2019-10-07", "no"),
        ("office:one", "20000000099", "2024-07-07", "no"),
        ("office:one", WORKER, "2019-11-02", "officer"),
    ],
)
def test_an_answer_about_cover_is_valid(
    sender: str, member: str, day: str, answer: str, client: Open, judge: Judge
) -> None:
    document = eligibility(sender, member, day)
    response = client(sender).ask("POST", "/fhir/CoverageEligibilityRequest", document, Content_Type=FHIR).json
    assert response["extension"][0]["extension"][0] == {"url": "answer", "valueCode": answer}
    assert judge.faults(response) == [] and judge.faults(document) == []


@pytest.mark.parametrize("language", ["id", "en"])
def test_refusals_are_valid(language: str, client: Open, judge: Judge) -> None:
    clinic = client("clinic:judged")
    bad = claim("j-2", "clinic:judged", use="other", modifierExtension=[{"url": "http://example.org/x"}])
    answers = [
        submit(clinic, bad, Accept_Language=language),
        submit(clinic, {"resourceType": "Claim"}, Accept_Language=language),
        submit(client(None), bad, Accept_Language=language),
        submit(clinic, claim("j-3", "clinic:other"), Accept_Language=language),
        clinic.get("/fhir/Patient", Accept_Language=language),
        clinic.ask("POST", SUBMIT, b"{", Content_Type=FHIR, Accept_Language=language),
    ]
    assert [one.status for one in answers] == [422, 422, 401, 403, 404, 400]
    assert [judge.faults(one.json) for one in answers] == [[]] * 6


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_capabilities_are_valid(language: str, client: Open, judge: Judge) -> None:
    answer = client(None).get("/fhir/metadata", Accept_Language=language)
    assert answer.headers["content-type"] == FHIR and judge.faults(answer.json) == []


@pytest.mark.parametrize("name", [one.name for one in samples() if one.form == "fhir"])
def test_each_sample_is_valid(name: str, judge: Judge) -> None:
    assert judge.faults(json.loads(sample_text(name))) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [({"use": "claimx"}, "Claim.use"), ({"total": {"value": 1, "currency": "IDRX"}}, "Claim.total"), ({"x": 1}, "")],
)
def test_hapi_refuses_what_is_wrong(change: Any, where: str, judge: Judge) -> None:
    """Else it would prove nothing."""
    faults = judge.faults(json.loads(sample_text("accident-injury.fhir")) | change)
    assert faults and faults[0].where.startswith(where)
