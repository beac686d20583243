"""What goes over `/fhir` is valid FHIR R4, as HAPI judges: each kind of answer of the gateway, and each sample.

One test, so that one virtual machine is started, whatever number of processes the run has.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from schemas import topics
from schemas.sample_documents import sample_text, samples
from tests.agents.web.conftest import OWN, WORKER
from tests.agents.web.test_fhir import FHIR, SUBMIT, claim, eligibility, submit
from tests.agents.web.test_gateway import work_off
from tests.support import events as e
from tests.support.gateway import Client
from tests.support.hapi import running_judge
from tests.support.site import Site

Open = Callable[[str | None], Client]
Named = Iterator[tuple[str, Any]]
OFFICE = "office:one"


def decide(url: str) -> None:
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


def claims(client: Open, language: str) -> Named:
    for claim_id, outcome, holds in (
        (OWN, "APPROVED", "addItem"),
        ("PAID-1", "APPROVED", "payment"),
        ("REFUSED-1", "REJECTED", "adjudication"),
        ("WAITS-1", "PENDING", "adjudication"),
        ("OFFICER-1", "REFERRED", "adjudication"),
    ):
        bundle = client(OFFICE).get(f"/fhir/ClaimResponse?identifier={claim_id}", Accept_Language=language).json
        [entry] = bundle["entry"]
        response = entry["resource"]
        assert response["adjudication"][0]["reason"]["coding"][0]["code"] == outcome and holds in response
        yield f"{claim_id} in a bundle", bundle
        yield claim_id, response
    yield "an empty search", client(OFFICE).get("/fhir/ClaimResponse?identifier=NONE", Accept_Language=language).json
    queued = submit(client("clinic:judged"), claim("j-1", "clinic:judged"), Accept_Language=language).json
    assert queued["outcome"] == "queued"
    yield "a queued claim", queued


def covers(client: Open, language: str) -> Named:
    for sender, member, day, answer in (
        ("clinic:plkk-0012", WORKER, "2024-07-07", "yes"),
        (OFFICE, WORKER, "2024-07-07", "yes"),
        (OFFICE, WORKER, "2019-10-07", "no"),
        (OFFICE, "20000000099", "2024-07-07", "no"),
        (OFFICE, WORKER, "2019-11-02", "officer"),
    ):
        asked = eligibility(sender, member, day)
        found = client(sender).ask(
            "POST", "/fhir/CoverageEligibilityRequest", asked, Content_Type=FHIR, Accept_Language=language
        )
        assert found.json["extension"][0]["extension"][0] == {"url": "answer", "valueCode": answer}
        yield f"cover {answer} for {sender}", found.json


def refusals(client: Open, language: str) -> Named:
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
    yield from ((f"a refusal with {one.status}", one.json) for one in answers)


def wrong() -> Iterator[tuple[str, Any]]:
    """Where it is wrong, and the resource: else that HAPI is silent would prove nothing."""
    good = json.loads(sample_text("accident-injury.fhir"))
    yield "Claim.use", good | {"use": "claimx"}
    yield "Claim.total", good | {"total": {"value": 1, "currency": "IDRX"}}
    yield "Claim", good | {"x": 1}
    yield "Claim", {name: value for name, value in good.items() if name != "patient"}


def test_each_answer_and_each_sample_is_valid_fhir(client: Open, url: str) -> None:
    decide(url)
    said: dict[str, Any] = {one.name: json.loads(sample_text(one.name)) for one in samples() if one.form == "fhir"}
    for language in ("id", "en"):
        for named in (claims(client, language), covers(client, language), refusals(client, language)):
            said |= {f"{name} ({language})": resource for name, resource in named}
        said[f"capabilities ({language})"] = client(None).get("/fhir/metadata", Accept_Language=language).json
    assert len(said) >= 40
    with running_judge() as judge:
        found = {name: judge.faults(resource) for name, resource in said.items()}
        assert {name: faults for name, faults in found.items() if faults} == {}
        for where, resource in wrong():
            faults = judge.faults(resource)
            assert faults and faults[0].where.startswith(where), where
