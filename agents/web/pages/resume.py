"""A form that was sent after its session had ended: what was typed goes with the person through the door and back.

It travels in the pages themselves; the gateway keeps nothing. Only a form from our own pages is taken along, and only
to be shown again: nothing is sent until the person presses a button of a page that shows it.
"""

from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import Response

from agents.web.gate import body_of, media_type_of, require_own_site
from agents.web.pages.forms import FORM_TYPE, MOST_FIELDS, MOST_FORM_BYTES, Form
from agents.web.pages.frame import is_own_path, page
from agents.web.problems import ProblemError

_SHOWS: Final = "preview"  # the step of a ruling that sends nothing


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


def resumed(request: Request, form: Form) -> Response | None:
    """The page that shows the form again, for who has signed in; None: none was kept."""
    kept, back = form.given.get("kept", ""), form.text("back")
    if not kept or not is_own_path(back):
        return None
    try:
        fields = parse_qsl(kept, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    shown = [(name, _SHOWS if (name, value) == ("step", "send") else value) for name, value in fields]
    return page(request, "resume.html", None, back=back, fields=shown, here="/")
