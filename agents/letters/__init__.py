"""Letters as PDF (A4, tagged as PDF/UA-1), by typst, from the parts that `pipeline.explain` makes.

The same letter is the same bytes: it has no date of its own, and only the fonts of typst's package are used. Imported
where the extra `pdf` is asked for; never imports HTTP or a store.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pipeline.errors import EXIT_REFUSED, SantunanError
from pipeline.explain import Explanation, Section

MEDIA_TYPE: Final = "application/pdf"
_TEMPLATE: Final = Path(__file__).with_name("letter.typ").read_bytes()
_STANDARD: Final = "ua-1"
_LETTERS: Final = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180)))) | frozenset(
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2212"
)  # which each font of typst has
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})  # what cannot be seen, or turns the text around


class NoPdf(SantunanError):
    """The extra is not installed."""

    exit_code = EXIT_REFUSED

    def __init__(self) -> None:
        super().__init__("letters as PDF need the package's extra: pip install 'santunan[pdf]'")


def is_installed() -> bool:
    return find_spec("typst") is not None


def letter_pdf(found: Explanation, *, with_record: bool) -> bytes:
    """`with_record`: below the letter every check and sum. Raises NoPdf.

    A letter for which no font has a form is written as its number, such as [U+6C49]; so is what cannot be seen.
    """
    if not is_installed():
        raise NoPdf
    import typst

    try:
        return _made(found, with_record, _seen)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
    return _made(found, with_record, _plain)


def _made(found: Explanation, with_record: bool, written: Callable[[str], str]) -> bytes:
    import typst

    data = {
        "title": written(found.title),
        "lang": found.language,
        "head": [written(one) for one in found.head],
        "letter": _sections(found.letter, written),
        "record_title": written(found.record_title),
        "record": _sections(found.record, written) if with_record else [],
        "seal": found.seal.text if found.seal is not None else "",
        "code": _qr(found),
        "code_text": (found.seal.code or "") if found.seal is not None else "",
    }
    pdf = typst.compile(
        _TEMPLATE, sys_inputs={"data": json.dumps(data)}, pdf_standards=[_STANDARD], ignore_system_fonts=True
    )
    assert isinstance(pdf, bytes)
    return pdf


def _qr(found: Explanation) -> str:
    if found.seal is None or found.seal.code is None:
        return ""
    from agents.letters.codes import qr_svg

    return qr_svg(found.seal.code)


def _sections(sections: Iterable[Section], written: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "title": written(section.title),
            "lines": [
                {
                    "text": written(line.text),
                    "details": [written(one) for one in line.details],
                    "law": written(line.law),
                }
                for line in section.lines
            ],
        }
        for section in sections
    ]


def _seen(text: str) -> str:
    return "".join(_number(one) if unicodedata.category(one) in _UNSEEN else one for one in " ".join(text.split()))


def _plain(text: str) -> str:
    return "".join(one if one in _LETTERS else _number(one) for one in " ".join(text.split()))


def _number(letter: str) -> str:
    return f"[U+{ord(letter):04X}]"
