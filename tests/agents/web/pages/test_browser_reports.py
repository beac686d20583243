"""Reporters at work in a real browser: each from the door to the result, and the ways in which a person leaves it."""

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from agents.settings import Settings
from pipeline.store.access_tables import sessions
from tests.agents.web.pages.conftest import NOW, Console, opened_console
from tests.agents.web.pages.test_browser import PASSWORD, press, press_keys_to
from tests.agents.web.pages.test_reports import HEIC, PNG
from tests.faults.running import running
from tests.support import events as e
from tests.support.chromium import PHONE
from tests.support.kafka_server import environment_of
from tests.support.looks import SCREENS, check_looks

Form = Mapping[str, Any]
MARKUP: Final = "<img src=x onerror=alert(1)> & <b>toko</b>"
WORKER: Final = "20000000044"  # of the employer and the cooperative np000001
ACCIDENT: Final[dict[str, Form]] = {
    "who": {"member": e.NUMBER},
    "what": {"day": "2025-03-03", "time": "09:30", "accident.kind": "injury", "accident.setting": "workplace"},
    "how": {"accident.place": MARKUP},
}
MEDICAL: Final[dict[str, Form]] = {"medical": {"medical.unable_to_work_days": "14"}, "costs": {}}
DEATH: Final[dict[str, Form]] = {
    "who": {"member": "20000000033"},
    "death": {"death.died_on": "2025-03-03", "death.cause": "illness"},
}
FAMILY: Final[dict[str, Form]] = {"family": {"heirs.relatives": "widow", "children.birth_date": "2012-01-01"}}
PAPERS: Final[dict[str, Form]] = {"papers": {"documents": ("ktp", "membership_card")}}
MINE: Final = {"who": {"member": WORKER}}
WAYS: Final[dict[str, tuple[str, dict[str, Form]]]] = {
    "clinic:plkk-0012": ("accident", ACCIDENT | MEDICAL | PAPERS),
    "hospital:rs-01": ("death", DEATH | PAPERS),
    "employer:np000001": ("accident", ACCIDENT | MINE | PAPERS),
    "cooperative:np000001": ("accident", ACCIDENT | MINE | PAPERS),
    "desk:tangerang": ("death", DEATH | FAMILY | PAPERS),
}


def fill(page: Page, form: Form) -> None:
    for name, value in form.items():
        for one in value if isinstance(value, tuple) else (value,):
            field = page.locator(f'[name="{name}"]')
            if field.first.get_attribute("type") in ("radio", "checkbox"):
                page.locator(f'[name="{name}"][value="{one}"]').check()
            else:
                field.first.fill(one)


def walk(page: Page, home: str, kind: str, steps: Mapping[str, Form]) -> None:
    """From the home page to the one that shows all answers."""
    page.goto(home)
    page.locator("main").get_by_role(
        "link", name="Lapor kecelakaan" if kind == "accident" else "Lapor kematian"
    ).click()
    for name, form in steps.items():
        expect(page).to_have_url(re.compile(rf"/report/{kind}/[\w-]+/{name}"))
        fill(page, form)
        press(page, "Lanjut")
    expect(page.get_by_role("heading", level=1)).to_have_text("Periksa, lalu kirim")


def sign_in(console: Console, page: Page, name: str) -> None:
    console.gateway.access.set_password(f"urn:santunan:{name}", PASSWORD, "test", NOW)
    page.goto(f"{console.home}/sign-in")
    page.get_by_label("Nama masuk").fill(name)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    press(page, "Masuk")
    expect(page).to_have_url(f"{console.home}/")


def photo(name: str, raw: bytes) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": raw}


@pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
def test_each_reporter_goes_from_the_door_to_the_result(console: Console) -> None:
    """On a telephone without JavaScript; what is sent is shown as text, and the claim has its photo."""
    for name, (kind, steps) in WAYS.items():
        page = console.page(java_script_enabled=False, **PHONE)
        sign_in(console, page, name)
        walk(page, console.home, kind, steps)
        if "how" in steps:
            expect(page.locator("main")).to_contain_text(MARKUP)
        press(page, "Kirim laporan")
        expect(page.get_by_role("heading", level=1)).to_have_text("Laporan diterima")
        expect(page.get_by_role("status")).to_contain_text("sudah dibaca dan dinilai")
        expect(page.locator("main")).to_contain_text("Sidik kiriman")
        page.get_by_role("link", name="Lihat klaim").click()
        expect(page.locator(".answer")).to_be_visible()
        if page.locator("#paper").is_hidden():  # of a claim that is decided
            page.get_by_text("Tambahkan dokumen").click()
        page.locator("#paper").select_option("ktp")
        page.locator("#files").set_input_files(photo("Bu Siti.png", PNG + name.encode()))
        press(page, "Kirim")
        expect(page.get_by_role("status")).to_have_text("Sudah diterima dan diperhitungkan.")
        page.goto(f"{console.home}/claims")
        expect(page.locator("main")).to_contain_text("JK")
        page.context.close()


def test_back_reload_a_second_tab_and_a_double_click_lose_nothing_and_send_once(console: Console) -> None:
    page = console.page("clinic:plkk-0012")
    walk(page, console.home, "accident", ACCIDENT | MEDICAL | PAPERS)
    home = page.url.removesuffix("/check")
    for name in reversed([*ACCIDENT, *MEDICAL, *PAPERS]):
        page.go_back()
        expect(page).to_have_url(f"{home}/{name}")
    expect(page.locator("#member")).to_have_value(e.NUMBER)
    for name in ("what", "how"):
        page.go_forward()
        expect(page).to_have_url(f"{home}/{name}")
    expect(page.get_by_label("Tempat")).to_have_value(MARKUP)
    other = page.context.new_page()  # a second tab, at another step
    other.goto(f"{home}/medical")
    fill(page, {"accident.place": "Pabrik"})
    fill(other, {"medical.unable_to_work_days": "15"})
    press(page, "Lanjut")
    press(other, "Lanjut")
    page.goto(f"{home}/check")
    expect(page.locator("main")).to_contain_text("Pabrik")
    expect(page.locator("main")).to_contain_text("15")
    page.get_by_role("button", name="Kirim laporan").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Laporan diterima")
    claim = page.get_by_role("status").inner_text()
    page.reload()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Laporan diterima")
    other.goto(f"{home}/check")
    assert other.get_by_role("status").inner_text() == claim
    with console.gateway.front.store.reader() as connection:
        sent = "SELECT count(*) FROM ledger WHERE source = ? AND claim_id NOT LIKE 'JK_-2024%'"
        assert connection.exec_driver_sql(sent, ("urn:santunan:clinic:plkk-0012",)).scalar() == 1


def test_a_session_that_runs_out_in_the_middle_leads_back_to_what_was_typed(console: Console) -> None:
    page = console.page()
    sign_in(console, page, "clinic:plkk-0012")
    page.goto(f"{console.home}/report/accident")
    fill(page, ACCIDENT["who"])
    press(page, "Lanjut")
    fill(page, ACCIDENT["what"])
    with console.gateway.access.transaction() as transaction:  # an hour later
        long_ago = int((dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).timestamp() * 1e6)
        transaction.connection.execute(update(sessions).values(seen_at=long_ago))
        transaction.commit()
    press(page, "Lanjut")
    expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")
    page.get_by_label("Nama masuk").fill("clinic:plkk-0012")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    press(page, "Masuk")
    expect(page.get_by_label("Jam kejadian, waktu setempat")).to_have_value("09:30")
    expect(page.locator('[name="accident.setting"][value="workplace"]')).to_be_checked()
    press(page, "Lanjut")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bagaimana terjadinya?")


def test_a_report_that_is_put_aside_is_found_on_the_home_page(console: Console) -> None:
    page = console.page("clinic:plkk-0012")
    page.goto(f"{console.home}/report/accident")
    fill(page, ACCIDENT["who"])
    press(page, "Simpan dan lanjutkan nanti")
    expect(page.get_by_role("status")).to_contain_text("tersimpan")
    page.goto(console.home)
    page.get_by_role("link", name="1 laporan belum dikirim").click()
    page.get_by_role("link", name="Lapor kecelakaan kerja, peserta …0011").click()
    expect(page.locator("#member")).to_have_value(e.NUMBER)
    page.goto(f"{console.home}/report")
    page.get_by_role("button", name="Buang").click()
    expect(page.get_by_role("status")).to_contain_text("dihapus")
    expect(page.locator("main")).to_contain_text("Tidak ada. Laporan yang Anda mulai")


def test_each_fault_has_a_link_that_leads_to_its_field(console: Console) -> None:
    """Every required field left empty, and a photo that cannot be read."""
    page = console.page("clinic:plkk-0012")
    page.goto(f"{console.home}/report/accident")
    for form in (ACCIDENT["who"], ACCIDENT["what"] | {"accident.setting": "commuting"}, {"accident.traffic": "none"}):
        press(page, "Lanjut")
        expect(page).to_have_title(re.compile("^Kesalahan:"))
        required = [name for name in form if name != "accident.place"]
        links = page.get_by_role("alert").get_by_role("link")
        expect(links).to_have_count(len(required))
        for place in range(len(required)):
            links.nth(place).click()
            assert page.evaluate("document.activeElement.id") == links.nth(place).get_attribute("href")[1:]  # type: ignore[index]
        fill(page, form)
        press(page, "Lanjut")
    for _ in range(2):
        press(page, "Lanjut")
    page.locator("#paper").select_option("doctor_letter")
    page.locator("#files").set_input_files(photo("IMG_0001.HEIC", HEIC))
    press(page, "Tambahkan foto")
    expect(page.locator("#files-fault")).to_contain_text("Paling Kompatibel")
    page.locator("#paper").select_option("doctor_letter")
    page.locator("#files").set_input_files([photo("1.png", PNG), photo("2.png", PNG + b"2")])
    press(page, "Tambahkan foto")
    expect(page.get_by_role("list", name="Foto yang sudah tersimpan").get_by_role("listitem")).to_have_count(2)
    page.locator("#documents-ktp").focus()
    page.keyboard.press("Enter")  # goes on, and takes no photo away
    expect(page.locator("main")).to_contain_text("surat keterangan dokter, surat keterangan dokter")


def test_keys_alone_are_enough_to_report(console: Console) -> None:
    page = console.page("clinic:plkk-0012")
    page.goto(f"{console.home}/report/accident")
    keys_to(page, "#member")
    page.keyboard.type(e.NUMBER)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Apa yang terjadi?")
    keys_to(page, "#day")
    page.keyboard.type("03032025")
    keys_to(page, "#time")
    page.keyboard.type("0930AM")
    keys_to(page, '[name="accident.kind"]')
    page.keyboard.press("Space")
    keys_to(page, '[name="accident.setting"]')
    page.keyboard.press("Space")
    for heading in (
        "Bagaimana terjadinya?",
        "Keterangan medis",
        "Biaya yang sudah keluar",
        "Dokumen apa yang sudah ada?",
    ):
        press_keys_to(page, "Lanjut")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    press_keys_to(page, "Lanjut")
    expect(page.get_by_role("heading", level=1)).to_have_text("Periksa, lalu kirim")
    press_keys_to(page, "Kirim laporan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Laporan diterima")


def keys_to(page: Page, selector: str) -> None:
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by keys to {selector}")


def test_while_the_worker_is_down_a_report_waits_and_a_reload_shows_when_it_was_judged(
    site_settings: Settings, chromium: Browser, tmp_path: Path
) -> None:
    with opened_console(site_settings, chromium, is_worked=False) as console:
        page = console.page("clinic:plkk-0012")
        walk(page, console.home, "accident", ACCIDENT | MEDICAL | PAPERS)
        press(page, "Kirim laporan")
        expect(page.get_by_role("status")).to_contain_text("akan dinilai segera setelah dibaca")
        with running(tmp_path, environment_of(site_settings)):
            for _ in range(60):
                page.get_by_role("link", name="Lihat lagi").click()
                if "sudah dibaca dan dinilai" in page.get_by_role("status").inner_text():
                    break
                page.wait_for_timeout(250)
            expect(page.get_by_role("status")).to_contain_text("sudah dibaca dan dinilai")
        assert console.complaints == []


@pytest.mark.parametrize("name", [name for name in WAYS if not name.startswith("cooperative")])  # as an employer's
@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_of_a_report_is_accessible_at_every_width(console: Console, language: str, name: str) -> None:
    """Steps, faults, the check, the receipt, drafts and claims."""
    kind, steps = WAYS[name]
    page = console.page(name, language=language, bypass_csp=True)
    who = name.partition(":")[0]
    check_looks(page, f"{language}-{{}}-{who}-home")
    page.goto(f"{console.home}/report/{kind}")
    for step, form in steps.items():
        if step in ("who", "what", "death"):  # with a fault at each required field
            page.locator('button[value="next"]').click()
        check_looks(page, f"{language}-{{}}-{who}-{kind}-{step}")
        fill(page, form)
        page.locator('button[value="next"]:not(.unseen)').click()
    check_looks(page, f"{language}-{{}}-{who}-{kind}-check")
    page.locator("main form button").click()
    check_looks(page, f"{language}-{{}}-{who}-{kind}-received")
    page.emulate_media(media="print")
    page.screenshot(path=SCREENS / f"{language}-print-{who}-{kind}-received.png", full_page=True)
    assert not page.get_by_role("navigation").is_visible() and not page.locator(".buttons").first.is_visible()
    page.emulate_media(media="screen")
    page.locator("main a.button").last.click()
    check_looks(page, f"{language}-{{}}-{who}-reports")
    page.goto(f"{console.home}/claims")
    check_looks(page, f"{language}-{{}}-{who}-claims")
    page.locator("main td, main th").get_by_role("link").first.click()
    check_looks(page, f"{language}-{{}}-{who}-claim")
