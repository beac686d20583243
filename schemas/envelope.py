"""The CloudEvents 1.0 envelope, structured mode: one JSON document is the Kafka value, the JSONL line, the HTTP body.

Extension attributes are allowed and kept; `data` is strict. The attribute `type` carries the schema version.
"""

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.field_rules import ATTRIBUTE_NAMES, ATTRIBUTE_VALUES
from schemas.values import JSON_TYPE_SHAPE, EventId, Source, Strict, Timestamp

MAX_EXTENSIONS = 16  # CloudEvents asks intermediaries for small envelopes
_EXTENSION_NAME = re.compile(r"[a-z0-9]{1,20}")
_MAX_EXTENSION_LETTERS = 1024


class Envelope(Strict):
    """Attributes every event has. `time` is when the sender wrote it; when it was received, the log says."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"propertyNames": ATTRIBUTE_NAMES, "additionalProperties": ATTRIBUTE_VALUES},
    )

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    time: Timestamp
    subject: EventId | None = None
    datacontenttype: Annotated[str, Field(pattern=JSON_TYPE_SHAPE)] | None = None
    dataschema: str | None = Field(default=None, max_length=512)

    @model_validator(mode="after")
    def _extensions_are_small(self) -> Self:
        extra: dict[str, Any] | None = self.model_extra
        if not extra:
            return self
        if len(extra) > MAX_EXTENSIONS:
            raise ValueError(f"at most {MAX_EXTENSIONS} extension attributes are allowed")
        for name, value in extra.items():
            if not _EXTENSION_NAME.fullmatch(name):
                raise ValueError("an extension attribute is named by 1 to 20 lower-case letters or digits")
            if not isinstance(value, str | int | bool) or len(str(value)) > _MAX_EXTENSION_LETTERS:
                raise ValueError(
                    f"an extension attribute is a text, a whole number or a truth value, up to "
                    f"{_MAX_EXTENSION_LETTERS} letters"
                )
        return self


def type_of(model: type) -> str:
    """The `type` attribute of an event class: `AccidentClaimed` -> `santunan.claim.accident.v1`."""
    kind: str = model.model_fields["type"].annotation.__args__[0]  # type: ignore[attr-defined]
    return kind


def document(
    event_type: type, *, event_id: str, source: str, time: dt.datetime, data: dict[str, Any]
) -> dict[str, Any]:
    """A CloudEvents document of this type, as it is handed in. `time` (aware): when it was written."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": type_of(event_type),
        "time": time.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
