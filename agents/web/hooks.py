"""Routes of webhooks: register, list, delete, a new secret, posts that failed. Nothing is posted here."""

import asyncio
import socket
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from agents.web import examples
from agents.web.bodies import model_of
from agents.web.describing import JSON, Answer, describe, page_of, rows_of
from agents.web.gate import Signed, call, gateway_of
from pipeline.access.addresses import MOST_LETTERS, URL_SHAPE, parts_of
from pipeline.operations.cursors import MOST_CURSOR_LETTERS
from pipeline.operations.webhooks import (
    NewSecret,
    delete_webhook,
    list_failed_deliveries,
    list_webhooks,
    register_webhook,
    retry_deliveries,
    rotate_webhook_secret,
)
from pipeline.queries.pages import PAGE_ROWS
from pipeline.store.webhook_book import FailedDelivery, Webhook
from schemas.bundle import Bundle, Schema
from schemas.values import Strict

BODY_BYTES = MOST_LETTERS + MOST_CURSOR_LETTERS + 200
NAME_SECONDS = 5.0  # in which a name is resolved
router = APIRouter(prefix="/v1/webhooks")


class NewWebhook(Strict):
    """`after`: a cursor of the feed of decisions behind which to begin; without it, with what is decided from now."""

    url: Annotated[str, Field(max_length=MOST_LETTERS, json_schema_extra={"pattern": URL_SHAPE})]
    after: Annotated[str, Field(max_length=MOST_CURSOR_LETTERS)] | None = None


def _webhooks_schema(bundle: Bundle) -> Schema:
    found = rows_of(Webhook)(bundle)
    shown = bundle.schemas["Webhook"]
    shown["properties"].pop("principal", None)
    shown["required"] = [name for name in shown["required"] if name != "principal"]
    return found


_RETRIED: Final[Schema] = {
    "type": "object",
    "required": ["retried"],
    "properties": {"retried": {"type": "integer", "minimum": 0}},
}


@router.post("")
@describe(
    ("Daftarkan alamat", "Register an address"),
    (
        "Keputusan atas klaim Anda dikirim ke sana, ditandatangani menurut Standard Webhooks. "
        "Rahasianya hanya ada dalam jawaban ini.",
        "Decisions on your claims are posted there, signed as Standard Webhooks says. "
        "The secret is in this answer alone.",
    ),
    tag="webhooks",
    body={JSON: NewWebhook},
    examples={JSON: examples.WEBHOOK},
    answers={201: Answer({JSON: NewSecret}, ("Location",))},
    problems=(404,),
)
async def post_webhook(request: Request, principal: Signed) -> Response:
    """The secret is in this answer alone."""
    asked = await model_of(request, NewWebhook, BODY_BYTES)
    _, host, port = parts_of(asked.url, allows_private=gateway_of(request).front.allows_private_webhooks)
    addresses = await _addresses_of(host, port)
    made = await call(request, register_webhook, principal, asked.url, addresses, after=asked.after)
    return _json(made, 201, {"Location": f"/v1/webhooks/{made.id}"})


@router.get("")
@describe(("Webhook Anda", "Your webhooks"), tag="webhooks", answers={200: _webhooks_schema})
async def get_webhooks(request: Request, principal: Signed) -> Response:
    found = await call(request, list_webhooks, principal)
    return _json({"rows": [_document(one) for one in found]})


@router.delete("/{webhook}")
@describe(
    ("Hapus webhook", "Delete a webhook"),
    (
        "Tidak ada lagi yang dikirim ke sana, termasuk yang masih menunggu.",
        "Nothing more is posted there, not even what waits.",
    ),
    tag="webhooks",
    answers={204: Answer()},
    problems=(404,),
)
async def remove_webhook(request: Request, principal: Signed, webhook: str) -> Response:
    await call(request, delete_webhook, principal, webhook)
    return Response(None, 204)


@router.post("/{webhook}/secret")
@describe(
    ("Ganti rahasia", "Make a new secret"),
    (
        "Selama sehari kiriman ditandatangani juga dengan rahasia sebelumnya.",
        "For a day, posts are signed with the secret before, too.",
    ),
    tag="webhooks",
    answers={200: NewSecret},
    problems=(404,),
)
async def post_secret(request: Request, principal: Signed, webhook: str) -> Response:
    """A new one; for a day the one before signs beside it."""
    return _json(await call(request, rotate_webhook_secret, principal, webhook))


@router.get("/{webhook}/failures")
@describe(
    ("Kiriman yang gagal", "Posts that failed"),
    tag="webhooks",
    answers={200: page_of(FailedDelivery)},
    problems=(404,),
)
async def get_failures(
    request: Request,
    principal: Signed,
    webhook: str,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS)] = PAGE_ROWS,
) -> Response:
    page = await call(request, list_failed_deliveries, principal, webhook, after=after, limit=limit)
    return _json({"rows": page.rows, "cursor": page.cursor, "more": page.more})


@router.post("/{webhook}/retry")
@describe(
    ("Kirim lagi yang gagal", "Post again what failed"),
    tag="webhooks",
    answers={202: _RETRIED},
    problems=(404,),
)
async def post_retry(
    request: Request, principal: Signed, webhook: str, delivery: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """All that failed, or one of it, is posted again."""
    return _json({"retried": await call(request, retry_deliveries, principal, webhook, delivery)}, 202)


async def _addresses_of(host: str, port: int) -> list[str]:
    """All that the name leads to; none where it leads nowhere now."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(NAME_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return [str(address[0]) for *_, address in found]


def _document(found: Webhook) -> dict[str, object]:
    return {name: getattr(found, name) for name in Webhook.__slots__ if name != "principal"}


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, JSON)
