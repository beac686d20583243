"""Faults of a resource: where, as a FHIRPath expression, and what to do, in two languages. Never what was sent."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from agents.fhir.systems import PROBLEM, Json, concept, narrative, text_in
from pipeline.explain import Language

MOST_ISSUES: Final = 50
HTTP: Final = "http."  # before the name of a header or a parameter, as R4 says of OperationOutcome.issue.location
_NAME: Final = re.compile(r"_?[a-z][A-Za-z]{0,39}")  # as FHIR names elements: no digits, so no NIK

# kind: (FHIR's type of the issue, Indonesian, English)
_KINDS: Final = {
    "missing": ("required", "belum ada; tambahkan", "is missing; add it"),
    "form": (
        "structure",
        "bentuknya bukan bentuk elemen ini dalam FHIR R4; betulkan",
        "does not have the form that FHIR R4 gives this element; correct it",
    ),
    "unread": (
        "not-supported",
        "tidak dibaca di sini dan bisa mengubah arti; hapus, atau laporkan lewat /v1",
        "is not read here and could change the meaning; remove it, or report by /v1",
    ),
    "value": ("not-supported", "di sini hanya dibaca: {}", "only this is read here: {}"),
    "one": ("not-supported", "tulis tepat satu", "write exactly one"),
    "twice": ("business-rule", "sudah disebut di tempat lain; sebutkan sekali", "is said elsewhere too; say it once"),
    "money": (
        "value",
        "tulis rupiah penuh tanpa koma desimal, dengan mata uang IDR",
        "write whole rupiah without a decimal point, in the currency IDR",
    ),
    "total": ("business-rule", "bukan jumlah semua butir; betulkan", "is not the sum of the items; correct it"),
    "day": (
        "business-rule",
        "bukan hari dari accident.occurred_at; samakan",
        "is not the day of accident.occurred_at; make them agree",
    ),
    "reference": (
        "not-supported",
        "alamat sumber daya tidak dibaca; tulis identifier",
        "addresses of resources are not read; write the identifier",
    ),
    "icd": (
        "code-invalid",
        "bukan kode ICD-10; tulis seperti S52.5, atau tulis diagnosisnya saja di diagnosisCodeableConcept.text",
        "is no code of ICD-10; write one such as S52.5, or the diagnosis alone in diagnosisCodeableConcept.text",
    ),
    "provider": (
        "forbidden",
        "tulis nama Anda sendiri, seperti disebut GET /v1/session",
        "write your own name, as GET /v1/session says it",
    ),
    "key": (
        "required",
        "tulis satu identifier Anda sendiri untuk klaim ini, atau header Idempotency-Key; yang sama bila dikirim ulang",
        "write one identifier of your own for this claim, or the header Idempotency-Key; the same when sent again",
    ),
}
_OF_A_MODEL: Final = "root"  # what pydantic calls an element that is no object at all; FHIR has none of this name


@dataclass(frozen=True, slots=True)
class Fault:
    """`code`: FHIR's type of the issue. `expression`: FHIRPath; empty: of the whole request; `http.` and a name: of a
    header or a parameter of the address, which is no element and stands in `location`."""

    code: str
    expression: str
    indonesian: str
    english: str

    def said(self, language: Language) -> str:
        return self.indonesian if language == "id" else self.english


def fault(kind: str, expression: str, *values: str) -> Fault:
    code, indonesian, english = _KINDS[kind]
    listed = ", ".join(values)
    return Fault(code, expression, indonesian.format(listed), english.format(listed))


def below(expression: str, *parts: str | int) -> str:
    """The FHIRPath of what is below; ends before a name that came from outside and could be anything."""
    for part in parts:
        if isinstance(part, int):
            expression += f"[{part}]"
        elif _NAME.fullmatch(part):
            expression += f".{part}"
        else:
            break
    return expression


def structural_faults(model: type[BaseModel], document: Json) -> list[Fault]:
    """What R4 itself refuses: unknown elements, missing ones, wrong forms. It does not look at codes.

    Contained resources are refused elsewhere; here each would load the model of its own kind.
    """
    try:
        model.model_validate({name: value for name, value in document.items() if name != "contained"})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        kinds = {"missing": "missing", "extra_forbidden": "unread"}
        places = [tuple(takewhile(lambda part: part != _OF_A_MODEL, one["loc"])) for one in found]
        named = [below(model.__name__, *place) for place in places]
        return [fault(kinds.get(one["type"], "form"), place) for one, place in zip(found, named, strict=True)]
    return []


def distinct(faults: Iterable[Fault]) -> list[Fault]:
    """One of each place, the first: what follows from it would only repeat it."""
    found: dict[str, Fault] = {}
    for one in faults:
        found.setdefault(one.expression, one)
    return list(found.values())[:MOST_ISSUES]


def operation_outcome(code: str, faults: Iterable[Fault], language: Language) -> Json:
    """`code`: ours of the whole refusal."""
    listed = list(faults)
    issues = [
        {
            "severity": "error",
            "code": one.code,
            "details": concept(PROBLEM, code) | text_in(language, one.said),
            **_place(one.expression),
        }
        for one in listed
    ]
    lines = [f"{one.expression}: {one.said(language)}".removeprefix(": ") for one in listed]
    said = {"language": language, "text": narrative(language, *lines)}
    return {"resourceType": "OperationOutcome", **said, "issue": issues}


def _place(expression: str) -> Json:
    if not expression:
        return {}
    return {"location" if expression.startswith(HTTP) else "expression": [expression]}


def of_type(value: Any, kind: type) -> bool:
    """bool is no number here, as in JSON."""
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
