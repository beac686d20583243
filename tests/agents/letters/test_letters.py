"""Letters as PDF: the words of the letter and no others, tagged, the same bytes twice, and nothing in it is markup."""

import io
import re
from collections.abc import Iterable

import pytest
from pypdf import PdfReader

import agents.letters
from agents.letters import _LETTERS, NoPdf, letter_pdf
from pipeline.explain import LANGUAGES, Explanation, Language, Line, Section
from tests.explain.examples import examples

A4 = (595, 842)
HOSTILE = '#eval("1 + 1") $x^2$ *bold* _thin_ `raw` @ref <b> // no /* none */ \\ #import "x" "quoted" \'q\' ~ -- end'


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes) -> list[str]:
    """Without the numbers of pages and the bullets of lists; a line may end at a hyphen."""
    pages = [re.sub(r"\n?\d+ / \d+$", "", page.extract_text().strip()) for page in read(pdf).pages]
    return [one for one in re.sub(r"-\n", "-", "\n".join(pages)).split() if one != "•"]


def texts(found: Explanation, *, with_record: bool) -> Iterable[str]:
    """Every text, in the order in which it is read."""
    yield from found.head
    yield found.title
    for section in found.letter:
        yield section.title
        for line in section.lines:
            yield from (line.text, *line.details)
    if with_record:
        yield found.record_title
        for section in found.record:
            yield section.title
            for line in section.lines:
                yield from (line.text, *line.details, line.law)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_says_the_words_of_the_letter_in_their_order(language: Language) -> None:
    codes = sorted(examples())
    assert len(codes) > 50
    for at, code in enumerate(codes):  # with the record is with the letter; every third without
        found = examples()[code].explained(language)
        with_record = at % 3 > 0
        wanted = " ".join(texts(found, with_record=with_record)).split()
        assert words(letter_pdf(found, with_record=with_record)) == wanted, (code, with_record)


def said(text: str, language: Language = "id") -> Explanation:
    section = Section("outcome", text, (Line(text, (text,), text),))
    return Explanation(language, text, (section,), text, (section,))


def test_it_is_an_a4_page_tagged_for_screen_readers_in_its_language() -> None:
    for language in LANGUAGES:
        pdf = read(letter_pdf(said("Judul", language), with_record=True))
        assert len(pdf.pages) == 2
        assert all((round(page.mediabox.width), round(page.mediabox.height)) == A4 for page in pdf.pages)
        catalog = pdf.trailer["/Root"]
        assert catalog["/Lang"] == language and catalog["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in catalog
        assert pdf.metadata is not None and pdf.metadata.title == "Judul"
        assert b"pdfuaid:part" in catalog["/Metadata"].get_data()


def test_the_same_letter_is_the_same_bytes() -> None:
    found = examples()["OK"].explained("id")
    made = letter_pdf(found, with_record=True)
    assert made == letter_pdf(found, with_record=True)
    assert b"/CreationDate" not in made and read(made).metadata.creation_date is None  # type: ignore[union-attr]


def test_what_looks_like_markup_is_text() -> None:
    assert words(letter_pdf(said(HOSTILE), with_record=True)) == HOSTILE.split() * 9


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\u202eb\u2066c", "a[U+202E]b[U+2066]c"),
        ("a\u200bb\u00adc\x01d", "a[U+200B]b[U+00AD]c[U+0001]d"),
        ("nama 汉 🙂 é", "nama [U+6C49] [U+1F642] é"),
        ("two\nlines\t here", "two lines here"),
    ],
)
def test_what_cannot_be_seen_or_has_no_form_is_written_as_its_number(written: str, shown: str) -> None:
    assert words(letter_pdf(said(written), with_record=False)) == shown.split() * 4


def test_hebrew_and_arabic_are_letters() -> None:
    text = "".join(page.extract_text() for page in read(letter_pdf(said("שלום مرحبا"), with_record=False)).pages)
    assert "שלום" in text and "مرحبا" in text


def test_each_letter_of_the_narrow_set_has_a_form() -> None:
    every = "".join(sorted(_LETTERS - {" "}))
    assert letter_pdf(said(every), with_record=False)  # PDF/UA refuses a letter without one
    assert "[U+" not in "".join(words(letter_pdf(said(every + "汉"), with_record=False))).replace("[U+6C49]", "")


def test_without_the_extra_it_says_which_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents.letters, "find_spec", lambda name: None)
    with pytest.raises(NoPdf, match=r"santunan\[pdf\]"):
        letter_pdf(said("x"), with_record=False)
