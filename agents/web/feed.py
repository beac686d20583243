"""The feed of decisions as server-sent events: the pages of `list_decisions`, one event a decision.

`Last-Event-ID` is the cursor, so a connection that is lost loses nothing. A comment every few seconds shows both ends
that the other is there.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse

from agents.web.gate import call, gateway_of, in_thread, is_head, language_of, signed_in
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.errors import Poison, SantunanError
from pipeline.operations.reading import FeedItem, list_decisions
from pipeline.queries.pages import Page
from pipeline.queries.submissions import last_chunk
from schemas.decisions import FieldError

MEDIA_TYPE: Final = "text/event-stream"
LOOK_SECONDS: Final = 0.3  # how often a request that waits looks
HEARTBEAT_SECONDS: Final = 15.0  # proxies end a connection that is silent for a minute
_RETRY: Final = b"retry: 2000\n\n"  # milliseconds after which a client comes again
_HEADERS: Final = {"X-Accel-Buffering": "no"}  # nginx would hold events back until a block is full


async def stream_decisions(request: Request, principal: Principal, after: str, limit: int) -> StreamingResponse:
    """What is refused is refused before the stream begins. `Last-Event-ID` counts, and else `after`."""
    if gateway_of(request).waiting.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    last = request.headers.get("last-event-id")
    try:
        first = await _page(request, principal, last if last is not None else after, limit)
    except Poison as poison:
        if last is None:
            raise
        raise Poison(
            poison.reason, *[FieldError("header Last-Event-ID", one.message) for one in poison.errors]
        ) from None
    if is_head(request):
        return StreamingResponse(iter(()), 200, _HEADERS, MEDIA_TYPE)
    return StreamingResponse(_events(request, principal, first, limit), 200, _HEADERS, MEDIA_TYPE)


async def _events(request: Request, principal: Principal, page: Page[FeedItem], limit: int) -> AsyncIterator[bytes]:
    """Until the client or the gateway leaves, or the key is no longer valid: nothing is sent to such a key."""
    gateway, clock = gateway_of(request), asyncio.get_running_loop().time
    async with gateway.waiting:
        yield _RETRY
        sent_at, seen = clock(), -1
        while not gateway.leaving.is_set():
            try:
                if page.rows or clock() - sent_at >= HEARTBEAT_SECONDS:
                    await signed_in(request)
                    yield b"".join(map(_event, page.rows)) or b":\n\n"
                    sent_at = clock()
                number = await in_thread(gateway, partial(last_chunk, gateway.front.store))
                if page.more or number != seen:
                    seen, page = number, await _page(request, principal, page.cursor or "", limit)
                else:
                    page = Page((), 0, page.cursor)
                    await asyncio.sleep(LOOK_SECONDS)
            except (ProblemError, SantunanError):
                return  # the client comes again, and is answered with the reason


async def _page(request: Request, principal: Principal, after: str, limit: int) -> Page[FeedItem]:
    return await call(request, list_decisions, principal, language_of(request), after=after, limit=limit)


def _event(item: Any) -> bytes:
    return b"id: %s\nevent: decision\ndata: %s\n\n" % (item.cursor.encode(), orjson.dumps(item))
