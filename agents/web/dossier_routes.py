"""Routes of dossiers: by the API, and from the auditor's page of a claim."""

import tempfile
from collections.abc import Iterator
from functools import partial
from typing import IO, Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from agents.web.bodies import model_of
from agents.web.describing import JSON, Answer, describe
from agents.web.dossiers import MEDIA_TYPE, file_name, write_dossier
from agents.web.gate import Signed, call, gateway_of, in_thread
from pipeline.access.principals import Principal
from pipeline.operations.dossier import MOST_REASON_LETTERS, read_dossier
from schemas.values import Strict

MOST_IN_MEMORY = 4 * 1024 * 1024
_PART = 64 * 1024
_FILE = Answer({MEDIA_TYPE: {"type": "string"}}, ("Content-Disposition",))

router = APIRouter(prefix="/v1")


class DossierQuestion(Strict):
    """Why all of it is needed, without a NIK; kept in the log of access."""

    reason: Annotated[str, Field(min_length=1, max_length=MOST_REASON_LETTERS)]


@router.get("/claims/{claim}/dossier")
@describe(
    ("Dossier satu klaim, disamarkan", "The dossier of a claim, masked"),
    (
        "Berkas zip: keputusan, surat, hukum, bukti, dan halaman tentang cara memeriksanya tanpa program ini. "
        "Pembacaan ini dicatat.",
        "A zip: decisions, letters, law, proofs, and a page how to check it without this program. That it was read is "
        "put on record.",
    ),
    tag="officers",
    answers={200: _FILE},
    problems=(404,),
)
async def get_dossier(request: Request, principal: Signed, claim: str) -> Response:
    return await dossier_answer(request, principal, claim, None)


@router.post("/claims/{claim}/dossier")
@describe(
    ("Dossier satu klaim, lengkap, dengan alasan", "The dossier of a claim, in full, with a reason"),
    (
        "Dengan isi kiriman dan dokumen, jadi dengan data pribadi. Alasannya dicatat.",
        "With what was sent and the papers, so with personal data. The reason is put on record.",
    ),
    tag="officers",
    answers={200: _FILE},
    body={JSON: DossierQuestion},
    examples={JSON: {"reason": "examined for the court"}},
    problems=(404,),
)
async def post_dossier(request: Request, principal: Signed, claim: str) -> Response:
    asked = await model_of(request, DossierQuestion)
    return await dossier_answer(request, principal, claim, asked.reason)


async def dossier_answer(request: Request, principal: Principal, claim: str, reason: str | None) -> Response:
    """As a file to keep. Raises as `read_dossier`."""
    found = await call(request, read_dossier, principal, claim, reason)
    file = tempfile.SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115 (closed when it was sent)
    try:
        await in_thread(gateway_of(request), partial(write_dossier, found, file))
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{file_name(found)}"', "Content-Length": str(size)}
    return StreamingResponse(_parts(file), 200, headers, MEDIA_TYPE)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part
