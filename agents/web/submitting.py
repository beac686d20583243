"""Routes that take something in: events, reports of accidents and deaths, evidence, appeals, reviews, settlements."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from agents.web.gate import (
    MOST_REQUEST_BYTES,
    Signed,
    body_of,
    call,
    gateway_of,
    language_of,
    media_type_of,
    note_refusal,
)
from agents.web.problems import ProblemError, answer, problem_of
from pipeline.errors import Poison
from pipeline.operations.front_office import Receipt
from pipeline.operations.reports import (
    add_evidence,
    appeal,
    report_accident,
    report_death,
    review,
    settle,
    submit_events,
)
from pipeline.operations.rulings import preview_ruling
from schemas.decisions import FieldError
from schemas.events import Refused, refuse_duplicate_keys
from schemas.values import MAX_EVENT_BYTES

MOST_EVENTS: Final = 1000
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
_NO_KEY: Final = "is missing; add an id of your own for this report, and the same one when it is sent again"
_ATTRIBUTE: Final = "ce-"

router = APIRouter(prefix="/v1")


@router.post("/events")
async def post_events(request: Request, principal: Signed) -> Response:
    """One CloudEvent, structured or binary, or a batch of them."""
    media_type = media_type_of(request)
    if media_type == BATCH:
        return await _post_batch(request, principal)
    if media_type == STRUCTURED:
        raw = await body_of(request, MAX_EVENT_BYTES)
    elif media_type == JSON and "ce-type" in request.headers:
        raw = orjson.dumps(_attributes(request) | {"data": object_of(await body_of(request, MAX_EVENT_BYTES))})
    else:
        raise ProblemError("MEDIA_TYPE")
    [found] = await call(request, submit_events, principal, [raw])
    if isinstance(found, Exception):
        raise found
    return _received(found)


@router.post("/accidents")
async def post_accident(request: Request, principal: Signed) -> Response:
    """The `data` of an accident alone; the claim's id is made where it is missing."""
    return await _report(request, principal, report_accident)


@router.post("/deaths")
async def post_death(request: Request, principal: Signed) -> Response:
    """The `data` of a death alone; as accidents."""
    return await _report(request, principal, report_death)


@router.post("/claims/{claim}/evidence")
async def post_evidence(request: Request, principal: Signed, claim: str) -> Response:
    """Sections and papers that are added to a claim."""
    return await _report(request, principal, add_evidence, claim)


@router.post("/claims/{claim}/appeals")
async def post_appeal(request: Request, principal: Signed, claim: str) -> Response:
    """An officer is to look at the claim again."""
    return await _report(request, principal, appeal, claim)


@router.post("/reviews")
async def post_review(request: Request, principal: Signed) -> Response:
    """An officer's ruling on a claim."""
    return await _report(request, principal, review)


@router.post("/reviews/preview")
async def post_preview(request: Request, principal: Signed) -> Response:
    """What a ruling would lead to. It takes what a review takes; nothing is sent."""
    language = language_of(request)
    data = await _data_of(request)
    try:
        found = await call(request, preview_ruling, principal, data, language)
    except Poison as poison:
        return answer(problem_of(poison, prefix="data."), language)
    return _json(found, 200, {"Content-Language": language})


@router.post("/settlements")
async def post_settlement(request: Request, principal: Signed) -> Response:
    """A payout that reached its payee, or did not."""
    return await _report(request, principal, settle)


async def _report(request: Request, principal: Signed, operation: Callable[..., Receipt], *args: str) -> Response:
    data = await _data_of(request)
    try:
        if not (key := request.headers.get("idempotency-key", "")):
            raise Poison("INVALID", FieldError("id", _NO_KEY))
        is_quick = operation in (report_accident, report_death)
        return _received(await call(request, operation, principal, *args, key, data, is_quick=is_quick))
    except Poison as poison:
        return answer(problem_of(poison, prefix="data."), language_of(request))


async def _data_of(request: Request) -> dict[str, Any]:
    if media_type_of(request) != JSON:
        raise ProblemError("MEDIA_TYPE")
    return object_of(await body_of(request, MAX_EVENT_BYTES))


async def _post_batch(request: Request, principal: Signed) -> Response:
    """Answered item by item: 207 where they differ."""
    documents = _json_of(await body_of(request, MOST_REQUEST_BYTES))
    if not isinstance(documents, list) or not documents:
        raise Poison("INVALID", FieldError("event", "write a list in square brackets"))
    if len(documents) > MOST_EVENTS:
        raise ProblemError("LENGTH")
    found = await call(request, submit_events, principal, [orjson.dumps(one) for one in documents])
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


def log_refusal(request: Request, reason: str) -> None:
    """A security event: who tried what it may not."""
    note_refusal(gateway_of(request), request.scope.get("principal"), reason, 403, "a request was refused")


def _received(receipt: Receipt) -> Response:
    headers = {"Idempotent-Replayed": "true"} if receipt.is_repeated else {}
    if receipt.claim_id is not None:
        headers["Location"] = f"/v1/claims/{receipt.claim_id}"
    return _json(receipt_document(receipt), _status_of(receipt), headers)


def _status_of(receipt: Receipt) -> int:
    return 200 if receipt.is_repeated else 202


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    return {name: getattr(receipt, name) for name in Receipt.__slots__ if name != "is_repeated"}


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def _attributes(request: Request) -> dict[str, Any]:
    """Of a CloudEvent in binary mode."""
    found = {name.removeprefix(_ATTRIBUTE): value for name, value in request.headers.items() if name[:3] == _ATTRIBUTE}
    return found | {"datacontenttype": JSON}


def object_of(raw: bytes) -> dict[str, Any]:
    found = _json_of(raw)
    if not isinstance(found, dict):
        raise Poison("INVALID", FieldError("event", "write an object in braces"))
    return found


def _json_of(raw: bytes) -> Any:
    """Raises Poison: NOT_JSON, DUPLICATE_KEY."""
    try:
        refuse_duplicate_keys(raw)
        return orjson.loads(raw)
    except Refused as refused:
        raise Poison(refused.reason, *refused.errors) from None
    except orjson.JSONDecodeError:
        raise Poison("NOT_JSON") from None
