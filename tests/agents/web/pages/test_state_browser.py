"""Operators and auditors in a real browser: a refused event corrected by two hands, access, search, law, on phones."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agents.clients import open_submitter
from agents.settings import Settings
from pipeline.messages.records import Message
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.agents.web.pages.conftest import Console, histories, opened_console
from tests.agents.web.pages.test_browser import press, press_keys_to
from tests.faults.running import wait_for
from tests.support import events as e
from tests.support.chromium import first_paint
from tests.support.looks import check_looks

ROOT = Path(__file__).parents[4]
CLAIM = "JKK-2024-0001"


def refuse(console: Console, settings: Settings) -> str:
    """The place of a review of a revision that is not there."""
    wrong = e.review(CLAIM, 9, "reject", "2024-07-09T08:00:00")
    with open_submitter(settings) as submitter:
        [receipt] = submitter.submit([json.dumps(wrong).encode()])
    wait_for(lambda: refused(console) == 1)
    return f"{receipt.topic}/{receipt.partition}/{receipt.offset}"


def refused(console: Console) -> int:
    with console.gateway.front.store.reader() as connection:
        found: int = connection.exec_driver_sql("SELECT count(*) FROM dead_letters").scalar_one()
    return found


@pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
def test_a_refused_event_is_corrected_by_two_operators_and_applied(console: Console, site_settings: Settings) -> None:
    place = refuse(console, site_settings)
    page = console.page("operator:dewi")
    page.get_by_role("link", name="Keadaan").first.click()
    expect(page.locator("main")).to_contain_text("1 kiriman ditolak")
    expect(page.locator("main")).to_contain_text("Tidak ada yang menunggu: semua yang masuk sudah dibaca.")
    page.get_by_role("link", name="Lihat, perbaiki, kirim ulang").click()
    page.get_by_role("link", name=place).click()
    expect(page.locator(".box.bad")).to_contain_text("Ditolak")
    press(page, "Minta persetujuan")
    expect(page.get_by_role("alert")).to_contain_text("Tulis alasannya")
    page.get_by_label("Alasan").fill("petugas bertanya")
    press(page, "Minta persetujuan")
    expect(page.locator("main")).to_contain_text("Menunggu persetujuan pengelola lain.")
    other = console.page("operator:eko")
    other.goto(f"{console.home}/state/refused/{place}")
    expect(other.locator("main")).to_contain_text("petugas bertanya")
    press(other, "Setuju")
    page.reload()
    press(page, "Buka isi kiriman")
    field = page.get_by_label("Isi kiriman (JSON)")
    written = field.input_value()
    field.fill(written.replace('"revision": 9', '"revision": "x"'))
    press(page, "Kirim yang diperbaiki")
    expect(page.get_by_role("alert")).to_contain_text("data.revision")
    expect(field).to_have_value(written.replace('"revision": 9', '"revision": "x"'))
    field.fill(written.replace('"revision": 9', '"revision": 1'))
    press(page, "Kirim yang diperbaiki")
    expect(page.get_by_role("status")).to_contain_text("Yang diperbaiki sudah dikirim.")
    wait_for(lambda: is_applied(page))
    page.goto(f"{console.home}/state/refused")
    expect(page.locator("main")).to_contain_text("Tidak ada kiriman yang ditolak.")


def is_applied(page: Page) -> bool:
    page.reload()
    return page.get_by_text("Sudah diterapkan", exact=True).count() == 1


@pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
def test_an_operator_sends_again_what_was_refused(console: Console, site_settings: Settings) -> None:
    place = refuse(console, site_settings)
    page = console.page("operator:dewi")
    page.goto(f"{console.home}/state/refused/{place}")
    press(page, "Kirim ulang apa adanya")
    expect(page.get_by_role("status")).to_contain_text("Sudah dikirim ulang.")
    wait_for(lambda: refused(console) == 2)  # it is as stale as before
    page.goto(f"{console.home}/state/refused")
    expect(page.get_by_role("status")).to_contain_text("1 kiriman ditolak")


def test_what_nobody_can_read_is_not_offered_to_be_sent_again(console: Console, tmp_path: Path) -> None:
    log = Log(tmp_path / "santunan.db")
    log.append([Message(topics.ACCIDENTS, b"k", b"{")])
    log.close()
    wait_for(lambda: refused(console) == 1)
    page = console.page("operator:dewi")
    page.goto(f"{console.home}/state/refused")
    page.locator("main").get_by_role("link").filter(has_text="claims.accidents").first.click()
    expect(page.locator("main")).to_contain_text("hanya pengirimnya yang dapat mengirim yang benar")
    assert page.get_by_role("button", name="Kirim ulang apa adanya").count() == 0
    assert page.get_by_role("button", name="Minta persetujuan").count() == 1


def test_an_operator_lets_a_clinic_in_within_a_minute(console: Console) -> None:
    page = console.page("operator:dewi")
    page.get_by_role("link", name="Akses").first.click()
    page.get_by_text("Tambah orang atau program").click()
    page.get_by_label("Jenis").select_option("officer")
    for name, person, field, said in (
        ("Siti Aminah", "", "who", "huruf kecil"),
        ("siti", "", "who", "sudah ada"),
        ("siti-2", "dewi", "person", "sekaligus"),
    ):
        page.get_by_label("Nama", exact=True).fill(name)
        page.get_by_label("Orangnya").fill(person)
        press(page, "Tambah")
        expect(page.locator(f"#{field}-fault")).to_contain_text(said)
        expect(page.get_by_label("Nama", exact=True)).to_have_value(name)
        expect(page.get_by_label("Jenis")).to_have_value("officer")
    page.get_by_label("Orangnya").fill("")
    page.get_by_label("Jenis").select_option("clinic")
    page.get_by_label("Nama", exact=True).fill("plkk-0099")
    press(page, "Tambah")
    expect(page.get_by_role("status")).to_contain_text("Sudah ditambahkan.")
    page.get_by_text("Ubah: Klinik plkk-0099").click()
    row = page.locator("section.row").filter(has_text="plkk-0099")
    row.get_by_role("button", name="Buat kunci API").click()
    token = page.locator("code.shown").inner_text()
    used = console.gateway.access.valid_key(token, console.gateway.front.now()) or console.gateway.access.use_key(
        token, console.gateway.front.now()
    )
    assert used is not None and token not in page.url
    page.goto(f"{console.home}/access")
    assert token not in page.content()
    row = page.locator("section.row").filter(has_text="plkk-0099")
    row.get_by_role("button", name="Cabut").click()
    expect(page.get_by_role("status")).to_contain_text("Kunci sudah dicabut.")
    page.get_by_role("link", name="Catatan akses").click()
    expect(page.locator("main")).to_contain_text("Kunci API dicabut")


def test_an_auditor_finds_a_person_without_a_word_of_it_in_an_address(console: Console) -> None:
    page = console.page("auditor:ani")
    page.get_by_role("link", name="Cari").first.click()
    page.get_by_label("Yang dicari").fill(e.NIK)
    press(page, "Cari")
    assert e.NIK not in page.url and e.NIK not in page.title()
    expect(page.locator("main")).to_contain_text(f"{e.NIK[:4]}********{e.NIK[-4:]}")
    page.get_by_role("link", name="JKK-2024-0007").click()
    expect(page.locator("main")).to_contain_text("Kecelakaan dilaporkan")
    page.get_by_text("Data pribadi lengkap").click()
    press(page, "Tampilkan")
    expect(page.get_by_role("alert")).to_contain_text("Tulis alasannya")
    page.locator("#reason").fill("pengaduan keluarga")
    press(page, "Tampilkan")
    expect(page.locator("main")).to_contain_text("memar kepala")
    expect(page.locator("main")).to_contain_text("pengaduan keluarga")


def test_keys_alone_are_enough_to_find_and_to_try_a_number(console: Console) -> None:
    page = console.page("auditor:ani")
    page.goto(f"{console.home}/find")
    while page.evaluate("document.activeElement.name") != "text":
        page.keyboard.press("Tab")
    page.keyboard.type(CLAIM)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=CLAIM)).to_be_visible()
    page.goto(f"{console.home}/law/age_minimum")
    while page.evaluate("document.activeElement.name") != "written":
        page.keyboard.press("Tab")
    page.keyboard.type("99")
    press_keys_to(page, "Coba")
    expect(page.get_by_role("status")).to_contain_text("akan berakhir lain")


def test_without_a_worker_the_state_says_what_waits(site_settings: Settings, chromium: Browser) -> None:
    with opened_console(site_settings, chromium, is_worked=False) as console:
        page = console.page("operator:dewi")
        page.goto(f"{console.home}/state")
        expect(page.locator("main")).to_contain_text(f"{len(histories())} kejadian menunggu dibaca.")
        expect(page.locator("main")).to_contain_text("Belum ada cadangan yang tercatat.")
        assert console.complaints == []


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_of_operators_and_auditors_is_accessible(
    console: Console, site_settings: Settings, language: str
) -> None:
    """And a screenshot of each, in build/screens."""
    folder = ROOT / "build" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    place = refuse(console, site_settings)
    for name, paths in {
        "operator:dewi": ("/", "/state", "/state/refused", f"/state/refused/{place}", "/access", "/access/log"),
        "auditor:ani": (
            "/",
            "/find",
            f"/trail/{CLAIM}",
            "/law",
            "/law/funeral",
            "/law/scholarship_flat",
            "/law/disability_table",
            "/law/public_holidays",
            "/law/contribution_relief",
            "/law/compare?first=2019-12-01&second=2019-12-02",
        ),
    }.items():
        page = console.page(name, language=language, bypass_csp=True)
        for path in paths:
            page.goto(console.home + path)
            print(first_paint(page))
            check_looks(page, f"{language}-{{}}-{name.partition(':')[0]}{path.partition('?')[0].replace('/', '-')}")
        page.context.close()


def test_the_pages_work_without_a_script(console: Console) -> None:
    page = console.page("auditor:ani", java_script_enabled=False)
    page.goto(f"{console.home}/find")
    page.get_by_label("Yang dicari").fill(CLAIM)
    press(page, "Cari")
    page.get_by_role("link", name=CLAIM).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(CLAIM)
