"""QR codes of letters: a reader of QR codes reads on the printed page what the letter says it is."""

import re
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
import typst
import zxingcpp

from agents.letters import letter_pdf
from agents.letters.codes import qr_svg
from pipeline.explain import LANGUAGES, Language, sealed
from pipeline.ledger.receipts import Code
from tests.explain.examples import examples
from tests.support.png import grey

CODE = Code("7", 123_456_789, "ab" * 32, 12_345_678, "cd" * 32).written()
PRINTED_PPI = 110  # less than the worst printer


def read(pixels: memoryview) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(pixels)]


def drawn(draw: Callable[[], Any], **options: Any) -> bytes:
    """What typst is asked to make, as a picture."""
    compile_ = typst.compile

    def paint(template: bytes, **given: Any) -> Any:
        return compile_(template, sys_inputs=given["sys_inputs"], ignore_system_fonts=True, format="png", **options)

    with patch.object(typst, "compile", paint):
        made = draw()
    return made if isinstance(made, bytes) else made[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_on_a_printed_letter_is_read_as_it_was_written(language: Language) -> None:
    found = sealed(examples()["OK"].explained(language), CODE)
    page = drawn(lambda: letter_pdf(found, with_record=False), ppi=PRINTED_PPI)
    assert read(grey(page)) == [CODE]


def test_a_letter_without_a_code_has_none_and_says_when_it_will() -> None:
    found = sealed(examples()["OK"].explained("en"), None)
    assert found.seal is not None and found.seal.code is None and "within a minute" in found.seal.text
    assert read(grey(drawn(lambda: letter_pdf(found, with_record=False), ppi=PRINTED_PPI))) == []


def test_the_code_is_shapes_alone_which_every_policy_of_content_allows() -> None:
    made = qr_svg(CODE)
    assert set(re.findall("<([a-z]+)", made)) == {"svg", "path"}
    assert set(re.findall(r"([a-zA-Z:]+)=", made)) == {"xmlns", "viewBox", "fill", "stroke", "d"}


@pytest.mark.parametrize(
    "text", ["", "x", CODE[:-1], CODE + "0", CODE.replace("1:7", "2:7"), CODE.replace("AB", "XY"), f"{CODE}:1"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    assert Code.read(f" {CODE.lower()}\n").written() == CODE, "however it was typed"
    with pytest.raises(ValueError):  # noqa: PT011 (any of them)
        Code.read(text)
