"""Routes of the sample documents: for who writes a program against the gateway. The same for every principal."""

import orjson
from fastapi import APIRouter, Request, Response

from agents.web.describing import Answer, describe, rows_of
from agents.web.gate import Signed
from pipeline.queries.pages import NotFound
from schemas.sample_documents import Sample, sample_text, samples

router = APIRouter(prefix="/v1")


@router.get("/samples")
@describe(
    ("Daftar contoh dokumen", "The sample documents"),
    (
        "Untuk pembuat program; semua orang di dalamnya rekaan.",
        "For makers of programs; all persons in them are made up.",
    ),
    tag="samples",
    answers={200: rows_of(Sample)},
)
async def get_samples(request: Request, principal: Signed) -> Response:
    """All of them: name, form, media type, where to send it, and which kind of principal it is for."""
    return Response(orjson.dumps({"rows": samples()}), 200, None, "application/json")


@router.get("/samples/{name}")
@describe(
    ("Satu contoh dokumen", "One sample document"),
    tag="samples",
    answers={200: Answer(dict.fromkeys(sorted({one.media_type for one in samples()}), {"type": "object"}))},
    problems=(404,),
)
async def get_sample(request: Request, principal: Signed, name: str) -> Response:
    """One document, as it may be sent; an event and a resource name their made-up sender."""
    try:
        text = sample_text(name)
    except KeyError:
        raise NotFound("there is no such sample; /v1/samples lists them") from None
    media_type = next(one.media_type for one in samples() if one.name == name)
    return Response(text, 200, None, media_type)
