"""As known on in a real browser: the slider with the keyboard and without a script, a member then and now, what is kept
about a person; accessible on a phone and on a wide screen."""

import pytest
from playwright.sync_api import expect

from tests.agents.web.pages.conftest import Console
from tests.agents.web.pages.test_browser import press
from tests.support import events as e
from tests.support.looks import check_looks

OTHER_NIK = "3671010101800003"
CLAIM = "JKK-2024-0007"  # two moments: an accident, and the papers that came later


def test_the_slider_leads_through_the_claims_moments_without_a_script(console: Console) -> None:
    page = console.page("auditor:ani", java_script_enabled=False)
    page.goto(f"{console.home}/claims/{CLAIM}/known")
    main = page.locator("main")
    expect(main).to_contain_text("Tidak ada perbedaan.")
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    press(page, "Tampilkan")
    expect(page).to_have_url(f"{console.home}/claims/{CLAIM}/known?moment=1")
    expect(main).to_contain_text("masing-masing ditandai “berbeda”")
    papers = main.get_by_role("row").filter(has_text="berbeda").filter(has_text="visum")
    expect(papers.first).to_be_visible()
    page.get_by_role("link", name="Sesudahnya").click()
    expect(main).to_contain_text("Tidak ada perbedaan.")
    page.get_by_text("Semua 2 saat").click()
    page.locator(".moments a").first.click()
    expect(page).to_have_url(f"{console.home}/claims/{CLAIM}/known?moment=1")


@pytest.mark.parametrize("language", ["id", "en"])
def test_pages_of_what_was_known_and_is_kept_are_accessible(console: Console, language: str) -> None:
    page, pictures = console.page("auditor:ani", language=language, bypass_csp=True), f"{language}-{{}}-auditor-"
    for path in (f"/claims/{CLAIM}/known?moment=1", f"/trail/{CLAIM}", "/cover/known", "/person"):
        page.goto(console.home + path)
        check_looks(page, pictures + path[1:].partition("?")[0].replace("/", "-"))
    page.goto(f"{console.home}/cover/known")
    for name, value in (("member", e.NUMBER), ("day", "2024-07-07"), ("known_on", "2019-11-01")):
        page.locator(f"#{name}").fill(value)
    page.locator("form[action='/cover/known'] button").click()
    expect(page.locator("main .tag").first).to_be_visible()
    check_looks(page, pictures + "cover-known-answered")
    page.goto(f"{console.home}/person")
    page.locator("#member").fill(OTHER_NIK)
    page.locator("#name").fill("Depan  Toko")  # as if it were a name, of the course of another's accident
    page.locator("#reason").fill("asked by the member")
    page.locator("form[action='/person'] button").click()
    asked = {"id": "Ditanyakan apa yang disimpan", "en": "Asked what is kept"}[language]
    expect(page.locator("main .history")).to_contain_text(asked)
    by_name = {"id": "Dengan nama", "en": "By name"}[language]
    expect(page.locator("main li").filter(has_text=CLAIM)).to_contain_text(by_name)
    assert page.url.startswith(f"{console.home}/person?asked=") and OTHER_NIK not in page.url + page.content()
    check_looks(page, pictures + "person-answered")
    page.context.close()
