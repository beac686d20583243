"""Events in, decisions out, with nothing but memory: what `santunan assess` runs.

The same reading (`intake`) and the same desk as the worker's. What is known is what stands earlier in the file; the
clock of an event is its own `time`. Never imports a store.
"""

import hashlib

import orjson

from pipeline.desk import Desk
from pipeline.errors import Poison
from pipeline.intake import event_clock, read_event
from pipeline.rules.book import Book
from schemas.decisions import Decision, FieldError
from schemas.events import Refused, refuse_duplicate_keys


class Offline:
    """Takes one document after another. Grows with what it was told: a file of claims, not a country's history."""

    def __init__(self, book: Book) -> None:
        self._desk = Desk(book, is_quiet=True)
        self._digests: dict[tuple[str, str], bytes] = {}
        self._taken = 0

    def take(self, raw: bytes) -> list[Decision]:
        """The decisions that follow from one document; none where it was taken before.

        Raises Poison where it is refused: then nothing has changed, and its id stays free for the corrected event.
        """
        if not _is_read_back_the_same(raw):
            try:
                refuse_duplicate_keys(raw)
            except Refused as refused:
                raise Poison(refused.reason, *refused.errors) from None
        event = read_event(raw)
        identity = (event.source, event.id)
        digest = hashlib.blake2b(raw, digest_size=16).digest()
        known = self._digests.get(identity)
        if known == digest:
            return []
        if known is not None:
            message = "this source sent another event under this id; give it a new id"
            raise Poison("ID_REUSED", FieldError("id", message))
        self._taken += 1
        desk = self._desk
        desk.take(event, event_clock(event, None), order=self._taken)
        self._digests[identity] = digest
        made, desk.made_decisions = desk.made_decisions, []
        desk.made_payouts.clear()
        return made


def _is_read_back_the_same(raw: bytes) -> bool:
    """Compact JSON in which nothing stands twice, for a second key would fall out: three times as fast as to look."""
    try:
        return orjson.dumps(orjson.loads(raw)) == raw
    except ValueError:
        return False
