"""Documents drawn from a JSON Schema: most of them fit it, and some break one of its rules on purpose.

Own keywords alone: those that `schemas/json` uses. Rules across fields (`allOf`) are left to chance, so that both kinds
of documents come up.
"""

import copy
from random import Random
from typing import Any, Final

Schema = dict[str, Any]
# The beginning of a pattern, and texts that fit it, or nearly do.
_SHAPED: Final = {
    "^[0-9]{16}$": ("3671010101800001", "36710101018000011", "367101010180000１", "3671010101800001\n"),
    "^[0-9A-Z]{11}$": ("20000000022", "2000000002a", "200000000221", ""),
    "^[0-9A-Z]{8}$": ("NP000001", "np000001", "NP00001"),
    "^[0-9A-Z][0-9A-Z./-]": ("P/1-2.3", "/P1", "P" * 33),
    "^(100|": ("4.5", "100", "100.5", "4,5", "05.25", "4."),
    "^(19|20)[0-9]{2}-(0": ("2024-07", "2024-13", "1899-12", "2024-7"),
    "^[A-Z][A-Z0-9_]": ("REF_PAK", "ref", "R", "R" * 65),
    "^[a-z0-9_]{1,64}$": ("thumb", "Thumb", "x" * 65),
    "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$": ("K1.r1.member", "-K1", "K" * 129),
    "^[0-9a-f]{64}$": ("a" * 64, "A" * 64, "a" * 63, "a" * 64 + "\n"),
    "^[A-Za-z0-9]": ("K-1", ".K1", "K" * 65, "3671010101800001"),
    "^(?!.*[0-9]{16})[A-Za-z0-9]": ("K-1", "K:1", "-K1", "K3671010101800001"),
    "^(?!.*[0-9]{16})[ -~]": ("e 1", "é", "e-3671010101800001", "", "x" * 129),
    "^(?!.*[0-9]{16})urn": (
        "urn:santunan:office:jakarta",
        "urn:santunan:clinic:one",
        "urn:santunan:nurse:one",
        "urn:santunan:office:3671010101800001",
    ),
    "^application/json": ('application/json; charset="utf-8"', "application/json;charset=latin-1", "text/plain"),
    "^[ -~]*$": ("urn:x", "é", "x" * 513, "x" * 1025),
    r"^[^\u0000": ("Ibu Sri", "nama\nlain", "é", "a\u200bb", "a\u0007b", "\u202eabc", "", "x" * 4001, "x" * 201),
    "^[a-z0-9]{1,20}$": ("traceparent", "x2", "Trace", "a-b", "x" * 21),
}
_DAYS: Final = ("2024-07-07", "1900-01-01", "2100-12-31", "1899-12-31", "2101-01-01", "2024-02-30", "07/07/2024", "")
_TIMES: Final = (
    "2024-07-07T10:00:00+07:00",
    "2024-07-07T03:00:00Z",
    "2024-07-07T10:00:00.123456789+09:30",
    "2100-12-31T23:59:59Z",
    "1899-12-31T23:59:59Z",
    "2024-07-07T10:00:00",
    "2024-07-07T24:00:00Z",
    "1720321200",
)
_JUNK: Final = (None, 0, -1, 1, True, "", "x", [], {}, [None], {"x": 1}, 10**13, 1.5, "2024-07-07")


class Drawn:
    """`wrong`: the share of leaves that are drawn from all texts of a shape and not from those that fit."""

    def __init__(self, schema: Schema, random: Random, wrong: float = 0.02) -> None:
        self._root, self._random, self._wrong = schema, random, wrong

    def document(self) -> Any:
        found = self._of(self._root)
        return self._broken(found) if self._random.random() < 0.3 else found

    def _of(self, schema: Schema) -> Any:
        random = self._random
        if "$ref" in schema:
            return self._of(self._root["$defs"][schema["$ref"].rsplit("/", 1)[1]])
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return random.choice(schema["enum"])
        if "anyOf" in schema:
            return self._of(random.choice(schema["anyOf"]))
        return getattr(self, f"_{schema['type']}")(schema)

    def _object(self, schema: Schema) -> Any:
        random, required = self._random, schema.get("required", ())
        rare = random.choice((0.1, 0.4, 0.8))
        fields = schema.get("properties", {})
        found = {name: self._of(one) for name, one in fields.items() if name in required or random.random() < rare}
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and random.random() < 0.3:
            for number in range(random.choice((1, 1, 2, 16, 17))):
                found[f"x{number}"] = self._of(more)
            if random.random() < self._wrong * 5:
                found[random.choice(_SHAPED[schema["propertyNames"]["pattern"]])] = 1
        return found

    def _array(self, schema: Schema) -> Any:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 64)
        count = self._random.choice((least, least + 1, least + 2, most))
        if self._random.random() < self._wrong:
            count = self._random.choice((max(least - 1, 0), most + 1))
        count = min(count, most + 1) if count > 3 and self._random.random() < 0.1 else min(count, 3)
        return [self._of(schema["items"]) for _ in range(count)]

    def _string(self, schema: Schema) -> str:
        if schema.get("format") in ("date", "date-time"):
            texts: tuple[str, ...] = _DAYS if schema["format"] == "date" else _TIMES
            return self._one_of(texts, 3)
        pattern = schema["pattern"]
        return self._one_of(_SHAPED[max((one for one in _SHAPED if pattern.startswith(one)), key=len)], 1)

    def _integer(self, schema: Schema) -> Any:
        least, most = schema.get("minimum", 0), schema.get("maximum", 10**6)
        return self._one_of((least, most, self._random.randint(least, most), least - 1, most + 1, float(least)), 3)

    def _boolean(self, schema: Schema) -> bool:
        return self._random.random() < 0.5

    def _null(self, schema: Schema) -> None:
        return None

    def _one_of(self, values: tuple[Any, ...], fitting: int) -> Any:
        """Nearly always one of the first, which fit."""
        return self._random.choice(values if self._random.random() < self._wrong else values[:fitting])

    def _broken(self, document: Any) -> Any:
        """One place of it is taken away, replaced or added to."""
        found = copy.deepcopy(document)
        holder = self._random.choice(list(_holders(found)))
        key = self._random.choice(list(holder) if isinstance(holder, dict) else range(len(holder))) if holder else None
        how = self._random.randrange(3)
        if how == 0 and key is not None:
            del holder[key]
        elif how == 1 and key is not None:
            holder[key] = self._random.choice(_JUNK)
        elif isinstance(holder, dict):
            holder[self._random.choice(("colour", "x-y", "name", "3671010101800001"))] = self._random.choice(_JUNK)
        return found


def _holders(value: Any) -> Any:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)
