"""The explanation as a page: the whole letter, escaped, with a policy that lets its own style through and no more."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

import agents.letters
from agents.web.printing import explanation_page
from pipeline.explain import Explanation, Line, Section
from tests.agents.web.conftest import FOREIGN, OWN
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VOID = {"meta", "br"}
SAID = {"title", "letter", "record_title", "record", "lines", "text", "details", "law"}


class Page(HTMLParser):
    """Which elements there are, and that each that is opened is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def texts(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for name, one in node.items() if name in SAID for text in texts(one)]
    return [text for one in node for text in texts(one)] if isinstance(node, list) else [str(node)] if node else []


def test_a_browser_gets_a_page_with_every_sentence_in_indonesian_first(client: Open) -> None:
    desk = client("desk:one")
    for path, language in ((f"/v1/claims/{OWN}/explanation", "id"), (f"/v1/claims/{OWN}/explanation?lang=en", "en")):
        found = desk.get(path, Accept=BROWSER)
        assert (found.status, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert found.headers["content-language"] == language
        text = found.raw.decode()
        shown = unescape(re.sub(r"<[^>]*>", "", text))
        wanted = texts(desk.get(path).json)
        assert len(wanted) > 20 and [one for one in wanted if one not in shown] == []
        elements = dict(Page(text).elements)
        assert elements["html"] == {"lang": language} and "main" in elements


def test_its_policy_allows_its_own_style_alone_and_it_loads_nothing(client: Open) -> None:
    found = client("desk:one").get(f"/v1/claims/{OWN}/explanation", Accept=BROWSER)
    text = found.raw.decode()
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = found.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy and policy.startswith("default-src 'none';")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    names = {name for _, attributes in Page(text).elements for name in attributes}
    shapes = {"role", "aria-label", "xmlns", "viewbox", "fill", "stroke", "d"}  # of the QR code
    assert names <= {"lang", "charset", "name", "content", "class"} | shapes, "no src, href, style or handler"
    assert "@page" in style and "url(" not in style and "@import" not in style
    assert found.headers["cache-control"] == "no-store" and found.headers["x-content-type-options"] == "nosniff"


def test_what_looks_like_markup_is_text() -> None:
    wicked = "<script>alert(1)</script>"
    section = Section("key", wicked, (Line(wicked, (wicked,), wicked),))
    text = bytes(explanation_page(Explanation("id", wicked, (section,), wicked, (section,))).body).decode()
    assert wicked not in text and text.count("&lt;script&gt;") == 10


def test_who_may_not_read_it_gets_no_page(client: Open) -> None:
    found = client("desk:one").get(f"/v1/claims/{FOREIGN}/explanation", Accept=BROWSER)
    assert (found.status, found.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(("language", "said"), [("id", "Keputusan"), ("en", "Decision")])
def test_who_asks_for_pdf_gets_the_explanation_as_pdf(language: str, said: str, client: Open) -> None:
    path = f"/v1/claims/{OWN}/explanation?lang={language}"
    found = client("desk:one").get(path, Accept="application/pdf")
    assert (found.status, found.headers["content-type"]) == (200, "application/pdf")
    assert (found.headers["content-language"], found.headers["cache-control"]) == (language, "no-store")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(found.raw)).pages]
    assert said in pages[0] and client("desk:one").get(path).json["record_title"] in pages[1]
    assert client("desk:one").get(path, Accept="application/pdf").raw == found.raw
    assert client("desk:one").get(f"/v1/claims/{FOREIGN}/explanation", Accept="application/pdf").status == 404


def test_the_page_of_a_letter_leads_to_the_letter_alone_as_pdf(client: Open) -> None:
    officer = client("officer:one")
    link = f"/claims/{OWN}/letter.pdf"
    for path in (f"/claims/{OWN}/letter", f"/claims/{OWN}"):
        assert f'href="{link}"' in officer.get(path).raw.decode(), path
    found = officer.get(link, Cookie="language=en")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found.raw)).pages)
    explained = officer.get(f"/v1/claims/{OWN}/explanation?lang=en").json
    assert explained["letter"][-1]["title"] in text and explained["record_title"] not in text
    assert client("clinic:one").get(link).status == 403 and client(None).get(link).status == 303


def test_without_the_extra_a_pdf_is_refused_with_its_name(client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents.letters, "find_spec", lambda name: None)
    found = client("desk:one").get(f"/v1/claims/{OWN}/explanation", Accept="application/pdf", Accept_Language="en")
    assert (found.status, found.json["code"]) == (406, "PDF_MISSING") and "santunan[pdf]" in found.json["detail"]
    assert "letter.pdf" not in client("officer:one").get(f"/claims/{OWN}/letter").raw.decode()
