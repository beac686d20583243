"""A console over a store with a few claims, on both engines, with a worker that decides and a browser that looks."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from agents.clients import open_submitter
from agents.settings import Settings, read_settings
from agents.web.gate import Gateway
from pipeline.access.principals import PERSONS, new_principal
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.chromium import opened, running_browser
from tests.support.gateway import running_gateway
from tests.support.kafka_server import environment_of, kafka_bootstrap, kafka_settings
from tests.support.postgresql import new_database, postgresql_server

__all__ = ["kafka_bootstrap", "kafka_settings", "new_database", "postgresql_server"]
NOW = dt.datetime.now(dt.UTC)
CLINIC = "urn:santunan:clinic:plkk-0012"
PEOPLE = (
    "clinic:plkk-0012",
    "desk:tangerang",
    "hospital:rs-01",
    "employer:np000001",
    "cooperative:np000001",
    "office:tangerang",
    "officer:siti",
    "officer:budi",
    "auditor:ani",
    "operator:dewi",
    "operator:eko",
)


@dataclass
class Console:
    """`home`: its address. `complaints`: what a browser found that must not be."""

    gateway: Gateway
    home: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def page(self, name: str = "", *, language: str = "id", **options: object) -> Page:
        """A browser of KIND:WHO, who came in by a link; empty: of somebody who is not signed in."""
        page = opened(self.browser, self.home, self.complaints, **options)
        page.context.add_cookies([{"name": "language", "value": language, "url": self.home}])
        page.set_default_timeout(15_000)
        if name:
            links = self.gateway.links
            token = links.make("demo", f"urn:santunan:{name}", "test", NOW)
            page.goto(f"{self.home}/link/{token}")
            page.get_by_role("button").last.click()
            page.wait_for_url(f"{self.home}/")
        return page


def histories() -> list[dict[str, object]]:
    """Two members; a paid claim, one that misses a paper, and three that wait for an officer."""
    violence = {"occurred_at": "2024-07-07T10:00:00+07:00", "kind": "violence", "chronology": "Dipukul di depan toko."}
    children = [{"birth_date": f"{year}-01-01", "level": "SD"} for year in (2010, 2012, 2015)]
    papers = ["visum", "police_letter"]
    return [
        *e.member(),
        *e.member("20000000033", "3671010101800003"),
        e.registered("20000000044", "3671010101800004", employer={"number": "NP000001"}),
        e.paid("2019-11", "2019-11", "2019-11-02", "20000000044"),
        e.wage("2019-11", 4_000_000, "20000000044"),
        e.paid("2019-12", "2026-12", "2019-12-10", "20000000044"),
        e.accident("JKK-2024-0001", "2024-05-05"),
        e.accident(
            "JKK-2024-0007", accident=violence, medical={"unable_to_work_days": 30, "diagnosis": "memar kepala"}
        ),
        e.evidence("JKK-2024-0007", "2024-07-09T08:00:00", source=CLINIC, member_number=e.NUMBER, documents=papers),
        e.death("JKM-2024-0003", "2024-09-01", number="20000000033", children=children),
        e.accident(
            "JKK-2024-0009",
            "2024-08-07",
            accident={"occurred_at": "2024-08-07T10:00:00+07:00", "traffic": "several_vehicles"},
        ),
        e.evidence(
            "JKK-2024-0009", "2024-08-09T08:00:00", source=CLINIC, member_number=e.NUMBER, documents=["doctor_letter"]
        ),
    ]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed with its module: Playwright's loop runs in this thread until then, and no other can."""
    with running_browser() as found:
        yield found


@pytest.fixture
def site_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Embedded, unless the test asks for `kafka`."""
    if getattr(request, "param", "embedded") == "kafka":
        settings: Settings = request.getfixturevalue("kafka_settings")
        return settings.model_copy(update={"papers_folder": tmp_path / "papers"})
    return read_settings(database_url=f"sqlite:///{tmp_path}/santunan.db", web_rate=10_000)


@pytest.fixture
def console(site_settings: Settings, chromium: Browser, tmp_path: Path) -> Iterator[Console]:
    """With a worker that runs."""
    with running(tmp_path, environment_of(site_settings)), opened_console(site_settings, chromium) as found:
        yield found
    assert found.complaints == []


@contextmanager
def opened_console(
    settings: Settings, browser: Browser, *, is_worked: bool = True, more: Sequence[dict[str, object]] = ()
) -> Iterator[Console]:
    """`is_worked`: a worker runs, and what was sent is decided before anybody looks. `more`: events of other claims,
    each of which is decided once."""
    documents = [json.dumps(one).encode() for one in (*histories(), *more)]
    with open_submitter(settings) as submitter:
        for _ in submitter.submit(documents, is_history=True):
            pass
    with running_gateway(settings) as (gateway, port):
        for name in PEOPLE:
            kind, who = name.split(":")
            gateway.access.add(new_principal(kind, who, who if kind in PERSONS else None), "test", NOW)
        console = Console(gateway, f"http://127.0.0.1:{port}", browser)
        if is_worked:
            opened = [one for one in more if str(one["type"]).startswith("santunan.claim.accident")]
            wait_for(lambda: _is_decided(decided(gateway), len(opened)))
        yield console


def _is_decided(found: dict[str, int], more: int) -> bool:
    own = {"JKK-2024-0001": 1, "JKK-2024-0007": 2, "JKM-2024-0003": 1, "JKK-2024-0009": 2}
    return own.items() <= found.items() and len(found) == len(own) + more and 0 not in found.values()


def decided(gateway: Gateway) -> dict[str, int]:
    """The revision of each claim."""
    with gateway.front.store.reader() as connection:
        return {
            row.claim_id: row.revision for row in connection.exec_driver_sql("SELECT claim_id, revision FROM cases")
        }
