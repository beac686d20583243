"""`/fhir`: the same operations as `/v1`, for who speaks FHIR R4. An application of its own, mounted by the gateway.

Every refusal is an OperationOutcome. Its contract is the CapabilityStatement, not OpenAPI.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

from agents.fhir.capability import capability_statement
from agents.fhir.claims import Report, read_claim_resource
from agents.fhir.eligibility import Question, eligibility_response, read_eligibility_request
from agents.fhir.faults import HTTP, Fault, below, distinct, fault, operation_outcome
from agents.fhir.responses import bundle, claim_response, queued_response
from agents.fhir.systems import CLAIM, Json
from agents.web.asking import Wait, waited
from agents.web.bodies import object_of
from agents.web.gate import (
    Gateway,
    Signed,
    body_of,
    call,
    gateway_of,
    in_thread,
    language_of,
    log,
    media_type_of,
    wrong_media_type,
)
from agents.web.messages import in_indonesian
from agents.web.problems import HEADER, Problem, ProblemError, own, problem_of
from agents.web.submitting import log_refusal
from pipeline.access.principals import Principal
from pipeline.access.roles import Denied, grant_of
from pipeline.errors import Poison, SantunanError
from pipeline.explain import Language
from pipeline.operations.cover import check_cover
from pipeline.operations.fate import ReportRefused
from pipeline.operations.front_office import IdReused, Receipt
from pipeline.operations.reading import ClaimView, read_claim
from pipeline.operations.reports import report_accident, report_death
from pipeline.queries.pages import NotFound
from schemas.claims import AccidentClaimed, DeathClaimed
from schemas.decisions import FieldError
from schemas.envelope import document
from schemas.events import Refused, parse
from schemas.values import MAX_EVENT_BYTES, Date

MEDIA_TYPE: Final = "application/fhir+json"
_JSON: Final = (MEDIA_TYPE, "application/json")
_VERSIONS: Final = ("4.0", "4.0.1")  # as `fhirVersion` of a media type names R4
_FORM: Final = "application/x-www-form-urlencoded"
_QUESTION_BYTES: Final = 16_384
_FORM_BYTES: Final = 4_096
_PARAMETERS: Final = ("identifier", "request", "request:identifier")
_OPERATIONS: Final[Mapping[str, Callable[..., Receipt]]] = {"JKK": report_accident, "JKM": report_death}
_EVENTS: Final = {"JKK": AccidentClaimed, "JKM": DeathClaimed}
# FHIR's type of an issue, of our problems; what is not here is `invalid`.
_ISSUES: Final[Mapping[str, str]] = {
    "KEY_NEEDED": "login",
    "NOT_ALLOWED": "forbidden",
    "SOURCE_FORGED": "forbidden",
    "NOT_FOUND": "not-found",
    "METHOD": "not-supported",
    "MEDIA_TYPE": "not-supported",
    "SLOW": "timeout",
    "LENGTH": "too-long",
    "RATE": "throttled",
    "AWAY": "transient",
    "BUG": "exception",
    "ID_REUSED": "conflict",
    "NOT_JSON": "structure",
    "DUPLICATE_KEY": "structure",
}


class Unreadable(Exception):
    """A resource with faults. `code`: ours of the whole refusal."""

    def __init__(self, faults: list[Fault], code: str = "INVALID", status: int = 422) -> None:
        super().__init__(code)
        self.faults = distinct(faults)
        self.code = code
        self.status = status


def make_fhir_app(gateway: Gateway) -> FastAPI:
    wanted = [Depends(_json_wanted)]
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, dependencies=wanted)
    app.state.gateway = gateway
    app.add_api_route("/metadata", get_metadata, methods=["GET"])
    app.add_api_route("/Claim/$submit", submit_claim, methods=["POST"])
    for path in ("/CoverageEligibilityRequest", "/CoverageEligibilityRequest/$submit"):
        app.add_api_route(path, ask_eligibility, methods=["POST"])
    app.add_api_route("/ClaimResponse", search_responses, methods=["GET"])
    app.add_api_route("/ClaimResponse/_search", search_responses, methods=["POST"])
    for kind in (SantunanError, ProblemError, Unreadable, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _refused)
    return app


async def _json_wanted(request: Request) -> None:
    """Raises HTTPException (406) where only another form is asked for, such as XML."""
    accepted = request.headers.get("accept", "*/*")
    if not re.search(r"json|\*/\*|application/\*", accepted) or not _is_r4(accepted):
        raise HTTPException(406)
    _require_json(request.query_params.getlist("_format"))


def _is_r4(media_type: str) -> bool:
    """Whether no other version of FHIR is named: the same element may mean something else there."""
    return all(one in _VERSIONS for one in re.findall(r"fhirversion *= *\"?([^\s\";,]*)", media_type.lower()))


def _require_json(formats: Iterable[str]) -> None:
    if any("json" not in one for one in formats):
        raise HTTPException(406)


async def get_metadata(request: Request) -> Response:
    return _answer(capability_statement(language_of(request)))


async def submit_claim(request: Request, principal: Signed, wait: Wait = 0) -> Response:
    """`Claim/$submit`: reports an accident (JKK) or a death (JKM)."""
    resource = await _resource(request, "Claim", MAX_EVENT_BYTES)
    gateway, language = gateway_of(request), language_of(request)
    report = await in_thread(gateway, lambda: read_claim_resource(resource))
    names = [_OPERATIONS[one].__name__ for one in ([report.program] if report.program else _OPERATIONS)]
    _require_right(principal, *names)
    _require_own_name(principal, report.provider, names[0])
    key = request.headers.get("idempotency-key") or report.key
    faults = _faults_of(report, principal, gateway.front.now())
    if key is None:
        faults.append(fault("key", "Claim.identifier"))
    if faults or report.program is None or key is None:
        raise Unreadable(faults)
    try:
        receipt = await call(request, _OPERATIONS[report.program], principal, key, report.data)
    except IdReused as reused:
        [error] = problem_of(reused).errors
        place = f"{HTTP}Idempotency-Key" if "idempotency-key" in request.headers else report.place_of("id")
        said = Fault("conflict", place, in_indonesian(error.message), error.message)
        raise Unreadable([said], "ID_REUSED", 409) from None
    except Poison as poison:
        if not poison.errors:
            raise
        raise Unreadable([_of_field(one, report.place_of) for one in poison.errors], poison.reason) from None
    assert receipt.claim_id is not None
    try:
        view = await _claim(request, principal, receipt.claim_id, wait)
    except ReportRefused as refused:  # by a worker, after it was received
        fate = refused.fate
        raise Unreadable([_of_field(one, report.place_of) for one in fate.errors], str(fate.reason)) from None
    except ProblemError:  # too many wait already; it is received, so the answer is that it is queued
        view = None
    made = (
        claim_response(view, principal.name, language, receipt.digest)
        if view is not None
        else queued_response(receipt.claim_id, principal.name, receipt.received_at, language, receipt.digest)
    )
    return _answer(made, headers={"Idempotent-Replayed": "true"} if receipt.is_repeated else {})


async def ask_eligibility(request: Request, principal: Signed) -> Response:
    resource = await _resource(request, "CoverageEligibilityRequest", _QUESTION_BYTES)
    question: Question = await in_thread(gateway_of(request), lambda: read_eligibility_request(resource))
    _require_right(principal, "check_cover")
    _require_own_name(principal, question.provider, "check_cover")
    faults = list(question.faults)
    places = {"member": "patient.identifier.value", "day": "servicedDate"}
    try:
        day = TypeAdapter(Date).validate_python(question.day)
    except ValidationError:
        faults.append(fault("form", "CoverageEligibilityRequest.servicedDate"))
    if faults:
        raise Unreadable(faults)
    language = language_of(request)
    asked: dict[str, Any] = {"member": question.member, "program": question.program, "day": day}
    try:
        cover = await call(request, check_cover, principal, **asked, language=language)
    except Poison as poison:
        named = [_of_field(one, lambda field: f"CoverageEligibilityRequest.{places[field]}") for one in poison.errors]
        raise Unreadable(named) from None
    return _answer(eligibility_response(question, cover, principal.name, gateway_of(request).front.now(), language))


async def search_responses(request: Request, principal: Signed, wait: Wait = 0) -> Response:
    """By the claim's number. One that is not the caller's is not found, as one that does not exist."""
    asked = await _parameters(request)
    unknown = [name for name in asked if name not in _PARAMETERS]
    named = [value for values in asked.values() for value in values]
    if unknown or len(named) != 1:
        only = "identifier=urn:santunan:claim|…, request:identifier=urn:santunan:claim|…, request=Claim/…"
        raise Unreadable([fault("value", "", only)])
    _require_right(principal, "read_claim")
    system, _, number = named[0].removeprefix("Claim/").rpartition("|")
    view = await _claim(request, principal, number, wait) if system in ("", CLAIM) else None
    found = [claim_response(view, principal.name, language_of(request))] if view is not None else []
    return _answer(bundle(found, f"{request.base_url}fhir/ClaimResponse"))


async def _claim(request: Request, principal: Principal, claim_id: str, wait: int) -> ClaimView | None:
    """None: not decided within `wait` seconds, or not the principal's. Raises ReportRefused where what the principal
    sent about it was refused."""

    async def ask() -> ClaimView:
        return await call(request, read_claim, principal, claim_id, language_of(request))

    try:
        return await waited(request, wait, ask, lambda view: view.revision > 0)
    except ReportRefused:
        raise
    except NotFound:
        return None


async def _resource(request: Request, kind: str, most: int) -> Json:
    if media_type_of(request) not in _JSON or not _is_r4(request.headers["content-type"]):
        raise wrong_media_type(f"write {MEDIA_TYPE}")
    try:
        found = object_of(await body_of(request, most))
    except Poison as poison:
        status = problem_of(poison).status
        kinds = _ISSUES.get(poison.reason, "invalid")
        raise Unreadable([_of_body(one, kind, kinds) for one in poison.errors], poison.reason, status) from None
    if found.get("resourceType") != kind:
        raise Unreadable([fault("value", "resourceType", kind)])
    return found


async def _parameters(request: Request) -> dict[str, list[str]]:
    """Of the address, and of the body where it is a form: a search by POST keeps them out of logs."""
    found = parse_qs(request.url.query, keep_blank_values=True)
    found.pop("wait", None)  # read as a parameter of the route
    if request.method == "POST":
        if media_type_of(request) != _FORM:
            raise wrong_media_type(f"write {_FORM}")
        form = (await body_of(request, _FORM_BYTES)).decode("utf-8", "replace")
        for name, values in parse_qs(form, keep_blank_values=True).items():
            found.setdefault(name, []).extend(values)
    _require_json(found.pop("_format", []))
    return found


def _require_right(principal: Principal, *operations: str) -> None:
    """To one of these. Asked before faults are named: who may not do this learns nothing of what is wrong with it."""
    refusals = []
    for one in operations:
        try:
            grant_of(principal, one)
        except Denied as denied:
            refusals.append(denied)
    if len(refusals) == len(operations):
        raise refusals[0]


def _require_own_name(principal: Principal, provider: str | None, operation: str) -> None:
    if provider is not None and provider != principal.name:
        raise Denied("SOURCE_FORGED", operation)


def _faults_of(report: Report, principal: Principal, now: dt.datetime) -> list[Fault]:
    """What FHIR refuses, and in the same answer what the event's schema would refuse."""
    if report.program is None or not report.faults:
        return report.faults
    data = {"claim_id": "x", **report.data}
    event = document(_EVENTS[report.program], event_id="x", source=principal.name, time=now, data=data)
    try:
        parse(orjson.dumps(event))
    except Refused as refused:
        return [*report.faults, *[_of_field(one, report.place_of) for one in refused.errors]]
    return report.faults


def _of_body(error: FieldError, resource: str, kind: str) -> Fault:
    """Of JSON before it is read as a resource: `item.0.net` -> `Claim.item[0].net`."""
    parts = [] if error.field == "event" else error.field.split(".")
    place = below(resource, *[int(one) if one.isdecimal() else one for one in parts])
    return Fault(kind, place, in_indonesian(error.message), error.message)


def _of_field(error: FieldError, place_of: Callable[[str], str]) -> Fault:
    return Fault("invalid", place_of(error.field), in_indonesian(error.message), error.message)


async def _refused(request: Request, error: Exception) -> Response:
    language = language_of(request)
    if isinstance(error, Unreadable):
        return _answer(operation_outcome(error.code, error.faults, language), error.status)
    problem = _problem_of(error)
    if problem.status == 403:
        log_refusal(request, problem.code)
    elif problem.status >= 500:
        log.error("a request could not be served: %s", type(error).__name__, extra={"status": problem.status})
    return _answer(_outcome_of(problem, request, language), problem.status, dict(problem.headers))


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, RequestValidationError):
        return Problem(
            "INVALID", 422, tuple(FieldError(f"{HEADER}{one['loc'][-1]}", one["msg"]) for one in error.errors())
        )
    if isinstance(error, HTTPException):
        if error.status_code == 406:
            return Problem("MEDIA_TYPE", 406, (FieldError(f"{HEADER}Accept", "write application/fhir+json"),))
        codes = {404: "NOT_FOUND", 405: "METHOD"}
        return own(codes.get(error.status_code, "BUG"), error.headers)
    return problem_of(error)


def _outcome_of(problem: Problem, request: Request, language: Language) -> Json:
    kind = _ISSUES.get(problem.code, "invalid")
    said = {one: str(problem.document(one)["detail"]) for one in ("id", "en")}
    resource = request.url.path.removeprefix("/fhir/").split("/")[0]
    faults = [
        Fault(
            kind,
            f"{HTTP}{name}" if name != one.field else below(resource, name),
            in_indonesian(one.message),
            one.message,
        )
        for one in problem.errors
        for name in [one.field.removeprefix(HEADER)]
    ]
    if problem.code == "SOURCE_FORGED":
        faults = [fault("provider", f"{resource}.provider")]
    return operation_outcome(problem.code, faults or [Fault(kind, "", said["id"], said["en"])], language)


def _answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)
