"""Credentials: keys of 256 bits that only their hash is kept of, and passwords that take their time."""

import re

import pytest

from pipeline.credentials import WeakPassword, digest_of, draw_key, hash_password, is_password

GOOD = "empat kucing naik sepeda"


def test_a_key_is_drawn_anew_each_time_with_a_prefix_that_scanners_know() -> None:
    keys = {draw_key() for _ in range(100)}
    assert len(keys) == 100 and all(re.fullmatch(r"stn_[A-Za-z0-9_-]{43}", key) for key in keys)
    assert len({digest_of(key) for key in keys}) == 100


@pytest.mark.parametrize(
    "text", ["", "stn_", "stn_" + "a" * 42, "stn_" + "a" * 44, "stx_" + "a" * 43, "stn_é" + "a" * 42]
)
def test_what_has_not_the_shape_of_a_key_has_no_digest(text: str) -> None:
    assert digest_of(text) is None and digest_of("stn_" + "a" * 43) is not None


def test_a_password_is_known_again_and_no_other_is() -> None:
    stored = hash_password(GOOD, "siti")
    assert stored.startswith("$argon2id$") and GOOD not in stored
    assert is_password(stored, GOOD) and not is_password(stored, GOOD + "!") and not is_password(stored, "")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "kucing naik",
        "a" * 12,
        "Password1234",
        "qwertyuiop123",
        "santunan1234",
        "siti-rahayu1234!",
        "1" * 257,
        "ab" * 20,
        "Rahasia@2026!",
        "P4ssw0rd-2026",
        "bpjs-JAKARTA-2026",
        "Selamat.Sitirahayu1",
        "2026-12-31-24:00",
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        hash_password(password, "siti-rahayu")
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["kucing naik!", "rahasia kucing", "siti rahayu naik", "abcdefghij" * 25 + "klmnop"]
)
def test_a_password_at_its_limits_is_taken(password: str) -> None:
    assert len(password) in (12, 14, 16, 256) and is_password(hash_password(password, "siti"), password)
