"""Routes that take something in: events, reports of accidents and deaths, evidence, appeals, reviews, settlements."""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Request, Response

from agents.web import examples
from agents.web.bodies import explained, json_of, object_of
from agents.web.describing import JSON, Answer, data_of, describe, events, schema_of, shaped
from agents.web.gate import (
    CONTENT_TYPE_WANTED,
    MOST_REQUEST_BYTES,
    Signed,
    address_of,
    body_of,
    call,
    gateway_of,
    language_of,
    media_type_of,
    note_refusal,
    wrong_media_type,
)
from agents.web.problems import BINARY, DATA, ProblemError, answer, problem_of
from pipeline.access.roles import Denied
from pipeline.errors import Poison
from pipeline.operations.front_office import IdReused, Receipt
from pipeline.operations.reports import (
    add_evidence,
    appeal,
    report_accident,
    report_death,
    review,
    settle,
    submit_events,
)
from pipeline.operations.rulings import RulingPreview, preview_ruling
from pipeline.queries.pages import NotFound
from schemas.bundle import Bundle, Schema
from schemas.claims import AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.decisions import FieldError
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed
from schemas.values import CLAIM_ID_SHAPE, MAX_EVENT_BYTES

MOST_EVENTS: Final = 1000
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
_WANTED: Final = (
    f"write {STRUCTURED} for one event, {BATCH} for several, or {JSON} for the data alone, with headers ce-…"
)
_NO_KEY: Final = FieldError(
    "id", "is missing; add an id of your own for this report, and the same one when it is sent again"
)
_ATTRIBUTE: Final = "ce-"
_LONG_NUMBER: Final = re.compile("[0-9]{16}")

router = APIRouter(prefix="/v1")


def receipt_schema(bundle: Bundle) -> Schema:
    schema = schema_of(Receipt)
    schema["properties"].pop("is_repeated")
    return bundle.add("Receipt", schema)


def _item_schema(bundle: Bundle) -> Schema:
    """One answer of a batch."""
    problem = {"$ref": "#/components/schemas/Problem"}
    return {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "integer"}, "receipt": receipt_schema(bundle), "problem": problem},
        "oneOf": [{"required": ["receipt"]}, {"required": ["problem"]}],
    }


def _items_schema(bundle: Bundle) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": _item_schema(bundle)}


def _received_schema(bundle: Bundle) -> Schema:
    """The receipt of one event, or the answers of a batch."""
    return {"anyOf": [receipt_schema(bundle), _items_schema(bundle)]}


def _batch_schema(bundle: Bundle) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": events(bundle)}


def _settlement_schema(bundle: Bundle) -> Schema:
    paid = shaped(bundle, data_of(PayoutSettled, "SettlementReport"))
    return {"anyOf": [paid, shaped(bundle, data_of(PayoutFailed, "FailureReport"))]}


_CLAIM: Final = {"claim": {"type": "string", "pattern": CLAIM_ID_SHAPE}}
_RECEIVED: Final = Answer({JSON: receipt_schema}, ("Location", "Idempotent-Replayed"))
_TAKEN: Final[dict[int, Any]] = {202: _RECEIVED, 200: _RECEIVED}
_BINARY: Final[Schema] = {"type": "object"}  # the data of an event of any type; which one, its header says
_REFUSED_ITEMS: Final = Answer({JSON: _items_schema})
_ATTRIBUTES: Final = {
    f"ce-{name}": ("atribut CloudEvents dalam mode biner", "attribute of a CloudEvent in binary mode")
    for name in ("id", "source", "type", "time", "specversion", "subject")
}


@router.post("/events")
@describe(
    ("Kirim satu kejadian atau banyak", "Send one event or many"),
    (
        "CloudEvents 1.0: terstruktur, biner, atau paling banyak 1.000 sekaligus; setiap kejadian dijawab sendiri.",
        "CloudEvents 1.0: structured, binary, or up to 1,000 in a batch; each event has its own answer.",
    ),
    tag="events",
    body={STRUCTURED: events, BATCH: _batch_schema, JSON: _BINARY},
    examples={STRUCTURED: examples.EVENT, BATCH: [examples.EVENT], JSON: examples.EVENT["data"]},
    answers={
        200: Answer({JSON: _received_schema}, ("Location", "Idempotent-Replayed")),
        202: Answer({JSON: _received_schema}, ("Location", "Idempotent-Replayed")),
        207: _items_schema,
        **dict.fromkeys((400, 403, 404, 409, 413, 422), _REFUSED_ITEMS),
    },
    problems=(404, 409),
    headers=_ATTRIBUTES,
)
async def post_events(request: Request, principal: Signed) -> Response:
    """One CloudEvent, structured or binary, or a batch of them."""
    media_type = media_type_of(request)
    if media_type == BATCH:
        return await _post_batch(request, principal)
    is_binary = media_type == JSON and "ce-type" in request.headers
    if is_binary:
        raw = orjson.dumps(_attributes(request) | {"data": object_of(await body_of(request, MAX_EVENT_BYTES))})
    elif media_type == STRUCTURED:
        raw = await body_of(request, MAX_EVENT_BYTES)
    else:
        raise wrong_media_type(_WANTED)
    [found] = await call(request, submit_events, principal, [raw])
    _count(request, found)
    if isinstance(found, Poison | IdReused):
        whole = explained(found, raw) if isinstance(found, Poison) else found
        return answer(problem_of(whole, prefix=BINARY if is_binary else ""), language_of(request))
    if isinstance(found, Exception):
        raise found
    return _received(found)


@router.post("/accidents")
@describe(
    ("Laporkan kecelakaan kerja (JKK)", "Report an accident at work (JKK)"),
    (
        "`data` kecelakaan saja; nomor klaim dibuat bila tidak ada.",
        "The `data` of an accident alone; the claim id is made where it is missing.",
    ),
    tag="reports",
    body={JSON: data_of(AccidentClaimed, "AccidentReport", optional=("claim_id",))},
    examples={JSON: examples.ACCIDENT},
    answers=_TAKEN,
    problems=(404, 409),
    key=True,
)
async def post_accident(request: Request, principal: Signed) -> Response:
    """The `data` of an accident alone; the claim's id is made where it is missing."""
    return await _report(request, principal, report_accident)


@router.post("/deaths")
@describe(
    ("Laporkan kematian (JKM)", "Report a death (JKM)"),
    (
        "`data` kematian saja; nomor klaim dibuat bila tidak ada.",
        "The `data` of a death alone; the claim id is made where it is missing.",
    ),
    tag="reports",
    body={JSON: data_of(DeathClaimed, "DeathReport", optional=("claim_id",))},
    examples={JSON: examples.DEATH},
    answers=_TAKEN,
    problems=(404, 409),
    key=True,
)
async def post_death(request: Request, principal: Signed) -> Response:
    """The `data` of a death alone; as accidents."""
    return await _report(request, principal, report_death)


@router.post("/claims/{claim}/evidence")
@describe(
    ("Tambahkan bukti pada klaim", "Add evidence to a claim"),
    tag="reports",
    body={JSON: data_of(EvidenceAdded, "EvidenceReport", without=("claim_id",))},
    examples={JSON: examples.EVIDENCE},
    answers=_TAKEN,
    problems=(404, 409),
    path=_CLAIM,
    key=True,
)
async def post_evidence(request: Request, principal: Signed, claim: str) -> Response:
    """Sections and papers that are added to a claim."""
    return await _report(request, principal, add_evidence, claim)


@router.post("/claims/{claim}/appeals")
@describe(
    ("Ajukan keberatan", "Appeal"),
    tag="reports",
    body={JSON: data_of(ClaimAppealed, "AppealReport", without=("claim_id",))},
    examples={JSON: examples.APPEAL},
    answers=_TAKEN,
    problems=(404, 409),
    path=_CLAIM,
    key=True,
)
async def post_appeal(request: Request, principal: Signed, claim: str) -> Response:
    """An officer is to look at the claim again."""
    return await _report(request, principal, appeal, claim)


@router.post("/reviews")
@describe(
    ("Putuskan klaim yang dirujuk", "Rule on a referred claim"),
    tag="officers",
    body={JSON: data_of(ClaimReviewed, "ReviewReport")},
    examples={JSON: examples.REVIEW},
    answers=_TAKEN,
    problems=(404, 409),
    key=True,
)
async def post_review(request: Request, principal: Signed) -> Response:
    """An officer's ruling on a claim."""
    return await _report(request, principal, review)


@router.post("/reviews/preview")
@describe(
    ("Lihat dahulu akibat suatu putusan", "See first what a ruling would lead to"),
    (
        "Isinya sama dengan putusan; tidak ada yang dikirim atau disimpan.",
        "It takes what a ruling takes; nothing is sent or stored.",
    ),
    tag="officers",
    body={JSON: data_of(ClaimReviewed, "ReviewReport")},
    examples={JSON: examples.REVIEW},
    answers={200: Answer({JSON: RulingPreview}, ("Content-Language",))},
    problems=(404,),
)
async def post_preview(request: Request, principal: Signed) -> Response:
    """What a ruling would lead to. It takes what a review takes; nothing is sent."""
    language = language_of(request)
    data = await _data_of(request)
    try:
        found = await call(request, preview_ruling, principal, data, language)
    except Poison as poison:
        return answer(problem_of(poison, prefix=DATA), language)
    return _json(found, 200, {"Content-Language": language})


@router.post("/settlements")
@describe(
    ("Laporkan pembayaran", "Report a payment"),
    (
        "Sampai pada penerima, atau gagal (`failed_on`).",
        "It reached its payee, or failed (`failed_on`).",
    ),
    tag="payments",
    body={JSON: _settlement_schema},
    examples={JSON: examples.SETTLEMENT},
    answers=_TAKEN,
    problems=(404, 409),
    key=True,
)
async def post_settlement(request: Request, principal: Signed) -> Response:
    """A payout that reached its payee, or did not."""
    return await _report(request, principal, settle)


async def _report(request: Request, principal: Signed, operation: Callable[..., Receipt], *args: str) -> Response:
    data = await _data_of(request)
    key = request.headers.get("idempotency-key", "")
    try:
        is_quick = operation in (report_accident, report_death)
        receipt = await call(request, operation, principal, *args, key, data, is_quick=is_quick)
        _count(request, receipt)
        return _received(receipt)
    except (Denied, NotFound):
        _count(request, None)
        raise
    except (Poison, IdReused) as refusal:
        _count(request, None)
        if isinstance(refusal, Poison) and not key:
            refusal = Poison(refusal.reason, *(_NO_KEY if one.field == "id" else one for one in refusal.errors))
        return answer(problem_of(refusal, prefix=DATA), language_of(request))


async def _data_of(request: Request) -> dict[str, Any]:
    if media_type_of(request) != JSON:
        raise wrong_media_type(CONTENT_TYPE_WANTED)
    return object_of(await body_of(request, MAX_EVENT_BYTES))


async def _post_batch(request: Request, principal: Signed) -> Response:
    """Answered item by item: 207 where they differ."""
    documents = json_of(await body_of(request, MOST_REQUEST_BYTES))
    if not isinstance(documents, list) or not documents:
        raise Poison("INVALID", FieldError("event", "write a list in square brackets"))
    if len(documents) > MOST_EVENTS:
        raise ProblemError("LENGTH")
    found = await call(request, submit_events, principal, [orjson.dumps(one) for one in documents])
    for one in found:
        _count(request, one)
    items = [_item(request, one) for one in found]
    statuses = {item["status"] for item in items}
    return _json(items, statuses.pop() if len(statuses) == 1 else 207)


def _item(request: Request, found: Receipt | Exception) -> dict[str, Any]:
    if isinstance(found, Receipt):
        return {"status": _status_of(found), "receipt": receipt_document(found)}
    problem = problem_of(found)
    if problem.status == 403:
        log_refusal(request, problem.code)
    return {"status": problem.status, "problem": problem.document(language_of(request))}


def _count(request: Request, found: Receipt | Exception | None) -> None:
    fate = "refused" if not isinstance(found, Receipt) else "repeated" if found.is_repeated else "accepted"
    gateway_of(request).metrics.note_event(fate)


def log_refusal(request: Request, reason: str) -> None:
    """A security event: who tried what it may not."""
    who, address = request.scope.get("principal"), address_of(request)
    note_refusal(gateway_of(request), who, reason, 403, "a request was refused", address)


def _received(receipt: Receipt) -> Response:
    headers = {"Idempotent-Replayed": "true"} if receipt.is_repeated else {}
    if receipt.claim_id is not None and (address := claim_address(receipt.claim_id)) is not None:
        headers["Location"] = address
    return _json(receipt_document(receipt), _status_of(receipt), headers)


def claim_address(claim_id: str) -> str | None:
    """None: an address holds nothing that could be a NIK."""
    return None if _LONG_NUMBER.search(claim_id) else f"/v1/claims/{claim_id}"


def _status_of(receipt: Receipt) -> int:
    return 200 if receipt.is_repeated else 202


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    return {name: getattr(receipt, name) for name in Receipt.__slots__ if name != "is_repeated"}


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def _attributes(request: Request) -> dict[str, Any]:
    """Of a CloudEvent in binary mode; a header has its value percent-encoded where it is not printable ASCII."""
    found = {
        name.removeprefix(_ATTRIBUTE): unquote(value)
        for name, value in request.headers.items()
        if name.startswith(_ATTRIBUTE)
    }
    return found | {"datacontenttype": JSON}
