"""A sign-in at an identity provider: the good one, and every forgery that a token or a browser may carry."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from agents.settings import read_settings
from agents.web.identity_provider import open_provider
from pipeline.access.principals import new_principal
from pipeline.errors import NotReady
from tests.agents.web.conftest import NOW, Running
from tests.support.browser import Browser
from tests.support.gateway import Answer, running_gateway
from tests.support.identity_provider import CLIENT_ID, SECRET, Claims, Provider, running_provider

CALLBACK = "/v1/session/oidc/callback"
SITI = "urn:santunan:officer:siti"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Provider]]:
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "secret").write_text(SECRET + "\n")
    with running_provider() as provider:
        settings = read_settings(
            database_url=f"sqlite:///{folder}/santunan.db",
            web_url="http://santunan.localhost",
            web_rate=10_000,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret_file=folder / "secret",
            oidc_principals={"siti@provider": "officer:siti", "gone@provider": "officer:gone", "x": "officer:never"},
        )
        with running_gateway(settings) as found:
            for who in ("siti", "gone"):
                found[0].access.add(new_principal("officer", who), "test", NOW)
            found[0].access.disable("urn:santunan:officer:gone", "test", NOW)
            with patch.object(found[0].sign_in_addresses, "take", return_value=0.0):
                yield found, provider


@pytest.fixture
def running(site: tuple[Running, Provider]) -> Running:
    return site[0]


@pytest.fixture
def provider(site: tuple[Running, Provider]) -> Provider:
    """As it is when nothing is forged."""
    found = site[1]
    found.subject, found.said_issuer, found.sign = "siti@provider", found.issuer, found.signed
    found.change = lambda claims: claims
    found.more = {}
    return found


def started(running: Running) -> tuple[Browser, str]:
    browser = Browser(running[1], "none")
    found = browser.ask("GET", "/v1/session/oidc")
    assert found.status == 303
    return browser, found.headers["location"]


def returned(browser: Browser, answer: dict[str, str]) -> Answer:
    return browser.ask("GET", f"{CALLBACK}?{urlencode(answer)}")


def signed_in(running: Running, provider: Provider) -> tuple[Browser, Answer]:
    browser, address = started(running)
    return browser, returned(browser, provider.authorize(address))


def last_reason(running: Running) -> str | None:
    return running[0].access.records(1)[0].reason


def test_a_person_of_the_provider_signs_in_as_the_principal_of_the_table(running: Running, provider: Provider) -> None:
    browser, address = started(running)
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == ["http://santunan.localhost" + CALLBACK] and asked["client_id"] == [CLIENT_ID]
    found = returned(browser, provider.authorize(address))
    assert (found.status, found.headers["location"]) == (303, "/")
    session = found.headers["set-cookie"]  # the last of them
    assert session.startswith("santunan=") and "HttpOnly" in session and "SameSite=lax" in session
    assert browser.who().json["name"] == SITI
    record = running[0].access.records(1)[0]
    assert (record.who, record.action, record.reason) == (SITI, "session.begin", "PROVIDER")


def minus(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


FORGERIES: dict[str, tuple[Callable[[Claims], Claims], str]] = {
    "issuer": (lambda claims: claims | {"iss": "https://evil.example"}, "CLAIM_ISS"),
    "no issuer": (minus("iss"), "CLAIM_ISS"),
    "audience": (lambda claims: claims | {"aud": "another client"}, "CLAIM_AUD"),
    "no audience": (minus("aud"), "CLAIM_AUD"),
    "several audiences": (lambda claims: claims | {"aud": [CLIENT_ID, "another"]}, "CLAIM_AZP"),
    "expired": (lambda claims: claims | {"exp": claims["iat"] - 31}, "EXPIRED"),
    "no expiry": (minus("exp"), "CLAIM_EXP"),
    "from the future": (lambda claims: claims | {"iat": claims["iat"] + 300}, "CLAIM_IAT"),
    "nonce": (lambda claims: claims | {"nonce": "of another sign-in"}, "CLAIM_NONCE"),
    "no nonce": (minus("nonce"), "CLAIM_NONCE"),
    "unknown subject": (lambda claims: claims | {"sub": "nobody@provider"}, "SUBJECT"),
    "a list as subject": (lambda claims: claims | {"sub": ["siti@provider"]}, "CLAIM_SUB"),
    "disabled": (lambda claims: claims | {"sub": "gone@provider"}, "PRINCIPAL"),
    "no principal": (lambda claims: claims | {"sub": "x"}, "PRINCIPAL"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_token_that_is_not_for_this_sign_in_is_refused(forgery: str, running: Running, provider: Provider) -> None:
    provider.change, reason = FORGERIES[forgery]
    browser, found = signed_in(running, provider)
    assert (found.status, found.json["code"]) == (401, "PROVIDER_REFUSED")
    assert last_reason(running) == f"PROVIDER_{reason}"
    assert "santunan=" not in found.headers.get("set-cookie", "") and browser.who().status == 401


@pytest.mark.parametrize("signer", ["unsigned", "signed_with_the_public_key", "signed_by_another"])
def test_a_signature_by_no_key_of_the_provider_is_refused(signer: str, running: Running, provider: Provider) -> None:
    provider.sign = getattr(provider, signer)
    _, found = signed_in(running, provider)
    assert found.status == 401 and last_reason(running) == "PROVIDER_SIGNATURE"


def test_text_that_is_no_token_is_refused(running: Running, provider: Provider) -> None:
    for text in ("", "a.b.c", "x" * 5000):
        provider.sign = lambda claims, said=text: said  # type: ignore[misc]
        assert signed_in(running, provider)[1].status == 401


def test_without_the_cookie_of_its_start_no_answer_is_taken(running: Running, provider: Provider) -> None:
    browser, address = started(running)
    answer = provider.authorize(address)
    for cookie in ("", "santunan-oidc=x", "santunan-oidc=..", "santunan-oidc=a.b.c"):
        stranger = Browser(running[1], "cross-site")
        stranger.cookie = cookie
        assert returned(stranger, answer).json["code"] == "PROVIDER_REFUSED"
        assert last_reason(running) == "PROVIDER_STATE"
    for state in ("", "another", "ü"):
        assert returned(browser, answer | {"state": state}).status == 401
        assert last_reason(running) == "PROVIDER_STATE"
    assert returned(browser, answer).status == 303, "the right one is taken all the same"
    assert returned(browser, answer).status == 401, "and its code once"


def test_a_code_of_another_sign_in_is_refused(running: Running, provider: Provider) -> None:
    _, address = started(running)
    victim, other = started(running)
    stolen = provider.authorize(address)["code"]
    found = returned(victim, {"code": stolen, "state": provider.authorize(other)["state"]})
    assert found.status == 401 and last_reason(running) == "PROVIDER_CODE"


def test_a_person_who_says_no_or_another_provider_signs_nobody_in(running: Running, provider: Provider) -> None:
    browser, address = started(running)
    answer = provider.authorize(address)
    assert returned(browser, {"state": answer["state"], "error": "access_denied"}).status == 401
    assert returned(browser, answer | {"iss": "https://evil.example"}).status == 401
    assert last_reason(running) == "PROVIDER_ISSUER"


def test_a_provider_that_names_itself_otherwise_is_not_believed(running: Running, provider: Provider) -> None:
    known = running[0].provider
    assert known is not None
    with patch.object(known, "_known", None):
        provider.said_issuer = "https://evil.example"
        found = Browser(running[1], "none").ask("GET", "/v1/session/oidc")
    assert found.status == 401 and last_reason(running) == "PROVIDER_ISSUER"


def test_a_new_key_of_the_provider_is_fetched_when_it_is_needed(running: Running, provider: Provider) -> None:
    assert signed_in(running, provider)[1].status == 303
    before, provider.key = provider.key, type(provider.key).generate_key(2048, {"kid": "one", "use": "sig"})
    try:
        assert signed_in(running, provider)[1].status == 401, "not asked for again within a minute"
        with patch("agents.web.identity_provider._FRESH_SECONDS", 0.0):
            assert signed_in(running, provider)[1].status == 303
    finally:
        provider.key = before
        with patch("agents.web.identity_provider._FRESH_SECONDS", 0.0):
            assert signed_in(running, provider)[1].status == 303


# --- the second factor again, and signing out


RULING = {"claim_id": "NOT-YET-1", "revision": 1, "verdict": "reject", "reason": "x"}  # no one knows yet what it moves


def rules_above_the_limit(browser: Browser, key: str) -> int:
    browser.site = "same-origin"
    return browser.ask("POST", "/v1/reviews", RULING, Idempotency_Key=key).status


def test_who_signs_in_again_at_the_provider_may_rule_above_the_limit(running: Running, provider: Provider) -> None:
    browser, _ = signed_in(running, provider)
    assert rules_above_the_limit(browser, "oidc-1") == 403, "the provider did not say when the person was there"
    provider.change = lambda claims: claims | {"auth_time": claims["iat"] - 301}
    assert rules_above_the_limit(signed_in(running, provider)[0], "oidc-2") == 403
    provider.change = lambda claims: claims
    again = Browser(running[1], "none")
    address = again.ask("GET", "/v1/session/oidc?again=true").headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert returned(again, provider.authorize(address)).status == 303
    assert rules_above_the_limit(again, "oidc-3") == 202


@pytest.mark.parametrize("time", ["soon", None, [], 1e300, float("inf")], ids=str)
def test_a_time_that_is_none_is_no_time(time: object, running: Running, provider: Provider) -> None:
    provider.change = lambda claims: claims | {"auth_time": time}
    browser, found = signed_in(running, provider)
    assert found.status == 303 and rules_above_the_limit(browser, f"oidc-{time}"[:40]) == 403


def known_anew(running: Running) -> Any:
    assert running[0].provider is not None
    return patch.object(running[0].provider, "_known", None)


def test_a_sign_out_ends_the_session_here_and_leads_to_the_end_of_the_one_there(
    running: Running, provider: Provider
) -> None:
    with known_anew(running):
        provider.more = {"end_session_endpoint": f"{provider.issuer}/end?x=1"}
        browser, _ = signed_in(running, provider)
        browser.site = "same-origin"
        kept = browser.cookie
        found = browser.ask("DELETE", "/v1/session").json
    asked = parse_qs(urlsplit(found["provider"]).query)
    assert found["signed_out"] and found["provider"].startswith(f"{provider.issuer}/end?x=1&")
    assert asked["client_id"] == [CLIENT_ID]
    assert asked["post_logout_redirect_uri"] == ["http://santunan.localhost/sign-in"]
    browser.cookie = kept
    assert browser.who().status == 401


def test_the_console_says_that_the_account_there_is_still_open(running: Running, provider: Provider) -> None:
    with known_anew(running):
        provider.more = {"end_session_endpoint": f"{provider.issuer}/end"}
        browser, _ = signed_in(running, provider)
        browser.site = "same-origin"
        kept = browser.cookie
        found = browser.ask("POST", "/sign-out", b"", Content_Type="application/x-www-form-urlencoded")
    assert found.status == 200 and f'href="{provider.issuer}/end?client_id=' in found.raw.decode()
    browser.cookie = kept
    assert browser.who().status == 401


@pytest.mark.parametrize(
    "more", [{}, {"end_session_endpoint": "http://provider.example/end"}, {"end_session_endpoint": "javascript:x"}]
)
def test_without_a_safe_address_the_session_ends_here_alone(
    more: dict[str, str], running: Running, provider: Provider
) -> None:
    with known_anew(running):
        provider.more = more
        browser, _ = signed_in(running, provider)
        browser.site = "same-origin"
        assert browser.ask("DELETE", "/v1/session").json == {"signed_out": True}


def test_a_provider_that_is_away_keeps_nobody_signed_in(running: Running, provider: Provider) -> None:
    browser, _ = signed_in(running, provider)
    browser.site = "same-origin"
    kept = browser.cookie
    with known_anew(running), patch.object(running[0].provider, "_issuer", "http://127.0.0.1:1"):
        assert browser.ask("DELETE", "/v1/session").json == {"signed_out": True}
    browser.cookie = kept
    assert browser.who().status == 401


def test_without_a_provider_there_is_no_such_address(gateway: Running) -> None:
    for path in ("/v1/session/oidc", CALLBACK):
        assert Browser(gateway[1], "none").ask("GET", path).status == 404


def test_a_provider_that_is_away_is_503_and_no_refusal(tmp_path: Path) -> None:
    settings = read_settings(
        database_url=f"sqlite:///{tmp_path}/santunan.db",
        web_url="http://santunan.localhost",
        oidc_issuer="http://127.0.0.1:1",
        oidc_client_id=CLIENT_ID,
        oidc_principals={"x": "officer:x"},
    )
    with running_gateway(settings) as found:
        answer = Browser(found[1], "none").ask("GET", "/v1/session/oidc")
        assert (answer.status, answer.json["code"]) == (503, "AWAY") and "retry-after" in answer.headers
        assert found[0].access.records(10) == []


def test_settings_that_are_not_whole_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="oidc_issuer needs oidc_client_id"):
        read_settings(oidc_issuer="https://provider.example")
    whole = {"oidc_client_id": "x", "oidc_principals": {"x": "officer:x"}, "web_url": "https://santunan.example"}
    with pytest.raises(NotReady, match="plain http"):
        open_provider(read_settings(oidc_issuer="http://provider.example", **whole))
    missing = read_settings(oidc_issuer="https://provider.example", oidc_client_secret_file=tmp_path / "no", **whole)
    with pytest.raises(NotReady, match="SECRET_FILE"):
        open_provider(missing)
