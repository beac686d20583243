"""Sections of a claim as extensions: what FHIR has no element for is said by the names of our own schema.

`urn:santunan:fhir:medical` holds an extension for each of its fields; of a list, one for each entry. The published JSON
Schema says what is a field and what a list, so that a new field of a section needs no line here.
"""

from functools import cache
from typing import Any, Final

from agents.fhir.elements import Element
from agents.fhir.systems import OURS
from schemas.claims import Sections
from schemas.values import MAX_RUPIAH

_VALUES: Final = {
    "valueBoolean": bool,
    "valueInteger": int,
    "valuePositiveInt": int,
    "valueUnsignedInt": int,
    "valueString": str,
    "valueCode": str,
    "valueDate": str,
    "valueDateTime": str,
}
_MONEY: Final = "valueMoney"
_RUPIAH, _PLAIN = "rupiah", "plain"  # kinds of values
_NATIVE: Final = frozenset({"member", "documents", "claimed"})  # FHIR's own elements say all of these

Said = dict[str, Any]


class Data:
    """The `data` of an event while it is gathered. `places`: where in the resource each of its fields was said."""

    def __init__(self) -> None:
        self.said: Said = {}
        self.places: dict[str, str] = {}

    def put(self, path: str, value: Any, element: Element, *parts: str | int) -> None:
        """`path`: as `medical.diagnosis`. Notes a fault where it was said before. None: nothing is said."""
        if value is None:
            return
        if path in self.places:
            element.note("twice", *parts)
            return
        *above, name = path.split(".")
        inside = self.said
        for one in above:
            inside = inside.setdefault(one, {})
        inside[name] = value
        self.places[path] = element.at(*parts)


def read_sections(claim: Element, data: Data) -> None:
    """All extensions of the claim itself; one that is no section of ours is refused."""
    shapes = _shapes()
    counts: dict[str, int] = {}
    for extension in claim.elements("extension"):
        url = extension.value("url", str, is_needed=True)
        if url is None:
            continue
        name = url.removeprefix(OURS)
        if name == url or name not in shapes:
            extension.note("unread")
            continue
        place = counts[name] = counts.get(name, -1) + 1
        if isinstance(shapes[name], list):
            _entry(extension, shapes[name][0], name, place, data)
        elif place:
            extension.note("twice")
        else:
            _read(extension, shapes[name], name, data)


def _read(extension: Element, shape: Any, path: str, data: Data) -> None:
    """A section, an entry of a list, or one value."""
    if isinstance(shape, str):
        data.put(path, _value_of(extension, shape), extension)
        extension.close()
        return
    data.places.setdefault(path, extension.path)
    counts: dict[str, int] = {}
    for inner in extension.elements("extension"):
        name = inner.value("url", str, is_needed=True)
        if name not in shape:
            if name is not None:
                inner.note("unread")
            continue
        below = shape[name]
        if isinstance(below, list):
            place = counts[name] = counts.get(name, -1) + 1
            _entry(inner, below[0], f"{path}.{name}", place, data)
        else:
            _read(inner, below, f"{path}.{name}", data)
    extension.close()


def _entry(extension: Element, shape: Any, path: str, place: int, data: Data) -> None:
    """One of a list: gathered by itself, then put at its place."""
    one = Data()
    _read(extension, shape, "entry", one)
    *above, name = path.split(".")
    inside = data.said
    for part in above:
        inside = inside.setdefault(part, {})
    inside.setdefault(name, []).append(one.said.get("entry", {} if isinstance(shape, dict) else None))
    data.places.setdefault(path, extension.path)
    for found, expression in one.places.items():
        data.places[f"{path}.{place}{found.removeprefix('entry')}"] = expression


def _value_of(extension: Element, kind_of_value: str) -> Any:
    if kind_of_value == _RUPIAH:
        return extension.rupiah(_MONEY)
    for name, kind in _VALUES.items():
        if extension.has(name):
            return extension.value(name, kind)
    extension.note("missing", "value")
    return None


@cache
def _shapes() -> dict[str, Any]:
    """Section -> its shape: a dict of fields, a list with the shape of its entries, or a kind of value."""
    schema = Sections.model_json_schema()
    definitions = schema["$defs"]

    def shape(one: dict[str, Any]) -> Any:
        if "$ref" in one:
            return shape(definitions[one["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in one:
            return shape(next(choice for choice in one["anyOf"] if choice.get("type") != "null"))
        if one.get("type") == "array":
            return [shape(one["items"])]
        if one.get("type") == "object":
            return {name: shape(inner) for name, inner in one["properties"].items()}
        return _RUPIAH if one.get("maximum") == MAX_RUPIAH else _PLAIN

    return {name: shape(one) for name, one in schema["properties"].items() if name not in _NATIVE}
