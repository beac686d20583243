"""`/fhir` where the extra `fhir` is not installed: every request is told so, in the words of FHIR."""

from typing import Final

import orjson
from fastapi import FastAPI, Request, Response

from agents.fhir.faults import Fault, operation_outcome
from agents.web.gate import Gateway, language_of

STATUS: Final = 501
_CODE: Final = "FHIR_NOT_INSTALLED"
_FAULT: Final = Fault(
    "not-supported",
    "",
    "FHIR belum dipasang di gateway ini. Pengelola memasangnya dengan: pip install 'santunan[gateway,fhir]', lalu "
    "menjalankan ulang gateway. Laporan yang sama diterima di /v1.",
    "FHIR is not installed in this gateway. The operator installs it by: pip install 'santunan[gateway,fhir]', and "
    "starts the gateway again. /v1 takes the same reports.",
)


def make_absent_app(gateway: Gateway) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.gateway = gateway
    app.add_api_route("/{path:path}", _absent, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    return app


async def _absent(request: Request) -> Response:
    body = operation_outcome(_CODE, [_FAULT], language_of(request))
    return Response(orjson.dumps(body), STATUS, None, "application/fhir+json")
