"""A form that was sent after its session had ended: what was typed goes with the person through the door and back.

To the door it travels in the pages themselves; behind it, it is kept as a question is. Only a form from our own pages
is taken along, and only to be shown again: nothing is sent until the person presses a button of a page that shows it.
"""

from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents.web.gate import Signed, body_of, media_type_of, require_own_site
from agents.web.pages.asked import asked_form, led
from agents.web.pages.forms import FORM_TYPE, MOST_FIELDS, MOST_FORM_BYTES, Form
from agents.web.pages.frame import is_own_path, page
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal

_BACK: Final = "resume:back"  # no field of a form of ours: where the kept form goes
_SHOWS: Final = "preview"  # the step of a ruling that sends nothing

router = APIRouter(tags=["pages"], include_in_schema=False)


async def kept_form(request: Request) -> str | None:
    """The form that came with the request, as it was encoded; None: there is none of ours."""
    try:
        require_own_site(request)
        if media_type_of(request) != FORM_TYPE:
            return None
        return (await body_of(request, MOST_FORM_BYTES)).decode("ascii")
    except (ProblemError, UnicodeDecodeError):
        return None


def door_with(request: Request, kept: str) -> Response:
    """The sign-in page, with the form."""
    given = {"back": request.url.path, "kept": kept}
    return page(request, "sign_in.html", None, given=given, faults={}, enrolment=None, has_provider=False, here="/")


async def resumed(request: Request, form: Form, principal: Principal, token: str) -> Response | None:
    """To the page that shows the form again, for who has signed in; None: none was kept. `token`: of the session
    that begins."""
    kept, back = form.given.get("kept", ""), form.text("back")
    if not kept or not is_own_path(back):
        return None
    try:
        lists = parse_qs(kept, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    if lists.get("step") == ["send"]:
        lists["step"] = [_SHOWS]
    return await led(request, principal, Form({}, {**lists, _BACK: [back]}), "/resume", token=token)


@router.get("/resume")
async def resume(request: Request, principal: Signed, asked: str = "") -> Response:
    form = await asked_form(request, principal)
    if form is None or _BACK not in form.given:
        return RedirectResponse("/", 303)
    fields = [(name, value) for name, values in form.lists.items() if name != _BACK for value in values]
    return page(request, "resume.html", principal, back=form.given[_BACK], fields=fields)
