"""Papers beside a claim, to look at: an image in the page, a PDF in a tab of its own.

What is sent is a PDF, a JPEG or a PNG by its content, said so in its head, and a browser may not take it for anything
else (nosniff). So a paper with another name, or with markup inside, is never a page; and were it one, its policy lets
nothing run. A PDF has no `sandbox`: a browser's viewer does not open in one.
"""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from agents.web.gate import Signed, call
from agents.web.problems import ProblemError
from pipeline.operations.papers import read_paper

_ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
# A browser lays out the page that it makes around an image or a PDF by styles of its own.
_NOTHING: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'unsafe-inline'"
)
_POLICIES: Final = {
    "application/pdf": f"{_NOTHING}; object-src 'self'",
    "image/jpeg": f"{_NOTHING}; sandbox",
    "image/png": f"{_NOTHING}; sandbox",
}

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/tasks/{claim}/papers/{sha256}")
async def see_paper(request: Request, principal: Signed, claim: str, sha256: str) -> Response:
    """That it was read is put on record, as by the API."""
    paper, content = await call(request, read_paper, principal, sha256, claim)
    if paper.media_type not in _POLICIES:
        raise ProblemError("NOT_FOUND")
    headers = {
        "Content-Disposition": f'inline; filename="{paper.sha256[:16]}.{_ENDINGS[paper.media_type]}"',
        "Content-Length": str(paper.size),
        "Content-Security-Policy": _POLICIES[paper.media_type],
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return StreamingResponse(content, 200, headers, paper.media_type)
