"""A CoverageEligibilityRequest as our question of cover, and the answer as a CoverageEligibilityResponse."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, cast, get_args

from agents.fhir.claims import Program, read_insurer, read_text
from agents.fhir.elements import Element
from agents.fhir.faults import Fault, structural_faults
from agents.fhir.systems import (
    COVER,
    KPJ,
    NIK,
    PROGRAM,
    REASON,
    URI,
    Json,
    concept,
    insurer,
    known_as,
    masked,
    narrative,
    rupiah,
    text_in,
    worded,
)
from pipeline.explain import Language, short
from pipeline.operations.cover import Cover

_PURPOSE: Final = "validation"
_ANSWERS: Final = {
    "yes": {"id": "Terlindungi pada hari itu.", "en": "Covered on that day."},
    "no": {"id": "Tidak terlindungi pada hari itu.", "en": "Not covered on that day."},
    "officer": {
        "id": "Belum dapat ditentukan; petugas memutuskan setelah klaim masuk.",
        "en": "Cannot be determined yet; an officer decides once a claim has come in.",
    },
}


@dataclass(frozen=True, slots=True)
class Question:
    """`member`: membership number or NIK. Complete where `faults` is empty."""

    member: str
    program: Program
    day: str
    provider: str | None
    identifier: Json | None
    faults: list[Fault]


def read_eligibility_request(document: Json) -> Question:
    from fhir.resources.R4B.coverageeligibilityrequest import CoverageEligibilityRequest

    faults = structural_faults(CoverageEligibilityRequest, document)
    request = Element(document, "CoverageEligibilityRequest", faults)
    read_text(request)
    request.value("created", str)
    request.one_of("resourceType", "CoverageEligibilityRequest")
    request.one_of("status", "active")
    request.code("priority", "http://terminology.hl7.org/CodeSystem/processpriority", is_needed=False)
    purposes = request.value("purpose", list)
    if purposes is not None and purposes != [_PURPOSE]:
        request.note("value", "purpose", values=(_PURPOSE,))
    identifier = _identifier(request)
    person = request.referred("patient", NIK, KPJ)
    read_insurer(request)
    provider = request.referred("provider", URI, is_needed=False)
    day = request.value("servicedDate", str, is_needed=True)
    item = request.only("item")
    program = item.code("category", PROGRAM, *get_args(Program)) if item is not None else None
    if item is not None:
        item.close()
    request.close()
    return Question(
        person[1] if person is not None else "",
        cast(Program, program or "JKK"),
        day or "",
        provider[1] if provider is not None else None,
        identifier,
        faults,
    )


def _identifier(request: Element) -> Json | None:
    """The sender's own, which the answer repeats so that it is known which request it is for."""
    if not request.has("identifier"):
        return None
    one = request.only("identifier")
    found = one.identifier() if one is not None else None
    return {name: value for name, value in zip(("system", "value"), found or (), strict=False) if value} or None


def eligibility_response(
    question: Question, cover: Cover, requestor: str, created: dt.datetime, language: Language
) -> Json:
    """`inforce` is absent where an officer must decide. Names no person; what the asker may not know is absent."""
    answer = _ANSWERS[cover.answer]
    request = "CoverageEligibilityRequest"
    inside: Json = {
        "coverage": known_as(KPJ, cover.member_number) if cover.member_number else masked("kepesertaan / membership"),
        "item": [{"category": concept(PROGRAM, cover.program)}],
    }
    if cover.answer != "officer":
        inside["inforce"] = cover.answer == "yes"
    period = {name: day.isoformat() for name, day in (("start", cover.since), ("end", cover.until)) if day is not None}
    if period:
        inside["benefitPeriod"] = period
    details: list[Json] = [{"url": "answer", "valueCode": cover.answer}]
    if cover.reason is not None:
        reason = worded(REASON, cover.reason, language, lambda one: short(cover.reason or "", one))
        details.append({"url": "reason", "valueCodeableConcept": reason})
    if cover.paid_through is not None:
        details.append({"url": "paid-through", "valueDate": cover.paid_through})
    if cover.unpaid is not None:
        details.append({"url": "unpaid", "valueMoney": rupiah(cover.unpaid)})
    return {
        "resourceType": "CoverageEligibilityResponse",
        "language": language,
        "text": narrative(language, f"{cover.program}, {cover.day.isoformat()}: {answer[language]}"),
        "extension": [{"url": COVER, "extension": details}],
        "status": "active",
        "purpose": [_PURPOSE],
        "patient": masked("peserta / worker"),
        "servicedDate": cover.day.isoformat(),
        "created": created.isoformat(),
        "requestor": known_as(URI, requestor),
        "request": {"type": request, "identifier": question.identifier}
        if question.identifier
        else {"type": request, "display": request},
        "outcome": "complete" if cover.answer != "officer" else "partial",
        **text_in(language, lambda one: answer[one], "disposition"),
        "insurer": insurer(),
        "insurance": [inside],
    }
