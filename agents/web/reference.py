"""Rows that the pages of the documents show: operations, channels and schemas. Pure."""

from typing import Any, Final, NamedTuple

import orjson

from agents.web.messages import in_indonesian
from pipeline.explain import Language
from schemas.bundle import PLACE
from schemas.field_rules import NO_NIK, VISIBLE
from schemas.values import SHAPES

LABELS: Final[dict[Language, dict[str, str]]] = {
    "id": {
        "api": "API",
        "events": "Kejadian",
        "other": "English",
        "contents": "Isi",
        "parameters": "Parameter",
        "body": "Isi kiriman",
        "answers": "Jawaban",
        "example": "Contoh",
        "schemas": "Skema",
        "name": "Nama",
        "type": "Jenis",
        "about": "Keterangan",
        "required": "wajib",
        "key": "perlu kunci API",
        "open": "tanpa kunci",
        "status": "Status",
        "headers": "Header",
        "channels": "Topik",
        "in": "dibaca Santunan",
        "out": "ditulis Santunan",
        "messages": "Kejadian di dalamnya",
        "rules": "Aturan",
        "download": "Dokumen untuk mesin",
    },
    "en": {
        "api": "API",
        "events": "Events",
        "other": "Bahasa Indonesia",
        "contents": "Contents",
        "parameters": "Parameters",
        "body": "Body",
        "answers": "Answers",
        "example": "Example",
        "schemas": "Schemas",
        "name": "Name",
        "type": "Type",
        "about": "About",
        "required": "required",
        "key": "needs an API key",
        "open": "without a key",
        "status": "Status",
        "headers": "Headers",
        "channels": "Topics",
        "in": "read by Santunan",
        "out": "written by Santunan",
        "messages": "Events in it",
        "rules": "Rules",
        "download": "Document for machines",
    },
}
_TYPES: Final[dict[Language, dict[str, str]]] = {
    "id": {
        "string": "teks",
        "integer": "bilangan bulat",
        "boolean": "true atau false",
        "array": "daftar",
        "object": "objek",
        "null": "null",
        "any": "apa saja",
        "or": "atau",
        "of": "dari",
        "letters": "huruf",
        "items": "butir",
        "one of": "salah satu:",
        "if": "bila",
        "is": "adalah",
        "needed": "maka wajib:",
        "least one": "paling sedikit satu:",
    },
    "en": {
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
        "array": "list",
        "object": "object",
        "null": "null",
        "any": "anything",
        "or": "or",
        "of": "of",
        "letters": "letters",
        "items": "items",
        "one of": "one of:",
        "if": "if",
        "is": "is",
        "needed": "these are required:",
        "least one": "at least one of:",
    },
}
Part = tuple[str, str | None]  # a text, and the schema that it links to


class Field(NamedTuple):
    name: str
    parts: list[Part]
    is_required: bool
    about: str


def reference_view(document: dict[str, Any], language: Language) -> dict[str, Any]:
    """Operations by tag, and the schemas, of an OpenAPI document."""
    groups = [
        (
            tag,
            [
                _operation(method, path, operation, language)
                for path, one in document["paths"].items()
                for method, operation in one.items()
                if tag["name"] in operation["tags"]
            ],
        )
        for tag in document["tags"]
    ]
    return {"info": document["info"], "groups": groups, "schemas": _schemas(document, language)}


def events_view(document: dict[str, Any], language: Language) -> dict[str, Any]:
    """Channels with their messages, and the schemas, of our AsyncAPI document."""
    directions = {one["channel"]["$ref"].rsplit("/", 1)[1]: one["action"] for one in document["operations"].values()}
    messages = document["components"]["messages"]
    channels = [
        {
            "address": channel["address"],
            "about": _in(channel["description"], language),
            "label": "in" if directions[name] == "receive" else "out",
            "messages": [
                (messages[one]["name"], messages[one]["summary"].split(": ", 1)[1]) for one in channel["messages"]
            ],
        }
        for name, channel in document["channels"].items()
    ]
    about = _in(document["info"]["description"], language)
    shaped = document["components"]["schemas"]  # a message of text has none
    return {"about": about, "channels": channels, "shaped": shaped, "schemas": _schemas(document, language)}


def _in(text: str, language: Language) -> str:
    """One half of a text that has both languages."""
    return text.split("\n\n")[0 if language == "id" else 1]


def _operation(method: str, path: str, operation: dict[str, Any], language: Language) -> dict[str, Any]:
    parameters = [
        Field(
            f"{one['name']} ({one['in']})",
            _parts(one["schema"], language),
            one.get("required", False),
            one.get("description", ""),
        )
        for one in operation.get("parameters", ())
    ]
    bodies = [
        (media_type, _parts(one["schema"], language), _pretty(one["example"]) if "example" in one else "")
        for media_type, one in operation.get("requestBody", {}).get("content", {}).items()
    ]
    answers = [
        (
            status,
            one["description"],
            [(media_type, _parts(of["schema"], language)) for media_type, of in one.get("content", {}).items()],
            ", ".join(one.get("headers", ())),
        )
        for status, one in operation["responses"].items()
    ]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "about": operation.get("description", ""),
        "is_signed": bool(operation["security"]),
        "parameters": parameters,
        "bodies": bodies,
        "answers": answers,
    }


def _schemas(document: dict[str, Any], language: Language) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "about": schema.get("description", ""),
            "fields": _fields(schema, language),
            "parts": [] if "properties" in schema else _parts(schema, language),
            "rules": [said for rule in schema.get("allOf", ()) if (said := _rule(rule, language))],
        }
        for name, schema in document["components"]["schemas"].items()
    ]


def _fields(schema: dict[str, Any], language: Language) -> list[Field]:
    required = schema.get("required", ())
    return [
        Field(name, _parts(one, language), name in required, _about(one))
        for name, one in schema.get("properties", {}).items()
    ]


def _about(schema: dict[str, Any]) -> str:
    """What is said of a field, or else of the value that it may have besides null."""
    said = [schema, *schema.get("anyOf", ())]
    return next((str(one["description"]) for one in said if "description" in one), "")


def _parts(schema: dict[str, Any], language: Language) -> list[Part]:
    """The type of a value in words, with links to the schemas that it is made of."""
    words = _TYPES[language]
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(PLACE)
        return [(name, name)]
    if "const" in schema:
        return [(f"`{schema['const']}`", None)]
    if "enum" in schema:
        return [(f"{words['one of']} {', '.join(map(str, schema['enum']))}", None)]
    for choice in ("anyOf", "oneOf"):
        if choice in schema and "type" not in schema:
            return _joined([_parts(one, language) for one in schema[choice]], f" {words['or']} ")
    kind = schema.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    text = f" {words['or']} ".join(words[one] for one in kinds) + _limits(schema, words)
    if "array" in kinds and isinstance(schema.get("items"), dict):
        return [(f"{text} {words['of']} ", None), *_parts(schema["items"], language)]
    return [(text, None)]


def _joined(lists: list[list[Part]], between: str) -> list[Part]:
    found: list[Part] = []
    for one in lists:
        found += [(between, None), *one] if found else one
    return found


def _limits(schema: dict[str, Any], words: dict[str, str]) -> str:
    found = []
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", f" {words['letters']}"),
        ("minItems", "maxItems", f" {words['items']}"),
    ):
        if least in schema or most in schema:
            found.append(f"{schema.get(least, 0)}–{schema.get(most, '')}{unit}")
    if "format" in schema:
        found.append({"date": "YYYY-MM-DD", "date-time": "YYYY-MM-DDThh:mm:ss+07:00"}.get(schema["format"], ""))
    elif schema.get("pattern") not in (None, VISIBLE):
        found.append(_shape(schema["pattern"], words is _TYPES["id"]))
    return f" ({', '.join(found)})" if found else ""


def _shape(pattern: str, is_indonesian: bool) -> str:
    """In the words that refuse what has another shape, where there are any."""
    said = SHAPES.get(pattern) or SHAPES.get(f"^{pattern.removeprefix(NO_NIK)}")
    if said is None:
        return pattern
    return in_indonesian(said) if is_indonesian else said


def _rule(rule: dict[str, Any], language: Language) -> str:
    """A rule across fields as `schemas.field_rules` makes them, in words."""
    words = _TYPES[language]
    if "if" in rule:
        [(field, value)] = rule["if"]["properties"].items()
        needed = ", ".join(rule["then"]["required"])
        return f"{words['if']} {field} {words['is']} {value['const']}, {words['needed']} {needed}"
    return f"{words['least one']} {', '.join(one['required'][0] for one in rule['anyOf'])}"


def _pretty(example: Any) -> str:
    return orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
