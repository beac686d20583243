"""Questions of pages: what was asked by POST is answered by GET. The form is kept under an id, and the browser is led
to an address with that id: *back* and reload show the answer again, and nothing that was typed is in an address.

A page that a browser got for a POST it cannot show again, since no page of ours is kept by it.
"""

import re
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import credential_of, gateway_of, in_thread
from agents.web.pages.code import FIELD as CODE
from agents.web.pages.forms import Form
from pipeline.access.principals import Principal

_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_FAULT: Final = "fault:"  # before the name of a field, of which a fault is kept beside what was typed


async def keep(request: Request, principal: Principal, form: Form, token: str | None = None) -> str:
    """The id of the question, with its faults. A code of the second factor is never kept. `token`: of a session that
    begins with this answer."""
    gateway, session = gateway_of(request), request.scope.get("session")
    lists = {name: values for name, values in form.lists.items() if name != CODE and not name.startswith(_FAULT)}
    lists |= {f"{_FAULT}{name}": [said] for name, said in form.faults.items()}
    of = session.id if session is not None else ""
    opener = token or credential_of(request)
    return await in_thread(gateway, partial(gateway.asked.keep, principal.name, of, opener, lists, gateway.front.now()))


async def led(
    request: Request,
    principal: Principal,
    form: Form,
    path: str,
    place: str = "",
    *,
    token: str | None = None,
    **query: Any,
) -> Response:
    """To the page at `path` that answers the form. `place`: the part of it to look at. `token`: as in `keep`."""
    query = {name: value for name, value in query.items() if value}
    query["asked"] = await keep(request, principal, form, token)
    return RedirectResponse(f"{path}?{urlencode(query)}{'#' * bool(place)}{place}", 303)


async def asked_form(request: Request, principal: Principal, asked: str | None = None) -> Form | None:
    """What was asked, by the address or under this id. None: nothing was, or it is not kept any more, which the page
    says then."""
    asked = request.query_params.get("asked", "") if asked is None else asked
    if not asked:
        return None
    gateway, found = gateway_of(request), None
    if _ID.fullmatch(asked):
        opener = credential_of(request)
        work = partial(gateway.asked.get, principal.name, opener, asked, gateway.front.now())
        found = await in_thread(gateway, work)
    if found is None:
        request.state.is_forgotten = True
        return None
    lists = {name: values for name, values in found.items() if not name.startswith(_FAULT)}
    faults = {name.removeprefix(_FAULT): values[-1] for name, values in found.items() if name.startswith(_FAULT)}
    return Form({name: values[-1] for name, values in lists.items()}, lists, faults)
