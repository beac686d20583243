"""Places of refusals over FHIR: every field of an event has an element, and a header or parameter its location."""

import dataclasses
import re
import types
from collections.abc import Callable, Iterator
from typing import Any, Final, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from agents.fhir.claims import read_claim_resource
from schemas.claims import AccidentClaim, DeathClaim
from tests.agents.web.test_fhir import CLINIC, FHIR, SUBMIT, claim, issues, submit
from tests.agents.web.test_gateway import work_off
from tests.support.gateway import Client

Open = Callable[[str | None], Client]


def paths_of(kind: Any, path: str = "") -> Iterator[str]:
    """Every field of an event's data, with 0 as the place in a list."""
    if get_origin(kind) is not None or isinstance(kind, types.UnionType):
        is_list = get_origin(kind) is tuple
        for one in get_args(kind):
            yield from paths_of(one, f"{path}.0" if is_list else path)
    elif dataclasses.is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        for name, one in get_type_hints(kind).items():
            if not name.startswith("_") and name != "model_config":
                yield f"{path}.{name}"
                yield from paths_of(one, f"{path}.{name}")


FIELDS: Final = sorted(
    {*paths_of(AccidentClaim, "data"), *paths_of(DeathClaim, "data"), "id", "source", "time", "type"}
)


@pytest.mark.parametrize("is_said", [True, False])
def test_every_field_of_an_event_has_a_place_in_the_claim(is_said: bool) -> None:
    document = claim("f-where") if is_said else {"resourceType": "Claim"}
    report = read_claim_resource(document)
    places = {field: report.place_of(field) for field in FIELDS}
    assert len(FIELDS) > 100 and [field for field, place in places.items() if place == "Claim"] == []
    shape = r"Claim(\.[a-zA-Z]+(\[\d+\])?(\.where\(url='urn:santunan:fhir:[a-z_]+'\))?|\.where\(url='[a-z_:]+'\))+"
    assert [place for place in places.values() if not re.fullmatch(shape, place)] == []


def test_faults_of_the_body_are_where_they_are_and_those_of_headers_in_location(client: Open) -> None:
    clinic = client(CLINIC)
    twice = b'{"resourceType": "Claim", "item": [{}, {"net": 1, "net": 2}]}'
    found = clinic.ask("POST", SUBMIT, twice, Content_Type=FHIR)
    assert found.status == 400 and issues(found) == {"Claim.item[1].net": "structure"}
    found = clinic.ask("POST", SUBMIT, b"{", Content_Type=FHIR)
    assert found.status == 400 and issues(found) == {"Claim": "structure"}
    for path, headers, place in (
        (f"{SUBMIT}?wait=99", {"Content_Type": FHIR}, "http.wait"),
        (SUBMIT, {"Content_Type": "text/plain"}, "http.Content-Type"),
        (SUBMIT, {"Content_Type": FHIR, "Content_Encoding": "gzip"}, "http.Content-Encoding"),
        (SUBMIT, {"Content_Type": FHIR, "Accept": "application/fhir+xml"}, "http.Accept"),
    ):
        found = clinic.ask("POST", path, claim("f-place"), **headers)
        assert found.json["issue"][0]["location"] == [place], found.raw


def test_a_claim_that_a_worker_refused_is_answered_with_the_reason_and_its_place(client: Open, url: str) -> None:
    """OFFICER-1 is somebody else's, which only the worker knows for sure."""
    taken = claim("x") | {"identifier": [{"system": "urn:santunan:claim", "value": "OFFICER-1"}]}
    assert submit(client(CLINIC), taken).json["outcome"] == "queued"
    work_off(url, "claims.accidents")
    found = client(CLINIC).get("/fhir/ClaimResponse?identifier=urn:santunan:claim|OFFICER-1")
    assert found.status == 404 and found.json["issue"][0]["details"]["coding"][0]["code"] == "CLAIM_ID_TAKEN"
