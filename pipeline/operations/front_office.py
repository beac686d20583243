"""The front office: the store to read, the port to hand events in through, the law; and the receipts of both.

Never imports Faust, Kafka or HTTP: the port is given.
"""

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from pipeline.errors import EXIT_REFUSED, SantunanError
from pipeline.law.book import Book
from pipeline.queries.backlog import Backlog
from pipeline.queries.dead_letters import DeadLetter
from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import AuditRecord
from pipeline.store.coverage_book import CoverageBook
from pipeline.store.readable import QuickReader, Readable
from pipeline.store.webhook_book import WebhookBook
from pipeline.store.work_book import WorkBook

if TYPE_CHECKING:
    from pipeline.operations.paper_room import PaperRoom
    from pipeline.operations.proofs import Runs

Answer = TypeVar("Answer")
# Retries come within seconds; the worker has read an event by then, or the store is far behind. At about 300 bytes.
MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Placed:
    """The place of one event in the log, once the log has it for good. `timestamp_ms`: since 1970, UTC."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Intake(Protocol):
    def hand_in(self, documents: Sequence[bytes], then: Callable[[Sequence[Placed]], Answer]) -> Answer:
        """What `then` makes of the places, when the log has all documents for good, in this order. Raises Transient;
        each may be in the log then, and handing it in again does no harm. An operation returns what this returns and
        does not look into it: a gateway may return at once, and ask `then` later, so that no thread waits."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender keeps. `digest`: SHA-256 of the event's bytes, hexadecimal. `claim_id`: of an event of a claim.

    `is_repeated`: the same event was received before; this is its first receipt.
    """

    source: str
    id: str
    topic: str
    partition: int
    offset: int
    digest: str
    received_at: dt.datetime
    claim_id: str | None
    is_repeated: bool = False


class Content(NamedTuple):
    """What an event says. `number`: the membership number of one about an opened claim, which may have been filled in
    for its sender; None: it has none."""

    digest: bytes
    number: str | None

    def is_same_as(self, other: "Content") -> bool:
        return self.digest == other.digest and (None in (self.number, other.number) or self.number == other.number)


class IdReused(SantunanError):
    """This source has sent another event under the same id."""

    exit_code = EXIT_REFUSED


class Recent:
    """The latest receipts with what they are for, so that a retry is known before the worker has read the event."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, str], tuple[Content, Receipt]] = OrderedDict()
        self._ids: dict[tuple[str, str], str] = {}  # (source, digest) -> id of the event
        self._latest: dict[tuple[str, str], str] = {}  # (source, claim) -> id of the latest event about it
        self._lock = threading.Lock()

    def get(self, source: str, event_id: str) -> tuple[Content, Receipt] | None:
        with self._lock:
            return self._found.get((source, event_id))

    def keep(self, content: Content, receipt: Receipt) -> None:
        with self._lock:
            self._forget(self._found.pop((receipt.source, receipt.id), None))
            self._found[receipt.source, receipt.id] = (content, receipt)
            self._ids[receipt.source, receipt.digest] = receipt.id
            if receipt.claim_id is not None:
                self._latest[receipt.source, receipt.claim_id] = receipt.id
            while len(self._found) > MOST_REMEMBERED:
                self._forget(self._found.popitem(last=False)[1])

    def of_digest(self, source: str, digest: str) -> Receipt | None:
        with self._lock:
            event_id = self._ids.get((source, digest))
            return self._found[source, event_id][1] if event_id is not None else None

    def of_claim(self, source: str, claim_id: str) -> Receipt | None:
        """Of the latest event that this source has sent about the claim."""
        with self._lock:
            event_id = self._latest.get((source, claim_id))
            return self._found[source, event_id][1] if event_id is not None else None

    def _forget(self, found: tuple[Content, Receipt] | None) -> None:
        if found is None:
            return
        receipt = found[1]
        del self._ids[receipt.source, receipt.digest]
        if self._latest.get((receipt.source, receipt.claim_id or "")) == receipt.id:
            del self._latest[receipt.source, receipt.claim_id or ""]


class SignalShelf:
    """The signals that were found last; `lock` is held while they are looked for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: object = None


def now_in_utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class FrontOffice:
    """`names_of_person`: all principals, disabled ones too, of the person behind one.

    For operators: `access`, the book of who may act; `resend`, which sends a refused event again as it came; `backlog`,
    what waits at the broker. None: this process has none of it.

    `webhooks`, `papers`, `work`, `coverage` None: none are kept. `quick`: of an embedded store, where all runs in one
    thread. `ledger_keys`: public ones, the newest first; none where their file is not here. `put_on_record` writes an
    audit record; None: what must be on record is not shown. `allows_private_webhooks`: whether one may lead into our
    own network. `letter_place`: the town before the date of letters; None: the date alone.
    """

    store: Readable
    intake: Intake
    book: Book
    names_of_person: Callable[[str], frozenset[str]]
    now: Callable[[], dt.datetime] = now_in_utc
    recent: Recent = field(default_factory=Recent)
    webhooks: WebhookBook | None = None
    allows_private_webhooks: bool = False
    papers: "PaperRoom | None" = None
    quick: QuickReader | None = None
    put_on_record: Callable[[AuditRecord], None] | None = None
    work: WorkBook | None = None
    access: AccessBook | None = None
    resend: Callable[[DeadLetter], None] | None = None
    backlog: Callable[[], tuple[Backlog, ...]] | None = None
    coverage: CoverageBook | None = None
    runs: "Runs | None" = None
    signals: SignalShelf = field(default_factory=SignalShelf)
    ledger_keys: Callable[[], Sequence[str]] = tuple
    letter_place: str | None = None
