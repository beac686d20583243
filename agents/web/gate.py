"""The gate of every request: who sends it, how much and how often; and the thread in which an operation runs.

Each request is asked for its key anew, so that a revoked one opens nothing from the next request on. Refusals are
logged, without a word of what was sent.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Depends, Request

from agents.web.limits import Buckets
from agents.web.metrics import Metrics
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.explain import Language
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.pages import NotFound
from pipeline.store.access_book import AccessBook, AuditRecord

Answer = TypeVar("Answer")
MOST_REQUEST_BYTES: Final = 4 * 1024 * 1024  # a thousand events of a usual size
BODY_SECONDS: Final = 30.0  # 4 MiB over a line of 1.2 Mbit/s
MOST_WAITING: Final = 500  # requests that wait for something new; 31 kB each
THREADS: Final = 8  # requests that wait for one commit; more only hand the interpreter's lock around
MOST_REFUSED_KEYS: Final = 5.0  # a second of one address: nobody tries keys faster
NOT_FOUND_SECONDS: Final = 0.025  # an answer comes at a multiple of it, whatever was looked at
_BEARER: Final = re.compile(r"[Bb]earer +(\S{1,200})")

log = logging.getLogger("santunan.gateway")


@dataclass(frozen=True, slots=True)
class Gateway:
    """All that the requests of one process share. `rate`: requests a second of one principal."""

    front: FrontOffice
    access: AccessBook
    rate: float
    is_ready: Callable[[], bool]
    principals: Buckets = field(init=False)
    addresses: Buckets = field(init=False)
    refused_keys: Buckets = field(init=False)
    threads: CapacityLimiter = field(init=False)
    waiting: asyncio.Semaphore = field(init=False)
    metrics: Metrics = field(init=False, default_factory=Metrics)

    def __post_init__(self) -> None:
        object.__setattr__(self, "principals", Buckets(self.rate))
        object.__setattr__(self, "addresses", Buckets(10 * self.rate))
        object.__setattr__(self, "refused_keys", Buckets(MOST_REFUSED_KEYS))
        object.__setattr__(self, "threads", CapacityLimiter(THREADS))
        object.__setattr__(self, "waiting", asyncio.Semaphore(MOST_WAITING))


def gateway_of(request: Request) -> Gateway:
    found: Gateway = request.app.state.gateway
    return found


def address_of(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def language_of(request: Request) -> Language:
    """Indonesian, unless English is asked for first."""
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "id"


async def signed_in(request: Request) -> Principal:
    """The principal of the request's key. Raises ProblemError: KEY_NEEDED, RATE."""
    gateway, address = gateway_of(request), address_of(request)
    if wait := gateway.addresses.take(address):
        raise _too_many(wait)
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise ProblemError("KEY_NEEDED")
    principal = await in_thread(gateway, partial(_principal_of, gateway, found[1], address))
    if wait := gateway.principals.take(principal.name):
        raise _too_many(wait)
    request.scope["principal"] = principal.name
    return principal


Signed = Annotated[Principal, Depends(signed_in)]


def _principal_of(gateway: Gateway, token: str, address: str) -> Principal:
    now = gateway.front.now()
    used = gateway.access.use_key(token, now)
    if used is not None and used.refusal is None:
        return used.principal
    if wait := gateway.refused_keys.take(address):
        raise _too_many(wait)
    reason = used.refusal if used is not None else "UNKNOWN"
    who = used.principal.name if used is not None else "nobody"
    log.warning("a key was refused", extra={"source": who, "reason": reason, "status": 401})
    if used is not None:
        record = AuditRecord(now, who, "key.use", used.key_id, "refused", address, used.refusal)
        gateway.access.write(record)
    raise ProblemError("KEY_NEEDED")


def _too_many(seconds: float) -> ProblemError:
    return ProblemError("RATE", {"Retry-After": str(max(1, round(seconds)))})


async def in_thread(gateway: Gateway, work: Callable[[], Answer]) -> Answer:
    return await anyio.to_thread.run_sync(work, limiter=gateway.threads)


async def call(
    request: Request, operation: Callable[..., Answer], principal: Principal, *args: Any, **kw: Any
) -> Answer:
    """Run an operation of the front office. What is not found takes the same time, whether it exists or not."""
    gateway, clock = gateway_of(request), asyncio.get_running_loop().time
    began = clock()
    try:
        return await in_thread(gateway, partial(operation, gateway.front, principal, *args, **kw))
    except NotFound:
        await asyncio.sleep(NOT_FOUND_SECONDS - (clock() - began) % NOT_FOUND_SECONDS)
        raise


async def body_of(request: Request, most: int = MOST_REQUEST_BYTES) -> bytes:
    """Raises ProblemError: LENGTH before more than `most` bytes are read, MEDIA_TYPE of compressed ones, SLOW."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError("MEDIA_TYPE")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
        raise ProblemError("LENGTH", {"Connection": "close"})
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                read += part
                if len(read) > most:
                    raise ProblemError("LENGTH", {"Connection": "close"})
    except TimeoutError:
        raise ProblemError("SLOW", {"Connection": "close"}) from None
    return bytes(read)


def media_type_of(request: Request) -> str:
    """Without parameters, in small letters. Raises ProblemError (MEDIA_TYPE) where the characters are not UTF-8."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = re.search(r"charset *= *\"?([^\s\";]+)", parameters)
    if charset is not None and charset[1].lower() != "utf-8":
        raise ProblemError("MEDIA_TYPE")
    return media_type.strip().lower()
