"""Submits events as the person or program that signed in: through the operations over the store, or at a gateway.

The roles table is asked for each event, and its source must be the name of who signed in.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from schemas.decisions import FieldError

if TYPE_CHECKING:
    from agents.cli.identity import Login
    from agents.settings import Settings
    from pipeline.access.principals import Principal
    from pipeline.operations.front_office import Answer, FrontOffice, Placed
    from pipeline.store.access_book import AccessBook
    from pipeline.store.readable import Readable

MOST_TOGETHER: Final = 500  # events of one request; at most 64 KiB each, and most have 1
MOST_BYTES: Final = 3 * 1024 * 1024  # of one request, of the 4 MiB that a gateway takes


@dataclass(frozen=True, slots=True)
class Taken:
    """The receipt of one event, for a reader of JSON."""

    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The refusal of one event."""

    reason: str
    errors: tuple[FieldError, ...]


_SAID: Final = {
    "SOURCE_FORGED": "write the name you are signed in with, or sign in as the sender",
    "FRESH_CODE_NEEDED": "it moves money above the limit of one officer: send it by `santunan review`, which asks for "
    "a code, as a person and not by a key",
}
Send = Callable[[Sequence[bytes]], list[Taken | NotTaken]]


class SubmitterIntake:
    """The `Intake` of operations, for one command."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings

    def hand_in(self, documents: "Sequence[bytes]", then: "Callable[[Sequence[Placed]], Answer]") -> "Answer":
        from agents.clients import open_submitter
        from pipeline.operations.front_office import Placed

        with open_submitter(self._settings) as submitter:
            receipts = list(submitter.submit(documents))
        found = []
        for one in receipts:
            assert one.partition is not None and one.offset is not None and one.timestamp_ms is not None
            found.append(Placed(one.topic, one.partition, one.offset, one.timestamp_ms))
        return then(found)


def front_over(settings: "Settings", store: "Readable", book: "AccessBook") -> "FrontOffice":
    from pipeline.law.book import Book
    from pipeline.operations.front_office import FrontOffice
    from pipeline.store.coverage_book import CoverageBook

    intake = SubmitterIntake(settings)
    return FrontOffice(
        store,
        intake,
        Book.load(),
        book.names_of_person,
        put_on_record=book.write,
        coverage=CoverageBook(book),
        letter_place=settings.letter_place,
    )


@contextmanager
def signed_in_front(settings: "Settings") -> "Iterator[tuple[FrontOffice, Principal]]":
    """The operations over the store, for the person of the login file. Raises NotReady where the session is over."""
    from agents.cli.identity import signed_in
    from agents.cli.store import opened_store
    from agents.stores import open_access

    with opened_store() as store, open_access(settings) as book:
        principal = signed_in(settings, book)
        assert principal is not None, "the caller has seen the login file"
        yield front_over(settings, store, book), principal


@contextmanager
def named_front(settings: "Settings", name: str, *, confirm: bool) -> "Iterator[tuple[FrontOffice, Principal]]":
    """The operations over the embedded store under a name on trust, KIND:WHO; what is sent so is on record.

    Raises NotReady where the store is not this machine's alone, BadPrincipal.
    """
    from agents.cli.identity import machine_user, now
    from agents.cli.store import opened_store
    from agents.stores import open_access, open_store
    from pipeline.access.principals import new_principal
    from pipeline.errors import NotReady
    from pipeline.store.access_rows import AuditRecord

    if not settings.is_embedded:
        raise NotReady("sign in first: `santunan login KIND:NAME`; --as proves nothing to other machines")
    kind, _, who = name.partition(":")
    principal = new_principal(kind, who)
    open_store(settings).close()
    with opened_store() as store, open_access(settings) as book:
        if confirm:
            book.write(AuditRecord(now(), machine_user(), "import", None, reason=principal.name))
        yield front_over(settings, store, book), principal


@contextmanager
def opened_submission(settings: "Settings", login: "Login") -> "Iterator[Send]":
    """Raises Denied where who signed in submits nothing at all, NotReady, Transient."""
    if login.url is not None:
        yield _at_gateway(login)
        return
    from pipeline.operations.reports import submit_events

    with signed_in_front(settings) as (front, principal):
        yield lambda documents: [_answer(one) for one in submit_events(front, principal, documents)]


def _answer(found: Any) -> Taken | NotTaken:
    from dataclasses import asdict

    from pipeline.access.roles import Denied
    from pipeline.errors import Poison

    if isinstance(found, Poison):
        return NotTaken(found.reason, found.errors)
    if isinstance(found, Denied):
        said = _SAID.get(found.reason, "your role may not send this")
        return NotTaken(found.reason, (FieldError("source", said),))
    if isinstance(found, Exception):
        return NotTaken("REFUSED", (FieldError("event", str(found)),))
    return Taken(asdict(found))


def _at_gateway(login: "Login") -> Send:
    from agents.clients.gateway import GatewayClient

    assert login.url is not None
    client = GatewayClient(login.url, login.credential)

    def send(documents: Sequence[bytes]) -> list[Taken | NotTaken]:
        body = b"[" + b",".join(documents) + b"]"
        return [_item(one) for one in client.post_batch(body)]

    return send


def _item(found: dict[str, Any]) -> Taken | NotTaken:
    if "receipt" in found:
        return Taken(found["receipt"])
    problem = found["problem"]
    errors = [FieldError(_field(one), str(one.get("detail", ""))) for one in problem.get("errors", ())]
    return NotTaken(str(problem["code"]), tuple(errors) or (FieldError("event", str(problem["detail"])),))


def _field(error: dict[str, Any]) -> str:
    return str(error.get("pointer", "")).strip("/").replace("/", ".") or "event"


def together(documents: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Runs of numbered documents that one request takes."""
    run: list[tuple[int, bytes]] = []
    size = 0
    for number, raw in documents:
        if run and (len(run) == MOST_TOGETHER or size + len(raw) > MOST_BYTES):
            yield run
            run, size = [], 0
        run.append((number, raw))
        size += len(raw)
    if run:
        yield run
