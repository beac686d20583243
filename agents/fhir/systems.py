"""Systems of identifiers and codes, and the small parts that every resource is made of.

SATUSEHAT publishes the system of the NIK. BPJS Ketenagakerjaan publishes none: `urn:santunan:` is ours.
"""

from collections.abc import Callable
from html import escape
from typing import Any, Final

from pipeline.explain import LANGUAGES, Language

NIK: Final = "https://fhir.kemkes.go.id/id/nik"
KPJ: Final = "urn:santunan:kpj"
CLAIM: Final = "urn:santunan:claim"
RECEIPT: Final = "urn:santunan:receipt"
URI: Final = "urn:ietf:rfc:3986"  # FHIR's system of identifiers that are URIs, as a principal's name is
INSURER: Final = "urn:santunan:insurer"
BPJS: Final = "bpjs-ketenagakerjaan"

OURS: Final = "urn:santunan:fhir:"  # of code systems and of extensions; a section's extension ends with its name
PROGRAM, OUTCOME, REASON, PAPER = (f"{OURS}{name}" for name in ("program", "outcome", "reason", "paper"))
COST, BENEFIT, ABOUT, PROBLEM = (f"{OURS}{name}" for name in ("cost", "benefit", "adjudication", "problem"))
PAY_BY, COVER, PAYEE = f"{OURS}pay-by", f"{OURS}cover", f"{OURS}payee"

HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/"
TRANSLATION: Final = f"{_EXTENSION}translation"
CURRENCY: Final = "IDR"

Texts = Callable[[Language], str]
Json = dict[str, Any]


def concept(system: str, code: str, **more: Any) -> Json:
    return {"coding": [{"system": system, "code": code}], **more}


def text_in(language: Language, texts: Texts, name: str = "text") -> Json:
    """The element `name` in this language, with its translation into the other one."""
    others = [
        {"url": TRANSLATION, "extension": [{"url": "lang", "valueCode": one}, {"url": "content", "valueString": said}]}
        for one in LANGUAGES
        if one != language and (said := texts(one))
    ]
    return {name: texts(language), f"_{name}": {"extension": others}}


def worded(system: str, code: str, language: Language, texts: Texts) -> Json:
    """A code with its words in both languages."""
    return concept(system, code, **text_in(language, texts))


def rupiah(amount: int) -> Json:
    return {"value": amount, "currency": CURRENCY}


def known_as(system: str, value: str) -> Json:
    """A reference by identifier alone: nothing of ours has an address that would name a person or a claim."""
    return {"identifier": {"system": system, "value": value}}


def masked(text: str) -> Json:
    """A person whom an answer must refer to and does not name."""
    return {"extension": [{"url": f"{_EXTENSION}data-absent-reason", "valueCode": "masked"}], "display": text}


def insurer() -> Json:
    return {**known_as(INSURER, BPJS), "display": "BPJS Ketenagakerjaan"}


def narrative(language: Language, *lines: str) -> Json:
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml" xml:lang="{language}" lang="{language}">{body}</div>'
    return {"status": "generated", "div": div}
