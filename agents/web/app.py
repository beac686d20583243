"""The application: routes, limits before them, and every refusal as a problem. One line a request in the log, with the
route's pattern in place of the address."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from agents.web import (
    asking,
    coverage,
    documents,
    dossier_routes,
    exports,
    hooks,
    imports,
    moments,
    oidc,
    papers,
    samples,
    session,
    signals,
    statistics,
    submitting,
    working,
)
from agents.web.describing import Answer, describe
from agents.web.fhir_absent import make_absent_app
from agents.web.gate import IS_FULL, IS_HEAD, Gateway, gateway_of, in_thread, language_of, log
from agents.web.metrics import NO_ROUTE
from agents.web.pages import (
    access,
    audit,
    claims,
    entry,
    frame,
    front,
    known,
    law,
    letters,
    proofs,
    protection,
    queue,
    reports,
    resume,
    scans,
    sheets,
    state,
    work,
)
from agents.web.pages import coverage as coverage_pages
from agents.web.pages import moments as moment_pages
from agents.web.pages import signals as signal_pages
from agents.web.pages import statistics as statistics_pages
from agents.web.parameters import only_known
from agents.web.problems import QUERY, Problem, ProblemError, answer, own, problem_of
from pipeline.errors import SantunanError, Transient
from pipeline.queries.submissions import last_chunk
from schemas.bundle import Schema
from schemas.decisions import FieldError

READY_SECONDS: Final = 2.0
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer a browser sends `Origin: null` from our own forms, too
    (b"vary", b"Accept, Accept-Language, Authorization, Cookie"),
    (b"x-content-type-options", b"nosniff"),
)
_POLICY: Final = b"content-security-policy"
_API_POLICY: Final = b"default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_STATUS: Final[Schema] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"enum": ["ok", "unavailable"]}},
}
_RETRY: Final = {"Retry-After": "2", "Connection": "close"}
_OF_STATUS: Final = {404: "NOT_FOUND", 405: "METHOD"}

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def make_app(gateway: Gateway) -> FastAPI:
    app = FastAPI(title="Santunan", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.gateway = gateway
    for router in (
        submitting.router,
        asking.router,
        moments.router,
        working.router,
        hooks.router,
        papers.router,
        dossier_routes.router,
        imports.router,
        exports.router,
        coverage.router,
        statistics.router,
        signals.router,
        samples.router,
        documents.router,
        entry.router,
        resume.router,
        front.router,
        claims.router,
        reports.router,
        sheets.router,
        known.router,
        coverage_pages.router,
        statistics_pages.router,
        protection.router,
        signal_pages.router,
        proofs.router,
        work.router,
        queue.router,
        scans.router,
        law.router,
        letters.router,
        state.router,
        access.router,
        audit.router,
        moment_pages.router,
    ):
        app.include_router(router)
    for router in (session.router, oidc.router):  # most of it asks for no key
        app.include_router(router, dependencies=[Depends(only_known)])
    if find_spec("fhir") is not None:  # the extra `fhir` is installed
        from agents.web.fhir import make_fhir_app

        app.mount("/fhir", make_fhir_app(gateway))
    else:
        app.mount("/fhir", make_absent_app(gateway))
    app.add_api_route("/health", _health, methods=["GET"])
    app.add_api_route("/ready", _ready, methods=["GET"])
    app.add_api_route("/metrics", _metrics, methods=["GET"])
    app.add_exception_handler(SantunanError, _refused)
    app.add_exception_handler(ProblemError, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_middleware(Guard)
    return app


class Guard:
    """Headers of every answer that it has not itself, its line in the log, and its place in the metrics."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, asked_by = time.perf_counter(), scope["method"]
        if asked_by == "HEAD":  # as GET; the server keeps the body to itself
            scope = {**scope, "method": "GET", IS_HEAD: True}

        has_begun = False

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                own = [*message.get("headers", ())]
                there = {name.lower() for name, _ in own}  # what is printed or downloaded has a policy of its own
                ours = (*_HEADERS, (_POLICY, _policy_of(scope)))
                message["headers"] = [*own, *(one for one in ours if one[0] not in there)]
                pattern = getattr(scope.get("route"), "path", NO_ROUTE)
                seconds = time.perf_counter() - began
                text = f"{asked_by if pattern[0] == '/' else 'request'} {pattern} {seconds * 1000:.1f} ms"
                event = {"source": scope.get("principal"), "status": message["status"], "address": _address(scope)}
                log.info(text, extra=event)
                metrics = scope["app"].state.gateway.metrics
                metrics.note_request(asked_by, pattern, message["status"], seconds)
            await send(message)

        app = self._app if IS_FULL not in scope else answer(own("AWAY", _RETRY), language_of(Request(scope)))
        try:
            await app(scope, receive, send_guarded)
        except asyncio.CancelledError:  # the process ends, and this request took longer than it waits
            if has_begun or not scope["app"].state.gateway.leaving.is_set():
                raise
            away = problem_of(Transient("the gateway is leaving"))
            await answer(away, language_of(Request(scope)))(scope, receive, send_guarded)
        except Exception:  # a bug: answered here, so that its answer is like the others; the server logs where it was
            if not has_begun:
                await _answered(Request(scope), own("BUG"))(scope, receive, send_guarded)
            raise


def _address(scope: Scope) -> str | None:
    return scope["client"][0] if scope.get("client") else None


def is_page(scope: Scope) -> bool:
    """Whether a person's browser asks for a page of ours, or for an address that does not exist."""
    route = scope.get("route")
    if route is not None:
        return "pages" in getattr(route, "tags", ())
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _policy_of(scope: Scope) -> bytes:
    return frame.POLICY.encode() if is_page(scope) else _API_POLICY


@describe(("Layanan berjalan", "The service runs"), tag="state", answers={200: _STATUS}, signed=False)
async def _health(request: Request) -> Response:
    """The answer itself shows that the process runs."""
    return Response(orjson.dumps({"status": "ok"}), media_type="application/json")


@describe(
    ("Kejadian sedang diterima", "Events are taken in"), tag="state", answers={200: _STATUS, 503: _STATUS}, signed=False
)
async def _ready(request: Request) -> Response:
    """Whether events are taken in now, as far as a trivial read of the store shows."""
    gateway = gateway_of(request)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await in_thread(gateway, partial(last_chunk, gateway.front.store))
        is_ready = gateway.is_ready()
    except (SantunanError, TimeoutError):
        is_ready = False
    status = ("ok", 200) if is_ready else ("unavailable", 503)
    return Response(orjson.dumps({"status": status[0]}), status[1], media_type="application/json")


@describe(
    ("Angka untuk Prometheus", "Figures for Prometheus"),
    tag="state",
    answers={200: Answer({"text/plain": {"type": "string"}})},
    signed=False,
)
async def _metrics(request: Request) -> Response:
    """Without a word of who asked for what."""
    return Response(gateway_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def _refused(request: Request, error: Exception) -> Response:
    asks = request.method == "GET"  # and has no body, so what is wrong is in the address
    problem = problem_of(error, prefix=QUERY if asks else "")
    if problem.status == 401 and request.method == "POST" and is_page(request.scope):
        kept = await resume.kept_form(request)
        if kept is not None:
            return resume.door_with(request, kept)
    if problem.status == 403:
        submitting.log_refusal(request, problem.code)
    elif problem.status >= 500:
        log.error("a request could not be served: %s", type(error).__name__, extra={"status": problem.status})
    return _answered(request, problem)


async def _wrong_parameter(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = tuple(FieldError(str(one["loc"][-1]), one["msg"]) for one in error.errors())
    return _answered(request, Problem("INVALID", 422, faults, prefix=QUERY))


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {**(error.headers or {})}
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(methods_at(request.app, request.scope["path"])))
    return _answered(request, own(_OF_STATUS.get(error.status_code, "BUG"), headers))


def methods_at(app: FastAPI, path: str) -> set[str]:
    """All that some route has at this address; the router names those of the first route alone."""
    contexts = [one for one in iter_route_contexts(app.routes) if one.path and one.methods]
    found = [one.methods or set() for one in contexts if compile_path(str(one.path))[0].match(path)]
    allowed = {method for methods in found for method in methods}
    return allowed | ({"HEAD"} if "GET" in allowed else set())


def _answered(request: Request, problem: Problem) -> Response:
    return frame.refused(request, problem) if is_page(request.scope) else answer(problem, language_of(request))
