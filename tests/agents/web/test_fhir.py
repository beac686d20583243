"""`/fhir` over HTTP: the operations of `/v1` in the words of FHIR, and every refusal as an OperationOutcome."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from agents.web.app import make_app
from agents.web.gate import Gateway
from agents.web.problems import ProblemError
from schemas.sample_documents import sample_text
from tests.agents.web.conftest import FOREIGN, OWN
from tests.agents.web.test_gateway import work_off
from tests.support import events as e
from tests.support.gateway import Answer, Client

Open = Callable[[str | None], Client]
DAY = "2024-02-05"  # on which no other test has an accident
FHIR = "application/fhir+json"
SUBMIT = "/fhir/Claim/$submit"
CLINIC = "clinic:plkk-0012"


def claim(
    identifier: str, sender: str = CLINIC, name: str = "accident-injury", day: str = "2024-08-07", **change: Any
) -> Any:
    """A sample with its claim number left to the gateway."""
    found = json.loads(sample_text(f"{name}.fhir").replace(b"2024-08-07", day.encode()))
    found["identifier"] = [{"system": "urn:rs-contoh:klaim", "value": identifier}]
    found["provider"]["identifier"]["value"] = f"urn:santunan:{sender}"
    for reference in (found["patient"], found["insurance"][0]["coverage"]):
        reference["identifier"]["value"] = e.NUMBER
    return found | change


def submit(client: Client, document: Any, query: str = "", **headers: str) -> Answer:
    return client.ask("POST", SUBMIT + query, document, **({"Content_Type": FHIR} | headers))


def issues(found: Answer) -> dict[str, str]:
    """Expression -> the type of the issue."""
    assert found.headers["content-type"] == FHIR and found.json["resourceType"] == "OperationOutcome"
    return {one.get("expression", [""])[0]: one["code"] for one in found.json["issue"]}


def number_of(response: Any) -> str:
    number: str = response["identifier"][0]["value"]
    return number


def reasons(response: Any, about: str) -> list[str]:
    return [
        row["reason"]["coding"][0]["code"]
        for row in response["adjudication"]
        if row["category"]["coding"][0]["code"] == about
    ]


def test_a_claim_is_taken_in_once_and_then_decided(client: Open, url: str) -> None:
    clinic = client(CLINIC)
    first, again = (submit(clinic, claim("f-1", day=DAY)) for _ in range(2))
    assert (first.status, again.status) == (200, 200) and first.headers["content-type"] == FHIR
    assert first.json["outcome"] == "queued" and again.json == first.json
    assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
    digest = first.json["identifier"][1]["value"]
    work_off(url, "claims.accidents")
    receipt = clinic.get(f"/v1/receipts/{digest}").json
    assert receipt["claim_id"] == number_of(first.json) and receipt["id"] == "urn:rs-contoh:klaim|f-1"
    decided = submit(clinic, claim("f-1", day=DAY), "?wait=25").json
    plain = clinic.get(f"/v1/claims/{receipt['claim_id']}").json
    assert decided["outcome"] == "partial" and decided["meta"]["versionId"] == str(plain["revision"])
    assert reasons(decided, "outcome") == [plain["outcome"]]
    assert reasons(decided, "reason") == [one["code"] for one in plain["reasons"]]
    assert reasons(decided, "missing") == [one["code"] for one in plain["missing"]]
    assert "total" not in decided and "addItem" not in decided, "a clinic sees no amounts, here as in /v1"


def test_the_event_is_the_one_that_v1_would_make(client: Open, url: str) -> None:
    clinic = client(CLINIC)
    plain = json.loads(sample_text("accident-injury"))
    plain = {name: value for name, value in plain.items() if name != "claim_id"} | {
        "member": {"member_number": e.NUMBER}
    }
    found = submit(clinic, claim("f-same"), Idempotency_Key="same-1")
    again = clinic.report("/v1/accidents", "same-1", plain)
    assert found.status == 200 and again.status == 200, "the same id and content: one event"
    assert again.json["claim_id"] == number_of(found.json)


def test_other_content_under_the_same_identifier_is_a_conflict(client: Open) -> None:
    submit(client(CLINIC), claim("f-2"))
    found = submit(client(CLINIC), claim("f-2", created="2024-08-10"))
    assert found.status == 409 and issues(found) == {"Claim.identifier": "conflict"}
    other = claim("f-2")
    other["identifier"][0]["system"] = "urn:rs-lain"
    assert submit(client(CLINIC), other).status == 200, "another system's number is another claim"


def test_a_claim_without_an_identifier_needs_a_key(client: Open) -> None:
    document = claim("x")
    del document["identifier"]
    found = submit(client(CLINIC), document)
    assert found.status == 422 and issues(found) == {"Claim.identifier": "required"}
    assert submit(client(CLINIC), document, Idempotency_Key="f-3").status == 200


def test_a_death_is_reported_by_a_hospital_alone(client: Open) -> None:
    assert submit(client("hospital:one"), claim("d-1", "hospital:one", "death")).status == 200
    found = submit(client(CLINIC), claim("d-2", CLINIC, "death"))
    assert found.status == 403 and issues(found) == {"": "forbidden"}


def test_who_may_not_report_learns_nothing_of_what_is_wrong(client: Open) -> None:
    found = submit(client("auditor:one"), {"resourceType": "Claim"})
    assert found.status == 403 and issues(found) == {"": "forbidden"}
    assert submit(client("desk:one"), {"resourceType": "Claim"}).status == 422


def test_a_claim_in_another_name_is_refused_and_logged(client: Open, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "santunan.gateway"):
        found = submit(client(CLINIC), claim("f-4", "clinic:other"))
    assert found.status == 403 and issues(found) == {"Claim.provider": "forbidden"}
    assert "write your own name" in found.raw.decode() and "`source`" not in found.raw.decode()
    assert [one for one in caplog.records if getattr(one, "reason", "") == "SOURCE_FORGED"]


def test_faults_of_fhir_and_of_the_event_come_at_once_in_two_languages(client: Open) -> None:
    document = claim("f-5", modifierExtension=[{"url": "http://example.org/not", "valueBoolean": True}], use="other")
    document["extension"][1]["extension"][0] = {"url": "unable_to_work_days", "valueInteger": -1}
    del document["extension"][0]["extension"][0]
    for language, text in (("id", "belum ada; tambahkan"), ("en", "is missing; add it")):
        found = submit(client(CLINIC), document, Accept_Language=language)
        assert found.status == 422
        assert issues(found).keys() == {
            "Claim.modifierExtension",
            "Claim.use",
            "Claim.extension[1].extension[0]",
            "Claim.extension[0]",
        }
        [missing] = [one for one in found.json["issue"] if one["expression"] == ["Claim.extension[0]"]]
        assert missing["details"]["text"] == text and missing["details"]["_text"]["extension"]


def test_faults_of_the_event_alone_are_named_too(client: Open) -> None:
    document = claim("f-6")
    document["extension"].append(
        {"url": "urn:santunan:fhir:conclusion", "extension": [{"url": "work_related", "valueBoolean": True}]}
    )
    assert issues(submit(client(CLINIC), document)) == {"Claim.extension[2]": "invalid"}
    document["extension"][2]["extension"].append({"url": "concluded_on", "valueDate": "2024-08-08"})
    found = submit(client(CLINIC), document)
    assert found.status == 422 and issues(found) == {"Claim.extension[2]": "invalid"}, "only the office concludes"
    assert found.json["issue"][0]["details"]["coding"][0]["code"] == "SECTION_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "issue"),
    [
        ("POST", SUBMIT, b"{", {}, 400, "structure"),
        ("POST", SUBMIT, b'{"resourceType": "Claim", "resourceType": "Claim"}', {}, 400, "structure"),
        ("POST", SUBMIT, b'{"resourceType": "Patient"}', {}, 422, "not-supported"),
        ("POST", SUBMIT, b"<Claim/>", {"Content_Type": "application/fhir+xml"}, 415, "not-supported"),
        ("POST", SUBMIT, b"{}", {"Content_Type": f"{FHIR}; fhirVersion=5.0"}, 415, "not-supported"),
        ("GET", "/fhir/metadata", None, {"Accept": f"{FHIR}; fhirVersion=4.3"}, 406, "not-supported"),
        ("POST", SUBMIT, b" " * 70_000, {}, 413, "too-long"),
        ("POST", f"{SUBMIT}?wait=99", b"{}", {}, 422, "invalid"),
        ("GET", SUBMIT, None, {}, 405, "not-supported"),
        ("GET", "/fhir/metadata", None, {"Accept": "application/fhir+xml"}, 406, "not-supported"),
        ("GET", "/fhir/metadata?_format=xml", None, {}, 406, "not-supported"),
        ("GET", "/fhir/Patient", None, {}, 404, "not-found"),
        ("GET", "/fhir/ClaimResponse", None, {}, 422, "not-supported"),
        ("GET", "/fhir/ClaimResponse?patient=3671014107850007", None, {}, 422, "not-supported"),
        ("POST", "/fhir/ClaimResponse/_search", b"{}", {}, 415, "not-supported"),
    ],
)
def test_every_refusal_is_an_operation_outcome(
    method: str, path: str, body: bytes | None, headers: dict[str, str], status: int, issue: str, client: Open
) -> None:
    found = client(CLINIC).ask(method, path, body, **({"Content_Type": FHIR} | headers))
    assert found.status == status and set(issues(found).values()) == {issue}, found.raw
    assert "3671014107850007" not in found.raw.decode()
    assert found.headers["cache-control"] == "no-store"


def test_without_a_key_only_the_capabilities_are_shown(client: Open) -> None:
    assert client(None).get("/fhir/metadata").json["fhirVersion"] == "4.0.1"
    found = client(None).ask("POST", SUBMIT, claim("x"), Content_Type=FHIR)
    assert found.status == 401 and issues(found) == {"": "login"} and found.headers["www-authenticate"] == "Bearer"


def test_the_log_has_a_pattern_and_the_principal_of_each_request(
    client: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "santunan.gateway"):
        submit(client(CLINIC), claim("f-log"))
        client(CLINIC).get(f"/fhir/ClaimResponse?identifier={OWN}")
    lines = [(one.getMessage().rsplit(" ", 2)[0], one.__dict__.get("source")) for one in caplog.records]
    assert lines == [
        ("POST /Claim/$submit", f"urn:santunan:{CLINIC}"),
        ("GET /ClaimResponse", f"urn:santunan:{CLINIC}"),
    ]


def test_where_too_many_wait_a_received_claim_is_queued(client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise ProblemError("AWAY")

    monkeypatch.setattr("agents.web.fhir.waited", full)
    found = submit(client(CLINIC), claim("f-full"), "?wait=5")
    assert found.status == 200 and found.json["outcome"] == "queued"


def test_models_of_fhir_are_loaded_when_asked_for_and_never_without_the_extra(
    gateway: tuple[Gateway, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys, agents.web.fhir; print([one for one in sys.modules if one.startswith('fhir')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"

    def paths() -> set[str]:
        return {getattr(route, "path", "") for route in make_app(gateway[0]).routes}

    assert {"/fhir", "/health"} <= paths()
    monkeypatch.setattr("agents.web.app.find_spec", lambda name: None)
    assert "/health" in paths()
    app = make_app(gateway[0])
    for method, path in (("GET", "/fhir/metadata"), ("POST", "/fhir/Claim/$submit")):
        for language, words in (("id", "Pengelola memasangnya"), ("en", "The operator installs it")):
            found = asked(app, method, path, language)
            assert (found.status_code, found.headers["content-type"]) == (501, FHIR)
            [issue] = found.json()["issue"]
            assert issue["code"] == "not-supported" and words in issue["details"]["text"]
            assert "santunan[gateway,fhir]" in issue["details"]["text"]


def asked(app: Any, method: str, path: str, language: str) -> Any:
    """Of the application itself."""

    async def ask() -> Any:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, headers={"Accept-Language": language})

    return asyncio.run(ask())


def search(client: Client, query: str, *, is_form: bool = False) -> Any:
    if is_form:
        found = client.ask(
            "POST", "/fhir/ClaimResponse/_search", query.encode(), Content_Type="application/x-www-form-urlencoded"
        )
    else:
        found = client.get(f"/fhir/ClaimResponse?{query}")
    assert found.status == 200, found.raw
    return found.json


@pytest.mark.parametrize("is_form", [True, False])
def test_a_claim_is_found_by_its_number_by_who_may_see_it(is_form: bool, client: Open) -> None:
    for query in (
        f"identifier=urn:santunan:claim|{OWN}",
        f"request:identifier=urn:santunan:claim|{OWN}",
        f"request=Claim/{OWN}&_format=json",
    ):
        found = search(client("desk:one"), query, is_form=is_form)
        assert found["total"] == 1 and number_of(found["entry"][0]["resource"]) == OWN
    response = found["entry"][0]["resource"]
    assert response["outcome"] == "complete" and reasons(response, "reason") == ["OK"]
    plain = client("desk:one").get(f"/v1/claims/{OWN}").json
    assert response["total"][0]["amount"] == {"value": plain["total"], "currency": "IDR"}
    lines = [(one["productOrService"]["coding"][0]["code"], one["adjudication"][0]["amount"]["value"]) for one in
             response["addItem"]]  # fmt: skip
    assert lines == [(one["line"], one["amount"]) for one in plain["amounts"]]
    assert OWN not in found["link"][0]["url"]


def test_a_parameter_that_is_not_read_is_refused_in_a_form_too(client: Open) -> None:
    for form in (f"identifier={OWN}&wait=5", f"identifier={OWN}&patient=x", f"identifier={OWN}&identifier={FOREIGN}"):
        kind = "application/x-www-form-urlencoded"
        found = client("desk:one").ask("POST", "/fhir/ClaimResponse/_search", form.encode(), Content_Type=kind)
        assert found.status == 422 and set(issues(found).values()) == {"not-supported"}
    found = client("desk:one").ask("POST", "/fhir/ClaimResponse/_search?wait=1", b"identifier=x", Content_Type=kind)
    assert found.status == 200


def test_a_foreign_claim_is_found_no_more_than_one_that_does_not_exist(client: Open) -> None:
    found = [search(client("desk:one"), f"identifier={number}") for number in (FOREIGN, "NONE-1", "no-such!")]
    assert found[0] == found[1] == found[2] and found[0]["total"] == 0 and "entry" not in found[0]
    assert search(client("desk:one"), f"identifier=urn:other|{OWN}")["total"] == 0
    assert client("clinic:stranger").get("/fhir/ClaimResponse?identifier=x").status == 200


def eligibility(sender: str, member: str, day: str = "2024-07-07") -> Any:
    found = json.loads(sample_text("cover.fhir"))
    found["patient"]["identifier"]["value"] = member
    found["provider"]["identifier"]["value"] = f"urn:santunan:{sender}"
    return found | {"servicedDate": day}


@pytest.mark.parametrize("path", ["", "/$submit"])
def test_cover_is_answered_as_far_as_the_asker_may_know(path: str, client: Open) -> None:
    def ask(sender: str, member: str, day: str = "2024-07-07") -> Any:
        found = client(sender).ask(
            "POST", f"/fhir/CoverageEligibilityRequest{path}", eligibility(sender, member, day), Content_Type=FHIR
        )
        assert found.status == 200, found.raw
        return found.json

    covered, before = ask(CLINIC, e.NUMBER), ask(CLINIC, e.NUMBER, "2019-10-01")
    assert covered["insurance"][0]["inforce"] is True and before["insurance"][0]["inforce"] is False
    assert "benefitPeriod" not in covered["insurance"][0] and e.NUMBER not in json.dumps(covered)
    assert covered["request"]["identifier"] == {"system": "urn:santunan:contoh", "value": "cover"}
    full = ask("office:one", e.NUMBER)
    assert full["insurance"][0]["benefitPeriod"]["start"] == "2019-11-02"
    assert full["insurance"][0]["coverage"]["identifier"]["value"] == e.NUMBER


def test_cover_of_a_day_without_law_or_a_number_without_form_is_refused_by_place(client: Open) -> None:
    for document, expression in (
        (eligibility(CLINIC, "x"), "patient.identifier.value"),
        (eligibility(CLINIC, e.NUMBER, "1999-01-01"), "servicedDate"),
        (eligibility(CLINIC, e.NUMBER, "2024-02"), "servicedDate"),
    ):
        found = client(CLINIC).ask("POST", "/fhir/CoverageEligibilityRequest", document, Content_Type=FHIR)
        assert found.status == 422 and issues(found).keys() == {f"CoverageEligibilityRequest.{expression}"}
    found = client("payments:one").ask("POST", "/fhir/CoverageEligibilityRequest", document, Content_Type=FHIR)
    assert found.status == 403


def test_personal_data_of_a_resource_is_in_no_log_and_no_answer(client: Open, caplog: pytest.LogCaptureFixture) -> None:
    canary, name = "3671014107850007", "Kunyit Canary"
    good = claim("f-7")
    good["patient"] = {"identifier": {"system": "https://fhir.kemkes.go.id/id/nik", "value": canary}, "display": name}
    good["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["display"] = "canary-diagnosis"
    bad = [good | {canary: name}, good | {"use": name}, good | {"identifier": [{"value": canary}]}, {**good, "id": 1}]
    with caplog.at_level(logging.DEBUG):
        answers = [submit(client("clinic:k"), one | {"provider": claim("", "clinic:k")["provider"]}) for one in
                   (good, *bad)]  # fmt: skip
        asked = eligibility("clinic:k", canary)
        asked["patient"]["identifier"]["system"] = "https://fhir.kemkes.go.id/id/nik"
        answers.append(client("clinic:k").ask("POST", "/fhir/CoverageEligibilityRequest", asked, Content_Type=FHIR))
        answers.append(client("clinic:k").get(f"/fhir/ClaimResponse?identifier={canary}"))
    assert {one.status for one in answers} == {200, 422}
    said = [repr(one.__dict__) for one in caplog.records] + [f"{one.raw!r} {one.headers}" for one in answers]
    found = [text[:400] for text in said if any(word in text for word in (canary, "Kunyit", "canary-diagnosis"))]
    assert found == []
