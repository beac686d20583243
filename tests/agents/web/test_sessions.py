"""Sessions over HTTP: who gets one, what its cookie is like, when it is over, and from where a request may come."""

import datetime as dt
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pyotp
import pytest

from pipeline.access.principals import Principal, new_principal
from pipeline.operations.sign_in import renew_factor
from tests.agents.web.conftest import NOW, Make, Running, web_url
from tests.support.browser import PASSWORD, Browser, Clock
from tests.support.gateway import Client

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)
pytestmark = pytest.mark.usefixtures("unhurried")
_numbers = itertools.count(1)


def browser(gateway: Running) -> Browser:
    return Browser(gateway[1])


def codes(gateway: Running, principal: Principal, clock: Clock) -> pyotp.TOTP:
    made = renew_factor(gateway[0].sign_ins, clock(), name=principal.name, hand="test")
    return pyotp.TOTP(made.secret)


# --- signing in


def test_a_clinic_signs_in_asks_and_signs_out(gateway: Running, make: Make) -> None:
    make("clinic:in-and-out")
    here = browser(gateway)
    found = here.sign_in("clinic:in-and-out")
    assert (found.status, found.json) == (
        200, {"name": "urn:santunan:clinic:in-and-out", "kind": "clinic", "failures": 0}
    )  # fmt: skip
    assert here.who().json["kind"] == "clinic"
    assert here.ask("GET", "/v1/claims").status == 200
    kept = here.cookie
    assert here.ask("DELETE", "/v1/session").json == {"signed_out": True}
    here.cookie = kept
    assert here.who().status == 401, "the session is over, not only the cookie"
    actions = [(one.action, one.result, one.address) for one in gateway[0].access.records(2)]
    assert actions == [("session.begin", "done", "127.0.0.1"), ("session.end", "done", "127.0.0.1")]


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(gateway: Running, make: Make) -> None:
    make("clinic:cookie")
    plain = browser(gateway).sign_in("clinic:cookie").headers["set-cookie"]
    assert plain.startswith("santunan=")
    assert set(plain.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=lax"}
    with web_url(gateway, "https://santunan.example"):
        secure = browser(gateway).sign_in("clinic:cookie").headers["set-cookie"]
    assert secure.startswith("__Host-santunan=")
    assert set(secure.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=lax", "Secure"}


def test_a_session_that_was_planted_before_the_sign_in_is_worth_nothing(gateway: Running, make: Make) -> None:
    make("clinic:planted")
    attacker, victim = browser(gateway), browser(gateway)
    attacker.sign_in("clinic:planted")
    for planted in ("santunan=" + "a" * 43, attacker.cookie):
        victim.cookie = planted
        assert victim.sign_in("clinic:planted").status == 200
        assert victim.cookie != planted
        thief = browser(gateway)
        thief.cookie = planted
        assert thief.who().status == 401


def test_a_wrong_name_and_a_wrong_password_have_one_answer(gateway: Running, make: Make) -> None:
    make("clinic:right")
    wrong = [browser(gateway).sign_in("clinic:right", "lima kucing turun"), browser(gateway).sign_in("clinic:nobody")]
    gateway[0].access.add(new_principal("clinic", "no-password"), "test", NOW)
    make("clinic:left")
    gateway[0].access.disable("urn:santunan:clinic:left", "test", NOW)
    wrong += [browser(gateway).sign_in(name) for name in ("clinic:no-password", "clinic:left", "x" * 100)]
    assert {(one.status, one.raw) for one in wrong} == {(401, wrong[0].raw)}
    assert wrong[0].json["code"] == "SIGN_IN_REFUSED"
    reasons = [(one.who, one.reason) for one in gateway[0].access.records(20) if one.result == "refused"][-5:]
    clinic = "urn:santunan:clinic"
    assert reasons == [
        (f"{clinic}:right", "PASSWORD"), ("nobody", "UNKNOWN"), (f"{clinic}:no-password", "PASSWORD"),
        (f"{clinic}:left", "DISABLED"), ("nobody", "UNKNOWN"),
    ]  # fmt: skip


def test_a_refused_sign_in_takes_as_long_whatever_was_wrong(gateway: Running, make: Make) -> None:
    make("clinic:slow-door")
    with patch("agents.web.session.REFUSED_SECONDS", 0.4):
        for name in ("clinic:slow-door", "clinic:nobody"):
            began = dt.datetime.now()
            browser(gateway).sign_in(name, "lima kucing turun")
            assert (dt.datetime.now() - began).total_seconds() >= 0.4


@pytest.mark.parametrize(("minutes", "status"), [(14, 401), (15, 200)])
def test_ten_failures_pause_an_account_for_a_quarter_of_an_hour(
    minutes: int, status: int, gateway: Running, make: Make, clock: Clock
) -> None:
    name = f"clinic:paused-{minutes}"
    make(name)
    for _ in range(9):
        browser(gateway).sign_in(name, "wrong")
    assert browser(gateway).sign_in(name).json["failures"] == 9, "the owner sees what was tried"
    for _ in range(10):
        browser(gateway).sign_in(name, "wrong")
    assert browser(gateway).sign_in(name).status == 401, "the right one does not open it either"
    assert gateway[0].access.records(1)[0].reason == "PAUSED"
    clock.at += minutes * MINUTE
    found = browser(gateway).sign_in(name)
    assert found.status == status
    assert status != 200 or found.json["failures"] == 10, "the owner sees what was tried"


def test_five_refusals_of_one_principal_in_a_minute_raise_an_alarm(
    gateway: Running, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    make("clinic:alarm")
    with caplog.at_level(logging.ERROR, "santunan.gateway"):
        for count in range(5):
            assert [one for one in caplog.records if "ALARM" in one.message] == [], count
            browser(gateway).sign_in("clinic:alarm", "wrong")
    [line] = [one for one in caplog.records if "ALARM" in one.message]
    assert line.__dict__["source"] == "urn:santunan:clinic:alarm"


def test_two_passwords_are_hashed_at_once_and_no_more(gateway: Running, make: Make) -> None:
    make("clinic:busy")
    running, most, lock = 0, 0, threading.Lock()

    def slow(stored: str, password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return True

    with (
        patch("pipeline.operations.sign_in.is_password", slow),
        ThreadPoolExecutor(6) as pool,
    ):
        found = list(pool.map(lambda _: browser(gateway).sign_in("clinic:busy").status, range(6)))
    assert found == [200] * 6 and most == 2


@pytest.mark.parametrize(("kind", "status"), [("officer", 200), ("auditor", 200), ("clinic", 403), ("operator", 403)])
def test_a_session_may_what_a_key_of_its_principal_may(
    kind: str, status: int, gateway: Running, make: Make, clock: Clock
) -> None:
    name = f"{kind}:works-{kind}"
    totp = codes(gateway, make(name), clock)
    here = browser(gateway)
    here.sign_in(name, code=totp.at(clock()))
    found = here.ask("GET", "/v1/work")
    assert found.status == status and found.headers["cache-control"] == "no-store"


# --- the second factor


@pytest.mark.parametrize("kind", ["officer", "auditor", "operator"])
def test_who_sees_or_changes_much_sets_a_second_factor_up_at_first(
    kind: str, gateway: Running, make: Make, clock: Clock
) -> None:
    name = f"{kind}:new-{kind}"
    make(name)
    here = browser(gateway)
    assert here.sign_in(name).json["code"] == "ENROLMENT_NEEDED"
    assert here.sign_in(name, code="000000").json["code"] == "ENROLMENT_NEEDED"
    wrong = here.ask("POST", "/v1/second-factor", {"name": name, "password": "wrong"})
    assert (wrong.status, wrong.json["code"]) == (401, "SIGN_IN_REFUSED")
    shown = here.ask("POST", "/v1/second-factor", {"name": name, "password": PASSWORD}).json
    assert shown["uri"].startswith("otpauth://totp/Santunan:")
    code = pyotp.TOTP(shown["secret"]).at(clock())
    assert here.sign_in(name, code=code).status == 200
    assert browser(gateway).sign_in(name).json["code"] == "CODE_NEEDED"
    again = here.ask("POST", "/v1/second-factor", {"name": name, "password": PASSWORD})
    assert (again.status, again.json["code"]) == (409, "ENROLLED"), "a password alone does not replace it"


def test_a_code_is_taken_once_and_within_half_a_minute_of_its_time(gateway: Running, make: Make, clock: Clock) -> None:
    totp = codes(gateway, make("officer:codes"), clock)
    code = totp.at(clock())
    assert browser(gateway).sign_in("officer:codes", code=code).status == 200
    replayed = browser(gateway).sign_in("officer:codes", code=code)
    assert (replayed.status, replayed.json["code"]) == (401, "CODE_REFUSED")
    clock.at += 90 * SECOND
    step = int(clock.at.timestamp()) // 30
    answers = [browser(gateway).sign_in("officer:codes", code=totp.generate_otp(step + off)).status for off in (-2, 2)]
    assert answers == [401, 401]
    newer_first = [
        browser(gateway).sign_in("officer:codes", code=totp.generate_otp(step + off)).status for off in (1, 0)
    ]
    assert newer_first == [200, 401], "one that is older than the last is taken for a replay"


def test_ten_wrong_codes_pause_the_account_too(gateway: Running, make: Make, clock: Clock) -> None:
    totp = codes(gateway, make("officer:guessed"), clock)
    right = totp.at(clock())
    wrong = f"{(int(right) + 500_000) % 1_000_000:06}"
    for _ in range(10):
        assert browser(gateway).sign_in("officer:guessed", code=wrong).json["code"] == "CODE_REFUSED"
    assert browser(gateway).sign_in("officer:guessed", code=right).json["code"] == "SIGN_IN_REFUSED"


# --- when a session is over


@pytest.mark.parametrize(("kind", "idle", "whole"), [("officer", 15, 8 * 60), ("clinic", 60, 12 * 60)])
def test_a_session_ends_when_it_is_idle_or_too_old(
    kind: str, idle: int, whole: int, gateway: Running, make: Make, clock: Clock
) -> None:
    name = f"{kind}:clock-{kind}"
    totp = codes(gateway, make(name), clock)
    began = clock.at
    for seconds, status in ((-1, 200), (0, 401), (1, 401)):
        clock.at = began + seconds * SECOND + 90 * MINUTE
        began = clock.at
        here = browser(gateway)
        assert here.sign_in(name, code=totp.at(clock())).status == 200
        clock.at += idle * MINUTE + seconds * SECOND
        assert here.who().status == status, seconds
    clock.at += 90 * MINUTE
    here, began = browser(gateway), clock.at
    here.sign_in(name, code=totp.at(clock()))
    while clock.at + (idle - 1) * MINUTE < began + whole * MINUTE:
        clock.at += (idle - 1) * MINUTE
        assert here.who().status == 200, clock.at - began
    clock.at = began + whole * MINUTE - SECOND
    assert here.who().status == 200
    clock.at += SECOND
    assert here.who().status == 401


def test_a_page_that_waits_for_news_by_itself_does_not_renew_its_session(
    gateway: Running, make: Make, clock: Clock
) -> None:
    totp = codes(gateway, make("officer:waits"), clock)
    here = browser(gateway)
    here.sign_in("officer:waits", code=totp.at(clock()))
    for _ in range(2):
        clock.at += 7 * MINUTE
        assert here.ask("GET", "/v1/decisions?wait=0").status == 200
    clock.at += MINUTE
    assert here.ask("GET", "/v1/decisions?wait=0").status == here.who().status == 401


@pytest.mark.parametrize("change", ["disable", "password", "factor", "role", "end"])
def test_a_change_of_access_ends_the_session_at_the_next_request(
    change: str, gateway: Running, make: Make, clock: Clock
) -> None:
    principal = make(f"office:changed-{change}")
    here = browser(gateway)
    here.sign_in(f"office:changed-{change}")
    assert here.who().status == 200
    access, sign_ins = gateway[0].access, gateway[0].sign_ins
    if change == "disable":
        access.disable(principal.name, "test", NOW)
    elif change == "password":
        access.set_password(principal.name, "lima kucing turun", "test", NOW)
    elif change == "factor":
        renew_factor(sign_ins, clock(), name=principal.name, hand="test")
    elif change == "role":
        access.add(new_principal("desk", "second-role", principal.person), "test", NOW)
    else:
        assert sign_ins.end_all(principal.name, "test", clock()) == 1
    assert here.who().status == 401


def test_the_sixth_session_of_a_principal_ends_the_first(gateway: Running, make: Make, clock: Clock) -> None:
    make("clinic:many")
    browsers = [browser(gateway) for _ in range(6)]
    for one in browsers:
        one.sign_in("clinic:many")
        clock.at += SECOND
    assert [one.who().status for one in browsers] == [401, *[200] * 5]


def test_of_a_session_only_the_hash_is_kept(gateway: Running, make: Make, url: str) -> None:
    from tests.support.site import Site

    make("clinic:hashed")
    here = browser(gateway)
    here.sign_in("clinic:hashed")
    site = Site(url, partitions=1)
    kept = repr([site.rows(f"SELECT * FROM {table}") for table in ("sessions", "audit_records")])  # noqa: S608
    site.close()
    assert here.cookie.partition("=")[2] not in kept and len(here.cookie) > 40


# --- requests from other sites


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Origin": "http://127.0.0.1:PORT"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "http://127.0.0.1:PORT"}, False),
        ({}, False),
    ],
)
def test_with_a_cookie_only_ones_own_page_changes_something(
    headers: dict[str, str], is_let_in: bool, gateway: Running, make: Make
) -> None:
    name = f"clinic:site-{next(_numbers)}"
    make(name)
    here = browser(gateway)
    here.sign_in(name)
    sent = {field: value.replace("PORT", str(gateway[1])) for field, value in headers.items()}
    report = {"Idempotency_Key": "cross", "Cookie": here.cookie, **sent}
    found = Client(gateway[1]).ask("POST", "/v1/accidents", {}, **report)
    assert (found.status, found.json["code"]) == ((422, "INVALID") if is_let_in else (403, "CROSS_SITE"))
    read = Client(gateway[1]).ask("GET", "/v1/claims", Cookie=here.cookie, **sent)
    assert read.status == 200, "reading is let through: the browser keeps the answer from the other page"


def test_behind_a_proxy_the_public_address_is_ours_and_no_other(gateway: Running, make: Make) -> None:
    make("clinic:proxied")
    with web_url(gateway, "https://santunan.example"):
        here = browser(gateway)
        here.sign_in("clinic:proxied")
        sent = {"Idempotency_Key": "proxied", "Cookie": here.cookie}
        statuses = [
            Client(gateway[1]).ask("POST", "/v1/accidents", {}, Origin=origin, **sent).status
            for origin in ("https://santunan.example", f"http://127.0.0.1:{gateway[1]}", "http://santunan.example")
        ]
    assert statuses == [422, 403, 403]


@pytest.mark.parametrize("path", ["/v1/session", "/v1/second-factor", "/v1/links"])
def test_another_site_cannot_sign_anybody_in(path: str, gateway: Running) -> None:
    found = Browser(gateway[1], "cross-site").ask("POST", path, {})
    assert (found.status, found.json["code"]) == (403, "CROSS_SITE")


def test_a_key_needs_no_page_and_has_no_session(gateway: Running, key_of: Callable[[str], str]) -> None:
    client = Client(gateway[1], key_of("clinic:plkk-0012"))
    assert client.get("/v1/session").json["ends_at"] is None
    assert client.ask("DELETE", "/v1/session").json == {"signed_out": False}
    assert client.get("/v1/session").status == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "INVALID"), ({"name": "x"}, "INVALID"), ({"name": 1, "password": "x"}, "INVALID"), (b"{", "NOT_JSON"),
     ({"name": "x", "password": "x", "role": "operator"}, "INVALID"), ({"name": "x", "password": "y" * 257}, "INVALID"),
     ({"name": "x", "password": "x", "code": "12345"}, "INVALID")],
)  # fmt: skip
def test_a_sign_in_that_is_none_is_refused_without_what_was_sent(body: Any, code: str, gateway: Running) -> None:
    found = browser(gateway).ask("POST", "/v1/session", body)
    assert (found.status, found.json["code"]) == (422 if code == "INVALID" else 400, code)
    assert b"yyy" not in found.raw and b"role" not in found.raw
