"""*Back* and reload: no page answers a POST, so a browser can show each page again; and none has what was typed in its
address."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from fastapi.routing import iter_route_contexts
from playwright.sync_api import Page, expect

from agents.web.app import make_app
from agents.web.gate import Gateway
from tests.agents.web.conftest import OWN, Make, Running
from tests.agents.web.pages.conftest import Console
from tests.agents.web.pages.test_browser import press
from tests.support import events as e
from tests.support.browser import Browser
from tests.support.gateway import FORM, Client
from tests.support.member_sheets import as_csv, good_rows

Open = Callable[[str | None], Client]
NIK: Final = "3671010101800002"
# Who may send the form of each route. At the door nobody is signed in yet, so nothing is kept for him.
SENDERS: Final = {
    "/cover": "clinic:one",
    "/members": "cooperative:np000001",
    "/contributions": "cooperative:np000001",
    "/claim-sheet": "clinic:one",
    "/known": "office:one",
    "/known/matches": "office:one",
    "/cover/known": "auditor:one",
    "/person": "auditor:one",
    "/ledger/verification": "auditor:one",
    "/ledger/receipt": "auditor:one",
    "/replay": "auditor:one",
    "/trail/{claim}/dossier": "auditor:one",
    "/claims": "clinic:one",
    "/claims/{claim}/papers": "clinic:one",
    "/claims/{claim}/family": "desk:one",
    "/claims/{claim}/report": "employer:np000001",
    "/claims/{claim}/appeal": "desk:one",
    "/report/{kind}/{draft}/{step}": "clinic:one",
    "/tasks/{claim}": "officer:one",
    "/tasks/{claim}/holder": "officer:one",
    "/law/{name}/try": "officer:one",
    "/state/refused/{topic}/{partition}/{offset}/{step}": "operator:one",
    "/access/add": "operator:one",
    "/access/disable": "operator:one",
    "/access/revoke": "operator:one",
    "/access/key": "operator:one",
    "/access/link": "operator:one",
    "/find": "auditor:one",
    "/trail/{claim}/person": "auditor:one",
}
SHEETS: Final = ("/members", "/contributions", "/claim-sheet", "/known")
DOOR: Final = {"/sign-in", "/sign-out", "/link/{token}"}
PLACE: Final = {"claim": OWN, "kind": "accident", "draft": "a" * 22, "step": "who", "name": "funeral"}
UPLOAD: Final = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


def test_no_form_of_a_page_is_answered_with_a_page(client: Open, gateway: tuple[Gateway, int]) -> None:
    routes = [one for one in iter_route_contexts(make_app(gateway[0]).routes) if "POST" in (one.methods or ())]
    posts = {one.path for one in routes if "pages" in getattr(one.original_route, "tags", ())}
    assert posts == SENDERS.keys() | DOOR
    fields = {
        "member": NIK,
        "text": NIK,
        "reason": f"{NIK} x",
        "ground": "",
        "digest": NIK,
        "number": NIK,
        "since": NIK,
        "dossier_reason": NIK,
        "who": NIK,
        "written": NIK,
        "event": NIK,
    }
    client("clinic:one")
    for path, sender in SENDERS.items():
        place = re.sub(r"\{(\w+)\}", lambda found: PLACE.get(found[1], "0"), path)
        body, kind = urlencode(fields | {"name": "urn:santunan:clinic:one"}).encode(), FORM
        if path.endswith("/papers") or path in SHEETS:
            body, kind = UPLOAD, "multipart/form-data; boundary=x"
        if path == "/access/disable":
            body = urlencode({"name": "urn:santunan:clinic:nobody"}).encode()
        found = client(sender).ask("POST", place, body, Content_Type=kind)
        assert found.status == 303 or found.status == 404, (path, found.status)
        assert NIK not in found.headers.get("location", ""), path
        if found.status == 303:
            shown = client(sender).get(found.headers["location"])
            assert shown.status in (200, 422) and b"<h1>" in shown.raw, path


def test_what_another_asked_is_shown_to_nobody(client: Open) -> None:
    asked = client("clinic:one").ask("POST", "/cover", urlencode({"member": NIK}).encode(), Content_Type=FORM)
    own, other = (client(name).get(asked.headers["location"]) for name in ("clinic:one", "clinic:two"))
    assert NIK in own.raw.decode() and NIK not in other.raw.decode()
    assert other.status == 200 and "sudah tidak disimpan" in other.raw.decode()
    assert "sudah tidak disimpan" in client("clinic:one").get("/cover?asked=../x").raw.decode()


def test_a_question_is_shown_in_its_own_session_alone(gateway: Running, make: Make, unhurried: None) -> None:
    make("clinic:asking")
    here, elsewhere = Browser(gateway[1]), Browser(gateway[1])
    for one in (here, elsewhere):
        one.sign_in("clinic:asking")
    address = here.ask("POST", "/cover", urlencode({"member": NIK}).encode(), Content_Type=FORM).headers["location"]
    assert NIK in here.ask("GET", address).raw.decode()
    assert "sudah tidak disimpan" in elsewhere.ask("GET", address).raw.decode()
    with gateway[0].access.reading() as connection:
        rows = connection.exec_driver_sql("SELECT answers FROM report_drafts WHERE kind = 'asked'").scalars().all()
    assert rows and not any(NIK in row for row in rows)


def goes_back_and_reloads(page: Page, link: str, shown: str) -> None:
    """From the answer that is shown, to another page, and back."""
    address = page.url
    assert NIK not in address and e.NUMBER not in address
    page.get_by_role("link", name=link).first.click()
    expect(page).not_to_have_url(address)
    page.go_back()
    expect(page).to_have_url(address)
    expect(page.locator("main")).to_contain_text(shown)
    page.reload()
    expect(page.locator("main")).to_contain_text(shown)


def test_back_and_reload_show_each_answer_again_in_a_browser(console: Console) -> None:
    clerk = console.page("clinic:plkk-0012")
    clerk.goto(f"{console.home}/cover")
    clerk.get_by_label("Nomor peserta (KPJ) atau NIK").fill(e.NUMBER)
    clerk.get_by_label("Pada hari").fill("2024-07-07")
    press(clerk, "Periksa")
    goes_back_and_reloads(clerk, "Peraturan", "Ya, terlindungi JKK")
    clerk.get_by_label("Nomor peserta (KPJ) atau NIK").fill("123")
    press(clerk, "Periksa")
    goes_back_and_reloads(clerk, "Peraturan", "11 angka")
    expect(clerk.get_by_label("Nomor peserta (KPJ) atau NIK")).to_have_value("123")

    auditor = console.page("auditor:ani")
    auditor.goto(f"{console.home}/find")
    auditor.get_by_label("Yang dicari").fill(e.NUMBER)
    press(auditor, "Cari")
    goes_back_and_reloads(auditor, "JKK-2024-0007", "JKK-2024-0007")
    auditor.goto(f"{console.home}/trail/JKK-2024-0007")
    auditor.get_by_text("Data pribadi lengkap").click()
    auditor.locator("#reason").fill("Pemeriksaan berkala.")
    press(auditor, "Tampilkan")
    goes_back_and_reloads(auditor, "Surat untuk keluarga", "Pembacaan ini tercatat")

    officer = console.page("officer:siti")
    officer.goto(f"{console.home}/tasks/JKK-2024-0007")
    officer.get_by_label("Setujui yang ditanyakan").check()
    officer.get_by_label("Alasan").fill("Terjadi di depan toko.")
    press(officer, "Lihat akibatnya")
    goes_back_and_reloads(officer, "Peraturan", "Bila keputusan ini dikirim")
    press(officer, "Kirim keputusan")
    expect(officer.get_by_role("status")).to_contain_text("sudah diterapkan")
    officer.go_back()
    expect(officer.get_by_role("alert")).to_be_visible()
    expect(officer.locator("input[type=radio]:checked")).to_have_count(0)  # no "reject" in the place of "approve"
    assert "Tanyakan lagi" not in officer.inner_text("main")
    officer.goto(f"{console.home}/law/funeral")
    officer.get_by_label("Angka lain").fill("12.000.000")
    press(officer, "Coba")
    goes_back_and_reloads(officer, "Semua angka", "Bila angkanya lain")

    cooperative = console.page("cooperative:np000001")
    cooperative.goto(f"{console.home}/members")
    sheet = {"name": "a.csv", "mimeType": "text/csv", "buffer": as_csv(good_rows(5, 7_100))}
    cooperative.get_by_label("Berkas").set_input_files(sheet)  # type: ignore[arg-type]
    press(cooperative, "Periksa")
    goes_back_and_reloads(cooperative, "Peraturan", "5 baris dibaca")
    cooperative.get_by_role("button", name="Daftarkan").click()
    goes_back_and_reloads(cooperative, "Peraturan", "5 peserta didaftarkan")


def test_a_key_is_shown_for_a_while_and_made_once(console: Console) -> None:
    page = console.page("operator:dewi")
    page.goto(f"{console.home}/access")
    account = page.locator("section.row").filter(has_text="desk:tangerang")
    account.locator("summary").click()
    account.get_by_role("button", name="Buat kunci API").click()
    shown = page.locator("code.shown").inner_text()
    page.reload()
    expect(page.locator("code.shown")).to_have_text(shown)
    page.get_by_role("link", name="Kembali ke daftar akses").click()
    page.go_back()
    expect(page.locator("code.shown")).to_have_text(shown)
    page.context.clear_cookies(name="shown")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sudah ditampilkan")
    assert len(console.gateway.access.keys("urn:santunan:desk:tangerang")) == 1
