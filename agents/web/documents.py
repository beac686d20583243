"""Routes of the documents: OpenAPI and AsyncAPI, as JSON and as pages to read without internet and without script."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, FastAPI, Query, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.web.describing import HTML, JSON, Answer, describe
from agents.web.gate import language_of
from agents.web.openapi import openapi_document
from agents.web.reference import LABELS, events_view, reference_view
from pipeline.explain import Language
from schemas.asyncapi import asyncapi_document

_HERE: Final = Path(__file__).parent
STYLE: Final = (_HERE / "static" / "docs.css").read_bytes()
# Wider than an answer of the API by one thing: the stylesheet of this gateway.
POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGES: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_LANGUAGES: Final = ("Content-Language",)
_OBJECT: Final = {"type": "object"}
_TEXT: Final = {"type": "string"}

Lang = Annotated[Literal["id", "en"] | None, Query()]
router = APIRouter()


@router.get("/openapi.json")
@describe(
    ("Dokumen OpenAPI 3.1", "The OpenAPI 3.1 document"),
    tag="documents",
    answers={200: Answer({JSON: _OBJECT}, _LANGUAGES)},
    signed=False,
)
async def get_openapi_document(request: Request, lang: Lang = None) -> Response:
    language = lang or language_of(request)
    return _answer(orjson.dumps(_document(request.app, language)), JSON, language)


@router.get("/asyncapi.json")
@describe(
    ("Dokumen AsyncAPI 3", "The AsyncAPI 3 document"),
    tag="documents",
    answers={200: _OBJECT},
    signed=False,
)
async def get_asyncapi_document(request: Request) -> Response:
    return Response(orjson.dumps(_events()), 200, {}, JSON)


@router.get("/docs")
@describe(
    ("API ini untuk dibaca", "This API, to read"),
    tag="documents",
    answers={200: Answer({HTML: _TEXT}, _LANGUAGES)},
    signed=False,
)
async def get_docs(request: Request, lang: Lang = None) -> Response:
    language = lang or language_of(request)
    return _answer(_reference_page(request.app, language), HTML, language)


@router.get("/docs/events")
@describe(
    ("Kejadian untuk dibaca", "The events, to read"),
    tag="documents",
    answers={200: Answer({HTML: _TEXT}, _LANGUAGES)},
    signed=False,
)
async def get_docs_of_events(request: Request, lang: Lang = None) -> Response:
    language = lang or language_of(request)
    return _answer(_events_page(language), HTML, language)


@router.get("/docs/docs.css", include_in_schema=False)
async def get_style() -> Response:
    return Response(STYLE, 200, {"Cache-Control": "max-age=3600"}, "text/css")


def _answer(body: bytes, media_type: str, language: Language) -> Response:
    headers = {"Content-Language": language, "Cache-Control": "no-cache"}
    if media_type == HTML:
        headers["Content-Security-Policy"] = POLICY
    return Response(body, 200, headers, media_type)


@lru_cache(maxsize=4)
def _document(app: FastAPI, language: Language) -> dict[str, Any]:
    return openapi_document(app, language)


@lru_cache(maxsize=1)
def _events() -> dict[str, Any]:
    return asyncapi_document()


@lru_cache(maxsize=4)
def _reference_page(app: FastAPI, language: Language) -> bytes:
    view = reference_view(_document(app, language), language)
    return _page("reference.html", language, "/docs", view)


@lru_cache(maxsize=2)
def _events_page(language: Language) -> bytes:
    return _page("events.html", language, "/docs/events", events_view(_events(), language))


def _page(template: str, language: Language, path: str, view: dict[str, Any]) -> bytes:
    found = _PAGES.get_template(template).render(language=language, path=path, say=LABELS[language], **view)
    return found.encode()
