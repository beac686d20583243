"""Routes of papers: a scan comes in as its bytes, and goes out as an attachment that no page can run."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from agents.web.describing import JSON, Answer, describe
from agents.web.gate import Signed, call, gateway_of, parts_of
from agents.web.problems import ProblemError
from pipeline.operations.paper_room import begin_paper
from pipeline.operations.papers import MOST_BYTES, put_paper, read_paper
from pipeline.store.paper_book import Paper
from schemas.bundle import Schema

UPLOAD_SECONDS: Final = 120.0  # 10 MB over a line of 0.7 Mbit/s
_ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"

_BYTES: Final[Schema] = {"type": "string", "format": "binary"}
_SCAN: Final = dict.fromkeys(_ENDINGS, _BYTES)
_NAME: Final = {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
_PUT: Final = Answer({JSON: Paper}, ("Location",))
_FILE: Final = Answer(_SCAN, ("Content-Disposition",))

router = APIRouter(prefix="/v1")


@router.put("/papers/{sha256}")
@describe(
    ("Simpan pindaian dokumen", "Put a scanned paper"),
    (
        "PDF, JPEG, atau PNG, paling banyak 10 MB; isinya yang diperiksa. Lalu sebutkan di `attachments` laporan.",
        "PDF, JPEG or PNG, at most 10 MB; its content is looked at. Then name it in `attachments` of a report.",
    ),
    tag="papers",
    body=_SCAN,
    answers={201: _PUT, 200: _PUT},
    path=_NAME,
)
async def put_scan(request: Request, principal: Signed, sha256: str) -> Response:
    """A PDF, JPEG or PNG of at most 10 MB, named by its SHA-256; 201, and 200 where you had put it before."""
    gateway = gateway_of(request)
    if gateway.uploads.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    async with gateway.uploads:
        upload = await call(request, begin_paper, principal, sha256)
        try:
            await _written(request, upload)
            paper, is_new = await call(request, put_paper, principal, sha256, upload)
        finally:
            upload.close()
    body = orjson.dumps(paper)
    return Response(body, 201 if is_new else 200, {"Location": f"/v1/papers/{sha256}"}, "application/json")


@router.get("/papers/{sha256}")
@describe(("Dokumen yang Anda simpan", "A paper that you put"), tag="papers", answers={200: _FILE}, problems=(404,))
async def get_paper(request: Request, principal: Signed, sha256: str) -> Response:
    """A paper that you put."""
    return _attachment(*await call(request, read_paper, principal, sha256))


@router.get("/claims/{claim}/papers/{sha256}")
@describe(
    ("Dokumen suatu klaim", "A paper of a claim"),
    (
        "Sejauh Anda boleh melihatnya; pembacaan ini dicatat.",
        "As far as you may see it; that it was read is put on record.",
    ),
    tag="papers",
    answers={200: _FILE},
    problems=(404,),
)
async def get_paper_of_claim(request: Request, principal: Signed, claim: str, sha256: str) -> Response:
    """A paper that an event of the claim names, as far as you may see it."""
    return _attachment(*await call(request, read_paper, principal, sha256, claim))


async def _written(request: Request, upload: Any) -> None:
    try:
        async for part in parts_of(request, MOST_BYTES, UPLOAD_SECONDS):
            upload.write(part)
    except ProblemError as error:
        if error.problem.code == "LENGTH":
            raise ProblemError("PAPER_LENGTH", error.problem.headers) from None
        raise


def _attachment(paper: Any, content: Any) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{paper.sha256[:16]}.{_ENDINGS[paper.media_type]}"',
        "Content-Length": str(paper.size),
        "Content-Security-Policy": _POLICY,
    }
    return StreamingResponse(content, 200, headers, paper.media_type)
