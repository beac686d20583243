"""The auditor's pages: the ledger and its comparison, receipts, replay, statistics and signals, in a browser too."""

import datetime as dt
import hashlib
import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from agents.settings import Settings, read_settings
from pipeline.access.principals import PERSONS, new_principal
from pipeline.ledger.verifier import verify
from pipeline.store import open_store
from pipeline.store.ledger_keeper import LedgerKeeper
from pipeline.store.ledger_key import public_keys, read_or_make_keys
from tests.agents.web.pages.conftest import Console
from tests.support import events as e
from tests.support.gateway import Answer, Client, running_gateway
from tests.support.looks import check_looks
from tests.support.site import Site

SENT = e.accident("K1", "2026-05-05", source="urn:santunan:clinic:c1", report=None, conclusion=None)
FORM = "application/x-www-form-urlencoded"
ENGLISH = {"Cookie": "language=en"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("auditor")
    return read_settings(
        database_url=f"sqlite:///{folder}/santunan.db", web_rate=10_000, witness_dir=folder / "witness"
    )


@pytest.fixture(scope="module")
def console(chromium: Browser, settings: Settings) -> Iterator[Console]:
    """One accident from three clinics, a death, and a ledger that is signed."""
    site = Site(settings.database_url, partitions=1)
    others = [e.accident(f"K{at}", "2026-05-05", source=f"urn:santunan:clinic:c{at}", report=None) for at in (2, 3)]
    for one in others:
        del one["data"]["conclusion"]
    site.run(*e.member(), SENT, *others, *e.member("20000000033", "3671010101800003"))
    site.run(e.death("M1", "2026-06-05", number="20000000033"), e.settled("M1.r1.heirs", 42_000_000, "2026-07-30"))
    site.close()
    store = open_store(settings.database_url)
    LedgerKeeper(store, read_or_make_keys(settings.ledger_key), settings.witness_dir).keep(dt.datetime.now(dt.UTC))
    store.close()
    with running_gateway(settings) as (gateway, port):
        for name in ("auditor:ani", "officer:siti", "operator:dewi", "office:tangerang"):
            kind, who = name.split(":")
            gateway.access.add(new_principal(kind, who, who if kind in PERSONS else None), "test", gateway.front.now())
        found = Console(gateway, f"http://127.0.0.1:{port}", chromium)
        yield found
        assert found.complaints == []


def client(console: Console, name: str = "auditor:ani") -> Client:
    now = console.gateway.front.now()
    made = console.gateway.access.make_key(f"urn:santunan:{name}", "", now + dt.timedelta(days=1), "test", now)
    return Client(int(console.home.rpartition(":")[2]), made[1])


def ended(auditor: Client, path: str, words: str) -> str:
    """The page once the run is over, as somebody sees it who looks again and again."""
    until = time.monotonic() + 120
    while words not in (shown := auditor.get(path, **ENGLISH).raw.decode()):
        assert time.monotonic() < until, shown
        time.sleep(0.2)
    return shown


def post(auditor: Client, path: str, body: bytes = b"") -> Answer:
    return auditor.followed(auditor.ask("POST", path, body, Content_Type=FORM))


def test_a_look_at_the_ledger_says_that_nothing_was_changed(console: Console) -> None:
    auditor = client(console)
    assert "Signed checkpoints: 1; the newest on" in auditor.get("/ledger", **ENGLISH).raw.decode()
    started = post(auditor, "/ledger/verification")
    assert (started.status, started.headers["location"]) == (303, "/ledger#verification")
    shown = ended(auditor, "/ledger", "Nothing was changed.")
    assert "checkpoints kept elsewhere 1." in shown and "No public key is here" not in shown


def test_a_replay_shows_progress_and_what_differs(console: Console) -> None:
    auditor = client(console)
    assert post(auditor, "/replay", b"since=&until=").status == 303
    second = post(auditor, "/ledger/verification")
    assert (second.status, second.headers["location"]) == (303, "/ledger?busy=1")
    assert "Another run goes on" in auditor.get("/ledger?busy=1", **ENGLISH).raw.decode()
    shown = ended(auditor, "/replay", "Decided again")
    assert "decisions compared 5, of which differ: 0." in shown, shown
    assert post(auditor, "/replay", b"since=2026-02-01&until=2026-01-01").status == 422


def test_a_receipt_proves_the_event(console: Console, settings: Settings) -> None:
    auditor = client(console)
    digest = hashlib.sha256(e.raw(SENT)).hexdigest()
    found = post(auditor, "/ledger/receipt", f"digest={digest}".encode())
    assert found.status == 200 and "attachment" in found.headers["content-disposition"]
    verify(json.loads(found.raw), public_keys(settings.ledger_key), e.raw(SENT))  # raises where it proves nothing
    assert post(auditor, "/ledger/receipt", b"digest=12").status == 422
    assert post(auditor, "/ledger/receipt", b"digest=" + b"0" * 64).status == 422


def test_an_operator_sees_how_far_the_ledger_is_signed_and_no_more(console: Console) -> None:
    operator = client(console, "operator:dewi")
    shown = operator.get("/ledger").raw.decode()
    assert "<form" not in shown.partition("<main")[2] and operator.get("/replay").status == 403


def test_statistics_are_shown_with_pictures_and_as_files(console: Console) -> None:
    auditor = client(console)
    shown = auditor.get("/statistics", **ENGLISH).raw.decode()
    assert "Decisions by programme" in shown and 'src="data:image/svg+xml;base64,' in shown
    assert "1 late" in shown and "PP 44/2015" in shown
    report = auditor.get("/statistics/report.html?since=&until=", **ENGLISH)
    text = report.raw.decode()
    assert "<svg" in text and "<script" not in text and "http-equiv" not in text and "src=" not in text
    assert "sandbox" in report.headers["content-security-policy"]
    rows = auditor.get("/statistics/hands.csv?since=&until=").raw.decode("utf-8-sig").splitlines()
    assert rows[2].startswith("JKM;1;1;0")
    assert auditor.get("/statistics/nothing.csv").status == 404
    assert 'role="alert"' in auditor.get("/statistics?since=kemarin").raw.decode()
    assert client(console, "office:tangerang").get("/statistics").status == 200


def test_signals_are_listed_and_on_the_page_of_a_claim(console: Console) -> None:
    officer = client(console, "officer:siti")
    shown = officer.get("/signals", **ENGLISH).raw.decode()
    assert "3 clinics and hospitals sent something" in shown and 'href="/tasks/K1"' in shown
    case = officer.get("/tasks/K1", **ENGLISH).raw.decode()
    assert "One accident, many clinics" in case
    assert "One accident, many clinics" not in officer.get("/tasks/M1", **ENGLISH).raw.decode()
    assert client(console, "office:tangerang").get("/signals").status == 403


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_is_accessible_on_a_phone_and_a_desk(console: Console, language: str) -> None:
    page = console.page("auditor:ani", language=language, bypass_csp=True)
    for path in ("/ledger", "/replay", "/statistics", "/statistics?until=x", "/signals"):
        page.goto(console.home + path)
        check_looks(page, f"{language}-{{}}-auditor-{path[1:].replace('?until=', '-')}")
    page.context.close()


def test_an_auditor_goes_from_the_door_to_each_page_without_a_script(console: Console) -> None:
    page = console.page("auditor:ani", language="en", java_script_enabled=False)
    for name in ("Ledger", "Replay", "Statistics", "Signals"):
        page.goto(f"{console.home}/")
        page.get_by_role("main").get_by_role("link", name=name).first.click()
        assert page.get_by_role("heading", level=1).inner_text() == name
    page.goto(f"{console.home}/ledger")
    page.get_by_role("button", name="Start the comparison").click()
    page.get_by_text("started it on").wait_for()
    page.context.close()
