"""The pages of coverage in a browser and as files: the picture, the map, the calls; nothing of others, no formula."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser

from agents.settings import read_settings
from pipeline.access.principals import PERSONS, new_principal
from tests.agents.web.pages.conftest import Console
from tests.support import events as e
from tests.support.chromium import PHONE, findings
from tests.support.gateway import Client, running_gateway
from tests.support.site import Site

LIST = "Nama;NIK;Kabupaten;Sektor;Koperasi\n" + "".join(
    f"Ali;36710202029{at:05};Kota Tangerang;dagang;Kop Maju\n" for at in range(1, 31)
)
ROOT = Path(__file__).parents[4]
KNOWN = "/v1/known?keep=true&listed_on=2026-01-01"


def members() -> Iterator[object]:
    for at in range(1, 21):
        number = f"2200000{at:04}"
        first = e.registered(number, f"36710202029{at:05}", segment="BPU", registered_on="2026-01-02",
                             declared_income=2_000_000, channel="Kop Maju", name="=1+1")  # fmt: skip
        del first["data"]["employer"]
        yield first | {"source": "urn:santunan:cooperative:maju", "time": "2026-01-02T08:00:00+07:00"}
        yield e.paid("2026-01", "2026-08" if at <= 10 else "2026-01", "2026-01-02", number)


@pytest.fixture(scope="module")
def console(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    url = f"sqlite:///{tmp_path_factory.mktemp('coverage')}/santunan.db"
    site = Site(url, partitions=1)
    site.run(*members())
    site.close()
    with running_gateway(read_settings(database_url=url, web_rate=10_000)) as (gateway, port):
        for name in ("office:tangerang", "cooperative:maju", "cooperative:lain"):
            kind, who = name.split(":")
            gateway.access.add(new_principal(kind, who, who if kind in PERSONS else None), "test", gateway.front.now())
        found = Console(gateway, f"http://127.0.0.1:{port}", chromium)
        yield found
        assert found.complaints == []


def client(console: Console, name: str) -> Client:
    now = console.gateway.front.now()
    made = console.gateway.access.make_key(f"urn:santunan:{name}", "", now + dt.timedelta(days=1), "test", now)
    return Client(int(console.home.rpartition(":")[2]), made[1])


def test_the_page_shows_the_picture_the_map_and_the_lines(console: Console) -> None:
    office = client(console, "office:tangerang")
    assert office.ask("POST", KNOWN, LIST.encode(), Content_Type="text/csv").json["new"] == 30
    shown = office.get("/coverage?day=2026-07-20", Cookie="language=en").raw.decode()
    assert "30 known, 20 registered, 10 covered (33% of 30 people)" in shown
    assert 'class="x3 y6 c1">Banten <b>33%</b>' in shown and 'class="x4 y6 none">Jakarta <b>–</b>' in shown
    assert shown.count("<polyline") == 3 and "<script" not in shown and "style=" not in shown
    assert shown.count('aria-current="page"') == 1
    assert 'role="alert"' in office.get("/coverage?day=kemarin").raw.decode()


def test_a_file_of_the_picture_has_its_numbers_and_no_formula(console: Console) -> None:
    office = client(console, "office:tangerang")
    office.ask("POST", KNOWN, LIST.encode(), Content_Type="text/csv")
    rows = list(
        csv.reader(io.StringIO(office.get("/coverage/table.csv?day=2026-07-20").raw.decode("utf-8-sig")), delimiter=";")
    )
    assert rows[1][3:10] == ["30", "30", "10", "0", "0", "10", "10"]
    sheet = load_workbook(io.BytesIO(office.get("/coverage/table.xlsx?day=2026-07-20").raw)).active
    assert sheet is not None and [cell.value for cell in sheet[2]][3:6] == [30, 30, 10]


def test_a_cooperative_calls_its_own_members_and_its_file_has_no_formula(console: Console) -> None:
    own, other = client(console, "cooperative:maju"), client(console, "cooperative:lain")
    found = own.get("/v1/calls?day=2026-07-20").json["rows"]
    assert len(found) == 10 and {one["kind"] for one in found} == {"lapsed"}
    assert json.loads(other.get("/v1/calls?day=2026-07-20").raw)["rows"] == []
    assert "Tidak ada yang perlu dihubungi" in other.get("/calls?day=2026-07-20").raw.decode()
    text = own.get("/calls/list.csv?day=2026-07-20").raw.decode("utf-8-sig")
    assert text.count("'=1+1") == 10 and ";=1+1" not in text
    sheet = load_workbook(io.BytesIO(own.get("/calls/list.xlsx?day=2026-07-20").raw)).active
    assert sheet is not None and (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1", "s")
    assert own.get("/coverage").status == 403


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_is_accessible_on_a_phone_and_a_desk(console: Console, language: str) -> None:
    client(console, "office:tangerang").ask("POST", KNOWN, LIST.encode(), Content_Type="text/csv")
    folder = ROOT / "build" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    for width in (320, 768, 1440):
        options = PHONE if width == 320 else {"viewport": {"width": width, "height": 900}}
        page = console.page("office:tangerang", language=language, bypass_csp=True, **options)
        for path in ("/coverage?day=x", "/calls?day=2020-01-01", "/coverage?day=2026-07-20", "/calls?day=2026-07-20"):
            page.goto(console.home + path)
            assert findings(page) == [], (language, width, path)
            page.screenshot(path=folder / f"{language}-{width}-office-{path[1:6]}.png", full_page=True)
        page.context.close()
