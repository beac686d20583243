"""A code of the second factor, asked for again before a ruling that moves much money, by whichever door it comes."""

import datetime as dt
import itertools
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import pyotp
import pytest

from pipeline.access.sessions import MOST_WRONG_CODES
from pipeline.operations.sign_in import renew_factor
from tests.agents.web.conftest import NOW, Make, Running
from tests.support import events as e
from tests.support.browser import Browser, Clock
from tests.support.gateway import Answer, Client

pytestmark = pytest.mark.usefixtures("unhurried")
CLAIM: Final = "OFFICER-1"
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)
FORM: Final = "application/x-www-form-urlencoded"
LIMIT: Final = 100_000_000
ABOVE: Final = {"line": "partial_disability", "amount": LIMIT + 1, "reason": "x"}
_numbers = itertools.count(1)


class Officer:
    """A browser of a person with an authenticator. `claim`: of the store that all tests share, which nobody decides."""

    def __init__(self, gateway: Running, make: Make, clock: Clock, name: str) -> None:
        self.clock, self.name = clock, name
        self.totp = pyotp.TOTP(renew_factor(gateway[0].sign_ins, clock(), name=make(name).name, hand="test").secret)
        self.browser = Browser(gateway[1])

    def sign_in(self) -> "Officer":
        assert self.browser.sign_in(self.name, code=self.totp.at(self.clock())).status == 200
        return self

    def code(self) -> str:
        return self.totp.at(self.clock())

    def give(self, code: str) -> Answer:
        return self.browser.ask("POST", "/v1/session/code", {"code": code})

    def send(self, amount: int = LIMIT + 1, **other: Any) -> Answer:
        return self.browser.ask("POST", "/v1/reviews", ruling(amount) | other, Idempotency_Key=f"code-{next(_numbers)}")

    def later(self, time: dt.timedelta) -> "Officer":
        """Without being idle so long that the session ends."""
        self.clock.at += time
        return self


@pytest.fixture
def officer(gateway: Running, make: Make, clock: Clock) -> Officer:
    return Officer(gateway, make, clock, f"officer:code-{next(_numbers)}").sign_in()


def ruling(amount: int) -> dict[str, Any]:
    return {
        "claim_id": CLAIM,
        "revision": 1,
        "verdict": "change",
        "reason": "x",
        "changes": [ABOVE | {"amount": amount}],
    }


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json.get("code", "")


@pytest.mark.parametrize(
    ("seconds", "status"), [(299, 202), (300, 403), (301, 403)], ids=["a second before", "at five minutes", "after"]
)
def test_a_code_counts_for_five_minutes(seconds: int, status: int, officer: Officer) -> None:
    assert officer.later(seconds * SECOND).send().status == status


def test_a_ruling_within_the_limit_needs_no_code(officer: Officer) -> None:
    assert officer.later(10 * MINUTE).send(LIMIT - 4_000_000).status == 202


def test_a_new_code_lets_the_ruling_go(officer: Officer) -> None:
    refused = officer.later(6 * MINUTE).send()
    assert said(refused) == (403, "FRESH_CODE_NEEDED") and "/v1/session/code" in refused.json["detail"]
    given = officer.give(officer.code())
    assert given.status == 200
    assert dt.datetime.fromisoformat(given.json["until"]) == officer.clock() + 5 * MINUTE
    assert officer.send().status == 202


def test_a_code_is_no_code_twice_and_not_of_anybody_else(
    officer: Officer, gateway: Running, make: Make, clock: Clock
) -> None:
    other = Officer(gateway, make, clock, f"officer:code-{next(_numbers)}").sign_in()
    assert said(officer.give(officer.code())) == (401, "CODE_REFUSED"), "it was used to sign in"
    officer.later(6 * MINUTE)
    assert said(officer.give(other.code())) == (401, "CODE_REFUSED")
    code = officer.code()
    assert officer.give(code).status == 200
    assert said(officer.give(code)) == (401, "CODE_REFUSED")


def test_a_code_of_one_session_is_none_of_another(officer: Officer, gateway: Running) -> None:
    second = Browser(gateway[1])
    officer.later(6 * MINUTE)
    assert second.sign_in(officer.name, code=officer.code()).status == 200
    assert said(officer.send()) == (403, "FRESH_CODE_NEEDED")


def test_too_many_wrong_codes_end_the_session_and_are_on_record(officer: Officer, gateway: Running) -> None:
    officer.later(6 * MINUTE)
    wrong = f"{(int(officer.code()) + 1) % 1_000_000:06}"
    answers = [said(officer.give(wrong)) for _ in range(MOST_WRONG_CODES)]
    assert answers == [(401, "CODE_REFUSED")] * MOST_WRONG_CODES
    assert said(officer.give(officer.code())) == (401, "KEY_NEEDED"), "the session is over"
    found = [(one.action, one.result, one.reason) for one in gateway[0].access.records(MOST_WRONG_CODES + 1)]
    assert found[:2] == [("session.code", "refused", "CODE"), ("session.code", "refused", "CODE")]
    assert found[-1] == ("session.end", "done", "CODES")


@pytest.mark.parametrize("door", ["review", "event", "batch"])
def test_a_key_never_rules_above_the_limit(door: str, client: Callable[[str | None], Client]) -> None:
    """A program has no second factor, so there is nothing that it could show."""
    officer = client("officer:one")
    event = e.review(CLAIM, 1, "change", "2026-01-01T08:00:00", source="urn:santunan:officer:one", changes=[ABOVE])
    if door == "review":
        found = officer.report("/v1/reviews", f"code-{next(_numbers)}", ruling(LIMIT + 1))
    elif door == "event":
        found = officer.event(event)
    else:
        found = officer.ask("POST", "/v1/events", [event], Content_Type="application/cloudevents-batch+json")
        assert found.status == 403 and found.json[0]["problem"]["code"] == "FRESH_CODE_NEEDED"
        return
    assert said(found) == (403, "FRESH_CODE_NEEDED")
    assert officer.report("/v1/reviews", f"code-{next(_numbers)}", ruling(1)).status == 202


def test_what_cannot_be_computed_yet_needs_a_code(officer: Officer) -> None:
    officer.later(6 * MINUTE)
    assert said(officer.send(1, revision=9)) == (403, "FRESH_CODE_NEEDED")
    assert said(officer.send(1, claim_id="NOT-YET-1")) == (403, "FRESH_CODE_NEEDED")
    assert officer.give(officer.code()).status == 200
    assert officer.send(1, revision=9).status == 202


def test_a_retry_of_what_was_received_needs_no_code(officer: Officer) -> None:
    first = officer.browser.ask("POST", "/v1/reviews", ruling(LIMIT + 1), Idempotency_Key=f"retry-{officer.name}")
    assert first.status == 202
    officer.later(6 * MINUTE)
    again = officer.browser.ask("POST", "/v1/reviews", ruling(LIMIT + 1), Idempotency_Key=f"retry-{officer.name}")
    assert (again.status, again.json) == (200, first.json)


def test_the_demo_is_asked_for_no_code(gateway: Running, make: Make, clock: Clock) -> None:
    name = make(f"officer:demo-{next(_numbers)}").name
    here = Browser(gateway[1])
    assert here.ask("POST", "/v1/links", {"link": gateway[0].links.make("demo", name, "test", NOW)}).status == 200
    clock.at += 6 * MINUTE
    found = here.ask("POST", "/v1/reviews", ruling(LIMIT + 1), Idempotency_Key=f"demo-{name}")
    assert found.status == 202


def test_a_key_gives_no_code_and_a_person_without_a_factor_none(
    client: Callable[[str | None], Client], gateway: Running, make: Make
) -> None:
    assert client("officer:one").ask("POST", "/v1/session/code", {"code": "123456"}).status == 422
    make("clinic:no-factor")
    here = Browser(gateway[1])
    here.sign_in("clinic:no-factor")
    assert said(here.ask("POST", "/v1/session/code", {"code": "123456"})) == (401, "ENROLMENT_NEEDED")


# --- in the console


def form(officer: Officer, step: str, **other: str) -> Answer:
    given = {"verdict": "change", "reason": "sudah diperiksa", "key": "page-code", "revision": "1"}
    lines = {"line": ABOVE["line"], "amount": str(LIMIT + 1), "step": step}
    body = urlencode({**given, **lines, **other}).encode()
    found = officer.browser.ask("POST", f"/tasks/{CLAIM}", body, Content_Type=FORM)
    is_asked = found.status == 303 and "asked=" in found.headers["location"]
    return officer.browser.ask("GET", found.headers["location"].partition("#")[0]) if is_asked else found


def test_the_preview_asks_for_a_code_and_keeps_what_was_typed(officer: Officer) -> None:
    assert 'id="code"' not in form(officer, "preview").raw.decode(), "one was shown just now"
    officer.later(6 * MINUTE)
    shown = form(officer, "preview").raw.decode()
    assert 'id="code"' in shown and "di atas batas wewenang satu petugas" in shown
    wrong_code = f"{(int(officer.code()) + 1) % 1_000_000:06}"
    for code, fault in (("", "belum dikirim"), ("12345", "enam angka"), (wrong_code, "tunggu kode berikutnya")):
        found = form(officer, "send", code=code)
        page = found.raw.decode()
        assert found.status == 422 and fault in page and 'id="code"' in page, (code, found.status)
        assert re.search('name="reason" value="sudah diperiksa"', page), "what was typed is sent again with the code"
        assert f'name="code" value="{code}"' not in page and 'value="send"' in page
    assert form(officer, "send", code=officer.code()).status == 303
