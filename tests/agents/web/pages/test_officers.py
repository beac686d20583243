"""Officers at work in a real browser: by the keyboard alone, two at once, and when something fails in the middle."""

import datetime as dt
import json
import re
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from agents.clients import open_submitter
from agents.settings import Settings
from tests.agents.web.pages.conftest import CLINIC, NOW, Console, decided, opened_console
from tests.agents.web.pages.test_browser import press
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.chromium import PHONE, findings
from tests.support.gateway import Client
from tests.support.kafka_server import environment_of
from tests.support.papers import JPEG, PDF

BOTH = pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
PASSWORD = "empat kucing naik pohon"  # noqa: S105
VIOLENCE = "JKK-2024-0007"
MANY = 40
FEW = 10  # without scripts, where each page is a page of its own anyway
MOST_KEYS = 14  # of one claim, without the letters of the reason
PICTURE = b64decode(  # 2 x 2 pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGMQUGAwcAAAAXYAoewwivQAAAAASUVORK5CYII="
)
LONG = "Pneumonoultramikroskopiksilikovulkanokoniosis" * 4


def referrals(count: int) -> list[dict[str, Any]]:
    """Diseases of a few members, each months after the one before."""
    found: list[dict[str, Any]] = []
    for number in range(8):
        found += e.member(f"2000000020{number}", f"367101010180020{number}")
    for number in range(count):
        day = dt.date(2020, 2, 1) + dt.timedelta(days=120 * (number // 8))
        happened = {"occurred_at": f"{day}T10:00:00+07:00", "kind": "occupational_disease", "diagnosed_on": f"{day}"}
        found.append(e.accident(f"JKK-PAK-{number:03}", f"{day}", f"2000000020{number % 8}", accident=happened))
    return found


@pytest.fixture
def busy(site_settings: Settings, chromium: Browser, tmp_path: Path) -> Iterator[Console]:
    """With forty claims more that wait."""
    with (
        running(tmp_path, environment_of(site_settings)),
        opened_console(site_settings, chromium, more=referrals(MANY)) as found,
    ):
        yield found
    assert found.complaints == []


def rule(page: Page, console: Console, claim: str, reason: str = "Sudah diperiksa.") -> None:
    """Up to the preview."""
    page.goto(f"{console.home}/tasks/{claim}")
    page.get_by_label("Setujui yang ditanyakan").check()
    page.get_by_label("Alasan").fill(reason)
    press(page, "Lihat akibatnya")
    expect(page.locator("#preview")).to_be_visible()


def reviews(console: Console, claim: str) -> int:
    with console.gateway.front.store.reader() as connection:
        statement = "SELECT count(*) FROM ledger WHERE claim_id = '{}' AND source LIKE 'urn:santunan:officer:%'"
        return int(connection.exec_driver_sql(statement.format(claim).replace("%", "%%")).scalar_one())


def submit(settings: Settings, *documents: Any) -> None:
    with open_submitter(settings) as submitter:
        for _ in submitter.submit([json.dumps(one).encode() for one in documents], is_history=True):
            pass


# --- the keyboard


@pytest.mark.parametrize("is_scripted", [True, False], ids=["scripts", "no scripts"])
def test_forty_referrals_are_worked_off_by_the_keyboard_alone(busy: Console, is_scripted: bool) -> None:
    count = MANY if is_scripted else FEW
    page = busy.page("officer:siti", java_script_enabled=is_scripted)
    page.goto(f"{busy.home}/tasks?question=REF_PAK")
    began, keys = time.perf_counter(), []
    press_tab_until(page, "getAttribute('href') === '#list'")
    page.keyboard.press("Enter")
    press_tab_until(page, "closest('tbody') !== null", most=3)
    page.keyboard.press("Enter")  # the first of the list
    expect(page.locator("#rule")).to_be_visible()
    for number in range(count):
        pressed = _ruled_by_keys(page)
        expect(page.get_by_role("status").first).to_contain_text("sudah diterapkan")
        keys.append(pressed)
        if number < count - 1:
            expect(page.locator(":focus")).to_have_text("Klaim berikutnya")
            page.keyboard.press("Enter")
            expect(page.locator("#rule")).to_be_visible()
    seconds = (time.perf_counter() - began) / count
    print(
        f"{count} referrals by keyboard: {seconds:.2f} s and {sum(keys) / count:.1f} keys a claim, at most {max(keys)}"
    )
    assert max(keys) <= MOST_KEYS
    expect(page.locator(":focus")).to_have_text("Klaim berikutnya")
    page.keyboard.press("Enter")
    if count < MANY:
        expect(page.locator("#rule")).to_be_visible()
        return
    expect(page.get_by_text("Tidak ada klaim yang cocok.")).to_be_visible()
    assert page.url.endswith("/tasks?question=REF_PAK"), "the filters stay in the address"


def press_tab_until(page: Page, condition: str, most: int = 20) -> None:
    """`condition`: of the element that has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.{condition}"):
            return
    raise AssertionError(f"no way by {most} keys to {condition}")


def _ruled_by_keys(page: Page) -> int:
    """Approve, from the first field, which has the focus. The keys that it took, with the one that leads on."""
    expect(page.locator(":focus")).to_have_value("approve")
    page.keyboard.press("Space")
    keys = 1
    while page.evaluate("document.activeElement.name") != "reason":
        page.keyboard.press("Tab")
        keys += 1
        assert keys < MOST_KEYS
    page.keyboard.type("ok")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_be_visible()
    expect(page.locator(":focus")).to_have_attribute("value", "send")
    page.keyboard.press("Enter")
    return keys + 4


def test_the_list_is_reached_by_its_skip_link_and_the_focus_is_seen(busy: Console) -> None:
    page = busy.page("officer:siti")
    page.goto(f"{busy.home}/tasks")
    for _ in range(30):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.getAttribute('href')") == "#list":
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#list') !== null")


# --- the queue


@BOTH
def test_a_claim_is_taken_handed_over_and_released_and_the_second_is_told(console: Console) -> None:
    siti, budi = console.page("officer:siti"), console.page("officer:budi")
    for page in (siti, budi):
        page.goto(f"{console.home}/tasks")
    siti.get_by_role("button", name=f"Ambil {VIOLENCE}").click()
    expect(siti.get_by_role("status")).to_contain_text("Klaim ini Anda pegang")
    budi.get_by_role("button", name=f"Ambil {VIOLENCE}").click()  # his list is older
    expect(budi.get_by_role("status")).to_contain_text("Petugas lain memegang klaim ini")
    expect(budi.locator(".holder")).to_contain_text("Petugas siti memegang klaim ini sejak")
    budi.goto(f"{console.home}/tasks?whose=others")
    expect(budi.locator("tbody tr")).to_have_count(1)
    siti.get_by_text("Ambil, lepaskan, serahkan").click()
    siti.get_by_label("Kepada petugas").select_option(label="Petugas budi")
    press(siti, "Serahkan")
    expect(siti.get_by_role("status")).to_contain_text("sudah diserahkan")
    budi.goto(f"{console.home}/tasks/{VIOLENCE}")
    expect(budi.locator(".holder")).to_contain_text("Anda memegang klaim ini sampai")
    rule(siti, console, VIOLENCE)  # whoever may rule still may, after a warning
    expect(siti.locator("main")).to_contain_text("Petugas budi memegang klaim ini. Anda tetap dapat memutuskan")
    budi.get_by_text("Ambil, lepaskan, serahkan").click()
    press(budi, "Lepaskan")
    expect(budi.get_by_role("status")).to_contain_text("bebas lagi")
    records = [(one.action, one.who.rpartition(":")[2]) for one in console.gateway.access.records(20)]
    assert [one for one in records if one[0].startswith("work.")] == [
        ("work.take", "siti"),
        ("work.hand_over", "siti"),
        ("work.release", "budi"),
    ]


def test_filters_stay_in_the_address_from_list_to_claim_and_back(busy: Console) -> None:
    page = busy.page("officer:siti")
    page.goto(f"{busy.home}/tasks")
    expect(page.get_by_role("status")).to_contain_text("42 klaim menunggu")
    expect(page.locator("tbody tr")).to_have_count(42)
    page.get_by_text("Pilih dari daftar").click()
    page.get_by_label("Program").select_option("JKM")
    press(page, "Tampilkan")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="JKM-2024-0003").click()
    page.get_by_role("link", name="Kembali ke daftar").click()
    expect(page).to_have_url(re.compile(r"/tasks\?program=JKM$"))
    expect(page.get_by_label("Program")).to_have_value("JKM")


# --- sending


@BOTH
def test_a_double_click_counts_once(console: Console) -> None:
    page = console.page("officer:siti")
    rule(page, console, VIOLENCE)
    page.get_by_role("button", name="Kirim keputusan").dblclick(no_wait_after=True)
    expect(page.get_by_role("status")).to_contain_text("sudah diterapkan")
    wait_for(lambda: decided(console.gateway)[VIOLENCE] == 3)
    assert reviews(console, VIOLENCE) == 1


@BOTH
def test_a_stale_ruling_says_what_has_changed(console: Console, site_settings: Settings) -> None:
    page = console.page("officer:siti")
    rule(page, console, VIOLENCE)
    medical = {"unable_to_work_days": 45, "diagnosis": "memar kepala"}
    submit(site_settings, e.evidence(VIOLENCE, "2024-07-20T08:00:00", member_number=e.NUMBER, medical=medical))
    wait_for(lambda: decided(console.gateway)[VIOLENCE] == 3)
    press(page, "Kirim keputusan")
    expect(page.get_by_role("status").first).to_contain_text("Keputusan Anda tidak diterapkan")
    expect(page.locator("#changed + dl")).to_contain_text("Hari tidak mampu bekerja")
    expect(page.locator("#changed + dl")).to_contain_text(re.compile(r"30.* → .*45"))
    page.get_by_role("link", name="Klaim berikutnya").wait_for()


@BOTH
def test_of_two_officers_at_once_the_later_sees_the_ruling_of_the_first(console: Console) -> None:
    siti, budi = console.page("officer:siti"), console.page("officer:budi")
    for page, reason in ((siti, "Saksi sudah didengar."), (budi, "Tampaknya benar.")):
        rule(page, console, VIOLENCE, reason)
    press(siti, "Kirim keputusan")
    expect(siti.get_by_role("status")).to_contain_text("sudah diterapkan")
    press(budi, "Kirim keputusan")
    expect(budi.get_by_role("status").first).to_contain_text("tidak diterapkan")
    changed = budi.get_by_role("region", name="Yang berubah sejak Anda membukanya")
    expect(changed).to_contain_text("Petugas siti")
    expect(changed).to_contain_text("Saksi sudah didengar.")
    expect(changed).to_contain_text("disetujui, Rp4.000.000")
    assert reviews(console, VIOLENCE) == 1


@BOTH
def test_a_session_that_ends_in_the_middle_loses_nothing_that_was_typed(console: Console) -> None:
    access = console.gateway.access
    page = console.page("officer:siti")
    page.goto(f"{console.home}/tasks/{VIOLENCE}")
    page.get_by_label("Setujui yang ditanyakan").check()
    page.get_by_label("Alasan").fill("Saksi “sudah” didengar & dicatat.")
    access.set_password("urn:santunan:officer:siti", PASSWORD, "test", NOW)  # ends all sessions
    press(page, "Lihat akibatnya")
    expect(page.get_by_role("status")).to_contain_text("yang Anda ketik tidak hilang")
    for code in (False, True):
        page.get_by_label("Nama masuk").fill("officer:siti")
        page.get_by_label("Kata sandi").fill(PASSWORD)
        if code:
            page.get_by_label("Kode enam angka").fill(pyotp.TOTP(page.locator("code").inner_text()).now())
        press(page, "Masuk")
    press(page, "Lanjutkan")
    expect(page.locator("#preview")).to_be_visible()
    expect(page.get_by_label("Alasan")).to_have_value("Saksi “sudah” didengar & dicatat.")
    assert reviews(console, VIOLENCE) == 0, "nothing is sent before somebody has looked at it"
    press(page, "Kirim keputusan")
    expect(page.get_by_role("status")).to_contain_text("sudah diterapkan")


@BOTH
def test_while_no_worker_runs_a_ruling_is_received_and_the_page_says_so(
    site_settings: Settings, chromium: Browser, tmp_path: Path
) -> None:
    with ExitStack() as worker, ExitStack() as opened:
        worker.enter_context(running(tmp_path, environment_of(site_settings)))
        console = opened.enter_context(opened_console(site_settings, chromium))
        page = console.page("officer:siti")
        rule(page, console, VIOLENCE)
        worker.close()
        press(page, "Kirim keputusan")
        expect(page.get_by_role("status")).to_contain_text("akan diterapkan segera setelah dibaca")
        with running(tmp_path, environment_of(site_settings)):
            wait_for(lambda: decided(console.gateway)[VIOLENCE] == 3)
        page.goto(f"{console.home}/tasks/{VIOLENCE}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("disetujui")
        assert console.complaints == []


# --- papers


def attach(console: Console, *scans: tuple[bytes, str]) -> list[str]:
    """Put by the clinic, and named beside the claim; their addresses."""
    access = console.gateway.access
    key = access.make_key(CLINIC, "", NOW + dt.timedelta(days=1), "test", NOW)[1]
    clinic = Client(int(console.home.rpartition(":")[2]), key)
    names = [sha256(content).hexdigest() for content, _ in scans]
    for (content, kind), name in zip(scans, names, strict=True):
        assert clinic.ask("PUT", f"/v1/papers/{name}", content, Content_Type=kind).status == 201
    named = [{"sha256": name, "document": "visum"} for name in names]
    sent = {"documents": ["visum"], "attachments": named}
    assert clinic.report(f"/v1/claims/{VIOLENCE}/evidence", "scans", sent).status == 202
    wait_for(lambda: decided(console.gateway)[VIOLENCE] == 3)
    return [f"{console.home}/tasks/{VIOLENCE}/papers/{name}" for name in names]


def test_scans_open_beside_the_question_and_reading_one_is_on_record(console: Console) -> None:
    image, document = attach(console, (PICTURE, "image/png"), (PDF, "application/pdf"))
    page = console.page("officer:siti")
    page.goto(f"{console.home}/tasks/{VIOLENCE}")
    beside = page.get_by_role("region", name="Yang harus Anda putuskan")
    assert not [one for one in console.gateway.access.records(30) if one.action == "paper.read"]
    beside.locator("summary").click()
    shown = beside.locator("img")
    expect(shown).to_be_visible()
    wait_for(lambda: shown.evaluate("one => one.naturalWidth") == 2)
    read = [one for one in console.gateway.access.records(30) if one.action == "paper.read"]
    assert {one.subject for one in read} == {f"{VIOLENCE} {image.rpartition('/')[2]}"}
    expect(beside.get_by_role("link", name="PDF")).to_have_attribute("href", document.removeprefix(console.home))
    found = page.request.get(document)
    assert found.headers["content-type"] == "application/pdf" and found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-disposition"].startswith("inline") and found.body() == PDF


def test_markup_in_a_paper_is_never_a_page(console: Console) -> None:
    script = b"<html><script>document.title='run'</script><h1>Evil.html</h1></html>"
    hidden = attach(console, (JPEG + script, "image/jpeg"), (b"\x89PNG\r\n\x1a\n" + script, "image/png"))
    page = console.page("officer:siti")
    for address in hidden:
        page.goto(address)
        assert page.evaluate("document.contentType").startswith("image/") and page.title() != "run"
        assert page.locator("h1").count() == 0
        policy = page.request.get(address).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "sandbox" in policy
    key = console.gateway.access.make_key(CLINIC, "", NOW + dt.timedelta(days=1), "test", NOW)[1]
    clinic = Client(int(console.home.rpartition(":")[2]), key)
    refused = clinic.ask("PUT", f"/v1/papers/{sha256(script).hexdigest()}", script, Content_Type="image/png")
    assert (refused.status, refused.json["code"]) == (415, "PAPER_KIND")
    page.goto(hidden[0].replace(VIOLENCE, "JKK-2024-0001"))  # not a paper of that claim
    expect(page.get_by_role("heading", level=1)).to_contain_text("idak ditemukan")
    console.complaints[:] = [one for one in console.complaints if "404" not in one and "ERR_" not in one]


# --- for everybody


@pytest.mark.parametrize("language", ["id", "en"])
def test_work_is_accessible_with_many_rows_and_long_words_small_and_zoomed(busy: Console, language: str) -> None:
    sizes: dict[str, dict[str, Any]] = {
        "phone": PHONE,
        "zoomed to 200 %": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
        "desk": {"viewport": {"width": 1440, "height": 900}},
    }
    for size, options in sizes.items():
        page = busy.page("officer:siti", language=language, bypass_csp=True, **options)
        for path in ("/tasks", "/tasks?whose=own&overdue=1&question=REF_PAK", "/tasks/JKK-PAK-001"):
            page.goto(busy.home + path)
            assert findings(page) == [], (size, path)
        page.goto(f"{busy.home}/tasks/JKM-2024-0003")
        page.locator("#verdict-reject").check()
        page.locator("#reason").fill(LONG)
        page.locator("button[value=preview]").click()
        assert findings(page) == [], (size, "preview")
        page.locator("details:has(#reason) > summary").first.click()  # below a preview the form is folded
        page.locator("#reason").fill("")
        page.locator("button[value=preview]").click()
        assert findings(page) == [], (size, "fault")
        page.context.close()
    page = busy.page("officer:siti", language=language, bypass_csp=True, **PHONE)
    page.goto(f"{busy.home}/tasks/JKK-PAK-002")
    page.locator("#verdict-reject").check()
    page.locator("#reason").fill(LONG)
    page.locator("button[value=preview]").click()
    page.locator("button[value=send]").click()
    page.get_by_role("status").wait_for()
    assert findings(page) == [], "a long word in the history"
