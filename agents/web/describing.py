"""Descriptions of routes, beside them: what the OpenAPI document and its page say.

A route of the API gets one line above its function:

    @router.post("/accidents")
    @describe(("Laporkan kecelakaan", "Report an accident"), tag="reports", body=..., answers={202: Receipt})
    async def post_accident(...): ...

`answers` and `body` hold shapes: a dataclass or model, a JSON Schema, or a function of the bundle that returns one
(`data_of`, `page_of`, `rows_of`, `events`). Path and query parameters come from the function's signature; what is said
of them is in `agents.web.openapi.PARAMETERS`. Refusals that every signed route has (401, 403, 429, 503) need no word;
`problems` names the others. Each tag, parameter and status has its words in `agents.web.openapi`; each JSON body an
example, which the test sends, as an office or as `ABLE` says. A route without a description fails
`tests/agents/web/test_openapi.py`; a page for people is left out by `include_in_schema=False`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from schemas.bundle import Bundle, Schema
from schemas.codes import CheckResult, Marker
from schemas.contract import json_schemas
from schemas.envelope import type_of
from schemas.events import EVENT_WRITERS

JSON: Final = "application/json"
HTML: Final = "text/html"
Words = tuple[str, str]  # Indonesian, English
Shape = type | Schema | Callable[[Bundle], Schema]
_NAMED_LATE: Final = {"CheckResult": CheckResult, "Marker": Marker}  # `pipeline.explain.parts` only names them
Route = TypeVar("Route", bound=Callable[..., Any])
SIGNED: Final = frozenset({401, 403, 429, 503})
BODY: Final = frozenset({408, 413, 415, 422})  # what a body can be refused with, and one of JSON with 400 besides


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: shapes by media type, and the headers that it may have."""

    content: Mapping[str, Shape] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """One operation. `key`: it wants an `Idempotency-Key`. `headers`: that a request may have, with what they are."""

    summary: Words
    detail: Words
    tag: str
    body: Mapping[str, Shape]
    examples: Mapping[str, Any]
    answers: Mapping[int, Answer]
    problems: frozenset[int]
    headers: Mapping[str, Words]
    path: Mapping[str, Schema]
    key: bool
    is_signed: bool


_DESCRIBED: Final[dict[Callable[..., Any], Described]] = {}


def describe(
    summary: Words,
    detail: Words = ("", ""),
    *,
    tag: str,
    answers: Mapping[int, Answer | Shape],
    body: Mapping[str, Shape] | None = None,
    examples: Mapping[str, Any] | None = None,
    problems: tuple[int, ...] = (),
    headers: Mapping[str, Words] | None = None,
    path: Mapping[str, Schema] | None = None,
    key: bool = False,
    signed: bool = True,
) -> Callable[[Route], Route]:
    """`examples`: of the body, by media type. `path`: narrower schemas of parameters of the address."""
    refusals = frozenset(problems) | (SIGNED if signed else frozenset()) | (BODY if body else frozenset())
    refusals |= frozenset({400} if any("json" in media_type for media_type in body or {}) else ())
    found = Described(
        summary,
        detail,
        tag,
        body or {},
        examples or {},
        {status: one if isinstance(one, Answer) else Answer({JSON: one}) for status, one in answers.items()},
        refusals,
        headers or {},
        path or {},
        key,
        signed,
    )

    def keep(route: Route) -> Route:
        _DESCRIBED[route] = found
        return route

    return keep


def description_of(endpoint: Callable[..., Any]) -> Described | None:
    return _DESCRIBED.get(endpoint)


def shaped(bundle: Bundle, shape: Shape) -> Schema:
    """The schema of a shape; a class is kept in the bundle under its name."""
    if isinstance(shape, type):
        return bundle.add(shape.__name__, schema_of(shape))
    return shape if isinstance(shape, dict) else shape(bundle)


def schema_of(kind: Any) -> Schema:
    """Of a dataclass or a model, as it is written in an answer."""
    adapter = TypeAdapter(kind)
    adapter.rebuild(_types_namespace=_NAMED_LATE)
    return adapter.json_schema(mode="serialization")


@lru_cache(maxsize=1)
def _published() -> Mapping[str, Schema]:
    """Made once: it takes a tenth of a second."""
    return json_schemas()


def page_of(row: type, *, most: int | None = 100) -> Callable[[Bundle], Schema]:
    """A page of such rows, with the cursor of the next one. `most` rows; None: as many as there are."""
    limit = {} if most is None else {"maxItems": most}

    def page(bundle: Bundle) -> Schema:
        return {
            "type": "object",
            "required": ["rows", "cursor", "more"],
            "properties": {
                "rows": {"type": "array", "items": shaped(bundle, row), **limit},
                "cursor": {"type": ["string", "null"], "description": "`after` of the next request"},
                "more": {"type": "integer", "minimum": 0, "description": "0: this page is the last"},
            },
        }

    return page


def rows_of(row: type) -> Callable[[Bundle], Schema]:
    """All such rows at once."""
    return lambda bundle: {
        "type": "object",
        "required": ["rows"],
        "properties": {"rows": {"type": "array", "items": shaped(bundle, row)}},
    }


def event_of(model: type) -> Callable[[Bundle], Schema]:
    """One CloudEvent of this type."""
    return lambda bundle: bundle.add(type_of(model), _published()[type_of(model)])


def events(bundle: Bundle) -> Schema:
    """One CloudEvent of any type that comes in."""
    found = [event_of(model)(bundle) for model in sorted(EVENT_WRITERS, key=type_of)]
    return {
        "oneOf": found,
        "discriminator": {
            "propertyName": "type",
            "mapping": {one["$ref"].rsplit("/", 1)[1]: one["$ref"] for one in found},
        },
    }


def data_of(model: type, name: str, *, without: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> Any:
    """The `data` of such an event alone. `without`: fields of the address; `optional`: that the gateway makes."""

    def data(bundle: Bundle) -> Schema:
        whole = _published()[type_of(model)]
        parts: dict[str, Schema] = whole["$defs"]
        found = parts[whole["properties"]["data"]["$ref"].rsplit("/", 1)[1]]
        fields = {field: one for field, one in found["properties"].items() if field not in without}
        fields |= {field: {"anyOf": [fields[field], {"type": "null"}]} for field in optional}
        required = [field for field in found.get("required", ()) if field not in (*without, *optional)]
        others = {key: one for key, one in parts.items() if one is not found}
        return bundle.add(name, {**found, "properties": fields, "required": required, "$defs": others})

    return data
