"""Pages to print, from templates of the package: every text is escaped, and a page loads nothing from anywhere.

The stylesheet is in the page, so that a saved copy prints the same; the policy allows its hash and nothing else.
"""

import base64
import hashlib
from functools import cache, partial
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from agents.letters import MEDIA_TYPE, letter_pdf
from agents.letters.codes import qr_svg
from agents.web.gate import gateway_of, in_thread
from pipeline.explain import Explanation

_TEMPLATES: Final = Path(__file__).with_name("templates")
_STYLE: Final = (_TEMPLATES / "letter.css").read_text(encoding="utf-8")
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def explanation_page(found: Explanation) -> Response:
    """Letter and record; the record begins on a sheet of its own."""
    text = explanation_html(found)
    headers = {"Content-Language": found.language, "Content-Security-Policy": POLICY}
    return Response(text, 200, headers, "text/html; charset=utf-8")


def explanation_html(found: Explanation) -> str:
    """The page alone, for a file."""
    return template("explanation.html").render(found=found, qr=qr_svg)


def template(name: str) -> Template:
    """One to print, which loads nothing: its stylesheet is in it."""
    return _environment().get_template(name, globals={"style": _STYLE})


async def pdf_answer(request: Request, found: Explanation, *, with_record: bool) -> Response:
    """Its name holds no claim: a file in a list of downloads is seen by others. Raises NoPdf."""
    made = await in_thread(gateway_of(request), partial(letter_pdf, found, with_record=with_record))
    headers = {"Content-Language": found.language, "Content-Disposition": 'attachment; filename="santunan.pdf"'}
    return Response(made, 200, headers, MEDIA_TYPE)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("agents.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
