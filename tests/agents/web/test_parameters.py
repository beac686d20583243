"""Every route of the document: a parameter that it does not have is named, and HEAD is answered where GET is."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest

from agents.web.app import make_app
from agents.web.metrics import Metrics
from agents.web.openapi import openapi_document
from tests.agents.web.conftest import OWN
from tests.agents.web.english import english_in
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
FOREIGN_PARAMETERS: Final = {"/v1/session/oidc/callback"}  # a provider may add its own (RFC 6749, section 4.1.2)
ABLE: Final = {"/v1/work": "officer:one", "/v1/payouts": "payments:one", "/v1/webhooks": "desk:one"}
DOCUMENT: Final = openapi_document(make_app(SimpleNamespace(metrics=Metrics())), "en")  # type: ignore[arg-type]


def operations(*methods: str) -> Iterator[tuple[str, str]]:
    for path, found in DOCUMENT["paths"].items():
        for method in found:
            if not methods or method in methods:
                yield method.upper(), path


def address(path: str) -> str:
    filled = path
    for name, value in {"claim": OWN, "digest": "0" * 64, "sha256": "0" * 64, "webhook": "whk_1", "name": "x"}.items():
        filled = filled.replace(f"{{{name}}}", value)
    return filled


def asking(client: Open, path: str) -> Client:
    return client(ABLE.get(path, "desk:one"))


WRONG: Final = "limmit=3&wait=x&limit=999&lang=xx&3171010101800001=1"
OF_V1: Final = [one for one in operations() if one[1].startswith("/v1/") and one[1] not in FOREIGN_PARAMETERS]


@pytest.mark.parametrize(("method", "path"), OF_V1, ids=" ".join)
def test_an_unknown_parameter_is_named(method: str, path: str, client: Open) -> None:
    sent: Any = {} if method in ("POST", "PUT") else None
    found = asking(client, path).ask(method, f"{address(path)}?{WRONG}", sent)
    assert found.status == 422 and found.json["code"] == "INVALID"
    faults = {one["parameter"]: one["detail"] for one in found.json["errors"]}
    assert {"limmit", "(unreadable name)"} <= faults.keys() and "tidak dikenal" in faults["limmit"]
    assert [(said, english_in(said)) for said in faults.values() if english_in(said)] == []
    assert "wait" in faults  # unknown, or wrong: all are named at once
    assert b"3171010101800001" not in found.raw


def test_a_parameter_that_is_given_twice_is_named(client: Open) -> None:
    found = client("desk:one").get("/v1/claims?limit=3&limit=4", Accept_Language="en")
    assert found.json["errors"] == [{"parameter": "limit", "detail": "is given twice; keep one of them"}]


def test_a_parameter_is_looked_at_after_the_key(client: Open) -> None:
    assert client(None).get("/v1/claims?limmit=3").status == 401


CURSORS: Final = ["/v1/claims", "/v1/decisions", "/v1/payouts", "/v1/work"]


@pytest.mark.parametrize("path", CURSORS)
@pytest.mark.parametrize("wrong", ["x!", "%00", "..", "-"])
def test_a_wrong_cursor_is_named(path: str, wrong: str, client: Open) -> None:
    found = asking(client, path).get(f"{path}?after={wrong}")
    assert (found.status, found.json["errors"][0]["parameter"]) == (422, "after")


GETS: Final = [path for _, path in operations("get")]


@pytest.mark.parametrize("path", GETS)
def test_head_is_answered_as_get_without_a_body(path: str, client: Open) -> None:
    one = asking(client, path)
    get, head = one.get(address(path)), one.ask("HEAD", address(path))
    assert (head.status, head.raw) == (get.status, b"")
    names = ("content-type", "etag", "content-language", "cache-control", "content-security-policy")
    assert [head.headers.get(name) for name in names] == [get.headers.get(name) for name in names]
    refused = one.ask("PATCH", address(path))
    assert refused.status == 405 and {"GET", "HEAD"} <= set(refused.headers["allow"].split(", "))


def test_head_of_what_is_only_sent_to_is_refused_and_of_a_stream_ends(client: Open) -> None:
    found = client("desk:one").ask("HEAD", "/v1/accidents")
    assert (found.status, found.headers["allow"]) == (405, "POST")
    stream = client("desk:one").ask("HEAD", "/v1/decisions", Accept="text/event-stream")
    assert (stream.status, stream.headers["content-type"].split(";")[0]) == (200, "text/event-stream")


def test_a_wrong_cursor_of_a_stream_is_named_by_its_header(client: Open) -> None:
    found = client("desk:one").get("/v1/decisions", Accept="text/event-stream", Last_Event_ID="nowhere")
    assert (found.status, found.json["errors"][0]["header"]) == (422, "Last-Event-ID")
