"""What every door has: limits of how often and how slowly, headers of every answer, and a security event that says from
where a refusal came."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import pytest

from agents.web import gate
from agents.web.gate import Gateway
from agents.web.limits import Buckets
from tests.agents.web.conftest import OWN, Running
from tests.support.gateway import FORM, Answer, Client

Open = Callable[[str | None], Client]
SIGN_IN = {"name": "clinic:nobody", "password": "lima kucing turun"}


@contextmanager
def limited(gateway: Gateway, name: str) -> Iterator[None]:
    """Two at once and then one in a thousand seconds."""
    before = getattr(gateway, name)
    object.__setattr__(gateway, name, Buckets(1, lambda: 0.0))
    try:
        yield
    finally:
        object.__setattr__(gateway, name, before)


def is_told_when(found: Answer) -> bool:
    return (found.status, found.json["code"]) == (429, "RATE") and int(found.headers["retry-after"]) >= 1


def test_a_principal_that_asks_too_often_is_told_when_and_no_other_is(client: Open, gateway: Running) -> None:
    busy, calm = client("clinic:busy"), client("clinic:calm")
    with limited(gateway[0], "principals"):
        assert [busy.get("/v1/claims").status for _ in range(2)] == [200, 200]
        assert is_told_when(busy.get("/v1/claims")) and is_told_when(busy.get("/v1/work"))
        assert calm.get("/v1/claims").status == 200


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("addresses", lambda one: one.get("/v1/claims")),
        ("addresses", lambda one: one.ask("POST", "/v1/session", SIGN_IN)),
        ("refused_keys", lambda one: Client(one.port, "stn_" + "a" * 43).get("/v1/claims")),
        ("sign_in_addresses", lambda one: one.ask("POST", "/v1/session", SIGN_IN)),
        ("sign_in_addresses", lambda one: one.ask("POST", "/v1/links", {"link": "x" * 43})),
        ("sign_in_addresses", lambda one: one.ask("POST", "/v1/second-factor", SIGN_IN)),
    ],
    ids=["request", "sign-in", "wrong key", "password", "link", "second factor"],
)
def test_an_address_that_asks_too_often_is_told_when(
    name: str, ask: Callable[[Client], Answer], client: Open, gateway: Running
) -> None:
    with limited(gateway[0], name):
        first = [ask(client(None)).status for _ in range(2)]
        assert 429 not in first and 500 not in first
        assert is_told_when(ask(client(None)))


def test_a_body_that_comes_too_slowly_is_not_waited_for(client: Open, gateway: Running) -> None:
    head = (
        f"POST /v1/accidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client('clinic:one').key}\r\n"
        "Idempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    )
    began = time.monotonic()
    with (
        patch("agents.web.gate.parts_of", partial(gate.parts_of, seconds=0.3)),
        socket.create_connection(("127.0.0.1", gateway[1]), timeout=20) as connection,
    ):
        connection.sendall(head.encode())
        found = connection.recv(65536)
        assert found.startswith(b"HTTP/1.1 408") and b"problem+json" in found + connection.recv(65536)
    assert time.monotonic() - began < 15 and gate.BODY_SECONDS == 30


ANSWERS = {
    "of the API": ("GET", "/v1/claims", None, {}),
    "one claim": ("GET", f"/v1/claims/{OWN}", None, {}),
    "nothing there": ("GET", "/v1/nothing", None, {}),
    "another method": ("PATCH", "/v1/claims", None, {}),
    "a wrong parameter": ("GET", "/v1/claims?limit=0", None, {}),
    "no JSON": ("POST", "/v1/accidents", b"{", {"Idempotency_Key": "x"}),
    "too long": ("POST", "/v1/cover", b" " * 5000, {}),
    "no key": ("GET", "/v1/claims", None, {"Authorization": "Bearer x"}),
    "of FHIR": ("GET", "/fhir/metadata", None, {}),
    "refused by FHIR": ("GET", "/fhir/Patient", None, {}),
    "a document": ("GET", "/openapi.json", None, {}),
    "health": ("GET", "/health", None, {}),
    "metrics": ("GET", "/metrics", None, {}),
    "a page": ("GET", "/cover", None, {"Accept": "text/html"}),
    "no page": ("GET", "/nothing", None, {"Accept": "text/html"}),
    "the door": ("GET", "/sign-in", None, {"Accept": "text/html"}),
    "a question": ("POST", "/cover", b"member=1", {"Content_Type": FORM}),
    "from elsewhere": ("OPTIONS", "/v1/claims", None, {"Access_Control_Request_Method": "POST"}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_tells_a_browser_what_it_may_not(name: str, client: Open) -> None:
    method, path, body, headers = ANSWERS[name]
    asked = client("clinic:one") if "Authorization" not in headers else client(None)
    found = asked.ask(method, path, body, Origin="https://evil.example", **headers)
    assert found.status != 500
    tells_what_a_browser_may_not(found, "no-cache" if name == "a document" else "no-store")


def test_a_bug_has_these_headers_too_and_is_counted(
    client: Open, gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr("agents.web.asking.list_claims", fail)
    monkeypatch.setattr("agents.web.pages.front.asked_form", fail)
    for path, kind in (("/v1/claims", "application/problem+json"), ("/cover", "text/html; charset=utf-8")):
        found = client("clinic:one").get(path)
        assert (found.status, found.headers["content-type"]) == (500, kind)
        tells_what_a_browser_may_not(found)
        assert f'route="{path}",status="500"}} 1.0' in gateway[0].metrics.text().decode()


def tells_what_a_browser_may_not(found: Answer, cache: str = "no-store") -> None:
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert found.headers["cache-control"] == cache
    assert not [one for one in found.headers if one.startswith("access-control-")], "CORS is off"
    assert "server" not in found.headers


def test_a_refusal_is_a_security_event_that_says_from_where(
    client: Open, gateway: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "santunan.gateway"):
        Client(gateway[1], "stn_" + "b" * 43).get("/v1/claims")
        client("clinic:one").get("/v1/work")
        client(None).ask("POST", "/v1/session", SIGN_IN)
    events = [one.__dict__ for one in caplog.records]
    assert {one["address"] for one in events} == {"127.0.0.1"}
    refusals = [(one["reason"], one["status"], one["source"]) for one in events if "reason" in one]
    assert refusals == [
        ("UNKNOWN", 401, None), ("NOT_ALLOWED", 403, "urn:santunan:clinic:one"), ("SIGN_IN_REFUSED", 401, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "second"),
    [
        ("/v1/accidents", "Idempotency-Key", "other"),
        ("/v1/accidents", "Content-Type", "text/plain"),
        ("/v1/accidents", "Authorization", "Bearer x"),
        ("/v1/events", "ce-id", "other"),
        ("/fhir/Claim/$submit", "Idempotency-Key", "other"),
    ],
)
def test_a_header_that_names_sender_or_event_stands_once(
    path: str, name: str, second: str, client: Open, gateway: Running
) -> None:
    headers = {
        "Host": "x", "Connection": "close", "Authorization": f"Bearer {client('clinic:one').key}",
        "Content-Type": "application/json", "Content-Length": "2", "Idempotency-Key": "once", "ce-id": "once",
        "ce-type": "x", "Accept-Language": "en",
    }  # fmt: skip
    first = f"POST {path} HTTP/1.1"
    lines = [first, *(f"{one}: {value}" for one, value in headers.items()), f"{name}: {second}", "", "{}"]
    found = b""
    with socket.create_connection(("127.0.0.1", gateway[1]), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        while part := connection.recv(65536):
            found += part
    assert found.startswith(b"HTTP/1.1 422") and b"is given twice; keep one of them" in found, found
    assert name.lower().encode() in found and second.encode() not in found.partition(b"\r\n\r\n")[2]
