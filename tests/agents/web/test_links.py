"""Links for one use: a password, the first operator, a demo on this machine; as JSON and as a page."""

import datetime as dt
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pyotp
import pytest

from agents.settings import read_settings
from agents.web.serving import _offer_first_operator
from pipeline.access.principals import new_principal
from pipeline.store.link_book import LinkBook
from tests.agents.web.conftest import NOW, Make, Running, web_url
from tests.support.browser import PASSWORD, Browser, Clock
from tests.support.gateway import Answer, running_gateway

pytestmark = pytest.mark.usefixtures("unhurried")
NEW = "lima kucing turun"
FORM = "application/x-www-form-urlencoded"
SECOND = dt.timedelta(seconds=1)


class Fields(HTMLParser):
    """Names of what a page asks for, and what it must not have."""

    def __init__(self, page: Answer) -> None:
        super().__init__()
        self.names: list[str | None] = []
        self.tags: set[str] = set()
        self.feed(page.raw.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "input":
            self.names.append(dict(attrs)["name"])


def link_of(gateway: Running, name: str, purpose: str = "password") -> str:
    return LinkBook(gateway[0].access).make(purpose, f"urn:santunan:{name}", "test", gateway[0].front.now())  # type: ignore[arg-type]


def sent(gateway: Running, link: str, **fields: str) -> Answer:
    return Browser(gateway[1]).ask("POST", f"/link/{link}", urlencode(fields).encode(), Content_Type=FORM)


def used(gateway: Running, link: str, **body: str) -> Answer:
    return Browser(gateway[1]).ask("POST", "/v1/links", {"link": link, **body})


def test_a_link_sets_a_password_once_and_ends_what_was_open(gateway: Running, make: Make) -> None:
    make("clinic:forgot")
    before = Browser(gateway[1])
    before.sign_in("clinic:forgot")
    link = link_of(gateway, "clinic:forgot")
    assert used(gateway, link, password=NEW).json == {"name": "urn:santunan:clinic:forgot", "enrolment": None}
    assert before.who().status == 401
    assert [Browser(gateway[1]).sign_in("clinic:forgot", one).status for one in (PASSWORD, NEW)] == [401, 200]
    again = used(gateway, link, password=PASSWORD)
    assert (again.status, again.json["code"]) == (410, "LINK_GONE")
    assert Browser(gateway[1]).sign_in("clinic:forgot", NEW).status == 200
    record = next(one for one in reversed(gateway[0].access.records(20)) if one.action == "access.password")
    assert (record.who, record.reason, record.address) == ("urn:santunan:clinic:forgot", "LINK", "127.0.0.1")


def test_a_weak_password_leaves_the_link_for_another_try(gateway: Running, make: Make) -> None:
    make("clinic:weak")
    link = link_of(gateway, "clinic:weak")
    for password in ("sebelas sbl", "password1234", "aaaaaaaaaaaa"):
        refused = used(gateway, link, password=password)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/password")
        assert password.encode() not in refused.raw
    assert used(gateway, link, password=NEW).status == 200


@pytest.mark.parametrize(("late", "status"), [(-SECOND, 200), (0 * SECOND, 410), (SECOND, 410)])
def test_a_link_is_good_for_a_day(late: dt.timedelta, status: int, gateway: Running, make: Make, clock: Clock) -> None:
    name = f"clinic:day{late.days}-{late.seconds}"
    make(name)
    link = link_of(gateway, name)
    clock.at += dt.timedelta(hours=24) + late
    assert used(gateway, link, password=NEW).status == status


def test_a_newer_link_a_disabled_person_and_an_invented_link_are_gone(gateway: Running, make: Make) -> None:
    make("clinic:newer")
    first, second = (link_of(gateway, "clinic:newer") for _ in range(2))
    assert used(gateway, first, password=NEW).status == 410
    gateway[0].access.disable("urn:santunan:clinic:newer", "test", NOW)
    assert used(gateway, second, password=NEW).status == 410
    for invented in ("x", "a" * 43):
        assert used(gateway, invented, password=NEW).status == 410
        assert Browser(gateway[1]).ask("GET", f"/link/{invented}").status == 410


def test_only_the_hash_of_a_link_is_kept(gateway: Running, make: Make, url: str) -> None:
    from tests.support.site import Site

    make("clinic:link-hash")
    link = link_of(gateway, "clinic:link-hash")
    site = Site(url, partitions=1)
    kept = repr([site.rows(f"SELECT * FROM {table}") for table in ("one_time_links", "audit_records")])  # noqa: S608
    site.close()
    assert link not in kept


# --- the page


def test_the_page_uses_the_link_only_when_its_form_is_sent(gateway: Running, make: Make) -> None:
    make("clinic:page")
    link = link_of(gateway, "clinic:page")
    for _ in range(2):
        page = Browser(gateway[1], "none").ask("GET", f"/link/{link}")
        assert page.status == 200 and b"clinic:page" in page.raw
    found = Fields(page)
    assert found.names == ["password", "repeated"] and not found.tags & {"script", "style", "img"}
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "frame-ancestors 'none'" in policy
    differ = sent(gateway, link, password=NEW, repeated=PASSWORD)
    assert differ.status == 422 and b"Kedua kata sandi berbeda" in differ.raw and NEW.encode() not in differ.raw
    short = sent(gateway, link, password="pendek", repeated="pendek")  # noqa: S106
    assert short.status == 422 and "12 sampai 256 huruf" in short.raw.decode()
    done = sent(gateway, link, password=NEW, repeated=NEW)
    assert done.status == 200 and b"tersimpan" in done.raw and NEW.encode() not in done.raw
    assert sent(gateway, link, password=NEW, repeated=NEW).status == 410


def test_the_page_shows_an_officer_the_second_factor_once(gateway: Running, make: Make) -> None:
    make("officer:page")
    page = sent(gateway, link_of(gateway, "officer:page"), password=NEW, repeated=NEW).raw.decode()
    secret = page.partition("<code>")[2].partition("</code>")[0]
    code = pyotp.TOTP(secret).at(gateway[0].front.now())
    assert Browser(gateway[1]).sign_in("officer:page", NEW, code).status == 200
    again = sent(gateway, link_of(gateway, "officer:page"), password=NEW, repeated=NEW).raw.decode()
    assert "<code>" not in again, "a link shows no factor that is set up"


def test_the_form_of_another_site_uses_nothing(gateway: Running, make: Make) -> None:
    make("clinic:form")
    link = link_of(gateway, "clinic:form")
    body = urlencode({"password": NEW, "repeated": NEW}).encode()
    found = Browser(gateway[1], "cross-site").ask("POST", f"/link/{link}", body, Content_Type=FORM)
    assert found.status == 403
    assert used(gateway, link, password=NEW).status == 200


# --- the demo


def test_a_link_of_the_demo_signs_in_from_this_machine_without_a_second_factor(gateway: Running, make: Make) -> None:
    make("officer:demo")
    here = Browser(gateway[1])
    link = link_of(gateway, "officer:demo", "demo")
    assert here.ask("POST", f"/link/{link}", b"", Content_Type=FORM).status == 303
    assert here.who().json["name"] == "urn:santunan:officer:demo"
    assert Browser(gateway[1]).ask("POST", f"/link/{link}", b"", Content_Type=FORM).status == 410


def test_a_link_of_the_demo_is_refused_to_every_other_address(
    gateway: Running, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("officer:far")
    link = link_of(gateway, "officer:far", "demo")
    for header in ("X_Forwarded_For", "Forwarded", "Via", "X_Real_IP"):
        proxied = Browser(gateway[1]).ask("POST", "/v1/links", {"link": link}, **{header: "127.0.0.1"})
        assert proxied.status == 410, header
    with web_url(gateway, "https://santunan.example"):
        assert used(gateway, link).status == 410, "a public address has a proxy before it"
    for address in ("192.168.1.7", "10.0.0.1", "2001:db8::1"):
        with monkeypatch.context() as patched:
            patched.setattr("agents.web.session.address_of", lambda request, said=address: said)
            assert used(gateway, link).status == 410, address
    assert used(gateway, link).status == 200, "it was good all the while"


# --- the first operator


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    with running_gateway(read_settings(database_url=f"sqlite:///{tmp_path}/santunan.db", web_rate=1000)) as found:
        yield found


def offered(gateway: Running, capsys: pytest.CaptureFixture[str]) -> str:
    _offer_first_operator(gateway[0], read_settings(database_url="sqlite:///unused.db"))
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.rpartition("/link/")[2].strip()


def test_the_first_start_offers_a_link_that_makes_the_first_operator_once(
    empty: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    older, link = offered(empty, capsys), offered(empty, capsys)
    assert used(empty, older, name="budi", password=NEW).status == 410, "a newer start has made another one"
    assert Fields(Browser(empty[1]).ask("GET", f"/link/{link}")).names == ["name", "password", "repeated"]
    bad = used(empty, link, name="Budi Santoso", password=NEW)
    assert (bad.status, bad.json["errors"][0]["pointer"]) == (422, "/name")
    done = used(empty, link, name="budi", password=NEW)
    assert done.json["name"] == "urn:santunan:operator:budi"
    code = pyotp.TOTP(done.json["enrolment"]["secret"]).at(empty[0].front.now())
    assert Browser(empty[1]).sign_in("operator:budi", NEW, code).json["kind"] == "operator"
    assert used(empty, link, name="siti", password=NEW).status == 410
    assert [one.principal.name for one in empty[0].access.accounts()] == ["urn:santunan:operator:budi"]
    assert offered(empty, capsys) == "", "there is somebody now"


def test_the_first_link_is_gone_once_somebody_was_added(empty: Running, capsys: pytest.CaptureFixture[str]) -> None:
    link = offered(empty, capsys)
    empty[0].access.add(new_principal("clinic", "earlier"), "test", NOW)
    assert used(empty, link, name="budi", password=NEW).status == 410
    assert [one.principal.kind for one in empty[0].access.accounts()] == ["clinic"]


def test_a_page_says_why_a_link_does_not_work(gateway: Running) -> None:
    links, name = gateway[0].links, "urn:santunan:clinic:why"
    gateway[0].access.add(new_principal("clinic", "why"), "test", NOW)
    used = links.make("demo", name, "test", NOW)
    assert Browser(gateway[1]).ask("POST", f"/link/{used}", b"", Content_Type=FORM).status == 303
    old = links.make("password", name, "test", NOW - dt.timedelta(hours=25))
    for link, why, command in (
        (used, "Tautan sudah dipakai", True),
        (old, "Tautan terlalu lama", False),
        ("x" * 43, "Tautan salah", False),
    ):
        found = Browser(gateway[1]).ask("GET", f"/link/{link}").raw.decode()
        assert why in found and ("santunan access link --demo" in found) == command, why
    with web_url(gateway, "https://santunan.example"):
        demo = links.make("demo", name, "test", NOW)
        elsewhere = Browser(gateway[1]).ask("POST", f"/link/{demo}", b"", Content_Type=FORM)
    assert elsewhere.status == 410 and "hanya terbuka di peramban pada mesin" in elsewhere.raw.decode()
