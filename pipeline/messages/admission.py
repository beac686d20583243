"""Admission: checks that an event must pass when it is taken in, and never again.

The worker, `submit` and the offline assessment admit. What is stored was admitted by the rules of its day, so whoever
reads it again uses `schemas.events.parse` alone: a check that is added here never changes what was accepted. Pure.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

import orjson

from schemas.claims import OPENING_EVENTS
from schemas.decisions import FieldError
from schemas.events import IntakeEvent, Refused, parse, refuse_duplicate_keys

_LONG_NUMBER: Final = re.compile(r"[0-9]{16}")
_MAX_MARKS: Final = 4  # on one letter: Arabic, with its vowels, writes three; a tower of them covers the lines above it
_MARKS: Final = frozenset({"Mn", "Me"})
# Letters and marks that cannot be seen, which `schemas.values` does not refuse by their category: fillers of Hangul and
# Khitan, the joiner of graphemes, inherent vowels of Khmer, selectors of variants, empty Braille and notes; separators.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2028\u2029\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_BLANKS: Final = b" \t\r\n"
_LONG_NUMBER_FOUND: Final = (
    "holds 16 digits in a row, as a NIK has, and is repeated where a NIK may not stand; choose a name that tells "
    "nothing, and split a long number with a dash"
)


def admit(raw: bytes) -> IntakeEvent:
    """One event from one CloudEvents document. Raises Refused, as `parse`; the error never repeats the input."""
    event = parse(raw)
    if not _is_read_back_the_same(raw):
        refuse_duplicate_keys(raw)
    faults = [*_name_faults(event), *_attribute_faults(event)]
    if not raw.isascii() or b"\\" in raw:
        faults += _text_faults(json.loads(raw)["data"], "data")
    if faults:
        raise Refused("INVALID", tuple(faults))
    return event


def _is_read_back_the_same(raw: bytes) -> bool:
    """Whether JSON that was parsed has no key twice, for a second key would be lost; False: perhaps not, look closer.

    Blanks do not count. Nothing of a parsed event becomes longer when it is written again, so none can be lost unseen.
    Fast: see docs/performance.md.
    """
    try:
        written = orjson.dumps(orjson.loads(raw))
    except ValueError:
        return False
    return written == raw or written.translate(None, _BLANKS) == raw.translate(None, _BLANKS)


def _name_faults(event: IntakeEvent) -> list[FieldError]:
    """Names are repeated in keys, logs and decisions, so none may hold what could be a NIK.

    A claim's name is chosen by its opening event; later ones must repeat it, also where it was accepted before this
    check. Even so, none of them may hold the NIK of its own event.
    """
    fields: dict[str, Any] = vars(event.data)  # fast: see docs/performance.md
    claim_id: str | None = fields.get("claim_id")
    if not _LONG_NUMBER.search(f"{event.id} {event.source} {event.subject} {claim_id}"):
        return []
    names = [("id", event.id), ("source", event.source), ("subject", event.subject)]
    nik = getattr(fields.get("member"), "nik", None)
    if isinstance(event, OPENING_EVENTS) or (nik is not None and nik in (claim_id or "")):
        names.append(("data.claim_id", claim_id))
    return [FieldError(field, _LONG_NUMBER_FOUND) for field, name in names if name and _LONG_NUMBER.search(name)]


def _attribute_faults(event: IntakeEvent) -> list[FieldError]:
    """Attributes of the envelope go from system to system, in headers and logs."""
    extra: dict[str, Any] = event.__pydantic_extra__ or {}
    if not extra and event.dataschema is None:
        return []
    written = {"dataschema": event.dataschema, **extra}
    unprintable = [
        name
        for name, value in written.items()
        if isinstance(value, str) and not (value.isascii() and value.isprintable())
    ]
    names = [name if name.isalpha() else "an attribute" for name in unprintable]  # one of digits could be a NIK
    return [FieldError(name, "use printable ASCII characters only; texts belong in data") for name in names]


def _text_faults(value: Any, path: str) -> Iterator[FieldError]:
    """Of every text in `value`, which was read from JSON."""
    if isinstance(value, str):
        if fault := None if value.isascii() else _text_fault(value):
            yield FieldError(path, fault)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _text_faults(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _text_faults(inner, f"{path}.{number}")


def _text_fault(text: str) -> str | None:
    """What would let a text look like another one on an officer's screen, or cover what stands around it."""
    if found := _INVISIBLE.search(text):
        return f"the character U+{ord(found[0]):04X} cannot be seen; remove it"
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.category(character) in _MARKS else 0
        if marks > _MAX_MARKS:
            return f"a letter has more than {_MAX_MARKS} marks; remove some"
    return None
