"""The code of the second factor at the step that sends a ruling: asked for beside the preview, which keeps the form."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request

from agents.web.pages.forms import Form
from agents.web.session import take_code
from pipeline.access.principals import Principal
from pipeline.errors import Poison
from pipeline.operations.sign_in import SignInRefused

FIELD: Final = "code"
_DIGITS: Final = 6


async def with_code(
    request: Request, principal: Principal, form: Form, entry: Mapping[str, Any]
) -> tuple[Principal, dict[str, str]]:
    """Who sends, after the code of the form where it has one; and what is wrong with the code. `entry`: texts."""
    written = form.text(FIELD).replace(" ", "")
    if not written:
        return principal, {}
    if not (written.isdecimal() and written.isascii() and len(written) == _DIGITS):
        return principal, {FIELD: entry["six_digits"]}
    try:
        return await take_code(request, principal, written), {}
    except SignInRefused as refused:
        return principal, {FIELD: entry["code_refused" if refused.reason == "CODE_REFUSED" else "no_factor"]}
    except Poison:
        return principal, {FIELD: entry["no_factor"]}
