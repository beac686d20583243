"""The published contract of Santunan's events: one table of all types, one JSON Schema each.

A published schema is a promise: a file is never overwritten by one that refuses what it accepted; such a change is a
new version of the type. Never imports Faust or the store.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from schemas import topics
from schemas.claims import OPENING_EVENTS
from schemas.decisions import OUTPUT_TYPES
from schemas.envelope import Envelope, type_of
from schemas.events import EVENT_WRITERS, TOPIC_EVENTS
from schemas.field_rules import ALWAYS_ENFORCED, NO_NIK, PRINTABLE
from schemas.values import CLAIM_ID_SHAPE, SOURCE_SHAPE

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CONTENT_TYPE: Final = "application/json"  # of all that leaves
Schema = dict[str, Any]


class ContractBroken(ValueError):
    """A schema would refuse what a published one accepts; the text names each field."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the table. `writers`: kinds of source, for what comes in; `system` writes what goes out."""

    type: str
    topics: tuple[str, ...]
    writers: tuple[str, ...]
    direction: str


def event_types() -> tuple[EventType, ...]:
    """Every type, what comes in first. History holds any intake type and is not repeated."""
    found = [
        EventType(
            type_of(model),
            tuple(topic for topic in topics.INTAKE if topic != topics.HISTORY and model in TOPIC_EVENTS[topic]),
            tuple(sorted(EVENT_WRITERS[model])),
            "in",
        )
        for model in EVENT_WRITERS
    ]
    found += [EventType(kind, (topic,), ("system",), "out") for kind, (topic, _) in OUTPUT_TYPES.items()]
    return tuple(found)


def json_schemas() -> dict[str, Schema]:
    """type -> JSON Schema of the whole CloudEvents document."""
    found = {type_of(model): _as_admitted(model) for model in EVENT_WRITERS}
    found |= {kind: _output_schema(kind, data) for kind, (_, data) in OUTPUT_TYPES.items()}
    return {kind: {"$schema": DIALECT, "$id": f"urn:{kind}", **schema} for kind, schema in found.items()}


def write_schemas(directory: Path) -> int:
    """One file a type, in a stable order of keys; returns how many.

    Raises ContractBroken, and writes nothing, where a schema would no longer accept what the file there accepts.
    """
    schemas = json_schemas()
    broken = [
        f"{kind}: {reason}"
        for kind, schema in schemas.items()
        if (file := directory / f"{kind}.json").exists()
        for reason in incompatibilities(
            json.loads(file.read_text(encoding="utf-8")), schema, is_output=kind in OUTPUT_TYPES
        )
    ]
    if broken:
        listed = "\n".join(f"  - {reason}" for reason in broken)
        raise ContractBroken(f"these changes break what is published; give the type a new version instead:\n{listed}")
    directory.mkdir(parents=True, exist_ok=True)
    for kind, schema in schemas.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True)
        (directory / f"{kind}.json").write_text(text + "\n", encoding="utf-8")
    return len(schemas)


def _as_admitted(model: Any) -> Schema:
    """What an event must be to be taken in: the names that `pipeline.messages.admission` refuses are left out.

    The models themselves are wider, since they also read what was accepted before.
    """
    schema: Schema = model.model_json_schema()
    attributes = schema["properties"]
    attributes["id"]["pattern"] = attributes["subject"]["anyOf"][0]["pattern"] = f"{NO_NIK}[ -~]*$"
    attributes["dataschema"]["anyOf"][0]["pattern"] = PRINTABLE
    attributes["source"]["pattern"] = NO_NIK + SOURCE_SHAPE.removeprefix("^")
    if model in OPENING_EVENTS:
        claim = schema["$defs"][attributes["data"]["$ref"].rsplit("/", 1)[1]]["properties"]
        claim["claim_id"]["pattern"] = NO_NIK + CLAIM_ID_SHAPE.removeprefix("^")
    return schema


def _output_schema(kind: str, data: type) -> Schema:
    """The envelope around the dataclass that the worker writes."""
    schema = Envelope.model_json_schema()
    inner = TypeAdapter(data).json_schema(ref_template="#/$defs/{model}")
    definitions = inner.pop("$defs", {})
    schema["title"] = kind
    content = {"anyOf": [{"const": CONTENT_TYPE, "type": "string"}, {"type": "null"}], "default": None}
    schema["properties"]["datacontenttype"] = {**content, "title": "Datacontenttype"}  # readers may compare it whole
    schema["properties"] |= {"type": {"const": kind, "title": "Type", "type": "string"}, "data": inner}
    schema["required"] = [*schema["required"], "type", "data"]
    schema["$defs"] = schema.get("$defs", {}) | definitions
    return schema


def incompatibilities(published: Schema, now: Schema, *, is_output: bool = False) -> list[str]:
    """Why a document that the published schema accepts may no longer be accepted: one sentence each, none if all are.

    Compares fields, what is required, types, values and limits; both schemas come from the same models, so their
    shapes agree as long as nothing was changed. `is_output`: its readers also rely on what is always there.
    """
    old_defs, new_defs = published.get("$defs", {}), now.get("$defs", {})
    found = list(_narrowed(published, now, "", old_defs, new_defs))
    if is_output:
        backwards = _narrowed(now, published, "", new_defs, old_defs)
        promised = (reason.removesuffix(_REQUIRED) for reason in backwards if reason.endswith(_REQUIRED))
        found += [f"{field} may be missing now" for field in promised]
    return found


_REQUIRED: Final = ": is required now"


_UPPER_LIMITS: Final = ("maximum", "maxLength", "maxItems", "exclusiveMaximum", "maxProperties")
_LOWER_LIMITS: Final = ("minimum", "minLength", "minItems", "exclusiveMinimum", "minProperties")


def _narrowed(old: Schema, new: Schema, path: str, old_defs: Schema, new_defs: Schema) -> Iterator[str]:
    old, new = _resolved(old, old_defs), _resolved(new, new_defs)
    here = path or "event"
    if "anyOf" in old or "anyOf" in new:
        yield from _narrowed_choices(old, new, path, old_defs, new_defs)
        return
    if old.get("type") != new.get("type"):
        yield f"{here}: was {old.get('type', 'anything')}, is {new.get('type', 'anything')}"
        return
    yield from _narrowed_values(old, new, here)
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name in old_fields.keys() - new_fields.keys():
        yield f"{path}.{name}: was removed".lstrip(".")
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{path}.{name}{_REQUIRED}".lstrip(".")
    for name in old_fields.keys() & new_fields.keys():
        yield from _narrowed(old_fields[name], new_fields[name], f"{path}.{name}".lstrip("."), old_defs, new_defs)
    for number, (before, after) in enumerate(zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)):
        yield from _narrowed(before, after, f"{path}[{number}]", old_defs, new_defs)
    yield from _narrowed_rules(old, new, here)
    for inner in ("items", "additionalProperties"):
        before, after = old.get(inner, True), new.get(inner, True)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _narrowed(dict(before), dict(after), f"{path}[]", old_defs, new_defs)
        elif after is False and before is not False:
            yield f"{here}: further fields were allowed"
        elif before is True and after is not True and after not in ALWAYS_ENFORCED:
            yield f"{here}: {inner} are restricted now"


def _narrowed_rules(old: Schema, new: Schema, here: str) -> Iterator[str]:
    """Rules across fields; those that were enforced before they were published refuse nothing more."""
    for rule in new.get("allOf", ()):
        if rule not in old.get("allOf", ()) and rule not in ALWAYS_ENFORCED:
            yield f"{here}: a rule across fields is new"
    names = new.get("propertyNames")
    if names != old.get("propertyNames") and names is not None and names not in ALWAYS_ENFORCED:
        yield f"{here}: names of fields are restricted now"


def _narrowed_values(old: Schema, new: Schema, here: str) -> Iterator[str]:
    before, after = _values(old), _values(new)
    if after is not None and (before is None or not before <= after):
        lost = "anything else" if before is None else ", ".join(sorted(map(str, before - after)))
        yield f"{here}: no longer allows {lost}"
    pattern = new.get("pattern")
    is_new = pattern is not None and pattern not in (old.get("pattern"), *ALWAYS_ENFORCED)
    if is_new and not _all_fit(before, str(pattern)):
        yield f"{here}: its pattern changed"
    if new.get("format") != old.get("format") and "format" in new:
        yield f"{here}: its format changed"
    for limit in _UPPER_LIMITS:
        if limit in new and new[limit] < old.get(limit, float("inf")):
            yield f"{here}: {limit} is {new[limit]} now"
    for limit in _LOWER_LIMITS:
        if limit in new and new[limit] > old.get(limit, float("-inf")):
            yield f"{here}: {limit} is {new[limit]} now"


def _all_fit(values: frozenset[Any] | None, pattern: str) -> bool:
    """Whether the only values that were allowed have the shape that counts now."""
    return values is not None and all(re.search(pattern, str(value)) for value in values)


def _narrowed_choices(old: Schema, new: Schema, path: str, old_defs: Schema, new_defs: Schema) -> Iterator[str]:
    """Each thing that was allowed must still be allowed by one of the choices."""
    after = new.get("anyOf", [new])
    for choice in old.get("anyOf", [old]):
        reasons = [list(_narrowed(choice, one, path, old_defs, new_defs)) for one in after]
        if all(reasons):
            yield from min(reasons, key=len)


def _values(schema: Schema) -> frozenset[Any] | None:
    if "const" in schema:
        return frozenset({schema["const"]})
    return frozenset(schema["enum"]) if "enum" in schema else None


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    return schema
