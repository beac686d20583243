"""Parameters of an address: one that the route does not have is refused by its name, beside all others that are wrong.

Otherwise a filter with a slip of the keyboard would be left out without a word.
"""

import re
from typing import Any, Final

from fastapi import Request
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError

from agents.web.identity_provider import CALLBACK  # a provider may add parameters of its own (RFC 6749, section 4.1.2)
from pipeline.errors import Poison
from schemas.decisions import FieldError

UNKNOWN: Final = "unknown parameter; remove it, or correct its name"
TWICE: Final = "is given twice; keep one of them"
UNNAMED: Final = "(unreadable name)"
_OURS: Final = re.compile(r"[a-z][a-z_]{0,39}")  # no digits, so no NIK
_ONCE: Final = frozenset({b"authorization", b"content-type", b"content-encoding", b"idempotency-key"})
_ATTRIBUTE: Final = b"ce-"  # before an attribute of a CloudEvent in binary mode
_HEADER: Final = re.compile(r"[a-z-]{1,40}")  # no digits either


async def only_known(request: Request) -> None:
    """Of a route of `/v1`. Raises RequestValidationError."""
    if not request.scope["query_string"]:  # before all else: most requests have none
        return
    route = request.scope.get("route")
    path = request.url.path
    if not path.startswith("/v1/") or path == CALLBACK or route is None:
        return
    fields = route.dependant.query_params
    known = {one.alias for one in fields}
    faults = [
        fault(name if _OURS.fullmatch(name) else UNNAMED, TWICE if name in known else UNKNOWN)
        for name in dict.fromkeys(request.query_params)
        if name not in known or len(request.query_params.getlist(name)) > 1
    ]
    if faults:
        _, wrong = request_params_to_args(fields, request.query_params)
        raise RequestValidationError([*faults, *wrong])


def require_once(request: Request) -> None:
    """Of headers that say who sends what, under which name: of two, one reader takes the first and another the last.
    Raises Poison (INVALID)."""
    names = [name for name, _ in request.scope["headers"] if name in _ONCE or name.startswith(_ATTRIBUTE)]
    if len(names) == len(set(names)):
        return
    twice = [name.decode("latin-1") for name in dict.fromkeys(names) if names.count(name) > 1]
    shown = [name if _HEADER.fullmatch(name) else UNNAMED for name in twice]
    raise Poison("INVALID", *[FieldError(f"header {name}", TWICE) for name in dict.fromkeys(shown)])


def fault(name: str, message: str) -> dict[str, Any]:
    return {"type": "value_error", "loc": ("query", name), "msg": message}
