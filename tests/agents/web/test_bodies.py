"""Every JSON body of every route: a key that stands twice, what is no JSON, and the wrong kind of content are refused
with the place of the fault."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests.agents.web.conftest import OWN
from tests.agents.web.test_openapi_requests import ABLE
from tests.agents.web.test_parameters import DOCUMENT, address
from tests.support.gateway import Answer, Client

Open = Callable[[str | None], Client]
FHIR: Final = [
    ("POST", f"/fhir/{path}", "application/fhir+json")
    for path in ("Claim/$submit", "CoverageEligibilityRequest", "CoverageEligibilityRequest/$submit")
]


def bodies() -> Iterator[tuple[str, str, str]]:
    for path, found in DOCUMENT["paths"].items():
        for method, operation in found.items():
            for media_type in operation.get("requestBody", {}).get("content", {}):
                if "json" in media_type:
                    yield method.upper(), path, media_type


BODIES: Final = [*bodies(), *FHIR]


def who(method: str, path: str) -> str:
    kind = {"officer": "officer:one", "payments": "payments:one"}.get(ABLE.get(f"{method} {path}", ""))
    if "webhooks" in path:
        return "clinic:bodies"
    return kind or "office:one"


def send(client: Open, method: str, path: str, media_type: str, raw: bytes, **headers: str) -> Answer:
    sent = {"Content_Type": media_type, "Idempotency_Key": "b-1", "ce_type": "x", **headers}
    return client(who(method, path)).ask(method, address(path), raw, **sent)


def test_all_bodies_of_json_are_known() -> None:
    assert len(BODIES) >= 18 and {"/v1/session", "/v1/cover", "/v1/webhooks"} <= {path for _, path, _ in BODIES}


@pytest.mark.parametrize(("method", "path", "media_type"), BODIES)
def test_a_key_that_stands_twice_is_refused_where_it_stands(
    method: str, path: str, media_type: str, client: Open
) -> None:
    found = send(client, method, path, media_type, b'{"day": 1, "member": {"nik": 1, "nik": 2}, "day": 2}')
    if path.startswith("/fhir"):
        said = found.json["issue"][0]
        assert (found.status, said["code"]) == (400, "structure")
        return
    assert (found.status, found.json["code"]) == (400, "DUPLICATE_KEY")
    assert [one["pointer"] for one in found.json["errors"]] == ["/member/nik", "/day"]


@pytest.mark.parametrize(("method", "path", "media_type"), BODIES)
@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [(b'{"a": 1,\n "b": }', 2, 7), (b'{"a": "\xff"}', 1, 8), (b"\n\n{", 3, 2), (b"{'a': 1}", 1, 2)],
)
def test_what_is_no_json_is_named_by_line_and_column(
    raw: bytes, line: int, column: int, method: str, path: str, media_type: str, client: Open
) -> None:
    found = send(client, method, path, media_type, raw, Accept_Language="en")
    said = str(found.json["issue"] if path.startswith("/fhir") else found.json["errors"])
    assert found.status == 400 and f"line {line}, column {column}" in said, said


@pytest.mark.parametrize(("method", "path", "media_type"), BODIES)
@pytest.mark.parametrize("raw", [b"", b"[" * 20_000 + b"]" * 20_000, b"3", b"[]"])
def test_other_bodies_are_refused_with_words(raw: bytes, method: str, path: str, media_type: str, client: Open) -> None:
    found = send(client, method, path, media_type, raw, Accept_Language="en")
    assert found.status in (400, 413, 422)
    assert found.json["errors"][0]["detail"] if not path.startswith("/fhir") else found.json["issue"]


@pytest.mark.parametrize(("method", "path", "media_type"), BODIES)
@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"Content_Type": "text/plain"}, "Content-Type"),
        ({"Content_Type": "application/xml; charset=utf-8"}, "Content-Type"),
        ({"charset": "latin-1"}, "Content-Type"),
        ({"Content_Encoding": "gzip"}, "Content-Encoding"),
    ],
)
def test_a_wrong_kind_of_content_names_its_header(
    headers: dict[str, str], named: str, method: str, path: str, media_type: str, client: Open
) -> None:
    if charset := headers.get("charset"):
        headers = {"Content_Type": f"{media_type}; charset={charset}"}
    found = send(client, method, path, media_type, b"{}", **headers)
    assert found.status == 415
    if path.startswith("/fhir"):
        assert named in str(found.json["issue"])
    else:
        assert [one["header"] for one in found.json["errors"]] == [named]


def test_refusals_for_a_header_name_it(client: Open) -> None:
    office = client("office:one")
    data: dict[str, Any] = {"documents": ["ktp"]}
    place = f"/v1/claims/{OWN}/evidence"
    assert office.ask("POST", place, data).json["errors"][0]["header"] == "Idempotency-Key"
    assert office.report(place, "b-2", data).status == 202
    reused = office.report(place, "b-2", {"documents": ["visum"]})
    assert (reused.status, reused.json["errors"][0]["header"]) == (409, "Idempotency-Key")
    assert client(None).get("/v1/claims").json["errors"][0]["header"] == "Authorization"
    large = office.ask("POST", place, b"x" * 100_000)
    assert (large.status, large.json["errors"][0]["header"]) == (413, "Content-Length")


def test_faults_of_binary_mode_name_the_header_of_an_attribute_and_the_place_in_the_body(client: Open) -> None:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "b-3",
        "ce_source": "urn:santunan:office:one",
        "ce_type": "santunan.claim.accident.v1",
        "ce_time": "yesterday",
    }
    found = client("office:one").ask("POST", "/v1/events", {"claim_id": "!"}, **headers)
    places = {one.get("header") or one.get("pointer") for one in found.json["errors"]}
    assert places == {"ce-time", "/claim_id", "/member", "/accident"}


def test_a_key_that_stands_twice_in_an_event_is_found_where_it_stands(client: Open) -> None:
    raw = b'{"data": {"documents": [], "member": {"name": "x"}, "documents": ["ktp"]}, "3171010101800001": 1}'
    found = client("office:one").ask("POST", "/v1/events", raw, Content_Type="application/cloudevents+json")
    assert found.json["errors"][0]["pointer"] == "/data/documents"
    assert b"3171010101800001" not in found.raw


def test_a_missing_key_a_date_to_come_and_what_the_parser_finds_are_named_at_once(client: Open) -> None:
    data = {"member": {}, "accident": {"occurred_at": "2199-07-07T10:00:00+07:00"}, "medical": {"healed_on": 5}}
    found = client("clinic:one").ask("POST", "/v1/accidents", data)
    assert found.status == 422
    named = {one.get("pointer") or one["header"] for one in found.json["errors"]}
    assert named == {"Idempotency-Key", "/member", "/accident/occurred_at", "/medical/healed_on"}
