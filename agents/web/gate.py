"""The gate of every request: who sends it, how much and how often; and the thread in which an operation runs.

Each request is asked for its key or its session anew, so that a revoked one opens nothing from the next request on.
Refusals are logged, without a word of what was sent.
"""

import asyncio
import datetime as dt
import logging
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi import Depends, Request

from agents.web.identity_provider import IdentityProvider
from agents.web.limits import Buckets, Streaks
from agents.web.link import HandedIn, SubmitterLink
from agents.web.metrics import Metrics
from agents.web.parameters import only_known, require_once
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.explain import Language
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.pages import NotFound
from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import AuditRecord
from pipeline.store.asked_book import AskedBook
from pipeline.store.draft_book import DraftBook
from pipeline.store.link_book import LinkBook
from pipeline.store.sign_in_book import SignInBook
from schemas.decisions import FieldError

Answer = TypeVar("Answer")
MOST_REQUEST_BYTES: Final = 4 * 1024 * 1024  # a thousand events of a usual size
BODY_SECONDS: Final = 30.0  # 4 MiB over a line of 1.2 Mbit/s
MOST_IMPORTS: Final = 2  # sheets at once: each has a child process of up to 1 GiB
MOST_WAITING: Final = 500  # requests that wait for something new; 31 kB each
MOST_UPLOADS: Final = 16  # papers at once; 10 MB each on the disk while they come
THREADS: Final = 8  # operations that ask the database; more only hand the interpreter's lock around
MOST_REFUSED_KEYS: Final = 5.0  # a second of one address: nobody tries keys faster
MOST_SIGN_INS: Final = 5.0  # a second of one address: an office behind one address that begins at eight o'clock
MOST_HASHED: Final = 2  # passwords at once: 19 MiB and 30 ms of a core each
CONTENT_TYPE_WANTED: Final = "write application/json"
ALARM: Final = (5, 60.0)  # refusals of one principal, and the seconds within which they are reported
NOT_FOUND_SECONDS: Final = 0.025  # an answer comes at a multiple of it, whatever was looked at
_CHANGES_NOTHING: Final = frozenset({"GET", "HEAD"})
IS_HEAD: Final = "santunan.is_head"  # key of a scope
IS_FULL: Final = "santunan.is_full"  # key of a scope: there are more connections than are served
_BEARER: Final = re.compile(r"[Bb]earer +(\S{1,200})")

log = logging.getLogger("santunan.gateway")


@dataclass(frozen=True, slots=True)
class Gateway:
    """All that the requests of one process share. `rate`: requests a second of one principal.

    `link`: to the log. `quick`: where the store is a file, the front office of the event loop, with connections that no
    thread takes. `web_url`: the address that browsers visit, where it is not the one that the gateway listens on.
    `draft_hours`: how long a report that was begun is kept after its last change.
    """

    front: FrontOffice
    access: AccessBook
    rate: float
    is_ready: Callable[[], bool]
    link: SubmitterLink
    quick: FrontOffice | None
    web_url: str | None = None
    provider: IdentityProvider | None = None
    draft_hours: int = 72
    drafts: DraftBook = field(init=False)
    asked: AskedBook = field(init=False)
    sign_ins: SignInBook = field(init=False)
    links: LinkBook = field(init=False)
    hashing: asyncio.Semaphore = field(init=False)
    streaks: Streaks = field(init=False)
    principals: Buckets = field(init=False)
    addresses: Buckets = field(init=False)
    refused_keys: Buckets = field(init=False)
    sign_in_addresses: Buckets = field(init=False)
    threads: ThreadPoolExecutor = field(init=False)
    waiting: asyncio.Semaphore = field(init=False)
    uploads: asyncio.Semaphore = field(init=False)
    imports: asyncio.Semaphore = field(init=False)
    leaving: asyncio.Event = field(init=False)  # set when the process is to end: what waits ends first
    metrics: Metrics = field(init=False, default_factory=Metrics)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sign_ins", SignInBook(self.access))
        object.__setattr__(self, "links", LinkBook(self.access))
        object.__setattr__(self, "drafts", DraftBook(self.access, dt.timedelta(hours=self.draft_hours)))
        object.__setattr__(self, "asked", AskedBook(self.access))
        object.__setattr__(self, "hashing", asyncio.Semaphore(MOST_HASHED))
        object.__setattr__(self, "streaks", Streaks(*ALARM))
        object.__setattr__(self, "principals", Buckets(self.rate))
        object.__setattr__(self, "addresses", Buckets(10 * self.rate))
        object.__setattr__(self, "refused_keys", Buckets(MOST_REFUSED_KEYS))
        object.__setattr__(self, "sign_in_addresses", Buckets(MOST_SIGN_INS))
        object.__setattr__(self, "threads", ThreadPoolExecutor(THREADS, "operation"))
        object.__setattr__(self, "waiting", asyncio.Semaphore(MOST_WAITING))
        object.__setattr__(self, "uploads", asyncio.Semaphore(MOST_UPLOADS))
        object.__setattr__(self, "imports", asyncio.Semaphore(MOST_IMPORTS))
        object.__setattr__(self, "leaving", asyncio.Event())


def gateway_of(request: Request) -> Gateway:
    found: Gateway = request.app.state.gateway
    return found


def address_of(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def language_of(request: Request) -> Language:
    """Indonesian, unless English is asked for first."""
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "id"


def is_head(request: Request) -> bool:
    """Whether only the headers are asked for; `request.method` is GET then."""
    return IS_HEAD in request.scope


def prefers(request: Request, media_type: str) -> bool:
    """Whether `Accept` names this kind of answer before all others."""
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0]
    return first.strip().lower() == media_type


async def signed_in(request: Request) -> Principal:
    """The principal of the request's key, or of its session. Raises ProblemError: KEY_NEEDED, CROSS_SITE, RATE;
    Poison (INVALID) of a header that stands twice; RequestValidationError where the address has a parameter that its
    route does not know."""
    gateway, address = gateway_of(request), address_of(request)
    if wait := gateway.addresses.take(address):
        raise too_many(wait)
    if "authorization" in request.headers:
        found = _BEARER.fullmatch(request.headers["authorization"])
        if found is None:
            raise ProblemError("KEY_NEEDED")
        principal = gateway.access.valid_key(found[1], gateway.front.now())  # no thread for one read of a file
        if principal is None:
            principal = await in_thread(gateway, partial(_principal_of, gateway, found[1], address))
    else:
        principal = await _of_session(request)
    if wait := gateway.principals.take(principal.name):
        raise too_many(wait)
    request.scope["principal"] = principal.name
    require_once(request)
    await only_known(request)
    return principal


Signed = Annotated[Principal, Depends(signed_in)]


async def lapsed_of(request: Request) -> Principal | None:
    """Whose session has run out by time alone, of a form of our own page. He may read and send nothing; what he typed
    may be kept for him until he has signed in again. Raises ProblemError (CROSS_SITE)."""
    token = session_token(request)
    if token is None or "authorization" in request.headers:
        return None
    require_own_site(request)
    gateway = gateway_of(request)
    return await in_thread(gateway, partial(gateway.sign_ins.lapsed, token, gateway.front.now()))


async def _of_session(request: Request) -> Principal:
    gateway = gateway_of(request)
    if not (token := session_token(request)):
        raise ProblemError("KEY_NEEDED")
    if request.method not in _CHANGES_NOTHING:
        require_own_site(request)
    # Who waits for news by itself is no person.
    renews = "wait" not in request.query_params and not prefers(request, "text/event-stream")
    find = partial(gateway.sign_ins.session, token, gateway.front.now(), renews=renews)
    session = await in_thread(gateway, find)
    if session is None:
        raise ProblemError("KEY_NEEDED")
    request.scope["session"] = session
    return session.principal


def is_tls(gateway: Gateway) -> bool:
    return (gateway.web_url or "").startswith("https:")


def cookie_name(gateway: Gateway) -> str:
    """A browser takes a name with this prefix only from this very host, over TLS (RFC 6265bis, section 4.1.3.2)."""
    return "__Host-santunan" if is_tls(gateway) else "santunan"


def session_token(request: Request) -> str | None:
    return request.cookies.get(cookie_name(gateway_of(request)))


def credential_of(request: Request) -> str:
    """The key, or the token of the session, with which a request came."""
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return found[1] if found is not None else session_token(request) or ""


def require_own_site(request: Request, *, is_lenient: bool = False) -> None:
    """A browser says from which site a request comes; the cookie comes along whatever site that is.

    `is_lenient`: lets a program through that says nothing; for what needs no cookie. Raises ProblemError (CROSS_SITE).
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = gateway_of(request).web_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    if site is not None:
        is_own = site in ("same-origin", "none")
    elif origin is not None:
        is_own = origin == own
    else:
        is_own = is_lenient
    if not is_own:
        raise ProblemError("CROSS_SITE")


def note_refusal(gateway: Gateway, who: str | None, reason: str, status: int, text: str, address: str) -> None:
    """A security event; and an alarm where one principal has many within a minute."""
    log.warning(text, extra={"source": who, "reason": reason, "status": status, "address": address})
    if who is not None and gateway.streaks.is_full(who):
        event = {"source": who, "reason": "ALARM", "address": address}
        log.error("ALARM: five refusals of one principal within a minute", extra=event)


def _principal_of(gateway: Gateway, token: str, address: str) -> Principal:
    now = gateway.front.now()
    used = gateway.access.use_key(token, now)
    if used is not None and used.refusal is None:
        return used.principal
    if wait := gateway.refused_keys.take(address):
        raise too_many(wait)
    reason = used.refusal or "" if used is not None else "UNKNOWN"
    who = used.principal.name if used is not None else None
    note_refusal(gateway, who, reason, 401, "a key was refused", address)
    if used is not None:
        record = AuditRecord(now, used.principal.name, "key.use", used.key_id, "refused", address, used.refusal)
        gateway.access.write(record)
    raise ProblemError("KEY_NEEDED")


def too_many(seconds: float) -> ProblemError:
    return ProblemError("RATE", {"Retry-After": str(max(1, round(seconds)))})


async def in_thread(gateway: Gateway, work: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(gateway.threads, work)


async def call(
    request: Request,
    operation: Callable[..., Answer],
    principal: Principal,
    *args: Any,
    is_quick: bool = False,
    **kw: Any,
) -> Answer:
    """Run an operation of the front office. What is not found takes the same time, whether it exists or not.

    `is_quick`: no longer than to hand it to a thread, where the store is a file; it runs here then.
    """
    gateway, clock = gateway_of(request), asyncio.get_running_loop().time
    began = clock()
    try:
        if is_quick and gateway.quick is not None:
            found = operation(gateway.quick, principal, *args, **kw)
        else:
            found = await in_thread(gateway, partial(operation, gateway.front, principal, *args, **kw))
        if isinstance(found, HandedIn):
            return cast(Answer, found.then(await gateway.link.placed(found.documents)))
        return found
    except NotFound:
        await even_out(began)
        raise


async def even_out(began: float) -> None:
    """Until a multiple of `NOT_FOUND_SECONDS` from `began`, by the loop's clock: for an answer that must not tell by
    its time what was looked at."""
    passed = asyncio.get_running_loop().time() - began
    await asyncio.sleep(NOT_FOUND_SECONDS - passed % NOT_FOUND_SECONDS)


async def body_of(request: Request, most: int = MOST_REQUEST_BYTES) -> bytes:
    """Raises as `parts_of`."""
    return b"".join([part async for part in parts_of(request, most)])


async def parts_of(request: Request, most: int, seconds: float = BODY_SECONDS) -> AsyncIterator[bytes]:
    """The body as it comes. Raises ProblemError: LENGTH before more than `most` bytes are read, MEDIA_TYPE of
    compressed ones, SLOW where it takes longer than `seconds`."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise wrong_media_type("leave it out; nothing compressed is read", "Content-Encoding")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
        raise ProblemError("LENGTH", {"Connection": "close"})
    read = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                read += len(part)
                if read > most:
                    raise ProblemError("LENGTH", {"Connection": "close"})
                yield part
    except TimeoutError:
        raise ProblemError("SLOW", {"Connection": "close"}) from None


def media_type_of(request: Request) -> str:
    """Without parameters, in small letters. Raises ProblemError (MEDIA_TYPE) where the characters are not UTF-8."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = re.search(r"charset *= *\"?([^\s\";]+)", parameters)
    if charset is not None and charset[1].lower() != "utf-8":
        raise wrong_media_type("write charset=utf-8, or leave it out")
    return media_type.strip().lower()


def wrong_media_type(wanted: str, header: str = "Content-Type") -> ProblemError:
    """A refusal that names the header, and what to write there."""
    return ProblemError("MEDIA_TYPE", None, FieldError(f"header {header}", wanted))
