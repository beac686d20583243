"""Submits an officer's ruling: as the person who signed in, over the store or a gateway, or under a name on trust.

Only the embedded store takes a name on trust; the audit record says which user of the machine gave it.
"""

import uuid
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from agents.cli.identity import Login
    from agents.settings import Settings


def submit_signed_in(settings: "Settings", data: dict[str, Any]) -> str:
    """Over the store, as the person of the login file; whose name it is. Raises Denied, NotReady, Transient."""
    from agents.cli.submission import signed_in_front
    from pipeline.errors import Poison
    from pipeline.operations.reports import review

    with signed_in_front(settings) as (front, principal):
        try:
            review(front, principal, str(uuid.uuid4()), data)
        except Poison as poison:
            faults = [_as_option(one.field, one.message) for one in poison.errors] or [poison.reason]
            raise typer.BadParameter("; ".join(faults)) from None
    return principal.who


def submit_at_gateway(login: "Login", data: dict[str, Any]) -> str:
    """As the person of the session or key. Raises GatewayRefused, Transient."""
    from agents.clients.gateway import GatewayClient

    assert login.url is not None
    client = GatewayClient(login.url, login.credential)
    name: str = client.get("/v1/session").json["name"]
    client.post("/v1/reviews", data, Idempotency_Key=str(uuid.uuid4()))
    return name.rpartition(":")[2]


def submit_on_trust(settings: "Settings", event: dict[str, Any]) -> None:
    """Under a name that is not proved. Raises NotReady where the store is not this machine's alone."""
    from agents.cli.identity import machine_user, now
    from agents.clients.review import submit_review
    from pipeline.errors import NotReady
    from pipeline.store.access_book import open_access
    from pipeline.store.access_rows import AuditRecord
    from schemas.events import Refused

    if not settings.is_embedded:
        raise NotReady("sign in first: `santunan login officer:NAME`; --as proves nothing to other machines")
    try:
        submit_review(settings, event)
    except Refused as refused:
        raise typer.BadParameter("; ".join(_as_option(one.field, one.message) for one in refused.errors)) from None
    with open_access(settings.database_url) as book:
        book.write(AuditRecord(now(), machine_user(), "review", event["data"]["claim_id"], reason=event["source"]))


def _as_option(field: str, message: str) -> str:
    """A fault of a field of a review, said of the option that it was made of."""
    if field == "source":
        return "--as: write small letters, digits and . _ - only, such as klaim-01"
    name = field.removeprefix("data.").partition(".")[0]
    option = {"answers": "answer", "changes": "line", "documents": "paper", "children": "child"}.get(name, name)
    return f"--{option}: {message}"
