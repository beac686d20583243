"""The pages of coverage in a browser and as files: the picture, the map, the calls; nothing of others, no formula."""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser
from pyarrow import parquet

from agents.settings import read_settings
from pipeline.access.principals import PERSONS, new_principal
from tests.agents.web.pages.conftest import Console
from tests.support import events as e
from tests.support.chromium import findings
from tests.support.gateway import Client, running_gateway
from tests.support.looks import check_looks
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
    for width in (320, 1440):  # two who come later, and are known under another NIK
        yield e.registered(f"2300000{width:04}", f"367102030390{width:04}", registered_on="2026-08-01",
                           birth_date="1990-03-03", name="Siti Aminah")  # fmt: skip


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
    assert "30 known, 20 registered, 10 covered (33% of a total of 30)" in shown
    assert 'class="x3 y6 c1">Banten <b>33%</b>' in shown and 'class="x4 y6 none">Jakarta <b>–</b>' in shown
    assert shown.count("<polyline") == 3 and "<script" not in shown and "style=" not in shown
    assert ">10</text>" in shown and ">30</text>" in shown and ">1/2026</text>" in shown and ">7/2026</text>" in shown
    assert shown.index("Month by month") < shown.index("End of month") < shown.index("Covered by province")
    assert "santunan known import" not in shown
    assert shown.count('aria-current="page"') == 1
    assert 'role="alert"' in office.get("/coverage?day=kemarin").raw.decode()


def test_before_a_list_is_known_the_page_asks_for_it(console: Console) -> None:
    for day in ("2020-01-01", "2025-12-31"):
        shown = client(console, "office:tangerang").get(f"/coverage?day={day}").raw.decode()
        assert "Masukkan dulu daftar pekerja yang dikenal: santunan known import FILE." in shown


def test_a_cooperative_sees_who_is_covered_and_what_to_pay(console: Console) -> None:
    own, other = client(console, "cooperative:maju"), client(console, "cooperative:lain")
    found = own.get("/v1/protection?day=2026-07-20").json
    assert found["counts"] == {"lapses": 0, "lapsed": 10, "waiting": 0, "covered": 10, "left": 0}
    assert [(one["until"], one["is_late"], one["members"]) for one in found["dues"]] == [(None, False, 10)]
    assert other.get("/v1/protection?day=2026-07-20").json["rows"] == []
    shown = own.get("/protection?day=2026-07-20").raw.decode()
    assert "Pada 20 Juli 2026: 10 berhenti, 10 terlindungi." in shown and shown.count("<textarea") == 10
    alone = own.get("/protection?day=2026-07-20&group=covered").raw.decode()
    assert alone.count("Tidak ada yang harus dibayar sekarang.") == 10 and "<textarea" not in alone
    assert "Belum ada anggota Anda yang terdaftar" in other.get("/protection?day=2026-07-20").raw.decode()
    written = own.get("/protection/members.csv?day=2026-07-20").raw.decode("utf-8-sig")
    assert len(written.splitlines()) == 21 and ";=1+1" not in written
    data = own.get("/protection/members.parquet?day=2026-07-20").raw
    assert parquet.read_table(io.BytesIO(data)).column("group").to_pylist().count("lapsed") == 10


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


@pytest.mark.parametrize(("path", "many"), [("/protection", 20), ("/calls", 10)])
def test_a_long_list_of_members_comes_in_pages(
    console: Console, monkeypatch: pytest.MonkeyPatch, path: str, many: int
) -> None:
    monkeypatch.setattr("agents.web.pages.parts.MOST_ROWS", 3)
    own, seen, address = client(console, "cooperative:maju"), list[str](), f"{path}?day=2026-07-20&cooperative="
    for _ in range(-(-many // 3)):
        shown = own.get(address).raw.decode()
        found = sorted(set(re.findall("22000000[0-9]{2}0*[0-9]*", shown)))
        assert 1 <= len(found) <= 3
        seen += found
        after = re.search(r'rel="next" href="([^"]+)"', shown)
        address = after[1].replace("&amp;", "&") if after else ""
    assert address == "" and len(seen) == len(set(seen)) == many


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_is_accessible_on_a_phone_and_a_desk(console: Console, language: str) -> None:
    client(console, "office:tangerang").ask("POST", KNOWN, LIST.encode(), Content_Type="text/csv")
    page = console.page("office:tangerang", language=language, bypass_csp=True)
    for path in (
        *("/coverage?day=x", "/coverage?day=2020-01-01", "/coverage?day=2026-07-20"),
        *("/calls?day=2020-01-01", "/calls?day=2026-07-20", "/protection?day=x", "/protection?day=2026-07-20"),
    ):
        page.goto(console.home + path)
        check_looks(page, f"{language}-{{}}-office-{path[1:].replace('?day=', '-')}")
    page.context.close()


@pytest.mark.parametrize(("language", "width"), [("id", 320), ("en", 1440)])
def test_the_office_keeps_a_list_and_decides_who_is_a_member(console: Console, language: str, width: int) -> None:
    """One of the list was born on the day of a member who has a similar name and another NIK."""
    sheet = f"Nama;NIK;Tanggal lahir\nSitti Aminah;327102030390{width:04};03/03/1990\nBudi;;\n".encode()
    page = console.page(
        "office:tangerang", language=language, bypass_csp=True, viewport={"width": width, "height": 900}
    )
    page.goto(f"{console.home}/known")
    assert findings(page) == []
    page.get_by_role("button", name={"id": "Periksa", "en": "Check"}[language]).click()
    assert page.locator("#file-fault").is_visible() and findings(page) == []
    page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": sheet})
    page.get_by_role("button", name={"id": "Periksa", "en": "Check"}[language]).click()
    assert page.get_by_role("cell", name="B3").is_visible() and findings(page) == []
    page.get_by_role("button", name={"id": "Simpan 1 pekerja", "en": "Keep 1 worker"}[language]).click()
    page.wait_for_url("**/known?kept=1")
    page.get_by_role("link", name={"id": "Mungkin sudah peserta", "en": "May be members already"}[language]).click()
    assert findings(page) == []
    page.get_by_role("button", name={"id": "Orang yang sama", "en": "One person"}[language]).first.click()
    page.wait_for_url("**/known/matches?said=decided")
    assert page.get_by_text("Sitti Aminah").count() == 0 and findings(page) == []
    page.context.close()


def test_a_list_of_a_day_to_come_or_of_no_day_is_a_fault_at_its_field(console: Console) -> None:
    office, kind = client(console, "office:tangerang"), "multipart/form-data; boundary=x"
    for day in ("2099-01-01", "kemarin"):
        parts = [f'--x\r\nContent-Disposition: form-data; name="listed_on"\r\n\r\n{day}\r\n']
        parts += [
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nNama;NIK\nA;1\n\r\n--x--\r\n'
        ]
        found = office.followed(office.ask("POST", "/known", "".join(parts).encode(), Content_Type=kind))
        assert found.status == 422 and b'id="listed_on-fault"' in found.raw
    assert client(console, "cooperative:maju").get("/known").status == 403


def test_the_page_of_a_list_says_what_was_not_read(console: Console) -> None:
    office, kind = client(console, "office:tangerang"), "multipart/form-data; boundary=x"
    parts = ['--x\r\nContent-Disposition: form-data; name="listed_on"\r\n\r\n2026-01-01\r\n']
    parts += [
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nNama;NIK;HP\nAni;1;08\n\r\n--x--\r\n'
    ]
    body, cookie = "".join(parts).encode(), "language=id"
    found = office.followed(office.ask("POST", "/known", body, Content_Type=kind, Cookie=cookie), Cookie=cookie)
    assert "Kolom yang tidak dibaca: HP." in found.raw.decode()
