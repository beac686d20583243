"""The document of the API: every route is in it, in both languages, and it can be read without internet or script."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import jsonschema_rs
import pytest

from agents.web import examples
from agents.web.app import make_app, methods_at
from agents.web.describing import description_of
from agents.web.metrics import Metrics
from agents.web.openapi import PARAMETERS, TAGS, openapi_document, routes_of
from tests.agents.web.conftest import Make, Running
from tests.support.browser import PASSWORD
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
APP: Final = make_app(SimpleNamespace(metrics=Metrics()))  # type: ignore[arg-type]
DOCUMENTS: Final[dict[str, Any]] = {"id": openapi_document(APP, "id"), "en": openapi_document(APP, "en")}
ROUTES: Final = list(routes_of(APP))
ABLE: Final = {
    "/v1/reviews": "officer:one",
    "/v1/claims/{claim}/holder": "officer:one",
    "/v1/reviews/preview": "officer:one",
    "/v1/settlements": "payments:one",
    "/v1/events": "clinic:plkk-0012",
    "/v1/webhooks": "clinic:one",
    "/v1/members/known": "officer:one",
    "/v1/claims/{claim}/dossier": "officer:one",
}


def operations() -> list[tuple[str, str, Any]]:
    return [
        (method, path, one) for path, methods in DOCUMENTS["en"]["paths"].items() for method, one in methods.items()
    ]


@pytest.mark.parametrize(("method", "path", "endpoint"), ROUTES, ids=[f"{one[0]} {one[1]}" for one in ROUTES])
def test_each_route_is_described_in_both_languages(method: str, path: str, endpoint: Any) -> None:
    described = description_of(endpoint)
    assert described is not None, "add @describe(…) to this route: see agents/web/describing.py"
    assert all(described.summary) and described.summary[0] != described.summary[1]
    assert bool(described.detail[0]) == bool(described.detail[1])
    assert described.tag in TAGS, f"give the tag {described.tag} words in agents/web/openapi.py"
    for one in DOCUMENTS.values():
        operation = one["paths"][path][method.lower()]
        texts = [operation["summary"], *(answer["description"] for answer in operation["responses"].values())]
        texts += [parameter["description"] for parameter in operation.get("parameters", ())]
        assert all(texts)


def test_each_parameter_of_an_address_has_words() -> None:
    named = {one["name"] for _, _, operation in operations() for one in operation.get("parameters", ())}
    assert PARAMETERS.keys() <= named


def test_every_reference_leads_somewhere() -> None:
    for document in DOCUMENTS.values():
        found = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
        assert found <= document["components"]["schemas"].keys()
        assert len(found) > 40


@pytest.fixture
def there(gateway: Running, make: Make, client: Open, unhurried: None) -> Iterator[dict[str, dict[str, Any]]]:
    """By path, what an example says of things that another gateway has, as this one has it."""
    make(examples.SIGN_IN["name"])
    link = gateway[0].links.make("password", make("office:linked").name, "test", dt.datetime.now(dt.UTC))
    with patch("agents.web.hooks._addresses_of", return_value=["93.184.215.14"]):  # asks no server of names
        body = b"Nama;NIK\nSiti Contoh;3603014101900003\n"
        client("office:one").ask("POST", "/v1/known?keep=true&listed_on=2024-01-01", body, Content_Type="text/csv")
        known_id = hashlib.sha256(b"3603014101900003").hexdigest()
        yield {
            "/v1/claims/{claim}/holder": {"to": None},
            "/v1/known/matches": {"known_id": known_id, "member_number": "20000000022"},
            "/v1/session": {"password": PASSWORD},
            "/v1/second-factor": {"password": PASSWORD},
            "/v1/links": {"link": link},
            "/v1/members/known": {"member": "20000000022"},
            "/v1/reviews": {"claim_id": "OFFICER-1", "revision": 1, "answers": ["REF_PAK"]},
            "/v1/reviews/preview": {"claim_id": "OFFICER-1", "revision": 1, "answers": ["REF_PAK"]},
        }


def test_each_example_fits_its_schema_and_is_taken_in(client: Open, there: dict[str, dict[str, Any]]) -> None:
    bodies = 0
    for method, path, operation in operations():
        for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
            if "json" not in media_type:
                continue
            assert "example" in body, f"give {method.upper()} {path} an example"
            schema = body["schema"] | {"components": DOCUMENTS["en"]["components"]}
            assert jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(body["example"]), path
            if path == "/v1/events" and media_type == "application/json":
                continue  # binary mode: tests/agents/web/test_cloudevents.py
            if path == "/v1/session/code":
                continue  # of a person's session, not of a key: tests/agents/web/test_fresh_codes.py
            asked = client(ABLE.get(path, "office:one"))
            address = path.replace(
                "{claim}", "OFFICER-1" if path.endswith(("/holder", "/dossier")) else "JKK-2024-0034"
            )
            example = body["example"] | there[path] if path in there else body["example"]
            found = asked.ask(method.upper(), address, example, Content_Type=media_type, Idempotency_Key=path)
            assert found.status in (200, 201, 202, 204), (path, found.raw)
            bodies += 1
    assert bodies >= 14


@pytest.mark.parametrize("path", ["/docs", "/docs/events"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_page_needs_no_internet_no_script_and_no_key(path: str, language: str, client: Open) -> None:
    found = client(None).get(f"{path}?lang={language}")
    assert found.status == 200 and found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-language"] == language
    assert found.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    page = Page()
    page.feed(found.raw.decode())
    assert page.scripts == 0 and page.tags["html"] == {"lang": language}
    assert all(one.startswith(("/", "#")) and not one.startswith("//") for one in page.links)
    inside = {one[1:] for one in page.links if one.startswith("#")}
    assert inside <= page.ids and len(page.ids) == page.count, "every link leads somewhere, and no id is there twice"
    for one in page.links:
        if one.startswith("/"):
            assert client(None).get(one).status == 200


class Page(HTMLParser):
    """What a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.tags: dict[str, dict[str, str | None]] = {}
        self.scripts = self.count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags[tag] = found
        is_script = tag == "script" or any(name.startswith("on") or name == "style" for name in found)
        self.scripts += is_script or tag == "style"
        for name in ("href", "src"):
            if name in found:
                self.links.add(found[name] or "")
        if "id" in found:
            self.ids.add(found["id"] or "")
            self.count += 1


def test_a_page_names_every_operation_and_every_topic(client: Open) -> None:
    page = client(None).get("/docs", Accept_Language="en").raw.decode()
    assert all(f"{method.upper()} {path}" in page and one["summary"] in page for method, path, one in operations())
    events = client(None).get("/docs/events", Accept_Language="en").raw.decode()
    document = client(None).get("/asyncapi.json").json
    assert all(one["address"] in events for one in document["channels"].values())
    assert "at least one of: member_number, nik" in page and "at least one of: member_number, nik" in events


def test_the_language_of_the_document_is_asked_for_or_indonesian(client: Open) -> None:
    for path in ("/openapi.json", "/docs"):
        asked = client(None)
        assert "Laporkan kecelakaan kerja" in asked.get(path).raw.decode()
        assert "Report an accident at work" in asked.get(path, Accept_Language="en").raw.decode()
        assert "Laporkan kecelakaan" in asked.get(f"{path}?lang=id", Accept_Language="en").raw.decode()
    assert client(None).get("/openapi.json").json == DOCUMENTS["id"]


def test_another_method_is_refused_with_those_that_the_address_has(client: Open) -> None:
    for path, methods in DOCUMENTS["en"]["paths"].items():
        found = client(None).ask("TRACE", re.sub("{.*?}", "x", path))
        assert (found.status, found.json["code"]) == (405, "METHOD"), path
        own = {one.upper() for one in methods}
        assert found.headers["allow"] == ", ".join(sorted(own | ({"HEAD"} if "GET" in own else set())))


def test_allow_names_methods_of_several_routes() -> None:
    app = make_app(SimpleNamespace(metrics=Metrics()))  # type: ignore[arg-type]
    app.add_api_route("/v1/things/{thing}", lambda thing: None, methods=["PUT"])
    app.add_api_route("/v1/things/{thing}", lambda thing: None, methods=["GET"])
    assert methods_at(app, "/v1/things/1") == {"GET", "HEAD", "PUT"}
    assert methods_at(app, "/v1/claims/K-1/evidence") == {"POST"} and methods_at(app, "/nowhere") == set()
