"""Admission: checks that an event must pass when it is taken in, and never again.

The worker, `submit` and the offline assessment admit. What is stored was admitted by the rules of its day, so whoever
reads it again uses `schemas.events.parse` alone: a check that is added here never changes what was accepted. Pure.
"""

import re
from typing import Any, Final

import orjson

from schemas.claims import OPENING_EVENTS
from schemas.decisions import FieldError
from schemas.events import IntakeEvent, Refused, parse, refuse_duplicate_keys

_LONG_NUMBER: Final = re.compile(r"[0-9]{16}")
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
    if faults := _name_faults(event):
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
