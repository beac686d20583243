"""The signature as receivers check it: by the example of the clinics' page, and by the specification's own numbers."""

import base64
import datetime as dt
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agents.webhooks.signing import headers_of

PAGE = Path(__file__).parents[3] / "docs" / "users" / "clinics.md"
Check = Callable[[Mapping[str, str], bytes, str], bool]
KEY, OTHER = b"k" * 32, b"o" * 32
BODY = b'{"type":"santunan.claim.decided.v1"}'
MINUTE = dt.timedelta(minutes=1)


def shown(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


@pytest.fixture(scope="module")
def check() -> Check:
    """The function that the page gives to be pasted."""
    found = re.search(r"cat > signature\.py <<'END'\n(.*?)^END$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], "signature.py", "exec"), names)  # noqa: S102 - our own page
    checks: Check = names["is_from_santunan"]
    return checks


def test_the_example_of_the_page_takes_our_posts_and_no_others(check: Check) -> None:
    now = dt.datetime.now(dt.UTC)
    headers = headers_of("msg_1", BODY, [KEY], now)
    assert check(headers, BODY, shown(KEY))
    assert not check(headers, BODY + b" ", shown(KEY))
    assert not check(headers, BODY, shown(OTHER))
    assert not check(headers | {"webhook-id": "msg_2"}, BODY, shown(KEY))
    for minutes, is_taken in ((-6, False), (-4, True), (4, True), (6, False)):
        assert check(headers_of("msg_1", BODY, [KEY], now + minutes * MINUTE), BODY, shown(KEY)) is is_taken


def test_while_a_secret_is_replaced_either_is_good(check: Check) -> None:
    headers = headers_of("msg_1", BODY, [KEY, OTHER], dt.datetime.now(dt.UTC))
    assert check(headers, BODY, shown(KEY)) and check(headers, BODY, shown(OTHER))
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_the_numbers_of_the_specification_come_out() -> None:
    """Its example: standard-webhooks/standard-webhooks, libraries/python/tests."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = dt.datetime.fromtimestamp(1614265330, dt.UTC)
    headers = headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [secret], moment)
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
