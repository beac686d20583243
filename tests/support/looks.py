"""A page looked at in every width: judged by axe, not wider than the window, and kept as pictures in build/screens."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.support.chromium import findings, sideways

SCREENS: Final = Path(__file__).parents[2] / "build" / "screens"
PICTURED: Final = (360, 768, 1440)
WIDTHS: Final = (320, 360, 640, 768, 1440)  # a window of 640 pixels is one of 1,280 at 200 %


def check_looks(page: Page, name: str) -> None:
    """`name`: of its pictures, such as `id-{}-officer-tasks`: language, place of the width, what is seen. The page's
    context needs `bypass_csp`. The page keeps the last width."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if width == (320 if name.startswith("id") else 1440):  # the structure is one in both languages
            assert findings(page) == [], (name, width)
        assert sideways(page) == 0, (name, width)
        if width in PICTURED:
            page.screenshot(path=SCREENS / f"{name.format(width)}.jpg", full_page=True)
