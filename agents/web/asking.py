"""Routes that answer: claims, explanations, cover, the feed of decisions, work, receipts."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from agents.letters import MEDIA_TYPE as PDF
from agents.web import examples, feed
from agents.web.bodies import model_of
from agents.web.describing import HTML, JSON, Answer, describe, page_of, rows_of
from agents.web.fates import followed_document, followed_schema
from agents.web.gate import Gateway, Signed, call, even_out, gateway_of, in_thread, language_of, prefers
from agents.web.moments import MaybeKnownOn
from agents.web.printing import explanation_page, pdf_answer
from agents.web.problems import ProblemError
from pipeline.explain import Explanation, Language, render_text
from pipeline.operations.claim_file import CaseView, Change, changed_since, read_case
from pipeline.operations.cover import Cover, check_cover
from pipeline.operations.cover_question import MEMBER_SHAPE
from pipeline.operations.cursors import MOST_CURSOR_LETTERS
from pipeline.operations.fate import WAITS_FOR_CLAIM, Followed, ReportRefused
from pipeline.operations.known import explain_known
from pipeline.operations.payouts import list_payouts
from pipeline.operations.reading import (
    ClaimRow,
    ClaimView,
    FeedItem,
    explain_claim,
    list_claims,
    list_decisions,
    read_claim,
    read_receipt,
)
from pipeline.queries.pages import PAGE_ROWS, NotFound, Page
from pipeline.queries.payouts import OrderedPayout
from pipeline.queries.submissions import last_chunk
from schemas.bundle import Schema
from schemas.values import Date, Strict

Found = TypeVar("Found")

Wait = Annotated[int, Query(ge=0, le=25, description="seconds to wait for something new")]
Limit = Annotated[int, Query(ge=1, le=PAGE_ROWS)]
Cursor = Annotated[str, Query(max_length=100)]
FeedCursor = Annotated[str, Query(max_length=MOST_CURSOR_LETTERS)]

_TEXT: Final[Schema] = {"type": "string"}

router = APIRouter(prefix="/v1")


class CoverQuestion(Strict):
    """`member`: membership number or NIK, which is in the body alone, never in an address."""

    member: Annotated[str, Field(max_length=16, json_schema_extra={"pattern": MEMBER_SHAPE})]
    program: Literal["JKK", "JKM"] = "JKK"
    day: Date


@router.get("/claims")
@describe(
    ("Daftar klaim Anda", "Your claims"),
    tag="claims",
    answers={200: page_of(ClaimRow)},
    problems=(404,),
)
async def get_claims(request: Request, principal: Signed, after: Cursor = "", limit: Limit = PAGE_ROWS) -> Response:
    return _page(await call(request, list_claims, principal, after=after, limit=limit))


@router.get("/claims/{claim}")
@describe(
    ("Satu klaim: keputusan, alasan, yang belum ada", "One claim: decision, reasons, what is missing"),
    (
        "`wait` menunggu revisi sesudah `after`; tanpa yang baru, jawabannya keadaan sekarang.",
        "`wait` waits for a revision after `after`; where none comes, the answer is what there is.",
    ),
    tag="claims",
    answers={
        200: Answer({JSON: ClaimView}, ("ETag", "Content-Language")),
        304: Answer({}, ("ETag", "Content-Language")),
    },
    problems=(404,),
    headers={"If-None-Match": ("ETag yang sudah ada", "the ETag that you have")},
)
async def get_claim(
    request: Request, principal: Signed, claim: str, wait: Wait = 0, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """`wait`: until the claim has a revision above `after`; where none came, what there is."""
    language = language_of(request)

    async def ask() -> ClaimView:
        return await call(request, read_claim, principal, claim, language)

    found = await waited(request, wait, ask, lambda view: view.revision > after)
    etag = f'"{found.revision}-{language}"'
    headers = {"ETag": etag, "Content-Language": language}
    if etag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    return _json(found, headers)


@router.get("/cases/{claim}")
@describe(
    ("Seluruh berkas satu klaim", "The whole file of a claim"),
    (
        "Fakta, riwayat, dan klaim lain orang yang sama; untuk petugas dan auditor.",
        "Facts, history, and other claims of the same person; for officers and auditors.",
    ),
    tag="officers",
    answers={200: Answer({JSON: CaseView}, ("Content-Language",))},
    problems=(404,),
)
async def get_case(request: Request, principal: Signed, claim: str) -> Response:
    """The whole file: facts by section, history, other claims of the person; for who rules on it or audits it."""
    language = language_of(request)
    return _json(await call(request, read_case, principal, claim, language), {"Content-Language": language})


@router.get("/cases/{claim}/changes")
@describe(
    ("Yang berubah sejak suatu revisi", "What changed since a revision"),
    (
        "Kosong bila revisi itu tidak ada, atau masih yang terbaru.",
        "Nothing where there is no such revision, or it is still the newest.",
    ),
    tag="officers",
    answers={200: Answer({JSON: rows_of(Change)}, ("Content-Language",))},
    problems=(404,),
)
async def get_changes(
    request: Request, principal: Signed, claim: str, since: Annotated[int, Query(ge=1, le=100_000)]
) -> Response:
    language = language_of(request)
    found = await call(request, changed_since, principal, claim, since, language)
    return _json({"rows": found}, {"Content-Language": language})


@router.get("/claims/{claim}/explanation")
@describe(
    ("Keputusan dengan kata-kata", "The decision in words"),
    (
        "JSON; halaman siap cetak bila `Accept: text/html`, teks bila `text/plain`, PDF bila `application/pdf`. Dengan "
        "`revision` atau `known_on`, untuk petugas dan auditor: keputusan waktu itu.",
        "JSON; a page to print where `Accept` is text/html, text where it is text/plain, PDF for application/pdf. With "
        "`revision` or `known_on`, for officers and auditors: the decision of then.",
    ),
    tag="claims",
    answers={
        200: Answer(
            {JSON: Explanation, HTML: _TEXT, "text/plain": _TEXT, PDF: _TEXT},
            ("Content-Language", "Content-Disposition"),
        ),
    },
    problems=(404, 406),
)
async def get_explanation(
    request: Request,
    principal: Signed,
    claim: str,
    lang: Literal["id", "en"] | None = None,
    revision: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    known_on: MaybeKnownOn = None,
) -> Response:
    """As JSON; where `Accept` asks for it first, as a page that prints well, as text, or as PDF."""
    language: Language = lang or language_of(request)
    if revision is None and known_on is None:
        found = await call(request, explain_claim, principal, claim, language)
    else:
        chosen: dict[str, Any] = {"revision": revision, "known_on": known_on}
        found = await call(request, explain_known, principal, claim, language, **chosen)
    if prefers(request, "text/html"):
        return explanation_page(found)
    if prefers(request, "text/plain"):
        return Response(render_text(found), 200, {"Content-Language": language}, "text/plain")
    if prefers(request, PDF):
        return await pdf_answer(request, found, with_record=True)
    return _json(found, {"Content-Language": language})


@router.post("/cover")
@describe(
    ("Periksa kepesertaan", "Check cover"),
    (
        "Nomor peserta (KPJ) atau NIK ada dalam isi kiriman, tidak pernah dalam alamat.",
        "The membership number (KPJ) or NIK is in the body, never in the address.",
    ),
    tag="cover",
    answers={200: Cover},
    body={JSON: CoverQuestion},
    examples={JSON: examples.COVER},
    problems=(404,),
)
async def post_cover(request: Request, principal: Signed) -> Response:
    asked = await model_of(request, CoverQuestion)
    question: dict[str, Any] = {"member": asked.member, "program": asked.program, "day": asked.day}
    return _json(await call(request, check_cover, principal, **question, language=language_of(request)))


@router.get("/decisions")
@describe(
    ("Keputusan baru, berurutan", "The feed of decisions"),
    (
        "`cursor` jawaban ini adalah `after` permintaan berikutnya, juga bila tidak ada yang baru. "
        "Aliran server-sent events bila `Accept: text/event-stream`.",
        "`cursor` of the answer is `after` of the next request, also where there is nothing new. "
        "A stream of server-sent events where `Accept` is text/event-stream.",
    ),
    tag="claims",
    answers={200: Answer({JSON: page_of(FeedItem), feed.MEDIA_TYPE: _TEXT})},
    problems=(404,),
    headers={"Last-Event-ID": ("`id` terakhir dari aliran yang terputus", "last `id` of a stream that broke off")},
)
async def get_decisions(
    request: Request, principal: Signed, after: FeedCursor = "", wait: Wait = 0, limit: Limit = PAGE_ROWS
) -> Response:
    """`cursor` of the answer is `after` of the next request, also where there is nothing new. As a stream of
    server-sent events where `Accept` asks for text/event-stream first."""
    if prefers(request, feed.MEDIA_TYPE):
        return await feed.stream_decisions(request, principal, after, limit)

    async def ask() -> Page[Any]:
        return await call(request, list_decisions, principal, language_of(request), after=after, limit=limit)

    return _page(await waited(request, wait, ask, lambda page: bool(page.rows)))


@router.get("/payouts")
@describe(
    ("Yang harus dibayar atau ditagih kembali", "What is to be paid or got back"),
    (
        "`cursor` jawaban ini adalah `after` permintaan berikutnya. `limit` menghitung keputusan: "
        "satu keputusan dapat memuat beberapa pembayaran.",
        "`cursor` of the answer is `after` of the next request. `limit` counts decisions, and one may order several.",
    ),
    tag="payments",
    answers={200: page_of(OrderedPayout, most=None)},
    problems=(404,),
)
async def get_payouts(
    request: Request, principal: Signed, after: FeedCursor = "", wait: Wait = 0, limit: Limit = PAGE_ROWS
) -> Response:
    """What is to be paid or got back; `cursor` as of decisions. `limit` counts decisions, which order several."""

    async def ask() -> Page[Any]:
        return await call(request, list_payouts, principal, after=after, limit=limit)

    return _page(await waited(request, wait, ask, lambda page: bool(page.rows)))


@router.get("/receipts/{digest}")
@describe(
    ("Tanda terima, dan apa yang terjadi pada kirimannya", "The receipt, and what became of its event"),
    (
        "`fate.state`: waiting, applied, duplicate, atau refused dengan alasan, bagian yang salah, dan cara "
        "memperbaikinya. `wait` menunggu sampai kiriman dibaca. `proof`: buktinya dalam buku besar, atau kapan siap.",
        "`fate.state`: waiting, applied, duplicate, or refused with the reason, what is wrong and how to mend it. "
        "`wait` waits until the event is read. `proof`: its proof in the ledger, or when it will be there.",
    ),
    tag="events",
    answers={200: Answer({JSON: followed_schema}, ("Content-Language",))},
    problems=(404,),
)
async def get_receipt(request: Request, principal: Signed, digest: str, wait: Wait = 0) -> Response:
    """`wait`: until a worker has read the event."""
    language, began = language_of(request), asyncio.get_running_loop().time()

    async def ask() -> Followed:
        return await call(request, read_receipt, principal, digest)

    found = await waited(request, wait, ask, lambda one: one.fate.state != "waiting")
    if found.fate.reason == WAITS_FOR_CLAIM:
        await even_out(began)
    return _json(followed_document(found, language), {"Content-Language": language})


async def waited(
    request: Request, seconds: int, ask: Callable[[], Awaitable[Found]], is_new: Callable[[Found], bool]
) -> Found:
    """The answer, once it is new or the time is over. Who may not see it waits as long as who asks for what does not
    exist."""
    if not seconds:
        return await ask()
    gateway, clock = gateway_of(request), asyncio.get_running_loop().time
    if gateway.waiting.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    ends_at = clock() + seconds
    async with gateway.waiting:
        with gateway.metrics.waiting():
            return await _looked(gateway, ends_at, ask, is_new)


async def _looked(
    gateway: Gateway, ends_at: float, ask: Callable[[], Awaitable[Found]], is_new: Callable[[Found], bool]
) -> Found:
    """Looks where the store has changed, until `ends_at` of the loop's clock."""
    clock, seen = asyncio.get_running_loop().time, -1
    while True:
        is_last = clock() >= ends_at or gateway.leaving.is_set()
        number = await in_thread(gateway, partial(last_chunk, gateway.front.store))
        if is_last or number != seen:
            seen = number
            try:
                if is_new(found := await ask()) or is_last:
                    return found
            except NotFound as error:
                if is_last or isinstance(error, ReportRefused):  # which nothing changes any more
                    raise
        await asyncio.sleep(feed.LOOK_SECONDS)


def _page(page: Page[Any]) -> Response:
    return _json({"rows": page.rows, "cursor": page.cursor, "more": page.more})


def _json(body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), 200, headers, "application/json")
