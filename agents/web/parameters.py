"""Parameters of an address: one that the route does not have is refused by its name, beside all others that are wrong.

Otherwise a filter with a slip of the keyboard would be left out without a word.
"""

import re
from typing import Any, Final

from fastapi import Request
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError

from agents.web.identity_provider import CALLBACK  # a provider may add parameters of its own (RFC 6749, section 4.1.2)

UNKNOWN: Final = "unknown parameter; remove it, or correct its name"
TWICE: Final = "is given twice; keep one of them"
UNNAMED: Final = "(unreadable name)"
_OURS: Final = re.compile(r"[a-z][a-z_]{0,39}")  # no digits, so no NIK


async def only_known(request: Request) -> None:
    """Of a route of `/v1`. Raises RequestValidationError."""
    route = request.scope.get("route")
    path = request.url.path
    if not path.startswith("/v1/") or path == CALLBACK or not request.url.query or route is None:
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


def fault(name: str, message: str) -> dict[str, Any]:
    return {"type": "value_error", "loc": ("query", name), "msg": message}
