"""Papers: scans that a party puts beside a claim, and who may see them.

A paper is named by the SHA-256 of its bytes. Each principal that put it has a row of its own, so what one has put says
nothing to another. It is seen by who put it, and by the parties of a claim whose sender put it and named it there. No
decision depends on one.
"""

import hmac
from collections.abc import Iterator
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.paper_room import NAME, PaperRefused, Upload, attached, room_of
from pipeline.operations.parties import claim_seen
from pipeline.queries.pages import NotFound
from pipeline.store.access_rows import AuditRecord
from pipeline.store.paper_book import Paper

MOST_BYTES: Final = 10_000_000
_KINDS: Final = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
_NOT_THERE: Final = "there is no such paper, or it is not yours; check its SHA-256"


def put_paper(front: FrontOffice, principal: Principal, sha256: str, upload: Upload) -> tuple[Paper, bool]:
    """The paper, and whether it is new to this principal. Raises Denied, PaperRefused, Transient."""
    grant_of(principal, "put_paper")
    if not hmac.compare_digest(upload.digest, sha256):
        raise PaperRefused("PAPER_DIGEST")
    media_type = next((kind for first, kind in _KINDS if upload.head.startswith(first)), None)
    if media_type is None:
        raise PaperRefused("PAPER_KIND")
    if not upload.is_safe():
        raise PaperRefused("PAPER_UNSAFE")
    paper = Paper(sha256, media_type, upload.size)
    upload.keep(media_type)
    return paper, room_of(front).book.add(paper, principal.name, front.now())


def read_paper(
    front: FrontOffice, principal: Principal, sha256: str, claim_id: str | None = None
) -> tuple[Paper, Iterator[bytes]]:
    """A paper that the principal put; with `claim_id` one of a claim that it may see, which is put on record.

    Raises Denied, NotFound, NotReady, Transient.
    """
    grant = grant_of(principal, "read_paper")
    room = room_of(front)
    if claim_id is None:
        paper = room.book.of(principal.name, sha256) if NAME.fullmatch(sha256) else None
    else:
        found = claim_seen(front, principal, grant, claim_id)
        sources = {source for source, name, _ in attached(found, principal, grant.view) if name == sha256}
        paper = next(filter(None, (room.book.of(source, sha256) for source in sorted(sources))), None)
    if paper is None:
        raise NotFound(_NOT_THERE)
    content = room.files.read(sha256)
    if claim_id is not None:
        room.note(AuditRecord(front.now(), principal.name, "paper.read", f"{claim_id} {sha256}"))
    return paper, content
