"""People at work in a real browser: from the door to the result, with faults, twice at once, and when things fail."""

import re
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from agents.settings import Settings
from pipeline.operations.sign_in import renew_factor
from tests.agents.web.pages.conftest import NOW, Console, opened_console
from tests.support import claim_sheets
from tests.support import events as e
from tests.support.chromium import findings, first_paint
from tests.support.looks import check_looks
from tests.support.member_sheets import as_csv, good_rows, planted

ROOT = Path(__file__).parents[4]
PASSWORD = "empat kucing naik pohon"  # noqa: S105


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def report_an_accident(page: Page) -> None:
    """Through every step, with a fault in each that has a required field."""
    page.get_by_role("link", name="Lapor kecelakaan").first.click()
    press(page, "Lanjut")
    expect(page.get_by_role("alert")).to_contain_text("Isi dahulu: Nomor peserta")
    page.get_by_label("Nomor peserta (KPJ) atau NIK").fill("123")
    press(page, "Lanjut")
    expect(page.get_by_role("alert")).to_contain_text("11 angka")
    expect(page.get_by_label("Nomor peserta (KPJ) atau NIK")).to_have_value("123")
    page.get_by_label("Nomor peserta (KPJ) atau NIK").fill(e.NUMBER)
    press(page, "Lanjut")
    press(page, "Lanjut")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(4)
    page.get_by_label("Tanggal kejadian").fill("2025-03-03")
    page.get_by_label("Jam kejadian, waktu setempat").fill("09:30")
    page.get_by_label("cedera").check()
    page.get_by_label("berangkat atau pulang kerja").check()
    press(page, "Lanjut")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bagaimana terjadinya?")
    page.get_by_label("satu kendaraan").check()
    press(page, "Lanjut")
    page.get_by_label("Hari tidak mampu bekerja (bila ada)").fill("14")
    press(page, "Lanjut")
    press(page, "Lanjut")
    for paper in ("kartu peserta BPJS Ketenagakerjaan", "KTP atau bukti identitas lain", "surat keterangan dokter"):
        page.get_by_label(paper).check()
    press(page, "Lanjut")
    expect(page.get_by_role("heading", level=1)).to_have_text("Periksa, lalu kirim")
    expect(page.locator("main")).to_contain_text("3 Maret 2025")


@pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
def test_a_clerk_reports_sees_what_is_missing_and_adds_it(console: Console) -> None:
    page = console.page("clinic:plkk-0012")
    report_an_accident(page)
    press(page, "Kirim laporan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Laporan diterima")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"JKK-[A-Z2-7]{20}"))
    page.reload()  # sends nothing again
    page.get_by_role("link", name="Lihat klaim").click()
    expect(page.locator(".answer")).to_have_text("Menunggu")
    page.locator("details:has(> * #papers-police_report) > summary").last.click()  # a paper that few cases need
    page.get_by_label("laporan polisi").check()
    press(page, "Kirim")
    expect(page.get_by_role("status")).to_have_text("Sudah diterima dan diperhitungkan.")
    expect(page.locator(".papers li").filter(has_text="laporan polisi")).to_have_count(0)
    expect(page.locator(".history")).to_contain_text("laporan polisi")


@pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
def test_an_officer_previews_a_ruling_sends_it_and_sees_what_it_did(console: Console) -> None:
    page = console.page("officer:siti")
    page.get_by_role("link", name="Pekerjaan").first.click()
    expect(page.get_by_role("status")).to_contain_text("2 klaim menunggu")
    page.goto(f"{console.home}/claims/JKK-2024-0007")
    expect(page.get_by_text("Klaim ini menunggu keputusan petugas.")).to_be_visible()
    page.get_by_role("link", name="Buka dan putuskan").click()
    expect(page.locator("#question + p")).to_contain_text(
        re.compile("Jawab paling lambat .* 2024, sudah lewat [0-9.]+ hari")
    )
    expect(page.locator("#question ~ .answer")).to_contain_text("Apakah kekerasan ini berhubungan dengan pekerjaan?")
    press(page, "Lihat akibatnya")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    page.get_by_label("Setujui yang ditanyakan").check()
    page.get_by_label("Alasan").fill("Terjadi di depan toko, saat bekerja.")
    press(page, "Lihat akibatnya")
    expect(page.get_by_text("Bayar Rp4.000.000, peserta")).to_be_visible()
    press(page, "Kirim keputusan")
    expect(page.get_by_role("status")).to_contain_text("Keputusan Anda sudah diterapkan.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("disetujui")
    expect(page.locator(".history").first).to_contain_text("Terjadi di depan toko, saat bekerja.")
    page.reload()  # sends nothing again
    page.goto(f"{console.home}/tasks")
    expect(page.get_by_role("status")).to_contain_text("1 klaim menunggu")


def test_of_two_officers_at_once_the_later_one_is_shown_what_changed(console: Console) -> None:
    first, second = console.page("officer:siti"), console.page("officer:budi")
    for page in (first, second):
        page.goto(f"{console.home}/tasks/JKM-2024-0003")
        page.get_by_label("Setujui yang ditanyakan").check()
        for child in ("Anak ke- 1", "Anak ke- 2"):
            page.get_by_label(child).check()
        page.get_by_label("Alasan").fill("Pilihan keluarga.")
        press(page, "Lihat akibatnya")
    press(first, "Kirim keputusan")
    expect(first.get_by_role("status")).to_contain_text("sudah diterapkan")
    press(second, "Kirim keputusan")
    expect(second.get_by_role("status")).to_contain_text("tidak diterapkan")
    expect(second.get_by_role("heading", level=1)).to_contain_text("disetujui")


def test_an_officer_gives_a_code_at_the_step_that_sends_and_types_nothing_twice(console: Console) -> None:
    sign_ins, siti = console.gateway.sign_ins, "urn:santunan:officer:siti"
    totp = pyotp.TOTP(renew_factor(sign_ins, NOW, name=siti, hand="test").secret)
    page = console.page("officer:siti")
    with sign_ins.access.transaction() as transaction:  # as after a sign-in by password, some time ago
        transaction.connection.exec_driver_sql(f"UPDATE sessions SET code_at = NULL WHERE principal = '{siti}'")  # noqa: S608
        transaction.commit()
    page.goto(f"{console.home}/tasks/JKK-2024-0007")
    page.get_by_label("Ubah jumlah manfaat").check()
    page.get_by_text("Ubah jumlah manfaat", exact=True).last.click()
    page.get_by_label("Manfaat 1").select_option("partial_disability")
    page.get_by_label("Rupiah 1").fill("150.000.000")
    page.get_by_label("Alasan").fill("Surat dokter penasihat.")
    press(page, "Lihat akibatnya")
    expect(page.locator("#preview + p")).to_be_visible()
    press(page, "Kirim keputusan")
    expect(page.get_by_role("alert")).to_contain_text("belum dikirim")
    page.get_by_label("Kode enam angka").fill(totp.now())
    press(page, "Kirim keputusan")
    expect(page.get_by_role("status")).to_contain_text("Keputusan Anda sudah diterapkan.")
    expect(page.locator(".history").first).to_contain_text("Surat dokter penasihat.")
    expect(page.locator("section[aria-labelledby=question]")).to_contain_text("petugas pertama")


def test_a_session_that_ended_leads_to_the_door_and_back(console: Console) -> None:
    page = console.page("clinic:plkk-0012")
    page.goto(f"{console.home}/claims/JKK-2024-0009")
    console.gateway.access.set_password("urn:santunan:clinic:plkk-0012", PASSWORD, "test", NOW)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")
    page.get_by_label("Nama masuk").fill("clinic:plkk-0012")
    page.get_by_label("Kata sandi").fill(PASSWORD[::-1])
    press(page, "Masuk")
    expect(page.get_by_role("alert")).to_contain_text("salah")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    press(page, "Masuk")
    expect(page).to_have_url(f"{console.home}/claims/JKK-2024-0009")
    press(page, "Keluar")
    expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")


def test_an_officer_sets_up_the_second_factor_at_the_first_sign_in(console: Console) -> None:
    console.gateway.access.set_password("urn:santunan:officer:siti", PASSWORD, "test", NOW)
    page = console.page()
    page.goto(f"{console.home}/tasks")
    page.get_by_label("Nama masuk").fill("officer:siti")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    press(page, "Masuk")
    secret = page.locator("code").inner_text()
    page.get_by_label("Nama masuk").fill("officer:siti")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_label("Kode enam angka").fill(pyotp.TOTP(secret).now())
    press(page, "Masuk")
    expect(page).to_have_url(f"{console.home}/tasks")


def test_without_a_worker_a_report_is_received_and_the_page_says_so(site_settings: Settings, chromium: Browser) -> None:
    with opened_console(site_settings, chromium, is_worked=False) as console:
        page = console.page("clinic:plkk-0012")
        report_an_accident(page)
        press(page, "Kirim laporan")
        expect(page.get_by_role("status")).to_contain_text("akan dinilai segera setelah dibaca")
        assert console.complaints == []


def test_an_employer_uploads_a_sheet_sees_faults_and_confirms(console: Console) -> None:
    for width in (320, 1440):
        page = console.page("employer:np000001", bypass_csp=True, viewport={"width": width, "height": 900})
        page.goto(f"{console.home}/members")
        sheet = as_csv(planted(good_rows(120, 9_000 + width))[0])
        page.get_by_label("Berkas").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": sheet})
        press(page, "Periksa")
        expect(page.get_by_role("status")).to_contain_text("120 baris dibaca")
        assert findings(page) == []
        page.get_by_role("button", name="Daftarkan").click()
        expect(page.get_by_role("status").first).to_contain_text("Ditolak: 0.")
        page.context.close()
    assert console.complaints == []


def test_a_clinic_reports_a_sheet_of_accidents(console: Console) -> None:
    """By two sheets: one with faults in it, and a part of the good rows again."""
    for width, at in ((320, 0), (1440, 300)):
        page = console.page("clinic:plkk-0012", bypass_csp=True, viewport={"width": width, "height": 900})
        page.goto(f"{console.home}/claim-sheet")
        assert findings(page) == []
        rows = [row | {"Keputusan": "tetap", "NIK": ""} for row in claim_sheets.good_rows(12, at)]
        rows[3]["Jam kecelakaan"] = "pagi"
        sheet = claim_sheets.as_csv(rows)
        page.get_by_label("Berkas").set_input_files({"name": "k.csv", "mimeType": "text/csv", "buffer": sheet})
        press(page, "Periksa")
        expect(page.get_by_role("status")).to_contain_text("12 baris dibaca")
        assert findings(page) == []
        page.get_by_role("button", name="Laporkan 11 yang siap").click()
        expect(page.get_by_role("status").first).to_contain_text("11 klaim dilaporkan")
        assert findings(page) == []
        page.context.close()
    assert console.complaints == []


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_is_accessible_on_a_phone_and_a_desk(console: Console, language: str) -> None:
    for name, paths in {
        "": ("/sign-in", "/nothing"),
        "clinic:plkk-0012": (
            "/",
            "/cover",
            "/claims",
            "/claims/JKK-2024-0009",
            "/report",
            "/report/accident",
            "/claim-sheet",
        ),
        "desk:tangerang": ("/report/death",),
        "employer:np000001": ("/members", "/contributions"),
        "officer:siti": (
            "/law",
            "/law/funeral",
            "/tasks",
            "/tasks/JKK-2024-0007",
            "/tasks/JKM-2024-0003",
            "/claims/JKK-2024-0007/letter",
        ),
    }.items():
        page = console.page(name, language=language, bypass_csp=True)
        for path in paths:
            page.goto(console.home + path)
            print(first_paint(page))
            check_looks(page, f"{language}-{{}}-{name.partition(':')[0] or 'nobody'}{path.replace('/', '-')}")
        page.context.close()
    console.complaints[:] = [one for one in console.complaints if "404" not in one]  # of /nothing


def test_keys_alone_are_enough_to_rule(console: Console) -> None:
    page = console.page("officer:siti")
    page.goto(f"{console.home}/tasks/JKK-2024-0007")
    keys = 0
    while page.evaluate("document.activeElement.value") != "approve":
        page.keyboard.press("Tab")
        keys += 1
        assert keys < 40
    page.keyboard.press("Space")
    while page.evaluate("document.activeElement.name") != "reason":
        page.keyboard.press("Tab")
        keys += 1
    page.keyboard.type("seen")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_be_visible()
    press_keys_to(page, "Kirim keputusan")
    expect(page.get_by_role("status")).to_contain_text("sudah diterapkan")


def press_keys_to(page: Page, button: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == button:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no way by keys to {button}")
