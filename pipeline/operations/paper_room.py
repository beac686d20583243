"""The room of papers: the ports to where they are, their book, and which of them a claim names for whom."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pipeline.access.principals import Principal
from pipeline.access.roles import View, grant_of
from pipeline.errors import EXIT_REFUSED, NotReady, Poison, SantunanError
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.submissions import ClaimFile
from pipeline.store.access_rows import AuditRecord
from pipeline.store.paper_book import PaperBook
from schemas.decisions import FieldError

NAME: Final = re.compile(r"[0-9a-f]{64}")
_OWN_PAPERS: Final[tuple[View, ...]] = ("party", "employer")  # who sees no more than it sent


class PaperRefused(SantunanError):
    """`reason`: PAPER_DIGEST (other bytes than the name says), PAPER_KIND, or PAPER_UNSAFE (the scanner refused it)."""

    exit_code = EXIT_REFUSED

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Upload(Protocol):
    """Bytes that came in and are in no paper's place yet. `digest`: SHA-256, hexadecimal; `head`: the first bytes."""

    size: int

    @property
    def digest(self) -> str: ...

    @property
    def head(self) -> bytes: ...

    def is_safe(self) -> bool:
        """What the virus scanner says, where there is one. Raises Transient where it does not answer."""

    def keep(self, media_type: str) -> None:
        """Returns when the paper is in its place for good. Raises Transient."""


class PaperFiles(Protocol):
    def begin(self) -> Any:
        """An `Upload` with `write` and `close`. Raises Transient."""

    def read(self, sha256: str) -> Iterator[bytes]:
        """Raises NotReady where it is gone, Transient."""


@dataclass(frozen=True, slots=True)
class PaperRoom:
    """`note`: writes an audit record."""

    files: PaperFiles
    book: PaperBook
    note: Callable[[AuditRecord], None]


def begin_paper(front: FrontOffice, principal: Principal, sha256: str) -> Any:
    """An upload to write to and then to keep or to close; nothing of a paper is read before. Raises Denied,
    PaperRefused, Transient."""
    grant_of(principal, "put_paper")
    if NAME.fullmatch(sha256) is None:
        raise PaperRefused("PAPER_DIGEST")
    return room_of(front).files.begin()


def attached(found: ClaimFile, principal: Principal, view: View) -> list[tuple[str, str, str]]:
    """(source, SHA-256, kind of document) of each attachment that this view shows, in the order in which they came."""
    return [
        (event.source, one.sha256, one.document)
        for event, _ in found.events
        for one in getattr(event.data, "attachments", ())
        if view == "full" or (view in _OWN_PAPERS and event.source == principal.name)
    ]


def require_put(front: FrontOffice, principal: Principal, event: Any) -> None:
    """Raises Poison where an event names a paper that its sender has not put."""
    for number, one in enumerate(getattr(event.data, "attachments", ())):
        if front.papers is None or front.papers.book.of(principal.name, one.sha256) is None:
            message = "you have put no paper of this SHA-256; put it first: PUT /v1/papers/{sha256}"
            raise Poison("INVALID", FieldError(f"data.attachments.{number}.sha256", message))


def room_of(front: FrontOffice) -> PaperRoom:
    if front.papers is None:
        raise NotReady("there is no place for papers; set SANTUNAN_PAPERS_FOLDER")
    return front.papers
