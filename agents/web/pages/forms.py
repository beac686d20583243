"""Forms: what was typed, read and kept; faults beside the fields; and what became of what was sent."""

import asyncio
import datetime as dt
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import Request

from agents.web.gate import body_of, call, gateway_of, media_type_of
from agents.web.messages import in_indonesian
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.errors import Poison
from pipeline.explain import Language, day, refusal_text
from pipeline.operations.fate import Fate, fate_of
from pipeline.operations.front_office import Receipt

FORM_TYPE: Final = "application/x-www-form-urlencoded"
MOST_FORM_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 300
SECONDS_TO_DECIDE: Final = 4.0  # a worker decides within one; a person waits that long for a page
LOOK_SECONDS: Final = 0.1
_ISO_DAY: Final = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b")


@dataclass(frozen=True, slots=True)
class Form:
    """`given`: the last value of each name; `lists`: all of them."""

    given: dict[str, str]
    lists: dict[str, list[str]]
    faults: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Without spaces around it."""
        return self.given.get(name, "").strip()


def new_key() -> str:
    """The key of a form: what is sent twice with it counts once."""
    return secrets.token_urlsafe(16)


async def form_of(request: Request) -> Form:
    """Raises ProblemError: MEDIA_TYPE, LENGTH."""
    if media_type_of(request) != FORM_TYPE:
        raise ProblemError("MEDIA_TYPE")
    raw = await body_of(request, MOST_FORM_BYTES)
    try:
        lists = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ProblemError("MEDIA_TYPE") from None
    return Form({name: values[-1] for name, values in lists.items()}, lists)


def faults_of(poison: Poison, names: Mapping[str, str], language: Language, rest: str) -> dict[str, str]:
    """Messages by the names of the form. `names`: by the path of the event's field, or where it begins; what has none
    is said at the field `rest`."""
    faults: dict[str, str] = {}
    for error in poison.errors:
        path = error.field.removeprefix("data.")
        name = next((name for start, name in names.items() if path == start or path.startswith(f"{start}.")), rest)
        faults.setdefault(name, said_on_page(error.message, language))
    return faults or {rest: refusal_text(poison.reason, language)}


def said_on_page(message: str, language: Language) -> str:
    """A message of the pipeline as a sentence in the language of the page, with days as that language writes them."""
    said = _ISO_DAY.sub(partial(_worded, language), in_indonesian(message) if language == "id" else message)
    return said[:1].upper() + said[1:]


def _worded(language: Language, found: re.Match[str]) -> str:
    try:
        return day(dt.date.fromisoformat(found[0]), language)
    except ValueError:  # looks like a day, and is none
        return found[0]


async def sent(
    request: Request, operation: Callable[..., Receipt], principal: Principal, *args: Any
) -> tuple[Receipt, Fate]:
    """Send by an operation, and wait a little for what becomes of it."""
    receipt = await call(request, operation, principal, *args)
    gateway, clock = gateway_of(request), asyncio.get_running_loop().time
    ends_at = clock() + SECONDS_TO_DECIDE
    while True:
        fate = await call(request, fate_of, principal, receipt)
        if fate.state != "waiting" or clock() >= ends_at or not gateway.is_ready():
            return receipt, fate
        await asyncio.sleep(LOOK_SECONDS)
