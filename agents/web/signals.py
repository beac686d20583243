"""The routes of signals: all that the reader may see, and those of one claim. They decide nothing."""

import orjson
from fastapi import APIRouter, Request, Response

from agents.web.describing import JSON, describe
from agents.web.gate import Signed, call
from pipeline.operations.signals import Signals, list_claim_signals, list_signals

router = APIRouter(prefix="/v1")


@router.get("/signals")
@describe(
    ("Tanda yang layak dilihat", "Signals that may be worth a look"),
    (
        "Dengan klaim sebagai buktinya; tidak memutuskan apa pun. Tanda tentang petugas hanya untuk auditor.",
        "With the claims that are their evidence; they decide nothing. Those about officers are for auditors alone.",
    ),
    tag="officers",
    answers={200: Signals},
)
async def get_signals(request: Request, principal: Signed) -> Response:
    return Response(orjson.dumps(await call(request, list_signals, principal)), 200, media_type=JSON)


@router.get("/cases/{claim}/signals")
@describe(("Tanda pada satu klaim", "Signals of one claim"), tag="officers", answers={200: Signals})
async def get_claim_signals(request: Request, principal: Signed, claim: str) -> Response:
    return Response(orjson.dumps(await call(request, list_claim_signals, principal, claim)), 200, media_type=JSON)
