"""A claim as a ClaimResponse, as far as its reader may see it. Names no person."""

import datetime as dt
import uuid
from typing import Final

from agents.fhir.systems import (
    ABOUT,
    BENEFIT,
    CLAIM,
    HL7,
    OUTCOME,
    PAPER,
    PAY_BY,
    PAYEE,
    REASON,
    RECEIPT,
    URI,
    Json,
    Texts,
    concept,
    insurer,
    known_as,
    masked,
    narrative,
    rupiah,
    text_in,
    worded,
)
from pipeline.explain import Language, line_name, outcome_name, paper_name, payee_name, short
from pipeline.operations.reading import ClaimView

_NAMES: Final = uuid.UUID(
    "6f1b1d1e-6d0f-5a53-9d6a-0c6b9f1f7a10"
)  # of our ids: a claim's number may be too long for one
_DECIDED: Final = ("APPROVED", "REJECTED")
_QUEUED: Final = {
    "id": "Klaim diterima dan menunggu diproses; tanyakan lagi nanti.",
    "en": "The claim is received and waits to be processed; ask again later.",
}


def queued_response(
    claim_id: str, requestor: str, received_at: dt.datetime, language: Language, digest: str | None = None
) -> Json:
    """A claim that no worker has decided yet. `digest`: of the receipt, where the answer is to a submission."""
    body = _response(claim_id, requestor, received_at, language, lambda one: _QUEUED[one], digest)
    return body | {"outcome": "queued"}


def claim_response(view: ClaimView, requestor: str, language: Language, digest: str | None = None) -> Json:
    """Decided: complete; waits for papers or an officer: partial. The adjudication says why, each reason a row."""
    body = _response(
        view.claim_id, requestor, view.decided_at, language, lambda one: outcome_name(view.outcome, one), digest
    )
    body["meta"] = {"versionId": str(view.revision)}
    body["outcome"] = "complete" if view.outcome in _DECIDED else "partial"
    if view.pay_by is not None:
        body["extension"] = [{"url": PAY_BY, "valueDate": view.pay_by.isoformat()}]
    body["adjudication"] = [
        _row("outcome", OUTCOME, view.outcome, language, lambda one: outcome_name(view.outcome, one)),
        *[_reason("reason", one.code, language) for one in view.reasons],
        *[_reason("open", one.code, language) for one in view.open],
        *[_paper(one.code, language) for one in view.missing],
    ]
    if view.amounts:
        body["addItem"] = [_line(one.line, one.payee, one.amount, language) for one in view.amounts]
    if view.total is not None:
        body["total"] = [{"category": concept(f"{HL7}adjudication", "benefit"), "amount": rupiah(view.total)}]
    if view.paid:
        paid = sum(amount for amount, _ in view.paid)
        kind = "complete" if paid == view.total else "partial"
        body["payment"] = {
            "type": concept(f"{HL7}ex-paymenttype", kind),
            "date": max(day for _, day in view.paid).isoformat(),
            "amount": rupiah(paid),
        }
    return body


def bundle(responses: list[Json], address: str) -> Json:
    """What a search found. `address`: of the search, without what was asked for: that belongs in no log of others."""
    found = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one, "search": {"mode": "match"}} for one in responses]
    made = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(responses),
        "link": [{"relation": "self", "url": address}],
    }
    return made | ({"entry": found} if found else {})


def _response(
    claim_id: str, requestor: str, created: dt.datetime, language: Language, said: Texts, digest: str | None
) -> Json:
    receipt = [{"system": RECEIPT, "value": digest}] if digest is not None else []
    return {
        "resourceType": "ClaimResponse",
        "id": str(uuid.uuid5(_NAMES, claim_id)),
        "language": language,
        "text": narrative(language, f"{claim_id}: {said(language)}"),
        "identifier": [{"system": CLAIM, "value": claim_id}, *receipt],
        "status": "active",
        "type": concept(f"{HL7}claim-type", "institutional"),
        "use": "claim",
        "patient": masked("peserta / worker"),
        "created": created.isoformat(),
        "insurer": insurer(),
        "requestor": known_as(URI, requestor),
        "request": {"type": "Claim", **known_as(CLAIM, claim_id)},
        **text_in(language, said, "disposition"),
    }


def _row(about: str, system: str, code: str, language: Language, texts: Texts) -> Json:
    return {"category": concept(ABOUT, about), "reason": worded(system, code, language, texts)}


def _reason(about: str, code: str, language: Language) -> Json:
    return _row(about, REASON, code, language, lambda one: short(code, one))


def _paper(name: str, language: Language) -> Json:
    return _row("missing", PAPER, name, language, lambda one: paper_name(name, one))


def _line(line: str, payee: str, amount: int, language: Language) -> Json:
    """A benefit line. Whom it goes to is an extension: FHIR knows one payee a claim."""
    to = worded(PAYEE, payee, language, lambda one: payee_name(payee, one))
    return {
        "extension": [{"url": PAYEE, "valueCodeableConcept": to}],
        "productOrService": worded(BENEFIT, line, language, lambda one: line_name(line, one)),
        "adjudication": [{"category": concept(f"{HL7}adjudication", "benefit"), "amount": rupiah(amount)}],
    }
