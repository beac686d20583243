"""Routes of the work of officers: the queue, and who has which claim."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from agents.web import examples
from agents.web.asking import Cursor, Limit
from agents.web.bodies import model_of
from agents.web.describing import JSON, describe, page_of
from agents.web.gate import Signed, call
from pipeline.operations.work import (
    Assignment,
    Wanted,
    count_work,
    list_work,
    read_holder,
    release_claim,
    take_claim,
)
from pipeline.queries.pages import PAGE_ROWS
from pipeline.queries.queue import QueueCounts, WaitingClaim, Whose
from schemas.values import Strict

Code = Annotated[str, Query(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]

router = APIRouter(prefix="/v1")


class NewHolder(Strict):
    """`to`: another officer, urn:santunan:officer:WHO; none: oneself."""

    to: Annotated[str, Field(max_length=100)] | None = None


@router.get("/work")
@describe(
    ("Klaim yang menunggu petugas", "Claims that wait for an officer"),
    (
        "Menurut tenggat, lalu lamanya menunggu, lalu jumlah uang. `holder` menyebut petugas yang memegangnya.",
        "By deadline, then age, then money. `holder` is the officer who has it.",
    ),
    tag="officers",
    answers={200: page_of(WaitingClaim)},
    problems=(404,),
)
async def get_work(
    request: Request,
    principal: Signed,
    after: Cursor | None = None,
    limit: Limit = PAGE_ROWS,
    question: Code | None = None,
    program: Literal["JKK", "JKM"] | None = None,
    whose: Whose | None = None,
    overdue: bool = False,
    came_back: bool = False,
) -> Response:
    wanted = Wanted(question, program, whose, came_back, overdue)
    page = await call(request, list_work, principal, after=after, limit=limit, wanted=wanted)
    return _json({"rows": page.rows, "cursor": page.cursor, "more": page.more})


@router.get("/work-counts")
@describe(
    ("Banyaknya klaim yang menunggu", "How many claims wait"),
    ("Paling banyak 10.001, yang berarti lebih dari 10.000.", "At most 10,001, which means more than 10,000."),
    tag="officers",
    answers={200: QueueCounts},
)
async def get_counts(
    request: Request, principal: Signed, question: Code | None = None, program: Literal["JKK", "JKM"] | None = None
) -> Response:
    return _json(await call(request, count_work, principal, Wanted(question, program)))


@router.get("/claims/{claim}/holder")
@describe(("Pemegang klaim", "Who has a claim"), tag="officers", answers={200: Assignment}, problems=(404,))
async def get_holder(request: Request, principal: Signed, claim: str) -> Response:
    """And to whom it may be handed over."""
    return _json(await call(request, read_holder, principal, claim))


@router.post("/claims/{claim}/holder")
@describe(
    ("Ambil atau serahkan klaim", "Take a claim, or hand it over"),
    (
        "Hanya catatan antarpetugas: siapa pun yang berwenang tetap dapat memutuskan. Berakhir setelah waktu yang "
        "diatur pengelola, atau bila pertanyaannya berubah.",
        "A note among officers: whoever may rule still may. It lapses after a time that the operator sets, and where "
        "the question changes.",
    ),
    tag="officers",
    body={JSON: NewHolder},
    examples={JSON: examples.HOLDER},
    answers={200: Assignment},
    problems=(404, 409),
)
async def post_holder(request: Request, principal: Signed, claim: str) -> Response:
    """409 where another officer has it."""
    asked = await model_of(request, NewHolder)
    return _json(await call(request, take_claim, principal, claim, asked.to))


@router.delete("/claims/{claim}/holder")
@describe(("Lepaskan klaim", "Release a claim"), tag="officers", answers={200: Assignment}, problems=(404,))
async def delete_holder(request: Request, principal: Signed, claim: str) -> Response:
    """What you have; 404 where you do not have it."""
    return _json(await call(request, release_claim, principal, claim))


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), 200, None, "application/json")
