"""Webhooks over HTTP: what a program sends to register one, what it gets, and what is refused."""

import base64
from collections.abc import Callable

import pytest

from agents.web import hooks
from agents.web.gate import Gateway
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
URL = "https://8.8.8.8/santunan?token=abc"


def test_a_secret_is_shown_once_and_another_after_it(client: Open, gateway: tuple[Gateway, int]) -> None:
    program = client("clinic:hooks-1")
    made = program.ask("POST", "/v1/webhooks", {"url": URL})
    assert made.status == 201 and made.headers["location"] == f"/v1/webhooks/{made.json['id']}"
    secret = made.json["secret"]
    assert secret.startswith("whsec_") and len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    listed = program.get("/v1/webhooks")
    [row] = listed.json["rows"]
    assert (row["id"], row["url"], row["waiting"], row["failed"]) == (made.json["id"], URL, 0, 0)
    assert row["cursor"].startswith("0-") and row["disabled_at"] is None
    assert "secret" not in row and secret not in listed.raw.decode()
    again = program.ask("POST", f"/v1/webhooks/{row['id']}/secret")
    assert again.status == 200 and again.json["secret"] != secret
    assert program.ask("DELETE", f"/v1/webhooks/{row['id']}").status == 204
    assert program.get("/v1/webhooks").json["rows"] == []
    assert program.ask("DELETE", f"/v1/webhooks/{row['id']}").status == 404
    recorded = [one for one in gateway[0].access.records(100) if one.who == "urn:santunan:clinic:hooks-1"]
    assert [one.action for one in recorded] == ["webhook.register", "webhook.secret", "webhook.delete"]
    assert {one.subject for one in recorded} == {f"{row['id']} 8.8.8.8"}, "the host alone"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://8.8.8.8/", "https"),
        ("https://user:pw@8.8.8.8/", "without user"),
        ("https://127.0.0.1/", "private network"),
        ("https://localhost/", "private network"),
        ("https://2130706433/", "private network"),  # 127.0.0.1 as one number
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://[::1]/", "private network"),
        ("https://klinik.invalid/", "leads nowhere"),
    ],
)
def test_an_address_that_is_not_of_the_internet_is_refused(address: str, says: str, client: Open) -> None:
    found = client("clinic:hooks-2").ask("POST", "/v1/webhooks", {"url": address}, Accept_Language="en")
    assert (found.status, found.json["errors"][0]["pointer"]) == (422, "/url")
    assert says in found.json["errors"][0]["detail"] and address not in found.raw.decode()
    translated = client("clinic:hooks-2").ask("POST", "/v1/webhooks", {"url": address})
    assert translated.json["errors"][0]["detail"] != found.json["errors"][0]["detail"], "in Indonesian, too"


def test_a_name_that_leads_to_a_private_address_is_refused(client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def addresses(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8", "10.0.0.1"]

    monkeypatch.setattr(hooks, "_addresses_of", addresses)
    found = client("clinic:hooks-2").ask("POST", "/v1/webhooks", {"url": "https://klinik.example/"})
    assert found.status == 422 and asked == ["klinik.example"]


def test_a_body_that_says_something_else_is_refused(client: Open) -> None:
    program = client("clinic:hooks-2")
    for body, status in ((b"{", 400), ({}, 422), ({"url": URL, "secret": "mine"}, 422), ({"url": 1}, 422)):
        assert program.ask("POST", "/v1/webhooks", body).status == status
    assert (
        program.ask("POST", "/v1/webhooks", {"url": URL, "after": "no cursor"}).json["errors"][0]["pointer"] == "/after"
    )
    assert program.ask("POST", "/v1/webhooks", b"x" * 20_000, Content_Type="application/json").status == 413


def test_one_has_ten_webhooks_at_most_and_sees_no_others(client: Open) -> None:
    program, other = client("clinic:hooks-3"), client("clinic:hooks-4")
    made = [program.ask("POST", "/v1/webhooks", {"url": URL}).status for _ in range(11)]
    assert made == [201] * 10 + [422]
    [first, *_] = program.get("/v1/webhooks").json["rows"]
    assert other.get("/v1/webhooks").json["rows"] == []
    for method, path in (("DELETE", ""), ("POST", "/secret"), ("GET", "/failures"), ("POST", "/retry")):
        assert other.ask(method, f"/v1/webhooks/{first['id']}{path}").status == 404
    assert program.ask("POST", f"/v1/webhooks/{first['id']}/retry").json == {"retried": 0}
    assert program.ask("POST", f"/v1/webhooks/{first['id']}/retry?delivery=msg_0").status == 404
    assert program.get(f"/v1/webhooks/{first['id']}/failures").json == {"rows": [], "cursor": None, "more": 0}
