"""Sample documents: each is served as it stands, accepted where it says, and says the same in every form."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from agents.fhir.claims import read_claim_resource
from schemas.codes import ClaimProgram
from schemas.sample_documents import Sample, sample_text, samples
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
CLAIMS = sorted({one.name.partition(".")[0] for one in samples() if one.name.startswith(("accident", "death"))})
FORMS = ("", ".cloudevent", ".fhir")


def read(name: str) -> Any:
    return json.loads(sample_text(name))


@pytest.mark.parametrize("name", CLAIMS)
def test_the_three_forms_of_a_sample_say_the_same(name: str) -> None:
    plain, event, resource = (read(f"{name}{form}") for form in FORMS)
    report = read_claim_resource(resource)
    assert report.faults == [] and report.data == plain == event["data"]
    assert report.provider == event["source"]


def test_there_is_a_sample_for_each_kind_of_claim_and_it_is_marked_as_made_up() -> None:
    programs: dict[ClaimProgram, int] = {"JKK": 0, "JKM": 0}
    kinds = set()
    for name in CLAIMS:
        plain = read(name)
        programs["JKK" if "accident" in plain else "JKM"] += 1
        kinds.add(plain.get("accident", {}).get("kind", "injury"))
        assert plain["claim_id"].startswith("CONTOH-")
        who = plain["member"]
        assert who.get("member_number", "CONTOH").startswith("CONTOH") and who.get("nik", "99").startswith("99")
    assert min(programs.values()) >= 2 and kinds >= {"injury", "occupational_disease"}


def test_the_list_of_samples_says_where_each_goes(client: Open) -> None:
    found = client("clinic:contoh").get("/v1/samples")
    rows = found.json["rows"]
    assert found.status == 200 and {one["name"] for one in rows} == {one.name for one in samples()}
    [fhir] = [one for one in rows if one["name"] == "death.fhir"]
    assert fhir == {
        "name": "death.fhir",
        "form": "fhir",
        "media_type": "application/fhir+json",
        "send_to": "/fhir/Claim/$submit",
        "sender": "hospital",
    }
    assert client("clinic:contoh").get("/v1/samples/..%2Fjson").status == 404
    assert client("clinic:contoh").get("/v1/samples/none").status == 404
    assert client(None).get("/v1/samples").status == 401


@pytest.mark.parametrize("sample", samples(), ids=lambda one: one.name)
def test_each_sample_is_accepted_where_it_says(sample: Sample, client: Open) -> None:
    sender = client(f"{sample.sender}:contoh")
    text = sender.get(f"/v1/samples/{sample.name}")
    assert text.status == 200 and text.raw == sample_text(sample.name)
    assert text.headers["content-type"].split(";")[0] == sample.media_type
    place = sample.send_to.replace("{claim}", "CONTOH-JKK-1")
    key = {"Idempotency_Key": f"sample-{sample.name}"} if sample.form == "plain" else {}
    found = sender.ask("POST", place, text.raw, Content_Type=sample.media_type, **key)
    assert found.status in (200, 202), found.raw
    again = sender.ask("POST", place, text.raw, Content_Type=sample.media_type, **key)
    assert again.status == 200
