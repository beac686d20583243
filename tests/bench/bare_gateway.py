"""A bare FastAPI route that appends each report to a file and syncs it: what any gateway in Python could at most do."""

import os
import sys
from typing import Any

import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response


def make_app(path: str) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def keep(body: bytes) -> None:
        os.write(log, body)
        os.fsync(log)

    @app.post("/v1/accidents")
    async def accident(request: Request) -> Any:
        await run_sync(keep, await request.body())
        return Response(b'{"received":true}', 202, media_type="application/json")

    return app


if __name__ == "__main__":
    port, path = sys.argv[1:]
    uvicorn.run(make_app(path), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
