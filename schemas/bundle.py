"""A bundle of JSON Schemas that refer to one another: what OpenAPI and AsyncAPI keep under `components/schemas`."""

from typing import Any, Final

Schema = dict[str, Any]
PLACE: Final = "#/components/schemas/"


class Bundle:
    """`schemas`: by name. Parts (`$defs`) that several schemas share are kept once; others of the same name get the
    name of their schema before their own."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def add(self, name: str, schema: Schema) -> Schema:
        """Keeps the schema and its parts; returns the reference to it. Raises ValueError where the name is taken."""
        moved = {part: self._name_of(part, name, one) for part, one in schema.get("$defs", {}).items()}
        for part, one in schema.get("$defs", {}).items():
            self._keep(moved[part], _moved(one, moved))
        rest = {key: value for key, value in schema.items() if key not in ("$defs", "$id", "$schema")}
        return self._keep(name, _moved(rest, moved))

    def _name_of(self, part: str, owner: str, schema: Schema) -> str:
        """Compared with its own references as they will be; a part with other ones has another name already."""
        as_shared = _moved(schema, {})
        return part if self.schemas.get(part, as_shared) == as_shared else f"{owner}.{part}"

    def _keep(self, name: str, schema: Schema) -> Schema:
        if self.schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas are named {name}; give one of them another name")
        return {"$ref": f"{PLACE}{name}"}


def _moved(value: Any, names: dict[str, str]) -> Any:
    """The same with references to parts as references into the bundle."""
    if isinstance(value, dict):
        return {key: _reference(one, names) if key == "$ref" else _moved(one, names) for key, one in value.items()}
    return [_moved(one, names) for one in value] if isinstance(value, list) else value


def _reference(written: str, names: dict[str, str]) -> str:
    part = written.rsplit("/", 1)[1]
    return f"{PLACE}{names.get(part, part)}"
