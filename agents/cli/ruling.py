"""Submits an officer's ruling: as the person who signed in, over the store or a gateway, or under a name on trust.

Only the embedded store takes a name on trust; the audit record says which user of the machine gave it.
"""

import sys
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from agents.cli.identity import Login
    from agents.settings import Settings
    from pipeline.access.principals import Principal

_CODE = "FRESH_CODE_NEEDED"


def submit_signed_in(settings: "Settings", data: dict[str, Any]) -> str:
    """Over the store, as the person of the login file; whose name it is. Asks for a code where one is needed.

    Raises Denied, SignInRefused, NotReady, Transient.
    """
    from agents.cli.submission import signed_in_front
    from pipeline.access.roles import Denied
    from pipeline.errors import Poison
    from pipeline.operations.reports import review

    with signed_in_front(settings) as (front, principal):
        try:
            try:
                review(front, principal, str(uuid.uuid4()), data)
            except Denied as denied:
                if denied.reason != _CODE:
                    raise
                principal = _coded(settings, principal)
                review(front, principal, str(uuid.uuid4()), data)
        except Poison as poison:
            faults = [_as_option(one.field, one.message) for one in poison.errors] or [poison.reason]
            raise typer.BadParameter("; ".join(faults)) from None
    return principal.who


def submit_at_gateway(login: "Login", data: dict[str, Any]) -> str:
    """As the person of the session or key. Asks for a code where one is needed. Raises GatewayRefused, Transient."""
    from agents.clients.gateway import GatewayClient, GatewayRefused

    assert login.url is not None
    client = GatewayClient(login.url, login.credential)
    name: str = client.get("/v1/session").json["name"]
    send = partial(client.post, "/v1/reviews", data, Idempotency_Key=str(uuid.uuid4()))
    try:
        send()
    except GatewayRefused as refused:
        if refused.code != _CODE:
            raise
        client.post("/v1/session/code", {"code": _asked_for_code()})
        send()
    return name.rpartition(":")[2]


def _coded(settings: "Settings", principal: "Principal") -> "Principal":
    """After a code in the session of the login file; Poison where that has a key."""
    from agents.cli.identity import now, read_login
    from agents.key_files import sealer_of
    from agents.stores import open_access
    from pipeline.operations.sessions import give_code
    from pipeline.store.sign_in_book import SignInBook

    login = read_login(settings)
    assert login is not None, "the caller has seen the login file"
    with open_access(settings, sealer_of(settings)) as opened:
        book = SignInBook(opened)
        session = book.session(login.credential, now())
        code = _asked_for_code() if session is not None else ""
        return give_code(book, principal, now(), session, code, None)


def _asked_for_code() -> str:
    """From the terminal, or a line of standard input."""
    print(
        "This moves money above the limit of one officer: a new code of your authenticator is needed.", file=sys.stderr
    )
    return str(typer.prompt("Code")) if sys.stdin.isatty() else sys.stdin.readline().strip()


def submit_on_trust(settings: "Settings", event: dict[str, Any]) -> None:
    """Under a name that is not proved. Raises NotReady where the store is not this machine's alone."""
    from agents.cli.identity import machine_user, now
    from agents.clients.review import submit_review
    from agents.stores import open_access
    from pipeline.errors import NotReady
    from pipeline.store.access_rows import AuditRecord
    from schemas.events import Refused

    if not settings.is_embedded:
        raise NotReady("sign in first: `santunan login officer:NAME`; --as proves nothing to other machines")
    try:
        submit_review(settings, event)
    except Refused as refused:
        raise typer.BadParameter("; ".join(_as_option(one.field, one.message) for one in refused.errors)) from None
    with open_access(settings) as book:
        book.write(AuditRecord(now(), machine_user(), "review", event["data"]["claim_id"], reason=event["source"]))


def _as_option(field: str, message: str) -> str:
    """A fault of a field of a review, said of the option that it was made of."""
    if field == "source":
        return "--as: write small letters, digits and . _ - only, such as klaim-01"
    name = field.removeprefix("data.").partition(".")[0]
    option = {"answers": "answer", "changes": "line", "documents": "paper", "children": "child"}.get(name, name)
    return f"--{option}: {message}"
