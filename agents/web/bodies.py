"""Bodies: JSON that is read strictly, with each fault where it is; and plain questions, read by a strict model.

No key may stand twice in an object, for a reader may take either. What is no JSON is named by line and column.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, TypeVar

import orjson
from fastapi import Request
from pydantic import ValidationError

from agents.web.gate import CONTENT_TYPE_WANTED, body_of, media_type_of, wrong_media_type
from pipeline.errors import Poison
from schemas.decisions import FieldError
from schemas.events import Refused, message_of, name_of, refuse_duplicate_keys
from schemas.values import Strict

Model = TypeVar("Model", bound=Strict)
MOST_QUESTION_BYTES: Final = 4096
MOST_FAULTS: Final = 20
WRITE_AN_OBJECT: Final = "write an object in braces"
_EMPTY: Final = "the body is empty; write JSON"
_NOT_UTF_8: Final = "line {}, column {}: these bytes are no UTF-8; write JSON in UTF-8"
_NOT_JSON: Final = "line {}, column {}: no JSON from here on; check quotes, commas and brackets"
_TOO_DEEP: Final = "is nested too deeply; write fewer braces and brackets within one another"
_UNKNOWN: Final = "unknown field; only these are read: "
_TWICE: Final = "the key stands twice in one object; keep one of them"


async def model_of(request: Request, model: type[Model], most: int = MOST_QUESTION_BYTES) -> Model:
    """Raises ProblemError (MEDIA_TYPE, LENGTH), Poison (NOT_JSON, DUPLICATE_KEY, INVALID)."""
    if media_type_of(request) != "application/json":
        raise wrong_media_type(CONTENT_TYPE_WANTED)
    raw = await body_of(request, most)
    object_of(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _fault_of(error, model) from None


def object_of(raw: bytes) -> dict[str, Any]:
    """Raises Poison: NOT_JSON, DUPLICATE_KEY, INVALID."""
    found = json_of(raw)
    if not isinstance(found, dict):
        raise Poison("INVALID", FieldError("event", WRITE_AN_OBJECT))
    return found


def json_of(raw: bytes) -> Any:
    """Raises Poison: NOT_JSON, DUPLICATE_KEY."""
    try:
        refuse_duplicate_keys(raw)
        found = orjson.loads(raw)
        orjson.dumps(found)  # what is nested too deeply to be written again is no event
        return found
    except orjson.JSONEncodeError:
        raise Poison("NOT_JSON", FieldError("event", _TOO_DEEP)) from None
    except orjson.JSONDecodeError as error:
        raise Poison("NOT_JSON", FieldError("event", _position(raw, error))) from None
    except Refused as refused:
        pairs = json.JSONDecoder(object_pairs_hook=_Pairs).decode(raw.decode())
        places = islice(_twice(pairs, ""), MOST_FAULTS)
        raise Poison(refused.reason, *[FieldError(place, _TWICE) for place in places]) from None


def explained(poison: Poison, raw: bytes) -> Poison:
    """What the event was refused for; where it is no JSON, or has a key twice, that and its place."""
    try:
        json_of(raw)
    except Poison as found:
        return found
    return poison


class _Pairs(list[tuple[str, Any]]):
    """An object with all its keys."""


def _twice(value: Any, path: str) -> Iterator[str]:
    """Where a key stands twice, such as `data.documents`; a name that came from outside ends it."""
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, inner in value:
            place = f"{path}.{name_of(key)}".removeprefix(".")
            if key in seen:
                yield place
            seen.add(key)
            yield from _twice(inner, place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _twice(inner, f"{path}.{number}".removeprefix("."))


def _position(raw: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as found:
        before = raw[: found.start].decode()
        return _NOT_UTF_8.format(before.count("\n") + 1, len(before) - before.rfind("\n"))
    if not raw.strip():
        return _EMPTY
    if "recursion" in error.msg:
        return _TOO_DEEP
    return _NOT_JSON.format(error.lineno, error.colno)


def _fault_of(error: ValidationError, model: type[Strict]) -> Poison:
    """Without the input, and without the name of a field that is not ours."""
    faults = []
    for one in error.errors(include_input=False, include_url=False):
        if one["loc"] and one["loc"][0] in model.model_fields:
            faults.append(FieldError(".".join(map(name_of, one["loc"])), message_of(one)))
        elif one["loc"]:
            faults.append(FieldError("event", _UNKNOWN + ", ".join(f"`{name}`" for name in model.model_fields)))
        else:
            faults.append(FieldError("event", message_of(one)))
    return Poison("INVALID", *dict.fromkeys(faults[:MOST_FAULTS]))
