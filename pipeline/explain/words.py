"""The words of single codes: names for tables and lists, and the sentences of one check or formula."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from pipeline.explain import figures
from pipeline.explain.arithmetic import derived
from pipeline.explain.facts import Scalar, kinds_of_facts, kinds_of_numbers, sentences
from pipeline.explain.texts import NoText, find, room, text

# `art 37(3)`, `art 48-50`, `art 25, 34`, `art 8(2a)-(2c)`, `art 19(3)c`, `art 25A`, `art II`
_CITED: Final = re.compile(
    r"\bart (?P<number>\d+[A-Z]?|[IVX]+)(?P<last>(?:(?:-|, )\d+[A-Z]?\b)+)?"
    r"(?:\((?P<paragraph>\w+(?:\)-?\(\w+)*)\))?(?P<letter>[a-z]\b)?"
)
_DEFINITIONS: Final = "1"  # article 1 of a regulation holds its definitions, by number and not by paragraph


def refusal_text(reason: str, language: str) -> str:
    """Why an event was refused and what its sender should do. Raises NoText."""
    return text(language, "refusals", reason, "long")


def paper_name(name: str, language: str) -> str:
    """`ktp` -> `KTP atau bukti identitas lain`. Raises NoText."""
    return text(language, "words", "paper", name)


def line_name(line: str, language: str) -> str:
    """`funeral` -> `Biaya pemakaman`. Raises NoText."""
    return text(language, "words", "line", line)


def outcome_name(outcome: str, language: str) -> str:
    """`APPROVED` -> `disetujui`. Raises NoText."""
    return text(language, "words", "outcome", outcome)


def program_name(program: str, language: str) -> str:
    """`JKM` -> `Jaminan Kematian (JKM)`. Raises NoText."""
    return text(language, "words", "program", program)


def segment_name(segment: str, language: str) -> str:
    """`BPU` -> `Bukan Penerima Upah (BPU)`. Raises NoText."""
    return text(language, "words", "segment", segment)


def add_to_first(language: str) -> str:
    """How to add to the claim that came first, for who reported the same event later. Raises NoText."""
    return text(language, "words", "claim", "add_to_first")


def payee_name(payee: str, language: str) -> str:
    """`heirs` -> `ahli waris`. Raises NoText."""
    return text(language, "words", "payee", payee)


def check_title(check: str, language: str) -> str:
    """`registered` -> `Peserta terdaftar`. Raises NoText."""
    return text(language, "checks", check, "title")


def fact_lines(check: str, result: str, facts: Mapping[str, Scalar], language: str) -> list[str]:
    """The sentences of one check of the trace. Raises NoText for a check, result, fact or value without words."""
    kinds = kinds_of_facts(check, facts, language)
    variant = "settled" if facts.get("settled") and "settled" in find(language, "checks", check) else result
    found = sentences(find(language, "checks", check, variant), facts, kinds, language)
    if not found:
        raise NoText(language, "checks", check, variant)
    return found


def formula_text(formula: str, numbers: Mapping[str, Scalar], amount: int, language: str) -> str:
    """How `amount` came about, written out with its numbers. Raises NoText."""
    kinds_of_numbers(formula, numbers, language)
    values = {**numbers, **derived(formula, numbers, amount)}
    kinds = kinds_of_numbers(formula, values, language)
    template = find(language, "formulas", formula)
    terms = " + ".join(sentences(template.get("terms", ()), values, kinds, language))
    result = figures.rupiah(amount, language)
    found = sentences(template["say"], values, kinds, language, terms=terms, result=result)
    if not found:
        raise NoText(language, "formulas", formula)
    return " ".join(found)


def law_text(reference: str, marker: str, language: str) -> str:
    """`PP 44/2015 art 37(3)`, `VERIFIED` -> `PP 44/2015 pasal 37 ayat (3) – terverifikasi`. Raises NoText (marker)."""
    return f"{reference_text(reference, language)} – {text(language, 'words', 'marker', marker)}"


@lru_cache(maxsize=2048)  # the rule book and the two languages know a few hundred
def reference_text(reference: str, language: str) -> str:
    """A reference of the rule book in the words of a language.

    A citation is data of the rule book: what it holds beside the words translated here is shown as it was cited.
    """
    words = room(language, "references")
    for phrase in sorted(words, key=len, reverse=True):  # a longer phrase may hold a shorter one
        reference = reference.replace(phrase, words[phrase])
    citation: Mapping[str, str] = find(language, "words", "citation")

    def cite(match: re.Match[str]) -> str:
        parts = ["articles" if match["last"] else "article"]
        if match["paragraph"]:
            parts.append("definition" if match["number"] == _DEFINITIONS else "paragraph")
        if match["letter"]:
            parts.append("letter")
        return "".join(citation[part].format_map(match.groupdict()) for part in parts)

    return _CITED.sub(cite, reference)
