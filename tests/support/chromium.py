"""Chromium for tests: the one of this machine, else the one in the npm package `@sparticuz/chromium`; without a screen.

A page notes what must not happen: an error, a breach of the page's policy, a request to somebody else.
"""

import fcntl
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

PACKAGE: Final = "@sparticuz/chromium@153"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
MOST_PAGE_BYTES: Final = 150_000
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True}
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_UNPACK: Final = """
import { readFileSync, writeFileSync } from "node:fs"; import { brotliDecompressSync } from "node:zlib";
const folder = process.argv.at(-1), bin = `${folder}/node_modules/@sparticuz/chromium/bin`;
for (const name of ["al2023.tar", "fonts.tar", "chromium"])
  writeFileSync(`${folder}/${name}`, brotliDecompressSync(readFileSync(`${bin}/${name}.br`)));
"""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Fails where no Chromium is found and none can be fetched."""
    program, environment = _chromium()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=list(FLAGS), env=environment)
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, home: str, complaints: list[str], **options: Any) -> Page:
    """A page of its own. `complaints`: what must not happen; that a form is refused (422) may."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "422" not in message.text:
            complaints.append(message.text)

    page = browser.new_context(**options).new_page()
    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((home, "data:")) else complaints.append(asked.url))
    return page


def findings(page: Page) -> list[str]:
    """What is wrong with the page for people who see, hear or move less; by axe, and whether it scrolls sideways. The
    page's context needs `bypass_csp`, for its policy lets no script in."""
    wide = sideways(page)
    page.evaluate(_axe())
    options = {"runOnly": list(RULES), "resultTypes": ["violations"]}  # what passes is told in full only at a cost
    found = page.evaluate("options => axe.run(document, options).then(found => found.violations)", options)
    said = [f"{one['id']}: {one['help']} at {node['target']}" for one in found for node in one["nodes"]]
    return said + ([f"it scrolls sideways by {wide} pixels"] if wide else [])


def sideways(page: Page) -> int:
    """How many pixels of the page are out of sight to the right."""
    page.wait_for_load_state("load")  # with its stylesheet
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def first_paint(page: Page) -> str:
    """`/tasks: first paint after 120 ms, 14 kB`, of a page that was just opened: from the request until there is
    something to read."""
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0", timeout=10_000)
    said: tuple[str, float, float] = page.evaluate(
        "() => [location.pathname, performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        " performance.getEntriesByType('navigation')[0].decodedBodySize]"
    )
    path, milliseconds, size = said
    assert size < MOST_PAGE_BYTES, (path, size)
    return f"{path}: first paint after {milliseconds:.0f} ms, {size / 1000:.0f} kB"


@cache
def _axe() -> str:
    [script] = Path(str(files("axe_playwright_python"))).rglob("axe.min.js")
    return script.read_text(encoding="utf-8")


@cache
def _chromium() -> tuple[str, dict[str, str | float | bool]]:
    """The program, and the variables that it needs."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found, dict(os.environ)
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "santunan-tests" / "chromium-153"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests may need it at once
        if not (folder / "complete").exists():
            _fetch(folder)
    return str(folder / "chromium"), {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(folder / "own-fonts.conf"),
    }


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    assert npm is not None, "the tests of pages need Chromium: install the package chromium, or node with npm"
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
    subprocess.run([*install, PACKAGE], check=True, timeout=300)  # noqa: S603
    command = [str(shutil.which("node")), "--input-type=module", "-e", _UNPACK, "--", str(folder)]
    subprocess.run(command, check=True, timeout=120)  # noqa: S603
    for name in ("al2023", "fonts"):
        with tarfile.open(folder / f"{name}.tar") as packed:
            packed.extractall(folder if name == "fonts" else folder / name, filter="data")
    fonts = f"<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/fonts-cache</cachedir></fontconfig>"
    (folder / "own-fonts.conf").write_text(fonts, encoding="utf-8")
    (folder / "chromium").chmod(0o755)
    (folder / "complete").touch()
