"""Routes of what was known at a time: a claim's history, a claim and a member then and now."""

import datetime as dt
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator, Field

from agents.web import examples
from agents.web.bodies import model_of
from agents.web.describing import JSON, Answer, describe, page_of, rows_of
from agents.web.gate import Signed, call, language_of
from pipeline.operations.audit import ROWS, TrailEntry, read_trail
from pipeline.operations.cover_question import MEMBER_SHAPE
from pipeline.operations.known import KnownClaim, KnownMember, read_known, read_member_known
from schemas.clock import moment_written
from schemas.field_rules import YEARS
from schemas.values import Date, Strict, Timestamp

MOST_ENTRIES: Final = 1_000_000


def written_moment(value: object) -> object:
    """A time as people write it; the parser takes a number of seconds for one, too."""
    if not isinstance(value, str):
        return value
    try:
        return moment_written(value.replace(" ", "+"))  # a plus sign of an address that was not encoded
    except ValueError:
        raise ValueError("is no time; write it as 2026-11-20T14:00:00+07:00, or a day") from None


_ASKED: Final = Query(json_schema_extra={"pattern": YEARS})  # at the ends of the calendar a zone leads out of it
KnownOn = Annotated[AwareDatetime, _ASKED, BeforeValidator(written_moment)]
MaybeKnownOn = Annotated[AwareDatetime | None, _ASKED, BeforeValidator(written_moment)]
Before = Annotated[int | None, Query(ge=1, le=MOST_ENTRIES)]

router = APIRouter(prefix="/v1")


class MemberThen(Strict):
    """`member`: membership number or NIK, which is in the body alone, never in an address. `day` null: that of
    `known_on`."""

    member: Annotated[str, Field(max_length=16, json_schema_extra={"pattern": MEMBER_SHAPE})]
    known_on: Timestamp
    day: Date | None = None


@router.get("/claims/{claim}/history")
@describe(
    ("Seluruh riwayat satu klaim", "The whole history of a claim"),
    (
        "Yang terbaru dahulu, paling banyak 50: kejadian dengan sidiknya, keputusan, pembayaran, putusan petugas, "
        "surat, kiriman yang ditolak, siapa yang membuka. `cursor` adalah `before` permintaan berikutnya.",
        "The newest first, 50 at most: events with digests, decisions, payouts, rulings, papers, refused events, who "
        "looked. `cursor` is `before` of the next request.",
    ),
    tag="officers",
    answers={200: Answer({JSON: page_of(TrailEntry, most=ROWS)}, ("Content-Language",))},
    problems=(404,),
)
async def get_history(
    request: Request, principal: Signed, claim: str, before: Before = None, known_on: MaybeKnownOn = None
) -> Response:
    language = language_of(request)
    found = await call(request, read_trail, principal, claim, language, before=before, known_on=known_on)
    return _json({"rows": found.rows, "cursor": found.cursor, "more": found.more}, language)


@router.get("/claims/{claim}/known")
@describe(
    ("Klaim seperti diketahui pada suatu waktu", "A claim as known at a time"),
    (
        "Yang diketahui waktu itu di samping yang diketahui sekarang; yang berbeda ditandai. Keputusan waktu itu "
        "seperti dibuat waktu itu.",
        "What was known then beside what is known now; what differs is marked. A decision of then is as it was made.",
    ),
    tag="officers",
    answers={200: Answer({JSON: KnownClaim}, ("Content-Language",))},
    problems=(404,),
)
async def get_known(request: Request, principal: Signed, claim: str, known_on: KnownOn) -> Response:
    language = language_of(request)
    return _json(await call(request, read_known, principal, claim, known_on, language), language)


@router.post("/members/known")
@describe(
    ("Peserta seperti diketahui pada suatu waktu", "A member as known at a time"),
    (
        "Perlindungan per hari, iuran dan upah, waktu itu dan sekarang. Nomor ada dalam isi kiriman, tidak pernah "
        "dalam alamat.",
        "Cover by day, contributions and wage, then and now. The number is in the body, never in the address.",
    ),
    tag="officers",
    answers={200: Answer({JSON: rows_of(KnownMember)}, ("Content-Language",))},
    body={JSON: MemberThen},
    examples={JSON: examples.MEMBER_THEN},
    problems=(404,),
)
async def post_member_known(request: Request, principal: Signed) -> Response:
    asked = await model_of(request, MemberThen)
    language = language_of(request)
    day: dt.date | None = asked.day
    found = await call(request, read_member_known, principal, asked.member, day, asked.known_on, language)
    return _json({"rows": found}, language)


def _json(body: Any, language: str) -> Response:
    return Response(orjson.dumps(body), 200, {"Content-Language": language}, JSON)
