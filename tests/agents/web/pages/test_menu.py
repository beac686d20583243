"""The menu and wide tables on narrow screens: what a page is for is seen first; no column is out of sight."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.agents.web.pages.conftest import Console
from tests.support.chromium import PHONE, findings

LONGEST: Final = ("office:tangerang", "auditor:ani")  # whose menus have the most entries
MOST_OF_A_PHONE: Final = 0.2
CUT: Final = """() => [...document.querySelectorAll('.scroll')]
    .filter(one => one.querySelector('table') && one.scrollWidth > one.clientWidth)
    .map(one => one.getAttribute('aria-label'))"""


def height_of_the_top(page: Page) -> float:
    found = page.locator("header.top").bounding_box()
    assert found is not None
    return found["height"]


@pytest.mark.parametrize("name", LONGEST)
@pytest.mark.parametrize("language", ["id", "en"])
def test_on_a_phone_the_menu_is_folded_and_opens_by_the_keyboard(console: Console, name: str, language: str) -> None:
    page = console.page(name, language=language, bypass_csp=True, **PHONE)
    menu = page.get_by_role("navigation")
    assert height_of_the_top(page) <= PHONE["viewport"]["height"] * MOST_OF_A_PHONE
    expect(menu.get_by_role("link")).to_have_count(0)
    page.locator("nav summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link").first).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("nav [aria-current=page]")).to_have_count(1)
    assert console.complaints == []


def test_without_a_script_a_folded_menu_leads_on(console: Console) -> None:
    page = console.page(LONGEST[0], java_script_enabled=False, **PHONE)
    page.get_by_text("Menu", exact=True).tap()
    page.get_by_role("navigation").get_by_role("link", name="Klaim", exact=True).tap()
    expect(page).to_have_url(f"{console.home}/claims")


@pytest.mark.parametrize("name", LONGEST)
def test_on_a_wide_screen_the_whole_menu_is_seen_and_nothing_folds(console: Console, name: str) -> None:
    page = console.page(name, viewport={"width": 1440, "height": 900})
    expect(page.locator("nav summary")).to_be_hidden()
    links = page.get_by_role("navigation").get_by_role("link")
    assert links.count() > 10 and all(one.is_visible() for one in links.all())


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("language", ["id", "en"])
def test_no_table_has_a_column_out_of_sight(console: Console, width: int, language: str) -> None:
    page = console.page("officer:siti", language=language, viewport={"width": width, "height": 900})
    for path in ("/tasks", "/claims", "/statistics", "/law"):
        page.goto(f"{console.home}{path}")
        assert page.locator("table").count() > 0, path
        assert page.evaluate(CUT) == [], path


def test_a_tablet_shows_each_referral_whole_with_its_button(console: Console) -> None:
    page = console.page("officer:siti", viewport={"width": 768, "height": 900})
    page.goto(f"{console.home}/tasks")  # six columns: with tags and long questions they do not fit beside each other
    for cell in page.locator("table tbody tr:first-child td").all():
        assert cell.evaluate("one => getComputedStyle(one).display") == "block"
    expect(page.get_by_role("button", name="Ambil").first).to_be_in_viewport()
