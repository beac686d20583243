"""`santunan login`: what is done from then on is done as that person, over the store and over a gateway."""

import datetime as dt
import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pyotp
import pytest

from agents.settings import read_settings
from pipeline.access.principals import new_principal
from pipeline.operations.sign_in import enrol
from pipeline.store.access_book import open_access
from pipeline.store.embedded_log import Log
from pipeline.store.sign_in_book import SignInBook
from schemas import topics
from tests.support import events as e
from tests.support.browser import PASSWORD
from tests.support.command_line import Ran, santunan
from tests.support.gateway import running_gateway
from tests.support.site import Site

NOW = dt.datetime.now(dt.UTC)
CLAIM = "OFFICER-1"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A store in which a claim waits for an officer, and the officers siti and budi with a password."""
    (tmp_path / ".santunan").mkdir()
    site = Site(f"sqlite:///{tmp_path}/.santunan/santunan.db", partitions=1)
    happened = {
        "occurred_at": "2024-05-05T10:00:00+07:00",
        "kind": "occupational_disease",
        "diagnosed_on": "2024-05-05",
    }
    refused = e.review(CLAIM, 9, "approve", "2024-05-06T08:00:00")  # of a revision that there is not
    site.run(*e.member(), e.accident(CLAIM, "2024-05-05", accident=happened), refused)
    site.close()
    for kind, who in (("officer", "siti"), ("clinic", "plkk-0012"), ("operator", "ani")):
        assert santunan("access", "add", kind, who, cwd=tmp_path).status == 0
        assert santunan("access", "password", f"{kind}:{who}", cwd=tmp_path, given=PASSWORD + "\n").status == 0
    yield tmp_path


def enrolled(place: Path, name: str) -> pyotp.TOTP:
    made = santunan("access", "totp", name, cwd=place)
    assert made.status == 0 and made.out.startswith("otpauth://totp/")
    found = pyotp.parse_uri(made.out.strip())
    assert isinstance(found, pyotp.TOTP)
    return found


def signed_in(place: Path, name: str, *options: str) -> Ran:
    totp = enrolled(place, name)
    code = totp.at(dt.datetime.now(dt.UTC))
    return santunan("login", name, *options, cwd=place, given=f"{PASSWORD}\n{code}\n")


def ruling(place: Path, *options: str) -> Ran:
    return santunan("review", CLAIM, "--verdict", "approve", "--reason", "seen", *options, cwd=place)


def audit(place: Path) -> list[tuple[str, str, str | None]]:
    rows = santunan("access", "log", "--json", "--limit", "100", cwd=place).rows
    return [(one["who"], one["action"], one["subject"]) for one in rows]


def sources_of_reviews(place: Path) -> list[str]:
    log = Log(place / ".santunan" / "santunan.db")
    try:
        return [json.loads(entry.value)["source"] for entry in log.read(0, [topics.REVIEWS])]
    finally:
        log.close()


def test_who_signed_in_rules_as_that_person_and_under_no_other_name(place: Path) -> None:
    done = signed_in(place, "officer:siti")
    assert done.status == 0 and "Signed in as urn:santunan:officer:siti" in done.out, done.err
    file = place / ".santunan" / "login.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and PASSWORD not in file.read_text()
    other = ruling(place, "--as", "budi")
    assert other.status == 2 and "leave --as out" in other.err
    ran = ruling(place)
    assert ran.status == 0 and "as siti: who signed in." in ran.out, ran.err
    assert sources_of_reviews(place) == ["urn:santunan:officer:siti"]
    assert santunan("logout", cwd=place).out == "Signed out.\n" and not file.exists()
    siti = "urn:santunan:officer:siti"
    assert [action for who, action, _ in audit(place) if who == siti] == ["session.begin", "session.end"]
    assert santunan("access", "sessions", cwd=place).out == "Nobody is signed in.\n"


def test_without_a_sign_in_the_record_names_the_user_of_the_machine(place: Path) -> None:
    ran = ruling(place, "--as", "klaim-01")
    assert ran.status == 0 and "taken on trust" in ran.out
    [found] = [one for one in audit(place) if one[1] == "review"]
    assert found[0].startswith("machine:") and found[2] == CLAIM


@pytest.mark.parametrize("over_http", [False, True], ids=["store", "gateway"])
def test_a_ruling_above_the_limit_asks_for_a_code_again(over_http: bool, place: Path) -> None:
    url = f"sqlite:///{place}/.santunan/santunan.db"
    with running_gateway(read_settings(database_url=url)) if over_http else nullcontext() as found:
        options = ("--url", f"http://127.0.0.1:{found[1]}") if found is not None else ()
        totp = enrolled(place, "officer:siti")
        then = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=30)  # so that the code of now is still good
        assert (
            santunan("login", "officer:siti", *options, cwd=place, given=f"{PASSWORD}\n{totp.at(then)}\n").status == 0
        )
        with sqlite3.connect(place / ".santunan" / "santunan.db") as connection:
            connection.execute("UPDATE sessions SET code_at = code_at - 300000000")
        above = ("review", CLAIM, "--verdict", "change", "--line", "partial_disability=150000000", "--reason", "seen")
        wrong = santunan(*above, cwd=place, given="000000\n")
        assert wrong.status != 0 and sources_of_reviews(place) == []
        ran = santunan(*above, cwd=place, given=totp.at(dt.datetime.now(dt.UTC)) + "\n")
        assert ran.status == 0 and "a new code of your authenticator is needed" in ran.err, ran.err
        assert sources_of_reviews(place) == ["urn:santunan:officer:siti"]


def test_a_clinic_that_signed_in_rules_on_nothing(place: Path) -> None:
    assert santunan("login", "clinic:plkk-0012", cwd=place, given=PASSWORD + "\n").status == 0
    ran = ruling(place)
    assert ran.status == 1 and "NOT_ALLOWED" in ran.err and sources_of_reviews(place) == []
    refused = santunan("access", "add", "officer", "me", cwd=place)
    assert refused.status == 1 and "NOT_ALLOWED" in refused.err


def test_an_operator_who_signed_in_changes_access_in_their_own_name(place: Path) -> None:
    assert signed_in(place, "operator:ani").status == 0
    assert santunan("access", "add", "clinic", "new", cwd=place).status == 0
    assert audit(place)[-1] == ("urn:santunan:operator:ani", "access.add", "urn:santunan:clinic:new")


def test_a_session_that_is_over_ends_the_command_and_not_its_name(place: Path) -> None:
    signed_in(place, "officer:siti")
    listed = santunan("access", "list", "--json", cwd=place).rows
    [siti] = [one for one in listed if one["name"] == "urn:santunan:officer:siti"]
    assert (siti["has_password"], siti["second_factor"], siti["sessions"]) == (True, "set", 1)
    santunan("logout", cwd=place)
    signed_in(place, "officer:siti")
    file = place / ".santunan" / "login.json"
    kept = file.read_bytes()
    file.unlink()
    assert "1 sessions" in santunan("access", "end", "officer:siti", cwd=place).out
    file.write_bytes(kept)
    ran = ruling(place)
    assert ran.status == 78 and "the session is over" in ran.err and sources_of_reviews(place) == []


def test_a_first_sign_in_sets_the_second_factor_up(place: Path) -> None:
    ran = santunan("login", "officer:siti", cwd=place, given=f"{PASSWORD}\n000000\n")
    assert ran.status == 1 and "otpauth://totp/Santunan:siti" in ran.err and "this code is wrong" in ran.err
    uri = next(line for line in ran.err.splitlines() if line.startswith("otpauth:"))
    factor = pyotp.parse_uri(uri)
    assert isinstance(factor, pyotp.TOTP) and not (place / ".santunan" / "login.json").exists()


def test_the_secret_that_a_link_showed_stays_until_an_empty_code_asks_for_another(place: Path) -> None:
    with open_access(f"sqlite:///{place}/.santunan/santunan.db") as book:
        found = enrol(SignInBook(book), dt.datetime.now(dt.UTC), name="officer:siti", password=PASSWORD)
    lost = santunan("login", "officer:siti", cwd=place, given=f"{PASSWORD}\n\n000000\n")
    assert lost.status == 1 and "otpauth://totp/" in lost.err and found.uri not in lost.err
    with open_access(f"sqlite:///{place}/.santunan/santunan.db") as book:
        found = enrol(SignInBook(book), dt.datetime.now(dt.UTC), name="officer:siti", password=PASSWORD)
    code = pyotp.TOTP(found.secret).at(dt.datetime.now(dt.UTC))
    done = santunan("login", "officer:siti", cwd=place, given=f"{PASSWORD}\n{code}\n")
    assert done.status == 0 and "otpauth" not in done.err, done.err
    santunan("logout", cwd=place)
    again = santunan("login", "officer:siti", cwd=place, given=f"{PASSWORD}\n\n000000\n")
    assert again.status == 1 and "set up already" in again.err, "a factor in use is no password's to replace"


@pytest.mark.parametrize("given", ["wrong password here\n", f"{PASSWORD}\n123456\n"])
def test_what_is_wrong_signs_nobody_in(given: str, place: Path) -> None:
    enrolled(place, "officer:siti")
    ran = santunan("login", "officer:siti", cwd=place, given=given)
    assert ran.status == 1 and len(ran.err.splitlines()) == 1 and not (place / ".santunan" / "login.json").exists()


def test_the_same_over_a_gateway_with_a_session_and_with_a_key(place: Path) -> None:
    settings = read_settings(database_url=f"sqlite:///{place}/.santunan/santunan.db", web_rate=1000)
    with running_gateway(settings) as (gateway, port):
        url = f"http://127.0.0.1:{port}"
        done = signed_in(place, "officer:siti", "--url", url)
        assert done.status == 0, done.err
        shown = santunan("review", CLAIM, cwd=place)
        assert "Waits for an officer:" in shown.out, shown.err
        ran = ruling(place)
        assert ran.status == 0 and "as siti: who signed in." in ran.out, ran.err
        assert santunan("logout", cwd=place).status == 0
        gateway.access.add(new_principal("officer", "tono"), "test", NOW)
        until = NOW + dt.timedelta(days=1)
        _, key = gateway.access.make_key("urn:santunan:officer:tono", "", until, "test", NOW)
        assert santunan("login", "--key", "--url", url, cwd=place, given=key + "\n").status == 0
        assert ruling(place).status == 0
        bad = santunan("login", "--key", "--url", url, cwd=place, given="stn_wrong\n")
        assert bad.status == 1 and "key" in bad.err
    assert sources_of_reviews(place) == ["urn:santunan:officer:siti", "urn:santunan:officer:tono"]
    gone = ruling(place)
    assert gone.status == 75 and "does not answer" in gone.err


@pytest.mark.parametrize("url", ["http://santunan.example", "ftp://127.0.0.1", "santunan.example", "https://x/path"])
def test_a_password_does_not_cross_the_network_readable(url: str, place: Path) -> None:
    ran = santunan("login", "officer:siti", "--url", url, cwd=place, given=PASSWORD + "\n")
    assert ran.status == 78 and "https://HOST" in ran.err


def test_over_other_brokers_a_name_is_no_proof(tmp_path: Path) -> None:
    from agents.cli.ruling import submit_on_trust
    from pipeline.errors import NotReady

    settings = read_settings(database_url="postgresql://x@127.0.0.1:1/x", broker_url="kafka+chunks://127.0.0.1:1")
    with pytest.raises(NotReady, match="santunan login"):
        submit_on_trust(settings, {})


def test_who_reads_a_refused_event_in_full_is_on_record(place: Path) -> None:
    [row] = santunan("dead-letters", "list", "--json", cwd=place).rows
    assert santunan("dead-letters", "show", row["place"], cwd=place).status == 0
    assert [one for one in audit(place) if one[1].startswith("dead-letter")] == []
    assert santunan("dead-letters", "show", row["place"], "--original", cwd=place).status == 0
    [found] = [one for one in audit(place) if one[1].startswith("dead-letter")]
    assert (found[1], found[2]) == ("dead-letter.original", row["place"]) and found[0].startswith("machine:")
    assert signed_in(place, "operator:ani").status == 0
    assert santunan("dead-letters", "retry", row["place"], cwd=place).status == 0
    assert audit(place)[-1] == ("urn:santunan:operator:ani", "dead-letter.retry", row["place"])
    santunan("logout", cwd=place)
    santunan("login", "clinic:plkk-0012", cwd=place, given=PASSWORD + "\n")
    for words in (("retry",), ("show", "--original")):
        ran = santunan("dead-letters", *words, row["place"], cwd=place)
        assert (ran.status, ran.out) == (1, "") and "NOT_ALLOWED" in ran.err


@pytest.mark.parametrize("over", ["store", "gateway"])
def test_events_go_in_as_those_of_who_signed_in_and_of_nobody_else(over: str, place: Path) -> None:
    own = e.accident("MINE", source="urn:santunan:clinic:plkk-0012", conclusion=None, report=None)
    other = e.accident("OTHERS", source="urn:santunan:clinic:plkk-0001", conclusion=None, report=None)
    file = place / "events.jsonl"
    file.write_text("\n".join([json.dumps(own), json.dumps(other), "{"]) + "\n")
    settings = read_settings(database_url=f"sqlite:///{place}/.santunan/santunan.db", web_rate=1000)
    with running_gateway(settings) if over == "gateway" else nullcontext((None, 0)) as (_, port):
        url = ("--url", f"http://127.0.0.1:{port}") if over == "gateway" else ()
        assert santunan("login", "clinic:plkk-0012", *url, cwd=place, given=PASSWORD + "\n").status == 0
        ran = santunan("submit", "events.jsonl", "--json", cwd=place)
        assert santunan("submit", "events.jsonl", "--history", cwd=place).status == 2
        assert santunan("logout", cwd=place).status == 0
    assert ran.status == 1 and [one["claim_id"] for one in ran.rows] == ["MINE"]
    refused = [json.loads(line) for line in ran.err.splitlines()]
    assert [(one["line"], one["reason"]) for one in refused] == [(3, "NOT_JSON"), (2, "SOURCE_FORGED")]
    log = Log(place / ".santunan" / "santunan.db")
    assert [json.loads(entry.value)["data"]["claim_id"] for entry in log.read(0, [topics.ACCIDENTS])] == ["MINE"]
    log.close()


def test_an_operator_who_signed_in_sends_no_events(place: Path) -> None:
    signed_in(place, "operator:ani")
    ran = santunan("submit", "-", cwd=place, given=json.dumps(e.accident("NONE", source="urn:santunan:office:x")))
    assert ran.status == 1 and "NOT_ALLOWED" in ran.err
