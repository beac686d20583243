"""`santunan access`: a new clinic has its key within a minute, and what is done is on record."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pyotp

from pipeline.store.webhook_book import open_webhooks
from tests.support.command_line import santunan


def test_a_clinic_gets_a_key_and_loses_it(tmp_path: Path) -> None:
    assert santunan("access", "add", "clinic", "plkk-0012", cwd=tmp_path).status == 0
    made = santunan("access", "key", "clinic:plkk-0012", "--label", "desk", cwd=tmp_path)
    key = made.out.strip()
    assert key.startswith("stn_") and key not in made.err
    listed = santunan("access", "list", "--json", cwd=tmp_path)
    [account] = listed.rows
    assert account["name"] == "urn:santunan:clinic:plkk-0012" and account["keys"][0]["label"] == "desk"
    key_id = account["keys"][0]["id"]
    assert santunan("access", "revoke", key_id, cwd=tmp_path).status == 0
    assert santunan("access", "disable", "urn:santunan:clinic:plkk-0012", cwd=tmp_path).status == 0
    shown = santunan("access", "list", cwd=tmp_path)
    assert f"{key_id}  revoked" in shown.out and "disabled" in shown.out
    logged = santunan("access", "log", "--json", cwd=tmp_path)
    assert [one["action"] for one in logged.rows] == ["access.add", "access.key", "access.revoke", "access.disable"]
    assert all(one["who"].startswith("machine:") for one in logged.rows)
    assert key not in listed.out + shown.out + logged.out


def test_a_password_is_read_from_standard_input_and_never_an_argument(tmp_path: Path) -> None:
    santunan("access", "add", "officer", "siti", cwd=tmp_path)
    weak = santunan("access", "password", "officer:siti", cwd=tmp_path, given="password1234\n")
    assert weak.status == 1 and "several words" in weak.err and "password1234" not in weak.err
    assert santunan("access", "password", "officer:siti", cwd=tmp_path, given="empat kucing naik\n").status == 0


def test_a_wrong_kind_or_name_is_one_sentence(tmp_path: Path) -> None:
    for words in (("add", "clerk", "siti"), ("add", "clinic", "A B"), ("key", "clinic:none"), ("revoke", "none")):
        ran = santunan("access", *words, cwd=tmp_path)
        assert ran.status == 1 and len(ran.err.splitlines()) == 1, ran.err


def test_webhooks_are_listed_by_host_with_what_failed(tmp_path: Path) -> None:
    nothing = santunan("access", "webhooks", cwd=tmp_path)
    assert nothing.status == 0 and "POST /v1/webhooks" in nothing.out
    now = dt.datetime.now(dt.UTC)
    url = f"sqlite:///{tmp_path}/.santunan/santunan.db"
    with open_webhooks(url) as book:
        made = book.register("urn:santunan:clinic:one", "https://klinik.example/path-secret", "", now, most=1)
    assert made is not None
    with closing(sqlite3.connect(tmp_path / ".santunan" / "santunan.db")) as connection, connection:
        row = ("msg_1", made[0], "K1.r2", b"{}", 0, 10, 0, "TIMEOUT")
        names = "id, webhook, decision_id, body, created_at, attempts, failed_at, outcome"
        connection.execute(f"INSERT INTO webhook_deliveries ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
    listed = santunan("access", "webhooks", cwd=tmp_path)
    assert f"{made[0]}  urn:santunan:clinic:one  klinik.example  0 wait, 1 failed" in listed.out
    failed = santunan("access", "webhooks", "--failed", cwd=tmp_path)
    assert f"{made[0]}  K1.r2  10 attempts, TIMEOUT" in failed.out
    as_json = [santunan("access", "webhooks", "--json", *more, cwd=tmp_path) for more in ((), ("--failed",))]
    assert [ran.rows[0].get("failed", ran.rows[0].get("outcome")) for ran in as_json] == [1, "TIMEOUT"]
    assert not [ran for ran in (listed, failed, *as_json) if "path-secret" in ran.out]


def test_secrets_of_before_are_sealed_and_a_person_signs_in_as_before(tmp_path: Path) -> None:
    santunan("access", "add", "officer", "siti", cwd=tmp_path)
    santunan("access", "password", "officer:siti", cwd=tmp_path, given="empat kucing naik\n")
    uri = santunan("access", "totp", "officer:siti", cwd=tmp_path).out.strip()
    without = santunan("access", "seal", cwd=tmp_path)
    assert without.status == 78 and "no key is set" in without.err
    (tmp_path / "key").write_text("0123456789abcdef" * 4)
    key = {"SANTUNAN_SECRETS_KEY_FILE": str(tmp_path / "key")}
    ran = santunan("access", "seal", cwd=tmp_path, **key)
    assert (ran.status, ran.out) == (0, "Sealed: 1 second factors, secrets of 0 webhooks.\n"), ran.err
    totp = pyotp.parse_uri(uri)
    with closing(sqlite3.connect(tmp_path / ".santunan" / "santunan.db")) as connection:
        [(stored,)] = connection.execute("SELECT secret FROM second_factors").fetchall()
    assert totp.secret.encode() not in stored
    code = totp.at(dt.datetime.now(dt.UTC))  # type: ignore[union-attr]
    given = f"empat kucing naik\n{code}\n"
    keyless = santunan("login", "officer:siti", cwd=tmp_path, given=given)
    assert keyless.status == 78 and "SANTUNAN_SECRETS_KEY_FILE" in keyless.err
    assert santunan("login", "officer:siti", cwd=tmp_path, given=given, **key).status == 0
